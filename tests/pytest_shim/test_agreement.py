"""A suite of a hundred tests has the same outcomes under `python -m unittest` and under pytest, test by test."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Final

from tests.programs import LIMIT, ROOT
from tests.pytest_shim.support import missing, run_pytest, written

SUITE: Final = """
from asynctestkit import AsyncTestCase, async_hook, async_test, fixture, parametrize


@fixture
async def number():
    yield 1


@fixture(scope="module")
async def wide():
    yield asyncio.get_running_loop()


async def act(kind):
    await asyncio.sleep(0)
    if kind == "fail":
        raise AssertionError("failed")
    if kind == "error":
        raise ValueError("broke")
    if kind == "skip":
        raise unittest.SkipTest("not here")


KINDS = ["pass", "fail", "error", "skip"]


class KindsTest(AsyncTestCase):
    @parametrize("kind", KINDS)
    @parametrize("n", range(6))
    async def test_body(self, kind, n):
        await act(kind)

    @parametrize("kind", KINDS)
    @parametrize("n", range(3))
    async def test_fixture(self, kind, n, number, wide):
        self.assertEqual(number, 1)
        await act(kind)

    @parametrize("n", range(6))
    @unittest.expectedFailure
    async def test_expected(self, n):
        await act("fail")

    @unittest.expectedFailure
    async def test_unexpected(self):
        pass

    @unittest.skip("not now")
    async def test_skipped(self):
        raise AssertionError("it ran")

    async def test_returns(self):
        return 1

    async def test_yields(self):
        yield 1


class SetUpTest(AsyncTestCase):
    async def asyncSetUp(self):
        await act(self._testMethodName.rpartition("_")[2])

    async def test_pass(self): pass
    async def test_fail(self): pass
    async def test_error(self): pass
    async def test_skip(self): pass


class TearDownTest(SetUpTest):
    async def asyncSetUp(self): pass

    async def asyncTearDown(self):
        await act(self._testMethodName.rpartition("_")[2])


class CleanupTest(SetUpTest):
    async def asyncSetUp(self):
        self.addAsyncCleanup(act, self._testMethodName.rpartition("_")[2])


class SharedTest(AsyncTestCase):
    @classmethod
    async def asyncSetUpClass(cls):
        cls.loop_of_class = asyncio.get_running_loop()

    @parametrize("kind", KINDS)
    @parametrize("n", range(3))
    async def test_it(self, kind, n):
        self.assertIs(asyncio.get_running_loop(), self.loop_of_class)
        await act(kind)


class PlainTest(unittest.TestCase):
    @async_hook
    async def setUp(self):
        self.task = asyncio.current_task()

    @async_test
    async def test_pass(self):
        self.assertIs(self.task, asyncio.current_task())

    @async_test
    async def test_fail(self):
        await act("fail")

    @async_test
    async def test_error(self):
        await act("error")


@async_test
@parametrize("kind", KINDS)
@parametrize("n", range(7))
async def test_function(kind, n, number):
    assert number == 1
    await act(kind)


@async_test(timeout=0.02)
async def test_overruns():
    await asyncio.Event().wait()
"""

UNDER_UNITTEST: Final = """
import io, json, sys, unittest

class Result(unittest.TestResult):
    outcomes = {}

    def note(self, test, outcome):
        self.outcomes.setdefault(test.id(), outcome)

    def addSuccess(self, test): self.note(test, "passed")
    def addFailure(self, test, error): self.note(test, "failed")
    def addError(self, test, error): self.note(test, "failed")
    def addSkip(self, test, reason): self.note(test, "skipped")
    def addExpectedFailure(self, test, error): self.note(test, "skipped")
    def addUnexpectedSuccess(self, test): self.note(test, "failed")

unittest.defaultTestLoader.loadTestsFromName("test_suite").run(Result())
print(json.dumps(Result.outcomes))
"""


def _plain(name: str) -> str:
    """Return a test's name without what only one of the runners puts there."""
    return re.sub(r"^test_suite\.(_async_tests\.)?", "", name)


@unittest.skipIf(missing(), missing() or "")
class AgreementTest(unittest.TestCase):
    """Each outcome is told as passed, failed or skipped; an expected failure counts as skipped, as pytest has it."""

    maxDiff = None

    def under_unittest(self) -> dict[str, str]:
        with written({"test_suite.py": SUITE}) as folder:
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            done = subprocess.run(
                [sys.executable, "-c", UNDER_UNITTEST],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=LIMIT,
                check=False,
            )
        found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
        return {_plain(name): outcome for name, outcome in found.items()}

    def under_pytest(self, *arguments: str) -> dict[str, str]:
        with written({}) as folder:
            report = Path(folder, "junit.xml")
            run_pytest({"test_suite.py": SUITE}, "-q", "-W", "ignore", f"--junit-xml={report}", *arguments)
            cases = list(ElementTree.parse(report).iter("testcase"))
        found: dict[str, str] = {}
        for case in cases:
            name = _plain(f"{case.get('classname')}.{case.get('name')}")
            kinds = {child.tag for child in case}
            failed = kinds & {"failure", "error"}
            found[name] = "failed" if failed else "skipped" if "skipped" in kinds else "passed"
        return found

    def test_outcomes(self) -> None:
        """Alone, and on two workers where xdist is installed."""
        expected = self.under_unittest()
        self.assertGreaterEqual(len(expected), 100)
        self.assertEqual(set(expected.values()), {"passed", "failed", "skipped"})
        self.assertEqual(self.under_pytest(), expected)
        if importlib.util.find_spec("xdist"):
            self.assertEqual(self.under_pytest("-n", "2"), expected)

    def test_without_the_plugin(self) -> None:
        """Methods agree without the plugin, too; functions that take fixtures of ours need it."""
        expected = {name: outcome for name, outcome in self.under_unittest().items() if "Test." in name}
        found = {
            name: outcome for name, outcome in self.under_pytest("-p", "no:asynctestkit").items() if "Test." in name
        }
        self.assertEqual(found, expected)


if __name__ == "__main__":
    unittest.main()
