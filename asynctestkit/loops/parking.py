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

    __slots__ = ("__weakref__", "_asyncio_future_blocking", "_context", "_go_on", "_host", "_is_cancelled")

    def __init__(self, host: Host) -> None:
        self._asyncio_future_blocking = False
        self._host = host
        self._go_on: Callable[[object], object] | None = None
        """The task's next step, until it is taken or the loop is to take it."""
        self._context: contextvars.Context | None = None
        self._is_cancelled = False

    def step(self) -> None:
        """Take the task's next step now."""
        go_on, self._go_on = self._go_on, None
        if go_on is not None and self._context is not None:
            self._context.run(go_on, self)

    def wake(self) -> None:
        """Have the loop take the task's next step, unless it was taken."""
        go_on, self._go_on = self._go_on, None
        if go_on is not None:
            self._host.loop.call_soon(go_on, self, context=self._context)

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

    def add_done_callback(self, go_on: Callable[[object], object], *, context: contextvars.Context) -> None:
        """Learn how the task goes on."""
        self._go_on, self._context = go_on, context

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop."""
        return self._host.loop

    def result(self) -> None:
        """Return nothing to the task, or have it end."""
        if self._is_cancelled:
            raise asyncio.CancelledError(CLOSING)

    def done(self) -> bool:
        """Whether the task has gone on, or is about to."""
        return self._go_on is None

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
