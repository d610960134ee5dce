"""Protocols, transports, datagrams, raw sockets and pipes."""

import asyncio
import os
import socket
import tempfile
from pathlib import Path

from tests.corpus.base import LOCALHOST, CorpusCase, needs_unix, turns


class Recorder(asyncio.Protocol):
    """Keep what comes, and answer it."""

    def __init__(self):
        self.events = []
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        self.events.append("made")

    def data_received(self, data):
        self.events.append(data)
        self.transport.write(data.upper())

    def eof_received(self):
        self.events.append("eof")

    def connection_lost(self, error):
        self.events.append("lost")
        self.lost.set_result(error)


class Once(asyncio.Protocol):
    """Give the first answer."""

    def __init__(self):
        self.answer = asyncio.get_running_loop().create_future()

    def data_received(self, data):
        if not self.answer.done():
            self.answer.set_result(data)


class ProtocolTest(CorpusCase):
    async def test_server_and_client(self):
        loop, made = asyncio.get_running_loop(), []
        server = await loop.create_server(lambda: made.append(Recorder()) or made[-1], LOCALHOST, 0)
        async with server:
            transport, client = await loop.create_connection(Once, *server.sockets[0].getsockname())
            transport.write(b"hello")
            self.assertEqual(await client.answer, b"HELLO")
            transport.close()
            self.assertIsNone(await made[0].lost)
        self.assertEqual(made[0].events, ["made", b"hello", "eof", "lost"])

    async def test_aborted(self):
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        transport, protocol = await loop.create_connection(Recorder, sock=ours)
        with theirs:
            transport.abort()
            await protocol.lost
        self.assertEqual(protocol.events, ["made", "lost"])

    async def test_closed_in_the_last_line(self):
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        self.addCleanup(theirs.close)
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
        transport.close()

    async def test_paused_and_resumed(self):
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        transport, protocol = await loop.create_connection(Once, sock=ours)
        with theirs:
            transport.pause_reading()
            theirs.send(b"late")
            await turns()
            self.assertFalse(protocol.answer.done())
            transport.resume_reading()
            self.assertEqual(await protocol.answer, b"late")
            transport.close()

    async def test_server_keeps_going_when_a_client_leaves(self):
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Recorder, LOCALHOST, 0)
        self.addCleanup(server.close)
        for _ in range(2):
            transport, _ = await loop.create_connection(asyncio.Protocol, *server.sockets[0].getsockname())
            transport.close()
        await turns()

    @needs_unix
    async def test_unix_connection(self):
        loop = asyncio.get_running_loop()
        path = str(Path(self.enterContext(tempfile.TemporaryDirectory())) / "socket")
        server = await loop.create_unix_server(Recorder, path)
        transport, client = await loop.create_unix_connection(Once, path)
        transport.write(b"hello")
        self.assertEqual(await client.answer, b"HELLO")
        transport.close()
        server.close()
        await server.wait_closed()

    async def test_accepted_by_hand(self):
        loop = asyncio.get_running_loop()
        with socket.create_server((LOCALHOST, 0)) as listening:
            with socket.create_connection(listening.getsockname()) as client:
                accepted, _ = listening.accept()
                transport, _ = await loop.connect_accepted_socket(Recorder, accepted)
                client.send(b"x")
                client.setblocking(False)
                self.assertEqual(await loop.sock_recv(client, 10), b"X")
                transport.close()


class DatagramTest(CorpusCase):
    async def test_there_and_back(self):
        loop = asyncio.get_running_loop()

        class Answer(asyncio.DatagramProtocol):
            def connection_made(self, transport):
                self.transport = transport

            def datagram_received(self, data, address):
                self.transport.sendto(data.upper(), address)

        class Ask(asyncio.DatagramProtocol):
            answer = loop.create_future()

            def datagram_received(self, data, address):
                self.answer.set_result(data)

        server, _ = await loop.create_datagram_endpoint(Answer, local_addr=(LOCALHOST, 0))
        client, asked = await loop.create_datagram_endpoint(Ask, remote_addr=server.get_extra_info("sockname"))
        client.sendto(b"hello")
        self.assertEqual(await asked.answer, b"HELLO")
        client.close()
        server.close()

    async def test_closed_in_a_cleanup(self):
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=(LOCALHOST, 0))
        self.addCleanup(transport.close)


class SocketTest(CorpusCase):
    def pair(self):
        """Return two connected sockets that do not block and are closed with the test."""
        pair = socket.socketpair()
        for each in pair:
            each.setblocking(False)
            self.addCleanup(each.close)
        return pair

    async def test_send_and_receive(self):
        loop = asyncio.get_running_loop()
        left, right = self.pair()
        await loop.sock_sendall(left, b"hello")
        self.assertEqual(await loop.sock_recv(right, 10), b"hello")

    async def test_received_into_a_buffer(self):
        loop = asyncio.get_running_loop()
        left, right = self.pair()
        buffer = bytearray(5)
        receiving = asyncio.create_task(loop.sock_recv_into(right, buffer))
        await asyncio.sleep(0)
        await loop.sock_sendall(left, b"hello")
        self.assertEqual((await receiving, bytes(buffer)), (5, b"hello"))

    async def test_connect_and_accept(self):
        loop = asyncio.get_running_loop()
        with socket.create_server((LOCALHOST, 0)) as listening, socket.socket() as client:
            listening.setblocking(False)
            client.setblocking(False)
            (accepted, _), _ = await asyncio.gather(
                loop.sock_accept(listening), loop.sock_connect(client, listening.getsockname())
            )
            accepted.close()

    async def test_receiving_given_up(self):
        loop = asyncio.get_running_loop()
        left, _ = self.pair()
        with self.assertRaises(TimeoutError):
            await asyncio.wait_for(loop.sock_recv(left, 1), 0.002)

    async def test_reader_added_and_removed(self):
        loop = asyncio.get_running_loop()
        left, right = self.pair()
        readable = asyncio.Event()
        loop.add_reader(right, readable.set)
        left.send(b"x")
        await readable.wait()
        loop.remove_reader(right)

    async def test_writer_added_and_removed(self):
        loop = asyncio.get_running_loop()
        left, _ = self.pair()
        writable = asyncio.Event()
        loop.add_writer(left, writable.set)
        await writable.wait()
        loop.remove_writer(left)

    def test_plain_sockets_in_a_plain_test(self):
        left, right = socket.socketpair()
        with left, right:
            left.send(b"x")
            self.assertEqual(right.recv(1), b"x")


@needs_unix
class PipeTest(CorpusCase):
    async def test_read_end(self):
        loop = asyncio.get_running_loop()
        read, write = os.pipe()
        reader = asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read, "rb", buffering=0)
        )
        os.write(write, b"through")
        os.close(write)
        self.assertEqual(await reader.read(), b"through")
        transport.close()

    async def test_write_end(self):
        loop = asyncio.get_running_loop()
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        transport, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(write, "wb", buffering=0))
        transport.write(b"through")
        self.assertEqual(os.read(read, 10), b"through")
        transport.close()


class NameTest(CorpusCase):
    async def test_addresses(self):
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(LOCALHOST, 80, type=socket.SOCK_STREAM)
        self.assertEqual(found[0][4], (LOCALHOST, 80))

    async def test_file_sent(self):
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair()
        left.setblocking(False)
        with left, right, tempfile.TemporaryFile() as file:
            file.write(b"contents")
            file.flush()
            file.seek(0)
            self.assertEqual(await self.send(loop, left, file), 8)
            self.assertEqual(right.recv(10), b"contents")

    @staticmethod
    async def send(loop, sock, file):
        """Send a file by the loop, or by reading it where the loop cannot."""
        try:
            return await loop.sock_sendfile(sock, file)
        except NotImplementedError:  # uvloop
            data = file.read()
            await loop.sock_sendall(sock, data)
            return len(data)
