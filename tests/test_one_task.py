"""One task and one context for all phases of a test, and what that makes possible."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import sys
import unittest
from collections.abc import Callable
from functools import partial
from typing import Any

from asynctestkit import AsyncTestCase
from tests.outcomes import run_debug, run_one

try:
    import anyio
except ImportError:
    anyio = None  # type: ignore[assignment]  # tests that need it are skipped

COLOUR: contextvars.ContextVar[str] = contextvars.ContextVar("COLOUR", default="none")


async def forever() -> None:
    """Wait for what never comes; only a cancellation ends this."""
    await asyncio.Event().wait()


class PhasesTest(unittest.TestCase):
    """Where and in which order phases run."""

    def both(self, make: Callable[[list[str]], type[unittest.TestCase]]) -> list[str]:
        """Return the events of a test, which must be the same through run() and debug()."""
        seen: list[list[str]] = []
        for run in (run_one, run_debug):
            events: list[str] = []
            self.assertEqual(run(make(events)), ["ok"])
            seen.append(events)
        self.assertEqual(*seen)
        return seen[0]

    def test_one_task(self) -> None:
        """The current task is the same object in every async phase, async set-up under plain names included."""
        tasks: list[object] = []

        class Case(AsyncTestCase):
            async def setUp(self) -> None:
                tasks.append(asyncio.current_task())
                self.addCleanup(self.note)

            async def note(self) -> None:
                tasks.append(asyncio.current_task())

            asyncSetUp = asyncTearDown = test = note

            async def tearDown(self) -> None:
                tasks.append(asyncio.current_task())
                self.addAsyncCleanup(self.note)

        self.assertEqual(run_one(Case), ["ok"])
        self.assertEqual((len(tasks), len(set(tasks))), (7, 1))

    def test_order(self) -> None:
        """setUp, asyncSetUp, test, asyncTearDown, tearDown, cleanups last in first out, sync and async mixed."""

        def make(events: list[str]) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                def setUp(self) -> None:
                    events.append("setUp")
                    self.addCleanup(events.append, "cleanup 1")
                    self.addCleanup(self.later, "cleanup 2")

                async def later(self, event: str) -> None:
                    events.append(event)

                async def asyncSetUp(self) -> None:
                    events.append("asyncSetUp")

                async def test(self) -> None:
                    events.append("test")
                    self.addCleanup(events.append, "cleanup 3")

                async def asyncTearDown(self) -> None:
                    events.append("asyncTearDown")

                def tearDown(self) -> None:
                    events.append("tearDown")

            return Case

        expected = ["setUp", "asyncSetUp", "test", "asyncTearDown", "tearDown", "cleanup 3", "cleanup 2", "cleanup 1"]
        self.assertEqual(self.both(make), expected)

    def test_context_is_shared(self) -> None:
        """A context variable goes from sync to async phases and back, and not out of the test."""

        def make(events: list[str]) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                def note(self, colour: str) -> None:
                    events.append(COLOUR.get())
                    COLOUR.set(colour)

                def setUp(self) -> None:
                    self.note("setUp")

                async def asyncSetUp(self) -> None:
                    self.note("asyncSetUp")

                async def test(self) -> None:
                    self.note("test")
                    self.addCleanup(self.note, "cleanup")

                async def asyncTearDown(self) -> None:
                    self.note("asyncTearDown")

                def tearDown(self) -> None:
                    self.note("tearDown")

            return Case

        expected = ["none", "setUp", "asyncSetUp", "test", "asyncTearDown", "tearDown"]
        self.assertEqual(self.both(make), expected)
        self.assertEqual(COLOUR.get(), "none")

    def test_sync_phases_run_outside_the_running_loop(self) -> None:
        """In sync phases no loop runs, the test's loop is current, and it can be run by hand."""
        problems: list[str] = []

        class Case(AsyncTestCase):
            def check(self) -> None:
                if asyncio._get_running_loop() is not None:
                    problems.append("running")
                if asyncio.get_event_loop() is not self.loop:
                    problems.append("not current")
                self.loop.run_until_complete(asyncio.sleep(0))

            setUp = tearDown = test = check

        self.assertEqual(run_one(Case), ["ok"])
        self.assertEqual(problems, [])

    def test_loop_is_current_again_after_asyncio_run(self) -> None:
        """A sync setUp that uses asyncio.run leaves no loop behind; the test's is current all the same."""

        class Case(AsyncTestCase):
            def setUp(self) -> None:
                asyncio.run(asyncio.sleep(0))

            def test(self) -> None:
                self.assertIs(asyncio.get_event_loop(), self.loop)

        self.assertEqual(run_one(Case), ["ok"])

    def test_cleanups_in_the_middle_of_a_sync_test(self) -> None:
        """`self.doCleanups()` in a sync test runs async cleanups, too."""
        events: list[str] = []

        class Case(AsyncTestCase):
            async def later(self) -> None:
                events.append("cleanup")

            def test(self) -> None:
                self.addCleanup(self.later)
                self.doCleanups()
                events.append("end of test")

        self.assertEqual(run_one(Case), ["ok"])
        self.assertEqual(events, ["cleanup", "end of test"])

    def test_awaitables_from_plain_callables(self) -> None:
        """What a lambda, a partial or an object with an async call returns is awaited."""
        events: list[str] = []

        async def later(event: str) -> None:
            events.append(event)

        class Callable_:
            async def __call__(self) -> None:
                events.append("object")

        class Case(AsyncTestCase):
            def test(self) -> Any:
                self.addCleanup(lambda: later("lambda"))
                self.addCleanup(partial(later, "partial"))
                self.addCleanup(Callable_())
                return later("test")

        self.assertEqual(run_one(Case), ["ok"])
        self.assertEqual(events, ["test", "object", "partial", "lambda"])

    def test_super_set_up_with_and_without_await(self) -> None:
        """The base class's setUp may be awaited by an async override and ignored by a plain one."""

        class Awaiting(AsyncTestCase):
            async def setUp(self) -> None:
                await super().setUp()

            async def test(self) -> None:
                pass

            async def tearDown(self) -> None:
                await super().tearDown()

        class Ignoring(Awaiting):
            def setUp(self) -> None:
                AsyncTestCase.setUp(self)

        self.assertEqual(run_one(Awaiting) + run_one(Ignoring), ["ok", "ok"])


class OpenScopesTest(unittest.TestCase):
    """What is entered in set-up acts on the body."""

    def cut(self, enter: Callable[[AsyncTestCase], Any]) -> tuple[list[str], list[str]]:
        """Run a test that would never end with `enter` as its set-up; return outcome and events."""
        events: list[str] = []

        class Case(AsyncTestCase):
            async def asyncSetUp(self) -> None:
                await enter(self)

            async def test(self) -> None:
                try:
                    await forever()
                finally:
                    events.append("body ended")

            async def asyncTearDown(self) -> None:
                await asyncio.sleep(0)
                events.append("asyncTearDown")

        return run_one(Case), events

    def assert_cut(self, enter: Callable[[AsyncTestCase], Any], error: str) -> None:
        outcome, events = self.cut(enter)
        self.assertEqual(len(outcome), 1, outcome)
        self.assertRegex(outcome[0], error)
        self.assertEqual(events, ["body ended", "asyncTearDown"])

    def test_timeout(self) -> None:
        """asyncio.timeout entered in asyncSetUp ends a body that overruns, as the TimeoutError it is."""
        self.assert_cut(lambda case: case.enterAsyncContext(asyncio.timeout(0.01)), r"errors: test: TimeoutError$")

    def test_task_group(self) -> None:
        """A child that fails cancels the body, and its own error is the only one reported."""

        async def enter(case: AsyncTestCase) -> None:
            group = await case.enterAsyncContext(asyncio.TaskGroup())

            async def fail() -> None:
                raise ValueError("child")

            group.create_task(fail())

        self.assert_cut(enter, r"\|.*|errors")
        outcome, _ = self.cut(enter)
        self.assertEqual(len(outcome), 1)

    def test_exit_stack(self) -> None:
        """A scope inside an AsyncExitStack works like the scope itself."""

        async def enter(case: AsyncTestCase) -> None:
            stack = await case.enterAsyncContext(contextlib.AsyncExitStack())
            await stack.enter_async_context(asyncio.timeout(0.01))

        self.assert_cut(enter, r"errors: test: TimeoutError$")

    def test_nested_scopes(self) -> None:
        """Of two scopes the one that fired reports, and the other is left in peace."""

        async def enter(case: AsyncTestCase) -> None:
            await case.enterAsyncContext(asyncio.timeout(0.01))
            await case.enterAsyncContext(asyncio.timeout(60))

        self.assert_cut(enter, r"errors: test: TimeoutError$")

    @unittest.skipIf(anyio is None, "anyio is not installed")
    def test_anyio_scope(self) -> None:
        """A plain context manager entered in the test task is left there, as anyio's cancel scopes demand."""

        async def enter(case: AsyncTestCase) -> None:
            case.enterContext(anyio.fail_after(0.01))

        outcome, events = self.cut(enter)
        self.assertEqual(len(outcome), 1, outcome)
        self.assertRegex(outcome[0], r"errors: test: TimeoutError")
        self.assertEqual(events[0], "body ended")

    @unittest.skipIf(anyio is None, "anyio is not installed")
    def test_scope_that_swallows(self) -> None:
        """A scope that ends a body and says nothing must not make the test pass."""

        async def enter(case: AsyncTestCase) -> None:
            case.enterContext(anyio.move_on_after(0.01))

        outcome, _ = self.cut(enter)
        self.assertEqual(len(outcome), 1, outcome)
        self.assertIn("failures: test", outcome[0])

    def test_cut_in_set_up(self) -> None:
        """A scope that fires while asyncSetUp still runs reports its error, and the body does not run."""
        events: list[str] = []

        class Case(AsyncTestCase):
            async def asyncSetUp(self) -> None:
                await self.enterAsyncContext(asyncio.timeout(0.01))
                await forever()

            async def test(self) -> None:
                events.append("test")

        self.assertEqual(run_one(Case), ["errors: test: TimeoutError"])
        self.assertEqual(events, [])

    def test_fired_while_parked(self) -> None:
        """A scope that fires while a sync test runs the loop by hand reports its error as well."""

        class Case(AsyncTestCase):
            async def asyncSetUp(self) -> None:
                await self.enterAsyncContext(asyncio.timeout(0.01))

            def test(self) -> None:
                self.loop.run_until_complete(asyncio.sleep(0.05))

        self.assertEqual(run_one(Case), ["errors: test: TimeoutError"])

    def test_cancelled_by_itself(self) -> None:
        """A cancellation that no scope answers for is an error of the test."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                task = asyncio.current_task()
                assert task is not None
                task.cancel("why not")
                await asyncio.sleep(0)

        self.assertEqual(run_one(Case), ["errors: test: asyncio.exceptions.CancelledError: why not"])

    def test_debug_agrees(self) -> None:
        """debug() raises the scope's error, too."""

        class Case(AsyncTestCase):
            async def asyncSetUp(self) -> None:
                await self.enterAsyncContext(asyncio.timeout(0.01))

            async def test(self) -> None:
                await forever()

        self.assertEqual(run_debug(Case), ["TimeoutError: "])


class DisturbedTest(unittest.TestCase):
    """What ends a phase from outside."""

    def test_loop_stop(self) -> None:
        """loop.stop() in a test is an error of that test, which is ended properly."""
        events: list[str] = []

        class Case(AsyncTestCase):
            async def test(self) -> None:
                try:
                    self.loop.stop()
                    await forever()
                finally:
                    events.append("ended")

            async def asyncTearDown(self) -> None:
                events.append("asyncTearDown")

        self.assertEqual(
            run_one(Case), ["errors: test: asynctestkit.LoopError: Event loop stopped before Future completed."]
        )
        self.assertEqual(events, ["ended", "asyncTearDown"])

    def test_system_exit_in_a_callback(self) -> None:
        """SystemExit out of a callback is an error of the test, not the end of the run."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                self.loop.call_soon(sys.exit, "now")
                await forever()

        self.assertEqual(run_one(Case), ["errors: test: SystemExit: now"])

    def test_base_exceptions_of_the_body(self) -> None:
        """Whatever a body raises is an error of that test: SystemExit, GeneratorExit, CancelledError."""
        for error in (SystemExit("x"), GeneratorExit("x"), asyncio.CancelledError("x"), BaseException("x")):

            class Case(AsyncTestCase):
                async def test(self, error: BaseException = error) -> None:
                    raise error

            with self.subTest(error=error):
                (line,) = run_one(Case)
                self.assertRegex(line, rf"errors: test: .*{type(error).__name__}: x")


if __name__ == "__main__":
    unittest.main()
