"""Options of a test case, what happens when they are wrong, and what a case leaves behind."""

from __future__ import annotations

import asyncio
import copy
import functools
import os
import pickle
import sys
import textwrap
import threading
import unittest
import warnings
from typing import Any

from asynctestkit import AsyncTestCase, LoopError, ScopeError, UsageError
from tests.outcomes import mask, outcomes, run_class, run_debug, run_one
from tests.programs import run_program

try:
    import uvloop
except ImportError:
    uvloop = None  # type: ignore[assignment]  # tests that need it are skipped


class OwnLoop(asyncio.SelectorEventLoop):
    """A loop that can be told from others."""


class Factory:
    """A callable object that makes loops; not hashable, as objects with == are not."""

    def __init__(self) -> None:
        self.made = 0

    def __eq__(self, other: object) -> bool:
        return self is other

    def __call__(self) -> asyncio.AbstractEventLoop:
        self.made += 1
        return OwnLoop()


def new_own_loop() -> asyncio.AbstractEventLoop:
    """Make a loop that can be told from others."""
    return OwnLoop()


class LoopFactoryTest(unittest.TestCase):
    """loop_factory in all its forms."""

    def test_forms(self) -> None:
        """A function, class, static method, partial, lambda, callable object, or a method that takes self."""

        def method(self: Any) -> asyncio.AbstractEventLoop:
            assert isinstance(self, AsyncTestCase)
            return OwnLoop()

        forms: list[Any] = [new_own_loop, OwnLoop, staticmethod(new_own_loop), functools.partial(OwnLoop)]
        for factory in [*forms, lambda: OwnLoop(), Factory(), method]:
            for scope in (None, "class"):

                class Case(AsyncTestCase):
                    loop_factory = factory
                    loop_scope = scope

                    async def test(self) -> None:
                        self.assertIs(type(asyncio.get_running_loop()), OwnLoop)

                with self.subTest(factory=factory, scope=scope):
                    self.assertEqual(run_class(Case), ["ok"])

    @unittest.skipIf(uvloop is None, "uvloop is not installed")
    def test_uvloop(self) -> None:
        """uvloop's own factory works, with all phases in one task."""
        tasks: set[object] = set()

        class Case(AsyncTestCase):
            loop_factory = uvloop.new_event_loop

            async def asyncSetUp(self) -> None:
                await self.enterAsyncContext(asyncio.timeout(60))
                tasks.add(asyncio.current_task())

            async def test(self) -> None:
                await asyncio.sleep(0)
                tasks.add(asyncio.current_task())

            async def asyncTearDown(self) -> None:
                tasks.add(asyncio.current_task())

        self.assertEqual(run_one(Case), ["ok"])
        self.assertEqual(len(tasks), 1)

    def test_skipped_tests_open_no_loop(self) -> None:
        """Neither a skipped test nor a skipped class calls the factory."""
        factory = Factory()

        class Case(AsyncTestCase):
            loop_factory = factory

            @unittest.skip("never")
            async def test(self) -> None:
                pass

        self.assertEqual(run_class(Case), ["skipped: test: never"])
        self.assertEqual(factory.made, 0)

    def test_returns_no_loop(self) -> None:
        """A factory that returns something else is the test's error, with the fix; so are closed loops."""
        closed = asyncio.new_event_loop()
        closed.close()
        for value, fault in (
            (None, "None, which is no event loop"),
            (closed, "closed=True debug=False>, which is closed"),
        ):

            class Case(AsyncTestCase):
                loop_factory = staticmethod(lambda value=value: value)

                async def test(self) -> None:
                    self.fail("it ran")

            with self.subTest(value=value):
                result = unittest.TestResult()
                Case("test").run(result)
                ((_, text),) = result.errors
                self.assertIn(fault, text)
                self.assertIn("fix:          return a new event loop", text)


class DebugTest(unittest.TestCase):
    """asyncio's debug mode."""

    def debug_of(self, **options: Any) -> list[bool]:
        seen: list[bool] = []

        async def test(self: Any) -> None:
            seen.append(asyncio.get_running_loop().get_debug())

        self.assertEqual(run_one(type("Case", (AsyncTestCase,), {"test": test, **options})), ["ok"])
        return seen

    def test_off_and_on(self) -> None:
        """Off by default, on with debug = True; the method of that name stays unittest's."""
        usual = sys.flags.dev_mode or bool(os.environ.get("PYTHONASYNCIODEBUG"))
        self.assertEqual(self.debug_of() + self.debug_of(debug=True) + self.debug_of(debug=False), [usual, True, False])

        class Case(AsyncTestCase):
            debug = True

            async def test(self) -> None:
                pass

        self.assertEqual(run_debug(Case), ["ok"])

    def test_environment(self) -> None:
        """asyncio's own switch turns it on."""
        source = """
            import asyncio
            from asynctestkit import AsyncTestCase
            class DebugTest(AsyncTestCase):
                async def test(self):
                    self.assertTrue(asyncio.get_running_loop().get_debug())
        """
        outcome = run_program(
            textwrap.dedent(source), "-m", "unittest", "test_program", variables={"PYTHONASYNCIODEBUG": "1"}
        )
        self.assertIn("\nOK\n", outcome.stderr)


class BadInputTest(unittest.TestCase):
    """Wrong options are refused by the class statement."""

    def refused(self, **options: Any) -> str:
        with self.assertRaises(UsageError) as caught:
            type("Case", (AsyncTestCase,), {"__module__": "suite", **options})
        return mask(str(caught.exception))

    def test_loop_scope(self) -> None:
        """A scope that does not exist is answered with those that do."""
        expected = (
            "loop_scope must be a scope, not 'Class'\n"
            "  where  suite.Case\n"
            "  fix:   use one of 'test', 'class', 'module', 'session'"
        )
        self.assertEqual(self.refused(loop_scope="Class"), expected)

    def test_loop_factory(self) -> None:
        """What cannot be called, and what would have to be awaited, is no loop factory."""
        expected = (
            "loop_factory must be a plain callable that returns a new event loop, not {}\n"
            "  where  suite.Case\n"
            "  fix:   write loop_factory = uvloop.new_event_loop (the function itself, not a call of it)"
        )

        async def factory() -> None:
            pass

        self.assertEqual(self.refused(loop_factory="uvloop"), expected.format("'uvloop'"))
        self.assertEqual(self.refused(loop_factory=factory), expected.format("a coroutine function"))

    def test_debug(self) -> None:
        """debug is a switch."""
        expected = "debug must be True, False or None, not 'yes'\n  where  suite.Case\n  fix:   write debug = True"
        self.assertEqual(self.refused(debug="yes"), expected)

    def test_loop_too_short(self) -> None:
        """A class hook outlives a loop of one test."""
        with self.assertRaises(ScopeError) as caught:

            class Case(AsyncTestCase):
                loop_scope = "test"

                @classmethod
                async def asyncSetUpClass(cls) -> None:
                    pass

        first, *_, last = str(caught.exception).splitlines()
        self.assertEqual(first, "loop_scope 'test' cannot hold what asyncSetUpClass sets up for the whole class")
        self.assertEqual(last, "  fix:    leave loop_scope out, or make it 'class' or wider")

    def test_inside_a_running_loop(self) -> None:
        """A case called from a running loop has an error that says so, and run() itself goes well."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                pass

        async def main() -> list[str]:
            return run_one(Case)

        self.assertEqual(
            asyncio.run(main()),
            ["errors: test: asynctestkit.LoopError: a managed loop cannot be called from a running event loop"],
        )
        self.assertTrue(issubclass(LoopError, RuntimeError))


class SilentPassTest(unittest.TestCase):
    """Tests that would pass without proving anything."""

    def failure(self, test: Any) -> str:
        case = type("Case", (AsyncTestCase,), {"test": test, "__module__": "suite"})
        test.__qualname__ = "Case.test"
        result = unittest.TestResult()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            case("test").run(result)
        ((_, text),) = result.failures
        return mask(text[text.index("asynctestkit.") :].strip())

    def test_returned_value(self) -> None:
        """A value is to be asserted on, not returned."""

        async def test(self: Any) -> int:
            return 3

        expected = (
            "asynctestkit.SilentPassError: Case.test returned 3; a test must return None\n"
            "  test     suite.Case.test\n"
            "  defined  test_options.py:N\n"
            "  fix:     assert on the value instead of returning it"
        )
        self.assertEqual(self.failure(test), expected)

    def test_generators(self) -> None:
        """A test with a yield has not run."""

        async def test(self: Any) -> Any:
            yield

        self.assertIn("Case.test is an async generator: its body did not run\n", self.failure(test))

        def plain(self: Any) -> Any:
            yield

        self.assertIn("Case.test is a generator: its body did not run\n", self.failure(plain))

    def test_coroutine_assertions(self) -> None:
        """A coroutine object in a truth assertion fails with the await that is missing, and warns of nothing."""

        async def ready() -> bool:
            return False

        case = AsyncTestCase()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for assertion in ("assertTrue", "assertFalse", "assertIsNotNone"):
                with self.subTest(assertion), self.assertRaises(AssertionError) as caught:
                    getattr(case, assertion)(ready())
                self.assertIn(f"\n  fix:       write self.{assertion}(await ready(...))", str(caught.exception))


class InstancesTest(unittest.TestCase):
    """Instances are data but while they run, and leave nothing behind."""

    def test_pickle_and_copy(self) -> None:
        """Before and after a run, and they run again."""
        case = PickledCase("test")
        for _ in range(2):
            for again in (pickle.loads(pickle.dumps(case)), copy.deepcopy(case), case):
                result = unittest.TestResult()
                again.run(result)
                self.assertEqual(outcomes(result), ["ok"])

    def test_names_are_the_suites(self) -> None:
        """A suite may use any public name for itself, also the ones that are ours."""

        class Case(AsyncTestCase):
            client = server = clock = spawn = timeout = context = None
            loop = "mine"  # type: ignore[assignment]  # a name of the suite's own

            def setUp(self) -> None:
                self.name = self.life = self.fixtures = self.held = self.host = 1

            async def test(self) -> None:
                self.assertEqual(self.loop, "mine")

        class Assigning(AsyncTestCase):
            async def asyncSetUp(self) -> None:
                self.loop = asyncio.get_running_loop()
                self.run_ = 1

            async def test(self) -> None:
                self.assertIs(self.loop, asyncio.get_running_loop())

        self.assertEqual(run_one(Case) + run_one(Assigning), ["ok", "ok"])

    def test_no_loop_outside_a_run(self) -> None:
        """self.loop is there while the test runs; hasattr can ask."""
        self.assertFalse(hasattr(AsyncTestCase(), "loop"))

    def test_two_threads(self) -> None:
        """Cases in two threads run on loops of their own."""
        barrier = threading.Barrier(2)
        found: list[list[str]] = []

        class Case(AsyncTestCase):
            loop_scope = "class"

            def test(self) -> None:
                barrier.wait(10)
                self.loop.run_until_complete(asyncio.sleep(0))

        threads = [threading.Thread(target=lambda: found.append(run_class(Case))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        self.assertEqual(found, [["ok"], ["ok"]])

    @unittest.skipUnless(os.path.isdir("/proc/self/fd"), "the system does not list open files there")
    def test_nothing_left(self) -> None:
        """No file descriptor and no thread is left of tests that used sockets, threads and tasks."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
                await self.enterAsyncContext(server)
                await asyncio.to_thread(int)
                self.task = asyncio.create_task(asyncio.sleep(60))

        run_one(Case)
        before = len(os.listdir("/proc/self/fd")), threading.active_count()
        for _ in range(10):
            self.assertEqual(run_one(Case), ["ok"])
        self.assertEqual((len(os.listdir("/proc/self/fd")), threading.active_count()), before)


class PickledCase(AsyncTestCase):
    """A case that can be found by its name."""

    async def asyncSetUp(self) -> None:
        self.value = 1

    async def test(self) -> None:
        self.assertEqual(self.value, 1)

    __test__ = False


def load_tests(loader: unittest.TestLoader, tests: unittest.TestSuite, pattern: str | None) -> unittest.TestSuite:
    """Leave out the case that is only material."""
    return unittest.TestSuite(
        loader.loadTestsFromTestCase(cls)
        for cls in (LoopFactoryTest, DebugTest, BadInputTest, SilentPassTest, InstancesTest)
    )


if __name__ == "__main__":
    unittest.main()
