"""Points 9 and 13: skips, expected failures, subtests and cancellation in async tests."""

# Test classes are built on a parameter, which mypy cannot take for a base class.
# mypy: disable-error-code="valid-type, misc"

import asyncio
import unittest

from .differential import ContractTest, differential
from .recording import Base, Events, both_ways, run_events, suite_events
from .test_phases import Fatal


def this_task() -> asyncio.Task[object]:
    """Return the task that runs."""
    task = asyncio.current_task()
    assert task is not None
    return task


class Decorators(ContractTest):
    """Point 13: skips, expected failures and subtests on coroutine functions."""

    @differential(13)
    def test_skip_decorators(self, base: Base) -> object:
        """Point 13: the three decorators, and a class-level skip under a suite."""

        class T(base):
            events: Events = []

            @unittest.skip("always")
            async def test_a(self) -> None:
                self.events.append("ran")

            @unittest.skipIf(True, "if")
            async def test_b(self) -> None:
                self.events.append("ran")

            @unittest.skipUnless(True, "unless")
            async def test_c(self) -> None:
                self.events.append("ran")

            async def test_d(self) -> None:
                self.skipTest("in the body")

        @unittest.skip("whole class")
        class Whole(T):
            events: Events = []

            @classmethod
            def setUpClass(cls) -> None:
                cls.events.append("setUpClass")

        return [suite_events(T), suite_events(Whole)]

    @differential(13)
    def test_expected_failure_of_async_tests(self, base: Base) -> object:
        """Point 13: failing, passing, skipping; and on the whole class."""

        class T(base):
            events: Events = []

            @unittest.expectedFailure
            async def test_fails(self) -> None:
                self.fail("as expected")

            @unittest.expectedFailure
            async def test_passes(self) -> None:
                pass

            @unittest.expectedFailure
            async def test_skips(self) -> None:
                self.skipTest("why not")

        @unittest.expectedFailure
        class Whole(base):
            events: Events = []

            async def test(self) -> None:
                self.fail("as expected")

        return [suite_events(T), suite_events(Whole)]

    @differential(13)
    def test_subtests_of_async_tests(self, base: Base) -> object:
        """Point 13: passing, failing, erring and skipping subtests, nested ones, and the skip of the rest."""

        class T(base):
            events: Events = []

            async def test_mixed(self) -> None:
                for number in range(5):
                    with self.subTest(number=number):
                        await asyncio.sleep(0)
                        if number == 1:
                            self.fail("one")
                        if number == 2:
                            raise ValueError("two")
                        if number == 3:
                            self.skipTest("three")
                self.events.append("after the subtests")

            async def test_nested(self) -> None:
                with self.subTest("outer", a=1):
                    with self.subTest(b=2):
                        await asyncio.sleep(0)
                        self.fail("inner")
                    self.fail("outer")

            async def test_skip_after(self) -> None:
                with self.subTest(i=1):
                    self.fail("first")
                self.skipTest("the rest")

            @unittest.expectedFailure
            async def test_expected(self) -> None:
                with self.subTest(i=1):
                    await asyncio.sleep(0)
                    self.fail("first")
                self.events.append("not reached")

        return suite_events(T)

    @differential(13)
    def test_cancelled_in_a_subtest(self, base: Base) -> object:
        """Points 9 and 13: CancelledError and a BaseException inside a subtest are its errors."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def test(self) -> None:
                    for kind in (asyncio.CancelledError, Fatal, SystemExit):
                        with self.subTest(kind=kind.__name__):
                            await asyncio.sleep(0)
                            raise kind("inside")
                    events.append("after")

            return T("test")

        return both_ways(make)

    @differential(9)
    def test_the_test_cancels_itself(self, base: Base) -> object:
        """Point 9: a body that cancels its own task gets one error; tearDown and cleanups run undisturbed."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def test(self) -> None:
                    self.addAsyncCleanup(asyncio.sleep, 0)
                    this_task().cancel("by itself")
                    try:
                        await asyncio.sleep(0)
                    finally:
                        events.append("finally")

                async def asyncTearDown(self) -> None:
                    await asyncio.sleep(0)
                    events.append("asyncTearDown")

            return T("test")

        return both_ways(make)

    @differential(9)
    def test_a_cancel_in_the_last_step_of_the_body(self, base: Base) -> object:
        """Point 9: it is the body's error, and asyncTearDown runs undisturbed."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def test(self) -> None:
                    this_task().cancel()

                async def asyncTearDown(self) -> None:
                    await asyncio.sleep(0)
                    events.append("asyncTearDown")

            return T("test")

        return both_ways(make)

    @differential(7, 9)
    def test_a_cancel_that_the_body_swallows(self, base: Base) -> object:
        """Points 7 and 9: the later phases run; whether their task still counts the cancel."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def test(self) -> None:
                    this_task().cancel()
                    try:
                        await asyncio.sleep(0)
                    except asyncio.CancelledError:
                        events.append("swallowed")

                async def asyncTearDown(self) -> None:
                    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
                        group.create_task(asyncio.sleep(0))
                    events.append(f"asyncTearDown, cancelling: {this_task().cancelling()}")

            return T("test")

        return run_events(make)
