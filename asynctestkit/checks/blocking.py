"""Callbacks that block the loop, seen from the watchdog's thread by where the loop's thread stands.

Rules:

1. While tests run, a look is taken `LOOKS` times in the time that a callback may take. It has blocked the loop since
   the first look that found it, so what is told is the least that it can have been; one that lasts hardly longer than
   it may can be missed.
2. Nothing of the test's is kept from one look to the next, for that would keep its tasks alive: the frame of a callback
   that was seen is marked.
3. A loop without frames of its own (uvloop) is asked to answer instead, once it was seen in a callback.
4. A callback belongs to the test, or to the wider scope, in whose context it was made.
5. Where a call in C holds the interpreter's lock, the watchdog cannot look either; and time does not count while a
   debugger is at work.
"""

from __future__ import annotations

import asyncio
import math
from threading import get_ident
from time import monotonic
from types import FrameType
from typing import Any, Final, Protocol

from asynctestkit.checks.blocked import callback_frame
from asynctestkit.checks.debuggers import stands_in_debugger
from asynctestkit.checks.watchdog import watchdog
from asynctestkit.report.contexts import TEST
from asynctestkit.report.findings import Finding
from asynctestkit.report.frames import name_of
from asynctestkit.report.hangs import thread_frame
from asynctestkit.report.kinds import Kind
from asynctestkit.report.origins import caller, label_of, names_of
from asynctestkit.report.stacks import CALLING, rows_up_to

LOOKS: Final = 5
"""How often is looked in the time that a callback may take."""


class Watched(Protocol):
    """The checks of a test that runs in the thread."""

    @property
    def max_block(self) -> float:
        """Seconds that one callback may block the loop; `math.inf`: as long as it likes."""
        ...

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The test's loop."""
        ...

    def blocks(self, block: Block) -> None:
        """Learn, in another thread, of a callback that blocks the loop; what `block` says may still grow."""
        ...


class Block:
    """A callback that blocks, or blocked, the loop."""

    def __init__(self, innermost: FrameType, callback: FrameType, seconds: float) -> None:
        self.seconds = seconds
        function = innermost.f_code.co_qualname
        self._label, names = _described(_handle_of(callback))
        self._names = (f"{innermost.f_globals.get('__name__')}.{function}", function, *names)
        self._place = caller(innermost, callback)
        self._rows = rows_up_to(innermost, callback)

    def finding(self) -> Finding:
        """Return the finding of it."""
        facts = (("blocked at", self._place), ("callback", self._label))
        stack = [("stack", "\n".join(self._rows))] if len(self._rows) > 1 else []
        return Finding(
            Kind.SLOW_CALLBACKS,
            f"the loop was blocked for at least {self.seconds:.2g} s by one callback",
            (*((name, text) for name, text in facts if text is not None), *stack),
            "move what blocks into a thread (await asyncio.to_thread), or await what can wait (asyncio.sleep)",
            self._names,
        )


def _described(handle: Any) -> tuple[str | None, tuple[str, ...]]:
    """Return what a callback is called in reports, and by those who want to ignore it."""
    if handle is None:
        return None, ()
    callback = handle._callback
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        name = name_of(callback)
        return name, (f"{getattr(callback, '__module__', None)}.{name}", name)
    coroutine = task.get_coro()
    if _is_ours(coroutine):
        return "the test's own task", ()
    return f"task {task.get_name()!r}, {label_of(coroutine)}()", names_of(coroutine)


def _is_ours(coroutine: Any) -> bool:
    frame = getattr(coroutine, "cr_frame", None)
    return frame is not None and str(frame.f_globals.get("__name__")).startswith("asynctestkit.")


class Lookout:
    """Looks at one thread while tests run in it.

    Args:
        watches: The tests that run in this thread, the innermost last.
    """

    def __init__(self, watches: list[Any]) -> None:
        self.due = math.inf
        self._watches: list[Watched] = watches
        self._ident = get_ident()
        self._pace = math.inf
        self._since: float | None = None
        """When the callback that runs was seen first."""
        self._block: Block | None = None
        self._asked: object = None
        """What a loop without frames has been asked and has not answered."""

    def begin(self, limit: float) -> None:
        """See to it that the thread is looked at: a test begins. Called in that thread."""
        pace = limit / LOOKS
        if pace < self._pace or self not in watchdog.armed:
            self._pace, self.due = pace, monotonic() + pace
            watchdog.arm(self, pace)

    # In the watchdog's thread.

    def fire(self, now: float) -> None:
        """Look where the thread stands."""
        watch = self._watches[-1] if self._watches else None
        if watch is None:
            watchdog.disarm(self)
            self._see_another()
            if not self._watches:
                return
            watchdog.arm(self, self._pace)  # a test has begun right now
        elif watch.max_block < math.inf:
            self._pace = watch.max_block / LOOKS
            self._look(watch, now)
        self.due = now + self._pace

    def _look(self, watch: Watched, now: float) -> None:
        frame = callback_frame(self._ident)
        if frame is None or not (_handle_of(frame) or _is_running(watch.loop)):
            self._see_another()
        elif not self._is_seen(frame, watch):
            self._see_another(now)
        elif self._since is None:
            self._since = now
        elif self._block is not None:
            self._block.seconds = now - self._since
        elif now - self._since >= watch.max_block:
            self._tell(frame, watch, now - self._since)

    def _see_another(self, since: float | None = None) -> None:
        self._since, self._block = since, None

    def _is_seen(self, frame: FrameType, watch: Watched) -> bool:
        """Whether a callback is the one that the last look found."""
        if _handle_of(frame) is None:
            return self._is_unanswered(watch)
        # A mark that means nothing but to a tracer of lines, and those have no use for the loop's own.
        seen = not frame.f_trace_lines
        frame.f_trace_lines = False
        return seen

    def _is_unanswered(self, watch: Watched) -> bool:
        """Whether a loop still owes an answer; else it is asked."""
        if self._asked is not None:
            return True
        self._asked = asked = object()

        def answer() -> None:
            if self._asked is asked:
                self._asked = None

        try:
            if watch.loop is not None:
                watch.loop.call_soon_threadsafe(answer)
        except RuntimeError:  # it is closed
            self._asked = None
        return False

    def _tell(self, frame: FrameType, watch: Watched, seconds: float) -> None:
        innermost, handle = thread_frame(self._ident), _handle_of(frame)
        if innermost is None or stands_in_debugger(innermost):
            self._see_another()
            return
        owner: Watched | None = watch if handle is None else handle._context.get(TEST)
        if owner is not None:
            self._block = Block(innermost, frame, seconds)
            owner.blocks(self._block)


def _is_running(loop: asyncio.AbstractEventLoop | None) -> bool:
    return loop is not None and loop.is_running()


def _handle_of(frame: FrameType) -> Any:
    """Return the handle whose callback runs in a frame, None where the loop has none that can be seen."""
    return frame.f_locals.get("self") if frame.f_code in CALLING else None
