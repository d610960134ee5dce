"""The client: one connection, one request at a time, never out of step with its replies."""

import asyncio
from contextlib import suppress
from typing import Self

from kvstore.protocol import MAX_LINE, RequestError, decode, encode, read_line


class Client:
    """Talk to a server; connected while ``async with`` lasts. Tasks may share a client: they take turns.

    ``timeout``, which may be changed at any time, is the limit in seconds for connecting and for each request, the wait
    for its turn included; None: no limit. Every request raises RequestError if the server refuses it, TimeoutError if
    the time is up, ConnectionError if there is no connection. A request cut short, by its timeout or by cancellation,
    leaves a reply on its way that belongs to nobody; so it ends the connection, and all later requests raise
    ConnectionError.
    """

    def __init__(self, host: str, port: int, *, timeout: float | None = 5.0) -> None:
        self._host = host
        self._port = port
        self.timeout = timeout
        self._turn = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        async with asyncio.timeout(self.timeout):
            self._streams = await asyncio.open_connection(self._host, self._port, limit=MAX_LINE)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._streams is not None:
            _, writer = self._streams
            self._streams = None
            writer.close()
            with suppress(OSError):  # the server may have left first
                await writer.wait_closed()

    async def get(self, key: str) -> str | None:
        """Return the value of the key, None if there is none."""
        results = await self._request("GET", key)
        return results[0] if results else None

    async def set(self, key: str, value: str) -> None:
        """Give the key this value."""
        await self._request("SET", key, value)

    async def delete(self, key: str) -> bool:
        """Remove the key; return whether it was there."""
        return await self._request("DEL", key) == ["1"]

    async def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with the prefix, sorted."""
        return await self._request("KEYS", prefix)

    async def increment(self, key: str, by: int = 1) -> int:
        """Add to the number under the key, 0 if there is none, and return the sum."""
        return int((await self._request("INCR", key, str(by)))[0])

    async def _request(self, *words: str) -> list[str]:
        line = encode(*words)
        async with asyncio.timeout(self.timeout), self._turn:
            if self._streams is None:
                raise ConnectionError("not connected: the client was closed, or an earlier request was cut short")
            reader, writer = self._streams
            try:
                writer.write(line)
                await writer.drain()
                reply = await _read_reply(reader)
            except BaseException:
                writer.transport.abort()
                self._streams = None
                raise
        if isinstance(reply, RequestError):
            raise reply
        return reply


async def _read_reply(reader: asyncio.StreamReader) -> list[str] | RequestError:
    results: list[str] = []
    while True:
        try:
            words = decode(await read_line(reader))
        except EOFError as error:
            raise ConnectionError("the server closed the connection") from error
        match words:
            case ["=", result]:
                results.append(result)
            case ["OK"]:
                return results
            case ["ERR", code, message]:
                return RequestError(code, message)
            case _:
                raise RequestError("syntax", f"not a reply: {words}")
