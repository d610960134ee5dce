"""A suite whose class fixtures commit faults that only checks find, and one that hangs; its tests have none."""

import asyncio
import unittest
from collections.abc import AsyncIterator

from asynctestkit import AsyncTestCase, fixture


class Client:
    worker: asyncio.Task[None]

    async def send(self) -> None:
        """Send something."""


async def forever() -> None:
    await asyncio.Event().wait()


class OpenedTest(AsyncTestCase):
    @fixture(scope="class")
    async def client(self) -> Client:
        client = Client()
        client.send()  # type: ignore[unused-coroutine]  # that is the fault
        return client

    async def test_asks_first(self, client: Client) -> None:
        await client.send()

    async def test_second(self, client: Client) -> None:
        await client.send()


class ClosedTest(AsyncTestCase):
    @fixture(scope="class")
    async def client(self) -> AsyncIterator[Client]:
        client = Client()
        client.worker = asyncio.create_task(forever(), name="worker")
        yield client
        client.send()  # type: ignore[unused-coroutine]  # that is the fault

    async def test_good(self, client: Client) -> None:
        await client.send()


class HangingTest(AsyncTestCase):
    timeout = 0.05

    @fixture(scope="class")
    async def client(self) -> AsyncIterator[Client]:
        yield Client()
        await forever()

    async def test_good(self, client: Client) -> None:
        await client.send()


if __name__ == "__main__":
    unittest.main()
