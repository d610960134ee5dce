"""A timeout and a task group that a class holds open, and that fire while one of its tests runs."""

import asyncio

from asynctestkit import AsyncTestCase


class TaskGroupTest(AsyncTestCase):
    go: asyncio.Event

    @classmethod
    async def asyncSetUpClass(cls) -> None:
        cls.go = asyncio.Event()
        group = await cls.enterAsyncClassContext(asyncio.TaskGroup())
        group.create_task(cls.server())

    @classmethod
    async def server(cls) -> None:
        await cls.go.wait()
        raise OSError("the server broke")

    async def test_a(self) -> None:
        self.go.set()
        await asyncio.Event().wait()

    async def test_b(self) -> None:
        self.fail("it ran")


class TimeoutTest(AsyncTestCase):
    scope: asyncio.Timeout

    @classmethod
    async def asyncSetUpClass(cls) -> None:
        cls.scope = await cls.enterAsyncClassContext(asyncio.timeout(None))

    async def test_a(self) -> None:
        self.scope.reschedule(0)
        await asyncio.Event().wait()

    async def test_b(self) -> None:
        self.fail("it ran")
