"""Who says how long a test may take: the nearest one; and what cannot be said."""

from __future__ import annotations

import sys
import types
import unittest
from typing import Any, cast
from unittest import mock

import asynctestkit
from asynctestkit import AsyncTestCase, UsageError, async_test, limits, timeout
from tests.outcomes import refusal
from tests.programs import run_program

MODULE = "tests.made_up_for_limits"


def limit(cls: Any, test: Any = None) -> float | None:
    """Return the limit of a test of a class."""
    return limits.limit_of(cls, test, cls.__module__)


class OrderTest(unittest.TestCase):
    """The nearest one counts."""

    def setUp(self) -> None:
        self.module = types.ModuleType(MODULE)
        self.enterContext(mock.patch.dict(sys.modules, {MODULE: self.module}))
        self.enterContext(mock.patch.dict("os.environ"))
        self.addCleanup(limits.run.set())

    def case(self, **members: Any) -> Any:
        return type("Case", (AsyncTestCase,), {"__module__": MODULE, **members})

    def test_default(self) -> None:
        """Without a word it is a minute."""
        self.assertEqual(limit(self.case()), 60.0)

    def test_each_goes_before_the_next(self) -> None:
        """The test, the class, the module, the environment, the command line, the ini file."""
        found = []
        limits.run.set(ini_file=6.0)
        found.append(limit(self.case()))
        limits.run.set(ini_file=6.0, command_line=5.0)
        found.append(limit(self.case()))
        with mock.patch.dict("os.environ", {limits.VARIABLE: "4"}):
            limits.run.set(ini_file=6.0, command_line=5.0)
            found.append(limit(self.case()))
        exec("from asynctestkit import set_module_timeout\nset_module_timeout(3)", vars(self.module))
        found.append(limit(self.case()))
        case = self.case(timeout=2.0)
        found.append(limit(case))

        @timeout(1.0)
        def test() -> None:
            pass

        found.append(limit(case, test))
        self.assertEqual(found, [6.0, 5.0, 4.0, 3.0, 2.0, 1.0])

    def test_none(self) -> None:
        """None is said like any other limit."""
        self.assertIsNone(limit(self.case(timeout=None)))
        with mock.patch.dict("os.environ", {limits.VARIABLE: "None"}):
            limits.run.set()
            self.assertIsNone(limit(self.case()))

    def test_inherited(self) -> None:
        """A subclass has its base's limit, unless it says more; a decorator goes before the body."""
        base = self.case(timeout=2.0)
        derived = type("Derived", (base,), {})
        other = type("Other", (derived,), {"timeout": None})
        decorated = timeout(7)(type("Decorated", (other,), {"timeout": 3}))
        self.assertEqual([limit(cls) for cls in (derived, other, decorated)], [2.0, None, 7.0])

    def test_set_later(self) -> None:
        """A limit that is put on a class after its statement counts."""
        case = self.case(timeout=2.0)
        self.assertEqual(limit(case), 2.0)
        case.timeout = 3
        self.assertEqual(limit(case), 3.0)

    def test_names_of_the_suite(self) -> None:
        """What a suite calls `timeout` for itself stays its own."""
        for own in (lambda self: 5, property(lambda self: 5), True, "soon", object(), [5]):
            with self.subTest(own=own):
                self.assertEqual(limit(self.case(timeout=own)), 60.0)

    def test_async_test(self) -> None:
        """`@async_test(timeout=)` is a word of the test's; `@timeout` above it goes before it."""

        class Case(unittest.TestCase):
            @async_test(timeout=2)
            async def test_a(self) -> None:
                pass

            @timeout(3)
            @async_test(timeout=2)
            async def test_b(self) -> None:
                pass

            @async_test(timeout=None)
            async def test_c(self) -> None:
                pass

        self.assertEqual(
            [limit(Case, getattr(Case, name)) for name in ("test_a", "test_b", "test_c")], [2.0, 3.0, None]
        )


class RefusedTest(unittest.TestCase):
    """What cannot be is refused where it stands."""

    def test_class(self) -> None:
        """In the class statement."""
        for wrong in (0, -1, float("nan"), "5", " 2.5 s", "none"):
            with self.subTest(wrong=wrong), self.assertRaisesRegex(UsageError, "timeout must be a number of seconds"):
                type("Case", (AsyncTestCase,), {"timeout": wrong})

    def test_decorator(self) -> None:
        """A number that cannot be, a decorator without its number, a target that is no test."""
        for wrong in (0, "5", lambda: None):
            with self.subTest(wrong=wrong):
                self.assertIn("number of seconds", refusal(UsageError, lambda wrong=wrong: timeout(wrong)))
        self.assertIn("@timeout is for a test or a test class", refusal(UsageError, lambda: timeout(1)(cast("Any", 5))))

    def test_module_call(self) -> None:
        """A call from a function."""
        self.assertIn("from a function or a class", refusal(UsageError, lambda: asynctestkit.set_module_timeout(5)))

    def test_programs(self) -> None:
        """The command line and the environment, before any test runs."""
        source = "import asynctestkit\nclass Case(asynctestkit.AsyncTestCase):\n    def test(self): pass\n"
        for arguments, variables in (
            (("-m", "asynctestkit", "--timeout", "soon", "test_program"), {}),
            (("-m", "asynctestkit", "test_program"), {limits.VARIABLE: "-1"}),
        ):
            with self.subTest(arguments=arguments):
                done = run_program(source, *arguments, variables=variables)
                self.assertEqual(done.returncode, 2)
                self.assertIn("timeout must be a number of seconds above 0", done.stderr)
                self.assertNotIn("Traceback", done.stderr)

    def test_command_line(self) -> None:
        """What can be holds for the run, unless the environment says something else."""
        source = "import asyncio, asynctestkit\nclass Case(asynctestkit.AsyncTestCase):\n"
        source += "    async def test(self): await asyncio.sleep(30)\n"
        for variables, seconds in (({}, 0.1), ({limits.VARIABLE: "0.2"}, 0.2)):
            with self.subTest(variables=variables):
                done = run_program(source, "-m", "asynctestkit", "--timeout=0.1", "test_program", variables=variables)
                self.assertIn(f"TimeoutError: test exceeded its limit of {seconds} s in the body", done.stderr)
