"""What the plugin costs those who do not need it: what is loaded."""

from __future__ import annotations

import json
import subprocess
import sys
import unittest

from tests.programs import ROOT, plugin_options, run_program
from tests.pytest_shim.support import missing, run_pytest

IMPORT = f"""
import json, sys
import pytest
sys.path.insert(0, {str(ROOT)!r})
before = set(sys.modules)
import asynctestkit.pytest_plugin
new = sorted(set(sys.modules) - before)
print(json.dumps({{"new": new, "asyncio": "asyncio" in sys.modules}}))
"""

LIGHT = [
    "asynctestkit",
    "asynctestkit.pytest_plugin",
    "asynctestkit.pytest_shim",
    "asynctestkit.pytest_shim.options",
    "asynctestkit.pytest_shim.overrides",
    "asynctestkit.pytest_shim.private",
]

FAULTY = [
    "asynctestkit.checks.lasting",
    "asynctestkit.fixtures.ids",
    "asynctestkit.fixtures.live",
    "asynctestkit.fixtures.resolver",
    "asynctestkit.fixtures.wide",
    "asynctestkit.report.affinity",
    "asynctestkit.report.awaits",
    "asynctestkit.report.links",
    "asynctestkit.report.strangers",
    "asynctestkit.report.tasks",
    "asynctestkit.report.tree",
    "asynctestkit.report.waits",
]
"""What tells of hangs, of loops that are mixed up and of what outlives a test, and what serves fixtures."""

LOADED = """
import sys

def pytest_sessionfinish(session):
    print("loaded:", *sorted(name for name in sys.modules if name.partition(".")[0] == "asynctestkit"))
"""

CASE = """
import sys

import asynctestkit

class ACase(asynctestkit.AsyncTestCase):
    async def asyncSetUp(self):
        self.addAsyncCleanup(self.tidy_up)

    async def tidy_up(self): pass

    async def test_it(self): pass

def tearDownModule():
    print(*sorted(sys.modules))
"""


@unittest.skipIf(missing(), missing() or "")
class CostTest(unittest.TestCase):
    """In interpreters of their own."""

    def imported(self) -> dict[str, object]:
        done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    def test_import_loads_nothing(self) -> None:
        """Importing the plugin loads neither asyncio nor more of the package than is declared in every run."""
        answer = self.imported()
        self.assertEqual(answer["new"], LIGHT)
        self.assertFalse(answer["asyncio"])

    def test_plain_suites_load_nothing(self) -> None:
        """A run without anything async loads the plugin only."""
        source = """
            @pytest.fixture
            def value():
                yield 1

            class TestClass:
                def setup_method(self): pass

                def test_it(self, value): assert value == 1
        """
        test = "import pytest\n" + "\n".join(line[12:] for line in source.splitlines())
        finished = run_pytest(
            {"tests/plain_test.py": test, "plugin_that_tells.py": LOADED}, "-q", "-s", "-p", "plugin_that_tells"
        )
        self.assertIn("1 passed", finished.stdout, finished.stderr)
        self.assertIn(f"loaded: {' '.join(LIGHT)}\n", finished.stdout)

    def test_async_tests_load_nothing_that_tells_of_faults(self) -> None:
        """A run of async tests that pass and leave nothing has loaded none of what only other tests need."""
        source = "class TestClass:\n    async def test_it(self): pass\n\nasync def test_it(): pass\n"
        finished = run_pytest(
            {"test_async.py": source, "plugin_that_tells.py": LOADED}, "-q", "-s", "-p", "plugin_that_tells"
        )
        self.assertIn("2 passed", finished.stdout, finished.stderr)
        loaded = finished.stdout.partition("loaded:")[2].split()
        self.assertIn("asynctestkit.harness", loaded)
        self.assertEqual([name for name in FAULTY if name in loaded], [])

    def test_cases_load_nothing_that_tells_of_faults(self) -> None:
        """So it is with a case under unittest, its hooks and cleanups."""
        finished = run_program(CASE, "-m", "unittest", "-q", "test_program")
        self.assertEqual(finished.returncode, 0, finished.stderr)
        loaded = finished.stdout.split()
        self.assertIn("asynctestkit.harness", loaded)
        self.assertEqual([name for name in FAULTY if name in loaded], [])

    def test_pytest_started_where_we_are_imported(self) -> None:
        """A run in a process that has imported the package is told nothing of it."""
        options = ["-q", "-W", "error", "-p", "no:cacheprovider", *plugin_options()]
        started = f"import sys, asynctestkit, pytest; sys.exit(pytest.main({options!r}))"
        finished = run_program("def test_it(): pass", "-c", started)
        self.assertEqual((finished.returncode, finished.stderr), (0, ""), finished.stdout)


if __name__ == "__main__":
    unittest.main()
