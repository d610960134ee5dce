"""Async phases that nobody could foresee when the one before ended: they run in the test task all the same."""

from __future__ import annotations

import asyncio
import unittest
from collections.abc import Callable
from typing import Any

from asynctestkit import AsyncTestCase
from tests.outcomes import BothWays, Events, run_events


class Watched(AsyncTestCase):
    """A case that writes down its async phases, each with the number of tasks there were by then."""

    events: Events
    tasks: set[object]

    async def note(self, phase: str) -> None:
        """Write an async phase down after a turn of the loop."""
        self.tasks.add(asyncio.current_task())
        await asyncio.sleep(0)
        self.events.append(f"{phase} {len(self.tasks)}")

    async def asyncSetUp(self) -> None:
        self.tasks = set()
        await self.note("asyncSetUp")


class LatePhasesTest(BothWays):
    """What comes late, with and without an asyncTearDown before it."""

    def check(self, override: Callable[[type[Any]], dict[str, Any]], *late: str) -> None:
        """Check that the class attributes that `override(base)` gives add phases to a test, all in its one task."""

        class Base(Watched):
            async def test(self) -> None:
                await self.note("test")

        class WithTearDown(Base):
            async def asyncTearDown(self) -> None:
                await self.note("asyncTearDown")

        for base, before in ((Base, ("asyncSetUp", "test")), (WithTearDown, ("asyncSetUp", "test", "asyncTearDown"))):
            with self.subTest(base.__name__):

                def make(events: Events, base: type[Any] = base) -> type[unittest.TestCase]:
                    return type("Case", (base,), {**override(base), "events": events})

                self.assert_events(make, *(f"{phase} 1" for phase in (*before, *late)), "passed")

    def test_async_tear_down_under_its_plain_name(self) -> None:
        """An `async def tearDown`."""

        def override(base: type[Any]) -> dict[str, Any]:
            async def tearDown(self: Any) -> None:
                await self.note("tearDown")

            return {"tearDown": tearDown}

        self.check(override, "tearDown")

    def test_cleanup_of_a_plain_tear_down(self) -> None:
        """An async cleanup that a plain tearDown adds."""

        def override(base: type[Any]) -> dict[str, Any]:
            def tearDown(self: Any) -> None:
                self.addAsyncCleanup(self.note, "cleanup")

            return {"tearDown": tearDown}

        self.check(override, "cleanup")

    def test_overridden_call_tear_down(self) -> None:
        """What an overridden `_callTearDown` awaits with `_callAsync` after the base's."""

        def override(base: type[Any]) -> dict[str, Any]:
            def call_tear_down(self: Any) -> None:
                base._callTearDown(self)
                self._callAsync(self.note, "end of _callTearDown")

            return {"_callTearDown": call_tear_down}

        self.check(override, "end of _callTearDown")

    def test_overridden_do_cleanups(self) -> None:
        """An async cleanup that an overridden `doCleanups` adds; `debug()` does not call that by itself."""

        def make(noted: Events) -> type[unittest.TestCase]:
            class Case(Watched):
                events = noted

                async def test(self) -> None:
                    await self.note("test")

                async def asyncTearDown(self) -> None:
                    await self.note("asyncTearDown")

                def doCleanups(self) -> Any:
                    self.addAsyncCleanup(self.note, "cleanup")
                    return super().doCleanups()

            return Case

        self.assertEqual(run_events(make), ["asyncSetUp 1", "test 1", "asyncTearDown 1", "cleanup 1", "passed"])

    def test_cleanups_that_cleanups_add(self) -> None:
        """An async cleanup that a plain one adds, and one that an async one adds."""

        def override(base: type[Any]) -> dict[str, Any]:
            def add(self: Any) -> None:
                self.addAsyncCleanup(self.more)

            async def more(self: Any) -> None:
                await self.note("added by a plain one")
                self.addAsyncCleanup(self.note, "added by an async one")

            async def test(self: Any) -> None:
                await self.note("test")
                self.addCleanup(self.add)

            return {"add": add, "more": more, "test": test}

        self.check(override, "added by a plain one", "added by an async one")


if __name__ == "__main__":
    unittest.main()
