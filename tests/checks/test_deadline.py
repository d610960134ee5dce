"""The limit on the real time of a test: whatever hangs ends, is told, and the tear-down still runs, once."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import threading
import time
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any
from unittest import mock

import asynctestkit
from asynctestkit import AsyncTestCase, async_hook, async_test, fixture, timeout
from asynctestkit.checks.watchdog import watchdog
from tests.checks import hangs
from tests.checks.hangs import LIMIT, PLACES, come_after, hanging_case
from tests.outcomes import outcomes, run_one

DOING = {
    "setUp": "set-up",
    "asyncSetUp": "set-up",
    "test": "the body",
    "asyncTearDown": "tear-down",
    "tearDown": "tear-down",
    "cleanup": "cleanup 'hanging_case.<locals>.Case.come_to'",
}


def told(doing: str, name: str = "test", limit: float = LIMIT) -> list[str]:
    """Return the summary of a test that exceeded its limit."""
    return [f"errors: {name}: TimeoutError: {name} exceeded its limit of {limit:g} s in {doing}"]


class DeadlineCase(unittest.TestCase):
    """Base: runs a test and holds the time that it takes."""

    maxDiff = None

    def setUp(self) -> None:
        logging.disable(logging.CRITICAL)  # asyncio logs what is raised in a callback
        self.addCleanup(logging.disable, logging.NOTSET)

    def assert_in_time(self, case: type[unittest.TestCase], *, times: int = 1) -> list[str]:
        """Run a test; fail unless it ends within a second after its limit."""
        begun = time.monotonic()
        summary = run_one(case)
        self.assertLess(time.monotonic() - begun, times * (LIMIT + 1))
        return summary


class HangTest(DeadlineCase):
    """What hangs, and where."""

    def test_each_in_the_body(self) -> None:
        """Whatever the body does, it ends, and the tear-down runs once."""
        for hang in hangs.ALL:
            with self.subTest(hang=hang.__name__):
                events: list[str] = []
                self.assertEqual(self.assert_in_time(hanging_case(hang, "test", events)), told("the body"))
                self.assertEqual(events, list(PLACES))

    def test_everywhere(self) -> None:
        """Wherever a test hangs, it ends, and what follows a failure in that place runs."""
        for place in PLACES:
            for hang in (hangs.event, hangs.sleep, hangs.eat_cancellations):
                with self.subTest(place=place, hang=hang.__name__):
                    events: list[str] = []
                    self.assertEqual(self.assert_in_time(hanging_case(hang, place, events)), told(DOING[place]))
                    self.assertEqual(events, come_after(place))

    def test_in_a_fixture(self) -> None:
        """A fixture that hangs, opened or closed, is named; so is a plain one."""

        class Base(AsyncTestCase):
            timeout = LIMIT

            async def test(self, slow: None) -> None:
                pass

        class Opened(Base):
            @fixture
            async def slow(self) -> None:
                await hangs.event()

        class Closed(Base):
            @fixture
            async def slow(self) -> Any:
                yield
                await hangs.event()

        class Plain(Base):
            @fixture
            def slow(self) -> None:
                time.sleep(30)

        for case in (Opened, Closed, Plain):
            with self.subTest(case=case.__name__):
                self.assertEqual(self.assert_in_time(case), told("fixture 'slow'"))

    def test_plain_phases(self) -> None:
        """Plain set-up, tests, tear-down and cleanups have a limit, too."""
        for place in ("setUp", "test", "tearDown", "cleanup"):

            class Case(AsyncTestCase):
                timeout = LIMIT

                def come_to(self, here: str, place: str = place) -> None:
                    if here == place:
                        time.sleep(30)

                def setUp(self) -> None:
                    self.addCleanup(self.come_to, "cleanup")
                    self.come_to("setUp")

                def test(self) -> None:
                    self.come_to("test")

                def tearDown(self) -> None:
                    self.come_to("tearDown")

            with self.subTest(place=place):
                (line,) = self.assert_in_time(Case)
                self.assertIn("TimeoutError: test exceeded its limit of 0.2 s in", line)

    def test_body_and_tear_down(self) -> None:
        """What follows has a time of its own, and is told so."""
        events: list[str] = []

        class Case(AsyncTestCase):
            timeout = LIMIT

            async def test(self) -> None:
                await hangs.event()

            async def asyncTearDown(self) -> None:
                events.append("asyncTearDown")
                await hangs.event()

            async def tearDown(self) -> None:
                events.append("tearDown")

        after = "TimeoutError: test exceeded its limit of 0.2 s, and the 0.5 s after that, in tear-down"
        self.assertEqual(self.assert_in_time(Case, times=2), [*told("the body"), f"errors: test: {after}"])
        self.assertEqual(events, ["asyncTearDown"])

    def test_without_a_limit(self) -> None:
        """None is no limit; a test within its limit passes."""

        class Case(AsyncTestCase):
            timeout = LIMIT

            @asynctestkit.timeout(None)
            async def test(self) -> None:
                await asyncio.sleep(2 * LIMIT)

        self.assertEqual(run_one(Case), ["ok"])

    def test_the_next_test(self) -> None:
        """A limit that was over does not strike the next test."""
        self.assertEqual(self.assert_in_time(hanging_case(hangs.sleep, "test", [])), told("the body"))

        class Case(AsyncTestCase):
            def test(self) -> None:
                time.sleep(0.5)

        self.assertEqual(run_one(Case), ["ok"])

    @unittest.skipUnless(find_spec("uvloop"), "needs uvloop")
    def test_on_uvloop(self) -> None:
        """The same on a loop that is not asyncio's."""
        import uvloop

        for hang in hangs.ALL:
            with self.subTest(hang=hang.__name__):
                events: list[str] = []
                case = hanging_case(hang, "test", events, loop_factory=staticmethod(uvloop.new_event_loop))
                self.assertEqual(self.assert_in_time(case), told("the body"))
                self.assertEqual(events, list(PLACES))


class ReportTest(DeadlineCase):
    """What is said."""

    def error_of(self, case: type[unittest.TestCase]) -> str:
        result = unittest.TestResult()
        case("test").run(result)
        ((_, text),) = result.errors
        return text

    def test_blocking_line(self) -> None:
        """The traceback ends on the line that blocks."""
        lines = self.error_of(hanging_case(hangs.sleep, "test", [])).splitlines()
        shown = [line for line in lines if not set(line) <= set(" ~^")]
        self.assertEqual(shown[-1], "TimeoutError: test exceeded its limit of 0.2 s in the body")
        self.assertEqual(shown[-2].strip(), "time.sleep(30)")

    def test_waiting_line(self) -> None:
        """Where the phase waited is shown by its cancellation, and the tasks by a note."""
        text = self.error_of(hanging_case(hangs.event, "test", []))
        self.assertIn("await asyncio.Event().wait()", text)
        self.assertIn("The above exception was the direct cause", text)
        self.assertIn("what the tasks were waiting for:\n    1 task on <", text)

    def test_blocking_callback(self) -> None:
        """Code of another callback that blocks is shown by a note."""
        text = self.error_of(hanging_case(hangs.task, "test", []))
        self.assertIn("where the loop was blocked:", text)
        self.assertIn("time.sleep(30)", text)

    def test_slow_report(self) -> None:
        """Describing what waits takes longer than the watchdog's patience: the test is ended once, and told once."""
        events: list[str] = []

        def slow(*given: Any) -> str:
            time.sleep(0.4)
            return "nothing"

        with mock.patch("asynctestkit.checks.deadline.waits_of", slow):
            self.assertEqual(run_one(hanging_case(hangs.eat_cancellations, "test", events)), told("the body"))
        self.assertEqual(events, list(PLACES))

    def test_waiting_in_asyncio(self) -> None:
        """A phase in which no line of the user's waits is shown where asyncio waits, and not as parked."""

        class Case(AsyncTestCase):
            timeout = LIMIT

            async def test(self) -> None:
                self.addAsyncCleanup(asyncio.Event().wait)

        text = self.error_of(Case)
        self.assertRegex(text, r"asyncio/locks\.py:\d+  in Event\.wait  await fut\n +waits for <asyncio\.locks\.Event")

    def test_task_given_up_on(self) -> None:
        """A phase that eats its cancellation is named, with the place and the fix."""
        text = self.error_of(hanging_case(hangs.eat_cancellations, "test", []))
        self.assertIn("task 'test' did not end when it was cancelled", text)
        self.assertIn("let CancelledError through", text)


class OtherThreadTest(DeadlineCase):
    """Tests that run in another thread than the main one."""

    def run_in_thread(self, case: type[unittest.TestCase]) -> list[str]:
        result = unittest.TestResult()
        thread = threading.Thread(target=case("test").run, args=(result,))
        thread.start()
        thread.join()
        return outcomes(result)

    def test_each(self) -> None:
        """What answers, and what runs in Python, ends there as well."""
        for hang in (*hangs.ANSWERING, *hangs.IN_PYTHON):
            with self.subTest(hang=hang.__name__):
                events: list[str] = []
                self.assertEqual(self.run_in_thread(hanging_case(hang, "test", events)), told("the body"))
                self.assertEqual(events, list(PLACES))

    def test_traced_later(self) -> None:
        """What was raised there leaves nothing behind over which a trace function would hang, as on Python 3.11."""
        self.assertEqual(self.run_in_thread(hanging_case(hangs.IN_PYTHON[0], "test", [])), told("the body"))
        called: list[str] = []

        def trace(frame: Any, event: str, arg: object) -> None:
            called.append(frame.f_code.co_name)

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            outcomes(unittest.TestResult())
        finally:
            sys.settrace(before)
        self.assertIn("outcomes", called)

    def test_system_call(self) -> None:
        """A system call there cannot be ended: that is told on stderr, with its place, and the test fails after it."""

        async def sleep() -> None:
            time.sleep(1.5)

        with written_to_stderr() as said:
            self.assertEqual(self.run_in_thread(hanging_case(sleep, "test", [])), told("the body"))
        (text,) = said
        self.assertIn("asynctestkit: test exceeded its limit of 0.2 s in the body, which cannot be ended", text)
        self.assertIn("time.sleep(1.5)", text)


@contextmanager
def written_to_stderr() -> Iterator[list[str]]:
    """Collect what the watchdog writes, whoever captures stderr."""
    said: list[str] = []
    with tempfile.TemporaryFile() as file:
        before, watchdog.stderr = watchdog.stderr, file.fileno()
        try:
            yield said
        finally:
            watchdog.stderr = before
        file.seek(0)
        said.append(file.read().decode())


class OtherDoorsTest(DeadlineCase):
    """Tests that are none of AsyncTestCase."""

    def test_plain_case(self) -> None:
        """A plain case has its limit from its first async method to its end, its plain methods included."""
        events: list[str] = []

        class Case(unittest.TestCase):
            timeout = LIMIT

            @async_hook
            async def setUp(self) -> None:
                pass

            def test(self) -> None:
                time.sleep(30)

            def tearDown(self) -> None:
                events.append("tearDown")

        self.assertEqual(self.assert_in_time(Case), told("the body"))
        self.assertEqual(events, ["tearDown"])

    def test_plain_case_async(self) -> None:
        """An async test of a plain case."""

        class Case(unittest.TestCase):
            @timeout(LIMIT)
            @async_test
            async def test(self) -> None:
                time.sleep(30)

        self.assertEqual(self.assert_in_time(Case), told("the body"))

    def test_case_in_a_case(self) -> None:
        """A test that runs others has its own limit: theirs do not end it."""
        summaries: list[list[str]] = []

        class Outer(AsyncTestCase):
            def test(self) -> None:
                summaries.append(run_one(hanging_case(hangs.sleep, "test", [])))

        self.assertEqual(run_one(Outer), ["ok"])
        self.assertEqual(summaries, [told("the body")])


class DebuggerTest(DeadlineCase):
    """Time does not count while somebody debugs."""

    def case(self) -> type[AsyncTestCase]:
        class Case(AsyncTestCase):
            timeout = LIMIT

            async def test(self) -> None:
                await asyncio.sleep(3 * LIMIT)

        return Case

    def run_traced(self, trace: Any) -> list[str]:
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            return run_one(self.case())
        finally:
            sys.settrace(before)

    def test_trace_function(self) -> None:
        """A trace function that nobody knows is a debugger's."""
        self.assertEqual(self.run_traced(lambda frame, event, arg: None), ["ok"])

    def test_coverage(self) -> None:
        """A trace function that measures is not."""

        def measure(frame: object, event: str, arg: object) -> None:
            return None

        measure.__module__ = "coverage.pytracer"
        self.assertEqual(self.run_traced(measure), told("the body"))

    def test_attached_later(self) -> None:
        """A debugger that the test itself starts counts from then on."""

        class Case(AsyncTestCase):
            timeout = LIMIT

            async def test(self) -> None:
                self.addCleanup(sys.settrace, sys.gettrace())
                sys.settrace(lambda frame, event, arg: None)
                await asyncio.sleep(3 * LIMIT)

        self.assertEqual(run_one(Case), ["ok"])

    @unittest.skipIf(sys.version_info < (3, 12), "sys.monitoring came with 3.12")
    def test_monitoring(self) -> None:
        """A debugger may use sys.monitoring."""
        monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]  # not in 3.11
        monitoring.use_tool_id(monitoring.DEBUGGER_ID, "a debugger")
        try:
            self.assertEqual(run_one(self.case()), ["ok"])
        finally:
            monitoring.free_tool_id(monitoring.DEBUGGER_ID)
