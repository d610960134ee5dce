"""One test task: which code runs in it, and what hooks and tests that are no plain coroutine functions do."""

from __future__ import annotations

import asyncio
import functools
import unittest
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from asynctestkit import AsyncTestCase
from tests.outcomes import BothWays, Events, debug_events, suite_events, warnings_are_errors


async def note(events: Events, event: str) -> None:
    """Write an event down after a turn of the loop."""
    await asyncio.sleep(0)
    events.append(event)


class PhasesTest(BothWays):
    """Which task and which loop phases have."""

    def test_hooks_under_plain_names_share_the_task(self) -> None:
        """`async def setUp` and `tearDown` and async cleanups of every phase run in the task of all the others."""

        def make(events: Events) -> type[unittest.TestCase]:
            tasks: set[object] = set()

            class Case(AsyncTestCase):
                async def note(self, phase: str) -> None:
                    tasks.add(asyncio.current_task())
                    events.append(f"{phase} {len(tasks)}")

                async def setUp(self) -> None:
                    self.addCleanup(self.note, "cleanup of setUp")
                    await self.note("setUp")

                async def asyncSetUp(self) -> None:
                    await self.note("asyncSetUp")

                async def test(self) -> None:
                    await self.note("test")

                async def asyncTearDown(self) -> None:
                    await self.note("asyncTearDown")

                async def tearDown(self) -> None:
                    self.addAsyncCleanup(self.note, "cleanup of tearDown")
                    await self.note("tearDown")

            return Case

        phases = ["setUp", "asyncSetUp", "test", "asyncTearDown", "tearDown", "cleanup of tearDown", "cleanup of setUp"]
        self.assert_events(make, *(f"{phase} 1" for phase in phases), "passed")

    def test_loop_is_current_after_asyncio_run(self) -> None:
        """A sync setUp that uses `asyncio.run`, which leaves no loop current, does not take it from later phases."""

        def make(events: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                def setUp(self) -> None:
                    asyncio.run(asyncio.sleep(0))

                def test(self) -> None:
                    events.append(str(asyncio.get_event_loop() is self.loop))

            return Case

        self.assert_events(make, "True", "passed")

    def test_cleanups_in_the_middle_of_a_sync_test(self) -> None:
        """`self.doCleanups()` in a sync test runs async cleanups there and then."""

        def make(events: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                def test(self) -> None:
                    self.addCleanup(note, events, "cleanup")
                    self.doCleanups()
                    events.append("end of test")

            return Case

        self.assert_events(make, "cleanup", "end of test", "passed")


class ContextManagersTest(BothWays):
    """Where context managers are entered and left."""

    def test_async_context(self) -> None:
        """enterAsyncContext enters and leaves in the test task."""

        def make(events: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                @asynccontextmanager
                async def manager(self) -> AsyncIterator[asyncio.Task[Any] | None]:
                    task = asyncio.current_task()
                    yield task
                    events.append(f"left there: {asyncio.current_task() is task}")

                async def asyncSetUp(self) -> None:
                    self.task = await self.enterAsyncContext(self.manager())

                async def test(self) -> None:
                    events.append(f"test there: {asyncio.current_task() is self.task}")

            return Case

        self.assert_events(make, "test there: True", "left there: True", "passed")

    def test_plain_context_in_the_task(self) -> None:
        """enterContext called in the test task leaves in it."""

        def make(events: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                @contextmanager
                def manager(self) -> Iterator[None]:
                    task = asyncio.current_task()
                    yield
                    events.append(f"left there: {asyncio.current_task() is task}")

                async def test(self) -> None:
                    self.enterContext(self.manager())

            return Case

        self.assert_events(make, "left there: True", "passed")

    def test_plain_context_outside(self) -> None:
        """enterContext called in a sync phase leaves outside the running loop."""

        def make(events: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                @contextmanager
                def manager(self) -> Iterator[None]:
                    yield
                    events.append(f"loop runs: {self.loop.is_running()}")

                def setUp(self) -> None:
                    self.enterContext(self.manager())

                async def test(self) -> None:
                    pass

            return Case

        self.assert_events(make, "loop runs: False", "passed")


class FailingPhasesTest(BothWays):
    """What runs after a phase that fails."""

    def test_async_set_up_under_its_plain_name(self) -> None:
        """After a failing `async def setUp` neither asyncSetUp nor the test runs; its cleanups do."""

        def make(events: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                async def setUp(self) -> None:
                    self.addCleanup(note, events, "cleanup")
                    raise OSError("no")

                async def asyncSetUp(self) -> None:
                    events.append("asyncSetUp")

                async def test(self) -> None:
                    events.append("test")

            return Case

        events: Events = []
        self.assertEqual(suite_events(make(events), events=events), ["error OSError: no", "cleanup"])
        self.assertEqual(debug_events(make), ["cleanup", "error OSError: no"])

    def test_every_phase_told(self) -> None:
        """Errors of body, async tear-down and an async cleanup are all told, in their order."""

        async def fail(where: str) -> None:
            raise OSError(where)

        class Case(AsyncTestCase):
            async def test(self) -> None:
                self.addCleanup(fail, "cleanup")
                await fail("test")

            async def tearDown(self) -> None:
                await fail("tearDown")

        events = suite_events(Case, events=[])
        self.assertEqual(events, ["error OSError: test", "error OSError: tearDown", "error OSError: cleanup"])


class SuperTest(BothWays):
    """Calls of the hooks that the base class has."""

    def test_awaited(self) -> None:
        """Each default hook may be awaited by an async override, at instance and at class level."""

        class Case(AsyncTestCase):
            @classmethod
            async def setUpClass(cls) -> None:
                await super().setUpClass()

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await super().asyncSetUpClass()

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                await super().asyncTearDownClass()

            @classmethod
            async def tearDownClass(cls) -> None:
                await super().tearDownClass()

            async def setUp(self) -> None:
                await super().setUp()

            async def asyncSetUp(self) -> None:
                await super().asyncSetUp()

            async def test(self) -> None:
                pass

            async def asyncTearDown(self) -> None:
                await super().asyncTearDown()

            async def tearDown(self) -> None:
                await super().tearDown()

        with warnings_are_errors():
            self.assertEqual(suite_events(Case, events=[]), ["passed"])

    def test_not_awaited(self) -> None:
        """Each plain override may call its base and drop what it gives; nothing warns."""

        class Case(AsyncTestCase):
            @classmethod
            def setUpClass(cls) -> None:
                super().setUpClass()

            @classmethod
            def tearDownClass(cls) -> None:
                super().tearDownClass()

            def setUp(self) -> None:
                super().setUp()

            def test(self) -> None:
                pass

            def tearDown(self) -> None:
                super().tearDown()

        with warnings_are_errors():
            self.assertEqual(suite_events(Case, events=[]), ["passed"])

    def test_chain(self) -> None:
        """A chain of async overrides runs from the base upwards."""

        def make(events: Events) -> type[unittest.TestCase]:
            class Base(AsyncTestCase):
                async def setUp(self) -> None:
                    await super().setUp()
                    await note(events, "base")

            class Case(Base):
                async def setUp(self) -> None:
                    await super().setUp()
                    await note(events, "case")

                async def test(self) -> None:
                    events.append("test")

            return Case

        self.assert_events(make, "base", "case", "test", "passed")


class AwaitablesTest(BothWays):
    """What a test may be besides a coroutine function: whatever it returns is awaited."""

    def check(self, kind: Any) -> None:
        """Check that a test made by `kind(events)` runs to its end."""

        def make(events: Events) -> type[unittest.TestCase]:
            return type("Case", (AsyncTestCase,), {"test": kind(events)})

        self.assert_events(make, "done", "passed")

    def test_wrapper(self) -> None:
        """A plain wrapper that returns the coroutine."""

        def kind(events: Events) -> Any:
            async def test(self: Any) -> None:
                await note(events, "done")

            @functools.wraps(test)
            def wrapper(*args: Any) -> Any:
                return test(*args)

            return wrapper

        self.check(kind)

    def test_partial_method(self) -> None:
        """A partialmethod of a coroutine function."""

        async def test(self: Any, events: Events) -> None:
            await note(events, "done")

        self.check(lambda events: functools.partialmethod(test, events))

    def test_task(self) -> None:
        """A plain test that returns a task on its loop."""
        self.check(lambda events: lambda self: self.loop.create_task(note(events, "done")))

    def test_awaitable_object(self) -> None:
        """A plain test that returns an object with `__await__`."""

        class Wait:
            def __init__(self, events: Events) -> None:
                self.events = events

            def __await__(self) -> Iterator[Any]:
                return note(self.events, "done").__await__()

        self.check(lambda events: lambda self: Wait(events))

    def test_async_callable(self) -> None:
        """An object with an async `__call__`."""

        class Test:
            __name__ = "test"

            def __init__(self, events: Events) -> None:
                self.events = events

            async def __call__(self) -> None:
                await note(self.events, "done")

        self.check(Test)


if __name__ == "__main__":
    unittest.main()
