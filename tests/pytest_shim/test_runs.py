"""What pytest's command line does to runs of async tests and fixtures: selection, stopping, plans, reports, workers."""

from __future__ import annotations

import importlib.util
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Final

from tests.pytest_shim.support import PluginTest, run_pytest, summary_of

SOURCE: Final = """
    events = []

    @pytest.fixture(scope="module")
    async def wide():
        print("open wide")
        yield asyncio.get_running_loop()
        print("close wide")

    @pytest.fixture
    async def narrow(wide):
        print("open narrow")
        yield wide
        print("close narrow")

    @pytest.fixture
    async def broken():
        raise ValueError("broken")

    async def test_a(narrow):
        await asyncio.sleep(0)

    @pytest.mark.slow
    async def test_b(narrow):
        assert await asyncio.sleep(0, 1) == 2

    async def test_c(broken): pass

    class TestClass:
        async def test_d(self, wide): pass

        def test_plain(self, narrow): pass
"""
MARKERS: Final = "markers = slow: takes long\n"


class SelectionTest(PluginTest):
    """Which tests are run."""

    def test_selected(self) -> None:
        """`-k`, `-m`, node ids and `--deselect` choose async tests by name, mark and place."""
        for arguments, expected in (
            (["-k", "test_a or test_d"], ["PASSED TestClass::test_d", "PASSED test_a", "2 passed, 3 deselected"]),
            (["-m", "not slow", "-k", "test_a or test_b"], ["PASSED test_a", "1 passed, 4 deselected"]),
            (["test_program.py::TestClass::test_d"], ["PASSED TestClass::test_d", "1 passed"]),
            (
                ["test_program.py::TestClass", "--deselect=test_program.py::TestClass::test_plain"],
                ["PASSED TestClass::test_d", "1 passed, 1 deselected"],
            ),
        ):
            with self.subTest(arguments):
                self.assertEqual(self.outcomes(SOURCE, *arguments, ini=MARKERS), expected)

    def test_collect_only(self) -> None:
        """`--collect-only` names all tests and runs nothing."""
        code, said = self.run_pytest(SOURCE, "--collect-only", "-s", ini=MARKERS)
        self.assertEqual(code, 0, said)
        self.assertEqual(
            said.splitlines()[:5],
            [
                "test_program.py::test_a",
                "test_program.py::test_b",
                "test_program.py::test_c",
                "test_program.py::TestClass::test_d",
                "test_program.py::TestClass::test_plain",
            ],
        )
        self.assertNotIn("open wide", said)


class StoppingTest(PluginTest):
    """Where a run ends early, and where the next one takes it up."""

    def test_first_failure(self) -> None:
        """`-x` ends at the first failure, in a test or an async fixture; what is open is closed, once."""
        for chosen, line in (
            ("not test_c", "FAILED test_b - assert 1 == 2"),
            ("not test_b", "ERROR test_c - ValueError: broken"),
        ):
            with self.subTest(chosen):
                _, said = self.run_pytest(SOURCE, "-x", "-s", "-k", chosen, ini=MARKERS)
                lines = summary_of(said)
                self.assertEqual(lines[0].replace("test_program.py::", ""), line)
                self.assertNotIn("test_d", "".join(lines))
                self.assertEqual((said.count("open wide"), said.count("close wide")), (1, 1), said)
                self.assertEqual(said.count("open narrow"), said.count("close narrow"))

    def test_next_run(self) -> None:
        """`--lf` runs what failed last time, `--ff` runs it first, `--sw` goes on where the last run stopped."""
        with tempfile.TemporaryDirectory() as folder:
            cached = ("-p", "cacheprovider", "-p", "stepwise", "-o", f"cache_dir={folder}")
            self.assertEqual(self.outcomes(SOURCE, *cached, ini=MARKERS)[-1], "1 failed, 3 passed, 1 error")
            last = self.outcomes(SOURCE, "--lf", *cached, ini=MARKERS)
            self.assertEqual(last[:-1], ["ERROR test_c - ValueError: broken", "FAILED test_b - assert 1 == 2"])
            first = self.run_pytest(SOURCE, "--ff", "-vv", *cached, ini=MARKERS)[1]
            self.assertLess(first.index("::test_c"), first.index("::test_a"))
            for expected in ("1 failed, 1 passed", "1 failed, 1 deselected"):
                stopped = self.outcomes(SOURCE, "--sw", *cached, ini=MARKERS)
                self.assertEqual(stopped[-1], expected)


class PlansTest(PluginTest):
    """What would be set up, and what is."""

    def test_setup_show(self) -> None:
        """`--setup-show` shows async fixtures where plain ones are shown, with their scopes."""
        _, said = self.run_pytest(SOURCE, "--setup-show", "-k", "test_a", ini=MARKERS)
        shown = [
            line.strip().replace(", request", "").replace("wide).", "wide) .")
            for line in said.splitlines()
            if "wide" in line or "narrow" in line
        ]
        self.assertEqual(
            shown[:5],
            [
                "SETUP    M wide",
                "SETUP    F narrow (fixtures used: wide)",
                "test_program.py::test_a (fixtures used: narrow, wide) .",
                "TEARDOWN F narrow",
                "TEARDOWN M wide",
            ],
        )
        self.assertIn("1 passed", said)

    def test_setup_plan(self) -> None:
        """`--setup-plan` shows the same and opens nothing, and runs nothing."""
        code, said = self.run_pytest(SOURCE, "--setup-plan", "-s", ini=MARKERS)
        self.assertEqual(code, 0, said)
        self.assertEqual((said.count("SETUP    M wide"), said.count("SETUP    F narrow")), (1, 3), said)
        self.assertNotIn("open", said)

    def test_setup_only(self) -> None:
        """`--setup-only` opens and closes async fixtures, and runs no test."""
        _, said = self.run_pytest(SOURCE, "--setup-only", "-s", "-k", "test_b", ini=MARKERS)
        self.assertEqual(said.count("open wide"), said.count("close wide"))
        self.assertEqual((said.count("open narrow"), said.count("close narrow")), (1, 1), said)
        self.assertNotIn("assert 1 == 2", said)


class ReportsTest(PluginTest):
    """What is told of a run."""

    def test_junit(self) -> None:
        """junit XML has each async test with its outcome, its properties and what its fixtures printed."""
        source = """
            @pytest.fixture
            async def loud():
                print("from a fixture")
                yield

            async def test_passes(loud, record_property):
                record_property("key", "value")

            async def test_fails():
                assert await asyncio.sleep(0, 1) == 2

            @pytest.fixture
            async def broken():
                raise ValueError("broken")

            async def test_error(broken): pass

            async def test_skips():
                pytest.skip("not here")
        """
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "junit.xml")
            self.run_pytest(
                source, f"--junit-xml={report}", "-o", "junit_logging=all", "-W", "ignore::pytest.PytestWarning"
            )
            suite = ElementTree.parse(report).getroot().find("testsuite")
        assert suite is not None
        counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
        self.assertEqual(counts, {"tests": "4", "failures": "1", "errors": "1", "skipped": "1"})
        cases = {str(case.get("name")): case for case in suite.iter("testcase")}
        self.assertEqual(
            {name: [child.tag for child in case if not child.tag.startswith("system")] for name, case in cases.items()},
            {
                "test_passes": ["properties"],
                "test_fails": ["failure"],
                "test_error": ["error"],
                "test_skips": ["skipped"],
            },
        )
        self.assertIn("from a fixture", cases["test_passes"].findtext("system-out", ""))
        self.assertGreater(min(float(case.get("time", "nan")) for case in cases.values()), -1)

    def test_durations(self) -> None:
        """`--durations` counts a phase's time where it was spent: in an async fixture, in the test, at its end."""
        source = """
            @pytest.fixture
            async def slow():
                await asyncio.sleep(0.03)
                yield
                await asyncio.sleep(0.03)

            async def test_it(slow):
                await asyncio.sleep(0.03)
        """
        _, said = self.run_pytest(source, "--durations=0", "--durations-min=0.02")
        for phase in ("setup", "call", "teardown"):
            with self.subTest(phase):
                self.assertRegex(said, rf"0\.\d\ds {phase} +test_program.py::test_it")


@unittest.skipUnless(importlib.util.find_spec("xdist"), "pytest-xdist is not installed")
class WorkersTest(PluginTest):
    """pytest-xdist."""

    def test_two_workers(self) -> None:
        """`-n 2` has the outcomes of a run without; the fixtures of each worker are its own."""
        files = {"test_program.py": SOURCE, "pytest.ini": f"[pytest]\n{MARKERS}"}
        for how in ("load", "loadscope"):
            with self.subTest(how):
                finished = run_pytest(files, "-q", "-rA", "-W", "error", "-n", "2", "--dist", how)
                lines = [line.replace("test_program.py::", "") for line in summary_of(finished.stdout)]
                self.assertEqual(lines, self.outcomes(SOURCE, ini=MARKERS), finished.stderr)

    def test_end_of_run(self) -> None:
        """What the workers have found or accepted is said once at the end, by the controller."""
        leak = """
            @pytest.mark.asyncio_event_loop
            async def test_it():
                test_it.task = asyncio.create_task(asyncio.sleep(60), name="left")
        """
        files = {f"test_{name}.py": leak for name in "abcd"} | {"pytest.ini": "[pytest]\n"}
        environment = {"ASYNCTESTKIT_CHECKS": "warn"}
        for workers in ((), ("-n", "2", "--dist", "loadfile")):
            with self.subTest(workers):
                finished = run_pytest(files, "-q", *workers, environment=environment)
                said = finished.stdout
                self.assertEqual(finished.returncode, 0, said)
                self.assertEqual(said.count("asynctestkit: findings"), 1, said)
                self.assertIn("asynctestkit: 4 findings, which fail no test", said)
                self.assertEqual(said.count("asynctestkit: accepted, without an effect"), 1, said)
                self.assertEqual(finished.stderr, "")


if __name__ == "__main__":
    unittest.main()
