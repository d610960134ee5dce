"""Points 21, 22 and 23: the calls on a test result, and how a run is stopped."""

# Test classes are built on a parameter, which mypy cannot take for a base class.
# mypy: disable-error-code="valid-type, misc"

import asyncio
import io
import sys
import unittest
from collections.abc import Callable
from typing import Any

from .differential import ContractTest, differential
from .recording import Base, Events, RecordingResult, noting, run_events


def one_of_each(base: Base) -> type[unittest.TestCase]:
    """Build a class with a test for each outcome."""

    class T(base):
        async def test_errs(self) -> None:
            raise ValueError("boom")

        @unittest.expectedFailure
        async def test_expected(self) -> None:
            self.fail("as expected")

        async def test_fails(self) -> None:
            self.fail("here")

        async def test_passes(self) -> None:
            pass

        async def test_skips(self) -> None:
            self.skipTest("why not")

        async def test_subtests(self) -> None:
            for number in range(3):
                with self.subTest(number=number):
                    self.assertNotEqual(number, 1)

        @unittest.expectedFailure
        async def test_unexpected(self) -> None:
            pass

    assert issubclass(T, unittest.TestCase)
    return T


class Oldest:
    """A result with the first methods only, as some runners still bring."""

    def __init__(self, events: Events) -> None:
        self.events = events
        self.shouldStop = False

    def startTest(self, test: unittest.TestCase) -> None:
        self.events.append("startTest")

    def stopTest(self, test: unittest.TestCase) -> None:
        self.events.append("stopTest")

    def addSuccess(self, test: unittest.TestCase) -> None:
        self.events.append("addSuccess")

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        self.events.append(f"addError {err[0].__name__}")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        self.events.append(f"addFailure {err[0].__name__}")


class ResultCalls(ContractTest):
    """Points 21 and 22."""

    @differential(21, 22)
    def test_calls_for_each_outcome(self, base: Base) -> object:
        """Points 21 and 22: startTest once and first, one outcome, addDuration where it exists, stopTest last."""
        result = RecordingResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(one_of_each(base)).run(result)
        return [result.events, result.testsRun, result.wasSuccessful()]

    @differential(21)
    def test_a_result_of_the_first_days(self, base: Base) -> object:
        """Point 21: a result without addSkip, addSubTest, addDuration and the rest gets unittest's stand-ins."""
        events: Events = []
        result: Any = Oldest(events)
        for case in unittest.defaultTestLoader.loadTestsFromTestCase(one_of_each(base)):
            assert isinstance(case, unittest.TestCase)
            events.append(case._testMethodName)
            with noting(events, "run()"):
                case.run(result)
        return events

    @differential(21)
    def test_the_default_result(self, base: Base) -> object:
        """Point 21: without a result, ``defaultTestResult()`` is used, started, stopped and returned."""

        class T(base):
            def defaultTestResult(self) -> unittest.TestResult:
                return RecordingResult(events)

            async def test_a(self) -> None:
                events.append("test")

            @unittest.skip("no")
            async def test_b(self) -> None:
                pass

        events: Events = []
        returned = [T("test_a").run(), T("test_b").run(), T("test_a")()]
        given = RecordingResult()
        return [[type(result).__name__ for result in returned], events, T("test_a").run(given) is given]

    @differential(21, 12)
    def test_a_result_that_fails(self, base: Base) -> object:
        """Point 21: an error of the result itself leaves ``run()``, after stopTest where that can be."""

        class Failing(RecordingResult):
            def __init__(self, events: Events, call: str) -> None:
                super().__init__(events)
                setattr(self, call, self.boom)

            def boom(self, *args: object) -> None:
                raise OSError("the result")

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def test(self) -> None:
                    self.addAsyncCleanup(asyncio.sleep, 0)
                    self.fail("here")

            return T("test")

        outcome: dict[str, Events] = {}
        for call in ("startTest", "addFailure", "stopTest"):
            events = outcome[call] = []
            with noting(events, "run()"):
                make(events).run(Failing(events, call))
        return outcome

    @differential(22)
    def test_the_duration_is_told_before_the_loop_closes(self, base: Base) -> object:
        """Point 22: addDuration comes after the cleanups, and before leftovers are ended."""

        def make(events: Events) -> unittest.TestCase:
            async def leftover() -> None:
                try:
                    await asyncio.Event().wait()
                finally:
                    events.append("leftover ended")

            class T(base):
                async def test(self) -> None:
                    self.addCleanup(events.append, "cleanup")
                    self.task = asyncio.create_task(leftover())
                    await asyncio.sleep(0)

            return T("test")

        return run_events(make)

    @differential(22)
    def test_the_duration_covers_the_async_phases(self, base: Base) -> object:
        """Point 22: the figure is the time of all phases, by the clock that unittest reads."""

        class Durations(unittest.TestResult):
            def addDuration(self, test: unittest.TestCase, elapsed: float) -> None:
                durations.append(elapsed)

        class T(base):
            async def asyncSetUp(self) -> None:
                self.addAsyncCleanup(asyncio.sleep, 0.002)
                await asyncio.sleep(0.002)

            async def test(self) -> None:
                await asyncio.sleep(0.002)

        durations: list[float] = []
        T("test").run(Durations())
        return [0.005 < duration < 5.0 for duration in durations]


class Stopping(ContractTest):
    """Point 23."""

    @differential(23)
    def test_failfast(self, base: Base) -> object:
        """Point 23: no test after the first failure."""
        result = RecordingResult()
        result.failfast = True
        unittest.defaultTestLoader.loadTestsFromTestCase(one_of_each(base)).run(result)
        return [result.events, result.shouldStop]

    @differential(23)
    def test_failfast_in_subtests(self, base: Base) -> object:
        """Point 23: the rest of the subtests is left out, and what unittest raises for it is not swallowed."""

        def run(failfast: bool) -> Events:
            class T(base):
                async def asyncTearDown(self) -> None:
                    events.append("asyncTearDown")

                async def test(self) -> None:
                    try:
                        for number in range(3):
                            with self.subTest(number=number):
                                await asyncio.sleep(0)
                                self.fail("each")
                    except Exception as error:
                        events.append(type(error).__name__)
                        raise

            events: Events = []
            result = RecordingResult(events)
            result.failfast = failfast
            T("test").run(result)
            return events

        return [run(True), run(False)]

    @differential(23)
    def test_stop_from_within_a_test(self, base: Base) -> object:
        """Point 23: ``shouldStop`` is honoured between tests."""

        class T(base):
            async def test_a(self) -> None:
                result.stop()
                await asyncio.sleep(0)
                result.events.append("a ended")

            async def test_b(self) -> None:
                result.events.append("b ran")

        result = RecordingResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(T).run(result)
        return result.events

    @differential(23)
    def test_buffered_output(self, base: Base) -> object:
        """Point 23: with ``buffer`` the output of all phases is captured; what is printed after stopTest escapes."""

        class T(base):
            def setUp(self) -> None:
                print("setUp")

            async def asyncSetUp(self) -> None:
                print("asyncSetUp")

            async def test_passes(self) -> None:
                print("test")

            async def test_fails(self) -> None:
                print("test")
                self.task = asyncio.create_task(printing())
                await asyncio.sleep(0)
                self.fail("here")

            async def asyncTearDown(self) -> None:
                print("asyncTearDown")

        async def printing() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                print("while closing")

        return {name: self.captured(lambda: T(name)) for name in ("test_passes", "test_fails")}

    def captured(self, make: Callable[[], unittest.TestCase]) -> object:
        """Return what a buffering result keeps of a case, and what escapes it."""
        out, real = io.StringIO(), sys.stdout
        result = unittest.TestResult()
        result.buffer = True
        try:
            sys.stdout = out
            # The result remembers the real stdout when it is made, and puts that back.
            setattr(result, "_original_stdout", out)
            make().run(result)
        finally:
            sys.stdout = real
        kept = [text.split("Stdout:")[-1].split() for _, text in result.failures]
        return {"kept": kept, "escaped": out.getvalue().split("\n")}
