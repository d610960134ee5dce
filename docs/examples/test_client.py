"""The client: one server for each class, on the loop that the tests of the class then share."""

import asyncio
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

from asynctestkit import AsyncTestCase
from kvstore import Client, RequestError, Server, serve


class ClientTest(AsyncTestCase):
    """One real server for the class, one client for each test."""

    server: Server

    @classmethod
    async def asyncSetUpClass(cls) -> None:
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.server = await cls.enterAsyncClassContext(serve(Path(folder) / "store.sqlite"))

    async def asyncSetUp(self) -> None:
        self.client = await self.enterAsyncContext(Client(*self.server.address))

    async def asyncTearDown(self) -> None:
        for key in await self.client.keys():
            await self.client.delete(key)

    async def test_values_come_back_as_they_were(self) -> None:
        """Whatever is in them."""
        for value in ["plain", "", "two words", "two\nlines", 'say "hi"', "naïve 🐍", "x" * 10_000]:
            with self.subTest(value=value[:20]):
                await self.client.set("value", value)
                self.assertEqual(await self.client.get("value"), value)

    async def test_missing_key(self) -> None:
        """None is not an error."""
        self.assertIsNone(await self.client.get("nothing"))
        self.assertFalse(await self.client.delete("nothing"))

    async def test_keys(self) -> None:
        """All of them, or those with a prefix."""
        for key in ["user:2", "user:1", "hits"]:
            await self.client.increment(key)
        self.assertEqual(await self.client.keys(), ["hits", "user:1", "user:2"])
        self.assertEqual(await self.client.keys("user:"), ["user:1", "user:2"])

    async def test_refused_requests_raise(self) -> None:
        """With the server's code, and the client can be used further."""
        await self.client.set("colour", "red")
        with self.assertRaises(RequestError) as caught:
            await self.client.increment("colour")
        self.assertEqual(caught.exception.code, "number")
        with self.assertRaisesRegex(RequestError, r"line is too long \(length\)"):
            await self.client.set("colour", "x" * 100_000)
        self.assertEqual(await self.client.get("colour"), "red")

    async def test_many_tasks_share_a_client(self) -> None:
        """Each gets the reply to its own request."""
        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(self.client.set(f"key {number}", f"value {number}"))
        async with asyncio.TaskGroup() as group:
            values = [group.create_task(self.client.get(f"key {number}")) for number in range(20)]
        self.assertEqual([task.result() for task in values], [f"value {number}" for number in range(20)])

    async def test_closed_client_refuses(self) -> None:
        """It does not connect again by itself."""
        async with Client(*self.server.address) as client:
            await client.set("colour", "red")
        with self.assertRaisesRegex(ConnectionError, "not connected"):
            await client.get("colour")


class SilentServerTest(AsyncTestCase):
    """A server for each test that reads requests and never answers."""

    async def asyncSetUp(self) -> None:
        self.asked = asyncio.Event()
        self.left = asyncio.Event()
        listener = await self.enterAsyncContext(await asyncio.start_server(self.swallow, "127.0.0.1", 0))
        self.address = listener.sockets[0].getsockname()

    async def asyncTearDown(self) -> None:
        await self.left.wait()

    async def swallow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read until the client has left; say when its first request has come, and when it has left."""
        with suppress(ConnectionError):
            while await reader.readline():
                self.asked.set()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        self.left.set()

    async def test_timeout_ends_the_connection(self) -> None:
        """The late reply must not be taken for that of the next request."""
        async with Client(*self.address) as client:
            client.timeout = 0.01
            with self.assertRaises(TimeoutError):
                await client.get("colour")
            with self.assertRaisesRegex(ConnectionError, "cut short"):
                await client.get("colour")

    async def test_cancellation_ends_the_connection(self) -> None:
        """For the same reason."""
        async with Client(*self.address) as client:
            asking = asyncio.create_task(client.get("colour"))
            await self.asked.wait()
            asking.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await asking
            with self.assertRaisesRegex(ConnectionError, "cut short"):
                await client.get("colour")


class NoServerTest(AsyncTestCase):
    async def test_nobody_listens(self) -> None:
        """Entering the client fails as connecting a socket fails."""
        with socket.socket() as bound:  # holds a port on which nobody listens
            bound.bind(("127.0.0.1", 0))
            with self.assertRaises(ConnectionRefusedError):
                await self.enterAsyncContext(Client(*bound.getsockname()))

    async def test_server_stops_between_requests(self) -> None:
        """The next request says so."""
        with tempfile.TemporaryDirectory() as folder:
            async with serve(Path(folder) / "store.sqlite") as server:
                client = await self.enterAsyncContext(Client(*server.address))
                await client.set("colour", "red")
            with self.assertRaises(ConnectionError):
                await client.get("colour")
