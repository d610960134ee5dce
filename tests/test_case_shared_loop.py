"""The loop that the tests of a class share: what lives on it, what ends between tests, what its context holds."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import unittest
from typing import Any

from asynctestkit import AsyncTestCase, fail_on
from tests.outcomes import Events, run_class, suite_events
from tests.programs import run_program

COLOUR: contextvars.ContextVar[str] = contextvars.ContextVar("COLOUR", default="none")


class SharedLoopTest(unittest.TestCase):
    """What class hooks and tests share, and what they do not."""

    def test_context_variables(self) -> None:
        """Tests see what the class set; what one writes dies with it; tear-down, cleanups and callers do not see it."""
        seen: Events = []

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                COLOUR.set("class")
                cls.addClassCleanup(lambda: seen.append(f"cleanup {COLOUR.get()}"))

            async def asyncSetUp(self) -> None:
                seen.append(COLOUR.get())
                COLOUR.set("test")

            async def test_a(self) -> None:
                seen.append(COLOUR.get())

            def test_b(self) -> None:
                seen.append(COLOUR.get())

            @classmethod
            def tearDownClass(cls) -> None:
                seen.append(f"tearDownClass {COLOUR.get()}")

        self.assertEqual(suite_events(Case, events=[]), ["passed", "passed"])
        self.assertEqual(seen, ["class", "test", "class", "test", "tearDownClass class", "cleanup class"])
        self.assertEqual(COLOUR.get(), "none")

    def test_leftovers_are_awaited(self) -> None:
        """The leftovers of one test have ended, their `finally` included, before the next begins."""
        events: Events = []

        @fail_on(pending_tasks=False)
        class Case(AsyncTestCase):
            loop_scope = "class"

            async def linger(self) -> None:
                try:
                    await asyncio.Event().wait()
                finally:
                    await asyncio.sleep(0)
                    events.append("left over ended")

            async def test_a(self) -> None:
                self.task = asyncio.create_task(self.linger())
                await asyncio.sleep(0)

            async def test_b(self) -> None:
                events.append("test_b")

        self.assertEqual(suite_events(Case, events=events), ["left over ended", "passed", "test_b", "passed"])

    def test_tasks_of_class_hooks_live_on(self) -> None:
        """A task that a class hook starts, plain or async, outlives the tests and is cancelled with the class."""
        tasks: list[asyncio.Task[Any]] = []

        @fail_on(pending_tasks=False)
        class Case(AsyncTestCase):
            loop_scope = "class"

            @classmethod
            def setUpClass(cls) -> None:
                tasks.append(asyncio.get_event_loop().create_task(asyncio.Event().wait()))

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                tasks.append(asyncio.create_task(asyncio.Event().wait()))

            async def test_a(self) -> None:
                pass

            async def test_b(self) -> None:
                self.assertEqual([task.done() for task in tasks], [False, False])

        self.assertEqual(suite_events(Case, events=[]), ["passed", "passed"])
        self.assertEqual([task.cancelled() for task in tasks], [True, True])

    def test_threads_have_loops_of_their_own(self) -> None:
        """Two threads may run one class at the same time, each on a loop that its tests share."""
        barrier = threading.Barrier(2)
        loops: set[asyncio.AbstractEventLoop] = set()
        found: list[list[str]] = []

        class Case(AsyncTestCase):
            loop_scope = "class"

            def test(self) -> None:
                barrier.wait(10)
                loops.add(self.loop)
                self.loop.run_until_complete(asyncio.sleep(0))

        threads = [threading.Thread(target=lambda: found.append(run_class(Case))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        self.assertEqual((found, len(loops)), ([["ok"], ["ok"]], 2))

    def test_class_task_group(self) -> None:
        """A TaskGroup entered for the class runs its children beside the tests, and ends with the class."""
        events: Events = []

        class Case(AsyncTestCase):
            event: asyncio.Event

            @classmethod
            async def child(cls) -> None:
                await cls.event.wait()
                events.append("child ended")

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.event = asyncio.Event()
                group = await cls.enterAsyncClassContext(asyncio.TaskGroup())
                group.create_task(cls.child())

            async def test_a(self) -> None:
                await asyncio.sleep(0)

            async def test_b(self) -> None:
                self.event.set()

        self.assertEqual(suite_events(Case, events=events), ["passed", "passed", "child ended"])


class FiringTest(unittest.TestCase):
    """A scope that a class or a module holds open and that fires."""

    maxDiff = None

    def test_ends_the_test(self) -> None:
        """A TaskGroup whose child fails ends the running test with that error; the next is told the same at once."""
        events: Events = []

        class Case(AsyncTestCase):
            go: asyncio.Event

            @classmethod
            async def child(cls) -> None:
                await cls.go.wait()
                raise ValueError("child")

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.go = asyncio.Event()
                cls.addAsyncClassCleanup(cls.cleanup)
                group = await cls.enterAsyncClassContext(asyncio.TaskGroup())
                group.create_task(cls.child())

            @classmethod
            async def cleanup(cls) -> None:
                await asyncio.sleep(0)
                events.append("cleanup")

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                await asyncio.sleep(0)
                events.append("asyncTearDownClass")

            async def test_a(self) -> None:
                self.go.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    events.append("body ended")

            async def asyncTearDown(self) -> None:
                await asyncio.sleep(0)
                events.append("asyncTearDown")

            async def test_b(self) -> None:
                events.append("test_b")

        class Other(AsyncTestCase):
            loop_scope = "class"

            async def test(self) -> None:
                await asyncio.sleep(0)

        told = "error ExceptionGroup[ValueError: child]"
        self.assertEqual(
            suite_events(Case, Other, events=events),
            ["body ended", told, "asyncTearDown", told, "asyncTearDownClass", "cleanup", "passed"],
        )

    def test_ends_a_sync_test_that_runs_the_loop(self) -> None:
        """A sync test that runs the loop by hand meets it in its next async phase."""

        class Case(AsyncTestCase):
            scope: asyncio.Timeout

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.scope = await cls.enterAsyncClassContext(asyncio.timeout(None))

            def test(self) -> None:
                self.loop.run_until_complete(self.fire())

            async def fire(self) -> None:
                self.scope.reschedule(0)
                await asyncio.sleep(0.001)

            async def asyncTearDown(self) -> None:
                await asyncio.sleep(0)

        self.assertEqual(suite_events(Case, events=[]), ["error TimeoutError"])

    def test_held_by_hand(self) -> None:
        """One that a module hook entered by hand cannot be asked: the test is told who was cancelled."""
        source = (
            "import asyncio, unittest\n"
            "from asynctestkit import AsyncTestCase, async_hook\n"
            "@async_hook\n"
            "async def setUpModule():\n"
            "    global scope\n"
            "    scope = asyncio.timeout(None)\n"
            "    await scope.__aenter__()\n"
            "class Case(AsyncTestCase):\n"
            "    async def test(self):\n"
            "        scope.reschedule(0)\n"
            "        await asyncio.Event().wait()\n"
        )
        outcome = run_program(source, "-m", "unittest", "test_program")
        self.assertIn(
            "asynctestkit.LoopError: module test_program was cancelled while one of its tests ran\n"
            "  cause  a timeout or task group that one of its hooks holds open\n"
            "  fix:   enter it with enterAsyncClassContext or in a fixture, which tell its error\n",
            outcome.stderr,
        )
        self.assertIn("FAILED (errors=1)", outcome.stderr)


if __name__ == "__main__":
    unittest.main()
