"""`@fail_on`, `ASYNCTESTKIT_CHECKS` and `@background_task`: what a finding does."""

from __future__ import annotations

import asyncio
import textwrap
import unittest

from asynctestkit import (
    AsyncTestCase,
    UsageError,
    async_test,
    background_task,
    fail_on,
)
from asynctestkit.checks.deadline import Deadline
from asynctestkit.checks.policy import VARIABLE
from asynctestkit.checks.watchdog import watchdog
from tests.checks.faults import fail, forever, forgotten, outcome_of
from tests.programs import plugin_options, run_program


class FailOnTest(unittest.TestCase):
    """`@fail_on` on tests and classes."""

    def test_default(self) -> None:
        """A coroutine that was never awaited fails the test."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                _ = forgotten()

        self.assertEqual(outcome_of(Case), ["failure FindingError: coroutine 'forgotten' was never awaited"])

    def test_name_of_a_method(self) -> None:
        """A method of ours that was not awaited is called what users call it."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                self.enterAsyncContext(asyncio.timeout(1))  # type: ignore[unused-coroutine]  # on purpose

        told = "failure FindingError: coroutine 'AsyncTestCase.enterAsyncContext' was never awaited"
        self.assertEqual(outcome_of(Case), [told])

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

                self.assertEqual(outcome_of(Case), expected)

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
            outcome_of(Case),
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

        self.assertEqual(outcome_of(Case)[:2], ["passed", "passed"])
        self.assertIn("FindingError: coroutine 'forgotten' was never awaited", outcome_of(Case)[2])

    def test_ignore(self) -> None:
        """Patterns of names, with the module or without, take findings out."""
        for pattern, expected in (
            (f"{forgotten.__module__}.forgotten", ["passed"]),
            (f"{forgotten.__module__}.forg*", ["passed"]),
            ("forgotten", ["passed"]),
            ("other*", ["failure FindingError: coroutine 'forgotten' was never awaited"]),
        ):
            with self.subTest(pattern):

                @fail_on(ignore=(pattern,))
                class Case(AsyncTestCase):
                    async def test(self) -> None:
                        _ = forgotten()

                self.assertEqual(outcome_of(Case), expected)

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
                events = outcome_of(self.case(), checks)
                self.assertTrue(events[0].startswith(expected), events)

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
        (event,) = outcome_of(self.case(), "unawaitet")
        self.assertIn("error UsageError: there is no check 'unawaitet'", event)

    def test_refused_at_once(self) -> None:
        """Under our own command line it ends the run, before any test; so does what only `@fail_on` knows."""
        for said in ("unawaitet", "max_block=1"):
            with self.subTest(said):
                done = run_program("", "-m", "asynctestkit", "test_program", variables={VARIABLE: said})
                self.assertEqual(done.returncode, 2)
                self.assertIn(f"there is no check {said.partition('=')[0]!r}\n", done.stderr)
                self.assertIn("  valid  fail, warn, ignore, or some of pending_tasks,", done.stderr)


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

        self.assertEqual((outcome_of(Case), ended), (["passed"], ["ended"]))

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
        self.assertEqual([one for one in watchdog.armed if isinstance(one, Deadline)], [])  # nor has it a limit left


if __name__ == "__main__":
    unittest.main()
