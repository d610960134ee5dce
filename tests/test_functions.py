"""Module-level `@async_test` functions: how unittest finds them, and that it finds each once."""

from __future__ import annotations

import textwrap
import unittest

from tests.made_modules import HEADER, TWO, ModuleCase, each_test
from tests.programs import run_program

TRACED = """
import functools
from asynctestkit import async_test

ran = []

def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        made = function(*args, **kwargs)
        return made
    return wrapper

@traced
@async_test
async def test_traced():
    ran.extend(["before", "test"])
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

    def test_by_name_under_a_decorator(self) -> None:
        """A decorator of the suite's own above `@async_test` does not make loading run the test."""
        module = self.make(TRACED)
        suite = self.load(module, "test_traced")
        self.assertEqual((module.ran, suite.countTestCases()), ([], 1))
        self.assertEqual(self.run_suite(suite), ["ok"])
        self.assertEqual(module.ran, ["before", "test"])

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

    def test_parametrised(self) -> None:
        """A function with rows of parameters is a test for each row."""
        module = self.make(
            """
            @async_test
            @parametrize("n", [1, 2])
            async def test_many(n):
                ran.append(n)
            """
        )
        names = [test.id().rpartition(".")[2] for test in each_test(self.load(module))]
        self.assertEqual(names, ["test_many[1]", "test_many[2]"])
        self.assertEqual(self.run_suite(self.load(module)), ["ok"])
        self.assertEqual(module.ran, [1, 2])

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
