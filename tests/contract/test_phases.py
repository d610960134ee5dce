"""Points 2, 8, 9, 10 and 13: the order of the phases, and what each kind of exception in each of them does."""

# Test classes are built on a parameter, which mypy cannot take for a base class.
# mypy: disable-error-code="valid-type, misc"

import asyncio
import functools
import unittest
from collections.abc import Mapping

from .differential import ContractTest, differential
from .recording import Base, Events, both_ways


class Fatal(BaseException):
    """An exception that is no ``Exception``."""


PHASES = ("setUp", "asyncSetUp", "test", "asyncTearDown", "tearDown", "sync cleanup", "async cleanup")
KINDS: tuple[type[BaseException], ...] = (
    AssertionError,
    ValueError,
    Fatal,
    unittest.SkipTest,
    asyncio.CancelledError,
    SystemExit,
    KeyboardInterrupt,
)
ODD_KINDS: tuple[type[BaseException], ...] = (StopIteration, StopAsyncIteration, GeneratorExit, TimeoutError)


def case_that_fails(
    base: Base, name: str, failing: Mapping[str, type[BaseException]], events: Events
) -> unittest.TestCase:
    """Build a case with every phase, of which those in *failing* raise."""

    def reach(phase: str) -> None:
        events.append(phase)
        if phase in failing:
            raise failing[phase](phase)

    async def reach_async(phase: str) -> None:
        await asyncio.sleep(0)
        try:
            reach(phase)
        finally:
            await asyncio.sleep(0)

    class T(base):
        def setUp(self) -> None:
            self.addCleanup(reach, "first cleanup")
            self.addAsyncCleanup(reach_async, "async cleanup")
            self.addCleanup(reach, "sync cleanup")
            self.addAsyncCleanup(reach_async, "last cleanup")
            reach("setUp")

        async def asyncSetUp(self) -> None:
            await reach_async("asyncSetUp")

        async def test_async(self) -> None:
            await reach_async("test")

        def test_sync(self) -> None:
            reach("test")

        @unittest.expectedFailure
        async def test_expected(self) -> None:
            await reach_async("test")

        async def asyncTearDown(self) -> None:
            await reach_async("asyncTearDown")

        def tearDown(self) -> None:
            reach("tearDown")

    return T(name)


def failures(base: Base, phase: str, name: str, kinds: tuple[type[BaseException], ...] = KINDS) -> object:
    """Return the events of a test whose one *phase* raises each kind, through run() and debug()."""
    return {kind.__name__: both_ways(functools.partial(case_that_fails, base, name, {phase: kind})) for kind in kinds}


class Order(ContractTest):
    """Point 2."""

    @differential(2)
    def test_phases_run_in_order(self, base: Base) -> object:
        """Point 2: all of them, for an async and a sync test."""
        return {
            name: both_ways(functools.partial(case_that_fails, base, name, {})) for name in ("test_async", "test_sync")
        }

    @differential(2)
    def test_cleanups_are_last_in_first_out_sync_and_async_mixed(self, base: Base) -> object:
        """Point 2: one stack, which cleanups may still add to."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def note(self, name: str) -> None:
                    await asyncio.sleep(0)
                    events.append(f"async {name}")

                def more(self) -> None:
                    events.append("more")
                    self.addAsyncCleanup(self.note, "added by a cleanup")
                    self.addCleanup(events.append, "sync added by a cleanup")

                def setUp(self) -> None:
                    self.addCleanup(events.append, "sync of setUp")
                    self.addAsyncCleanup(self.note, "of setUp")

                async def asyncSetUp(self) -> None:
                    self.addCleanup(events.append, "sync of asyncSetUp")
                    self.addAsyncCleanup(self.note, "of asyncSetUp")

                async def test(self) -> None:
                    self.addCleanup(self.more)
                    self.addAsyncCleanup(self.note, "of test")

                async def asyncTearDown(self) -> None:
                    self.addCleanup(events.append, "sync of asyncTearDown")

                def tearDown(self) -> None:
                    self.addAsyncCleanup(self.note, "of tearDown")

            return T("test")

        return both_ways(make)


class Failures(ContractTest):
    """Points 8, 9, 10 and 13: each phase with each kind of exception."""

    @differential(8, 10, 13)
    def test_set_up_fails(self, base: Base) -> object:
        """Point 8: no asyncSetUp, no test, no tearDowns; cleanups run."""
        return failures(base, "setUp", "test_async")

    @differential(8, 10, 13)
    def test_async_set_up_fails(self, base: Base) -> object:
        """Point 8: no test, neither tearDown; cleanups run."""
        return failures(base, "asyncSetUp", "test_async")

    @differential(9, 10, 13)
    def test_async_body_fails(self, base: Base) -> object:
        """Point 9: both tearDowns and the cleanups run, but for KeyboardInterrupt."""
        return failures(base, "test", "test_async")

    @differential(9, 10, 13)
    def test_sync_body_fails(self, base: Base) -> object:
        """Point 9: the same for a sync test."""
        return failures(base, "test", "test_sync")

    @differential(8, 10, 13)
    def test_async_tear_down_fails(self, base: Base) -> object:
        """Point 8: the sync tearDown is skipped; cleanups run."""
        return failures(base, "asyncTearDown", "test_async")

    @differential(8, 10, 13)
    def test_tear_down_fails(self, base: Base) -> object:
        """Point 8: cleanups run."""
        return failures(base, "tearDown", "test_async")

    @differential(9, 10, 13)
    def test_sync_cleanup_fails(self, base: Base) -> object:
        """Point 9: the other cleanups still run."""
        return failures(base, "sync cleanup", "test_async")

    @differential(9, 10, 13)
    def test_async_cleanup_fails(self, base: Base) -> object:
        """Point 9: the other cleanups still run."""
        return failures(base, "async cleanup", "test_async")

    @differential(8, 9)
    def test_odd_exceptions(self, base: Base) -> object:
        """Points 8 and 9: exceptions that mean something to generators, coroutines and timeouts."""
        return {phase: failures(base, phase, "test_async", ODD_KINDS) for phase in PHASES}

    @differential(9)
    def test_every_late_phase_fails(self, base: Base) -> object:
        """Point 9: test, asyncTearDown and two cleanups: four reports, in order."""
        failing = {"test": AssertionError, "asyncTearDown": ValueError, "sync cleanup": Fatal, "async cleanup": OSError}
        return both_ways(functools.partial(case_that_fails, base, "test_async", failing))

    @differential(9)
    def test_skip_and_failure_together(self, base: Base) -> object:
        """Points 9 and 13: a skip in one phase does not hide a failure in another."""
        outcome: dict[str, object] = {}
        for skipping, failing in (("test", "tearDown"), ("asyncTearDown", "test"), ("async cleanup", "sync cleanup")):
            both = {skipping: unittest.SkipTest, failing: ValueError}
            outcome[skipping] = both_ways(functools.partial(case_that_fails, base, "test_async", both))
        return outcome

    @differential(13)
    def test_expected_failure_and_the_phase_that_fails(self, base: Base) -> object:
        """Point 13: only the body's failure is the expected one."""
        return {phase: failures(base, phase, "test_expected", (AssertionError, Fatal)) for phase in PHASES}
