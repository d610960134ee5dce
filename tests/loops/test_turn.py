"""A turn of a stock loop without its selector looks like one of the loop's own to the code that runs in it."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
import unittest
from collections.abc import AsyncIterator, Callable
from typing import Any

from asynctestkit import AsyncTestCase
from asynctestkit.loops import turn
from tests.outcomes import Events, suite_events


class OwnTurns(asyncio.SelectorEventLoop):
    """A loop that runs its turns in its own way."""

    def _run_once(self) -> None:
        super()._run_once()  # type: ignore[misc]  # private: the stubs do not know it


class LoopCase(unittest.TestCase):
    """Base: a loop, and what happens on it."""

    def setUp(self) -> None:
        """Open a loop."""
        self.events: Events = []
        self.loop = asyncio.new_event_loop()
        self.addCleanup(self.loop.close)

    def soon(self, event: str, then: Callable[[], Any] = lambda: None) -> asyncio.Handle:
        """Schedule a callback that writes an event down."""

        def run() -> None:
            self.events.append(event)
            then()

        return self.loop.call_soon(run)


class TurnTest(LoopCase):
    """`take_turn` itself."""

    def test_what_is_ready_runs_in_order(self) -> None:
        """The handles that are ready run, in their order; what they schedule waits for the next turn."""
        self.soon("first", lambda: self.soon("later"))
        self.soon("second")
        self.assertTrue(turn.take_turn(self.loop))
        self.assertEqual(self.events, ["first", "second"])

    def test_cancelled_handles_do_not_run(self) -> None:
        """A handle that was cancelled is passed over."""
        self.soon("first", lambda: second.cancel())
        second = self.soon("second")
        turn.take_turn(self.loop)
        self.assertEqual(self.events, ["first"])

    def test_the_loop_runs_by_every_sign(self) -> None:
        """Inside, the loop is the running one and says so; afterwards everything is as it was."""
        signs: list[Any] = []
        hooks = sys.get_asyncgen_hooks()

        def look() -> None:
            signs.append((asyncio.get_running_loop() is self.loop, self.loop.is_running()))
            signs.append(sys.get_asyncgen_hooks() != hooks)

        self.loop.call_soon(look)
        turn.take_turn(self.loop)
        self.assertEqual(signs, [(True, True), True])
        self.assertEqual((asyncio._get_running_loop(), self.loop.is_running()), (None, False))
        self.assertEqual(sys.get_asyncgen_hooks(), hooks)

    def test_a_stop_is_left_to_the_loop(self) -> None:
        """Where stop() was called the loop itself has to run, and stops at once."""
        self.soon("stop", self.loop.stop)
        self.assertFalse(turn.take_turn(self.loop))
        self.loop.run_forever()
        self.soon("next")
        self.assertTrue(turn.take_turn(self.loop))
        self.assertEqual(self.events, ["stop", "next"])

    def test_an_error_leaves_nothing_running(self) -> None:
        """SystemExit out of a callback is let out, and the loop can run again."""
        self.soon("exit", lambda: sys.exit(3))
        with self.assertRaises(SystemExit):
            turn.take_turn(self.loop)
        self.loop.run_until_complete(asyncio.sleep(0))

    def test_asynchronous_generators_are_the_loops(self) -> None:
        """One that is begun in the turn is closed by shutdown_asyncgens, as if the loop had run."""

        async def generate() -> AsyncIterator[int]:
            try:
                yield 1
            finally:
                self.events.append("closed")

        async def begin() -> None:
            self.events.append(f"got {await anext(generator)}")

        generator = generate()
        task = turn.new_task(self.loop, begin(), name="begin", context=contextvars.copy_context())
        turn.take_turn(self.loop)
        self.assertTrue(task.done())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.assertEqual(self.events, ["got 1", "closed"])

    def test_other_loops_are_left_to_themselves(self) -> None:
        """Nothing is done with a loop that runs its turns in its own way, is in debug mode, or is closed."""
        own, debug, closed = OwnTurns(), asyncio.new_event_loop(), asyncio.new_event_loop()
        debug.set_debug(True)
        for loop in (own, debug):
            loop.call_soon(self.events.append, "ran")
        closed.close()
        self.assertEqual([turn.take_turn(loop) for loop in (own, debug, closed)], [False, False, False])
        self.assertEqual(self.events, [])
        for loop in (own, debug):
            loop.close()

    def test_a_task_factory_is_asked(self) -> None:
        """A task comes from the loop's factory where it has one."""

        def factory(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
            self.events.append("made")
            return asyncio.Task(coro, loop=loop, **options)

        self.loop.set_task_factory(factory)
        turn.take_turn(self.loop)
        task = turn.new_task(self.loop, asyncio.sleep(0), name="x", context=contextvars.copy_context())
        self.loop.run_until_complete(task)
        self.assertEqual(self.events, ["made"])


class Sleeper:
    """Goes on by writing an event down, and tells how."""

    def __init__(self, loop: asyncio.AbstractEventLoop, events: Events) -> None:
        self._loop = loop
        self._events = events

    def step(self) -> None:
        """Go on at once."""
        assert asyncio.get_running_loop() is self._loop
        self._events.append("stepped")

    def wake(self) -> None:
        """Have the loop do it."""
        self._loop.call_soon(self._events.append, "woken")


class SleeperTest(LoopCase):
    """What is to go on in a turn."""

    def test_alone(self) -> None:
        """It goes on without a handle, inside the running loop, where nothing is ready."""
        sleeper = Sleeper(self.loop, self.events)
        self.assertTrue(turn.take_turn(self.loop, sleeper))
        self.assertEqual(self.events, ["stepped"])

    def test_behind_others(self) -> None:
        """It goes on behind what is ready, in the same turn."""
        self.soon("first")
        self.assertTrue(turn.take_turn(self.loop, Sleeper(self.loop, self.events)))
        self.assertEqual(self.events, ["first", "woken"])

    def test_other_loops(self) -> None:
        """A loop that takes its turns itself is left alone, and so is what is to go on."""
        loop = OwnTurns()
        self.addCleanup(loop.close)
        self.assertFalse(turn.take_turn(loop, Sleeper(loop, self.events)))
        loop.run_until_complete(asyncio.sleep(0))
        self.assertEqual(self.events, [])


class TestsTest(unittest.TestCase):
    """Tests whose phases are over within the turn."""

    def test_a_callback_from_another_thread(self) -> None:
        """A phase that waits for another thread goes on in the loop itself."""
        events: Events = []

        class Case(AsyncTestCase):
            async def test(self) -> None:
                done = asyncio.Event()
                threading.Timer(0.001, self.loop.call_soon_threadsafe, (done.set,)).start()
                await done.wait()
                events.append("woken")

        self.assertEqual(suite_events(Case, events=events), ["woken", "passed"])

    def test_stop_in_the_last_step(self) -> None:
        """A test that stops the loop and ends at once passes, and its tear-down still runs on the loop."""
        events: Events = []

        class Case(AsyncTestCase):
            async def test(self) -> None:
                self.loop.stop()

            async def asyncTearDown(self) -> None:
                await asyncio.sleep(0)
                events.append("torn down")

        self.assertEqual(suite_events(Case, events=events), ["torn down", "passed"])
