"""What a parked task waits on between two phases (see `host`).

Rules:

1. A cancellation is noted for the next phase instead of waking the task. It must not wake between phases: a plain phase
   that runs the loop by hand has entered the task's context, which the task could then not enter, and its wake-up would
   be lost. Only the cancellation by which the loop is cleared ends the task.
2. While it is parked, the task is in no list of tasks.
3. It is as much of a future as a task asks of what it waits on, so that the task's next step can be taken without a
   handle of the loop's.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Generator
from typing import Any, Final, Protocol

from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.report.stacks import CALLING

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

CLOSING: Final = "the test is over and its loop is being cleared"
"""The message that leftover tasks are cancelled with; a parked task ends on it, as no phase will come any more."""


class Host(Protocol):
    """Whose task is parked."""

    loop: asyncio.AbstractEventLoop
    task: asyncio.Task[None] | None
    parked: Parking | None
    """What the task waits on while it is parked."""

    def note_late_cancel(self, msg: object) -> None:
        """Remember that the task was cancelled while it was parked."""
        ...


class Parking:
    """What a task awaits to be parked; see the module for its rules."""

    __slots__ = (
        *("__weakref__", "_asyncio_future_blocking", "_callback", "_context"),
        *("_has_gone_on", "_host", "_is_cancelled"),
    )

    def __init__(self, host: Host) -> None:
        self._asyncio_future_blocking = False
        self._host = host
        # Called as those of a handle are, as which it is shown while the task's next step is taken.
        self._callback: Callable[[object], object] | None = None
        self._context: contextvars.Context | None = None
        self._has_gone_on = True
        """Whether the task's next step was taken, or the loop is to take it; it is not parked before it says how."""
        self._is_cancelled = False

    def __repr__(self) -> str:
        return f"<Parking {'done' if self._has_gone_on else 'pending'}>"

    def step(self) -> None:
        """Take the task's next step now."""
        if not self._has_gone_on:
            assert self._callback is not None and self._context is not None
            self._has_gone_on = True
            self._context.run(self._callback, self)

    def wake(self) -> None:
        """Have the loop take the task's next step, unless it was taken."""
        if not self._has_gone_on:
            assert self._callback is not None
            self._has_gone_on = True
            self._host.loop.call_soon(self._callback, self, context=self._context)

    # What a task asks of it.

    def __await__(self) -> Generator[Parking, None, None]:
        host, self._asyncio_future_blocking = self._host, True
        task: Any = host.task
        host.parked = self
        asyncio._unregister_task(task)
        try:  # noqa: SIM105  # suppress() costs more than all else here
            yield self
        except asyncio.CancelledError:  # what comes through is the loop's closing
            pass
        asyncio._register_task(task)
        host.parked = None

    def add_done_callback(self, callback: Callable[[object], object], *, context: contextvars.Context) -> None:
        """Learn how the task goes on."""
        self._callback, self._context, self._has_gone_on = callback, context, False

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop."""
        return self._host.loop

    def result(self) -> None:
        """Return nothing to the task, or have it end."""
        if self._is_cancelled:
            raise asyncio.CancelledError(CLOSING)

    def exception(self) -> None:
        """Return nothing, or have it end, as `result` does."""
        self.result()

    def done(self) -> bool:
        """Whether the task has gone on, or is about to."""
        return self._has_gone_on

    def cancelled(self) -> bool:
        """Whether the task ends."""
        return self._is_cancelled

    def cancel(self, msg: object = None) -> bool:
        """Note that the task was cancelled, or have it end."""
        if msg == CLOSING:
            self._is_cancelled = True
            self.wake()
        else:
            self._host.note_late_cancel(msg)
        return True


CALLING.add(Parking.step.__code__)
