"""What hooks of classes do wrong is told of the hook that did it, or of the end of its class."""

from __future__ import annotations

import asyncio
import unittest
from importlib.util import find_spec
from typing import Any, cast

from asynctestkit import (
    AsyncTestCase,
    async_hook,
    async_test,
)
from tests.checks.faults import fail_after, fail_in_callback, fail_soon, forever, forgotten
from tests.checks.hooks_support import HookCase, name_of, report_of
from tests.outcomes import Events, run_class


class UnawaitedTest(HookCase):
    """A coroutine that a hook forgets to await."""

    def test_each_hook(self) -> None:
        """Fails the hook that made it, whatever its kind; what would follow a failure there follows."""

        async def fault() -> None:
            forgotten()  # type: ignore[unused-coroutine]  # that is the fault

        async def fault_of_class(cls: type) -> None:
            forgotten()  # type: ignore[unused-coroutine]  # that is the fault

        def plain_fault(cls: type) -> None:
            forgotten()  # type: ignore[unused-coroutine]  # that is the fault

        async def test(self: Any) -> None:
            type(self).events.append("test")

        for name, hook, comes_to in (
            ("asyncSetUpClass", fault_of_class, []),
            ("setUpClass", fault_of_class, []),
            ("setUpClass", plain_fault, []),
            ("asyncTearDownClass", fault_of_class, ["test"]),
            ("tearDownClass", fault_of_class, ["test"]),
            ("tearDownClass", plain_fault, ["test"]),
        ):
            with self.subTest(hook=name, function=hook.__name__):
                events: Events = []
                names = {"test": test, "events": events, name: classmethod(cast("Any", hook))}
                case = cast("type[AsyncTestCase]", type("Case", (AsyncTestCase,), names))
                told = "tearDownClass" if "TearDown" in name or "tearDown" in name else "setUpClass"
                self.assert_found(case, told, "coroutine 'forgotten' was never awaited")
                self.assertEqual(events, comes_to)

        class Cleanup(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.addAsyncClassCleanup(fault)

            async def test(self) -> None:
                pass

        self.assert_found(Cleanup, "tearDownClass", "coroutine 'forgotten' was never awaited")

    def test_other_cases(self) -> None:
        """So do hooks of test cases that are not ours."""

        class SetUp(unittest.TestCase):
            @async_hook
            @classmethod
            async def setUpClass(cls) -> None:
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault

            @async_test
            async def test(self) -> None:
                pass

        class TearDown(unittest.TestCase):
            @async_hook
            @classmethod
            async def tearDownClass(cls) -> None:
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault

            @async_test
            async def test(self) -> None:
                pass

        self.assert_found(SetUp, "setUpClass", "coroutine 'forgotten' was never awaited")
        self.assert_found(TearDown, "tearDownClass", "coroutine 'forgotten' was never awaited")

    def test_in_a_cycle(self) -> None:
        """It is found in garbage that only a collection finds, before the first test."""

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                ring: list[Any] = [forgotten()]
                ring.append(ring)

            async def test(self) -> None:
                pass

        self.assert_found(Case, "setUpClass", "coroutine 'forgotten' was never awaited")

    def test_both_hooks(self) -> None:
        """One report tells of a class's plain and async set-up, and both have run."""

        class Case(AsyncTestCase):
            @classmethod
            def setUpClass(cls) -> None:
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault

            async def test(self) -> None:
                pass

        self.assert_found(Case, "setUpClass", "2 faults in setUpClass", "2 unawaited")

    def test_failed_already(self) -> None:
        """What is found in a hook that fails is added to its error."""

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault
                raise OSError("no")

            async def test(self) -> None:
                pass

        self.assert_found(Case, "setUpClass", "OSError: no", "coroutine 'forgotten' was never awaited")

    def test_kept(self) -> None:
        """One that a class keeps is a fault if nobody has awaited it by the end of the class."""

        class Kept(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.coroutine = forgotten()

            async def test(self) -> None:
                pass

            coroutine: Any

        class Awaited(Kept):
            @classmethod
            async def asyncTearDownClass(cls) -> None:
                await cls.coroutine

        text = self.assert_found(Kept, "tearDownClass", "coroutine 'forgotten' was never awaited")
        self.assertIn("cls.coroutine", text)
        self.assertEqual(run_class(Awaited), ["ok"])


class UnhandledTest(HookCase):
    """Errors that nobody has seen."""

    def test_in_the_hook(self) -> None:
        """A task that is dropped, and a callback, fail the hook in which they fail."""

        class Dropped(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                asyncio.create_task(fail_soon())  # that is the fault
                await asyncio.sleep(0.01)

            async def test(self) -> None:
                pass

        class Callback(AsyncTestCase):
            @classmethod
            async def asyncTearDownClass(cls) -> None:
                asyncio.get_running_loop().call_soon(int, "x")
                await asyncio.sleep(0)

            async def test(self) -> None:
                pass

        self.assert_found(Dropped, "setUpClass", "ValueError: lost")
        self.assert_found(Callback, "tearDownClass", "ValueError: invalid literal")

    def test_while_a_test_runs(self) -> None:
        """A background task of a class that fails is told at the end of the class, and never of a test that passes."""

        class Held(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.begun = asyncio.Event()
                cls.task = asyncio.create_task(fail_after(cls.begun))

            async def test(self) -> None:
                self.begun.set()
                await asyncio.sleep(0.01)

            begun: asyncio.Event
            task: asyncio.Task[None]

        class Dropped(Held):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.begun = asyncio.Event()
                asyncio.create_task(fail_after(cls.begun))  # that is the fault

        for case in (Held, Dropped):
            self.assert_found(case, "tearDownClass", "Task exception was never retrieved: ValueError: lost")

    def test_beside_a_failure(self) -> None:
        """It is a note to a test that fails meanwhile, too."""

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.begun = asyncio.Event()
                asyncio.create_task(fail_after(cls.begun))  # that is the fault

            async def test(self) -> None:
                self.begun.set()
                await asyncio.sleep(0.01)
                self.fail("for a reason of its own")

            begun: asyncio.Event

        told = dict(report_of(Case))
        self.assertEqual(sorted(told), [f"tearDownClass ({name_of(Case)})", "test"])
        for text in told.values():
            self.assertIn("Task exception was never retrieved: ValueError: lost", text)

    def test_forgotten_by_a_task(self) -> None:
        """A coroutine that a class's task forgets while a test runs is the class's fault."""

        async def worker(begun: asyncio.Event) -> None:
            await begun.wait()
            forgotten()  # type: ignore[unused-coroutine]  # that is the fault

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.begun = asyncio.Event()
                cls.task = asyncio.create_task(worker(cls.begun))

            async def test(self) -> None:
                self.begun.set()
                await self.task

            begun: asyncio.Event
            task: asyncio.Task[None]

        self.assert_found(Case, "tearDownClass", "coroutine 'forgotten' was never awaited")

    def test_handled(self) -> None:
        """A test may expect an error of its class's tasks; one that somebody awaits is no fault."""

        class Expected(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.begun = asyncio.Event()
                cls.task = asyncio.create_task(fail_in_callback(cls.begun))

            async def test(self) -> None:
                with self.expect_loop_error("ValueError"):
                    self.begun.set()
                    await asyncio.sleep(0.01)

            begun: asyncio.Event
            task: asyncio.Task[None]

        class Held(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.begun = asyncio.Event()
                cls.task = asyncio.create_task(fail_after(cls.begun))

            async def test(self) -> None:
                with self.expect_loop_error("ValueError"):
                    self.begun.set()
                    await asyncio.sleep(0.01)

            begun: asyncio.Event
            task: asyncio.Task[None]

        class Awaited(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.begun = asyncio.Event()
                cls.task = asyncio.create_task(fail_after(cls.begun))

            async def test(self) -> None:
                self.begun.set()
                with self.assertRaises(ValueError):
                    await self.task

            begun: asyncio.Event
            task: asyncio.Task[None]

        self.assertEqual(run_class(Expected, Held, Awaited), ["ok"])


@unittest.skipUnless(find_spec("uvloop"), "needs uvloop")
class UvloopTest(HookCase):
    """The same on a loop that is not asyncio's."""

    def test_found(self) -> None:
        """Errors of tasks and callbacks, and what is left."""
        import uvloop

        class Case(AsyncTestCase):
            loop_factory = staticmethod(uvloop.new_event_loop)

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.begun = asyncio.Event()
                cls.task = asyncio.create_task(forever())
                cls.other = asyncio.create_task(fail_in_callback(cls.begun))
                asyncio.create_task(fail_after(cls.begun))  # that is the fault

            async def test(self) -> None:
                self.begun.set()
                await asyncio.sleep(0.01)

            begun: asyncio.Event
            task: asyncio.Task[None]
            other: asyncio.Task[None]

        texts = "ValueError: lost", "ValueError: invalid literal", "task forever() was still pending"
        self.assert_found(Case, "tearDownClass", "3 faults", *texts)


if __name__ == "__main__":
    unittest.main()
