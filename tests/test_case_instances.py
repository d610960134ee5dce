"""Instances: data before, while and after they run; names that suites use; what a run leaves behind."""

from __future__ import annotations

import asyncio
import copy
import gc
import os
import pickle
import sys
import threading
import unittest
import weakref
from typing import Any

from asynctestkit import AsyncTestCase
from tests.outcomes import BothWays, Events, OutcomeResult, complaints, run_events


class Material:
    """Keeps what is only run by tests out of the reach of test loaders."""

    class Copied(AsyncTestCase):
        """A case that copies itself in the phase that it is told to."""

        copies: list[Any]
        when = ""

        def copy_in(self, phase: str) -> None:
            if self.when == phase:
                self.copies += [pickle.loads(pickle.dumps(self)), copy.deepcopy(self)]

        def setUp(self) -> None:
            self.copy_in("setUp")

        async def asyncSetUp(self) -> None:
            self.value = 42
            self.copy_in("asyncSetUp")

        async def test(self) -> None:
            self.copy_in("test")
            self.assertEqual(self.value, 42)

        async def asyncTearDown(self) -> None:
            self.copy_in("asyncTearDown")


class CopyTest(unittest.TestCase):
    """Pickling and deep-copying."""

    def test_while_it_runs(self) -> None:
        """A copy made in any phase is a case like another: it runs by itself, on a loop of its own."""
        for phase in ("setUp", "asyncSetUp", "test", "asyncTearDown"):
            with self.subTest(phase):
                Material.Copied.copies = []
                case = Material.Copied("test")
                case.when = phase
                case.run(result := OutcomeResult())
                self.assertEqual(result.events, ["passed"])
                self.assertEqual(len(Material.Copied.copies), 2)
                for again in list(Material.Copied.copies):
                    again.when = ""
                    again.run(result := OutcomeResult())
                    self.assertEqual(result.events, ["passed"])

    def test_state_comes_along(self) -> None:
        """What the suite keeps on the instance is copied, what the run keeps is not."""
        Material.Copied.copies = []
        case = Material.Copied("test")
        case.when = "test"
        case.run()
        for again in Material.Copied.copies:
            self.assertEqual(again.value, 42)
            self.assertFalse(hasattr(again, "loop"))

    def test_after_a_failed_debug(self) -> None:
        """A case whose debug() failed, and left its loop open, is copied without the loop, and closes it."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                raise OSError("no")

        case = Case("test")
        with self.assertRaises(OSError):
            case.debug()
        again = copy.deepcopy(case)
        self.assertEqual((hasattr(case, "loop"), hasattr(again, "loop")), (True, False))
        case.doCleanups()
        self.assertFalse(hasattr(case, "loop"))


class NamesTest(BothWays):
    """A suite's names are its own."""

    NAMES = (
        "args cleanup client clock close config connection context current_task db debug_ deadline enter events fetch "
        "fixture fixtures held host interrupt leave life limit loop managed name options owner plan port report result "
        "run_state runner scope scopes server shared spawn state step task tasks timeout url"
    ).split()

    def test_on_the_class(self) -> None:
        """Names defined by the class."""

        def make(events: Events) -> type[unittest.TestCase]:
            async def test(self: Any) -> None:
                events.extend(name for name in self.NAMES if getattr(self, name) != name)

            return type("Case", (AsyncTestCase,), {name: name for name in self.NAMES} | {"test": test, "NAMES": names})

        names = self.NAMES
        self.assert_events(make, "passed")

    def test_on_the_instance(self) -> None:
        """Names assigned in setUp, with cleanups, scopes and sync phases at work after it."""
        names = self.NAMES

        def make(events: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                def setUp(self) -> None:
                    for name in names:
                        setattr(self, name, name)

                async def asyncSetUp(self) -> None:
                    await self.enterAsyncContext(asyncio.timeout(60))
                    self.addAsyncCleanup(asyncio.sleep, 0)

                async def test(self) -> None:
                    await asyncio.sleep(0)

                def tearDown(self) -> None:
                    events.extend(name for name in names if getattr(self, name) != name)

            return Case

        self.assert_events(make, "passed")

    def test_methods(self) -> None:
        """Names that the suite gives to methods."""
        names = self.NAMES

        def make(events: Events) -> type[unittest.TestCase]:
            async def test(self: Any) -> None:
                await self.spawn()

            async def method(self: Any) -> None:
                events.append("method")

            return type("Case", (AsyncTestCase,), dict.fromkeys(names, method) | {"test": test})

        self.assert_events(make, "method", "passed")

    def test_slots_and_new(self) -> None:
        """A suite's own `__init__` that takes more, and `__slots__`, do not matter."""

        class Case(AsyncTestCase):
            __slots__ = ("extra",)

            def __init__(self, name: str = "test", extra: int = 1) -> None:
                super().__init__(name)
                self.extra = extra

            async def test(self) -> None:
                self.assertEqual(self.extra, 1)

        self.assertEqual(run_events(lambda events: Case), ["passed"])


class LoopAttributeTest(unittest.TestCase):
    """self.loop."""

    def test_outside_a_run(self) -> None:
        """It says why it is not there."""
        with self.assertRaises(AttributeError) as caught:
            AsyncTestCase().loop  # reading it is the subject
        self.assertEqual(
            str(caught.exception),
            "'AsyncTestCase' object has no attribute 'loop' now: its managed loop exists only while it runs",
        )

    def test_assigned_and_deleted(self) -> None:
        """What a suite assigned may be deleted; then the managed loop is there again."""

        def make(events: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                async def test(self) -> None:
                    self.loop = None  # type: ignore[assignment]  # a name of the suite's own
                    del self.loop
                    events.append(str(self.loop is asyncio.get_running_loop()))

            return Case

        self.assertEqual(run_events(make), ["True", "passed"])


class LeftoversTest(unittest.TestCase):
    """What a run leaves behind."""

    def test_nothing_keeps_the_case(self) -> None:
        """A case that has run goes with its last reference, without the garbage collector."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                await self.enterAsyncContext(asyncio.timeout(60))
                await asyncio.to_thread(int)

        case = Case("test")
        case.run()
        alive = weakref.ref(case)
        gc.collect()
        gc.disable()
        try:
            del case
            self.assertIsNone(alive())
        finally:
            gc.enable()

    @unittest.skipUnless(os.path.isdir("/proc/self/fd"), "the system does not list open files there")
    def test_after_every_outcome(self) -> None:
        """No file, thread or loop is left of tests that pass, fail, are cut, skip, or stop their loop."""

        async def passes(self: AsyncTestCase) -> None:
            await self.enterAsyncContext(await asyncio.start_server(print, "127.0.0.1", 0))
            await asyncio.to_thread(int)
            self.kept = asyncio.create_task(asyncio.Event().wait())  # type: ignore[attr-defined]  # a suite's

        async def stop(self: AsyncTestCase) -> None:
            asyncio.get_running_loop().stop()
            await asyncio.Event().wait()

        async def cut(self: AsyncTestCase) -> None:
            await self.enterAsyncContext(asyncio.timeout(0))
            await asyncio.Event().wait()

        async def fail(self: AsyncTestCase) -> None:
            self.kept = await asyncio.start_server(print, "127.0.0.1", 0)  # type: ignore[attr-defined]  # a suite's
            self.addCleanup(self.kept.close)  # type: ignore[attr-defined]  # as above
            raise OSError("no")

        async def skip(self: AsyncTestCase) -> None:
            asyncio.create_task(asyncio.to_thread(int))
            raise unittest.SkipTest("now")

        for test in (passes, stop, cut, fail, skip):
            with self.subTest(test.__name__):
                case = type("Case", (AsyncTestCase,), {"test": test})
                case("test").run()
                before = len(os.listdir("/proc/self/fd")), threading.active_count()
                for _ in range(3):
                    case("test").run()
                self.assertEqual((len(os.listdir("/proc/self/fd")), threading.active_count()), before)

    def test_thrown_away_while_a_loop_runs(self) -> None:
        """A case whose debug() failed, collected beside a running loop, closes its loop without running it."""
        loops: list[asyncio.AbstractEventLoop] = []

        class Case(AsyncTestCase):
            async def test(self) -> None:
                loops.append(self.loop)
                raise ValueError

        case: Any = Case("test")
        with self.assertRaises(ValueError):
            case.debug()

        async def collect() -> None:
            nonlocal case
            case = None
            gc.collect()

        with complaints() as said:
            asyncio.run(collect())
        self.assertEqual(([loop.is_closed() for loop in loops], said), ([True], []))

    def test_many_runs(self) -> None:
        """Objects do not pile up with the number of tests, on loops of their own and on a shared one."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                pass

        for _ in range(20):
            Case("test").run()
        gc.collect()
        before = sys.getallocatedblocks()
        for _ in range(200):
            Case("test").run()
        gc.collect()
        self.assertLess(sys.getallocatedblocks() - before, 500)


if __name__ == "__main__":
    unittest.main()
