"""Decorated methods of plain test cases: failures in each place, and skips, patches and other decorators around."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any
from unittest import mock

from asynctestkit import async_hook, async_test
from tests.outcomes import run_class, run_debug, run_one

Loops = list[asyncio.AbstractEventLoop]


class FailureTest(unittest.TestCase):
    """Failures in each place are those of the test, and leave no loop open."""

    def test_places(self) -> None:
        """Whatever part of a test fails, its loop is closed and the loop that was current before is again."""
        before = asyncio.new_event_loop()
        self.addCleanup(before.close)
        asyncio.set_event_loop(before)
        self.addCleanup(asyncio.set_event_loop, None)
        for place in ("setUp", "test", "tearDown", "cleanup"):
            loops: Loops = []

            class Case(unittest.TestCase):
                def fail_in(self, here: str, place: str = place, loops: Loops = loops) -> None:
                    loops.extend(loop for loop in [asyncio._get_running_loop()] if loop is not None)
                    if here == place:
                        raise OSError(here)

                @async_hook
                async def setUp(self) -> None:
                    self.addCleanup(self.fail_in, "cleanup")
                    self.fail_in("setUp")

                @async_test
                async def test(self) -> None:
                    self.fail_in("test")

                @async_hook
                async def tearDown(self) -> None:
                    self.fail_in("tearDown")

            for run in (run_one, run_debug):
                with self.subTest(place=place, run=run.__name__):
                    loops.clear()
                    expected = f"errors: test: OSError: {place}" if run is run_one else f"OSError: {place}"
                    self.assertEqual(run(Case), [expected])
                    self.assertEqual([loop.is_closed() for loop in set(loops)], [True])
                    self.assertIs(asyncio.get_event_loop(), before)

    def test_outcomes(self) -> None:
        """Skips in hook and test, expected failures, subtests and failing assertions count as in any test."""

        class Case(unittest.TestCase):
            @async_hook
            async def setUp(self) -> None:
                if self._testMethodName == "test_skipped_in_hook":
                    self.skipTest("hook")

            @async_test
            async def test_fails(self) -> None:
                self.assertEqual(1, 2)

            @async_test
            async def test_skipped(self) -> None:
                self.skipTest("body")

            @async_test
            async def test_skipped_in_hook(self) -> None:
                self.fail("it ran")

            @unittest.expectedFailure
            @async_test
            async def test_expected(self) -> None:
                self.fail("as expected")

            @async_test
            @unittest.expectedFailure
            async def test_expected_below(self) -> None:
                self.fail("as expected")

            @async_test
            async def test_subtests(self) -> None:
                for number in range(3):
                    with self.subTest(number=number):
                        await asyncio.sleep(0)
                        self.assertNotEqual(number, 1)

        self.assertEqual(
            sorted(run_class(Case)),
            [
                "expectedFailures: test_expected: AssertionError: as expected",
                "expectedFailures: test_expected_below: AssertionError: as expected",
                "failures: runTest: AssertionError: 1 == 1",  # what a subtest calls itself
                "failures: test_fails: AssertionError: 1 != 2",
                "skipped: test_skipped: body",
                "skipped: test_skipped_in_hook: hook",
            ],
        )


class DecoratorsTest(unittest.TestCase):
    """Other decorators above and below, and on the class."""

    def test_skip_decorators(self) -> None:
        """A skipped test runs neither hook nor body, whether `skip` stands above or below; a condition may not hold."""
        events: list[str] = []

        class Case(unittest.TestCase):
            @async_hook
            async def setUp(self) -> None:
                events.append("setUp")

            @unittest.skip("above")
            @async_test
            async def test_above(self) -> None:
                events.append("test")

            @async_test
            @unittest.skipIf(False, "no reason")
            async def test_condition(self) -> None:
                events.append("condition")

        self.assertEqual(run_class(Case), ["skipped: test_above: above"])
        self.assertEqual(events, ["setUp", "condition"])

    def test_skip_below(self) -> None:
        """`@async_test` over `@unittest.skip`, which hides the coroutine function, is as good as under it."""

        class Case(unittest.TestCase):
            @async_test
            @unittest.skip("below")
            async def test_below(self) -> None:
                self.fail("it ran")

        self.assertEqual(run_class(Case), ["skipped: test_below: below"])

    def test_patches(self) -> None:
        """`mock.patch` above and below, on the class and with the mock as an argument."""

        @mock.patch("asyncio.open_connection", new=3)
        class Case(unittest.TestCase):
            @mock.patch("asyncio.sleep")
            @async_test
            async def test_above(self, sleep: Any) -> None:
                self.assertIs(asyncio.sleep, sleep)

            @async_test
            @mock.patch("asyncio.sleep")
            async def test_below(self, sleep: Any) -> None:
                self.assertIs(asyncio.sleep, sleep)
                self.assertEqual(asyncio.open_connection, 3)

        self.assertEqual(run_class(Case), ["ok"])
        self.assertNotEqual(asyncio.open_connection, 3)

    def test_a_skipped_class_opens_no_loop(self) -> None:
        """Nothing of a skipped class runs, its async class hooks included."""

        @unittest.skip("all of it")
        class Case(unittest.TestCase):
            @async_hook
            @classmethod
            async def setUpClass(cls) -> None:
                raise OSError("it ran")

            @async_test
            async def test(self) -> None:
                self.fail("it ran")

        with mock.patch("asyncio.new_event_loop", side_effect=AssertionError("a loop was opened")):
            self.assertEqual(run_class(Case), ["skipped: test: all of it"])


class TracebackTest(unittest.TestCase):
    """What unittest shows of a test that fails below a decorator of others."""

    def test_below_a_decorator(self) -> None:
        """The user's line, also of an assertion; none of ours."""

        class Case(unittest.TestCase):
            @mock.patch("os.getcwd")
            @async_test
            async def test(self, _: Any) -> None:
                self.assertEqual(1, 2)

        result = unittest.TestResult()
        Case("test").run(result)
        ((_, text),) = result.failures
        self.assertIn("self.assertEqual(1, 2)\n", text)
        self.assertNotIn("decorators.py", text)


if __name__ == "__main__":
    unittest.main()
