"""What a test leaves to its class or module is looked at again when that ends, and told of that end."""

from __future__ import annotations

import asyncio
import socket
import sys
import types
import unittest
from collections.abc import AsyncIterator
from typing import Any

from asynctestkit import AsyncTestCase, fail_on, fixture
from tests.checks.faults import FaultCase, fail_after, forever
from tests.checks.hooks_support import HookCase, name_of, report_of
from tests.outcomes import run_class


class ClassTest(HookCase):
    """What a class keeps, on the loop of the class."""

    def test_left(self) -> None:
        """A task, a server, a socket, and failed futures and tasks, each with the test that made it and its name."""

        class Case(AsyncTestCase):
            loop_scope = "class"
            kept: list[Any]
            begun: asyncio.Event

            async def test_a_task(self) -> None:
                type(self).task = asyncio.create_task(forever())

            async def test_b_server(self) -> None:
                type(self).kept = [await asyncio.start_server(print, "127.0.0.1", 0)]

            async def test_c_socket(self) -> None:
                type(self).socket = socket.socket()

            async def test_d_future(self) -> None:
                type(self).future = asyncio.get_running_loop().create_future()
                self.future.set_exception(OSError("of the future"))

            async def test_e_fails(self) -> None:
                type(self).begun = asyncio.Event()
                type(self).failing = asyncio.create_task(fail_after(self.begun))

            async def test_f(self) -> None:
                self.begun.set()
                await asyncio.sleep(0.01)

            task: asyncio.Task[None]
            failing: asyncio.Task[None]
            future: asyncio.Future[None]
            socket: socket.socket

        text = self.assert_found(Case, "tearDownClass", "5 faults in tearDownClass")
        for headline, test, attribute in (
            ("task forever() was still pending at the end of the class", "test_a_task", "task"),
            ("unclosed Server on 127.0.0.1", "test_b_server", "kept"),
            ("unclosed <socket.socket", "test_c_socket", "socket"),
            ("Future exception was never retrieved: OSError: of the future", "test_d_future", "future"),
            ("Task exception was never retrieved: ValueError: lost", "test_e_fails", "failing"),
        ):
            with self.subTest(attribute):
                told = text[text.index(headline) :].partition("fix:")[0]
                self.assertRegex(told, rf"made in +{name_of(Case)}\.{test}\n")
                self.assertRegex(told, rf"kept by +{Case.__qualname__}\.{attribute} until the end of the class\n")
        self.assertTrue(Case.task.cancelled())
        self.assertEqual(Case.kept[0].sockets, ())
        self.assertEqual(Case.socket.fileno(), -1)

    def test_ended(self) -> None:
        """What later tests, hooks, cleanups and fixtures of the class end is none."""

        class Case(AsyncTestCase):
            loop_scope = "class"
            tasks: list[asyncio.Task[None]]

            @classmethod
            def setUpClass(cls) -> None:
                cls.tasks = []
                cls.end = asyncio.Event()
                cls.addClassCleanup(lambda: cls.server.close())

            @fixture(scope="class")
            async def pool(self) -> AsyncIterator[list[asyncio.StreamWriter]]:
                pool: list[asyncio.StreamWriter] = []
                yield pool
                for writer in pool:
                    writer.close()

            async def test_a(self, pool: list[asyncio.StreamWriter]) -> None:
                cls = type(self)
                cls.server = await asyncio.start_server(lambda *streams: streams[1].close(), "127.0.0.1", 0)
                _, writer = await asyncio.open_connection(*self.server.sockets[0].getsockname())
                pool.append(writer)
                cls.tasks.append(asyncio.create_task(self.wait()))
                cls.socket = socket.socket()
                cls.future = asyncio.get_running_loop().create_future()

            async def wait(self) -> None:
                await self.end.wait()

            async def test_b(self) -> None:
                self.socket.close()
                self.future.set_exception(OSError)
                self.assertIsInstance(self.future.exception(), OSError)

            @classmethod
            def tearDownClass(cls) -> None:
                cls.end.set()

            end: asyncio.Event
            server: asyncio.Server
            socket: socket.socket
            future: asyncio.Future[None]

        self.assertEqual(run_class(Case), ["ok"])

    def test_dropped(self) -> None:
        """A task that fails when its test is over and nobody keeps it is told with the test that made it."""

        class Case(AsyncTestCase):
            loop_scope = "class"
            begun: asyncio.Event
            task: asyncio.Task[None] | None

            async def test_a(self) -> None:
                type(self).begun = asyncio.Event()
                type(self).task = asyncio.create_task(fail_after(self.begun))

            async def test_b(self) -> None:
                self.begun.set()
                type(self).task = None
                await asyncio.sleep(0.01)

        text = self.assert_found(Case, "tearDownClass", "Task exception was never retrieved: ValueError: lost")
        self.assertRegex(text, rf"made in +{name_of(Case)}\.test_a\n")

    def test_expected(self) -> None:
        """A later test may expect its error."""

        class Case(AsyncTestCase):
            loop_scope = "class"
            begun: asyncio.Event
            task: asyncio.Task[None]

            async def test_a(self) -> None:
                type(self).begun = asyncio.Event()
                type(self).task = asyncio.create_task(fail_after(self.begun))

            async def test_b(self) -> None:
                with self.expect_loop_error("lost"):
                    self.begun.set()
                    await asyncio.sleep(0.01)

        self.assertEqual(run_class(Case), ["ok"])

    def test_failed_already(self) -> None:
        """What a test that failed has left is no fault of its class."""

        class Case(AsyncTestCase):
            loop_scope = "class"
            task: asyncio.Task[None]

            async def test(self) -> None:
                type(self).task = asyncio.create_task(forever())
                self.fail("for a reason of its own")

        self.assertEqual([name for name, _ in report_of(Case)], ["test"])

    def test_allowed(self) -> None:
        """What the test, or the class, does not check is none."""

        class Case(AsyncTestCase):
            loop_scope = "class"
            task: asyncio.Task[None]

            @fail_on(pending_tasks=False)
            async def test(self) -> None:
                type(self).task = asyncio.create_task(forever())

        @fail_on(pending_tasks=False)
        class Checked(AsyncTestCase):
            loop_scope = "class"
            task: asyncio.Task[None]

            async def test(self) -> None:
                type(self).task = asyncio.create_task(forever())

        self.assertEqual(run_class(Case, Checked), ["ok"])

    def test_own_loop(self) -> None:
        """So with a socket where each test has a loop of its own."""

        class Case(AsyncTestCase):
            socket: socket.socket

            async def test(self) -> None:
                type(self).socket = socket.socket()

        text = self.assert_found(Case, "tearDownClass", "unclosed <socket.socket")
        self.assertRegex(text, rf"kept by +{Case.__qualname__}\.socket until the end of the class\n")


class WiderTest(FaultCase):
    """What a module keeps, and a loop that outlives the class."""

    def setUp(self) -> None:
        super().setUp()
        self.module: Any = types.ModuleType("made_to_keep")
        self.module.__spec__ = unittest.__spec__
        sys.modules["made_to_keep"] = self.module
        self.addCleanup(sys.modules.pop, "made_to_keep")

    def case(self, keep: Any) -> type[AsyncTestCase]:
        """Return a class of the module whose tests run on the loop of the session, and keep a task."""

        async def test(case: AsyncTestCase) -> None:
            keep(type(case), asyncio.create_task(forever()))

        return type("Case", (AsyncTestCase,), {"loop_scope": "session", "test": test, "__module__": "made_to_keep"})

    def test_class(self) -> None:
        """What only a class keeps is told at its end, though the loop goes on, and the next class is told nothing."""
        first = self.case(lambda cls, task: setattr(cls, "task", task))
        reports = report_of(first, self.case(lambda cls, task: task.cancel()))
        self.assertEqual([name for name, _ in reports], ["tearDownClass (made_to_keep.Case)"])
        self.assertRegex(reports[0][1], r"kept by +Case\.task until the end of the class\n")
        self.assertTrue(vars(first)["task"].cancelled())

    def test_module(self) -> None:
        """What a module keeps is told at the end of the module."""
        self.module.tasks = []
        reports = report_of(self.case(lambda cls, task: self.module.tasks.append(task)))
        self.assertEqual([name for name, _ in reports], ["tearDownModule (made_to_keep)"])
        self.assertRegex(reports[0][1], r"made in +made_to_keep\.Case\.test\n")
        self.assertRegex(reports[0][1], r"kept by +made_to_keep\.tasks until the end of the module\n")

    def test_module_ended(self) -> None:
        """What its tear-down ends is none."""
        self.module.tasks = []
        self.module.tearDownModule = lambda: [task.cancel() for task in self.module.tasks]
        self.assertEqual(report_of(self.case(lambda cls, task: self.module.tasks.append(task))), [])

    def test_session(self) -> None:
        """What another module keeps is told at the end of the run."""
        kept = KEPT
        kept.clear()
        self.addCleanup(kept.clear)
        reports = report_of(self.case(lambda cls, task: kept.append(task)))
        self.assertEqual(len(reports), 1, reports)
        self.assertIn("end of the test run", reports[0][0])
        self.assertIn("task forever() was still pending at the end of the session", reports[0][1])


KEPT: list[Any] = []


if __name__ == "__main__":
    unittest.main()
