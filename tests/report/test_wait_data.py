"""Who waits for data is told where it is to come from: queues, streams and sockets."""

from __future__ import annotations

import asyncio
import socket
import unittest

import anyio

from tests.report.support import ReportCase, needs_uvloop, new_uvloop


class DataTest(ReportCase):
    """On the stock loop."""

    def test_queue_without_items(self) -> None:
        """An item is waited for."""
        queue: asyncio.Queue[str] = asyncio.Queue()

        async def getter() -> None:
            await queue.get()

        self.assertEqual(
            self.report(getter=getter())[2:],
            [
                "  here.py:N in getter await queue.get()",
                "  waits for an item of <Queue at 0x maxsize=0 qsize=0>",
            ],
        )

    def test_queue_without_room(self) -> None:
        """Room is waited for; what is in the queue is not shown."""
        queue: asyncio.Queue[str] = asyncio.Queue(1)

        async def putter() -> None:
            await queue.put("content")
            await queue.put("more")

        self.assertEqual(
            self.report(putter=putter())[2:],
            [
                '  here.py:N in putter await queue.put("more")',
                "  waits for room in <Queue at 0x maxsize=1 qsize=1>",
            ],
        )

    def test_queue_with_work_left(self) -> None:
        """The end of the work is waited for, not the event inside the queue."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        queue.put_nowait("content")

        async def joiner() -> None:
            await queue.join()

        self.assertEqual(
            self.report(joiner=joiner())[2:],
            [
                "  here.py:N in joiner await queue.join()",
                "  waits until all items of <Queue at 0x maxsize=0 qsize=1> are done",
            ],
        )

    def test_stream(self) -> None:
        """A stream's reader is named by its peer."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        connected = asyncio.Event()

        async def client() -> None:
            reader, writer = await asyncio.open_connection(*server.getsockname())
            connected.set()
            try:
                await reader.readline()
            finally:
                writer.close()

        self.start(client=client())
        self.loop.run_until_complete(asyncio.wait_for(connected.wait(), 30))
        self.settle()
        self.assertEqual(
            self.lines()[2:],
            [
                "  here.py:N in client await reader.readline()",
                f"  waits for data from <StreamReader of {server.getsockname()}>",
            ],
        )

    def test_anyio(self) -> None:
        """What anyio offers for asyncio is named as well."""
        send, receive = anyio.create_memory_object_stream[int]()

        async def receiver() -> None:
            with send, receive:
                await receive.receive()

        lines = self.report(receiver=receiver())[2:]
        self.assertEqual(lines[0], "  here.py:N in receiver await receive.receive()")
        self.assertRegex(lines[1], "  waits for an item of MemoryObjectReceiveStream")


@needs_uvloop
class UvloopDataTest(DataTest):
    """The same on uvloop."""

    factory = staticmethod(new_uvloop)

    def test_coroutine_made_by_cython(self) -> None:
        """Behind a coroutine that Cython made the future is found."""
        ours, theirs = socket.socketpair()
        self.addCleanup(theirs.close)
        self.addCleanup(ours.close)
        ours.setblocking(False)

        async def reader() -> None:
            await self.loop.sock_recv(ours, 1)

        self.assertEqual(
            self.report(reader=reader())[2:],
            [
                "  here.py:N in reader await self.loop.sock_recv(ours, 1)",
                "  waits for <_SyncSocketReaderFuture pending cb=[Task.task_wakeup()]>",
            ],
        )


class SocketTest(ReportCase):
    """What only a loop that runs on Python's selectors tells."""

    def test_socket(self) -> None:
        """A read from a socket shows the socket."""
        ours, theirs = socket.socketpair()
        self.addCleanup(theirs.close)
        self.addCleanup(ours.close)
        ours.setblocking(False)

        async def reader() -> None:
            await self.loop.sock_recv(ours, 1)

        lines = self.report(reader=reader())[2:]
        self.assertEqual(lines[0], "  here.py:N in reader await self.loop.sock_recv(ours, 1)")
        self.assertEqual(lines[1][:50], f"  waits for data from {ours!r}"[:50])


if __name__ == "__main__":
    unittest.main()
