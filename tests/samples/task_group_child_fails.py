"""A task group entered in set-up: its failing child ends the body and is what is reported."""

import asyncio

from asynctestkit import AsyncTestCase


class TaskGroupTest(AsyncTestCase):
    async def asyncSetUp(self) -> None:
        self.group = await self.enterAsyncContext(asyncio.TaskGroup())

    async def asyncTearDown(self) -> None:
        print("asyncTearDown ran")

    async def test_child_fails(self) -> None:
        self.group.create_task(serve())
        try:
            await asyncio.Event().wait()
        finally:
            print("the body was ended")

    async def test_child_and_body_fail(self) -> None:
        self.group.create_task(serve())
        self.fail("the body")


async def serve() -> None:
    await asyncio.sleep(0)
    raise OSError("connection lost")
