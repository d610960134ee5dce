"""The benchmark's own tests: that it runs and what it prints. No figure is asserted anywhere."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import unittest

from tests.benchmarks import bodies, runner, table, under_pytest, workloads
from tests.benchmarks.workloads import Against, Workload

SHAPE = """\
CPython #, medians of # interleaved rounds, every sample in a fresh process
units CPU wall left compared with target met
sync TestCase # # # us/test - # x IsolatedAsyncioTestCase
IsolatedAsyncioTestCase # # # us/test -
IsolatedAsyncioTestCase, debug off # # # us/test - # x IsolatedAsyncioTestCase
AsyncTestCase, loop per test # # # us/test - # x IsolatedAsyncioTestCase <= # x ?
AsyncTestCase, loop per test, checks off # # # us/test - # x IsolatedAsyncioTestCase <= # x ?
AsyncTestCase, loop per class # # # us/test - # x IsolatedAsyncioTestCase <= # x ?
# x sync TestCase
AsyncTestCase, loop per class, checks off # # # us/test - # x IsolatedAsyncioTestCase <= # x ?
# x sync TestCase <= # x ?
AsyncTestCase, # short tasks in a test, checks off # # # us/test -
AsyncTestCase, # short tasks in a test # # # us/test - # x AsyncTestCase, # short tasks in a test, checks off <= # x ?
AsyncTestCase, loop per test, a million containers on the heap # # # us/test - # x AsyncTestCase, loop per test
AsyncTestCase, loop per class, # tests each # # # us/test - # x IsolatedAsyncioTestCase
# x sync TestCase
AsyncTestCase, loop per test, one async fixture # # # us/test - # x IsolatedAsyncioTestCase <= # x ?
# x AsyncTestCase, loop per test
AsyncTestCase, loop per test, a chain of three # # # us/test - # x IsolatedAsyncioTestCase <= # x ?
# x AsyncTestCase, loop per test
AsyncTestCase, loop per test, three contexts entered by hand # # # us/test - # x IsolatedAsyncioTestCase
# x AsyncTestCase, loop per test
sync TestCase, # x the tests # # # us/test - # x sync TestCase
AsyncTestCase, loop per test, # x the tests # # # us/test - # x AsyncTestCase, loop per test <= # x ?
AsyncTestCase, loop per class, # x the tests # # # us/test - # x AsyncTestCase, loop per class <= # x ?
AsyncTestCase, loop per test, many loops closed before # # # us/test - # x AsyncTestCase, loop per test <= # x ?
AsyncTestCase, loop per class, many loops closed before # # # us/test - # x AsyncTestCase, loop per class <= # x ?
floor: new loop, run once, closed # # # us/loop - # x IsolatedAsyncioTestCase
floor: run_until_complete on a kept loop # # # us/run - # x IsolatedAsyncioTestCase
repr of waiting tasks # # # us/task -
format_tasks, waiting tasks # # # us/task - # us repr of waiting tasks <= # us ?
import asyncio, unittest # # # ms/import -
... import asynctestkit # # # ms/import - # ms import asyncio, unittest <= # ms ?
... from asynctestkit import AsyncTestCase # # # ms/import - # ms import asyncio, unittest <= # ms ?
... from asynctestkit import * # # # ms/import - # ms import asyncio, unittest <= # ms ?
import pytest # # # ms/import -
... import asynctestkit.pytest_plugin # # # ms/import - # ms import pytest <= # ms ?
# of # targets met"""

EXACT = """\
CPython 3.11.0, medians of 5 interleaved rounds, every sample in a fresh process

             units      CPU     wall             left          compared  with             target  met

stock        1,000  1,500.0  1,600.0  us/test    -
ours         1,000    150.0    160.0  us/test    2 fd, 1 task   0.100 x  stock         <= 0.15 x  yes
                                                                3.000 x  sync           <= 1.8 x  NO

import ours      1     81.2     90.1  ms/import  -              +4.2 ms  import stock   <= 10 ms  yes

2 of 3 targets met"""


def shape(text: str) -> str:
    """Return `text` with figures, verdicts and the width of the columns taken out."""
    text = re.sub(r"[+-]?\d[\d,.]*\b", "#", text)
    text = re.sub(r"\b(yes|NO)$", "?", text, flags=re.MULTILINE)
    return "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())


def report() -> runner.Report:
    """Return a report made by hand."""
    stock = Workload(name="stock", group="tests")
    ours = Workload(name="ours", group="tests")
    package = Workload(name="import ours", group="import", unit="import", milliseconds=True)
    ratios = (
        runner.Comparison(baseline="stock", value=0.1, limit=0.15, added=False),
        runner.Comparison(baseline="sync", value=3.0, limit=1.8, added=False),
    )
    added = (runner.Comparison(baseline="import stock", value=0.0042, limit=0.01, added=True),)
    return runner.Report(
        python="CPython 3.11.0",
        rounds=5,
        rows=(
            runner.Row(stock, 1000, 1.5e-3, 1.6e-3, {}, ()),
            runner.Row(ours, 1000, 1.5e-4, 1.6e-4, {"fd": 2, "task": 1}, ratios),
            runner.Row(package, 1, 0.0812, 0.0901, {}, added),
        ),
    )


class RunTest(unittest.TestCase):
    """The command line, with suites so small that only the output's shape means anything."""

    maxDiff = None

    def test_every_workload_runs_and_leaves_nothing(self) -> None:
        """One tiny round of everything prints the whole table; its "left" column shows a dash in every row."""
        command = [sys.executable, "-m", "tests.benchmarks", "--rounds", "1", "--tests", "2"]
        done = subprocess.run(command, cwd=runner.ROOT, capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")
        expected = SHAPE if importlib.util.find_spec("pytest") else re.sub(r"(?m)^.*import .*pytest.*\n", "", SHAPE)
        self.assertEqual(shape(done.stdout), expected)
        self.assertEqual(done.returncode, 0)


class PrintTest(unittest.TestCase):
    """What is printed for figures that are known."""

    maxDiff = None

    def test_table_is_aligned(self) -> None:
        """Numbers stand right, words left; a second comparison has its own line; a missed target is in capitals."""
        self.assertEqual(table.as_text(report()), EXACT)

    def test_json_holds_seconds_and_verdicts(self) -> None:
        """A comparison tells its kind, value, limit and verdict; times are seconds per unit."""
        rows = json.loads(table.as_json(report()))["rows"]
        self.assertEqual(
            rows[2],
            {
                "group": "import",
                "name": "import ours",
                "unit": "import",
                "units": 1,
                "cpu": 0.0812,
                "wall": 0.0901,
                "left": {},
                "comparisons": [
                    {"baseline": "import stock", "kind": "added", "value": 0.0042, "limit": 0.01, "met": True}
                ],
            },
        )


class RegistryTest(unittest.TestCase):
    """The table of workloads fits together."""

    def test_names_are_unique(self) -> None:
        """Samples are kept by name."""
        names = [workload.name for workload in workloads.WORKLOADS]
        self.assertEqual(len(names), len(set(names)))

    def test_comparisons_pair_sample_by_sample(self) -> None:
        """A baseline exists, and is sampled as often as what it is compared with."""
        samples = {workload.name: workload.samples for workload in workloads.WORKLOADS}
        pairs = {
            (workload.samples, samples.get(entry.baseline))
            for workload in workloads.WORKLOADS
            for entry in workload.against
        }
        self.assertLessEqual(pairs, {(1, 1), (3, 3)})

    def test_a_workload_is_built_or_stated(self) -> None:
        """Exactly one of `build` and `statement` says what is timed."""
        both = [one.name for one in workloads.WORKLOADS if (one.build is None) == (one.statement is None)]
        self.assertEqual(both, [])

    def test_a_group_brings_its_baselines(self) -> None:
        """What is compared with another group's row has that row measured too."""
        first = Workload(name="first", group="a")
        second = Workload(name="second", group="a")
        third = Workload(name="third", group="b", against=(Against(baseline="second"),))
        self.assertEqual(runner.selected((first, second, third), ["b"]), (second, third))

    def test_samples_to_compare_are_taken_close_together(self) -> None:
        """A workload follows its baseline, whichever group it is shown in; every other turn goes backwards."""
        base = Workload(name="base", group="a")
        other = Workload(name="other", group="a")
        grown = Workload(name="grown", group="b", against=(Against(baseline="base"),))
        often = Workload(name="often", group="c", samples=3)
        turns = [[one.name for one in turn] for turn in runner.schedule((base, other, grown, often), rounds=2)]
        once = ["base", "grown", "other", "often"]
        self.assertEqual(turns, [once, ["often"], ["often"], once[::-1], ["often"], ["often"]])

    def test_a_failing_suite_is_no_figure(self) -> None:
        """A suite that did not pass raises instead of being timed."""

        class Failing(unittest.TestCase):
            def setUp(self) -> None:
                self.fail("on purpose")

        timed = bodies.suite(lambda: Failing, sync=True)(3)
        with self.assertRaisesRegex(RuntimeError, "3 passing tests were wanted"):
            timed()


class UnderPytestTest(unittest.TestCase):
    """The benchmark under pytest."""

    def test_ratios(self) -> None:
        """A row is a ratio of another within a round, less the row without what is measured."""
        times = {"base": [2.0, 4.0], "plain": [1.0, 1.0], "more": [2.0, 3.0]}
        row = under_pytest.Row(lambda count: "", (), against="base", over="plain")
        self.assertEqual(under_pytest.ratios("more", row, times), [0.5, 0.5])
        self.assertEqual(under_pytest.ratios("more", row._replace(over=""), times), [1.0, 0.75])

    @unittest.skipUnless(importlib.util.find_spec("pytest"), "pytest is not installed")
    def test_rows_pass(self) -> None:
        """Each row of ours is a suite that passes; one that does not stops the benchmark."""
        rows = {name: row for name, row in under_pytest.ROWS.items() if not row.peers}
        times = under_pytest.measure(rows, tests=2, rounds=1, peers=None)
        self.assertEqual({name: len(taken) for name, taken in times.items()}, dict.fromkeys(rows, 1))
        failing = {"fails": under_pytest.Row(lambda count: "def test(): assert False", ())}
        with self.assertRaisesRegex(SystemExit, "1 failed"):
            under_pytest.measure(failing, tests=1, rounds=0, peers=None)


if __name__ == "__main__":
    unittest.main()
