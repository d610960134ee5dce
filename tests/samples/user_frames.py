"""Errors that pass through asyncio on their way: the user's frames are shown, those of the machinery are not."""

import asyncio

from asynctestkit import AsyncTestCase


class FramesTest(AsyncTestCase):
    async def asyncSetUp(self) -> None:
        self.task = asyncio.create_task(deep(3))

    async def test_a_task_of_set_up(self) -> None:
        await self.task

    async def test_chained(self) -> None:
        try:
            await self.task
        except LookupError as error:
            raise RuntimeError("could not load") from error


async def deep(levels: int) -> None:
    await asyncio.sleep(0)
    if levels:
        await deep(levels - 1)
    raise LookupError("nothing there")
