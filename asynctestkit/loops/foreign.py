"""What loops that are not ours tell: those of uvloop, and asyncio's own where a suite makes them itself.

Nothing is changed but the one loop: attributes of the instance stand before methods of its class, and go again. A class
of loops that allows its instances no attributes tells nothing.

Loops of asyncio pass through a few methods of their own wherever they make something, so that also what a server
accepts is heard of. Of any other loop the public methods are all there is: what a server accepts is not heard of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from asynctestkit.loops.stock import Listener

_PLAIN: Final = (
    *("_make_socket_transport", "_make_ssl_transport", "_make_datagram_transport"),
    *("_make_read_pipe_transport", "_make_write_pipe_transport"),
)
_SERVERS: Final = ("create_server", "create_unix_server")
_PAIRS: Final = (
    *("create_connection", "create_unix_connection", "create_datagram_endpoint", "connect_accepted_socket"),
    *("connect_read_pipe", "connect_write_pipe", "subprocess_exec", "subprocess_shell"),
)
"""Coroutine methods that return a transport and its protocol."""
_TIMERS: Final = ("call_at", "call_later")
_REPLACED: Final = "_atk_replaced"
"""Where a loop keeps, by name, what stands before its methods and what stood there before."""


def listen(loop: Any, listener: Listener | None) -> None:
    """Have a listener told what happens on a loop from now on; None: nobody."""
    own: dict[str, Any] | None = getattr(loop, "__dict__", None)
    if own is None:
        return
    for name, (ours, before) in own.pop(_REPLACED, {}).items():
        if own.get(name) is not ours:
            continue  # somebody else's by now
        if before is None:
            del own[name]
        else:
            own[name] = before
    if listener is not None:
        ours = {**_tasks_and_errors(loop, listener), **_hooks(loop, listener), **_makers(loop, listener)}
        own[_REPLACED] = {name: (function, own.get(name)) for name, function in ours.items()}
        own.update(ours)


def _tasks_and_errors(loop: Any, listener: Listener) -> dict[str, Any]:
    create, handle, run = loop.create_task, loop.call_exception_handler, loop.run_in_executor

    def create_task(coro: Any, **options: Any) -> Any:
        task = _without_us(create(coro, **options))
        listener.on_task(task)
        return task

    def call_exception_handler(context: Any) -> None:
        if not listener.on_error(loop, context):
            handle(context)

    def run_in_executor(executor: Any, func: Any, *args: Any) -> Any:
        if executor is None:
            listener.on_job()
        return run(executor, func, *args)

    return {
        "create_task": create_task,
        "call_exception_handler": call_exception_handler,
        "run_in_executor": run_in_executor,
    }


def _hooks(loop: Any, listener: Listener) -> dict[str, Any]:
    """Return what is called as async generators begin and die; a loop asks for it each time that it starts to run."""
    begun, dropped = (getattr(loop, name, None) for name in ("_asyncgen_firstiter_hook", "_asyncgen_finalizer_hook"))
    if begun is None or dropped is None:
        return {}

    def on_begun(generator: Any) -> None:
        listener.on_generator(generator)
        begun(generator)

    def on_dropped(generator: Any) -> None:
        listener.on_generator_dropped(generator)
        dropped(generator)

    return {"_asyncgen_firstiter_hook": on_begun, "_asyncgen_finalizer_hook": on_dropped}


_Way = Callable[[Any, Listener], Any]
"""Gives what stands before a method."""


def _makers(loop: Any, listener: Listener) -> dict[str, Any]:
    ways: tuple[tuple[_Way, tuple[str, ...]], ...]
    if isinstance(loop, asyncio.BaseEventLoop):
        ways = (
            (_plain, _PLAIN),
            (_awaited, ("_make_subprocess_transport", *_SERVERS)),
            (_timer, _TIMERS[:1]),  # which the other one goes by
        )
    else:
        ways = ((_awaited, _SERVERS), (_pair, _PAIRS), (_timer, _TIMERS))
    found = [(way, name, getattr(loop, name, None)) for way, names in ways for name in names]
    return {name: way(method, listener) for way, name, method in found if method is not None}


def _plain(make: Any, listener: Listener) -> Any:
    def make_and_tell(*args: Any, **options: Any) -> Any:
        thing = make(*args, **options)
        listener.on_opened(thing)
        return thing

    return make_and_tell


def _awaited(make: Any, listener: Listener) -> Any:
    async def make_and_tell(*args: Any, **options: Any) -> Any:
        thing = await make(*args, **options)
        listener.on_opened(thing)
        return thing

    return _called_like(make, make_and_tell)


def _pair(make: Any, listener: Listener) -> Any:
    async def make_and_tell(*args: Any, **options: Any) -> Any:
        pair = await make(*args, **options)
        listener.on_opened(pair[0])
        return pair

    return _called_like(make, make_and_tell)


def _timer(make: Any, listener: Listener) -> Any:
    def make_and_tell(when: float, callback: Any, *args: Any, **options: Any) -> Any:
        handle = _without_us(make(when, callback, *args, **options))
        if hasattr(handle, "when"):  # uvloop takes what is due at once for no timer
            listener.on_timer(handle, callback)
        return handle

    return make_and_tell


def _called_like(method: Any, function: Any) -> Any:
    """Have coroutines of a function named like those of the method that it stands for."""
    function.__name__, function.__qualname__ = method.__name__, method.__qualname__
    return function


def _without_us(made: Any) -> Any:
    """Take our frame out of what debug mode keeps of where something was made."""
    traceback = getattr(made, "_source_traceback", None)
    if traceback and traceback[-1].filename == __file__:
        del traceback[-1]
    return made
