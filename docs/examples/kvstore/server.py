"""The server: many clients at once, each answered in the order it asked, and an orderly end.

Stopping is one mechanism with the idle timeout: a client's wait for its next request stands under an `asyncio.timeout`,
and stopping moves that deadline to now. A request that is being carried out is thus never cut, and gets its reply.
"""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Self

from kvstore.commands import execute
from kvstore.protocol import MAX_LINE, RequestError, decode, encode, read_line
from kvstore.storage import Storage


class Server:
    """Answer requests on TCP from one storage while ``async with`` lasts; the storage stays the caller's to close.

    ``port`` 0 takes a free one. ``idle_timeout`` is how long a client may stay silent, ``grace`` how long, at the end,
    a request that is being carried out may still take; both in seconds, None for no limit. ``max_line`` is how many
    bytes a line may have.
    """

    def __init__(
        self,
        storage: Storage,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        idle_timeout: float | None = None,
        grace: float | None = 5.0,
        max_line: int = MAX_LINE,
    ) -> None:
        self._storage = storage
        self._host = host
        self._port = port
        self._idle_timeout = idle_timeout
        self._grace = grace
        self._max_line = max_line
        self._listener: asyncio.Server | None = None
        self._stopping = False
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._idle: set[asyncio.Timeout] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that the server listens on. Raises RuntimeError unless it listens."""
        if self._listener is None or not self._listener.sockets:
            raise RuntimeError("the server is not listening")
        host, port = self._listener.sockets[0].getsockname()[:2]
        return str(host), int(port)

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._connected, self._host, self._port, limit=self._max_line)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._listener is not None
        self._stopping = True
        self._listener.close()
        now = asyncio.get_running_loop().time()
        for wait in self._idle:
            if not wait.expired():
                wait.reschedule(now)
        try:
            if self._connections:
                await asyncio.wait(self._connections, timeout=self._grace)
        finally:
            for task, writer in self._connections.items():
                writer.transport.abort()
                task.cancel()
        if self._connections:
            await asyncio.wait(self._connections)
        await self._listener.wait_closed()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._attend(reader, writer))
        self._connections[task] = writer
        task.add_done_callback(self._connections.pop)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # The client left (EOFError, ConnectionError), or its time was up (TimeoutError): no fault of ours.
            with suppress(EOFError, OSError):
                await self._converse(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not self._stopping:
            try:
                words = decode(await self._next_line(reader))
                results = await execute(self._storage, words)
                reply = b"".join(encode("=", result) for result in results) + encode("OK")
            except RequestError as error:
                reply = encode("ERR", error.code, error.message)
            writer.write(reply)
            await writer.drain()

    async def _next_line(self, reader: asyncio.StreamReader) -> bytes:
        async with asyncio.timeout(self._idle_timeout) as wait:
            self._idle.add(wait)
            try:
                return await read_line(reader)
            finally:
                self._idle.discard(wait)


@asynccontextmanager
async def serve(path: str | os.PathLike[str], host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[Server, None]:
    """Open the storage at ``path`` and a server on it; close both, in reverse, at the end."""
    async with Storage(path) as storage, Server(storage, host, port) as server:
        yield server
