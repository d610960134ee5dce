"""@async_test and @async_hook, and the command line."""

from __future__ import annotations

import asyncio
import contextvars
import importlib.util
import inspect
import re
import sys
import textwrap
import unittest
from typing import Any

from asynctestkit import LoopError, UsageError, async_hook, async_test
from tests.outcomes import mask, run_class
from tests.programs import run_program

HAS_PYTEST = importlib.util.find_spec("pytest") is not None
COLOUR: contextvars.ContextVar[str] = contextvars.ContextVar("COLOUR", default="none")


class PlainCaseTest(unittest.TestCase):
    """Decorated methods of a plain TestCase."""

    def test_one_life(self) -> None:
        """Hooks and test share loop, task and context; the loop is closed after the last cleanup."""
        seen: list[object] = []
        loops: list[asyncio.AbstractEventLoop] = []

        class Case(unittest.TestCase):
            @async_hook
            async def setUp(self) -> None:
                COLOUR.set("red")
                self.addCleanup(lambda: seen.append(loops[0].is_closed()))
                loops.append(asyncio.get_running_loop())
                seen.append(asyncio.current_task())

            @async_test
            async def test(self) -> None:
                seen.extend([asyncio.current_task(), COLOUR.get()])

            @async_hook
            async def tearDown(self) -> None:
                seen.append(asyncio.current_task())

        self.assertEqual(run_class(Case), ["ok"])
        task = seen[0]
        self.assertEqual(seen, [task, task, "red", task, False])
        self.assertTrue(loops[0].is_closed())
        self.assertEqual(COLOUR.get(), "none")

    def test_class_hooks(self) -> None:
        """Class hooks, above or below @classmethod, run on the loop that the tests use; super() can be awaited."""
        loops: list[object] = []

        class Base(unittest.TestCase):
            @async_hook
            @classmethod
            async def setUpClass(cls) -> None:
                loops.append(asyncio.get_running_loop())

        class Case(Base):
            @classmethod
            @async_hook
            async def setUpClass(cls) -> None:
                await super().setUpClass()
                loops.append(asyncio.get_running_loop())

            @async_test
            async def test(self) -> None:
                loops.append(asyncio.get_running_loop())

            @async_hook
            @classmethod
            async def tearDownClass(cls) -> None:
                loops.append(asyncio.get_running_loop())

        self.assertEqual(run_class(Case), ["ok"])
        self.assertEqual((len(loops), len(set(loops))), (4, 1))
        assert isinstance(loops[0], asyncio.AbstractEventLoop)
        self.assertTrue(loops[0].is_closed())

    def test_failing_set_up(self) -> None:
        """A failing async setUp is the test's error, and its loop is closed."""
        loops: list[asyncio.AbstractEventLoop] = []

        class Case(unittest.TestCase):
            @async_hook
            async def setUp(self) -> None:
                loops.append(asyncio.get_running_loop())
                raise OSError("no")

            @async_test
            async def test(self) -> None:
                pass

        self.assertEqual(run_class(Case), ["errors: test: OSError: no"])
        self.assertTrue(loops[0].is_closed())

    def test_options(self) -> None:
        """loop_factory makes the loop of hooks and test; timeout ends a test that would never end."""

        class Loop(asyncio.SelectorEventLoop):
            pass

        class Case(unittest.TestCase):
            @async_hook
            async def setUp(self) -> None:
                self.loop = asyncio.get_running_loop()

            @async_test(loop_factory=Loop, timeout=0.01)
            async def test(self) -> None:
                assert type(self.loop) is Loop
                await asyncio.Event().wait()

        self.assertEqual(run_class(Case), ["errors: test: TimeoutError: test ran longer than its limit of 0.01 s"])

    def test_returned_value(self) -> None:
        """A decorated test that returns something fails like any."""

        class Case(unittest.TestCase):
            @async_test  # type: ignore[arg-type]  # the mistake that is tested
            async def test(self) -> int:
                return 1

        (line,) = run_class(Case)
        self.assertRegex(line, "^failures: test: asynctestkit.SilentPassError: .* returned 1; a test must return None$")


class ShapeTest(unittest.TestCase):
    """What is decorated still looks like what it was."""

    def test_function(self) -> None:
        """Signature, name, documentation, source and the original are kept."""

        async def test_one(name: str = "x") -> None:
            """Do one thing."""

        decorated = async_test(timeout=5)(test_one)
        self.assertFalse(inspect.iscoroutinefunction(decorated))
        self.assertEqual(inspect.signature(decorated), inspect.signature(test_one))
        self.assertEqual((decorated.__name__, decorated.__doc__), ("test_one", "Do one thing."))
        self.assertEqual(inspect.getsourcelines(decorated), inspect.getsourcelines(test_one))
        self.assertIs(inspect.unwrap(decorated), test_one)

    def test_called_by_hand(self) -> None:
        """A decorated function runs when it is called; from a running loop it says why it cannot."""
        seen: list[str] = []

        @async_test
        async def check() -> None:
            seen.append("ran")

        check()
        self.assertEqual(seen, ["ran"])

        async def main() -> None:
            with self.assertRaisesRegex(LoopError, "cannot be called from a running event loop"):
                check()

        asyncio.run(main())


class WrongTargetTest(unittest.TestCase):
    """Refused where it is written."""

    def refused(self, decorate: Any, target: Any) -> list[str]:
        with self.assertRaises(UsageError) as caught:
            decorate(target)
        return mask(str(caught.exception)).splitlines()

    def test_targets(self) -> None:
        """A plain function, a class, an async generator and a value are told what is wanted."""

        def plain() -> None:
            pass

        async def generator() -> Any:
            yield

        class Case(unittest.TestCase):
            pass

        for target, kind, fix in (
            (plain, "a plain function", "make it `async def`, or remove @async_test"),
            (generator, "an async generator function", "remove the yield"),
            (Case, "a class", "put @async_test on its async methods, or derive the class from AsyncTestCase"),
            (3, "3", "write @async_test or @async_test(option=value) above an `async def`"),
        ):
            with self.subTest(kind):
                first, *_, last = self.refused(async_test, target)
                self.assertRegex(first, rf"^@async_test needs a coroutine function, and .* is {re.escape(kind)}$")
                self.assertEqual(last.split("fix:")[1].strip(), fix)

    def test_hook_by_another_name(self) -> None:
        """A hook is one of unittest's."""

        async def set_up(self: Any) -> None:
            pass

        first, _, valid, _ = self.refused(async_hook, set_up)
        self.assertRegex(first, r"^@async_hook is for unittest's hooks, and .*set_up is none$")
        names = "setUp, tearDown, setUpClass, tearDownClass, setUpModule, tearDownModule (the last two at module level)"
        self.assertEqual(valid, f"  valid    {names}")

    def test_timeouts(self) -> None:
        """A timeout is a number above 0, or None."""

        async def test() -> None:
            pass

        for value in ("5", 0, -1, True, float("nan")):
            with self.subTest(value=value):
                first, _, fix = self.refused(async_test(timeout=value), test)  # type: ignore[arg-type]  # wrong on purpose
                self.assertEqual(first, f"timeout must be a number of seconds above 0, or None, not {value!r}")
                self.assertIn("write timeout = 5.0 for five seconds, timeout = None for no limit", fix)


FUNCTIONS = textwrap.dedent(
    """
    import asyncio, unittest
    from unittest import mock
    from asynctestkit import async_test, parametrize

    @async_test
    async def test_one():
        print("one")

    @unittest.skip("not now")
    @async_test
    async def test_skipped():
        print("never")

    @mock.patch("asyncio.sleep", new=None)
    @async_test(timeout=5)
    async def test_patched():
        assert asyncio.sleep is None
        print("patched")

    @async_test
    @parametrize("n", [1, 2])
    async def test_many(n):
        print("many", n)
    """
)


class FunctionsTest(unittest.TestCase):
    """Module-level test functions."""

    def run_module(self, *arguments: str) -> tuple[str, str]:
        outcome = run_program(FUNCTIONS, "-W", "error", "-m", *arguments)
        return outcome.stdout, outcome.stderr

    def test_unittest_finds_them(self) -> None:
        """In a module, by discovery: each once, with decorators above counted."""
        for arguments in (["unittest", "test_program"], ["unittest", "discover"], ["asynctestkit"]):
            with self.subTest(arguments):
                out, error = self.run_module(*arguments)
                self.assertEqual(sorted(out.splitlines()), ["many 1", "many 2", "one", "patched"])
                # 3.12.1 alone does not count skipped tests.
                self.assertRegex(error, r"Ran [45] tests in \S+\n\nOK \(skipped=1\)\n\Z")

    def test_one_of_them(self) -> None:
        """By -k, by the name of the function, and by the id that is shown."""
        for arguments in (
            ["unittest", "-k", "one", "test_program"],
            ["unittest", "test_program.test_one"],
            ["unittest", "test_program._async_tests.test_one"],
        ):
            with self.subTest(arguments):
                self.assertEqual(self.run_module(*arguments)[0], "one\n")
        self.assertEqual(self.run_module("asynctestkit", "-k", "test_many[2]", "test_program")[0], "many 2\n")

    @unittest.skipUnless(HAS_PYTEST, "pytest is not installed")
    def test_pytest_finds_them(self) -> None:
        """As the functions they are, once each, without any plugin of ours."""
        arguments = ["pytest", "-q", "-s", "-p", "no:cacheprovider", "-p", "no:asynctestkit"]
        out, _ = self.run_module(*arguments, "test_program.py")
        self.assertIn("4 passed, 1 skipped", out)
        out, _ = self.run_module(*arguments, "test_program.py::test_one")
        self.assertIn("1 passed", out)


SUITE = textwrap.dedent(
    """
    import sys
    from asynctestkit import AsyncTestCase

    class CommandTest(AsyncTestCase):
        async def test_passes(self):
            print("printed")

        async def test_fails(self):
            local = "seen"
            print("shown when it fails")
            self.assertEqual(1, 2)
    """
)


class CommandLineTest(unittest.TestCase):
    """`python -m asynctestkit` is `python -m unittest` by another name."""

    def both(self, *arguments: str) -> tuple[int, str]:
        """Return exit code and output, which must be the same from both but for times and the program's name."""
        runs = [run_program(SUITE, "-m", program, *arguments) for program in ("unittest", "asynctestkit")]
        texts = [
            mask(re.sub(r"in [\d.]+s|[\d.]+s +", "", run.stdout + run.stderr)).replace("asynctestkit", "unittest")
            for run in runs
        ]
        self.assertEqual(runs[0].returncode, runs[1].returncode)
        # How a usage line is wrapped depends on the length of the program's name.
        self.assertEqual(*(text.split() for text in texts))
        return runs[1].returncode, texts[1]

    def test_exit_codes(self) -> None:
        """0 for success, 1 for failures, 2 for a wrong command line, and what unittest says to no tests at all."""
        self.assertEqual(self.both("-k", "passes", "test_program")[0], 0)
        self.assertEqual(self.both("test_program")[0], 1)
        self.assertEqual(self.both("--nonsense")[0], 2)
        self.assertEqual(self.both("-k", "nothing", "test_program")[0], 5 if sys.version_info >= (3, 12) else 0)

    def test_options(self) -> None:
        """-v, -b, -f, --locals and discovery without arguments."""
        self.assertIn("test_passes (test_program.CommandTest.test_passes) ... ok", self.both("-v")[1])
        buffered = self.both("-b", "test_program")[1]
        self.assertEqual(("printed\n" in buffered, "shown when it fails" in buffered), (False, True))
        self.assertIn("local = 'seen'", self.both("--locals", "test_program")[1])
        self.assertIn("Ran 1 test", self.both("-f", "test_program")[1])

    def test_frames(self) -> None:
        """A failure shows the user's frames only; the switch shows all."""
        short = run_program(SUITE, "-m", "unittest", "test_program").stderr
        self.assertEqual(len(re.findall(r'File "', short)), 1)
        full = run_program(
            SUITE, "-m", "unittest", "test_program", variables={"ASYNCTESTKIT_FULL_TRACEBACK": "1"}
        ).stderr
        self.assertIn("asynctestkit", full)

    def test_fixtures(self) -> None:
        """--fixtures lists them with their places."""
        source = 'from asynctestkit import fixture\n@fixture(scope="class")\ndef one():\n    "First of all."\n'
        outcome = run_program(source, "-m", "asynctestkit", "--fixtures", "test_program")
        self.assertEqual(
            mask(outcome.stdout), "module test_program:\n  one  [scope=class]  test_program.py:N\n      First of all.\n"
        )
        self.assertEqual(run_program(source, "-m", "asynctestkit", "--fixtures", "nowhere").returncode, 2)


if __name__ == "__main__":
    unittest.main()
