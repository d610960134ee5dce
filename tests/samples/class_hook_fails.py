"""Class hooks that fail, each reported once."""

import asyncio

from asynctestkit import AsyncTestCase


class AsyncSetUpTest(AsyncTestCase):
    @classmethod
    async def asyncSetUpClass(cls) -> None:
        cls.addAsyncClassCleanup(note, "class cleanup ran")
        await asyncio.sleep(0)
        raise OSError("no server")

    @classmethod
    async def asyncTearDownClass(cls) -> None:
        print("it ran")

    async def test_one(self) -> None:
        self.fail("it ran")

    async def test_two(self) -> None:
        self.fail("it ran")


class SetUpTest(AsyncTestCase):
    @classmethod
    async def setUpClass(cls) -> None:
        raise OSError("no database")

    async def test_one(self) -> None:
        self.fail("it ran")


class TearDownTest(AsyncTestCase):
    @classmethod
    async def asyncTearDownClass(cls) -> None:
        raise OSError("cannot stop")

    async def test_passes(self) -> None:
        pass


class CleanupTest(AsyncTestCase):
    @classmethod
    async def asyncSetUpClass(cls) -> None:
        cls.addAsyncClassCleanup(fail, "first added")
        cls.addAsyncClassCleanup(fail, "last added")

    async def test_passes(self) -> None:
        pass


async def fail(what: str) -> None:
    raise OSError(what)


async def note(what: str) -> None:
    print(what)
