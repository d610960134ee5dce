"""Task factories that a suite installs on the test's loop: the test task comes from them, too."""

from __future__ import annotations

import asyncio
import unittest
from collections.abc import Callable
from typing import Any

from asynctestkit import AsyncTestCase
from tests.outcomes import BothWays, Events, complaints


class TaskFactoryTest(BothWays):
    """A factory that setUp installs."""

    def maker(self, factory: Callable[[Events], Any]) -> Callable[[Events], type[unittest.TestCase]]:
        """Return the maker of a case whose setUp installs `factory(events)`."""

        def make(noted: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                def setUp(self) -> None:
                    self.loop.set_task_factory(factory(noted))

                async def asyncSetUp(self) -> None:
                    await asyncio.sleep(0)
                    noted.append("asyncSetUp")

                async def test(self) -> None:
                    await asyncio.create_task(asyncio.sleep(0))
                    noted.append("test")

                async def asyncTearDown(self) -> None:
                    noted.append("asyncTearDown")

            return Case

        return make

    def test_context_only(self) -> None:
        """One that takes a context and no name, as asyncio asks of it, makes the test task and those of the test."""

        def factory(events: Events) -> Any:
            def make_task(loop: asyncio.AbstractEventLoop, coro: Any, context: Any = None) -> asyncio.Task[Any]:
                events.append("task")
                return asyncio.Task(coro, loop=loop, context=context)

            return make_task

        self.assert_events(self.maker(factory), "task", "asyncSetUp", "task", "test", "asyncTearDown", "passed")

    def test_any_option(self) -> None:
        """One that takes whatever options there are."""

        def factory(events: Events) -> Any:
            def make_task(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
                events.append("task")
                return asyncio.Task(coro, loop=loop, **options)

            return make_task

        self.assert_events(self.maker(factory), "task", "asyncSetUp", "task", "test", "asyncTearDown", "passed")

    @unittest.skipUnless(hasattr(asyncio, "eager_task_factory"), "this version has no eager tasks")
    def test_eager(self) -> None:
        """asyncio's own factory of eager tasks."""
        self.assert_events(
            self.maker(lambda events: asyncio.eager_task_factory),  # type: ignore[attr-defined,unused-ignore]  # 3.12
            "asyncSetUp",
            "test",
            "asyncTearDown",
            "passed",
        )

    def test_that_raises(self) -> None:
        """The error of one that raises is the test's, and no coroutine is left that nobody awaits."""

        def factory(events: Events) -> Any:
            def make_task(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
                coro.close()
                raise OSError("no task")

            return make_task

        with complaints() as said:
            self.assert_events(self.maker(factory), "error OSError: no task")
        self.assertEqual(said, [])

    def test_that_raises_and_closes_nothing(self) -> None:
        """So it is where the factory leaves the coroutine as it was."""

        def factory(events: Events) -> Any:
            def make_task(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
                raise OSError("no task")

            return make_task

        with complaints() as said:
            self.assert_events(self.maker(factory), "error OSError: no task")
        self.assertEqual(said, [])


if __name__ == "__main__":
    unittest.main()
