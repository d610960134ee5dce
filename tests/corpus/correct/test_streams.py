"""Stream servers and clients, closed by either side, over TCP, Unix sockets and TLS."""

import asyncio
import socket
import tempfile
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.corpus.base import LOCALHOST, CorpusCase, client_tls, corpus_test, echo, needs_unix, server_tls


@asynccontextmanager
async def serving(handler, **options):
    """Serve; give the address; close the server when done."""
    async with await asyncio.start_server(handler, LOCALHOST, 0, **options) as server:
        yield server.sockets[0].getsockname()


async def ask(address, line, **options):
    """Send a line, return the answer."""
    reader, writer = await asyncio.open_connection(*address, **options)
    writer.write(line)
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return answer


class StreamTest(CorpusCase):
    async def test_echo(self):
        async with serving(echo) as address:
            self.assertEqual(await ask(address, b"hello\n"), b"hello\n")

    async def test_server_closed_by_hand(self):
        server = await asyncio.start_server(echo, LOCALHOST, 0)
        self.assertEqual(await ask(server.sockets[0].getsockname(), b"hello\n"), b"hello\n")
        server.close()
        await server.wait_closed()

    async def test_server_closed_in_a_cleanup(self):
        server = await asyncio.start_server(echo, LOCALHOST, 0)
        self.addCleanup(server.close)
        self.assertEqual(await ask(server.sockets[0].getsockname(), b"hello\n"), b"hello\n")

    async def test_server_nobody_connects_to(self):
        server = await self.enterAsyncContext(await asyncio.start_server(echo, LOCALHOST, 0))
        self.assertTrue(server.is_serving())

    async def test_server_that_never_starts(self):
        server = await asyncio.start_server(echo, LOCALHOST, 0, start_serving=False)
        server.close()

    async def test_serves_in_a_task_of_its_own(self):
        server = await asyncio.start_server(echo, LOCALHOST, 0)
        task = asyncio.create_task(server.serve_forever())
        self.assertEqual(await ask(server.sockets[0].getsockname(), b"hello\n"), b"hello\n")
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def test_client_that_does_not_wait_until_it_is_closed(self):
        async with serving(echo) as address:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b"hello\n")
            self.assertEqual(await reader.readline(), b"hello\n")
            writer.close()

    async def test_client_goes_first(self):
        ended = asyncio.Event()

        async def handler(reader, writer):
            self.assertEqual(await reader.read(), b"bye")
            writer.close()
            ended.set()

        async with serving(handler) as address:
            _, writer = await asyncio.open_connection(*address)
            writer.write(b"bye")
            writer.close()
            await writer.wait_closed()
            await ended.wait()

    async def test_server_goes_first(self):
        async def handler(reader, writer):
            writer.write(b"bye")
            writer.close()

        async with serving(handler) as address:
            reader, writer = await asyncio.open_connection(*address)
            self.assertEqual(await reader.read(), b"bye")
            writer.close()
            await writer.wait_closed()

    async def test_half_closed(self):
        async def handler(reader, writer):
            writer.write((await reader.read()).upper())
            writer.close()

        async with serving(handler) as address:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b"all of it")
            writer.write_eof()
            self.assertEqual(await reader.read(), b"ALL OF IT")
            writer.close()

    async def test_connection_reset(self):
        async def handler(reader, writer):
            writer.transport.abort()

        async with serving(handler) as address:
            reader, writer = await asyncio.open_connection(*address)
            with suppress(ConnectionError):
                self.assertEqual(await reader.read(), b"")
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def test_handler_that_stops_when_told(self):
        stop, stopped = asyncio.Event(), asyncio.Event()

        async def handler(reader, writer):
            await stop.wait()
            writer.close()
            stopped.set()

        async with serving(handler) as address:
            reader, writer = await asyncio.open_connection(*address)
            stop.set()
            self.assertEqual(await reader.read(), b"")
            writer.close()
            await stopped.wait()

    async def test_handler_cancelled_by_the_test(self):
        handlers = asyncio.Queue()

        async def handler(reader, writer):
            handlers.put_nowait(asyncio.current_task())
            try:
                await reader.read()
            except asyncio.CancelledError:
                writer.close()

        async with serving(handler) as address:
            reader, writer = await asyncio.open_connection(*address)
            (await handlers.get()).cancel()
            self.assertEqual(await reader.read(), b"")
            writer.close()

    async def test_handler_that_ends_cancelled(self):
        handlers = asyncio.Queue()

        async def handler(reader, writer):
            handlers.put_nowait(asyncio.current_task())
            try:
                await reader.read()
            finally:
                writer.close()

        async with serving(handler) as address:
            reader, writer = await asyncio.open_connection(*address)
            (await handlers.get()).cancel()
            self.assertEqual(await reader.read(), b"")
            writer.close()
            await writer.wait_closed()

    async def test_refused(self):
        with socket.socket() as taken:
            taken.bind((LOCALHOST, 0))
            address = taken.getsockname()
            with self.assertRaises(OSError):
                await asyncio.open_connection(*address)

    async def test_incomplete_read(self):
        async def handler(reader, writer):
            writer.write(b"ha")
            writer.close()

        async with serving(handler) as address:
            reader, writer = await asyncio.open_connection(*address)
            with self.assertRaises(asyncio.IncompleteReadError):
                await reader.readexactly(3)
            writer.close()

    async def test_line_too_long(self):
        async def handler(reader, writer):
            writer.write(b"x" * 100)
            writer.close()

        async with serving(handler) as address:
            reader, writer = await asyncio.open_connection(*address, limit=10)
            with self.assertRaises(ValueError):
                await reader.readline()
            writer.close()
            await writer.wait_closed()

    async def test_drains_much(self):
        async def handler(reader, writer):
            writer.write(str(len(await reader.read())).encode())
            writer.close()

        async with serving(handler) as address:
            reader, writer = await asyncio.open_connection(*address)
            for _ in range(8):
                writer.write(bytes(100_000))
                await writer.drain()
            writer.write_eof()
            self.assertEqual(await reader.read(), b"800000")
            writer.close()

    async def test_many_clients(self):
        async with serving(echo) as address:
            lines = [f"{number}\n".encode() for number in range(10)]
            self.assertEqual(await asyncio.gather(*(ask(address, line) for line in lines)), lines)

    async def test_read_that_is_given_up(self):
        async with serving(echo) as address:
            reader, writer = await asyncio.open_connection(*address)
            with self.assertRaises(TimeoutError):
                await asyncio.wait_for(reader.readline(), 0.002)
            writer.close()
            await writer.wait_closed()

    async def test_reader_fed_by_hand(self):
        reader = asyncio.StreamReader()
        reader.feed_data(b"one\ntwo")
        reader.feed_eof()
        self.assertEqual([await reader.readline(), await reader.read()], [b"one\n", b"two"])

    async def test_socket_made_beforehand(self):
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        with theirs:
            theirs.send(b"hi\n")
            self.assertEqual(await reader.readline(), b"hi\n")
            writer.close()
            await writer.wait_closed()


class UnixTest(CorpusCase):
    @needs_unix
    async def test_unix_socket(self):
        path = Path(self.enterContext(tempfile.TemporaryDirectory())) / "socket"
        async with await asyncio.start_unix_server(echo, path):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(b"hello\n")
            self.assertEqual(await reader.readline(), b"hello\n")
            writer.close()
            await writer.wait_closed()
        path.unlink(missing_ok=True)


class TlsTest(CorpusCase):
    async def test_from_the_start(self):
        async with serving(echo, ssl=server_tls()) as address:
            answer = await ask(address, b"secret\n", ssl=client_tls(), server_hostname="localhost")
            self.assertEqual(answer, b"secret\n")

    async def test_begun_later(self):
        async def handler(reader, writer):
            self.assertEqual(await reader.readline(), b"STARTTLS\n")
            writer.write(b"go on\n")
            await writer.drain()
            await writer.start_tls(server_tls())
            await echo(reader, writer)

        async with serving(handler) as address:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b"STARTTLS\n")
            self.assertEqual(await reader.readline(), b"go on\n")
            await writer.start_tls(client_tls(), server_hostname="localhost")
            writer.write(b"secret\n")
            self.assertEqual(await reader.readline(), b"secret\n")
            writer.close()
            await writer.wait_closed()


@corpus_test
async def test_function_with_a_server():
    async with serving(echo) as address:
        assert await ask(address, b"hello\n") == b"hello\n"
