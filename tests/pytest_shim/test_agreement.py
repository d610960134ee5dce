"""A suite of a hundred tests has the same outcomes under `python -m unittest` and under pytest, test by test."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Final

from tests.programs import LIMIT, ROOT
from tests.pytest_shim.agreement import SUITE, TELLING, UNDER_PYTEST, UNDER_UNITTEST
from tests.pytest_shim.support import missing, run_pytest, tells_subtests, written

Outcomes = dict[str, list[str]]

FILES: Final = {"test_suite.py": SUITE, "telling.py": TELLING}


def _plain(outcomes: Outcomes) -> Outcomes:
    """Return the outcomes by names without what only one of the runners puts there."""
    if not tells_subtests():
        outcomes = {name: [kinds[0].partition(" in n=")[0]] for name, kinds in outcomes.items()}
    return {re.sub(r"^test_suite\.(_async_tests\.)?", "", name): kinds for name, kinds in outcomes.items()}


@functools.cache
def under_unittest() -> Outcomes:
    """Return each test's outcome: pass, fail, error, skip with its reason, expected failure, unexpected success."""
    with written(FILES) as folder:
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
    return _plain(json.loads(done.stdout.splitlines()[-1]))


@unittest.skipIf(missing(), missing() or "")
class AgreementTest(unittest.TestCase):
    """Failed subtests stand for the test that they are of."""

    maxDiff = None

    def under_pytest(self, *arguments: str, with_plugin: bool = True) -> Outcomes:
        with written({}) as folder:
            report = Path(folder, "found.json")
            finished = run_pytest(
                {**FILES, "conftest.py": UNDER_PYTEST},
                *("-q", "-W", "ignore", *arguments),
                environment={"FOUND": str(report)},
                with_plugin=with_plugin,
            )
            self.assertTrue(report.exists(), finished.stdout + finished.stderr)
            return _plain(json.loads(report.read_text(encoding="utf-8")))

    def expected(self, words: str = "") -> Outcomes:
        return {name: outcome for name, outcome in under_unittest().items() if words in name}

    def test_outcomes(self) -> None:
        """The same for every one."""
        self.assertEqual(self.under_pytest(), self.expected())

    @unittest.skipUnless(importlib.util.find_spec("xdist"), "pytest-xdist is not installed")
    def test_outcomes_on_two_workers(self) -> None:
        """And on two workers."""
        self.assertEqual(self.under_pytest("-n", "2"), self.expected())

    def test_without_the_plugin(self) -> None:
        """Methods agree without the plugin, too; functions that take fixtures of ours need it."""
        found = self.under_pytest(with_plugin=False)
        self.assertEqual({name: kinds for name, kinds in found.items() if "Test." in name}, self.expected("Test."))

    def test_variety(self) -> None:
        """They are more than a hundred, and every outcome is among them more than once."""
        kinds = [kind.partition(": ")[0] for kinds in under_unittest().values() for kind in kinds]
        self.assertGreater(len(under_unittest()), 100)
        for kind in ("pass", "fail", "error", "skip", "expected failure"):
            with self.subTest(kind):
                self.assertGreater(kinds.count(kind), 4)
        self.assertGreater(kinds.count("unexpected success"), 0)
        self.assertEqual(len([kind for kind in kinds if " in n=" in kind]), 6 if tells_subtests() else 0)


if __name__ == "__main__":
    unittest.main()
