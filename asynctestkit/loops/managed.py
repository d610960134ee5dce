"""An event loop that we open, make current, run on, and close; and the options that say what kind it is.

A `ManagedLoop` closes in this order: the tasks that are left are cancelled and awaited, asynchronous generators are
shut down, the default executor is shut down, the previously current loop comes back, the loop is closed. Each has a
limit (see `leftovers`); what did not keep it is a fault that `take_faults` gives. Errors of leftover tasks go to the
loop's exception handler, as `asyncio.Runner` does it.
"""

from __future__ import annotations

import asyncio
import functools
from asyncio import sleep  # as it is before tests replace it
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Final, NamedTuple

from asynctestkit.loops import current
from asynctestkit.loops.leftovers import Fault, end_executor, end_generators, end_tasks
from asynctestkit.loops.others import Tasks, other_tasks
from asynctestkit.loops.stock import new_event_loop
from asynctestkit.loops.turn import nothing_is_left
from asynctestkit.report.errors import LoopError, UsageError, message
from asynctestkit.report.frames import TRIM_FRAMES, name_of, place_of

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


class LoopOptions(NamedTuple):
    """What kind of loop a test wants; loops are shared only between those who want the same kind."""

    factory: LoopFactory | None = None
    debug: bool | None = None
    kind: Hashable = None
    """What loops of one kind have in common, where that is not the factory, which is bound to one instance."""

    @property
    def key(self) -> Hashable:
        """What loops of one kind have in common: by default the factory they come from."""
        factory = self.factory
        if factory is None or self.kind is not None:
            return self.kind
        # A factory that is a method is a new object each time it is looked up, a callable object may not be hashable.
        return id(getattr(factory, "__func__", factory)), id(getattr(factory, "__self__", None))

    def open(self) -> asyncio.AbstractEventLoop:
        """Make a loop of this kind.

        Raises:
            UsageError: The factory returned something else than an event loop, or a loop that is closed or running.
        """
        loop = new_event_loop() if self.factory is None else self._from_factory(self.factory)
        if self.debug is not None:
            loop.set_debug(self.debug)
        return loop

    def _from_factory(self, factory: LoopFactory) -> asyncio.AbstractEventLoop:
        loop: Any = factory()
        if not isinstance(loop, asyncio.AbstractEventLoop):
            fault = "is no event loop"
        elif loop.is_closed():
            fault = "is closed"
        elif loop.is_running():
            fault = "is running already"
        else:
            return loop
        text = repr(loop)
        if asyncio.iscoroutine(loop):
            loop.close()  # nobody will await it: the error below says it all
        raise UsageError(
            message(
                f"loop_factory {name_of(factory)} returned {text}, which {fault}",
                loop_factory=place_of(factory),
                fix="return a new event loop, as asyncio.new_event_loop or uvloop.new_event_loop do",
            )
        )


class GivenLoop:
    """A loop factory that gives a loop which somebody else opened and will close."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def __call__(self) -> asyncio.AbstractEventLoop:
        """Return the loop, the same each time."""
        return self._loop


def check_factory(factory: object, *, where: str) -> None:
    """Refuse a loop factory that cannot be one.

    Raises:
        UsageError: It is not callable, or it is a coroutine function.
    """
    if callable(factory) and not asyncio.coroutines.iscoroutine(factory) and not _is_async(factory):
        return
    kind = "a coroutine function" if callable(factory) else f"{factory!r}"
    raise UsageError(
        message(
            f"loop_factory must be a plain callable that returns a new event loop, not {kind}",
            where=where,
            fix="write loop_factory = uvloop.new_event_loop (the function itself, not a call of it)",
        )
    )


def _is_async(factory: object) -> bool:
    while isinstance(factory, functools.partial):
        factory = factory.func
    # An object is called through its type; a function has its code itself.
    for called in (factory, getattr(type(factory), "__call__", None)):  # noqa: B004  # not whether, but how
        code = getattr(getattr(called, "__func__", called), "__code__", None)
        if code is not None and code.co_flags & _CO_COROUTINE:
            return True
    return False


_CO_COROUTINE: Final = 0x80  # inspect.CO_COROUTINE, without importing inspect for it


class ManagedLoop:
    """A loop with its options, from opening to closing; it is made current by whoever runs on it."""

    __slots__ = ("_faults", "_is_wound_up", "_previous", "is_given", "loop", "options")

    def __init__(self, options: LoopOptions) -> None:
        self.options = options
        self.is_given = isinstance(options.factory, GivenLoop)
        """Whether somebody else opened the loop, and will close it."""
        self._faults: list[Fault] | None = None
        self._is_wound_up = False
        if asyncio._get_running_loop() is not None:
            refuse_running_loop()
        self.loop = options.open()
        self._previous: current.PreviousLoop | None = None

    @classmethod
    def borrow(cls, loop: asyncio.AbstractEventLoop) -> ManagedLoop:
        """Return one around a loop that somebody else opened and will close."""
        refuse_running_loop()
        borrowed = cls.__new__(cls)
        borrowed.options, borrowed.loop, borrowed._previous, borrowed._faults = LoopOptions(), loop, None, None
        borrowed._is_wound_up = borrowed.is_given = False
        return borrowed

    def make_current(self) -> bool:
        """Make the loop current in this thread; return whether it is for the caller to `give_back`."""
        if self._previous is not None:
            current.make_current(self.loop)
            return False
        self._previous = current.replace(self.loop)
        return True

    def give_back(self) -> None:
        """Make current again what was before `make_current`."""
        previous, self._previous = self._previous, None
        if previous is not None:
            current.restore(previous, leave_no_policy=self.options.factory is not None)

    def close_if_idle(self) -> bool:
        """Close the loop at once if nothing is left on it, and there is no fault; return whether it was closed."""
        loop = self.loop
        if self.is_given or self._faults or not nothing_is_left(loop) or other_tasks(loop, frozenset()):
            return False
        self.give_back()
        loop.close()
        return True

    def close(self, *, at_exit: bool = False, limit: float | None = None) -> None:
        """Cancel what is left, shut the loop down and close it. Closing twice is allowed.

        Args:
            at_exit: The process ends: threads have been joined already and no new one can be had, and nobody is left to
                interrupt a task that ignores its cancellation.
            limit: Seconds that each step may take at most.
        """
        if self.loop.is_closed():
            self.give_back()
            return
        if self.is_given:
            self._leave_as_found(limit)
            return
        try:
            self.wind_up(EXIT_TIMEOUT if at_exit else limit, at_exit=at_exit)
        finally:
            self.give_back()
            self.loop.close()

    def wind_up(self, limit: float | None = None, *, at_exit: bool = False) -> None:
        """Cancel what is left and shut down generators and threads, if there is anything; the loop stays open.

        Args:
            limit: Seconds that each step may take at most.
            at_exit: The process ends, as in `close`.
        """
        if self.is_given:
            return
        if not nothing_is_left(self.loop) or other_tasks(self.loop, frozenset()):
            self.run_to_end(self._wind_up(limit, at_exit=at_exit))

    async def _wind_up(self, limit: float | None, *, at_exit: bool) -> None:
        me, loop, faults = asyncio.current_task(), self.loop, self._collected()
        await end_tasks(loop, lambda: other_tasks(loop, frozenset(), me), faults, limit)
        await end_generators(loop, faults, limit)
        if not (at_exit or self._is_wound_up):  # whose executor has ended, and there is no other after it
            await end_executor(loop, faults, limit)
            self._is_wound_up = True

    def _leave_as_found(self, limit: float | None) -> None:
        """End what is left of what ran on a loop that stays open."""
        try:
            self.settle()
            if tasks := asyncio.all_tasks(self.loop):
                self.cancel(tasks, limit)
        finally:
            self.give_back()

    def settle(self, delay: float = 0.0) -> None:
        """Give tasks that were told to end the turn in which they do, which waits `delay` seconds for I/O."""
        if not self.loop.is_closed():
            self.run_to_end(sleep(delay))

    def cancel(self, tasks: Tasks, limit: float | None = None) -> None:
        """Cancel `tasks`, at least one, and wait for them; their errors go to the loop's exception handler.

        Args:
            tasks: What is to end.
            limit: Seconds that they may take at most to tidy up.
        """

        def find() -> Tasks:
            return {task for task in tasks if not task.done()}

        self.run_to_end(end_tasks(self.loop, find, self._collected(), limit))

    def forget_exits(self) -> None:
        """Take SystemExit out of tasks that have ended so far for no faults: whoever listens tells of them."""
        if self._faults:
            self._faults = [fault for fault in self._faults if fault[0] != EXIT]

    def take_faults(self) -> list[Fault]:
        """Return what did not end by itself, once."""
        faults, self._faults = self._faults, None
        return faults or []

    def _collected(self) -> list[Fault]:
        if self._faults is None:
            self._faults = []
        return self._faults

    def run_to_end(self, coro: Coroutine[Any, Any, Any]) -> Any:
        """Run a closing coroutine; SystemExit out of a leftover task is a fault and does not end the test run."""
        loop = self.loop
        # Not by the loop's task factory, which may be the suite's: it need not see this, and may fail.
        task = asyncio.Task(_stop_after(loop, coro), loop=loop)
        while not task.done():
            try:
                # A leftover task may call loop.stop(): start again until the closing is done.
                loop.run_forever()
            except SystemExit as error:
                text = f"a leftover task raised {error!r} while its loop was closed"
                self._collected().append((EXIT, text))
                loop.call_exception_handler({"message": text, "exception": error})
        return task.result()


def refuse_running_loop() -> None:
    """Say why no managed loop can run where an event loop is running already.

    Raises:
        LoopError: An event loop runs in this thread.
    """
    if asyncio._get_running_loop() is None:
        return
    holder = asyncio.current_task()
    raise LoopError(
        message(
            "a managed loop cannot be called from a running event loop",
            running=repr(asyncio.get_running_loop()),
            held_by=repr(holder) if holder is not None else "a callback",
            fix="run the tests from plain code; in a notebook, in a thread of their own (asyncio.to_thread)",
        )
    )


async def _stop_after(loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await coro
    finally:
        loop.stop()


EXIT: Final = "exit"
"""The kind of fault that a SystemExit out of a task is."""
EXIT_TIMEOUT: Final = 1.0
"""Seconds that leftover tasks get to end when the process does."""
