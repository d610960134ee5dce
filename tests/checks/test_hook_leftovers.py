"""What is alive when its class is over is told of the tear-down, and ended."""

from __future__ import annotations

import asyncio
import socket
import threading
import unittest
from typing import Any

from asynctestkit import (
    AsyncTestCase,
    background_task,
)
from tests.checks.faults import forever
from tests.checks.hooks_support import HookCase, name_of, report_of
from tests.outcomes import complaints, run_class


class LeftTest(HookCase):
    """What is alive when its class is over."""

    def test_left(self) -> None:
        """Tasks, servers, connections and sockets that a class left are a fault of its tear-down, and ended."""
        tasks: list[asyncio.Task[None]] = []

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                tasks.append(asyncio.create_task(forever()))
                cls.server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
                cls.socket = socket.socket()
                cls.transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
                )

            async def test(self) -> None:
                pass

            async def test_another(self) -> None:
                await asyncio.sleep(0)

            server: Any
            socket: Any
            transport: Any

        text = self.assert_found(
            Case,
            "tearDownClass",
            "4 faults in tearDownClass",
            "task forever() was still pending at the end of the class",
            "unclosed Server on 127.0.0.1",
            "unclosed transport SelectorDatagramTransport",
            "cls.socket",
        )
        self.assertIn("in asyncSetUpClass", text)
        self.assertEqual([task.cancelled() for task in tasks], [True])
        Case.socket.close()
        Case.server.close()

    def test_ended(self) -> None:
        """What its tear-down or its cleanups end is none, though it takes a few turns; so is a background task."""

        @background_task
        async def background() -> None:
            await asyncio.Event().wait()

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.create_task(forever())
                cls.other = asyncio.create_task(forever())
                cls.third = asyncio.create_task(background())
                cls.addClassCleanup(cls.other.cancel)
                server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
                await cls.enterAsyncClassContext(server)

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                cls.task.cancel()

            async def test(self) -> None:
                self.assertFalse(self.task.done())

            task: asyncio.Task[None]
            other: asyncio.Task[None]
            third: asyncio.Task[None]

        self.assertEqual(run_class(Case), ["ok"])

    def test_error_at_the_end(self) -> None:
        """What a task that was left raises when it is ended is told with it."""

        async def fails_at_end() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                raise OSError("closing")

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.create_task(fails_at_end())

            async def test(self) -> None:
                pass

            task: asyncio.Task[None]

        self.assert_found(Case, "tearDownClass", "was still pending", "OSError: closing")

    def test_failed_set_up(self) -> None:
        """What a set-up that has failed left is no fault of its own: nothing that would have ended it was run."""

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.create_task(forever())
                raise OSError("no")

            async def test(self) -> None:
                pass

            task: asyncio.Task[None]

        self.assert_found(Case, "setUpClass", "OSError: no")

    def test_next_class(self) -> None:
        """The next class, on the same loop or another, is told nothing."""

        class First(AsyncTestCase):
            loop_scope = "session"

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.create_task(forever())

            async def test(self) -> None:
                pass

            task: asyncio.Task[None]

        class Second(AsyncTestCase):
            loop_scope = "session"

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await asyncio.sleep(0)

            async def test(self) -> None:
                pass

        self.assertEqual([name for name, _ in report_of(First, Second)], [f"tearDownClass ({name_of(First)})"])

    def test_thread(self) -> None:
        """A thread that a hook started and nobody ended warns at the end of the class, once."""
        end = threading.Event()

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                threading.Thread(target=end.wait, args=(30,)).start()

            async def test(self) -> None:
                pass

            async def test_another(self) -> None:
                pass

        try:
            with complaints() as said:
                self.assertEqual(run_class(Case), ["ok"])
        finally:
            end.set()
        found = [line for line in said if "still alive" in line]
        self.assertEqual(len(found), 1, said)
        self.assertIn("at the end of the class", found[0])
        self.assertIn(f"tearDownClass ({name_of(Case)})", found[0])


if __name__ == "__main__":
    unittest.main()
