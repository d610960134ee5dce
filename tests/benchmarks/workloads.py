"""What is measured, compared with what, and which limits hold.

To measure something new, write a function in `bodies` that builds it for `n` units and add a `Workload` to `WORKLOADS`;
the runner, the table and the JSON know nothing about any single row.

This module imports nothing from `asynctestkit` while it is loaded, so that the other rows are measured without it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.benchmarks.bodies import (
    TimedCall,
    after_many_loops,
    beside_a_heap,
    body_with_one_fixture,
    body_with_tasks,
    body_with_three_fixtures,
    case_with_fixtures,
    case_with_fixtures_by_hand,
    case_with_loop,
    kept_loop,
    new_loops,
    reprs,
    stock_case,
    stock_case_without_debug,
    suite,
    sync_case,
    trees,
    waiting_tasks,
)

TESTS_PER_SMALL_CLASS: Final = 20


@dataclass(frozen=True, kw_only=True)
class Against:
    """A comparison of one workload with another, by CPU time per unit."""

    baseline: str
    """Name of the other workload."""
    limit: float | None = None
    """The most that is allowed; None: the figure is for information."""
    added: bool = False
    """True: the difference is taken, in the workload's own unit; False: the ratio."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One row: how to build something of `n` units, how often, and what it is held against."""

    name: str
    group: str
    build: Callable[[int], TimedCall] | None = None
    """Makes the call that is timed; None where `statement` says what is timed instead."""
    statement: str | None = None
    """Python source that is timed in an interpreter that has imported nothing yet."""
    unit: str = "test"
    milliseconds: bool = False
    """The row's figures are shown in milliseconds instead of microseconds."""
    scale: int = 1
    """Units for every test that the command line asks for."""
    samples: int = 1
    """Samples for every round that the command line asks for."""
    against: tuple[Against, ...] = ()


SYNC: Final = "sync TestCase"
STOCK: Final = "IsolatedAsyncioTestCase"
TEST_LOOP: Final = "AsyncTestCase, loop per test"
CLASS_LOOP: Final = "AsyncTestCase, loop per class"
TASKS: Final = "AsyncTestCase, 1,000 short tasks in a test, checks off"
IMPORT: Final = "import asyncio, unittest"
REPRS: Final = "repr of waiting tasks"
PYTEST: Final = "import pytest"

test_loop_suite: Final = suite(case_with_loop("test"))
class_loop_suite: Final = suite(case_with_loop("class"))

GROWTH_LIMIT: Final = 1.1
"""What counts as "does not grow": a tenth is what two runs of the same thing may differ by."""
IMPORT_LIMIT_MS: Final = 10.0
REPORT_LIMIT_US: Final = 100.0
"""What a report may take for every task: 0.1 s for a thousand."""


def _grown(name: str, build: Callable[[int], TimedCall], *, limit: float | None = GROWTH_LIMIT) -> Workload:
    against = (Against(baseline=name, limit=limit),)
    return Workload(name=f"{name}, 10 x the tests", group="growth", build=build, scale=10, against=against)


def _imports(statement: str, *, after: str = IMPORT) -> Workload:
    against = () if statement == after else (Against(baseline=after, limit=IMPORT_LIMIT_MS, added=True),)
    full = statement if statement == after else f"{after}; {statement}"
    name = statement if statement == after else f"... {statement}"
    return Workload(
        name=name, group="import", statement=full, unit="import", milliseconds=True, samples=3, against=against
    )


def _plugin_imports() -> tuple[Workload, ...]:
    """Return what the pytest plugin adds to every run of pytest; nothing where pytest is not installed."""
    if importlib.util.find_spec("pytest") is None:
        return ()
    return _imports(PYTEST, after=PYTEST), _imports("import asynctestkit.pytest_plugin", after=PYTEST)


WORKLOADS: Final = (
    Workload(name=SYNC, group="tests", build=suite(sync_case, sync=True), against=(Against(baseline=STOCK),)),
    Workload(name=STOCK, group="tests", build=suite(stock_case)),
    Workload(
        name=f"{STOCK}, debug off",
        group="tests",
        build=suite(stock_case_without_debug),
        against=(Against(baseline=STOCK),),
    ),
    # What the checks may add comes on top of what the test itself may cost, 0.12 x.
    Workload(name=TEST_LOOP, group="tests", build=test_loop_suite, against=(Against(baseline=STOCK, limit=0.27),)),
    Workload(
        name=f"{TEST_LOOP}, checks off",
        group="tests",
        build=suite(case_with_loop("test", checks=False)),
        against=(Against(baseline=STOCK, limit=0.15),),
    ),
    Workload(
        name=CLASS_LOOP,
        group="tests",
        build=class_loop_suite,
        against=(Against(baseline=STOCK, limit=0.18), Against(baseline=SYNC)),
    ),
    Workload(
        name=f"{CLASS_LOOP}, checks off",
        group="tests",
        build=suite(case_with_loop("class", checks=False)),
        against=(Against(baseline=STOCK, limit=0.06), Against(baseline=SYNC, limit=1.8)),
    ),
    Workload(name=TASKS, group="checks", build=suite(case_with_loop("test", checks=False), body=body_with_tasks)),
    Workload(
        name="AsyncTestCase, 1,000 short tasks in a test",
        group="checks",
        build=suite(case_with_loop("test"), body=body_with_tasks),
        against=(Against(baseline=TASKS, limit=1.25),),
    ),
    Workload(
        name=f"{TEST_LOOP}, a million containers on the heap",
        group="checks",
        build=beside_a_heap(test_loop_suite),
        against=(Against(baseline=TEST_LOOP),),
    ),
    Workload(
        name=f"{CLASS_LOOP}, {TESTS_PER_SMALL_CLASS} tests each",
        group="tests",
        build=suite(case_with_loop("class"), per_class=TESTS_PER_SMALL_CLASS),
        against=(Against(baseline=STOCK), Against(baseline=SYNC)),
    ),
    # What a fixture may add comes on top of what the test itself may cost, 0.27 x.
    Workload(
        name=f"{TEST_LOOP}, one async fixture",
        group="fixtures",
        build=suite(case_with_fixtures, body=body_with_one_fixture),
        against=(Against(baseline=STOCK, limit=0.27 + 0.15), Against(baseline=TEST_LOOP)),
    ),
    Workload(
        name=f"{TEST_LOOP}, a chain of three",
        group="fixtures",
        build=suite(case_with_fixtures, body=body_with_three_fixtures),
        against=(Against(baseline=STOCK, limit=0.27 + 0.30), Against(baseline=TEST_LOOP)),
    ),
    Workload(
        name=f"{TEST_LOOP}, three contexts entered by hand",
        group="fixtures",
        build=suite(case_with_fixtures_by_hand),
        against=(Against(baseline=STOCK), Against(baseline=TEST_LOOP)),
    ),
    _grown(SYNC, suite(sync_case, sync=True), limit=None),
    _grown(TEST_LOOP, test_loop_suite),
    _grown(CLASS_LOOP, class_loop_suite),
    Workload(
        name=f"{TEST_LOOP}, many loops closed before",
        group="growth",
        build=after_many_loops(test_loop_suite),
        against=(Against(baseline=TEST_LOOP, limit=GROWTH_LIMIT),),
    ),
    Workload(
        name=f"{CLASS_LOOP}, many loops closed before",
        group="growth",
        build=after_many_loops(class_loop_suite),
        against=(Against(baseline=CLASS_LOOP, limit=GROWTH_LIMIT),),
    ),
    Workload(
        name="floor: new loop, run once, closed",
        group="floors",
        build=new_loops,
        unit="loop",
        against=(Against(baseline=STOCK),),
    ),
    Workload(
        name="floor: run_until_complete on a kept loop",
        group="floors",
        build=kept_loop,
        unit="run",
        against=(Against(baseline=STOCK),),
    ),
    Workload(name=REPRS, group="reports", build=waiting_tasks(reprs), unit="task"),
    Workload(
        name="format_tasks, waiting tasks",
        group="reports",
        build=waiting_tasks(trees),
        unit="task",
        against=(Against(baseline=REPRS, limit=REPORT_LIMIT_US, added=True),),
    ),
    _imports(IMPORT),
    _imports("import asynctestkit"),
    _imports("from asynctestkit import AsyncTestCase"),
    _imports("from asynctestkit import *"),
    *_plugin_imports(),
)

GROUPS: Final = tuple(dict.fromkeys(workload.group for workload in WORKLOADS))
