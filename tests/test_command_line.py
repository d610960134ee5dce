"""`python -m asynctestkit` beside `python -m unittest`: the same output and exit code, and what it does beyond."""

from __future__ import annotations

import re
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

from tests.outcomes import mask
from tests.programs import run, run_program

FILES = {
    "test_mixed.py": """
        import unittest
        from asynctestkit import AsyncTestCase, async_test

        class MixedTest(AsyncTestCase):
            async def test_errs(self):
                local = "seen"
                raise OSError("no")

            async def test_fails(self):
                print("said in test_fails")
                self.assertEqual(1, 2)

            async def test_passes(self):
                print("said in test_passes")

            @unittest.skip("not now")
            async def test_skipped(self):
                pass

        @async_test
        async def test_function():
            print("said in test_function")
        """,
    "test_green.py": """
        from asynctestkit import AsyncTestCase

        class GreenTest(AsyncTestCase):
            async def test_green(self):
                pass
        """,
    "other/check_it.py": """
        import unittest
        from asynctestkit import async_test

        class CheckIt(unittest.TestCase):
            @async_test
            async def test_it(self):
                pass
        """,
    "broken/test_broken.py": "import no_such_module\n",
    "unexpected/test_unexpected.py": """
        import unittest
        from asynctestkit import AsyncTestCase

        class UnexpectedTest(AsyncTestCase):
            @unittest.expectedFailure
            async def test_unexpected(self):
                pass
        """,
    "skipped/test_skipped.py": """
        import unittest
        raise unittest.SkipTest("not here")
        """,
    "hooks/test_hooks.py": """
        from asynctestkit import AsyncTestCase

        class HooksTest(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls):
                raise OSError("no server")

            async def test_never_runs(self):
                pass
        """,
    "interrupted/test_interrupted.py": """
        import os, signal
        from asynctestkit import AsyncTestCase

        class InterruptedTest(AsyncTestCase):
            async def test_1_interrupts(self):
                os.kill(os.getpid(), signal.SIGINT)

            async def test_2_never_runs(self):
                self.fail("it ran")
        """,
}

NO_TESTS_LEFT = re.compile(r"Ran 0 tests in N s\n\n.*\(")
NO_TESTS = 5 if sys.version_info >= (3, 12) else 0


class CommandLineCase(unittest.TestCase):
    """Runs both programs in a folder with the files above."""

    maxDiff = None
    folder: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        for name, source in FILES.items():
            path = cls.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(textwrap.dedent(source).lstrip(), encoding="utf-8")

    def both(self, *arguments: str, cwd: str = ".") -> tuple[int, str]:
        """Return exit code and output, the same from both programs but for durations."""
        runs = [run("-W", "error", "-m", program, *arguments, cwd=self.folder / cwd) for program in PROGRAMS]
        texts = [
            re.sub(r"\d+\.\d{3}s", "N s", f"{each.stdout}--- stderr\n{each.stderr}").replace(str(self.folder), "")
            for each in runs
        ]
        self.assertEqual(texts[1], texts[0])
        self.assertEqual(runs[1].returncode, runs[0].returncode)
        return runs[1].returncode, texts[1]


PROGRAMS = ("unittest", "asynctestkit")


class ExitCodeTest(CommandLineCase):
    """What the shell is told."""

    def check(self, code: int, *arguments: str, cwd: str = ".", said: str = "") -> None:
        found, text = self.both(*arguments, cwd=cwd)
        if NO_TESTS_LEFT.search(text):  # where skips and errors leave no test to run, versions differ
            self.assertIn(found, (code, 5), text)
        else:
            self.assertEqual(found, code, text)
        self.assertIn(said, text)

    def test_success(self) -> None:
        """0 where all pass or are skipped."""
        self.check(0, "test_green", said="OK\n")
        self.check(0, cwd="skipped", said=" (skipped=1)\n")

    def test_failure(self) -> None:
        """1 for failures, errors, unexpected successes, broken class hooks and modules that cannot be imported."""
        self.check(1, "test_mixed", said="FAILED (failures=1, errors=1, skipped=1)\n")
        self.check(1, cwd="unexpected", said="FAILED (unexpected successes=1)\n")
        self.check(1, cwd="broken", said="No module named 'no_such_module'\n")
        self.check(1, "test_green.GreenTest.test_nothing", said="has no attribute 'test_nothing'")

    def test_broken_class_hook(self) -> None:
        """What unittest says where a class hook fails and no test is left to run."""
        self.check(1, cwd="hooks", said="FAILED (errors=1)\n")

    def test_wrong_arguments(self) -> None:
        """2 for an option that does not exist; the usage line differs by the program's name alone."""
        runs = [run("-m", program, "--nonsense", cwd=self.folder) for program in PROGRAMS]
        self.assertEqual([each.returncode for each in runs], [2, 2])
        self.assertTrue(runs[1].stderr.startswith("usage: python -m asynctestkit "), runs[1].stderr)
        self.assertEqual(*(_same_name(each.stderr) for each in runs))

    def test_no_tests(self) -> None:
        """5 from Python 3.12 on, 0 before, where there is nothing to run."""
        self.check(NO_TESTS, "-k", "nothing_of_that_name", "test_green")
        self.check(NO_TESTS, "discover", "-p", "nothing*.py")


class OptionsTest(CommandLineCase):
    """Options, each compared with unittest's output as a whole."""

    def test_discovery(self) -> None:
        """Without arguments all tests below are found; `discover` takes folder and pattern."""
        code, text = self.both("-v")
        self.assertEqual(code, 1)
        self.assertIn("test_function (test_mixed._async_tests.test_function) ... ok\n", text)
        self.assertIn("test_green (test_green.GreenTest.test_green) ... ok\n", text)
        self.assertEqual(self.both("discover", "-s", "other", "-p", "check*.py")[0], 0)
        self.assertEqual(self.both("discover", "other", "check*.py")[0], 0)

    def test_names(self) -> None:
        """Modules, files, classes, methods and functions."""
        for name in (
            "test_green",
            "test_green.py",
            "test_green.GreenTest",
            "test_green.GreenTest.test_green",
            "test_mixed.test_function",
            "test_mixed._async_tests.test_function",
        ):
            with self.subTest(name):
                self.assertEqual(self.both("-v", name)[0], 0)

    def test_pattern(self) -> None:
        """`-k` with a word and with a wildcard."""
        _, text = self.both("-v", "-k", "passes", "-k", "*Green*", "-k", "test_func*")
        self.assertIn("Ran 2 tests", text)
        self.assertNotIn("test_fails", text)

    def test_failfast(self) -> None:
        """`-f` stops after the first failure."""
        self.assertIn("\nRan 1 test in N s\n\nFAILED (errors=1)\n", self.both("-f", "test_mixed.MixedTest")[1])

    def test_buffer(self) -> None:
        """`-b` shows what failing tests print, and only that."""
        _, text = self.both("-b", "test_mixed")
        self.assertEqual(set(re.findall(r"said in \w+", text)), {"said in test_fails"})

    def test_locals(self) -> None:
        """`--locals` shows those of the user's frame."""
        _, text = self.both("--locals", "test_mixed.MixedTest.test_errs")
        self.assertIn("    local = 'seen'\n", text)
        self.assertEqual(text.count('File "'), 1)

    def test_catch(self) -> None:
        """`-c`: after Ctrl-C the running test ends as it would, and no other begins."""
        _, text = self.both("-c", "-v", cwd="interrupted")
        self.assertIn("test_1_interrupts", text)
        self.assertNotIn("test_2", text)

    @unittest.skipUnless(hasattr(unittest.TestResult, "addDuration"), "this unittest knows no durations")
    def test_durations(self) -> None:
        """`--durations` lists the slowest tests."""
        _, text = self.both("--durations", "1", "-v", "test_green")
        self.assertRegex(text, r"\nN s +test_green \(test_green\.GreenTest\.test_green\)\n")

    def test_quiet(self) -> None:
        """`-q`."""
        self.assertEqual(self.both("-q", "test_green")[0], 0)

    def test_help(self) -> None:
        """`--help`, for tests by name and for discovery, names our program wherever unittest's names its own."""
        for arguments in (["--help"], ["discover", "--help"]):
            with self.subTest(arguments):
                runs = [run("-m", program, *arguments, cwd=self.folder) for program in PROGRAMS]
                self.assertEqual([each.returncode for each in runs], [0, 0])
                self.assertTrue(runs[1].stdout.startswith("usage: python -m asynctestkit"), runs[1].stdout)
                self.assertNotIn("python -m unittest", runs[1].stdout)
                self.assertNotIn("__main__.py", runs[1].stdout)
                self.assertEqual(*(_same_name(each.stdout) for each in runs))


OWN = """
from asynctestkit import async_test, fixture, parametrize

@fixture(scope="class")
def one():
    "First of all."

@async_test
@parametrize("n", [1, 2])
async def test_many(n):
    print("many", n)
"""


class BeyondUnittestTest(unittest.TestCase):
    """What unittest's command line does not do."""

    def test_fixtures(self) -> None:
        """`--fixtures` lists those of a module with their places; 2 for a module that is not there."""
        outcome = run_program(OWN, "-m", "asynctestkit", "--fixtures", "test_program")
        self.assertEqual(
            mask(outcome.stdout), "module test_program:\n  one  [scope=class]  test_program.py:N\n      First of all.\n"
        )
        self.assertEqual(run_program(OWN, "-m", "asynctestkit", "--fixtures", "nowhere").returncode, 2)

    def test_pattern_with_brackets(self) -> None:
        """In `-k` a bracket is itself, so that one of the tests of a parametrised function can be chosen."""
        outcome = run_program(OWN, "-W", "error", "-m", "asynctestkit", "-k", "test_many[2]", "test_program")
        self.assertEqual(outcome.stdout, "many 2\n")

    def test_pattern_with_a_set_of_characters(self) -> None:
        """Where no test is called so, a bracket is what it is to `python -m unittest`: a set of characters."""
        for program in ("unittest", "asynctestkit"):
            with self.subTest(program=program):
                outcome = run_program(OWN, "-W", "error", "-m", program, "-k", "test_[jk]", "test_program")
                self.assertEqual(outcome.stdout, "")
                outcome = run_program(OWN, "-W", "error", "-m", program, "-k", "test_[m]any", "test_program")
                self.assertEqual(outcome.stdout.splitlines(), ["many 1", "many 2"])


def _same_name(text: str) -> list[str]:
    """Return the words of a usage text, which is wrapped by the length of the program's name."""
    text = re.sub(r"\[--timeout\s+SECONDS\]|--timeout\s+SECONDS\s+real.*?no\s+limit", "", text, flags=re.DOTALL)  # ours
    text = re.sub(r"\bpython\S* -m (?:unittest|asynctestkit)\b", "PROGRAM", text)
    return re.sub(r"(?m)^(\s*)asynctestkit\b", r"\1PROGRAM", text).split()


if __name__ == "__main__":
    unittest.main()
