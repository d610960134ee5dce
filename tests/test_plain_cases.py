"""`@async_test` and `@async_hook` on methods of test cases that are not ours."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import pickle
import unittest
from collections.abc import Callable
from typing import Any
from unittest import mock

from asynctestkit import AsyncTestCase, LoopError, async_hook, async_test
from tests.outcomes import complaints, run_class, run_debug, run_one

COLOUR: contextvars.ContextVar[str] = contextvars.ContextVar("COLOUR", default="none")

Loops = list[asyncio.AbstractEventLoop]


class Portable(unittest.TestCase):
    """A case that pickle can find."""

    @async_hook
    async def setUp(self) -> None:
        self.ready = True

    @async_test
    async def portable(self) -> None:
        self.assertTrue(self.ready)


class OrderTest(unittest.TestCase):
    """Where and in which order the parts of a test run, through run() and debug()."""

    def both(self, make: Callable[[list[str]], type[unittest.TestCase]]) -> list[str]:
        """Return the events of a test, which must be the same through run() and debug()."""
        seen: list[list[str]] = []
        for run in (run_one, run_debug):
            events: list[str] = []
            self.assertEqual(run(make(events)), ["ok"])
            seen.append(events)
        self.assertEqual(*seen)
        return seen[0]

    def test_order(self) -> None:
        """setUp, test, tearDown, cleanups last in first out, then the end of the loop with what still runs on it."""

        def make(events: list[str]) -> type[unittest.TestCase]:
            async def stay() -> None:
                try:
                    await asyncio.Event().wait()
                finally:
                    events.append("left over task ended")

            class Case(unittest.TestCase):
                @async_hook
                async def setUp(self) -> None:
                    events.append("setUp")
                    self.task = asyncio.create_task(stay())
                    self.addCleanup(events.append, "cleanup 1")
                    self.addCleanup(events.append, "cleanup 2")

                @async_test
                async def test(self) -> None:
                    await asyncio.sleep(0)
                    events.append("test")

                @async_hook
                async def tearDown(self) -> None:
                    events.append("tearDown")

            return Case

        self.assertEqual(
            self.both(make), ["setUp", "test", "tearDown", "cleanup 2", "cleanup 1", "left over task ended"]
        )

    def test_plain_and_async_parts_mix(self) -> None:
        """A plain setUp or test stays plain: no loop runs in it; the async tearDown beside it runs all the same."""

        def make(events: list[str]) -> type[unittest.TestCase]:
            class Case(unittest.TestCase):
                def setUp(self) -> None:
                    events.append(f"setUp, running: {asyncio._get_running_loop() is not None}")

                def test(self) -> None:
                    events.append(f"test, running: {asyncio._get_running_loop() is not None}")

                @async_hook
                async def tearDown(self) -> None:
                    events.append(f"tearDown, running: {asyncio.get_running_loop().is_running()}")

            return Case

        self.assertEqual(self.both(make), ["setUp, running: False", "test, running: False", "tearDown, running: True"])

    def test_one_context_and_task(self) -> None:
        """A context variable goes from hook to test to hook and not out of the test; the task is one."""
        tasks: list[object] = []

        def make(events: list[str]) -> type[unittest.TestCase]:
            class Case(unittest.TestCase):
                def note(self, colour: str) -> None:
                    events.append(COLOUR.get())
                    COLOUR.set(colour)
                    tasks.append(asyncio.current_task())

                @async_hook
                async def setUp(self) -> None:
                    self.note("setUp")

                @async_test
                async def test(self) -> None:
                    self.note("test")

                @async_hook
                async def tearDown(self) -> None:
                    self.note("tearDown")

            return Case

        self.assertEqual(self.both(make), ["none", "setUp", "test"])
        self.assertEqual((len(tasks), len(set(tasks))), (6, 2))
        self.assertEqual(COLOUR.get(), "none")

    def test_super(self) -> None:
        """An async hook awaits its base's, over any number of levels; a plain override calls it."""

        def make(events: list[str]) -> type[unittest.TestCase]:
            class Base(unittest.TestCase):
                @async_hook
                async def setUp(self) -> None:
                    events.append("base")

                @async_test
                async def test(self) -> None:
                    events.append("test")

                @async_hook
                async def tearDown(self) -> None:
                    events.append("base down")

            class Middle(Base):
                @async_hook
                async def setUp(self) -> None:
                    await super().setUp()
                    events.append("middle")

            class Case(Middle):
                @async_hook
                async def setUp(self) -> None:
                    await super().setUp()
                    events.append("case")

                def tearDown(self) -> None:
                    events.append("case down")
                    super().tearDown()

            return Case

        self.assertEqual(self.both(make), ["base", "middle", "case", "test", "case down", "base down"])

    def test_hooks_of_a_mixin(self) -> None:
        """A hook that stands in a class that is no test case works in the case it is mixed into."""

        def make(events: list[str]) -> type[unittest.TestCase]:
            class Mixin:
                @async_hook
                async def setUp(self) -> None:
                    events.append("mixin")

            class Case(Mixin, unittest.TestCase):
                @async_test
                async def test(self) -> None:
                    events.append("test")

            return Case

        self.assertEqual(self.both(make), ["mixin", "test"])


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


class InstanceTest(unittest.TestCase):
    """Instances of plain cases."""

    def test_run_again(self) -> None:
        """An instance runs any number of times, each on a loop of its own, and keeps nothing of it."""
        loops: Loops = []

        class Case(unittest.TestCase):
            @async_test
            async def test(self) -> None:
                loops.append(asyncio.get_running_loop())

        case = Case("test")
        before = sorted(vars(case))
        for _ in range(3):
            result = unittest.TestResult()
            case.run(result)
            self.assertTrue(result.wasSuccessful(), result.errors)
        self.assertEqual((len(set(loops)), {loop.is_closed() for loop in loops}), (3, {True}))
        self.assertEqual([name for name in vars(case) if name not in before and name.startswith("_atk")], [])

    def test_pickle_and_copy(self) -> None:
        """An instance pickles and deep-copies before and after it ran."""
        case = Portable("portable")
        for _ in range(2):
            for other in (pickle.loads(pickle.dumps(case)), copy.deepcopy(case), case):
                result = unittest.TestResult()
                other.run(result)
                self.assertEqual((result.testsRun, result.errors, result.failures), (1, [], []))


class OtherBasesTest(unittest.TestCase):
    """Cases that are async already."""

    def test_async_test_case(self) -> None:
        """In an AsyncTestCase a decorated test or hook runs where it would run undecorated."""
        seen: list[object] = []

        class Case(AsyncTestCase):
            async def asyncSetUp(self) -> None:
                seen.append(asyncio.current_task())

            @async_hook
            async def setUp(self) -> None:
                seen.append(asyncio.current_task())

            @async_test
            async def test(self) -> None:
                seen.append(asyncio.current_task())

        for run in (run_one, run_debug):
            seen.clear()
            self.assertEqual(run(Case), ["ok"])
            self.assertEqual((len(seen), len(set(seen))), (3, 1))

    def test_timeout_in_an_async_test_case(self) -> None:
        """The timeout of a decorated test holds in an AsyncTestCase as well."""

        class Case(AsyncTestCase):
            @async_test(timeout=0.01)
            async def test(self) -> None:
                async with asyncio.timeout(2):  # so that a timeout which is ignored fails instead of hanging
                    await asyncio.Event().wait()

        self.assertEqual(run_one(Case), ["errors: test: TimeoutError: test ran longer than its limit of 0.01 s"])

    def test_loop_factory_in_an_async_test_case(self) -> None:
        """The loop factory of a decorated test makes its loop in an AsyncTestCase as well."""
        loops: Loops = []

        class Loop(asyncio.SelectorEventLoop):
            pass

        class Case(AsyncTestCase):
            @async_test(loop_factory=Loop)
            async def test(self) -> None:
                loops.append(asyncio.get_running_loop())

        self.assertEqual(run_one(Case), ["ok"])
        self.assertEqual([type(loop) for loop in loops], [Loop])

    def test_stock_async_case(self) -> None:
        """In a stock IsolatedAsyncioTestCase decorated parts run on a managed loop beside the case's own."""
        loops: Loops = []

        class Case(unittest.IsolatedAsyncioTestCase):
            async def asyncSetUp(self) -> None:
                loops.append(asyncio.get_running_loop())

            @async_hook
            async def setUp(self) -> None:
                loops.append(asyncio.get_running_loop())

            @async_test
            async def test(self) -> None:
                loops.append(asyncio.get_running_loop())

            async def asyncTearDown(self) -> None:
                loops.append(asyncio.get_running_loop())

        self.assertEqual(run_one(Case), ["ok"])
        managed, own, *rest = loops
        self.assertEqual(rest, [managed, own])
        self.assertIsNot(managed, own)


class ByHandTest(unittest.TestCase):
    """Decorated methods called without a runner."""

    def test_outside(self) -> None:
        """A method runs when it is called; the case's cleanups close its loop."""
        loops: Loops = []

        class Case(unittest.TestCase):
            @async_test
            async def test(self) -> None:
                loops.append(asyncio.get_running_loop())

        case = Case("test")
        case.test()
        case.doCleanups()
        self.assertEqual([loop.is_closed() for loop in loops], [True])

    def test_inside_a_running_loop(self) -> None:
        """Where a loop runs the test says that it cannot, once, and no coroutine is left unawaited."""

        class Case(unittest.TestCase):
            @async_hook
            async def setUp(self) -> None:
                pass

            @async_test
            async def test(self) -> None:
                pass

        async def main() -> None:
            for call in (case.setUp, case.test):
                with self.assertRaisesRegex(LoopError, "^a managed loop cannot be called from a running event loop\n"):
                    call()

        case = Case("test")
        with complaints() as said:
            asyncio.run(main())
            case.doCleanups()
        self.assertEqual(said, [])


if __name__ == "__main__":
    unittest.main()
