"""Class hooks that fail, are skipped or inherited, in order with what comes out of them."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any

from asynctestkit import AsyncTestCase, async_hook
from tests.outcomes import Events, run_class, suite_events


class Material:
    """Keeps what is only derived from out of the reach of test loaders."""

    class Recorded(AsyncTestCase):
        """A case whose subclasses write events."""

        events: Events

        @classmethod
        async def note(cls, event: str) -> None:
            await asyncio.sleep(0)
            cls.events.append(event)

        async def test(self) -> None:
            self.events.append("test")


class FailingTest(unittest.TestCase):
    """Class hooks that do not go well."""

    def setUp(self) -> None:
        self.events: Events = []

    def run_case(self, *classes: type[unittest.TestCase]) -> Events:
        return suite_events(*classes, events=self.events)

    def test_set_up_once(self) -> None:
        """A failing asyncSetUpClass is one error; tear-down does not run, its cleanups do, tests do not."""

        class Case(Material.Recorded):
            events = self.events

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.addAsyncClassCleanup(cls.note, "cleanup")
                raise OSError("no")

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                await cls.note("asyncTearDownClass")

        self.assertEqual(sorted(self.run_case(Case)), ["cleanup", "error OSError: no"])

    def test_name_of_the_error(self) -> None:
        """It goes by unittest's name for it."""

        class Case(Material.Recorded):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                raise OSError("no")

        self.assertEqual(run_class(Case), [f"errors: setUpClass ({Case.__module__}.{Case.__qualname__}): OSError: no"])

    def test_plain_set_up_fails(self) -> None:
        """After a failing setUpClass the async one does not run."""

        class Case(Material.Recorded):
            events = self.events

            @classmethod
            def setUpClass(cls) -> None:
                raise OSError("no")

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await cls.note("asyncSetUpClass")

        self.assertEqual(self.run_case(Case), ["error OSError: no"])

    def test_tear_down_fails(self) -> None:
        """A failing asyncTearDownClass is one error, and the class's cleanups run."""

        class Case(Material.Recorded):
            events = self.events

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.addAsyncClassCleanup(cls.note, "cleanup")

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                raise OSError("no")

        self.assertEqual(sorted(self.run_case(Case)), ["cleanup", "error OSError: no", "passed", "test"])

    def test_all_cleanups_fail(self) -> None:
        """Each failing class cleanup is told, sync and async."""

        async def fail(message: str) -> None:
            raise OSError(message)

        class Case(Material.Recorded):
            events = self.events

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.addAsyncClassCleanup(fail, "first")
                cls.addClassCleanup(int, "x")
                cls.addAsyncClassCleanup(fail, "last")

        self.assertEqual(
            self.run_case(Case),
            [
                "test",
                "passed",
                "error OSError: last",
                "error ValueError: invalid literal for int() with base 10: 'x'",
                "error OSError: first",
            ],
        )

    def test_skip_in_set_up(self) -> None:
        """SkipTest in asyncSetUpClass skips the class, and its cleanups run."""

        class Case(Material.Recorded):
            events = self.events

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.addAsyncClassCleanup(cls.note, "cleanup")
                raise unittest.SkipTest("not here")

        self.assertEqual(sorted(self.run_case(Case)), ["cleanup", "skipped not here"])

    def test_loop_is_closed(self) -> None:
        """A class that fails leaves no loop, and the next class has one of its own."""
        loops: list[asyncio.AbstractEventLoop] = []

        class First(Material.Recorded):
            events = self.events

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                loops.append(asyncio.get_running_loop())
                raise OSError("no")

        class Second(Material.Recorded):
            events = self.events

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                loops.append(asyncio.get_running_loop())

        self.assertEqual(self.run_case(First, Second), ["error OSError: no", "test", "passed"])
        self.assertEqual([loop.is_closed() for loop in loops], [True, True])
        self.assertIsNot(*loops)

    def test_skipped_class(self) -> None:
        """A skipped class makes no loop and enters nothing."""
        made: list[object] = []

        def factory() -> asyncio.AbstractEventLoop:
            made.append(1)
            return asyncio.new_event_loop()

        @unittest.skip("never")
        class Case(Material.Recorded):
            events = self.events
            loop_factory = factory
            loop_scope = "class"

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await cls.note("asyncSetUpClass")

        self.assertEqual(self.run_case(Case), ["skipped never"])
        self.assertEqual(made, [])


class InheritanceTest(unittest.TestCase):
    """Where class hooks come from."""

    def test_async_hooks_chain(self) -> None:
        """Inherited async hooks run once each through `await super()`, set-up from the base, tear-down to it."""
        events: Events = []

        class Base(Material.Recorded):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await cls.note(f"base up for {cls.__name__}")

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                await cls.note("base down")

        Base.events = events

        class Case(Base):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await super().asyncSetUpClass()
                await cls.note("case up")

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                await cls.note("case down")
                await super().asyncTearDownClass()

        expected = ["base up for Case", "case up", "test", "passed", "case down", "base down"]
        self.assertEqual(suite_events(Case, events=events), expected)

    def test_mixin_after_the_base(self) -> None:
        """A mixin of either side may bring async class hooks."""
        events: Events = []

        class Mixin:
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                events.append("mixin")

        class Case(Mixin, Material.Recorded):
            pass

        Case.events = events
        self.assertEqual(suite_events(Case, events=events), ["mixin", "test", "passed"])

    def test_async_hook_on_a_class_hook(self) -> None:
        """`@async_hook` on the class hook of an AsyncTestCase changes nothing."""
        events: Events = []

        class Case(Material.Recorded):
            @classmethod
            @async_hook
            async def setUpClass(cls) -> None:
                await cls.note("setUpClass")

        Case.events = events
        self.assertEqual(suite_events(Case, events=events), ["setUpClass", "test", "passed"])

    def test_hooks_assigned_later(self) -> None:
        """A class decorator that replaces a class hook does not switch the async ones off."""
        events: Events = []

        def decorate(cls: Any) -> Any:
            inner = cls.setUpClass

            def set_up_class(cls: Any) -> None:
                events.append("decorated")
                inner()

            cls.setUpClass = classmethod(set_up_class)
            return cls

        @decorate
        class Case(Material.Recorded):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await cls.note("asyncSetUpClass")

        Case.events = events
        self.assertEqual(suite_events(Case, events=events), ["decorated", "asyncSetUpClass", "test", "passed"])

    def test_debug_of_a_class(self) -> None:
        """A suite's `debug()` runs class hooks and tests just so."""
        events: Events = []

        class Case(Material.Recorded):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await cls.note("asyncSetUpClass")
                cls.addAsyncClassCleanup(cls.note, "cleanup")

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                await cls.note("asyncTearDownClass")

        Case.events = events
        unittest.defaultTestLoader.loadTestsFromTestCase(Case).debug()
        self.assertEqual(events, ["asyncSetUpClass", "test", "asyncTearDownClass", "cleanup"])


if __name__ == "__main__":
    unittest.main()
