"""Keys and values in one SQLite file, used from a loop without blocking it.

One connection serves everybody. Each piece of work runs in a worker thread that holds the lock: a task that is
cancelled leaves its thread running, so a lock held by the task would be free too early.
"""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from itertools import takewhile
from typing import Self, TypeVar

T = TypeVar("T")


class Storage:
    """Hold text values under text keys in the file ``path``; made if missing. Open while ``async with`` lasts.

    A method that is cancelled may or may not have had its effect, but never half of it. Every method raises
    sqlite3.Error where SQLite does, and when the storage is not open.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    async def __aenter__(self) -> Self:
        # No I/O yet: SQLite opens the file at the first statement. isolation_level=None leaves transactions to us.
        self._connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        try:
            await self._call(_prepare)
        except BaseException:
            self._close()
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the file, once the work under way is done; leaving ``async with`` does it too. Twice is no error."""
        await asyncio.to_thread(self._close)

    async def get(self, key: str) -> str | None:
        """Return the value of the key, None if there is none."""

        def work(connection: sqlite3.Connection) -> str | None:
            row = connection.execute("SELECT value FROM pairs WHERE key = ?", (key,)).fetchone()
            return None if row is None else str(row[0])

        return await self._call(work)

    async def set(self, key: str, value: str) -> None:
        """Give the key this value."""
        await self._call(lambda connection: _write(connection, key, value))

    async def delete(self, key: str) -> bool:
        """Remove the key; return whether it was there."""
        return await self._call(
            lambda connection: connection.execute("DELETE FROM pairs WHERE key = ?", (key,)).rowcount > 0
        )

    async def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with the prefix, in the order of their code points."""

        def work(connection: sqlite3.Connection) -> list[str]:
            rows = connection.execute("SELECT key FROM pairs WHERE key >= ? ORDER BY key", (prefix,))
            return list(takewhile(lambda key: key.startswith(prefix), (str(row[0]) for row in rows)))

        return await self._call(work)

    async def increment(self, key: str, by: int = 1) -> int:
        """Add to the number under the key, 0 if there is none; return the sum. Raises ValueError if not a number."""

        def work(connection: sqlite3.Connection) -> int:
            connection.execute("BEGIN IMMEDIATE")  # nobody, in another process either, may write between the two steps
            row = connection.execute("SELECT value FROM pairs WHERE key = ?", (key,)).fetchone()
            total = by if row is None else int(row[0]) + by
            _write(connection, key, str(total))
            return total

        return await self._call(work)

    async def _call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.to_thread(self._run, work)

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock:
            if self._connection is None:
                raise sqlite3.ProgrammingError("the storage is not open")
            with self._connection:  # commits, or rolls back if the work raises
                return work(self._connection)

    def _close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE IF NOT EXISTS pairs (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")


def _write(connection: sqlite3.Connection, key: str, value: str) -> None:
    connection.execute("REPLACE INTO pairs (key, value) VALUES (?, ?)", (key, value))
