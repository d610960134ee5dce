"""The checks beside the limit of a test: what each says of a test that the other has something to say of, too."""

from __future__ import annotations

import asyncio
import logging
import time
import unittest
from typing import Any

from asynctestkit import AsyncTestCase
from tests.checks import hangs
from tests.outcomes import run_one


async def forgotten() -> None:
    """Is never awaited."""


def report_of(case: type[unittest.TestCase]) -> str:
    """Run the one test of a class, which is to end with one error; return what is reported of it."""
    result = unittest.TestResult()
    case("test").run(result)
    ((_, text),) = result.errors + result.failures
    return text


class TogetherTest(unittest.TestCase):
    """Tests that exceed their limit, and that leave something behind."""

    def setUp(self) -> None:
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)

    def test_findings_are_notes(self) -> None:
        """What is found in a test that has exceeded its limit is added to that error."""

        class Case(AsyncTestCase):
            timeout = 0.2

            async def test(self) -> None:
                self.coroutine = forgotten()
                await hangs.event()

        text = report_of(Case)
        self.assertIn("TimeoutError: test exceeded its limit of 0.2 s in the body", text)
        self.assertIn("coroutine 'forgotten' was never awaited", text)

    def test_beside_sub_tests(self) -> None:
        """A failed sub-test is reported by itself; what the test has left fails it, or is a note if it fails, too."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                self.coroutine = forgotten()
                with self.subTest(n=1):
                    self.fail("in the sub-test")

            async def test_fails(self) -> None:
                await self.test()
                self.fail("after it")

        result = unittest.TestResult()
        for name in ("test", "test_fails"):
            Case(name).run(result)
        told = [(type(test).__name__, "was never awaited" in text) for test, text in result.failures]
        self.assertEqual(told, [("_SubTest", False), ("Case", True)] * 2)

    def test_many_alike(self) -> None:
        """Of many findings from one line the first is shown, with how many there are; all count."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                for _ in range(500):
                    forgotten()  # type: ignore[unused-coroutine]  # on purpose
                self.coroutine = forgotten()

        text = report_of(Case)
        self.assertIn(": 501 unawaited\n1. coroutine 'forgotten' was never awaited (499 more like it)\n", text)
        self.assertIn("\n2. coroutine 'forgotten' was never awaited\n", text)
        self.assertEqual(text.count("was never awaited"), 2)

    def test_interruption_is_no_finding(self) -> None:
        """What ends a task that blocks the loop is no error that nobody has seen."""

        class Case(AsyncTestCase):
            timeout = 0.2

            async def test(self) -> None:
                self.left: Any = asyncio.ensure_future(hangs.sleep())
                await hangs.event()

        text = report_of(Case)
        self.assertIn("TimeoutError: test exceeded its limit of 0.2 s in the body", text)
        self.assertNotIn("never retrieved", text)

    def test_task_that_does_not_end(self) -> None:
        """A task that was left is a finding, and an error if no cancellation ends it; both within the limit."""

        class Case(AsyncTestCase):
            timeout = 0.3

            async def test(self) -> None:
                self.left: Any = asyncio.ensure_future(hangs.eat_cancellations())
                await asyncio.sleep(0)

        begun = time.monotonic()
        lines = sorted(run_one(Case))
        self.assertLess(time.monotonic() - begun, 4.0)
        self.assertEqual(len(lines), 2, lines)
        self.assertIn("did not end when it was cancelled", lines[0])
        self.assertIn("was still pending at the end of the test", lines[1])


if __name__ == "__main__":
    unittest.main()
