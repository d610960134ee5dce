"""What the clock is put around: suites, loops and reports of `n` units.

Rules that keep the rows comparable:

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
import unittest
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final

TimedCall = Callable[[], None]
"""What the clock is put around; it raises when the work was not done."""

LOOPS_CLOSED_BEFORE: Final = 5
"""How many loops are opened and closed before the row that looks for what they leave, as a multiple of the tests."""
SHORT_TASKS: Final = 1_000
"""How many tasks one of the tests makes that make many; the target is told of ten times as many, and is linear."""


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
        from asynctestkit.report.kinds import KINDS

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


def body_with_tasks() -> Callable[[unittest.TestCase], Any]:
    """Return a test that makes many short tasks."""

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


def body_with_one_fixture() -> Callable[..., Any]:
    """Return a test that asks for the first fixture of the chain."""

    async def body(self: unittest.TestCase, first: int) -> None:
        pass

    return body


def body_with_three_fixtures() -> Callable[..., Any]:
    """Return a test that asks for the last fixture of the chain, and so for all three."""

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


def reprs(loop: asyncio.AbstractEventLoop) -> str:
    """Return what asyncio's own `repr` shows of all tasks."""
    tasks = asyncio.all_tasks(loop)
    return "\n".join([f"{len(tasks)} tasks on {loop!r}", *map(repr, tasks)])


def trees(loop: asyncio.AbstractEventLoop) -> str:
    """Return what `format_tasks` shows of all tasks."""
    from asynctestkit import format_tasks

    return format_tasks(loop)
