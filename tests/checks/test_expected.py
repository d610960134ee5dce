"""`expect_loop_error`: errors that reach nobody and that a test expects."""

from __future__ import annotations

import asyncio
import unittest
from collections.abc import Callable
from typing import Any

from asynctestkit import AsyncTestCase, UsageError, async_test, expect_loop_error
from tests.checks.faults import fail, fail_as_task, outcome_of


class ExpectTest(unittest.TestCase):
    """`expect_loop_error`."""

    def run_test(self, function: Callable[[Any], Any], checks: str = "") -> list[str]:
        """Run a coroutine function as a test."""
        return outcome_of(type("Case", (AsyncTestCase,), {"test": function, "__module__": __name__}), checks)

    def test_met(self) -> None:
        """An error that matches is no finding, and is at hand."""

        async def test(self: Any) -> None:
            with self.expect_loop_error("ValueError: lost") as expected:
                asyncio.get_running_loop().call_soon(fail)
                await asyncio.sleep(0)
            self.assertIsInstance(expected.met[0]["exception"], ValueError)

        self.assertEqual(self.run_test(test), ["passed"])

    def test_not_met(self) -> None:
        """Without one the block fails."""

        async def test(self: Any) -> None:
            with self.expect_loop_error("lost"):
                await asyncio.sleep(0)

        self.assertEqual(self.run_test(test), ["failure AssertionError: no error that matches 'lost' reached the loop"])

    def test_no_checks(self) -> None:
        """Where the whole run has no checks, nobody listens, and the block does not fail."""

        async def test(self: Any) -> None:
            with self.expect_loop_error("lost"):
                await asyncio.sleep(0)

        self.assertEqual(self.run_test(test, "ignore"), ["passed"])

    def test_other(self) -> None:
        """An error that does not match is found all the same."""

        async def test(self: Any) -> None:
            with self.assertRaises(AssertionError), self.expect_loop_error("other"):
                asyncio.get_running_loop().call_soon(fail)
                await asyncio.sleep(0)

        (event,) = self.run_test(test)
        self.assertIn("failure FindingError: Exception in callback fail()", event)

    def test_held(self) -> None:
        """The error of a task that somebody keeps is met where nobody has looked at it, and may still be awaited."""

        async def test(self: Any) -> None:
            with self.expect_loop_error("ValueError: lost") as expected:
                self.task = asyncio.create_task(fail_as_task())
                self.other = asyncio.create_task(fail_as_task())
                await asyncio.sleep(0)
            self.assertEqual([context["future"] for context in expected.met], [self.task, self.other])
            with self.assertRaises(ValueError):
                await self.task

        self.assertEqual(self.run_test(test), ["passed"])

    def test_held_other(self) -> None:
        """One that does not match is found all the same, and is no use to the block."""

        async def test(self: Any) -> None:
            with self.assertRaises(AssertionError), self.expect_loop_error("other"):
                self.task = asyncio.create_task(fail_as_task())
                await asyncio.sleep(0)

        (event,) = self.run_test(test)
        self.assertIn("failure FindingError: Task exception was never retrieved: ValueError: lost", event)

    def test_retrieved(self) -> None:
        """What the test has awaited did not reach nobody."""

        async def test(self: Any) -> None:
            with self.expect_loop_error("lost"):
                task = asyncio.create_task(fail_as_task())
                with self.assertRaises(ValueError):
                    await task

        self.assertEqual(self.run_test(test), ["failure AssertionError: no error that matches 'lost' reached the loop"])

    def test_function(self) -> None:
        """In a test of any kind there is the function, for a callback and for a task that is kept."""
        kept: list[Any] = []

        class Case(unittest.TestCase):
            @async_test
            async def test_callback(self) -> None:
                with expect_loop_error("lost"):
                    asyncio.get_running_loop().call_soon(fail)
                    await asyncio.sleep(0)

            @async_test
            async def test_task(self) -> None:
                with expect_loop_error("lost"):
                    kept.append(asyncio.create_task(fail_as_task()))
                    await asyncio.sleep(0)

        self.assertEqual(outcome_of(Case), ["passed", "passed"])

    def test_outside(self) -> None:
        """Where no test runs it is refused."""
        with (
            self.assertRaisesRegex(UsageError, "^expect_loop_error is for a running test whose errors are checked\n"),
            expect_loop_error("lost"),
        ):
            pass

    def test_advice(self) -> None:
        """A finding advises what can be written in its test."""

        async def test(self: Any) -> None:
            asyncio.get_running_loop().call_soon(fail)
            await asyncio.sleep(0)

        for base, function, form in (
            (AsyncTestCase, test, "`with self.expect_loop_error(...)`"),
            (unittest.TestCase, async_test(test), "`with asynctestkit.expect_loop_error(...)`"),
        ):
            with self.subTest(base.__name__):
                case = type("Case", (base,), {"test": function, "__module__": __name__})
                result = unittest.TestResult()
                case("test").run(result)
                ((_, text),) = result.failures
                self.assertIn(form, text)

    def test_no_pattern(self) -> None:
        """What is no regular expression is refused."""

        async def test(self: Any) -> None:
            with self.expect_loop_error("("):
                pass

        (event,) = self.run_test(test)
        self.assertIn("error UsageError: expect_loop_error needs a regular expression, not '('", event)

    def test_handler_of_the_test(self) -> None:
        """An exception handler that the test sets itself gets the errors, and they are no findings."""
        seen: list[str] = []

        async def test(self: Any) -> None:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, context: seen.append(repr(context["exception"])))
            loop.call_soon(fail)
            await asyncio.sleep(0)

        self.assertEqual((self.run_test(test), seen), (["passed"], ["ValueError('lost')"]))

    def test_log_that_is_captured(self) -> None:
        """What a test captures of asyncio's log is no finding."""

        async def test(self: Any) -> None:
            with self.assertLogs("asyncio", "ERROR"):
                asyncio.get_running_loop().call_soon(fail)
                await asyncio.sleep(0)

        self.assertEqual(self.run_test(test), ["passed"])


if __name__ == "__main__":
    unittest.main()
