"""asyncio's own selector loop, except that what it needs to wait for I/O is made when it first waits for I/O.

A new loop of asyncio opens three descriptors: a selector, and a pair of sockets through which threads and signals wake
it. That is most of what a loop costs, and most tests are over without having waited for anything (see `turn`). So
the loop begins with a stand-in for its selector. The first time that it is asked to watch a descriptor or to wait, the
stand-in puts the real selector in its place, with the sockets.

Rules:

1. What a test can see is that of asyncio's loop, the name of the class included; only the class is another.
2. A wake-up from another thread is never lost: the first wait returns at once, so what was called before the sockets
   were there is found by the turn that follows.
3. Loops are made after the pattern of the first (see `pattern`), but for what is made when it is first asked for.
4. While there is a `listener`, it is told of tasks, transports and servers as they are made, and first of all of errors
   that would go to the exception handler. Nobody else can see that: handler and task factory stay the user's.
5. Where `asyncio.new_event_loop` would give something else than asyncio's own selector loop (another policy, a patched
   function, a proactor), or that loop lacks what is replaced here, `new_event_loop` gives just that.
"""

from __future__ import annotations

import asyncio
import asyncio.events as _events
import asyncio.tasks as _tasks
import contextvars
import selectors
import sys
import threading
from asyncio import selector_events
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar, TypeVarTuple, Unpack

from asynctestkit.loops.pattern import Pattern, Patterns
from asynctestkit.loops.threads import LeavableExecutor

_STOCK: Any = asyncio.SelectorEventLoop
_NEW: Final = asyncio.new_event_loop
_REPLACED: Final = (
    *("_make_self_pipe", "_close_self_pipe", "_write_to_self", "add_signal_handler", "_start_serving"),
    *("_make_socket_transport", "_make_ssl_transport", "_make_datagram_transport"),
    *("_asyncgen_firstiter_hook", "_asyncgen_finalizer_hook"),
    *("_make_read_pipe_transport", "_make_write_pipe_transport", "_make_subprocess_transport"),
)
_CAN_BE_LAZY: Final = issubclass(_STOCK, selector_events.BaseSelectorEventLoop) and all(
    hasattr(_STOCK, name) for name in _REPLACED
)

_JOINS_ALL: Final = not hasattr(threading, "_shutdown_locks")
"""Whether Python joins at its exit whatever thread was started; see `threads`."""

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class Listener(Protocol):
    """Whoever is told what happens on a loop; it hears of it in the loop's thread, while it happens."""

    def on_task(self, task: Any) -> None:
        """Learn that a task was made."""
        ...

    def on_opened(self, thing: object) -> None:
        """Learn that a transport or a server was made."""
        ...

    def on_generator(self, generator: Any) -> None:
        """Learn that an async generator was begun."""
        ...

    def on_generator_dropped(self, generator: Any) -> None:
        """Learn that an async generator died before it was exhausted or closed."""
        ...

    def on_timer(self, handle: Any, callback: Any) -> None:
        """Learn that a timer was set, and for what."""
        ...

    def on_job(self) -> None:
        """Learn that a function was given to the default executor."""
        ...

    def on_error(self, loop: Any, context: Mapping[str, Any]) -> bool:
        """Learn of an error that nobody has handled; return whether the exception handler need not be told."""
        ...


class StockLoop(asyncio.SelectorEventLoop):
    """asyncio's selector loop, lazily equipped; see the module."""

    listener: Listener | None = None
    """Who is told what happens on the loop."""

    _csock: Any = None
    _ssock: Any = None
    _selector: Any

    def __init__(self) -> None:
        super().__init__(_STAND_IN(self))

    @classmethod
    def like(cls, pattern: Pattern) -> StockLoop:
        """Return what `StockLoop()` would."""
        loop = cls.__new__(cls)
        state = loop.__dict__
        state.update(pattern.common)
        for name, kind in pattern.containers:
            state[name] = kind()
        return loop

    def __getattr__(self, name: str) -> Any:
        """Make what was left out of a loop that was made after the pattern."""
        pattern = _pattern.found
        if name == "_selector":
            made: Any = _STAND_IN(self)
        elif pattern is not None and name in pattern.later:
            made = pattern.later[name]()
        else:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        setattr(self, name, made)
        return made

    def close(self) -> None:
        """Close the loop; one that has never waited for anything has nothing to close."""
        state, pattern = self.__dict__, _pattern.found
        if (
            pattern is None
            or state.get("_csock") is not None
            or state["_closed"]
            or state["_debug"]
            or state["_thread_id"] is not None
            or state["_default_executor"] is not None
            or state["_signal_handlers"]
        ):
            super().close()
            return
        state["_ready"].clear()
        state["_scheduled"].clear()
        state.update(pattern.closed)

    def __del__(self) -> None:
        if not self.__dict__.get("_closed", True):
            super().__del__()

    def equip(self) -> selectors.BaseSelector:
        """Make the selector and the sockets that wake it; return the selector."""
        self._selector = selector = selectors.DefaultSelector()
        _STOCK._make_self_pipe(self)
        return selector

    def _make_self_pipe(self) -> None:
        """Leave it to `equip`."""

    def _close_self_pipe(self) -> None:
        if self._ssock is not None:
            _STOCK._close_self_pipe(self)

    def add_signal_handler(self, sig: int, callback: Callable[[Unpack[_Ts]], object], *args: *_Ts) -> None:
        """Have signals wake the loop, which takes its sockets."""
        if self._csock is None and not self.is_closed():
            self.equip()
        super().add_signal_handler(sig, callback, *args)

    def run_in_executor(self, executor: Any, func: Callable[[Unpack[_Ts]], _T], *args: *_Ts) -> asyncio.Future[_T]:
        """Run a function in a thread; where a started thread cannot be let go of, ours are of a kind that can."""
        stock: Any = self
        if executor is None and self.listener is not None:
            self.listener.on_job()
        if executor is None and stock._default_executor is None and _JOINS_ALL and not stock._closed:
            stock._default_executor = LeavableExecutor()
        return super().run_in_executor(executor, func, *args)

    # What the listener is told.

    def create_task(self, coro: Any, **options: Any) -> Any:
        """Make a task as asyncio's loop does, which for most tasks is no more than this."""
        stock: Any = self
        if stock._task_factory is None and not stock._debug and not stock._closed:
            task: Any = _tasks.Task(coro, loop=self, **options)
        else:
            task = super().create_task(coro, **options)
            if task._source_traceback:  # in debug mode: without this frame, as without that of asyncio's own
                del task._source_traceback[-1]
        listener = self.listener
        if listener is not None:
            listener.on_task(task)
        return task

    def call_exception_handler(self, context: Any) -> None:
        """Handle an error as asyncio's loop does, unless it is the listener's affair."""
        if self.listener is None or not self.listener.on_error(self, context):
            super().call_exception_handler(context)

    def _start_serving(self, protocol_factory: Any, sock: Any, *args: Any, **options: Any) -> None:
        _STOCK._start_serving(self, protocol_factory, sock, *args, **options)
        server = args[1] if len(args) > 1 else options.get("server")
        if self.listener is not None and server is not None:
            self.listener.on_opened(server)

    def _asyncgen_firstiter_hook(self, agen: Any) -> None:
        if self.listener is not None:
            self.listener.on_generator(agen)
        _STOCK._asyncgen_firstiter_hook(self, agen)

    def _asyncgen_finalizer_hook(self, agen: Any) -> None:
        if self.listener is not None:
            self.listener.on_generator_dropped(agen)
        _STOCK._asyncgen_finalizer_hook(self, agen)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[_Ts]], object],
        *args: *_Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Set a timer as asyncio's loop does."""
        handle: Any = super().call_at(when, callback, *args, context=context)
        if self.listener is not None:
            self.listener.on_timer(handle, callback)
            if handle._source_traceback:  # in debug mode
                del handle._source_traceback[-1]
        timer: asyncio.TimerHandle = handle
        return timer

    def _noted(self, transport: Any) -> Any:
        if self.listener is not None:
            self.listener.on_opened(transport)
        return transport

    def _make_socket_transport(self, *args: Any, **options: Any) -> Any:
        return self._noted(_STOCK._make_socket_transport(self, *args, **options))

    def _make_ssl_transport(self, *args: Any, **options: Any) -> Any:
        return self._noted(_STOCK._make_ssl_transport(self, *args, **options))

    def _make_datagram_transport(self, *args: Any, **options: Any) -> Any:
        return self._noted(_STOCK._make_datagram_transport(self, *args, **options))

    def _make_read_pipe_transport(self, *args: Any, **options: Any) -> Any:
        return self._noted(_STOCK._make_read_pipe_transport(self, *args, **options))

    def _make_write_pipe_transport(self, *args: Any, **options: Any) -> Any:
        return self._noted(_STOCK._make_write_pipe_transport(self, *args, **options))

    async def _make_subprocess_transport(self, *args: Any, **options: Any) -> Any:
        return self._noted(await _STOCK._make_subprocess_transport(self, *args, **options))


_pattern: Final = Patterns(StockLoop)
StockLoop.__name__ = StockLoop.__qualname__ = _STOCK.__name__  # which messages and reprs show


class _StandIn(selectors.BaseSelector):
    """The selector of a loop that has not waited for I/O yet."""

    def __init__(self, loop: StockLoop) -> None:
        self._loop = loop

    def _equip(self) -> selectors.BaseSelector:
        return self._loop.equip()

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._equip().register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        raise KeyError(f"{fileobj!r} is not registered")

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        raise KeyError(f"{fileobj!r} is not registered")

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return {}

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._equip()
        return []


_STAND_IN: Final = type(selectors.DefaultSelector.__name__, (_StandIn,), {"__module__": __name__})
"""Named like what it stands for, which asyncio writes to its log."""


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return what `asyncio.new_event_loop` returns, lazily equipped if that is asyncio's own selector loop."""
    if _CAN_BE_LAZY and asyncio.new_event_loop is _NEW and _gives_stock(getattr(_events, "_event_loop_policy", _NEW)):
        pattern = _pattern.of_now()
        return StockLoop() if pattern is None else StockLoop.like(pattern)
    return asyncio.new_event_loop()


def _default_policy() -> Any:
    """Return the class of asyncio's own policy, where asyncio finds it: its package, or from 3.14 on a module of it."""
    own = vars(sys.modules[_STOCK.__module__])
    return own.get("_DefaultEventLoopPolicy") or vars(asyncio).get("DefaultEventLoopPolicy")


_DEFAULT_POLICY: Final = _default_policy()


def _gives_stock(policy: Any) -> bool:
    """Whether a policy makes asyncio's selector loops; where asyncio has no policies any more, it is `_NEW`."""
    if policy is _NEW:
        return getattr(asyncio, "EventLoop", None) is _STOCK
    if policy is None:  # asyncio makes one of this class when it is first asked
        return _default_policy() is _DEFAULT_POLICY and getattr(_DEFAULT_POLICY, "_loop_factory", None) is _STOCK
    made_by = getattr(type(policy), "new_event_loop", None)
    return getattr(made_by, "__module__", None) == _events.__name__ and policy._loop_factory is _STOCK


def listen(loop: Any, listener: Listener | None) -> None:
    """Have a listener told what happens on a loop from now on; None: nobody."""
    if isinstance(loop, StockLoop):
        loop.listener = listener
        return
    from asynctestkit.loops import foreign  # most runs have no such loops

    foreign.listen(loop, listener)
