"""Class hooks that fail or skip: how often it is told, what runs all the same, and what is left."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any

from asynctestkit import AsyncTestCase
from tests import cases
from tests.outcomes import Events, OutcomeResult, run_class, suite_events, suite_of


class FailingTest(unittest.TestCase):
    """Class hooks that do not go well."""

    def setUp(self) -> None:
        self.events: Events = []

    def run_case(self, *classes: type[unittest.TestCase]) -> Events:
        return suite_events(*classes, events=self.events)

    def test_set_up_once(self) -> None:
        """A failing asyncSetUpClass is one error; tear-down does not run, its cleanups do, tests do not."""

        class Case(cases.Recorded):
            events = self.events

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.addAsyncClassCleanup(cls.note, "cleanup")
                raise OSError("no")

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                await cls.note("asyncTearDownClass")

        self.assertEqual(sorted(self.run_case(Case)), ["cleanup", "error OSError: no"])

    def test_name_of_the_error(self) -> None:
        """Errors of async set-up and of an async cleanup go by unittest's names for them."""

        async def fail() -> None:
            raise OSError("late")

        class Case(cases.Recorded):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                raise OSError("no")

        class Late(cases.Recorded):
            events = self.events

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.addAsyncClassCleanup(fail)

        case, late = (f"{cls.__module__}.{cls.__qualname__}" for cls in (Case, Late))
        self.assertEqual(
            run_class(Case, Late),
            [f"errors: setUpClass ({case}): OSError: no", f"errors: tearDownClass ({late}): OSError: late"],
        )

    def test_plain_set_up_fails(self) -> None:
        """After a failing setUpClass the async one does not run."""

        class Case(cases.Recorded):
            events = self.events

            @classmethod
            def setUpClass(cls) -> None:
                raise OSError("no")

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await cls.note("asyncSetUpClass")

        self.assertEqual(self.run_case(Case), ["error OSError: no"])

    def test_tear_down_fails(self) -> None:
        """A failing asyncTearDownClass is one error, and the class's cleanups run."""

        class Case(cases.Recorded):
            events = self.events

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.addAsyncClassCleanup(cls.note, "cleanup")

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                raise OSError("no")

        self.assertEqual(sorted(self.run_case(Case)), ["cleanup", "error OSError: no", "passed", "test"])

    def test_all_cleanups_fail(self) -> None:
        """Each failing class cleanup is told, sync and async."""

        async def fail(message: str) -> None:
            raise OSError(message)

        class Case(cases.Recorded):
            events = self.events

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.addAsyncClassCleanup(fail, "first")
                cls.addClassCleanup(int, "x")
                cls.addAsyncClassCleanup(fail, "last")

        self.assertEqual(
            self.run_case(Case),
            [
                "test",
                "passed",
                "error OSError: last",
                "error ValueError: invalid literal for int() with base 10: 'x'",
                "error OSError: first",
            ],
        )

    def test_skip_in_set_up(self) -> None:
        """SkipTest in asyncSetUpClass skips the class, and its cleanups run."""

        class Case(cases.Recorded):
            events = self.events

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.addAsyncClassCleanup(cls.note, "cleanup")
                raise unittest.SkipTest("not here")

        self.assertEqual(sorted(self.run_case(Case)), ["cleanup", "skipped not here"])

    def test_loop_is_closed(self) -> None:
        """A class that fails leaves no loop, and the next class has one of its own."""
        loops: list[asyncio.AbstractEventLoop] = []

        class First(cases.Recorded):
            events = self.events

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                loops.append(asyncio.get_running_loop())
                raise OSError("no")

        class Second(cases.Recorded):
            events = self.events

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                loops.append(asyncio.get_running_loop())

        self.assertEqual(self.run_case(First, Second), ["error OSError: no", "test", "passed"])
        self.assertEqual([loop.is_closed() for loop in loops], [True, True])
        self.assertIsNot(*loops)

    def test_skipped_class(self) -> None:
        """A skipped class makes no loop and enters nothing."""
        factory = cases.Factory()

        @unittest.skip("never")
        class Case(cases.Recorded):
            events = self.events
            loop_factory = factory
            loop_scope = "class"

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await cls.note("asyncSetUpClass")

        self.assertEqual(self.run_case(Case), ["skipped never"])
        self.assertEqual(factory.made, [])


class CancelledTest(unittest.TestCase):
    """Class hooks that end with CancelledError, which would end the run of a runner that collects Exceptions."""

    maxDiff = None

    async def wait_for_cancelled(self) -> None:
        task = asyncio.ensure_future(asyncio.sleep(0))
        task.cancel("by the hook")
        await task

    def errors(self, *hooks: str, events: Events) -> list[tuple[str, str]]:
        """Run a class whose hooks end so, and one after it; return the names and the messages of the errors."""
        wait = self.wait_for_cancelled

        async def hook(cls: type) -> None:
            await wait()

        async def set_up_class(cls: type[AsyncTestCase]) -> None:
            cls.addAsyncClassCleanup(wait)

        names: dict[str, Any] = {name: classmethod(hook) for name in hooks}
        if not hooks:
            names["asyncSetUpClass"] = classmethod(set_up_class)
        hook.__qualname__ = "Case.hook"
        first = type("Case", (cases.Recorded,), {"__module__": "suite", "events": events, **names})
        second = type("Later", (cases.Recorded,), {"__module__": "suite", "events": events})
        result = OutcomeResult(events)
        suite_of(first, second).run(result)
        return [(test.id(), text.partition("asynctestkit.")[2]) for test, text in result.errors]

    def message(self, hook: str) -> str:
        return (
            f"LoopError: {hook} ended with CancelledError: by the hook\n"
            "  scope  class Case\n"
            "  cause  it awaits something that was cancelled, or was cancelled itself and nothing says why\n"
            "  fix:   suppress the CancelledError of what the hook has cancelled itself\n"
        )

    def check(self, events: Events, hooks: tuple[str, ...], name: str, told: str, expected: Events) -> None:
        self.assertEqual(self.errors(*hooks, events=events), [(f"{name} (suite.Case)", self.message(told))])
        first_line = f"error LoopError: {told} ended with CancelledError: by the hook"
        self.assertEqual(events, [first_line if event == "told" else event for event in expected])

    def test_set_up(self) -> None:
        """asyncSetUpClass, and an async setUpClass: one error, no test; the later class runs."""
        for hook in ("asyncSetUpClass", "setUpClass"):
            with self.subTest(hook):
                self.check([], (hook,), "setUpClass", "Case.hook", ["told", "test", "passed"])

    def test_tear_down(self) -> None:
        """asyncTearDownClass, and an async tearDownClass: one error, and the later class runs."""
        for hook in ("asyncTearDownClass", "tearDownClass"):
            with self.subTest(hook):
                self.check([], (hook,), "tearDownClass", "Case.hook", ["test", "passed", "told", "test", "passed"])

    def test_cleanup(self) -> None:
        """An async class cleanup: one error, and the later class runs."""
        told = f"{type(self).__name__}.wait_for_cancelled"
        self.check([], (), "tearDownClass", told, ["test", "passed", "told", "test", "passed"])


if __name__ == "__main__":
    unittest.main()
