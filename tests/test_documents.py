"""What the README and the examples show is run as they show it."""

from __future__ import annotations

import importlib.util
import re
import unittest

from tests.programs import ROOT, run, run_program

EXAMPLES = ROOT / "docs" / "examples"


class ReadmeTest(unittest.TestCase):
    """The README's program works, and its commands name what is there."""

    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    def test_program_passes(self) -> None:
        """The example in the README passes, with warnings as errors, and holds two tests."""
        (program,) = re.findall(r"```python\n(.*?)```", self.readme, re.DOTALL)
        outcome = run_program(program, "-W", "error", "-m", "unittest", "test_program")
        self.assertRegex(outcome.stderr, r"\A\.\.\n-+\nRan 2 tests in \S+\n\nOK\n\Z")

    def test_two_commands(self) -> None:
        """There are exactly two commands for a fresh clone, and each does its own set-up."""
        commands = re.findall(r"```sh\n(.*?)\n```", self.readme, re.DOTALL)
        self.assertEqual([command.split(" && ")[0] for command in commands], ["python3 -m venv .venv"] * 2)


class LimitsTest(unittest.TestCase):
    """What docs/limits.md shows is what can be written, and what is printed."""

    text = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")

    def test_program_passes(self) -> None:
        """The example passes, with warnings as errors."""
        (program,) = re.findall(r"```python\n(.*?)```", self.text, re.DOTALL)
        outcome = run_program(program, "-W", "error", "-m", "unittest", "test_program")
        self.assertRegex(outcome.stderr, r"Ran 1 test in \S+\n\nOK\n\Z")

    def test_reports(self) -> None:
        """Each report stands in what unittest says of the suite that hangs."""
        said = (ROOT / "tests" / "samples" / "hangs.unittest.out").read_text(encoding="utf-8")
        shown = re.findall(r"```text\n(.*?)```", self.text, re.DOTALL)
        self.assertEqual(len(shown), 2)
        for report in shown:
            self.assertIn(f"\n{report}\n", said)


class ExamplesTest(unittest.TestCase):
    """The example suite runs as a user would run it."""

    def count_in(self, text: str, pattern: str) -> int:
        found = re.search(pattern, text)
        self.assertIsNotNone(found, text)
        assert found is not None
        return int(found[1])

    def test_unittest_discovery(self) -> None:
        """`python -m unittest discover` in the folder runs all of them, with warnings as errors."""
        outcome = run("-W", "error", "-m", "unittest", "discover", cwd=EXAMPLES)
        self.assertTrue(outcome.stderr.endswith("\n\nOK\n"), outcome.stderr)
        self.assertGreater(self.count_in(outcome.stderr, r"Ran (\d+) tests"), 20)

    @unittest.skipUnless(importlib.util.find_spec("pytest"), "pytest is not installed")
    def test_pytest_runs_the_same(self) -> None:
        """pytest, without a plugin of ours, runs the same number of tests, and all pass."""
        by_unittest = run("-m", "unittest", "discover", "-s", "docs/examples")
        by_pytest = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "docs/examples")
        self.assertEqual(by_pytest.returncode, 0, by_pytest.stdout)
        self.assertEqual(
            self.count_in(by_pytest.stdout, r"(\d+) passed"), self.count_in(by_unittest.stderr, r"Ran (\d+) tests")
        )


if __name__ == "__main__":
    unittest.main()
