"""`@async_hook` for whole classes."""

from __future__ import annotations

import asyncio
import contextvars
import unittest

from asynctestkit import async_hook, async_test, fail_on
from tests.outcomes import run_class

COLOUR: contextvars.ContextVar[str] = contextvars.ContextVar("COLOUR", default="none")

Loops = list[asyncio.AbstractEventLoop]


class ClassHooksTest(unittest.TestCase):
    """Async `setUpClass` and `tearDownClass` of plain cases."""

    def test_order(self) -> None:
        """Hooks and tests of two classes in their order, each class on one loop that is closed behind it."""
        events: list[str] = []
        loops: dict[str, Loops] = {"First": [], "Second": []}

        class Base(unittest.TestCase):
            @classmethod
            def note(cls, event: str) -> None:
                events.append(f"{cls.__name__}: {event}")
                loops[cls.__name__].append(asyncio.get_running_loop())

            @async_hook
            @classmethod
            async def setUpClass(cls) -> None:
                cls.note("setUpClass")
                cls.addClassCleanup(lambda: events.append(f"{cls.__name__}: cleanup"))

            @async_hook
            async def setUp(self) -> None:
                self.note("setUp")

            @async_test
            async def test_one(self) -> None:
                self.note("test_one")

            @async_test
            async def test_two(self) -> None:
                self.note("test_two")

            @classmethod
            @async_hook
            async def tearDownClass(cls) -> None:
                cls.note("tearDownClass")

        class First(Base):
            pass

        class Second(Base):
            pass

        self.assertEqual(run_class(First, Second), ["ok"])
        life = ["setUpClass", "setUp", "test_one", "setUp", "test_two", "tearDownClass", "cleanup"]
        self.assertEqual(events, [f"{name}: {event}" for name in ("First", "Second") for event in life])
        self.assertEqual([len(set(seen)) for seen in loops.values()], [1, 1])
        self.assertTrue(all(loop.is_closed() for seen in loops.values() for loop in seen))

    def test_context(self) -> None:
        """Tests see what a class hook sets; what a test sets, neither the next nor tearDownClass sees."""
        seen: list[str] = []

        class Case(unittest.TestCase):
            @async_hook
            @classmethod
            async def setUpClass(cls) -> None:
                COLOUR.set("class")

            @async_test
            async def test_one(self) -> None:
                seen.append(COLOUR.get())
                COLOUR.set("test")

            test_two = test_one

            @async_hook
            @classmethod
            async def tearDownClass(cls) -> None:
                seen.append(COLOUR.get())

        self.assertEqual(run_class(Case), ["ok"])
        self.assertEqual((seen, COLOUR.get()), (["class"] * 3, "none"))

    def test_super(self) -> None:
        """A class hook awaits its base's over two levels, in both orders of the decorators."""
        events: list[str] = []

        class Base(unittest.TestCase):
            @classmethod
            @async_hook
            async def setUpClass(cls) -> None:
                events.append(f"base of {cls.__name__}")

        class Middle(Base):
            @async_hook
            @classmethod
            async def setUpClass(cls) -> None:
                await super().setUpClass()
                events.append("middle")

        class Case(Middle):
            @classmethod
            def setUpClass(cls) -> None:
                super().setUpClass()
                events.append("case")

            @async_test
            async def test(self) -> None:
                pass

        self.assertEqual(run_class(Case), ["ok"])
        self.assertEqual(events, ["base of Case", "middle", "case"])

    def test_failing_hooks(self) -> None:
        """A failing class hook is reported once, as unittest does it; its loop is closed, the next class runs."""
        loops: Loops = []

        class Broken(unittest.TestCase):
            @async_hook
            @classmethod
            async def setUpClass(cls) -> None:
                loops.append(asyncio.get_running_loop())
                raise OSError("up")

            @async_test
            async def test(self) -> None:
                self.fail("it ran")

        class Late(unittest.TestCase):
            @async_test
            async def test(self) -> None:
                loops.append(asyncio.get_running_loop())

            @async_hook
            @classmethod
            async def tearDownClass(cls) -> None:
                loops.append(asyncio.get_running_loop())
                raise OSError("down")

        broken, late = (f"{cls.__module__}.{cls.__qualname__}" for cls in (Broken, Late))
        self.assertEqual(
            run_class(Broken, Late),
            [f"errors: setUpClass ({broken}): OSError: up", f"errors: tearDownClass ({late}): OSError: down"],
        )
        self.assertEqual((len(loops), {loop.is_closed() for loop in loops}), (3, {True}))

    def test_tasks_of_the_class_live_on(self) -> None:
        """A task started by setUpClass serves all tests; one started by a test ends with it."""
        ended: list[str] = []

        async def serve(name: str) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(name)

        @fail_on(pending_tasks=False)
        class Case(unittest.TestCase):
            @async_hook
            @classmethod
            async def setUpClass(cls) -> None:
                cls.server = asyncio.create_task(serve("class"))

            @async_test
            async def test_one(self) -> None:
                self.task = asyncio.create_task(serve("test"))
                await asyncio.sleep(0)

            @async_test
            async def test_two(self) -> None:
                self.assertEqual((ended, self.server.done()), (["test"], False))

            server: asyncio.Task[None]

        self.assertEqual(run_class(Case), ["ok"])
        self.assertEqual(ended, ["test", "class"])


if __name__ == "__main__":
    unittest.main()
