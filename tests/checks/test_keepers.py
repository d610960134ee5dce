"""What something that outlives a test keeps is not left behind by it; what only the test keeps is."""

from __future__ import annotations

import asyncio
import gc
import threading
import unittest
from collections.abc import AsyncIterator
from typing import Any
from unittest import mock

from asynctestkit import AsyncTestCase, fail_on, fixture
from tests.outcomes import run_class

KEPT: list[Any] = []


class Client:
    """Something with a task, a thread, a timer and a server of its own."""

    async def open(self) -> Client:
        """Open them."""
        loop = asyncio.get_running_loop()
        self.task = asyncio.create_task(asyncio.Event().wait())
        self.timer = loop.call_later(100, print)
        self.end = threading.Event()
        self.thread = threading.Thread(target=self.end.wait)
        self.thread.start()
        self.server = await asyncio.start_server(lambda *streams: None, "127.0.0.1", 0)
        return self

    async def close(self) -> None:
        """Close them."""
        self.task.cancel()
        self.timer.cancel()
        self.end.set()
        self.thread.join()
        self.server.close()


def case_of(keep: Any) -> type[AsyncTestCase]:
    """Return a class whose first test opens a client and keeps it, and whose second looks at it."""

    @fail_on(threads=True, timers=True)
    class Case(AsyncTestCase):
        loop_scope = "class"

        @fixture(scope="class")
        async def pool(self) -> AsyncIterator[list[Client]]:
            clients: list[Client] = []
            yield clients
            for client in clients:
                await client.close()

        async def test_a(self, pool: list[Client]) -> None:
            client = await Client().open()
            KEPT.append(client)
            keep(self, pool, client)

        async def test_b(self, pool: list[Client]) -> None:
            (client,) = KEPT
            self.assertEqual((client.task.done(), client.server.is_serving()), (False, True))
            if client not in pool:
                await client.close()

    return Case


class KeepersTest(unittest.TestCase):
    """Who keeps what."""

    def setUp(self) -> None:
        KEPT.clear()
        self.addCleanup(KEPT.clear)

    def test_pool(self) -> None:
        """A wider fixture keeps all that a client needs."""
        self.assertEqual(run_class(case_of(lambda case, pool, client: pool.append(client))), ["ok"])

    def test_module(self) -> None:
        """A module keeps tasks and servers, and the fixtures of nobody the thread and the timer."""
        (line,) = run_class(case_of(lambda case, pool, client: None))
        self.assertIn("2. thread Event.wait is still alive at the end of the test", line)

    def test_kept_for_a_while(self) -> None:
        """A task that is not kept any more is no finding of the test that lets go of it, but of the class."""

        class Case(AsyncTestCase):
            loop_scope = "class"

            async def test_a(self) -> None:
                KEPT.append(asyncio.create_task(asyncio.Event().wait()))

            async def test_b(self) -> None:
                KEPT.clear()

        (line,) = run_class(Case)
        self.assertRegex(line, r"errors: tearDownClass .*(was still pending|was destroyed but it is pending)")

    def test_many(self) -> None:
        """Tasks that are left are asked of together, however many they are."""
        asked: list[int] = []

        def get_referrers(*things: object) -> list[Any]:
            asked.append(len(things))
            return gc.get_referrers(*things)

        @fail_on(pending_tasks=False)
        class Case(AsyncTestCase):
            loop_scope = "class"

            async def test(self) -> None:
                self.tasks = [asyncio.create_task(asyncio.Event().wait()) for _ in range(200)]

        with mock.patch("asynctestkit.checks.keepers.gc", mock.Mock(wraps=gc, get_referrers=get_referrers)):
            self.assertEqual(run_class(Case), ["ok"])
        self.assertEqual(asked[0], 200)
        self.assertLess(len(asked), 50)

    def test_case(self) -> None:
        """The test case and what it holds keep nothing, in whatever it is."""

        class Holder:
            thing: Any = None

        class Case(AsyncTestCase):
            loop_scope = "class"

            async def test_attribute(self) -> None:
                self.task = asyncio.create_task(asyncio.Event().wait())

            async def test_list(self) -> None:
                self.tasks = [asyncio.create_task(asyncio.Event().wait())]

            async def test_object(self) -> None:
                self.holder = Holder()
                self.holder.thing = await asyncio.start_server(lambda *streams: None, "127.0.0.1", 0)

        lines = run_class(Case)
        self.assertEqual([line.split()[1] for line in lines], ["test_attribute:", "test_list:", "test_object:"])


if __name__ == "__main__":
    unittest.main()
