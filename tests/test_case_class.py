"""Class hooks that go well: their order, and where they may come from."""

from __future__ import annotations

import asyncio
import unittest
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from asynctestkit import AsyncTestCase, async_hook
from tests import cases
from tests.outcomes import Events, suite_events

try:
    import anyio
except ImportError:
    anyio = None  # type: ignore[assignment]  # tests that need it are skipped


class OrderTest(unittest.TestCase):
    """Class hooks that go well."""

    def test_order_loop_and_task(self) -> None:
        """Plain set-up, async, tests, async tear-down, plain, cleanups last in first out; one loop, one task."""
        events: Events = []
        loops: set[asyncio.AbstractEventLoop] = set()
        tasks: set[object] = set()

        class Case(AsyncTestCase):
            @classmethod
            def setUpClass(cls) -> None:
                events.append("setUpClass")
                cls.addClassCleanup(events.append, "cleanup 1")

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await cls.note("asyncSetUpClass")
                cls.addAsyncClassCleanup(cls.note, "cleanup 2")

            @classmethod
            async def note(cls, event: str) -> None:
                events.append(event)
                loops.add(asyncio.get_running_loop())
                tasks.add(asyncio.current_task())

            async def test_a(self) -> None:
                loops.add(asyncio.get_running_loop())

            async def test_b(self) -> None:
                loops.add(self.loop)

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                await cls.note("asyncTearDownClass")

            @classmethod
            def tearDownClass(cls) -> None:
                events.append("tearDownClass")

        life = ["setUpClass", "asyncSetUpClass", "passed", "passed", "asyncTearDownClass", "tearDownClass"]
        self.assertEqual(suite_events(Case, events=events), [*life, "cleanup 2", "cleanup 1"])
        self.assertEqual(([loop.is_closed() for loop in loops], len(tasks)), ([True], 1))

    def test_enter_async_class_context(self) -> None:
        """A context manager entered for the class gives its value, and is left among the cleanups."""
        events: Events = []

        class Case(cases.Recorded):
            @classmethod
            @asynccontextmanager
            async def manager(cls) -> AsyncIterator[str]:
                yield "value"
                await cls.note("left")

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await cls.note(await cls.enterAsyncClassContext(cls.manager()))

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                await cls.note("asyncTearDownClass")

        Case.events = events
        self.assertEqual(suite_events(Case, events=events), ["value", "test", "passed", "asyncTearDownClass", "left"])

    @unittest.skipIf(anyio is None, "anyio is not installed")
    def test_enter_class_context(self) -> None:
        """A cancel scope of anyio that is entered in asyncSetUpClass is left in the class's task, and governs it."""
        events: Events = []
        tasks: set[object] = set()

        class Case(cases.Recorded):
            @classmethod
            @contextmanager
            def manager(cls) -> Iterator[None]:
                tasks.add(asyncio.current_task())
                yield
                tasks.add(asyncio.current_task())
                events.append("left")

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.scope = cls.enterClassContext(anyio.fail_after(60))
                cls.enterClassContext(cls.manager())

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                await cls.note(f"cancelled: {cls.scope.cancel_called}")

            scope: anyio.CancelScope

        Case.events = events
        self.assertEqual(suite_events(Case, events=events), ["test", "passed", "cancelled: False", "left"])
        self.assertEqual(len(tasks), 1)


class InheritanceTest(unittest.TestCase):
    """Where class hooks come from."""

    def test_async_hooks_chain(self) -> None:
        """Inherited async hooks run once each through `await super()`, set-up from the base, tear-down to it."""
        events: Events = []

        class Base(cases.Recorded):
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

    def test_plain_hooks_that_forget_super(self) -> None:
        """A subclass, or a mixin, whose setUpClass does not call super() keeps the async hook of its base."""
        events: Events = []

        class Base(cases.Recorded):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await cls.note("async")

        Base.events = events

        class Forgetful(Base):
            @classmethod
            def setUpClass(cls) -> None:
                events.append("plain")

        class Mixin:
            @classmethod
            def setUpClass(cls) -> None:
                events.append("mixin")

        class Mixed(Mixin, Base):
            pass

        expected = ["plain", "async", "test", "passed", "mixin", "async", "test", "passed"]
        self.assertEqual(suite_events(Forgetful, Mixed, events=events), expected)

    def test_mixin_after_the_base(self) -> None:
        """A mixin of either side may bring async class hooks."""
        events: Events = []

        class Mixin:
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                events.append("mixin")

        class Case(Mixin, cases.Recorded):
            pass

        Case.events = events
        self.assertEqual(suite_events(Case, events=events), ["mixin", "test", "passed"])

    def test_async_hook_on_a_class_hook(self) -> None:
        """`@async_hook` on the class hook of an AsyncTestCase changes nothing."""
        events: Events = []

        class Case(cases.Recorded):
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
        class Case(cases.Recorded):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await cls.note("asyncSetUpClass")

        Case.events = events
        self.assertEqual(suite_events(Case, events=events), ["decorated", "asyncSetUpClass", "test", "passed"])

    def test_cleanups_of_a_mixin_behind_the_base(self) -> None:
        """A `doClassCleanups` behind the base runs around the cleanups, async ones and what they add included."""
        events: Events = []

        class Mixin(unittest.TestCase):
            @classmethod
            def doClassCleanups(cls) -> None:
                events.append("begin")
                super().doClassCleanups()
                events.append("end")

        class Case(AsyncTestCase, Mixin):
            @classmethod
            async def note(cls, event: str) -> None:
                await asyncio.sleep(0)
                events.append(event)

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.addAsyncClassCleanup(cls.note, "first added")
                cls.addAsyncClassCleanup(cls.more)

            @classmethod
            async def more(cls) -> None:
                await cls.note("last added")
                cls.addAsyncClassCleanup(cls.note, "added by a cleanup")
                raise OSError("no")

            async def test(self) -> None:
                pass

        life = ["passed", "begin", "last added", "added by a cleanup", "first added", "end", "error OSError: no"]
        for again in range(2):
            with self.subTest(again=again):
                events.clear()
                self.assertEqual(suite_events(Case, events=events), life)

    def test_debug_of_a_class(self) -> None:
        """A suite's `debug()` runs class hooks and tests just so."""
        events: Events = []

        class Case(cases.Recorded):
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
