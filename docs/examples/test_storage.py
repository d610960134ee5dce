"""The storage: every test has its own file and its own loop."""

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from asynctestkit import AsyncTestCase
from kvstore import Storage


class StorageTest(AsyncTestCase):
    def setUp(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.path = Path(folder) / "store.sqlite"

    async def asyncSetUp(self) -> None:
        self.storage = await self.enterAsyncContext(Storage(self.path))

    async def test_set_and_get(self) -> None:
        """The last value set is the one that counts."""
        self.assertIsNone(await self.storage.get("colour"))
        await self.storage.set("colour", "red")
        await self.storage.set("colour", "blue")
        self.assertEqual(await self.storage.get("colour"), "blue")

    async def test_delete_says_whether_there_was_something(self) -> None:
        """True once, then False."""
        await self.storage.set("colour", "red")
        self.assertTrue(await self.storage.delete("colour"))
        self.assertFalse(await self.storage.delete("colour"))

    async def test_keys_by_prefix(self) -> None:
        """Sorted; characters that mean something to SQL mean nothing here."""
        for key in ["b", "a%", "a", "a_1", "A", "é"]:
            await self.storage.set(key, "")
        self.assertEqual(await self.storage.keys(), ["A", "a", "a%", "a_1", "b", "é"])
        self.assertEqual(await self.storage.keys("a"), ["a", "a%", "a_1"])
        self.assertEqual(await self.storage.keys("a%"), ["a%"])

    async def test_increments_are_not_lost(self) -> None:
        """Tasks that add to one number at the same time all count."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.storage.increment("hits", 2)) for _ in range(20)]
        self.assertEqual(sorted(task.result() for task in tasks), list(range(2, 42, 2)))

    async def test_only_numbers_are_incremented(self) -> None:
        """The refusal changes nothing."""
        await self.storage.set("colour", "red")
        with self.assertRaises(ValueError):
            await self.storage.increment("colour", 1)
        self.assertEqual(await self.storage.get("colour"), "red")

    async def test_cancelled_caller_harms_nobody(self) -> None:
        """Its thread may still be at work; the next caller waits for it."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")  # the thread waits for this to end, however slow or quick we are
            writing = asyncio.create_task(self.storage.set("colour", "red"))
            await asyncio.sleep(0)  # let the task start
            writing.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await writing
            other.execute("ROLLBACK")
        await self.storage.set("colour", "blue")
        self.assertEqual(await self.storage.get("colour"), "blue")

    async def test_two_storages_share_one_file(self) -> None:
        """As two server processes would."""
        async with Storage(self.path) as other, asyncio.TaskGroup() as group:
            for storage in [self.storage, other] * 5:
                group.create_task(storage.increment("hits", 1))
        self.assertEqual(await self.storage.get("hits"), "10")


class ClosedStorageTest(AsyncTestCase):
    async def test_closed_storage_refuses(self) -> None:
        """With SQLite's own error, and without a file coming into being."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "store.sqlite"
            with self.assertRaises(sqlite3.ProgrammingError):
                await Storage(path).get("colour")
            self.assertFalse(path.exists())

    async def test_no_such_folder(self) -> None:
        """A path that cannot be opened fails on entering."""
        with tempfile.TemporaryDirectory() as folder, self.assertRaises(sqlite3.OperationalError):
            await self.enterAsyncContext(Storage(Path(folder) / "missing" / "store.sqlite"))
