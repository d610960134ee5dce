"""Module-level `@async_test` functions: how unittest finds them, and that they run once."""

from __future__ import annotations

import asyncio
import copy
import itertools
import pickle
import sys
import textwrap
import types
import unittest
from collections.abc import Iterator
from typing import Any

from asynctestkit import LoopError
from tests.outcomes import complaints, outcomes
from tests.programs import run_program

HEADER = """
import asyncio, unittest
from unittest import mock
from asynctestkit import async_test

ran = []

"""

_numbers = itertools.count()


class ModuleCase(unittest.TestCase):
    """Makes modules from source."""

    def make(self, source: str) -> types.ModuleType:
        """Return a module with the header and `source` in it, importable while the test runs."""
        module = types.ModuleType(f"made_for_functions_{next(_numbers)}")
        sys.modules[module.__name__] = module
        self.addCleanup(sys.modules.pop, module.__name__, None)
        exec(compile(HEADER + textwrap.dedent(source), f"{module.__name__}.py", "exec"), vars(module))
        return module

    def load(self, module: types.ModuleType, *names: str, pattern: str | None = None) -> unittest.TestSuite:
        """Load the tests of a module, or those called by names in it, as `python -m unittest` does."""
        loader = unittest.TestLoader()
        loader.testNamePatterns = [pattern] if pattern else None
        if names:
            return loader.loadTestsFromNames([f"{module.__name__}.{name}" for name in names])
        return loader.loadTestsFromModule(module)

    def run_suite(self, suite: unittest.TestSuite) -> list[str]:
        result = unittest.TestResult()
        suite.run(result)
        return outcomes(result)


def each_test(suite: Any) -> Iterator[unittest.TestCase]:
    """Return the tests of a suite, one after another."""
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from each_test(one)
        else:
            yield one


TWO = """
    @async_test
    async def test_one():
        "Do one thing."
        await asyncio.sleep(0)
        ran.append("one")

    @async_test(timeout=5)
    async def test_two():
        ran.append("two")

    class PlainTest(unittest.TestCase):
        def test_method(self):
            ran.append("method")
"""


class LoadingTest(ModuleCase):
    """What the loader finds."""

    def test_module(self) -> None:
        """A module's functions are found beside its classes, under names that load again."""
        module = self.make(TWO)
        ids = sorted(test.id() for test in each_test(self.load(module)))
        names = ["PlainTest.test_method", "_async_tests.test_one", "_async_tests.test_two"]
        self.assertEqual(ids, [f"{module.__name__}.{name}" for name in names])
        self.assertEqual([test.id() for test in each_test(self.load(module, *names))], ids)

    def test_each_runs_once(self) -> None:
        """Loading runs nothing, running runs each once."""
        module = self.make(TWO)
        suite = self.load(module)
        self.assertEqual(module.ran, [])
        self.assertEqual(self.run_suite(suite), ["ok"])
        self.assertEqual(sorted(module.ran), ["method", "one", "two"])

    def test_by_name(self) -> None:
        """A function's own name loads it, without running it."""
        module = self.make(TWO)
        suite = self.load(module, "test_two")
        self.assertEqual((module.ran, suite.countTestCases()), ([], 1))
        self.assertEqual(self.run_suite(suite), ["ok"])
        self.assertEqual(module.ran, ["two"])

    def test_pattern(self) -> None:
        """`-k` picks among functions by the name that is shown."""
        for pattern, expected in (("*test_one*", ["one"]), ("*_async_tests*", ["one", "two"]), ("*nothing*", [])):
            module = self.make(TWO)
            self.assertEqual(self.run_suite(self.load(module, pattern=pattern)), ["ok"])
            self.assertEqual(module.ran, expected)

    def test_described_by_its_docstring(self) -> None:
        """A test's short description is the first line of the function's docstring."""
        module = self.make(TWO)
        descriptions = [test.shortDescription() for test in each_test(self.load(module, "test_one", "test_two"))]
        self.assertEqual(descriptions, ["Do one thing.", None])

    def test_imported_into_another_module(self) -> None:
        """A function that another module imports is loaded by name from there, and is that module's no second time."""
        module = self.make(TWO)
        other = self.make(f"from {module.__name__} import *\n")
        self.assertEqual([test.id() for test in each_test(self.load(other)) if "_async_tests" in test.id()], [])
        self.assertEqual(self.run_suite(self.load(other, "test_one")), ["ok"])
        self.assertEqual(module.ran, ["one"])

    def test_load_tests_stays_the_users(self) -> None:
        """A module's own `load_tests` is called with what was found, the functions included."""
        module = self.make(
            TWO
            + """
    def load_tests(loader, standard, pattern):
        ran.append(standard.countTestCases())
        return standard
"""
        )
        self.assertEqual(self.load(module).countTestCases(), 3)
        self.assertEqual(module.ran, [3])

    def test_defined_twice(self) -> None:
        """Of two functions of one name the last is the test, as Python has it."""
        module = self.make(
            """
            @async_test
            async def test_one():
                ran.append("first")

            @async_test
            async def test_one():
                ran.append("second")
            """
        )
        self.assertEqual(self.run_suite(self.load(module)), ["ok"])
        self.assertEqual(module.ran, ["second"])

    def test_deleted(self) -> None:
        """A function that the module deletes is no test, and does not stand in the way of the others."""
        module = self.make(TWO + "\n    del test_one\n")
        self.assertEqual(self.run_suite(self.load(module)), ["ok"])
        self.assertEqual(sorted(module.ran), ["method", "two"])

    def test_inner_functions_are_no_tests(self) -> None:
        """A decorated function inside another is nobody's test."""
        module = self.make(
            """
            def make():
                @async_test
                async def test_inner():
                    ran.append("inner")
                return test_inner

            inner = make()
            """
        )
        self.assertEqual(self.load(module).countTestCases(), 0)
        module.inner()
        self.assertEqual(module.ran, ["inner"])


class RunningTest(ModuleCase):
    """How a function runs."""

    def test_each_on_a_loop_of_its_own(self) -> None:
        """Two functions have two loops and two contexts; both loops are closed, and nothing of the tests leaks."""
        module = self.make(
            """
            import contextvars
            COLOUR = contextvars.ContextVar("COLOUR", default="none")

            @async_test
            async def test_one():
                ran.append((asyncio.get_running_loop(), COLOUR.get()))
                COLOUR.set("red")

            @async_test
            async def test_two():
                ran.append((asyncio.get_running_loop(), COLOUR.get()))
            """
        )
        self.assertEqual(self.run_suite(self.load(module)), ["ok"])
        (first, colour), (second, other) = module.ran
        self.assertIsNot(first, second)
        self.assertEqual((first.is_closed(), second.is_closed()), (True, True))
        self.assertEqual((colour, other, module.COLOUR.get()), ("none", "none", "none"))

    def test_outcomes(self) -> None:
        """Failures, errors, overruns and skips are told as those of a method are."""
        module = self.make(
            """
            @async_test
            async def test_errs():
                raise OSError("no")

            @async_test
            async def test_fails():
                assert not "true"

            @async_test(timeout=0.01)
            async def test_overruns():
                await asyncio.Event().wait()

            @async_test
            async def test_skips():
                raise unittest.SkipTest("body")
            """
        )
        self.assertEqual(
            self.run_suite(self.load(module)),
            [
                "errors: test_errs: OSError: no",
                "errors: test_overruns: TimeoutError: test_overruns ran longer than its limit of 0.01 s",
                "failures: test_fails: AssertionError",
                "skipped: test_skips: body",
            ],
        )

    def test_loop_factory(self) -> None:
        """The factory makes the loop."""
        module = self.make(
            """
            class Loop(asyncio.SelectorEventLoop):
                pass

            @async_test(loop_factory=Loop)
            async def test_one():
                ran.append(type(asyncio.get_running_loop()).__name__)
            """
        )
        self.assertEqual(self.run_suite(self.load(module)), ["ok"])
        self.assertEqual(module.ran, ["Loop"])

    def test_tasks_left_behind_are_ended(self) -> None:
        """What a function leaves running is cancelled before its loop is closed."""
        module = self.make(
            """
            async def serve():
                try:
                    await asyncio.Event().wait()
                finally:
                    ran.append("ended")

            @async_test
            async def test_one():
                globals()["task"] = asyncio.create_task(serve())
                await asyncio.sleep(0)
            """
        )
        self.assertEqual(self.run_suite(self.load(module)), ["ok"])
        self.assertEqual(module.ran, ["ended"])

    def test_debug(self) -> None:
        """debug() lets the error out and closes the loop."""
        module = self.make(
            """
            @async_test
            async def test_one():
                ran.append(asyncio.get_running_loop())
                raise OSError("no")
            """
        )
        (test,) = each_test(self.load(module))
        with self.assertRaisesRegex(OSError, "^no$"):
            test.debug()
        self.assertTrue(module.ran[0].is_closed())

    def test_pickle_copy_and_again(self) -> None:
        """The test that unittest made of a function pickles, copies, and runs again."""
        module = self.make(TWO)
        (test,) = each_test(self.load(module, "test_one"))
        for other in (pickle.loads(pickle.dumps(test)), copy.deepcopy(test), test, test):
            result = unittest.TestResult()
            other.run(result)
            self.assertEqual((result.testsRun, result.wasSuccessful()), (1, True))
        self.assertEqual(module.ran, ["one"] * 4)

    def test_inside_a_running_loop(self) -> None:
        """Called where a loop runs, a function says that it cannot run there and leaves no coroutine unawaited."""
        module = self.make(TWO)

        async def main() -> None:
            with self.assertRaisesRegex(LoopError, "^a managed loop cannot be called from a running event loop\n"):
                module.test_one()

        with complaints() as said:
            asyncio.run(main())
        self.assertEqual((said, module.ran), ([], []))


DECORATED = {
    "skip above": ("@unittest.skip('no')\n@async_test", "", "skipped: test_it: no"),
    "skip below": ("@async_test\n@unittest.skip('no')", "", "skipped: test_it: no"),
    "skipIf(False) above": ("@unittest.skipIf(False, 'no')\n@async_test", "", "ok"),
    "skipUnless(False) below": ("@async_test\n@unittest.skipUnless(False, 'no')", "", "skipped: test_it: no"),
    "patch above": ("@mock.patch('asyncio.sleep')\n@async_test", "sleep", "ok"),
    "patch below": ("@async_test\n@mock.patch('asyncio.sleep')", "sleep", "ok"),
    "patch of a value above": ("@mock.patch('asyncio.sleep', new=1)\n@async_test", "", "ok"),
    "patch.dict above, called form": ("@mock.patch.dict('os.environ', A='1')\n@async_test()", "", "ok"),
    "expectedFailure above": ("@unittest.expectedFailure\n@async_test", "", "unexpected success: test_it"),
    "expectedFailure below": ("@async_test\n@unittest.expectedFailure", "", "unexpected success: test_it"),
}


class DecoratorsTest(ModuleCase):
    """Decorators above and below, for the module loaded as a whole and for the function by its name."""

    def check(self, *names: str, but: str = "") -> None:
        for what, (decorators, parameter, expected) in DECORATED.items():
            if what == but:
                continue
            with self.subTest(what):
                module = self.make(f"{decorators}\nasync def test_it({parameter}):\n    ran.append(1)\n")
                try:
                    suite = self.load(module, *names)
                except unittest.SkipTest:
                    self.fail("it was skipped while it was loaded, which ends the whole test run")
                self.assertEqual((module.ran, suite.countTestCases()), ([], 1))
                self.assertEqual(self.run_suite(suite), [expected])
                self.assertEqual(module.ran, [] if expected.startswith("skipped") else [1])

    def test_module(self) -> None:
        """In the module."""
        self.check()

    def test_by_name(self) -> None:
        """By the name that is shown."""
        self.check("_async_tests.test_it")

    def test_by_the_functions_name(self) -> None:
        """By the function's own name: it is not run while it is loaded."""
        # unittest's loader calls what is no class; `skip`, standing above, answers with SkipTest before we are asked.
        self.check("test_it", but="skip above")


PROGRAM = textwrap.dedent(
    HEADER
    + textwrap.dedent(
        """
        @async_test
        async def test_one():
            print("one")

        @async_test
        async def test_two():
            print("two")

        if __name__ == "__main__":
            unittest.main()
        """
    )
)


class ProgramTest(unittest.TestCase):
    """Each way to start a test run, as a program with warnings as errors."""

    def printed(self, *arguments: str) -> list[str]:
        outcome = run_program(PROGRAM, "-W", "error", *arguments)
        self.assertRegex(outcome.stderr, r"\n\nOK\n\Z")
        return sorted(outcome.stdout.splitlines())

    def test_all(self) -> None:
        """By module, by file, by discovery, by our command, and as a script."""
        for arguments in (
            ["-m", "unittest", "test_program"],
            ["-m", "unittest", "test_program.py"],
            ["-m", "unittest"],
            ["-m", "unittest", "discover", "-p", "test_pro*.py"],
            ["-m", "asynctestkit", "test_program"],
            ["test_program.py"],
        ):
            with self.subTest(arguments):
                self.assertEqual(self.printed(*arguments), ["one", "two"])

    def test_one(self) -> None:
        """By name, by id, by pattern, and through the script's own command line."""
        for arguments in (
            ["-m", "unittest", "test_program.test_two"],
            ["-m", "unittest", "test_program._async_tests.test_two"],
            ["-m", "unittest", "-k", "two"],
            ["-m", "asynctestkit", "test_program.test_two"],
            ["test_program.py", "test_two"],
        ):
            with self.subTest(arguments):
                self.assertEqual(self.printed(*arguments), ["two"])


if __name__ == "__main__":
    unittest.main()
