"""Faults of fixtures that outlive a test, and how long they may take: ours, under unittest."""

from __future__ import annotations

import asyncio
import time
import unittest
from collections.abc import AsyncIterator, Iterator
from typing import Any

from asynctestkit import AsyncTestCase, fixture
from asynctestkit.checks.watch import running
from tests.checks import hangs
from tests.checks.faults import FaultCase, forever, forgotten
from tests.outcomes import Events, run_class
from tests.programs import run_program

LIMIT = 0.1
LOST = "coroutine 'forgotten' was never awaited"


class TwoTests:
    """Two tests that ask for a fixture."""

    async def test_a(self, wide: Any) -> None:
        """Let something happen meanwhile."""
        await asyncio.sleep(0.005)

    async def test_b(self, wide: Any) -> None:
        """Do nothing."""


class WideCase(FaultCase):
    """Tells what is reported of tests and of the scopes of their fixtures."""

    def told(self, case: type[unittest.TestCase]) -> list[tuple[str, str]]:
        """Run a class; return what it is that each report is of, `test_a` or `tearDownClass`, and the report."""
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
        self.assertEqual(running.watches, [])
        reports: list[tuple[Any, str]] = [*result.errors, *result.failures]
        return [(getattr(test, "_testMethodName", test.id().partition(" ")[0]), text) for test, text in reports]

    def assert_told(self, case: type[unittest.TestCase], of: str, *texts: str) -> str:
        """Check that one thing is told of a class, by name; return the report."""
        reports = self.told(case)
        self.assertEqual([name for name, _ in reports], [of], reports)
        for text in texts:
            self.assertIn(text, reports[0][1])
        return reports[0][1]


class FoundTest(WideCase):
    """What the checks find."""

    def test_opening(self) -> None:
        """What it forgets while it is opened is told to the test that asked, and to no other."""

        class Async(TwoTests, AsyncTestCase):
            @fixture(scope="class")
            async def wide(self) -> str:
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault
                return "value"

        class Plain(TwoTests, AsyncTestCase):
            @fixture(scope="class")
            def wide(self) -> str:
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault
                return "value"

        class Asked(AsyncTestCase):
            loop_scope = "class"

            @fixture(scope="class")
            async def wide(self) -> str:
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault
                return "value"

            async def test_a(self) -> None:
                self.assertEqual(await self.get_fixture("wide"), "value")

            async def test_b(self) -> None:
                self.assertEqual(await self.get_fixture("wide"), "value")

        for case in (Async, Plain, Asked):
            with self.subTest(case.__name__):
                text = self.assert_told(case, "test_a", LOST)
                self.assertIn(f"{case.__qualname__}.test_a", text)

    def test_closing(self) -> None:
        """What it forgets while it is closed is told of its scope's tear-down, and by its name."""

        class Async(TwoTests, AsyncTestCase):
            @fixture(scope="class")
            async def wide(self) -> AsyncIterator[str]:
                yield "value"
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault

        class Plain(TwoTests, AsyncTestCase):
            @fixture(scope="class")
            def wide(self) -> Iterator[str]:
                yield "value"
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault

        for case in (Async, Plain):
            with self.subTest(case.__name__):
                text = self.assert_told(case, "tearDownClass", LOST)
                self.assertIn("class fixture 'wide'", text)

    def test_left(self) -> None:
        """A task and a server that it leaves are its fault when the scope is over, and ended."""
        tasks: list[asyncio.Task[None]] = []

        class Case(TwoTests, AsyncTestCase):
            @fixture(scope="class")
            async def wide(self) -> Any:
                tasks.append(asyncio.create_task(forever()))
                return await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)

        self.assert_told(
            Case,
            "tearDownClass",
            "2 faults in class fixture 'wide'",
            "task forever() was still pending at the end of the class",
            "unclosed Server",
        )
        self.assertTrue(tasks[0].cancelled())

    def test_pool(self) -> None:
        """What one fixture makes and another one, closed later, ends is none."""

        class Pool:
            def __init__(self) -> None:
                self.tasks: list[asyncio.Task[None]] = []

            def start(self) -> None:
                self.tasks.append(asyncio.create_task(forever()))

        class Case(TwoTests, AsyncTestCase):
            @fixture(scope="class")
            async def pool(self) -> AsyncIterator[Pool]:
                pool = Pool()
                yield pool
                for task in pool.tasks:
                    task.cancel()

            @fixture(scope="class")
            async def wide(self, pool: Pool) -> str:
                pool.start()
                return "value"

        self.assertEqual(run_class(Case), ["ok"])

    def test_task_fails(self) -> None:
        """A task of its that fails while a test runs is told of it, and beside the failure of that test."""

        class Case(TwoTests, AsyncTestCase):
            @fixture(scope="class")
            async def wide(self) -> AsyncIterator[None]:
                asyncio.get_running_loop().call_later(0.001, int, "x")
                yield

        class Failing(Case):
            async def test_a(self, wide: Any) -> None:
                await asyncio.sleep(0.005)
                raise AssertionError("for a reason of its own")

        self.assert_told(Case, "tearDownClass", "class fixture 'wide'", "ValueError: invalid literal")
        reports = dict(self.told(Failing))
        self.assertEqual(sorted(reports), ["tearDownClass", "test_a"])
        for text in reports.values():
            self.assertIn("ValueError: invalid literal", text)

    def test_failed_opening(self) -> None:
        """One that fails is told to whoever asks, and what it left is no fault of its own."""

        class Case(TwoTests, AsyncTestCase):
            @fixture(scope="class")
            async def wide(self) -> None:
                self.task = asyncio.create_task(forever())
                raise OSError("no")

        reports = self.told(Case)
        self.assertEqual([name for name, _ in reports], ["test_a", "test_b"])


class LimitTest(WideCase):
    """What hangs."""

    def assert_in_time(self, case: type[unittest.TestCase], of: str, *texts: str) -> str:
        """Check what is told, and that it is within a second after the limit."""
        begun = time.monotonic()
        text = self.assert_told(case, of, *texts)
        self.assertLess(time.monotonic() - begun, LIMIT + 8)
        return text

    def test_opening(self) -> None:
        """One that is opened while a test runs has what the test has left."""

        class One(AsyncTestCase):
            timeout = LIMIT

            async def test(self, wide: Any) -> None:
                pass

        class Async(One):
            @fixture(scope="class")
            async def wide(self) -> None:
                await hangs.event()

        class Plain(One):
            @fixture(scope="class")
            def wide(self) -> None:
                time.sleep(30)

        for case in (Async, Plain):
            with self.subTest(case.__name__):
                self.assert_in_time(case, "test", "test exceeded its limit of 0.1 s in fixture 'wide'")

    def test_closing(self) -> None:
        """One that hangs when it is closed is named, and the others are closed all the same."""
        for hang in (hangs.event, hangs.sleep, hangs.eat_cancellations):
            events: Events = []

            class Case(AsyncTestCase):
                timeout = LIMIT

                @fixture(scope="class")
                async def first(self, events: Events = events) -> AsyncIterator[None]:
                    yield
                    events.append("first")

                @fixture(scope="class")
                async def wide(self, first: Any, events: Events = events, hang: Any = hang) -> AsyncIterator[None]:
                    yield
                    events.append("wide")
                    await hang()

                async def test(self, wide: Any) -> None:
                    pass

            with self.subTest(hang=hang.__name__):
                begun = time.monotonic()
                reports = self.told(Case)
                self.assertLess(time.monotonic() - begun, LIMIT + 8)
                self.assertEqual({name for name, _ in reports}, {"tearDownClass"})
                told = "class fixture 'wide' exceeded its limit of 0.1 s in its tear-down"
                self.assertIn(told, reports[0][1])
                if hang is hangs.eat_cancellations:  # which is told of, too
                    self.assertIn("task 'fixture wide' did not end when it was cancelled", reports.pop()[1])
                self.assertEqual(len(reports), 1, reports)
                self.assertEqual(events, ["wide", "first"])

    def test_plain(self) -> None:
        """A plain one that blocks is ended where it stands."""

        class Case(AsyncTestCase):
            timeout = LIMIT

            @fixture(scope="class")
            def wide(self) -> Iterator[None]:
                yield
                time.sleep(30)

            async def test(self, wide: Any) -> None:
                pass

        text = self.assert_in_time(Case, "tearDownClass", "class fixture 'wide' exceeded its limit of 0.1 s")
        self.assertIn("time.sleep(30)", text)


MODULE = """
import asyncio
from asynctestkit import AsyncTestCase, fixture, set_module_timeout

set_module_timeout(0.1)

async def forgotten():
    pass

@fixture(scope="{scope}")
async def wide():
    yield
    {closing}

class SomeTest(AsyncTestCase):
    async def test(self, wide):
        pass
"""


class WiderTest(unittest.TestCase):
    """Fixtures of a module and of the session."""

    def said(self, scope: str, closing: str, **variables: str) -> str:
        """Return what unittest says of a module with a fixture that is closed like that."""
        source = MODULE.format(scope=scope, closing=closing)
        return run_program(source, "-m", "unittest", "test_program", variables=variables).stderr

    def test_module(self) -> None:
        """Those of a module are told of with the tear-down of the module, and have its limit."""
        said = self.said("module", "forgotten()")
        self.assertIn("ERROR: tearDownModule (test_program)", said)
        self.assertIn(LOST, said)
        said = self.said("module", "await asyncio.Event().wait()")
        self.assertIn("ERROR: tearDownModule (test_program)", said)
        self.assertIn("module fixture 'wide' exceeded its limit of 0.1 s in its tear-down", said)

    def test_session(self) -> None:
        """Those of the session are told of at the end of the run, and have the limit of the run."""
        said = self.said("session", "forgotten()")
        self.assertIn("ERROR: end of the test run", said)
        self.assertIn(LOST, said)
        said = self.said("session", "await asyncio.Event().wait()", ASYNCTESTKIT_TIMEOUT="0.2")
        self.assertIn("ERROR: end of the test run", said)
        self.assertIn("session fixture 'wide' exceeded its limit of 0.2 s in its tear-down", said)


if __name__ == "__main__":
    unittest.main()
