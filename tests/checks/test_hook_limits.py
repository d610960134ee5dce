"""How long hooks of classes may take, and what is left of them."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import unittest
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any, cast
from unittest import mock

from asynctestkit import (
    AsyncTestCase,
    async_hook,
    async_test,
    timeout,
)
from tests.checks import hangs
from tests.checks.faults import forever
from tests.checks.hooks_support import HookCase, name_of, report_of
from tests.outcomes import Events, run_class

LIMIT = 0.1


class LimitTest(HookCase):
    """Hooks that hang."""

    def test_each_hook(self) -> None:
        """Each ends within its limit and a second, is named, and what follows a failure there follows, once."""

        class Base(AsyncTestCase):
            timeout = LIMIT
            events: Events
            hook = ""
            hang: Any

            @classmethod
            async def come_to(cls, hook: str) -> None:
                cls.events.append(hook)
                if cls.hook == hook:
                    await cls.hang()

            @classmethod
            async def setUpClass(cls) -> None:
                cls.addAsyncClassCleanup(cls.come_to, "cleanup")
                await cls.come_to("setUpClass")

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await cls.come_to("asyncSetUpClass")

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                await cls.come_to("asyncTearDownClass")

            @classmethod
            async def tearDownClass(cls) -> None:
                await cls.come_to("tearDownClass")

            async def test(self) -> None:
                self.events.append("test")

        every = ["setUpClass", "asyncSetUpClass", "test", "asyncTearDownClass", "tearDownClass", "cleanup"]
        for hook, comes_to in (
            ("setUpClass", ["setUpClass", "cleanup"]),
            ("asyncSetUpClass", ["setUpClass", "asyncSetUpClass", "cleanup"]),
            ("asyncTearDownClass", ["setUpClass", "asyncSetUpClass", "test", "asyncTearDownClass", "cleanup"]),
            ("tearDownClass", every),
            ("cleanup", every),
        ):
            for hang in (hangs.event, hangs.sleep, hangs.eat_cancellations):
                with self.subTest(hook=hook, hang=hang.__name__):
                    events: Events = []
                    names = {"hook": hook, "hang": staticmethod(hang), "events": events}
                    case = cast("type[AsyncTestCase]", type("Case", (Base,), names))
                    begun = time.monotonic()
                    (line,) = run_class(case)
                    self.assertLess(time.monotonic() - begun, LIMIT + 8)
                    told = "setUpClass" if hook.endswith("etUpClass") else "tearDownClass"
                    self.assertIn(f"errors: {told} (", line)
                    self.assertIn("TimeoutError: class Case exceeded its limit of 0.1 s in ", line)
                    self.assertTrue(line.endswith(hook if hook != "cleanup" else "come_to'"), line)
                    self.assertEqual(events, comes_to)

    def test_plain_hook(self) -> None:
        """A plain hook has a limit, too, and its traceback ends on the line that blocks."""

        class Case(AsyncTestCase):
            timeout = LIMIT

            @classmethod
            def setUpClass(cls) -> None:
                time.sleep(30)

            async def test(self) -> None:
                pass

        text = self.assert_found(Case, "setUpClass", "exceeded its limit of 0.1 s in setUpClass")
        self.assertIn("time.sleep(30)", text)

    def test_context_manager(self) -> None:
        """A context manager that is entered for the class is named where leaving it hangs."""

        @asynccontextmanager
        async def manager() -> AsyncIterator[None]:
            yield
            await forever()

        class Case(AsyncTestCase):
            timeout = LIMIT

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await cls.enterAsyncClassContext(manager())

            async def test(self) -> None:
                pass

        told = "exceeded its limit of 0.1 s in leaving LimitTest.test_context_manager.<locals>.manager"
        self.assert_found(Case, "tearDownClass", told)

    def test_other_case(self) -> None:
        """Hooks of other test cases have what `@timeout` says above their class."""

        @timeout(LIMIT)
        class Case(unittest.TestCase):
            @async_hook
            @classmethod
            async def setUpClass(cls) -> None:
                await forever()

            @async_test
            async def test(self) -> None:
                pass

        text = self.assert_found(Case, "setUpClass", "class LimitTest.test_other_case.<locals>.Case exceeded its limit")
        self.assertIn("waits for", text)

    def test_without_a_limit(self) -> None:
        """None is no limit."""

        class Case(AsyncTestCase):
            timeout = None

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await asyncio.sleep(2 * LIMIT)

            async def test(self) -> None:
                pass

        with mock.patch.dict(os.environ, ASYNCTESTKIT_TIMEOUT=str(LIMIT)):
            self.assertEqual(run_class(Case), ["ok"])

    def test_what_is_left(self) -> None:
        """A task that eats cancellations, and a thread that never ends, hold up the end of a class by its limit."""
        end = threading.Event()

        class Task(AsyncTestCase):
            timeout = LIMIT

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.ensure_future(hangs.eat_cancellations())
                await asyncio.sleep(0)

            async def test(self) -> None:
                pass

            task: Any

        class Thread(AsyncTestCase):
            timeout = LIMIT

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                asyncio.get_running_loop().run_in_executor(None, end.wait, 30)

            async def test(self) -> None:
                pass

        try:
            for case, text in ((Task, "did not end when it was cancelled"), (Thread, "executor did not end")):
                with self.subTest(case.__name__):
                    begun = time.monotonic()
                    reports = report_of(case)
                    self.assertLess(time.monotonic() - begun, LIMIT + 8)
                    self.assertEqual({name for name, _ in reports}, {f"tearDownClass ({name_of(case)})"})
                    self.assertIn(text, "".join(said for _, said in reports))
        finally:
            end.set()


@unittest.skipUnless(find_spec("uvloop"), "needs uvloop")
class UvloopTest(HookCase):
    """The same on a loop that is not asyncio's."""

    def test_limit(self) -> None:
        """Hooks that hang."""
        import uvloop

        for hang in (hangs.event, hangs.sleep):

            class Case(AsyncTestCase):
                timeout = LIMIT
                loop_factory = staticmethod(uvloop.new_event_loop)

                @classmethod
                async def asyncSetUpClass(cls, hang: Any = hang) -> None:
                    await hang()

                async def test(self) -> None:
                    pass

            self.assert_found(Case, "setUpClass", "exceeded its limit of 0.1 s in asyncSetUpClass")


if __name__ == "__main__":
    unittest.main()
