"""The server on real sockets: every test has its own loop, its own server on a free port, and its own file.

The tests speak the bare protocol, so that they can say what a client never would.
"""

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path

from asynctestkit import AsyncTestCase
from kvstore import Server, Storage


class SlowStorage(Storage):
    """Lets a test stand in the middle of a GET: ``started`` is set there, and it goes on when ``proceed`` is."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.started = asyncio.Event()
        self.proceed = asyncio.Event()

    async def get(self, key: str) -> str | None:
        self.started.set()
        await self.proceed.wait()
        return await super().get(key)


class Peer:
    """One bare connection: sends bytes, expects bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, line: bytes) -> bytes:
        """Send a line and return the one that comes back."""
        self.writer.write(line + b"\n")
        return (await self.reader.readline()).rstrip(b"\n")

    async def leave(self) -> None:
        """Close the connection, whatever state it is in."""
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


class ServerTestCase(AsyncTestCase):
    """What the classes below share: a storage, a server, and a limit on how long a test may take."""

    async def asyncSetUp(self) -> None:
        await self.enterAsyncContext(asyncio.timeout(20))  # entered here, it cuts the test itself
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.storage = await self.enterAsyncContext(SlowStorage(Path(folder) / "store.sqlite"))

    async def connect(self, server: Server) -> Peer:
        """Return a new connection; it is closed at the end of the test."""
        peer = Peer(*await asyncio.open_connection(*server.address))
        self.addAsyncCleanup(peer.leave)
        return peer


class ConversationTest(ServerTestCase):
    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        self.storage.proceed.set()
        self.server = await self.enterAsyncContext(Server(self.storage, max_line=100))
        self.peer = await self.connect(self.server)

    async def test_requests_and_replies(self) -> None:
        """The protocol as documented."""
        for request, reply in [
            (b'SET greeting "hello world"', b"OK"),
            (b"GET greeting", b'= "hello world"\nOK'),
            (b"GET nothing", b"OK"),
            (b"INCR hits", b"= 1\nOK"),
            (b"INCR hits -5", b"= -4\nOK"),
            (b"KEYS", b"= greeting\n= hits\nOK"),
            (b"KEYS h", b"= hits\nOK"),
            (b"DEL hits", b"= 1\nOK"),
            (b"DEL hits", b"= 0\nOK"),
        ]:
            with self.subTest(request=request):
                self.peer.writer.write(request + b"\n")
                self.assertEqual(await self.peer.reader.readexactly(len(reply) + 1), reply + b"\n")

    async def test_bad_requests_get_an_error_each(self) -> None:
        """And the connection goes on."""
        await self.peer.ask(b"SET colour red")
        for request, reply in [
            (b"FLY", b'ERR command "unknown command; valid ones: GET, SET, DEL, KEYS, INCR"'),
            (b"", b'ERR command "unknown command; valid ones: GET, SET, DEL, KEYS, INCR"'),
            (b"SET colour", b'ERR command "usage: SET key value"'),
            (b"INCR colour", b"ERR number "),
            (b"INCR hits many", b"ERR number "),
            (b'GET "colour', b"ERR syntax "),
            (b"SET colour " + b"x" * 100, b'ERR length "line is too long"'),
        ]:
            with self.subTest(request=request):
                self.assertIn(reply, await self.peer.ask(request))
        self.assertEqual(await self.peer.ask(b"GET colour"), b"= red")

    async def test_requests_may_be_sent_ahead(self) -> None:
        """They are answered in order; a client that sends no more still gets its replies."""
        self.peer.writer.write(b"INCR hits\nINCR hits\nINCR hits\n")
        self.peer.writer.write_eof()
        self.assertEqual(await self.peer.reader.read(), b"= 1\nOK\n= 2\nOK\n= 3\nOK\n")

    async def test_half_a_request_is_not_carried_out(self) -> None:
        """A client that leaves in the middle of a line did not ask for anything."""
        self.peer.writer.write(b"SET colour re")
        self.peer.writer.write_eof()
        self.assertEqual(await self.peer.reader.read(), b"")
        self.assertEqual(await (await self.connect(self.server)).ask(b"KEYS"), b"OK")

    async def test_storage_failure_is_reported(self) -> None:
        """The client hears of it; the server stays."""
        await self.storage.close()
        self.assertEqual(await self.peer.ask(b"GET colour"), b'ERR storage "the storage is not open"')

    def test_from_synchronous_code(self) -> None:
        """A plain test may run the loop itself: the server lives on it."""
        self.assertEqual(self.loop.run_until_complete(self.peer.ask(b"INCR hits")), b"= 1")


class StopTest(ServerTestCase):
    async def test_idle_clients_are_let_go(self) -> None:
        """Also those in the middle of a line; whoever listens sees the end of the stream."""
        async with Server(self.storage) as server:
            peers = [await self.connect(server) for _ in range(3)]
            for peer in peers:
                await peer.ask(b"INCR hits")
            peers[0].writer.write(b"GET hi")
        for peer in peers:
            self.assertEqual(await peer.reader.read(), b"OK\n")

    async def test_request_under_way_is_finished(self) -> None:
        """Its client gets the reply, and then the end; a request sent after it is left alone."""

        async def proceed_when_idle_client_is_let_go() -> None:
            await idle.reader.read()
            self.storage.proceed.set()

        async with asyncio.TaskGroup() as group, Server(self.storage, grace=None) as server:
            idle = await self.connect(server)
            busy = await self.connect(server)
            busy.writer.write(b"GET colour\nGET colour\n")
            await self.storage.started.wait()
            group.create_task(proceed_when_idle_client_is_let_go())
        self.assertEqual(await busy.reader.read(), b"OK\n")

    async def test_grace_is_limited(self) -> None:
        """A request that never ends does not keep the server from stopping."""
        async with Server(self.storage, grace=0) as server:
            peer = await self.connect(server)
            peer.writer.write(b"GET colour\n")
            await self.storage.started.wait()
        with suppress(ConnectionResetError):
            self.assertEqual(await peer.reader.read(), b"")

    async def test_silent_client_is_let_go(self) -> None:
        """After the idle timeout."""
        async with Server(self.storage, idle_timeout=0.01) as server:
            peer = await self.connect(server)
            self.assertEqual(await peer.reader.read(), b"")

    async def test_stopped_server_has_no_address(self) -> None:
        """And nobody listens where it was."""
        async with Server(self.storage) as server:
            address = server.address
        with self.assertRaisesRegex(RuntimeError, "not listening"):
            _ = server.address
        with self.assertRaises(ConnectionRefusedError):
            await asyncio.open_connection(*address)
