"""Tear-downs that cancel all tasks of the loop and wait for them: they find the test's, and none of ours."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any

from asynctestkit import AsyncTestCase, fixture
from tests.outcomes import BothWays, Events, suite_events
from tests.programs import run_program

LIMIT = 20.0
"""Seconds after which a wait that would never end is an error."""


def end_all_tasks() -> int:
    """Cancel all tasks of the current loop and wait for them, as plain code does it; return how many there were."""
    loop = asyncio.get_event_loop()
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), LIMIT))
    return len(tasks)


async def end_other_tasks() -> int:
    """Cancel all tasks of the running loop but this one and wait for them; return how many there were."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), LIMIT)
    return len(tasks)


class Waiting(AsyncTestCase):
    """A case that can start a task that never ends by itself."""

    events: Events
    task: asyncio.Task[Any]

    def wait(self) -> None:
        """Start it on the test's loop."""
        self.task = self.loop.create_task(asyncio.Event().wait())

    async def note(self, event: str) -> None:
        """Write an event down after a turn of the loop."""
        await asyncio.sleep(0)
        self.events.append(event)


class PlainTest(BothWays):
    """Plain code that ends all tasks from outside the loop."""

    def test_in_tear_down(self) -> None:
        """In tearDown: it ends the one that the test left."""

        def make(noted: Events) -> type[unittest.TestCase]:
            class Case(Waiting):
                events = noted

                async def test(self) -> None:
                    self.wait()

                def tearDown(self) -> None:
                    noted.append(f"ended {end_all_tasks()}, cancelled {self.task.cancelled()}")

            return Case

        self.assert_events(make, "ended 1, cancelled True", "passed")

    def test_in_a_cleanup(self) -> None:
        """In a cleanup, with an async one still to come in the task that waited meanwhile."""

        def make(noted: Events) -> type[unittest.TestCase]:
            class Case(Waiting):
                events = noted

                async def test(self) -> None:
                    self.wait()
                    self.addCleanup(self.note, "async cleanup")
                    self.addCleanup(lambda: noted.append(f"ended {end_all_tasks()}"))

            return Case

        self.assert_events(make, "ended 1", "async cleanup", "passed")

    def test_between_async_phases(self) -> None:
        """In a sync test, between asyncSetUp and asyncTearDown: both run in one task, and neither is cancelled."""

        def make(noted: Events) -> type[unittest.TestCase]:
            class Case(Waiting):
                events = noted
                place: asyncio.Task[Any] | None

                async def asyncSetUp(self) -> None:
                    self.place = asyncio.current_task()
                    self.wait()
                    await self.note("asyncSetUp")

                def test(self) -> None:
                    noted.append(f"ended {end_all_tasks()}")

                async def asyncTearDown(self) -> None:
                    await self.note(f"asyncTearDown in the same task: {asyncio.current_task() is self.place}")

                def tearDown(self) -> None:
                    noted.append(f"ended {end_all_tasks()}")

            return Case

        told = ["asyncSetUp", "ended 1", "asyncTearDown in the same task: True", "ended 0", "passed"]
        self.assert_events(make, *told)


class AsyncTest(BothWays):
    """An asyncTearDown that ends all tasks but its own."""

    def test_own_loop(self) -> None:
        """On a loop of the test's own."""

        def make(noted: Events) -> type[unittest.TestCase]:
            class Case(Waiting):
                events = noted

                async def test(self) -> None:
                    self.wait()

                async def asyncTearDown(self) -> None:
                    noted.append(f"ended {await end_other_tasks()}")

            return Case

        self.assert_events(make, "ended 1", "passed")

    def test_class_hooks(self) -> None:
        """With async class hooks: their task is not among them, and goes on in asyncTearDownClass."""
        events: Events = []
        tasks: set[object] = set()

        class Case(Waiting):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                tasks.add(asyncio.current_task())

            async def test_a(self) -> None:
                self.wait()

            async def test_b(self) -> None:
                pass

            async def asyncTearDown(self) -> None:
                events.append(f"ended {await end_other_tasks()}")

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                tasks.add(asyncio.current_task())
                await asyncio.sleep(0)
                events.append("asyncTearDownClass")

        expected = ["ended 1", "passed", "ended 0", "passed", "asyncTearDownClass"]
        self.assertEqual(suite_events(Case, events=events), expected)
        self.assertEqual(len(tasks), 1)

    def test_module_hooks(self) -> None:
        """With async module hooks: their task is not among them, and goes on in tearDownModule."""
        source = (
            "import asyncio\n"
            "from asynctestkit import AsyncTestCase, async_hook\n"
            "async def end_other_tasks():\n"
            "    tasks = asyncio.all_tasks() - {asyncio.current_task()}\n"
            "    for task in tasks:\n"
            "        task.cancel()\n"
            "    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 20)\n"
            "    return len(tasks)\n"
            "@async_hook\n"
            "async def setUpModule():\n"
            "    global place\n"
            "    place = asyncio.current_task()\n"
            "class Case(AsyncTestCase):\n"
            "    async def test_a(self):\n"
            "        self.task = asyncio.create_task(asyncio.Event().wait())\n"
            "    async def test_b(self):\n"
            "        pass\n"
            "    async def asyncTearDown(self):\n"
            "        print('ended', await end_other_tasks())\n"
            "@async_hook\n"
            "async def tearDownModule():\n"
            "    await asyncio.sleep(0)\n"
            "    print('tearDownModule in the same task:', asyncio.current_task() is place)\n"
        )
        outcome = run_program(source, "-W", "error", "-m", "unittest", "test_program")
        self.assertTrue(outcome.stderr.endswith("\nOK\n"), outcome.stderr)
        self.assertEqual(outcome.stdout.splitlines(), ["ended 1", "ended 0", "tearDownModule in the same task: True"])

    def test_class_fixture(self) -> None:
        """With a fixture of the class: its task is not among them, and closes it after the last test."""
        noted: Events = []

        class Case(Waiting):
            events = noted

            @fixture(scope="class")
            async def server(self) -> Any:
                yield "server"
                await asyncio.sleep(0)
                noted.append("closed")

            async def test_a(self, server: str) -> None:
                noted.append(server)

            async def test_b(self, server: str) -> None:
                noted.append(server)

            async def asyncTearDown(self) -> None:
                noted.append(f"ended {await end_other_tasks()}")

        each = ["server", "ended 0", "passed"]
        self.assertEqual(suite_events(Case, events=noted), [*each, *each, "closed"])


if __name__ == "__main__":
    unittest.main()
