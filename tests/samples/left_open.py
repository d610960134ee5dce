"""A suite that leaves things behind, and blocks its loop; what unittest and pytest say of it stands beside it."""

import asyncio
import socket
import threading
import time
import unittest
from collections.abc import AsyncIterator

from asynctestkit import AsyncTestCase, fail_on


async def numbers() -> AsyncIterator[int]:
    yield 1
    yield 2


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


def compute() -> None:
    time.sleep(0.5)


@fail_on(async_generators=True, threads=True, timers=True, slow_callbacks=0.1)
class LeftOpenTest(AsyncTestCase):
    async def test_generator(self) -> None:
        async for _ in numbers():
            break

    async def test_server(self) -> None:
        self.server = await asyncio.start_server(serve, "127.0.0.1", 0)

    async def test_slow_callback(self) -> None:
        compute()

    async def test_socket(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))

    async def test_subprocess(self) -> None:
        self.child = await asyncio.create_subprocess_exec("cat", stdin=asyncio.subprocess.PIPE)

    async def test_thread(self) -> None:
        threading.Thread(target=threading.Event().wait, args=(1,), name="poller", daemon=True).start()

    async def test_timer(self) -> None:
        asyncio.get_running_loop().call_later(3600, compute)

    async def test_transport(self) -> None:
        ours, self.theirs = socket.socketpair()
        self.reader, self.writer = await asyncio.open_connection(sock=ours)
        self.theirs.close()


class WarningTest(AsyncTestCase):
    async def test_generator(self) -> None:
        async for _ in numbers():
            break

    async def test_timer(self) -> None:
        asyncio.get_running_loop().call_later(3600, compute)


if __name__ == "__main__":
    unittest.main()
