"""CPython's own tests of IsolatedAsyncioTestCase pass with AsyncTestCase in its place.

The tests are those of the interpreter that runs this file, so each Python version is held to its own. They run in
processes of their own, `python -m tests.test_cpython_suite stock` and `... asynctestkit`: the second puts AsyncTestCase
where `unittest` offers the stock class before the tests are imported. Each prints what became of every test.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import unittest
from pathlib import Path
from types import ModuleType
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
HOMES: Final = ("unittest.test.test_async_case", "test.test_unittest.test_async_case")
"""Where the tests are: up to Python 3.11, and since."""
OK: Final = "ok"
MISSING: Final = (
    "this interpreter comes without CPython's own tests (neither {} can be imported), as minimal builds do: Debian has "
    "them in libpython{}.{}-testsuite"
)


class CPythonSuiteTest(unittest.TestCase):
    """The installed `test_async_case`, once with the stock class and once with ours."""

    maxDiff = None
    stock: dict[str, str]
    ours: dict[str, str]

    @classmethod
    def setUpClass(cls) -> None:
        stock = outcomes_with("stock")
        if stock is None:
            raise unittest.SkipTest(MISSING.format(" nor ".join(HOMES), *sys.version_info[:2]))
        ours = outcomes_with("asynctestkit")
        assert ours is not None, "the tests are there with the stock class and gone with ours"
        cls.stock, cls.ours = stock, ours

    def test_every_test_passes_or_is_skipped_as_with_the_stock_class(self) -> None:
        """No test fails; one is skipped only where the stock class has it skipped, for the same reason."""
        wanted = {name: self.stock[name] if self.stock[name].startswith("skipped") else OK for name in self.stock}
        self.assertEqual(_listed(self.ours), _listed(wanted))

    def test_as_many_tests_run(self) -> None:
        """The same number of tests ran, and it is not zero."""
        self.assertGreater(len(self.stock), 0)
        self.assertEqual(len(self.ours), len(self.stock))


def outcomes_with(which: str) -> dict[str, str] | None:
    """Return what became of each test in a process of its own, by name; None where the tests are not installed."""
    command = [sys.executable, "-m", "tests.test_cpython_suite", which]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        raise AssertionError(f"the process with {which} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    outcomes: dict[str, str] | None = json.loads(done.stdout.splitlines()[-1])
    return outcomes


def _listed(outcomes: dict[str, str]) -> str:
    """Return the outcomes as text that a failure can show line by line."""
    return "\n".join(f"{name}: {outcome}" for name, outcome in sorted(outcomes.items()))


class _Outcomes(unittest.TestResult):
    """Notes one line for each test that was started, and for each fault of a class or module."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, str] = {}

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self.seen[test.id()] = "started, but no outcome was reported"

    def addSuccess(self, test: unittest.TestCase) -> None:
        super().addSuccess(test)
        self.seen[test.id()] = OK

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        self.seen[test.id()] = f"skipped: {reason}"

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        super().addError(test, err)
        self.seen[test.id()] = self.errors[-1][1]

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        super().addFailure(test, err)
        self.seen[test.id()] = self.failures[-1][1]

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.seen[subtest.id()] = "subtest failed"

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        super().addUnexpectedSuccess(test)
        self.seen[test.id()] = "unexpected success"


def _drive(which: str) -> dict[str, str] | None:
    """Run CPython's tests here, with the class that `which` names in the stock class's place."""
    if which == "asynctestkit":
        from asynctestkit import AsyncTestCase

        setattr(unittest, "IsolatedAsyncioTestCase", AsyncTestCase)  # mypy refuses the plain assignment
    try:
        module = _tests()
    except unittest.SkipTest as skipped:
        return {"module": f"skipped: {skipped}"}
    if module is None:
        return None
    outcomes = _Outcomes()
    unittest.defaultTestLoader.loadTestsFromModule(module).run(outcomes)
    return outcomes.seen


def _tests() -> ModuleType | None:
    for name in HOMES:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            # Only the tests' own absence counts; a name they fail to find is a fault worth seeing.
            if error.name is None or not name.startswith(error.name):
                raise
    return None


if __name__ == "__main__":
    print(json.dumps(_drive(sys.argv[1])))
