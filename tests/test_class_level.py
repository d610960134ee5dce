"""Async hooks of classes and modules, and the loop they share with the tests."""

from __future__ import annotations

import asyncio
import contextvars
import unittest
from typing import Any

from asynctestkit import AsyncTestCase
from tests.outcomes import run_class, run_one
from tests.programs import run_program

COLOUR: contextvars.ContextVar[str] = contextvars.ContextVar("COLOUR", default="none")


class ClassHooksTest(unittest.TestCase):
    """asyncSetUpClass and its kin."""

    def setUp(self) -> None:
        self.events: list[str] = []

    def test_order_and_loop(self) -> None:
        """Plain and async set-up, tests, async and plain tear-down, cleanups; one loop and one task for all."""
        events = self.events
        loops: set[object] = set()
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
                events.append("test")
                loops.add(asyncio.get_running_loop())

            async def test_b(self) -> None:
                events.append("test")
                loops.add(self.loop)

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                await cls.note("asyncTearDownClass")

            @classmethod
            def tearDownClass(cls) -> None:
                events.append("tearDownClass")

        self.assertEqual(run_class(Case), ["ok"])
        order = ["setUpClass", "asyncSetUpClass", "test", "test", "asyncTearDownClass", "tearDownClass"]
        self.assertEqual(events, [*order, "cleanup 2", "cleanup 1"])
        self.assertEqual((len(loops), len(tasks)), (1, 1))
        (loop,) = loops
        assert isinstance(loop, asyncio.AbstractEventLoop)
        self.assertTrue(loop.is_closed())

    def test_plain_names_may_be_async(self) -> None:
        """`async def setUpClass` and `tearDownClass` really run."""
        events = self.events

        class Case(AsyncTestCase):
            @classmethod
            async def setUpClass(cls) -> None:
                await super().setUpClass()
                events.append("setUpClass")

            async def test(self) -> None:
                events.append("test")

            @classmethod
            async def tearDownClass(cls) -> None:
                events.append("tearDownClass")

        self.assertEqual(run_class(Case), ["ok"])
        self.assertEqual(events, ["setUpClass", "test", "tearDownClass"])

    def test_without_super(self) -> None:
        """A subclass, or a mixin, whose setUpClass forgets super() keeps the async hooks of its base."""
        events = self.events

        class Mixin:
            @classmethod
            def setUpClass(cls) -> None:
                events.append("mixin")

        class Base(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                events.append("async")

            async def test(self) -> None:
                pass

        class Forgetful(Base):
            @classmethod
            def setUpClass(cls) -> None:
                events.append("plain")

        class Mixed(Mixin, Base):
            pass

        self.assertEqual(run_class(Forgetful, Mixed), ["ok"])
        self.assertEqual(events, ["plain", "async", "mixin", "async"])

    def test_failing_hook(self) -> None:
        """A failing asyncSetUpClass is reported once, as unittest reports it; no test runs, cleanups do."""
        events = self.events

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.addAsyncClassCleanup(asyncio.sleep, 0)
                cls.addClassCleanup(events.append, "cleanup")
                raise OSError("no server")

            async def test(self) -> None:
                events.append("test")

        (line,) = run_class(Case)
        self.assertRegex(line, r"^errors: setUpClass \(.*Case\): OSError: no server$")
        self.assertEqual(events, ["cleanup"])

    def test_failing_cleanup(self) -> None:
        """A failing async class cleanup is reported as tearDownClass, and the others run."""
        events = self.events

        class Case(AsyncTestCase):
            @classmethod
            async def fail_late(cls) -> None:
                raise OSError("late")

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.addClassCleanup(events.append, "other")
                cls.addAsyncClassCleanup(cls.fail_late)

            async def test(self) -> None:
                pass

        (line,) = run_class(Case)
        self.assertRegex(line, r"^errors: tearDownClass \(.*Case\): OSError: late$")
        self.assertEqual(events, ["other"])

    def test_enter_class_context(self) -> None:
        """A context manager entered for the class is left among its cleanups."""
        events = self.events

        class Manager:
            async def __aenter__(self) -> str:
                events.append("enter")
                return "value"

            async def __aexit__(self, *exc_info: object) -> None:
                events.append("leave")

        class Case(AsyncTestCase):
            value: str

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.value = await cls.enterAsyncClassContext(Manager())

            async def test(self) -> None:
                events.append(self.value)

        self.assertEqual(run_class(Case), ["ok"])
        self.assertEqual(events, ["enter", "value", "leave"])

    def test_skipped_class(self) -> None:
        """A skipped class runs no hook."""
        events = self.events

        @unittest.skip("not now")
        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                events.append("hook")

            async def test(self) -> None:
                pass

        self.assertEqual(run_class(Case), ["skipped: test: not now"])
        self.assertEqual(events, [])

    def test_context_variables(self) -> None:
        """Tests see what class hooks set; what a test sets dies with it."""
        events = self.events

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                COLOUR.set("class")

            async def test_a(self) -> None:
                events.append(COLOUR.get())
                COLOUR.set("test")

            def test_b(self) -> None:
                events.append(COLOUR.get())

            @classmethod
            def tearDownClass(cls) -> None:
                events.append(COLOUR.get())

        self.assertEqual(run_class(Case), ["ok"])
        self.assertEqual(events, ["class", "class", "class"])
        self.assertEqual(COLOUR.get(), "none")

    def test_leftovers_of_a_test(self) -> None:
        """On a shared loop a task that a test leaves is cancelled after it; one of the class lives on."""
        tasks: dict[str, asyncio.Task[None]] = {}
        seen: list[bool] = []

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                tasks["class"] = asyncio.create_task(asyncio.sleep(60))

            async def test_a(self) -> None:
                tasks["test"] = asyncio.create_task(asyncio.sleep(60))

            async def test_b(self) -> None:
                seen.extend([tasks["test"].cancelled(), tasks["class"].done()])

        self.assertEqual(run_class(Case), ["ok"])
        self.assertEqual(seen, [True, False])
        self.assertTrue(tasks["class"].cancelled())


class LoopScopeTest(unittest.TestCase):
    """loop_scope says how long a loop lives."""

    def loops_of(self, scope: str | None, *, runner: bool = True) -> tuple[list[str], list[Any]]:
        loops: list[Any] = []

        class Base(AsyncTestCase):
            loop_scope = scope

            async def test_a(self) -> None:
                loops.append(self.loop)

            async def test_b(self) -> None:
                loops.append(self.loop)

        class First(Base):
            pass

        class Second(Base):
            pass

        return run_class(First, Second, runner=runner), loops

    def test_number_of_loops(self) -> None:
        """A loop for each test, for each class, or one for the module or the run; all closed afterwards."""
        for scope, expected in ((None, 4), ("test", 4), ("function", 4), ("class", 2), ("module", 1), ("session", 1)):
            with self.subTest(scope=scope):
                outcome, loops = self.loops_of(scope)
                self.assertEqual(outcome, ["ok"])
                self.assertEqual(len(set(map(id, loops))), expected)
                self.assertTrue(all(loop.is_closed() for loop in loops))

    def test_alone(self) -> None:
        """A test with a class's loop that runs on its own gets a loop, and leaves none open."""
        loops: list[asyncio.AbstractEventLoop] = []

        class Case(AsyncTestCase):
            loop_scope = "class"

            async def test(self) -> None:
                loops.append(self.loop)

        self.assertEqual(run_one(Case), ["ok"])
        self.assertTrue(loops[0].is_closed())

    def test_previous_loop_comes_back(self) -> None:
        """What was current before is current between and after the tests of a shared loop."""
        previous = asyncio.new_event_loop()
        self.addCleanup(asyncio.set_event_loop, None)
        self.addCleanup(previous.close)
        asyncio.set_event_loop(previous)
        self.assertEqual(self.loops_of("class")[0], ["ok"])
        self.assertIs(asyncio.get_event_loop(), previous)


MODULE = """
import asyncio, unittest
from asynctestkit import AsyncTestCase, async_hook

@async_hook
async def setUpModule():
    global loop
    loop = asyncio.get_running_loop()
    print("setUpModule")
    {set_up}

@async_hook
async def tearDownModule():
    assert asyncio.get_running_loop() is loop
    print("tearDownModule")

class FirstTest(AsyncTestCase):
    async def test(self):
        assert self.loop is loop
        print("test")

class SecondTest(AsyncTestCase):
    @classmethod
    async def asyncSetUpClass(cls):
        assert asyncio.get_running_loop() is loop

    async def test(self):
        assert self.loop is loop
        print("test")
"""


class ModuleHooksTest(unittest.TestCase):
    """@async_hook on setUpModule and tearDownModule."""

    def test_one_loop(self) -> None:
        """They run on the loop that the tests of the module's classes use."""
        outcome = run_program(MODULE.format(set_up="pass"), "-W", "error", "-m", "unittest", "test_program")
        self.assertRegex(outcome.stderr, r"\A\.\.\n-+\nRan 2 tests in \S+\n\nOK\n\Z")
        self.assertEqual(outcome.stdout, "setUpModule\ntest\ntest\ntearDownModule\n")

    def test_failing(self) -> None:
        """A failing setUpModule is reported once, by unittest's name for it, and no test runs."""
        outcome = run_program(MODULE.format(set_up="1 / 0"), "-W", "error", "-m", "unittest", "test_program")
        self.assertIn("ERROR: setUpModule (test_program)\n", outcome.stderr)
        self.assertRegex(outcome.stderr, r"Ran 0 tests in \S+\n\nFAILED \(errors=1\)\n\Z")
        self.assertEqual(outcome.stdout, "setUpModule\n")


if __name__ == "__main__":
    unittest.main()
