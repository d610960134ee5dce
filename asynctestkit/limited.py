"""Phases that have a limit: how the deadline of one test is armed and lifted, and what it looks at meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any

from asynctestkit.checked import CheckedPhases
from asynctestkit.checks.deadline import Deadline
from asynctestkit.checks.debuggers import is_debugged
from asynctestkit.loops.managed import ManagedLoop
from asynctestkit.report.errors import Interruption
from asynctestkit.report.frames import TRIM_FRAMES, name_of

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


class LimitedPhases(CheckedPhases):
    """The phases of a test, with its loop, its checks and its limit."""

    handling: object = None
    """The fixture or the cleanup that is under way, for reports."""

    ended_with: Exception | None = None
    """The error by which the body was ended from outside, where it may be called again."""

    _at_closing: ManagedLoop | None = None
    """What `_managed` was, while it is closed."""
    _deadline: Deadline | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop the test runs on, None before it is open and when it is closed."""
        managed = self._managed or self._at_closing
        return None if managed is None else managed.loop

    def arm_deadline(self, limit: float | None) -> None:
        """Have the test end after some seconds, unless it has a limit already or somebody debugs; None: no limit."""
        if limit is not None and self._deadline is None and not is_debugged():
            self._deadline = Deadline(self, limit)

    def lift_deadline(self) -> TimeoutError | None:
        """Have no limit any more; return the error of one that was reached and that has not been told."""
        deadline, self._deadline = self._deadline, None
        if deadline is None:
            return None
        deadline.end()
        return deadline.undelivered() if deadline.expired else None

    @property
    def is_over_unsaid(self) -> bool:
        """Whether the limit was reached and the test has not been told so."""
        return self._deadline is not None and self._deadline.is_over

    def raise_unsaid(self) -> None:
        """Raise the error of a limit that was reached, if the test has not been told so."""
        deadline = self._deadline
        if deadline is None or not (deadline.expired or deadline.due < monotonic()):
            return
        late = deadline.undelivered()
        if late is not None:
            raise late

    @property
    def time_left(self) -> float | None:
        """Seconds that the test has left, at least a moment; None where it has no limit."""
        return None if self._deadline is None else self._deadline.left

    @property
    def has_timed_out(self) -> bool:
        """Whether the test has exceeded its limit."""
        return self._deadline is not None and self._deadline.expired

    def attempt(self, step: Callable[[], Any], errors: list[BaseException]) -> None:
        """Take one of the last steps; an error does not keep the others from being taken."""
        try:
            step()
        except Exception as error:
            errors.append(error)
        except Interruption as interruption:  # blocking code was ended, of which the deadline tells
            if not interruption.is_of(self):
                raise

    # What its deadline looks at.

    @property
    def closing(self) -> bool:
        """Whether the loop is being closed, or what is left on it ended before that."""
        return self.winding_up

    @property
    def stage(self) -> str:
        """What part of its life the test is in, for reports."""
        return "the body"

    def doing(self) -> str:
        """Return what the test is doing, for reports."""
        handling: Any = self.handling
        if self.closing:
            return "closing the loop"
        if handling is None:
            return self.stage
        label: str | None = getattr(handling, "label", None)
        return label or f"cleanup {name_of(handling)!r}"
