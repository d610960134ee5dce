"""The rules of the host task, each by itself; the numbers are those of the module's docstring."""

from __future__ import annotations

import asyncio
import contextvars
import signal
import sys
import unittest
from asyncio import tasks
from collections.abc import Coroutine
from typing import Any

from asynctestkit import LoopError
from asynctestkit.loops import sigint
from asynctestkit.loops.host import HostTask
from asynctestkit.loops.parking import CLOSING
from tests.outcomes import Events, told

LIMIT = 5.0
COLOUR: contextvars.ContextVar[str] = contextvars.ContextVar("COLOUR", default="none")


async def forever() -> None:
    """Wait for what never comes; only a cancellation ends this."""
    await asyncio.Event().wait()


async def current_task() -> asyncio.Task[Any] | None:
    """Return the task that runs this."""
    return asyncio.current_task()


class HostTest(unittest.TestCase):
    """A host task on a loop of its own, with the test case as its owner."""

    more = True

    def setUp(self) -> None:
        self.events: Events = []
        self.loop = asyncio.new_event_loop()
        self.addCleanup(self.loop.close)
        self.loop.call_later(LIMIT, self.give_up)
        self.context = contextvars.copy_context()
        self.host = HostTask(self.loop, context=self.context, name="subject", owner=self)
        self.addCleanup(self.end_host)

    def may_go_on(self) -> bool:
        """Answer as the owner."""
        return self.more

    cut_short = False

    def cancelled_between(self) -> None:
        """Learn of a cancellation as the owner."""
        self.events.append("cancelled between phases")

    def give_up(self) -> None:
        """Stop a loop that would run for ever, which only a broken rule lets it do."""
        self.events.append("hung")
        self.loop.stop()

    def end_host(self) -> None:
        self.host.dismiss()
        self.turn()
        self.assertNotIn("hung", self.events)

    def turn(self) -> None:
        self.loop.run_until_complete(asyncio.sleep(0))

    def error_of(self, coro: Coroutine[Any, Any, Any]) -> str:
        """Return what a phase raises."""
        try:
            self.host.run(coro)
        except BaseException as error:
            return told(error)
        raise AssertionError("the phase raised nothing")

    async def wait_and_tell(self) -> None:
        """Write down how a wait without end did end."""
        try:
            await forever()
        finally:
            self.events.append(f"ended by {type(sys.exception()).__name__}")


class RunTest(HostTest):
    """Rule 1: what `run` gives back, and where the coroutine runs."""

    def test_value(self) -> None:
        """What the coroutine returns is returned."""

        async def answer() -> int:
            await asyncio.sleep(0)
            return 42

        self.assertEqual(self.host.run(answer()), 42)

    def test_error(self) -> None:
        """What the coroutine raises is raised."""

        async def fail() -> None:
            raise ValueError("no")

        self.assertEqual(self.error_of(fail()), "ValueError: no")

    def test_next_phase_after_an_error(self) -> None:
        """An error ends its phase, not the task."""

        async def fail() -> None:
            raise BaseException("no")

        before = self.host.run(current_task())
        self.assertEqual(self.error_of(fail()), "BaseException: no")
        self.assertIs(self.host.run(current_task()), before)

    def test_error_whose_frames_are_cleared(self) -> None:
        """What `assertRaises` does to the frames of an error leaves the task alone."""

        async def fail() -> None:
            raise ValueError

        before = self.host.run(current_task())
        with self.assertRaises(ValueError):
            self.host.run(fail())
        self.assertFalse(self.host.ended)
        self.assertIs(self.host.run(current_task()), before)

    def test_generator_exit(self) -> None:
        """A GeneratorExit that a coroutine raises is its error; the task is not being thrown away."""

        async def fail() -> None:
            raise GeneratorExit("no")

        self.assertEqual(self.error_of(fail()), "GeneratorExit: no")
        self.assertIs(self.host.run(current_task()), self.host.task)

    def test_one_task_and_its_name(self) -> None:
        """Phases run in one task, which bears the name of the host."""
        first, second = self.host.run(current_task()), self.host.run(current_task())
        self.assertIs(first, second)
        self.assertEqual(first.get_name(), "subject")

    def test_one_context(self) -> None:
        """A phase sees what the one before and plain code in the context have set."""

        async def note() -> None:
            self.events.append(COLOUR.get())
            COLOUR.set("first")

        self.host.run(note())
        self.host.run(note())
        self.context.run(COLOUR.set, "plain")
        self.host.run(note())
        self.assertEqual(self.events, ["none", "first", "plain"])

    def test_loop_stands_still_in_between(self) -> None:
        """Between phases nothing of the loop runs."""

        async def schedule() -> None:
            self.loop.call_later(0, self.events.append, "callback")

        self.host.run(schedule())
        self.assertFalse(self.loop.is_running())
        self.assertEqual(self.events, [])

    def test_behind_what_is_ready(self) -> None:
        """What was called soon in between runs before the next phase does."""

        async def phase() -> None:
            self.events.append("phase")

        self.host.run(phase())
        self.loop.call_soon(self.events.append, "called")
        self.host.run(phase())
        self.assertEqual(self.events, ["phase", "called", "phase"])

    def test_tasks_written_in_python(self) -> None:
        """A task of asyncio's own Python code is parked and goes on, too; the next phase meets its cancellation."""

        def factory(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
            task: asyncio.Task[Any] = tasks._PyTask(coro, loop=loop, **options)  # type: ignore[attr-defined]  # private
            return task

        self.loop.set_task_factory(factory)
        self.host.run(asyncio.sleep(0))
        task = self.host.task
        self.host.run(asyncio.sleep(0))
        self.assertIs(self.host.task, task)
        assert task is not None
        task.cancel("late")
        self.assertEqual(self.error_of(forever()), "CancelledError: late")


class LateCancelTest(HostTest):
    """Rule 2: a cancellation between phases belongs to the next one."""

    def cancel_while_parked(self, message: str | None = None) -> asyncio.Task[None]:
        self.host.run(current_task())
        task = self.host.task
        assert task is not None
        task.cancel(message)
        self.turn()
        return task

    def test_met_at_the_first_await(self) -> None:
        """The next phase begins, and meets it where it first waits, with its message."""

        async def phase() -> None:
            self.events.append("begun")
            await asyncio.sleep(0)
            self.events.append("not reached")

        self.cancel_while_parked("late")
        self.assertEqual(self.error_of(phase()), "CancelledError: late")
        self.assertEqual(self.events, ["cancelled between phases", "begun"])

    def test_met_once(self) -> None:
        """The phase after the one that met it runs undisturbed, in the same task."""
        task = self.cancel_while_parked()
        self.assertEqual(self.error_of(forever()), "CancelledError")
        self.assertIs(self.host.run(current_task()), task)
        self.host.run(asyncio.sleep(0))

    def test_counted_once(self) -> None:
        """`cancelling()` counts it as the one cancellation it is."""
        task = self.cancel_while_parked()
        self.error_of(forever())
        self.assertEqual(task.cancelling(), 1)

    def test_the_task_sleeps_on(self) -> None:
        """It does not wake the task: plain code may be inside the task's context."""
        self.cancel_while_parked()
        self.context.run(self.turn)
        self.assertFalse(self.host.ended)

    def test_taken_back(self) -> None:
        """A cancellation that its author has taken back meanwhile is not met."""
        self.cancel_while_parked().uncancel()
        self.host.run(asyncio.sleep(0))

    def test_closing(self) -> None:
        """The cancellation that clears the loop ends a parked task."""
        self.cancel_while_parked(CLOSING)
        self.turn()
        self.assertTrue(self.host.ended)


class InterruptTest(HostTest):
    """Rule 3: an interruption ends the running phase."""

    def setUp(self) -> None:
        super().setUp()
        self.host.run(current_task())

    def interrupted(self, coro: Coroutine[Any, Any, Any]) -> str:
        self.loop.call_soon(self.host.interrupt, TimeoutError("limit"))
        return self.error_of(coro)

    def test_raised_by_run(self) -> None:
        """The phase is cancelled, and run raises what interrupted it."""
        self.assertEqual(self.interrupted(self.wait_and_tell()), "TimeoutError: limit")
        self.assertEqual(self.events, ["ended by CancelledError"])

    def test_swallowed(self) -> None:
        """A phase that swallows its cancellation is interrupted all the same, once it ends."""

        async def phase() -> None:
            try:
                await forever()
            except asyncio.CancelledError:
                await asyncio.sleep(0)

        self.assertEqual(self.interrupted(phase()), "TimeoutError: limit")

    def test_turned_into_an_error(self) -> None:
        """An error that the phase raises on the way out is the cause of the interruption."""

        async def phase() -> None:
            try:
                await forever()
            finally:
                raise OSError("on the way out")

        limit = TimeoutError("limit")
        self.loop.call_soon(self.host.interrupt, limit)
        self.assertEqual(self.error_of(phase()), "TimeoutError: limit")
        self.assertEqual(told(limit.__cause__), "OSError: on the way out")

    def test_first_one_wins(self) -> None:
        """A second interruption of the same phase is refused."""
        self.loop.call_soon(lambda: self.events.append(repr(self.host.interrupt(TimeoutError("first")))))
        self.loop.call_soon(lambda: self.events.append(repr(self.host.interrupt(TimeoutError("second")))))
        self.assertEqual(self.error_of(forever()), "TimeoutError: first")
        self.assertEqual(self.events, ["True", "False"])

    def test_between_phases(self) -> None:
        """Where no phase runs there is nothing to interrupt."""
        self.assertFalse(self.host.interrupt(TimeoutError()))
        self.host.run(asyncio.sleep(0))

    def test_before_the_first_step(self) -> None:
        """An interruption that comes before the task has begun its first phase is raised, and nothing hangs."""
        self.host = HostTask(self.loop, context=contextvars.copy_context(), name="second", owner=self)
        self.assertEqual(self.interrupted(forever()), "TimeoutError: limit")

    def test_next_phase(self) -> None:
        """The phase after an interrupted one starts without any cancellation counted."""
        self.interrupted(forever())
        self.assertFalse(self.host.cancelling)
        self.host.run(asyncio.sleep(0))

    def test_ctrl_c(self) -> None:
        """The first SIGINT cancels the phase and is a KeyboardInterrupt; Python's own handler is back afterwards."""
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)
        self.loop.call_soon(signal.raise_signal, signal.SIGINT)
        self.assertEqual(self.error_of(self.wait_and_tell()), "KeyboardInterrupt")
        self.assertEqual(self.events, ["ended by CancelledError"])
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def test_handler_of_somebody_else(self) -> None:
        """A SIGINT handler that is not Python's own stays in place."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGINT, before)
        self.assertFalse(sigint.install(lambda number, frame: None))
        self.assertIs(signal.getsignal(signal.SIGINT), signal.SIG_IGN)


class BrokenLoopTest(HostTest):
    """Rule 4: a loop that ends before the phase."""

    def test_stopped(self) -> None:
        """`loop.stop()` ends the phase first, then is told with cause and fix."""
        self.loop.call_soon(self.loop.stop)
        with self.assertRaises(LoopError) as caught:
            self.host.run(self.wait_and_tell())
        self.assertEqual(self.events, ["ended by CancelledError"])
        self.assertEqual(
            str(caught.exception),
            "Event loop stopped before Future completed.\n"
            "  test   subject\n"
            "  cause  loop.stop() was called while the test ran on the loop\n"
            "  fix:   leave stopping the loop to asynctestkit; await what the test waits for",
        )

    def test_phase_after_a_stop(self) -> None:
        """The next phase runs in the same task, not cancelled."""
        before = self.host.run(current_task())
        self.loop.call_soon(self.loop.stop)
        self.error_of(forever())
        self.assertFalse(self.host.cancelling)
        self.assertIs(self.host.run(current_task()), before)

    def test_system_exit_of_another_task(self) -> None:
        """SystemExit out of another task ends the phase, then is raised."""

        async def leave() -> None:
            sys.exit("now")

        async def phase() -> None:
            other = asyncio.create_task(leave())
            await self.wait_and_tell()
            await other

        self.assertEqual(self.error_of(phase()), "SystemExit: now")
        self.assertEqual(self.events, ["ended by CancelledError"])
        self.host.run(asyncio.sleep(0))

    def test_system_exit_before_the_first_step(self) -> None:
        """SystemExit that comes before the task has begun its first phase is raised, and nothing hangs."""
        self.loop.call_soon(sys.exit, "now")
        self.assertEqual(self.error_of(asyncio.sleep(0)), "SystemExit: now")
        self.assertEqual(self.events, [])

    def test_stopped_twice(self) -> None:
        """A phase that stops the loop again while it is ended is given up, and the next one gets a new task."""

        async def stubborn() -> None:
            try:
                await forever()
            finally:
                self.loop.stop()
                await forever()

        self.loop.call_soon(self.loop.stop)
        self.assertEqual(self.error_of(stubborn()), "LoopError: Event loop stopped before Future completed.")
        self.assertIs(self.host.run(current_task()), self.host.task)
        for task in asyncio.all_tasks(self.loop) - {self.host.task}:
            task.cancel()
        self.turn()


class LastPhaseTest(HostTest):
    """Rule 5: the owner says whether another phase may follow."""

    def test_task_ends(self) -> None:
        """Where none may follow, the task ends in the turn that ends the phase."""
        self.more = False
        self.host.run(current_task())
        self.assertTrue(self.host.ended)

    def test_phase_after_the_last(self) -> None:
        """A phase that comes all the same gets a task of its own."""
        self.more = False
        first = self.host.run(current_task())
        self.assertIsNot(self.host.run(current_task()), first)

    def test_dismissed(self) -> None:
        """A parked task that is dismissed ends when the loop runs next, without a cancellation."""
        task = self.host.run(current_task())
        self.host.dismiss()
        self.assertFalse(task.done())
        self.turn()
        self.assertEqual((task.done(), task.cancelled()), (True, False))


if __name__ == "__main__":
    unittest.main()
