"""Run classes whose hooks are faulty, and check what is told of which hook."""

from __future__ import annotations

import unittest

from asynctestkit.checks.watch import running
from tests.checks.faults import FaultCase


def name_of(cls: type) -> str:
    """Return what unittest calls a class."""
    return f"{cls.__module__}.{cls.__qualname__}"


def report_of(*classes: type[unittest.TestCase]) -> list[tuple[str, str]]:
    """Run classes; return the name and the text of what was reported."""
    result = unittest.TestResult()
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(cls) for cls in classes)
    suite.run(result)
    result.stopTestRun()  # the session ends
    return [
        (getattr(test, "_testMethodName", None) or test.id(), text) for test, text in result.errors + result.failures
    ]


class HookCase(FaultCase):
    """Runs a class with one faulty hook."""

    def assert_found(self, case: type[unittest.TestCase], hook: str, *headlines: str) -> str:
        """Run a class; check that one thing is reported, of one hook, with these first lines; return its text."""
        reports = report_of(case)
        self.assertEqual([name for name, _ in reports], [f"{hook} ({name_of(case)})"], reports)
        ((_, text),) = reports
        if "FindingError" in text:
            self.assertIn(f"{hook} ({name_of(case)})", text)
        for headline in headlines:
            self.assertIn(headline, text)
        self.assertEqual(running.watches, [])
        return text
