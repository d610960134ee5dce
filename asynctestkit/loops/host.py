"""One task that runs coroutines one after another: the test task.

A `HostTask` is handed coroutines from outside the loop. Each runs to its end inside the same task and context; in
between the task is parked and the loop stands still, so that plain functions can run outside the running
loop. Because all phases of a test share the task, what is entered in one phase (`asyncio.timeout`, a `TaskGroup`, an
anyio cancel scope) governs the others and may be left in another.

Rules:

1. `run(coro)` is called while the loop does not run, and returns or raises what the coroutine returns or raises.
2. A cancellation that arrives while the task is parked belongs to the next phase: that phase starts, and meets it at
   its first await, as it would have without the pause.
3. `interrupt(error)` ends the running phase from outside (Ctrl-C, a deadline, a scope that fired elsewhere): the phase
   is cancelled, and `run` raises `error` once it has ended, whatever the phase made of its cancellation.
4. If the loop stops or breaks before the phase ends (`loop.stop()`, SystemExit out of another task), the phase is
   cancelled and ended first, then the reason is raised: a phase is never left half done behind the next one.
5. When a phase ends, the owner is asked whether another may follow; if not, the task ends there, which spares a turn of
   the loop.
6. While it is parked, the task is in no list of tasks: code that cancels and awaits all tasks of the loop, as a
   tear-down may do, would wait for it for ever.

The idea of one task for everything is anyio's test runner; the pump there runs inside the loop all the time.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
from asyncio import sleep  # as it is before tests replace it
from collections.abc import Coroutine
from types import FrameType
from typing import Any, Protocol

from asynctestkit.loops import sigint, turn
from asynctestkit.loops.parking import Parking
from asynctestkit.report.errors import LoopError, message
from asynctestkit.report.frames import TRIM_FRAMES, skip_loop
from asynctestkit.report.hangs import WAITS, note, waits_of

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


class Owner(Protocol):
    """Whoever runs phases in a host task."""

    def may_go_on(self) -> bool:
        """Return whether another phase may follow the one that has just ended."""
        ...

    def cancelled_between(self) -> None:
        """Learn that the parked task was cancelled; called in the loop."""
        ...

    @property
    def cut_short(self) -> bool:
        """Whether a cancellation is held for the scope that asked for it."""
        ...


class HostTask:
    """A task that runs one coroutine after another; see the module for its rules."""

    task: asyncio.Task[None] | None = None
    cancelled_before = False
    """Whether the running phase begins with a cancellation that came before it."""
    parked: Parking | None = None
    """What the task waits on between two phases; None while one runs, and where none will follow."""

    _coro: Coroutine[Any, Any, Any] | None = None
    _value: Any = None
    _error: BaseException | None = None
    _interruption: BaseException | None = None
    _busy = False
    _driven = False
    """Whether the loop itself runs and must be stopped when the phase is over."""
    _dismissed = False
    _cancels = 0
    """How often the running phase was cancelled from outside."""
    _late_cancel = False
    _late_message: object = None

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        context: contextvars.Context,
        name: str,
        owner: Owner,
    ) -> None:
        self.loop = loop
        self.context = context
        self.name = name
        self._owner = owner

    @property
    def cancelling(self) -> bool:
        """Whether a cancellation was asked of the task that no scope has taken back yet."""
        return self.task is not None and self.task.cancelling() > 0

    @property
    def interrupted(self) -> bool:
        """Whether the running phase is being ended with an error that whoever runs it is then told."""
        return self._interruption is not None

    @property
    def busy(self) -> bool:
        """Whether a phase runs."""
        return self._busy

    @property
    def ended(self) -> bool:
        """Whether no task is waiting for a phase."""
        return self.task is None or self.task.done()

    def run(self, coro: Coroutine[Any, Any, Any]) -> Any:
        """Run `coro` to its end inside the task; return its value or raise its error.

        Raises:
            LoopError: The loop was stopped before the coroutine had ended.
            BaseException: Whatever the coroutine, or an interruption, raised.
        """
        self._start(coro)
        on_sigint = self._on_sigint
        installed = sigint.install(on_sigint)
        try:
            self._drive()
        finally:
            if installed:
                sigint.remove(on_sigint)
        return self._take_outcome()

    def parts(self) -> tuple[object, ...]:
        """Return what the task is made of while it is parked."""
        task = self.task
        return (task, self.parked) if task is None else (task, self.parked, task.get_coro())

    def interrupt(self, error: BaseException) -> bool:
        """End the running phase with `error`; return False where no phase runs. Called in the loop's thread."""
        if not self._busy or self.task is None or self._interruption is not None:
            return False
        self._interruption = error
        self._cancel_phase()
        return True

    def press(self) -> None:
        """Cancel the phase that is being ended again. Called in the loop's thread."""
        if self._busy and self.task is not None and self._interruption is not None:
            self._cancel_phase()

    def give_up(self) -> asyncio.Task[None] | None:
        """End the phase that is being ended without its task, which is returned; None where there is none.

        Called in the loop. `run` raises the error of the interruption.
        """
        task = self.task
        if not self._busy or task is None or self._interruption is None:
            return None
        self.task = self._coro = self.parked = None
        self._busy = False
        if self._driven:
            self.loop.stop()
        return task

    def note(self, text: str) -> None:
        """Add a note to the error that the running phase is being ended with."""
        if self._interruption is not None:
            self._interruption.add_note("\n".join(f"  {line}" for line in text.splitlines()))

    def note_late_cancel(self, msg: object) -> None:
        """Remember that the task was cancelled between phases; the next one meets it, with its message."""
        self._late_cancel = True
        self._late_message = msg
        if not self._busy:  # else the next phase has been handed over already, and is what was meant
            self._owner.cancelled_between()

    def dismiss(self) -> None:
        """Let the parked task end in the next turns of the loop."""
        self._dismissed = True
        if self.parked is not None:
            self.parked.wake()

    def _start(self, coro: Coroutine[Any, Any, Any]) -> None:
        if self._busy and self.loop.is_running():  # in another thread: in this one nothing could be run
            coro.close()
            raise _is_busy(self.name)
        self._coro, self._dismissed, self._busy, self._driven = coro, False, True, False
        task = self.task
        if task is None or task.done():
            # Where it is made is of no interest, and would cost more to find out than all else here.
            depth = sys.get_coroutine_origin_tracking_depth()
            try:
                sys.set_coroutine_origin_tracking_depth(0)
                serving = self._serve()
            finally:
                sys.set_coroutine_origin_tracking_depth(depth)
            try:
                self.task = turn.new_task(self.loop, serving, name=self.name, context=self.context)
            except BaseException:  # out of a task factory of the suite's
                serving.close()
                coro.close()
                self._coro, self._busy = None, False
                raise

    def _drive(self) -> None:
        loop, parked = self.loop, self.parked
        try:
            if turn.take_turn(loop, parked) and not self._busy:
                return  # over without having waited, as most phases are
            if parked is not None:
                parked.wake()
            self._driven = True
            loop.run_forever()
        except BaseException as error:
            self._end_phase()
            skip_loop(error)
            raise
        if self._busy:
            self._end_phase()
            raise LoopError(
                message(
                    "Event loop stopped before Future completed.",
                    test=self.name,
                    cause="loop.stop() was called while the test ran on the loop",
                    fix="leave stopping the loop to asynctestkit; await what the test waits for",
                )
            )

    def _end_phase(self) -> None:
        """Cancel the phase that the loop left half done and run it to its end."""
        if not self._busy or self.task is None or self.task.done():
            self._busy = False
            return
        self._cancel_phase()
        self._driven = True
        try:
            self.loop.run_forever()
        finally:
            if self._busy:
                self.task = None  # it would not end; what comes next gets a task of its own
            else:
                self._take_cancels_back()
            self._busy = False
            self._error = self._value = None

    def _cancel_phase(self) -> None:
        """Cancel the running phase; a task that has not begun takes its first step first, or it would end unheard."""
        assert self.task is not None
        if self._coro is not None and self.parked is None:
            self.loop.call_soon(self._cancel_if_busy)  # comes after the first step, which is scheduled already
        else:
            self._cancel_if_busy()

    def _cancel_if_busy(self) -> None:
        if self._busy and self.task is not None:
            self._cancels += 1
            self.task.cancel()

    def _take_cancels_back(self) -> None:
        cancels, self._cancels = self._cancels, 0
        if self.task is not None:  # else it was given up on
            for _ in range(cancels):
                self.task.uncancel()

    def _take_outcome(self) -> Any:
        if self._error is None and self._interruption is None:
            value, self._value = self._value, None
            if self.task is not None and self.task.done():
                self.task = None  # with its coroutine, which the checks would look at
            return value
        error, interruption = self._error, self._interruption
        self._value = self._error = self._interruption = None
        try:
            if interruption is not None:
                self._take_cancels_back()
                # A limit that ran out says nothing of where the phase was, which its cancellation shows.
                limit = isinstance(interruption, TimeoutError) and interruption.__cause__ is None
                if isinstance(error, Exception) or (limit and error is not None):
                    raise interruption from error
                raise interruption
            assert error is not None
            raise error
        finally:
            # The traceback of the error holds this frame: without this the two keep each other alive.
            del error, interruption

    def _on_sigint(self, number: int, frame: FrameType | None) -> None:
        """Interrupt the phase at the first Ctrl-C; at the second, and between phases, stop on the spot."""
        error = KeyboardInterrupt()
        waits = waits_of(self.loop, [] if self.task is None else [self.task]) if self._busy else None
        if not self.interrupt(error):
            raise KeyboardInterrupt
        if waits is not None:
            error.add_note(note(WAITS.headline, waits))
        # The signal may have come while the loop sleeps in its selector; this wakes it.
        self.loop.call_soon_threadsafe(_nothing)

    async def _serve(self) -> None:
        """Run phases until the last one."""
        me = self.task
        while self._coro is not None:
            coro, self._coro = self._coro, None
            self.cancelled_before = self._late_cancel
            if self._late_cancel:
                self._late_cancel = False
                if not self._owner.cut_short:  # else it comes from a scope that will be left with what is held
                    self._cancel_at_next_await()
            value = error = None
            counted = me.cancelling() if me is not None else 0
            try:
                value = await coro
            except BaseException as raised:  # it belongs to the caller of run()
                if isinstance(raised, GeneratorExit) and not self._is_current(me):
                    raise  # the task itself is being thrown away
                error = raised
                if raised.__traceback__ is not None:
                    # Without the frame of this task: `assertRaises` clears the frames it is shown, and that would
                    # close the task on 3.11 and 3.12.
                    raised.__traceback__ = raised.__traceback__.tb_next
            del coro
            if me is not None and me.cancelling() > counted:
                # The cancellation may still wait for the phase's next await, which does not come any more.
                try:
                    await sleep(0)
                except asyncio.CancelledError as raised:
                    error = error or raised
            if self.task is not me:
                return  # given up on meanwhile
            self._value, self._error = value, error
            del value, error
            self._busy = False
            if self._driven:
                self.loop.stop()
            if self._owner.may_go_on() and not self._dismissed and self._coro is None and self.task is not None:
                await Parking(self)

    def _is_current(self, task: asyncio.Task[None] | None) -> bool:
        return asyncio._get_running_loop() is self.loop and asyncio.current_task() is task

    def _cancel_at_next_await(self) -> None:
        task = self.task
        # Unless the scope that cancelled has been left meanwhile: then nobody waits for it any more.
        if task is not None and task.cancelling() > 0:
            task.cancel(self._late_message)  # on a running task this takes effect at its next await ...
            task.uncancel()  # ... and is the cancellation that was counted already


def _nothing() -> None:
    """Do nothing: a callback whose arrival alone wakes the loop."""


def _is_busy(name: str) -> LoopError:
    return LoopError(
        message(
            f"the loop of {name} runs in another thread, and cannot run a coroutine for this one",
            cause="run_async, or an async fixture that is asked for by name, is for the thread that runs the test",
            fix="use the fixture's value, or asyncio.run_coroutine_threadsafe(coroutine, loop)",
        )
    )
