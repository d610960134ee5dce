"""Scopes that fire: each cuts the test at once, and its real error is the only one told, through both ways."""

from __future__ import annotations

import asyncio
import contextlib
import unittest
from collections.abc import Awaitable, Callable
from typing import Any

from asynctestkit import AsyncTestCase
from tests.outcomes import BothWays, Events, Maker, OutcomeResult, suite_events

try:
    import anyio
except ImportError:
    anyio = None  # type: ignore[assignment]  # tests that need it are skipped

needs_anyio = unittest.skipIf(anyio is None, "anyio is not installed")

SOON = 0.01


async def forever() -> None:
    """Wait for what never comes; only a cancellation ends this."""
    await asyncio.Event().wait()


async def fail(message: str = "child") -> None:
    """Be a child that fails."""
    raise ValueError(message)


def cut_by(enter: Callable[[AsyncTestCase], Awaitable[Any]]) -> Maker:
    """Return the maker of a case that enters a scope in asyncSetUp, and whose body never ends by itself."""

    def make(events: Events) -> type[unittest.TestCase]:
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

        return Case

    return make


class CutTest(BothWays):
    """A body that overruns."""

    def assert_cut(self, enter: Callable[[AsyncTestCase], Awaitable[Any]], outcome: str) -> None:
        self.assert_events(cut_by(enter), "body ended", "asyncTearDown", outcome)

    def test_timeout(self) -> None:
        """asyncio.timeout through enterAsyncContext."""
        self.assert_cut(lambda case: case.enterAsyncContext(asyncio.timeout(SOON)), "error TimeoutError")

    def test_task_group(self) -> None:
        """A failing child of a TaskGroup: its own error is told."""

        async def enter(case: AsyncTestCase) -> None:
            group = await case.enterAsyncContext(asyncio.TaskGroup())
            group.create_task(fail())

        self.assert_cut(enter, "error ExceptionGroup[ValueError: child]")

    def test_task_group_in_a_timeout(self) -> None:
        """Of nested scopes the inner one fires."""

        async def enter(case: AsyncTestCase) -> None:
            await case.enterAsyncContext(asyncio.timeout(60))
            group = await case.enterAsyncContext(asyncio.TaskGroup())
            group.create_task(fail())

        self.assert_cut(enter, "error ExceptionGroup[ValueError: child]")

    def test_timeout_around_a_task_group(self) -> None:
        """Of nested scopes the outer one fires: children of the inner are cancelled, the timeout is told."""

        async def enter(case: AsyncTestCase) -> None:
            await case.enterAsyncContext(asyncio.timeout(SOON))
            group = await case.enterAsyncContext(asyncio.TaskGroup())
            group.create_task(forever())

        self.assert_cut(enter, "error TimeoutError")

    def test_timeout_around_a_timeout(self) -> None:
        """Of two scopes of one kind the one that fired is told, and the other is left in peace."""

        async def enter(case: AsyncTestCase) -> None:
            await case.enterAsyncContext(asyncio.timeout(SOON))
            await case.enterAsyncContext(asyncio.timeout(60))

        self.assert_cut(enter, "error TimeoutError")

    def test_exit_stack(self) -> None:
        """Scopes in an AsyncExitStack that is a cleanup."""

        async def enter(case: AsyncTestCase) -> None:
            stack = await case.enterAsyncContext(contextlib.AsyncExitStack())
            await stack.enter_async_context(asyncio.timeout(60))
            group = await stack.enter_async_context(asyncio.TaskGroup())
            group.create_task(fail())

        self.assert_cut(enter, "error ExceptionGroup[ValueError: child]")

    @needs_anyio
    def test_anyio_fail_after(self) -> None:
        """anyio.fail_after through enterContext."""

        async def enter(case: AsyncTestCase) -> None:
            case.enterContext(anyio.fail_after(SOON))

        events: Events = []
        cut_by(enter)(events)("test").run(OutcomeResult(events))
        self.assertEqual((events[0], events[-1]), ("body ended", "error TimeoutError"))
        self.assertEqual(sum(event.startswith(("error", "failure")) for event in events), 1)

    @needs_anyio
    def test_anyio_task_group(self) -> None:
        """A failing child of an anyio task group."""

        async def enter(case: AsyncTestCase) -> None:
            group = await case.enterAsyncContext(anyio.create_task_group())
            group.start_soon(fail)

        events: Events = []
        cut_by(enter)(events)("test").run(OutcomeResult(events))
        self.assertEqual((events[0], events[-1]), ("body ended", "error ExceptionGroup[ValueError: child]"))
        self.assertEqual(sum(event.startswith(("error", "failure")) for event in events), 1)

    @needs_anyio
    def test_anyio_scope_that_swallows(self) -> None:
        """A CancelScope that fires says nothing of its own: the test fails for having been cut."""

        async def enter(case: AsyncTestCase) -> None:
            scope = case.enterContext(anyio.CancelScope())
            asyncio.get_running_loop().call_soon(scope.cancel)

        events: Events = []
        cut_by(enter)(events)("test").run(OutcomeResult(events))
        self.assertEqual(
            (events[0], events[-1]),
            (
                "body ended",
                "failure SilentPassError: test was cut short by CancelScope, which swallowed the cancellation",
            ),
        )

    def test_scope_that_swallows(self) -> None:
        """So does a scope of the suite's own that swallows the cancellation."""

        class Swallow:
            async def __aenter__(self) -> None:
                self.task = asyncio.current_task()
                assert self.task is not None
                asyncio.get_running_loop().call_soon(self.task.cancel)

            async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> bool:
                if kind is None:
                    return False
                assert self.task is not None
                self.task.uncancel()
                return True

        self.assert_cut(
            lambda case: case.enterAsyncContext(Swallow()),
            f"failure SilentPassError: test was cut short by {Swallow.__qualname__}, which swallowed the cancellation",
        )


class WhereTest(BothWays):
    """Scopes that fire in other phases than the body."""

    def test_in_async_set_up(self) -> None:
        """In asyncSetUp: the body and the tear-down do not run, and the scope's error is told."""

        def make(events: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                async def asyncSetUp(self) -> None:
                    await self.enterAsyncContext(asyncio.timeout(SOON))
                    await forever()

                async def test(self) -> None:
                    events.append("test")

                async def asyncTearDown(self) -> None:
                    events.append("asyncTearDown")

            return Case

        self.assert_events(make, "error TimeoutError")

    def test_in_async_tear_down(self) -> None:
        """In asyncTearDown."""

        def make(events: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                async def asyncSetUp(self) -> None:
                    self.scope = await self.enterAsyncContext(asyncio.timeout(None))

                async def test(self) -> None:
                    events.append("test")

                async def asyncTearDown(self) -> None:
                    self.scope.reschedule(0)
                    await forever()

            return Case

        self.assert_events(make, "test", "error TimeoutError")

    def test_in_a_sync_test(self) -> None:
        """While a sync test runs the loop by hand."""

        def make(events: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                async def asyncSetUp(self) -> None:
                    group = await self.enterAsyncContext(asyncio.TaskGroup())
                    self.child = group.create_task(fail())

                def test(self) -> None:
                    self.loop.run_until_complete(asyncio.wait([self.child]))
                    events.append("end of test")

            return Case

        self.assert_events(make, "end of test", "error ExceptionGroup[ValueError: child]")

    def test_timeout_in_a_sync_test(self) -> None:
        """A timeout tells its error too, though the sync test goes on to its end and meets no cancellation."""

        def make(events: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                async def asyncSetUp(self) -> None:
                    self.scope = await self.enterAsyncContext(asyncio.timeout(None))

                async def expire(self) -> None:
                    self.scope.reschedule(0)
                    while not self.scope.expired():
                        await asyncio.sleep(0)

                def test(self) -> None:
                    self.loop.run_until_complete(self.expire())
                    events.append("end of test")

            return Case

        self.assert_events(make, "end of test", "error TimeoutError")

    def test_real_error_and_a_scope(self) -> None:
        """A body that fails by itself under an open scope is told alone."""

        class Case(AsyncTestCase):
            async def asyncSetUp(self) -> None:
                await self.enterAsyncContext(asyncio.timeout(60))

            async def test(self) -> None:
                await fail("body")

        self.assertEqual(suite_events(Case, events=[]), ["error ValueError: body"])

    def test_cancelled_by_itself(self) -> None:
        """A cancellation that no scope answers for is the error."""

        def make(events: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                async def asyncSetUp(self) -> None:
                    await self.enterAsyncContext(asyncio.timeout(60))

                async def test(self) -> None:
                    task = asyncio.current_task()
                    assert task is not None
                    task.cancel("by itself")
                    await forever()

            return Case

        self.assert_events(make, "error CancelledError: by itself")


class OutcomesTest(unittest.TestCase):
    """Cut tests among other outcomes."""

    def test_later_tests(self) -> None:
        """Tests after one that was cut are undisturbed, on a loop of their own and on a shared one."""
        for scope in (None, "class"):

            class Case(AsyncTestCase):
                loop_scope = scope

                async def test_a(self) -> None:
                    await self.enterAsyncContext(asyncio.timeout(SOON))
                    await forever()

                async def test_b(self) -> None:
                    await asyncio.sleep(0)
                    task = asyncio.current_task()
                    assert task is not None
                    self.assertEqual(task.cancelling(), 0)

            with self.subTest(scope=scope):
                self.assertEqual(suite_events(Case, events=[]), ["error TimeoutError", "passed"])

    def test_expected_failure(self) -> None:
        """The scope's error is that of a cleanup, and unittest expects failures of the body alone."""

        class Case(AsyncTestCase):
            async def asyncSetUp(self) -> None:
                await self.enterAsyncContext(asyncio.timeout(SOON))

            @unittest.expectedFailure
            async def test(self) -> None:
                await forever()

        self.assertEqual(suite_events(Case, events=[]), ["error TimeoutError"])

    def test_in_a_subtest(self) -> None:
        """Cut inside a subTest, the rest of the test does not run, and one error is told."""
        events: Events = []

        class Case(AsyncTestCase):
            async def asyncSetUp(self) -> None:
                await self.enterAsyncContext(asyncio.timeout(SOON))

            async def test(self) -> None:
                with self.subTest(1):
                    events.append("in subTest")
                    await forever()
                events.append("after subTest")

        told = [event for event in suite_events(Case, events=events) if event != "subtest passed"]
        self.assertEqual(told, ["in subTest", "error TimeoutError"])


if __name__ == "__main__":
    unittest.main()
