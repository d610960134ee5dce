"""What is measured, compared with what, and which limits hold.

To measure something new, write a function that builds it for `n` units and add a `Workload` to `WORKLOADS`; the
runner, the table and the JSON know nothing about any single row. Rules that keep the rows comparable:

1. A suite is one class with `n` distinct trivial test methods, made for the sample. Not one method `n` times: what a
   base class keeps per function would then always be found, and work that grows with the size of a class (looking
   through all its methods for every test, say) would not show. Real suites have smaller classes, so one row has
   twenty tests to a class.
2. The clock runs from the making of the class to the end of the run: class, instances, `TestSuite.run` with a plain
   `TestResult`. Where a base class does its work must not matter. The functions themselves exist before.
3. The result is looked at: a workload that ran fewer tests than asked, or failed one, stops the benchmark.
4. This module imports nothing from `asynctestkit` while it is loaded, so that the other rows are measured without it.
"""

from __future__ import annotations

import asyncio
import importlib.util
import unittest
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

TimedCall = Callable[[], None]
"""What the clock is put around; it raises when the work was not done."""

TESTS_PER_SMALL_CLASS: Final = 20
LOOPS_CLOSED_BEFORE: Final = 5
"""How many loops are opened and closed before the row that looks for what they leave, as a multiple of the tests."""


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


def sync_case() -> type[unittest.TestCase]:
    """Return the base class of plain synchronous tests."""
    return unittest.TestCase


def stock_case() -> type[unittest.TestCase]:
    """Return the base class that AsyncTestCase stands in for."""
    return unittest.IsolatedAsyncioTestCase


def stock_case_without_debug() -> type[unittest.TestCase]:
    """Return the stock base class with its loop's debug mode off, through the hook that real suites use for it."""

    class WithoutDebug(unittest.IsolatedAsyncioTestCase):
        def _setupAsyncioRunner(self) -> None:
            self._asyncioRunner = asyncio.Runner(debug=False)

    return WithoutDebug


def case_with_loop(scope: str, *, checks: bool = True) -> Callable[[], type[unittest.TestCase]]:
    """Return a function that makes an AsyncTestCase with the given loop scope, with the default checks or with none."""

    def make() -> type[unittest.TestCase]:
        from asynctestkit import AsyncTestCase, fail_on
        from asynctestkit.report.findings import KINDS

        made = type("Base", (AsyncTestCase,), {"loop_scope": scope, "__module__": __name__})
        return made if checks else fail_on(**dict.fromkeys(KINDS, False))(made)

    return make


def case_with_fixtures() -> type[unittest.TestCase]:
    """Return an AsyncTestCase with a chain of three async generator fixtures."""
    from asynctestkit import AsyncTestCase, fixture

    class WithFixtures(AsyncTestCase):
        @fixture
        async def first(self) -> AsyncIterator[int]:
            yield 1

        @fixture
        async def second(self, first: int) -> AsyncIterator[int]:
            yield first + 1

        @fixture
        async def third(self, second: int) -> AsyncIterator[int]:
            yield second + 1

    return WithFixtures


def case_with_fixtures_by_hand() -> type[unittest.TestCase]:
    """Return an AsyncTestCase that enters three async context managers in its asyncSetUp."""
    from asynctestkit import AsyncTestCase

    class ByHand(AsyncTestCase):
        async def asyncSetUp(self) -> None:
            for number in range(3):
                await self.enterAsyncContext(_resource(number))

    return ByHand


@asynccontextmanager
async def _resource(number: int) -> AsyncIterator[int]:
    yield number


def suite(
    base: Callable[[], type[unittest.TestCase]],
    *,
    body: Callable[[], Callable[..., Any]] | None = None,
    sync: bool = False,
    per_class: int | None = None,
) -> Callable[[int], TimedCall]:
    """Return a builder of suites of trivial tests, or of what `body` makes, on the base class that `base` returns."""
    make = body or (_sync_body if sync else _async_body)

    def build(count: int) -> TimedCall:
        case = base()
        bodies = {f"test_{number:06}": make() for number in range(count)}
        size = per_class or count

        def run() -> None:
            result = unittest.TestResult()
            unittest.TestSuite(_tests(case, bodies, size)).run(result)
            if result.testsRun != count or not result.wasSuccessful():
                raise RuntimeError(f"{result!r} where {count} passing tests were wanted: {result.errors[:1]}")

        return run

    return build


def _tests(base: type[unittest.TestCase], bodies: dict[str, Any], size: int) -> Iterator[unittest.TestCase]:
    names = list(bodies)
    for start in range(0, len(names), size):
        chunk = names[start : start + size]
        case = type("Case", (base,), {"__module__": __name__, **{name: bodies[name] for name in chunk}})
        yield from map(case, chunk)


def _sync_body() -> Callable[[unittest.TestCase], None]:
    def body(self: unittest.TestCase) -> None:
        pass

    return body


def _async_body() -> Callable[[unittest.TestCase], Any]:
    async def body(self: unittest.TestCase) -> None:
        pass

    return body


def _body_with_tasks() -> Callable[[unittest.TestCase], Any]:
    async def body(self: unittest.TestCase) -> None:
        for _ in range(SHORT_TASKS):
            await asyncio.create_task(_nothing_to_do())

    return body


def beside_a_heap(build: Callable[[int], TimedCall]) -> Callable[[int], TimedCall]:
    """Return a builder that does what `build` does in a process that holds a million containers."""

    def made(count: int) -> TimedCall:
        run, heap = build(count), [[number] for number in range(1_000_000)]

        def run_beside() -> None:
            run()
            assert heap

        return run_beside

    return made


def _body_with_one_fixture() -> Callable[..., Any]:
    async def body(self: unittest.TestCase, first: int) -> None:
        pass

    return body


def _body_with_three_fixtures() -> Callable[..., Any]:
    async def body(self: unittest.TestCase, third: int) -> None:
        pass

    return body


async def _nothing_to_do() -> None:
    pass


def new_loops(count: int) -> TimedCall:
    """Build the floor of a loop per test: open a loop, run one coroutine, close it."""

    def run() -> None:
        for _ in range(count):
            loop = asyncio.new_event_loop()
            loop.run_until_complete(_nothing_to_do())
            loop.close()

    return run


def kept_loop(count: int) -> TimedCall:
    """Build the floor of a shared loop: run one coroutine on a loop that stays."""

    def run() -> None:
        loop = asyncio.new_event_loop()
        for _ in range(count):
            loop.run_until_complete(_nothing_to_do())
        loop.close()

    return run


def after_many_loops(build: Callable[[int], TimedCall]) -> Callable[[int], TimedCall]:
    """Return a builder that opens and closes many loops before it builds the same thing."""

    def build_later(count: int) -> TimedCall:
        new_loops(LOOPS_CLOSED_BEFORE * count)()
        return build(count)

    return build_later


def waiting_tasks(show: Callable[[asyncio.AbstractEventLoop], str]) -> Callable[[int], TimedCall]:
    """Return a builder of loops with tasks that wait in three ways, all of which are shown, then cancelled."""

    def build(count: int) -> TimedCall:
        loop = asyncio.new_event_loop()
        event = asyncio.Event()
        loop.run_until_complete(_begin([loop.create_task(_wait_somehow(event, number)) for number in range(count)]))

        def run() -> None:
            text = show(loop)
            if not text.startswith(f"{count} tasks on "):
                raise RuntimeError(f"{text.splitlines()[0]!r} where {count} tasks were wanted")
            tasks = asyncio.all_tasks(loop)
            for task in tasks:
                task.cancel()
            loop.run_until_complete(asyncio.wait(tasks))
            loop.close()

        return run

    return build


async def _begin(tasks: list[asyncio.Task[None]]) -> None:
    for _ in range(5):
        await asyncio.sleep(0)
    if any(task.done() for task in tasks):
        raise RuntimeError("a task does not wait")


async def _wait_somehow(event: asyncio.Event, number: int) -> None:
    if number % 3 == 0:
        await _wait(event)
    elif number % 3 == 1:
        await asyncio.sleep(3600)
    else:
        async with asyncio.timeout(3600):
            await _wait(event)


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


def _reprs(loop: asyncio.AbstractEventLoop) -> str:
    tasks = asyncio.all_tasks(loop)
    return "\n".join([f"{len(tasks)} tasks on {loop!r}", *map(repr, tasks)])


def _trees(loop: asyncio.AbstractEventLoop) -> str:
    from asynctestkit import format_tasks

    return format_tasks(loop)


SYNC: Final = "sync TestCase"
STOCK: Final = "IsolatedAsyncioTestCase"
TEST_LOOP: Final = "AsyncTestCase, loop per test"
CLASS_LOOP: Final = "AsyncTestCase, loop per class"
SHORT_TASKS: Final = 1_000
"""How many tasks one of the tests makes that make many; the target is told of ten times as many, and is linear."""
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
    Workload(name=TASKS, group="checks", build=suite(case_with_loop("test", checks=False), body=_body_with_tasks)),
    Workload(
        name="AsyncTestCase, 1,000 short tasks in a test",
        group="checks",
        build=suite(case_with_loop("test"), body=_body_with_tasks),
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
        build=suite(case_with_fixtures, body=_body_with_one_fixture),
        against=(Against(baseline=STOCK, limit=0.27 + 0.15), Against(baseline=TEST_LOOP)),
    ),
    Workload(
        name=f"{TEST_LOOP}, a chain of three",
        group="fixtures",
        build=suite(case_with_fixtures, body=_body_with_three_fixtures),
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
    Workload(name=REPRS, group="reports", build=waiting_tasks(_reprs), unit="task"),
    Workload(
        name="format_tasks, waiting tasks",
        group="reports",
        build=waiting_tasks(_trees),
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
