"""The limit on the real time of one test: what happens when it is over.

The watchdog finds that it is over, and goes on step by step, each `GRACE` seconds, until the running phase has ended:

1. The loop runs and answers: the phase is cancelled from inside the loop, and is told the TimeoutError.
2. The loop does not answer, and stands in one callback; or plain code runs: an exception is raised where that stands.
   It is no `Exception`, and becomes the TimeoutError where it comes out of the phase.
3. A phase that has eaten its cancellation is cancelled again, `CANCELS` times; then its task is given up on.
4. What cannot be ended is told on stderr, with the place where it stands.

What follows in the test's life, its tear-down above all, has a time of its own (`Deadline.more`), and so has what
follows that: whatever hangs ends, and nothing that does not hang is left out.

A limit does not count while a debugger is at work (see `debuggers`).
"""

from __future__ import annotations

import asyncio
import math
import os
import weakref
from threading import get_ident
from time import monotonic
from types import FrameType
from typing import Any, Final, NoReturn, Protocol, TypeVar

from asynctestkit.checks import blocked
from asynctestkit.checks.debuggers import is_debugged, stands_in_debugger
from asynctestkit.checks.watchdog import watchdog
from asynctestkit.report.errors import Interruption
from asynctestkit.report.frames import TRIM_FRAMES, clean
from asynctestkit.report.hangs import BLOCKED, WAITS, Part, describe_stack, note, thread_frame, waits_of

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

GRACE: Final = 0.2
"""Seconds that what was told to end has to end, before it is told again."""
PROBE: Final = 0.1
"""Seconds within which a loop that is not blocked answers."""
AGAIN: Final = 0.05
"""Seconds until it is tried again to raise in a thread that stood where nothing may be raised."""
CANCELS: Final = 2
"""How often a phase is cancelled again that has eaten its cancellation."""
STRIKES: Final = 5
"""How often an exception is raised in vain before that is told on stderr."""
LEAST_MORE: Final = 0.5
MOST_MORE: Final = 5.0
"""Seconds that a test has to tidy up after its limit: as long as the limit, within these bounds."""

E = TypeVar("E", bound=BaseException)


class Target(Protocol):
    """The test that has a limit."""

    name: str
    active: bool
    """Whether a plain function of a phase runs."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop that it runs on, if it is open."""
        ...

    @property
    def closing(self) -> bool:
        """Whether its loop is being closed, which has limits of its own as long as the loop answers."""
        ...

    @property
    def busy(self) -> bool:
        """Whether a phase runs in its task."""
        ...

    @property
    def ending(self) -> bool:
        """Whether a phase has been interrupted and has not ended yet."""
        ...

    def doing(self) -> str:
        """Return what it is doing, for reports."""
        ...

    def own_tasks(self) -> list[asyncio.Task[Any]]:
        """Return its tasks that are in no list of the loop's."""
        ...

    def tell_beside(self, error: BaseException, part: Part, text: str) -> None:
        """Have the report of an error say something more."""
        ...

    def interrupt(self, error: BaseException) -> None:
        """End the running phase with an error."""
        ...

    def press(self) -> None:
        """Cancel the interrupted phase again."""
        ...

    def give_up(self) -> None:
        """Leave the interrupted phase to itself."""
        ...


class Expired(Interruption):
    """Ends plain or blocking code of a test whose time is over.

    Where it comes out of nothing of ours (a plain method between async ones), a report shows it under the name of what
    it stands for.
    """

    deadline: Deadline
    text = ""

    def __init__(self) -> None:
        super().__init__(self.text)

    def is_of(self, phases: object) -> bool:
        """Whether it is meant for these phases."""
        return self.deadline.target is phases

    def tell(self) -> NoReturn:
        """Raise the TimeoutError, with the traceback of the code that was ended."""
        raise self.deadline.told(self)


class Deadline:
    """The limit of one test, from its first step to its last."""

    expired = False
    """Whether the limit was reached."""
    delivered = False
    """Whether the test has been told so, or will be when its phase ends."""
    ended = False
    _fired = False
    _answers = 0
    _strikes = 0
    _turn = 0
    _given = 0.0
    """Seconds of more that it has had."""
    _text = ""
    _stack: str | None = None
    _callback: FrameType | None = None
    _begun = False
    """Whether the limit, or what was given after it, is over and has not been told yet."""
    _asked = False
    _answering = False
    """Whether the loop is in the middle of its answer."""

    def __init__(self, target: Target, limit: float) -> None:
        self._target = weakref.ref(target)  # a test that is thrown away half-way must not be kept by its limit
        self.limit = limit
        self.ident = ident = get_ident()
        self.due = monotonic() + limit
        if not blocked.in_place:
            blocked.make_ready(ident)
        watchdog.arm(self, limit)

    @property
    def target(self) -> Target | None:
        """The test, None where it was thrown away."""
        return self._target()

    @property
    def more(self) -> float:
        """Seconds that the test has for what follows after its limit."""
        return min(max(self.limit, LEAST_MORE), MOST_MORE)

    @property
    def left(self) -> float:
        """Seconds that are left for what the test does now, at least a moment."""
        return max(self.due - monotonic(), LEAST_MORE)

    def end(self) -> None:
        """Lift the limit: the test is over. Called in its thread; ending twice is allowed."""
        self.ended = True
        watchdog.armed.discard(self)
        if self._fired:
            blocked.withdraw(self)
            self._callback = None

    # In the watchdog's thread.

    def fire(self, now: float) -> None:
        """Take the next step to end what the test is doing."""
        self._fired = True
        target = self.target
        if target is None:
            watchdog.disarm(self)
            return
        loop = target.loop
        if stands_in_debugger(thread_frame(self.ident)):
            self._lift()
            return
        if not self._begun:
            self._begun = True
            self.expired, self.delivered = True, False
            self._say(target)
        if self._answering:
            self.due = now + PROBE
        elif self._answers and not target.ending:  # what was interrupted has ended
            self._begin_again(now)
        elif target.active or loop is None or not loop.is_running():
            self._strike(target, now)
        elif not self._asked:
            self._ask(loop, now)
        elif self._is_stuck():
            self._strike(target, now)
        else:
            self.due = now + PROBE

    def _ask(self, loop: asyncio.AbstractEventLoop, now: float) -> None:
        """Have the loop call back, which shows that it is not blocked."""
        self._asked = True
        self._callback = blocked.callback_frame(self.ident)
        try:
            loop.call_soon_threadsafe(self._in_loop, self._turn)
        except RuntimeError:  # closed meanwhile
            self.due = now + PROBE
            return
        self.due = now + (GRACE if self._answers else PROBE)

    def _is_stuck(self) -> bool:
        """Whether the loop has not left the callback that it was in when it was asked."""
        before, self._callback = self._callback, blocked.callback_frame(self.ident)
        return before is not None and before is self._callback

    def _strike(self, target: Target, now: float) -> None:
        struck = blocked.strike(self, lambda: self.ended)
        self._strikes += struck
        self.due = now + (GRACE if struck else AGAIN)
        if self._strikes == STRIKES and struck:
            self._complain()
        if struck and _is_in_plain_code(target):
            self.delivered = True  # nothing of ours sees it come out of plain code
            self._begin_again(now)

    def _complain(self) -> None:
        """Tell on stderr what cannot be ended; nobody else will."""
        cause = "Python can end a system call in the main thread only, and code only that does not catch everything"
        stack = note("it stands here", describe_stack(thread_frame(self.ident)))
        text = f"asynctestkit: {self._text}, which cannot be ended\n  cause:  {cause}\n{stack}\n"
        try:
            os.write(watchdog.stderr, text.encode(errors="replace"))
        except OSError:  # no stderr
            return

    # In the test's thread.

    def _in_loop(self, turn: int) -> None:
        """Answer the watchdog: the loop is not blocked, so that the phase can be cancelled."""
        target = self.target
        if self.ended or target is None or turn != self._turn:
            return
        if is_debugged():
            self._lift()
            return
        self._asked = False  # it is asked again, for what was interrupted may block the loop from now on
        if target.closing:
            self._answers += 1
            return
        if not target.busy:  # it was ended already, by an exception in its blocking code
            return
        self._answering = True  # describing what waits takes a while, in which the watchdog looks again
        try:
            self._end_phase(target)
        finally:
            self._answering = False

    def _end_phase(self, target: Target) -> None:
        """Take the next step to end the phase, whose loop answers."""
        self._answers += 1
        if self._answers == 1:
            self.delivered = True
            target.interrupt(self._with_notes(TimeoutError(self._text)))
        elif self._answers <= 1 + CANCELS:
            target.press()
        else:
            target.give_up()

    def may_strike(self, frame: FrameType) -> bool:
        """Whether an exception may be raised in this frame of the test's thread, the innermost one."""
        target = self.target
        if target is None:
            return False
        running = _is_running(target)
        if target.active or running or target.closing:
            return blocked.is_in_user_code(frame, running=running and not target.active)
        return blocked.called_by_runner(frame) is not None

    def exception(self, frame: FrameType) -> type[Interruption]:
        """Return what to raise in a frame, and keep where that stands."""
        self._stack = describe_stack(frame)
        names = {"deadline": self, "text": self._text, "__module__": "builtins"}
        target = self.target
        kinds = blocked.recorded_kinds(frame) if target is not None and _is_in_plain_code(target) else ()
        return type(TimeoutError.__name__, (Expired, *kinds), names)

    def told(self, expired: Expired) -> TimeoutError:
        """Return what a phase is told that was ended by `expired`."""
        error = TimeoutError(self._text)
        error.__traceback__, error.__context__ = expired.__traceback__, expired.__context__
        error.__suppress_context__ = expired.__suppress_context__
        clean(error)
        self._stack = None  # its traceback shows it
        self.delivered = True
        self._with_notes(error)
        blocked.withdraw(self)
        self._begin_again(monotonic())
        return error

    @property
    def is_over(self) -> bool:
        """Whether the limit was reached and the test has not been told so: it held up the watchdog, say."""
        return (self.expired and not self.delivered) or self.due < monotonic()

    def undelivered(self) -> TimeoutError | None:
        """Return the error of a test whose limit was reached and that has not been told so, once."""
        target = self.target
        if target is None or not self.is_over or (self.expired and self.delivered):
            return None
        if not self._begun:
            self._say(target)
        self.expired = self.delivered = True
        return self._with_notes(TimeoutError(self._text))

    # Both.

    def _say(self, target: Target) -> None:
        """Put down what the test is doing, which it will be told."""
        given = f", and the {self._given:g} s after that," if self._given else ""
        plain = None if target.active or target.closing else blocked.called_by_runner(thread_frame(self.ident))
        self._text = f"{target.name} exceeded its limit of {self.limit:g} s{given} in {plain or target.doing()}"

    def _lift(self) -> None:
        """Have no limit any more: somebody debugs."""
        self.due, self.expired = math.inf, False

    def _begin_again(self, now: float) -> None:
        """Give what follows a time of its own."""
        self._turn += 1
        self._given += self.more
        self._answers = self._strikes = 0
        self._begun = self._asked = False
        self._callback = self._stack = None
        self.due = now + self.more
        watchdog.arm(self, self.more)

    def _with_notes(self, error: E) -> E:
        """Add what the tasks wait for, and where blocking code stood that no traceback shows."""
        target = self.target
        if target is None:
            return error
        if self._stack:
            target.tell_beside(error, BLOCKED, self._stack)
        loop = target.loop
        if loop is not None and not loop.is_closed():
            waits = waits_of(loop, target.own_tasks())
            if waits is not None:
                target.tell_beside(error, WAITS, waits)
        return error


def _is_in_plain_code(target: Target) -> bool:
    """Whether a runner's own call of plain code is what takes so long, out of which nothing of ours sees an error."""
    return not (target.active or target.closing or _is_running(target))


def _is_running(target: Target) -> bool:
    loop = target.loop
    return loop is not None and loop.is_running()
