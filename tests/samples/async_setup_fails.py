"""Set-up that fails: neither body nor tear-down run, cleanups do."""

import asyncio

from asynctestkit import AsyncTestCase


class Base(AsyncTestCase):
    async def test_never_runs(self) -> None:
        self.fail("it ran")

    async def asyncTearDown(self) -> None:
        self.fail("it ran")

    def tearDown(self) -> None:
        self.fail("it ran")

    async def broken(self, name: str) -> None:
        self.addAsyncCleanup(note, f"cleanup after {name}")
        await asyncio.sleep(0)
        raise OSError(name)


class AsyncSetUpTest(Base):
    async def asyncSetUp(self) -> None:
        await self.broken("asyncSetUp")


class CoroutineSetUpTest(Base):
    async def setUp(self) -> None:
        await self.broken("async def setUp")


class PlainSetUpTest(Base):
    def setUp(self) -> None:
        self.addCleanup(note, "cleanup after setUp")
        raise OSError("setUp")


del Base


async def note(what: str) -> None:
    print(what)
