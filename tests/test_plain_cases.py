"""`@async_test` and `@async_hook` on methods of test cases that are not ours: where, when and for whom they run."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import pickle
import unittest
from typing import Any

from asynctestkit import AsyncTestCase, LoopError, async_hook, async_test, fail_on
from tests.outcomes import BothWays, Events, complaints, run_debug, run_one

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


def case_that_notes(loops: Loops) -> Any:
    """Return a case whose decorated test writes its loop down."""

    class Case(unittest.TestCase):
        @async_test
        async def test(self) -> None:
            loops.append(asyncio.get_running_loop())

    return Case


class OrderTest(BothWays):
    """Where and in which order the parts of a test run, through run() and debug()."""

    def test_order(self) -> None:
        """setUp, test, tearDown, cleanups last in first out, then the end of the loop with what still runs on it."""

        def make(events: Events) -> type[unittest.TestCase]:
            async def stay() -> None:
                try:
                    await asyncio.Event().wait()
                finally:
                    events.append("left over task ended")

            @fail_on(pending_tasks=False)
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

        self.assert_events(
            make, "setUp", "test", "tearDown", "cleanup 2", "cleanup 1", "left over task ended", "passed"
        )

    def test_plain_and_async_parts_mix(self) -> None:
        """A plain setUp or test stays plain: no loop runs in it; the async tearDown beside it runs all the same."""

        def make(events: Events) -> type[unittest.TestCase]:
            class Case(unittest.TestCase):
                def setUp(self) -> None:
                    events.append(f"setUp, running: {asyncio._get_running_loop() is not None}")

                def test(self) -> None:
                    events.append(f"test, running: {asyncio._get_running_loop() is not None}")

                @async_hook
                async def tearDown(self) -> None:
                    events.append(f"tearDown, running: {asyncio.get_running_loop().is_running()}")

            return Case

        self.assert_events(make, "setUp, running: False", "test, running: False", "tearDown, running: True", "passed")

    def test_one_context_and_task(self) -> None:
        """A context variable goes from hook to test to hook and not out of the test; the task is one."""
        tasks: list[object] = []

        def make(events: Events) -> type[unittest.TestCase]:
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

        self.assert_events(make, "none", "setUp", "test", "passed")
        self.assertEqual((len(tasks), len(set(tasks))), (6, 2))
        self.assertEqual(COLOUR.get(), "none")

    def test_super(self) -> None:
        """An async hook awaits its base's, over any number of levels; a plain override calls it."""

        def make(events: Events) -> type[unittest.TestCase]:
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

        self.assert_events(make, "base", "middle", "case", "test", "case down", "base down", "passed")

    def test_hooks_of_a_mixin(self) -> None:
        """A hook that stands in a class that is no test case works in the case it is mixed into."""

        def make(events: Events) -> type[unittest.TestCase]:
            class Mixin:
                @async_hook
                async def setUp(self) -> None:
                    events.append("mixin")

            class Case(Mixin, unittest.TestCase):
                @async_test
                async def test(self) -> None:
                    events.append("test")

            return Case

        self.assert_events(make, "mixin", "test", "passed")


class InstanceTest(unittest.TestCase):
    """Instances of plain cases."""

    def test_run_again(self) -> None:
        """An instance runs any number of times, each on a loop of its own, and keeps nothing of it."""
        loops: Loops = []
        case = case_that_notes(loops)("test")
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
        case = case_that_notes(loops)("test")
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
