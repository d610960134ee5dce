"""Decorated methods of a plain `unittest.TestCase`, with failures in each place."""

import asyncio
import unittest

from asynctestkit import async_hook, async_test


class BodyTest(unittest.TestCase):
    @async_hook
    async def setUp(self) -> None:
        self.value = await answer()

    @async_test
    async def test_async(self) -> None:
        self.assertEqual(self.value, 43)

    def test_sync(self) -> None:
        self.assertEqual(self.value, 44)

    @async_test(timeout=0.1)
    async def test_overruns(self) -> None:
        await asyncio.Event().wait()


class SetUpTest(unittest.TestCase):
    @async_hook
    async def setUp(self) -> None:
        self.addCleanup(print, "cleanup ran")
        raise OSError("no database")

    @async_test
    async def test_never_runs(self) -> None:
        self.fail("it ran")


class TearDownTest(unittest.TestCase):
    @async_test
    async def test_fails(self) -> None:
        self.fail("the body")

    @async_hook
    async def tearDown(self) -> None:
        raise OSError("cannot stop")


class ClassTest(unittest.TestCase):
    @async_hook
    @classmethod
    async def setUpClass(cls) -> None:
        raise OSError("no server")

    @async_test
    async def test_never_runs(self) -> None:
        self.fail("it ran")


async def answer() -> int:
    return 42
