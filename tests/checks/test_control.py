"""`@fail_on`, `ASYNCTESTKIT_CHECKS`, `expect_loop_error` and `@background_task`: what a finding does."""

from __future__ import annotations

import asyncio
import os
import textwrap
import unittest
import warnings
from collections.abc import Callable
from typing import Any
from unittest import mock

from asynctestkit import (
    AsyncTestCase,
    FindingWarning,
    UsageError,
    async_test,
    background_task,
    expect_loop_error,
    fail_on,
)
from asynctestkit.checks.policy import VARIABLE
from tests.outcomes import suite_events
from tests.programs import plugin_options, run_program


async def forgotten() -> None:
    """Do nothing, if it is awaited."""


async def forever() -> None:
    """Wait until it is cancelled."""
    await asyncio.Event().wait()


def outcome(cls: type[unittest.TestCase], checks: str = "") -> list[str]:
    """Run a class; return what its result was told, and the kinds of warnings."""
    with mock.patch.dict(os.environ, {VARIABLE: checks}), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        events = suite_events(cls, events=[])
    return [*events, *(f"warned of {str(one.message)[:30]}" for one in caught if one.category is FindingWarning)]


class FailOnTest(unittest.TestCase):
    """`@fail_on` on tests and classes."""

    def test_default(self) -> None:
        """A coroutine that was never awaited fails the test."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                _ = forgotten()

        self.assertEqual(outcome(Case), ["failure FindingError: coroutine 'forgotten' was never awaited"])

    def test_levels(self) -> None:
        """True and "fail" fail, "warn" warns, False and "ignore" do nothing."""
        for value, expected in (
            (True, ["failure FindingError: coroutine 'forgotten' was never awaited"]),
            ("fail", ["failure FindingError: coroutine 'forgotten' was never awaited"]),
            ("warn", ["passed", "warned of coroutine 'forgotten' was neve"]),
            (False, ["passed"]),
            ("ignore", ["passed"]),
        ):
            with self.subTest(value=value):

                @fail_on(unawaited=value)
                class Case(AsyncTestCase):
                    async def test(self) -> None:
                        _ = forgotten()

                self.assertEqual(outcome(Case), expected)

    def test_inner_counts(self) -> None:
        """What a test says goes before what its class says, and that before what a base says."""

        @fail_on(unawaited=False)
        class Base(AsyncTestCase):
            async def test_base(self) -> None:
                _ = forgotten()

        @fail_on(unawaited="warn")
        class Case(Base):
            @fail_on(unawaited=True)
            async def test_own(self) -> None:
                _ = forgotten()

        self.assertEqual(
            outcome(Case),
            [
                "passed",
                "failure FindingError: coroutine 'forgotten' was never awaited",
                "warned of coroutine 'forgotten' was neve",
            ],
        )

    def test_async_test(self) -> None:
        """It counts over and under `@async_test`, in any test case."""

        class Case(unittest.TestCase):
            @fail_on(unawaited=False)
            @async_test
            async def test_over(self) -> None:
                _ = forgotten()

            @async_test
            @fail_on(unawaited=False)
            async def test_under(self) -> None:
                _ = forgotten()

            @async_test
            async def test_without(self) -> None:
                _ = forgotten()

        self.assertEqual(outcome(Case)[:2], ["passed", "passed"])
        self.assertIn("FindingError: coroutine 'forgotten' was never awaited", outcome(Case)[2])

    def test_ignore(self) -> None:
        """Patterns of names, with the module or without, take findings out."""
        for pattern, expected in (
            (f"{__name__}.forgotten", ["passed"]),
            (f"{__name__}.forg*", ["passed"]),
            ("forgotten", ["passed"]),
            ("other*", ["failure FindingError: coroutine 'forgotten' was never awaited"]),
        ):
            with self.subTest(pattern):

                @fail_on(ignore=(pattern,))
                class Case(AsyncTestCase):
                    async def test(self) -> None:
                        _ = forgotten()

                self.assertEqual(outcome(Case), expected)

    def test_refused(self) -> None:
        """A misspelt name or value is refused where it stands, with the valid ones."""
        for options, words in (
            ({"unawaitd": True}, "there is no check 'unawaitd'"),
            ({"unawaited": "yes"}, "unawaited must say what its findings do, not 'yes'"),
            ({"unawaited": 1.5}, "unawaited must say what its findings do, not 1.5"),
            ({"ignore": "module.*"}, "ignore must be a tuple of patterns, not 'module.*'"),
        ):
            with self.subTest(options), self.assertRaisesRegex(UsageError, words) as caught:
                fail_on(**options)
            self.assertIn(f"{__file__}:", str(caught.exception))

    def test_valid_names_are_told(self) -> None:
        """The message of a misspelt name lists all checks."""
        with self.assertRaises(UsageError) as caught:
            fail_on(tasks=True)
        self.assertIn(
            "pending_tasks, unawaited, unhandled, unclosed, async_generators, threads, timers",
            str(caught.exception),
        )


class EnvironmentTest(unittest.TestCase):
    """`ASYNCTESTKIT_CHECKS`."""

    def case(self) -> type[AsyncTestCase]:
        """Return a class with two faults."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                _ = forgotten()
                self.task = asyncio.create_task(forever())

        return Case

    def test_values(self) -> None:
        """`ignore` runs no check; a list only those that it names."""
        both = "failure FindingError: 2 faults in"
        for checks, expected in (
            ("", both),
            ("fail", both),
            ("ignore", "passed"),
            ("unawaited", "failure FindingError: coroutine 'forgotten' was never awaited"),
            ("pending_tasks, timers", "failure FindingError: task forever() was still pending at the end of the test"),
            ("threads", "passed"),
        ):
            with self.subTest(checks):
                self.assertTrue(outcome(self.case(), checks)[0].startswith(expected), outcome(self.case(), checks))

    def test_warn(self) -> None:
        """With `warn` nothing fails, whatever `@fail_on` says, and the end of the run tells by kind and place."""
        program = """
            import asyncio
            from asynctestkit import AsyncTestCase, fail_on

            async def forgotten(): pass

            class FirstTest(AsyncTestCase):
                @fail_on(unawaited=True)
                async def test_a(self):
                    forgotten()

                async def test_b(self):
                    for _ in range(2):
                        forgotten()

                async def test_good(self):
                    pass
        """
        for module, place in (("unittest", "stderr"), ("pytest", "stdout")):
            with self.subTest(module):
                options = ["-q", *plugin_options()] if module == "pytest" else []
                finished = run_program(
                    textwrap.dedent(program).lstrip(), "-m", module, *options, variables={VARIABLE: "warn"}
                )
                self.assertEqual(finished.returncode, 0, finished.stdout + finished.stderr)
                said: str = getattr(finished, place)
                self.assertIn("asynctestkit: 3 findings, which fail no test (ASYNCTESTKIT_CHECKS=warn)", said)
                self.assertRegex(
                    said,
                    r"unawaited: 3\n"
                    r" +2 x  \S+:13 in test_b   coroutine 'forgotten' was never awaited   first in .*test_b",
                )
                if module == "unittest":  # before the result is told
                    self.assertLess(said.index("3 findings"), said.index("Ran 3 tests"))

    def test_refused(self) -> None:
        """A misspelt check fails every test, with the valid ones."""
        (event,) = outcome(self.case(), "unawaitet")
        self.assertIn("error UsageError: there is no check 'unawaitet'", event)


class ExpectTest(unittest.TestCase):
    """`expect_loop_error`."""

    def run_test(self, function: Callable[[Any], Any], checks: str = "") -> list[str]:
        """Run a coroutine function as a test."""
        return outcome(type("Case", (AsyncTestCase,), {"test": function, "__module__": __name__}), checks)

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

        self.assertEqual(outcome(Case), ["passed", "passed"])

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


def fail() -> None:
    """Raise what nobody catches."""
    raise ValueError("lost")


async def fail_as_task() -> None:
    """Raise it when it is awaited."""
    fail()


class BackgroundTest(unittest.TestCase):
    """`@background_task`."""

    def test_allowed(self) -> None:
        """Its tasks may be left, and are ended."""
        ended: list[str] = []

        @background_task
        async def serve() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("ended")

        class Case(AsyncTestCase):
            async def test(self) -> None:
                self.task = asyncio.create_task(serve())
                await asyncio.sleep(0)

        self.assertEqual((outcome(Case), ended), (["passed"], ["ended"]))

    def test_refused(self) -> None:
        """A plain function is refused."""
        with self.assertRaisesRegex(UsageError, "@background_task needs a coroutine function, and fail is none"):
            background_task(fail)


class FailedTest(unittest.TestCase):
    """Findings of a test that failed already."""

    def test_note(self) -> None:
        """They are added to its failure, and to its exception."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                _ = forgotten()
                self.fail("mine")

        result = unittest.TestResult()
        Case("test").run(result)
        ((_, text),) = result.failures
        first, _, rest = text.partition("AssertionError: mine\n")
        self.assertIn("test_control.py", first)
        self.assertTrue(rest.startswith("coroutine 'forgotten' was never awaited\n  test "), rest)

    def test_alone(self) -> None:
        """debug() lets the finding out."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                _ = forgotten()

        with self.assertRaisesRegex(AssertionError, "coroutine 'forgotten' was never awaited"):
            Case("test").debug()


if __name__ == "__main__":
    unittest.main()
