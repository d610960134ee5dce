"""A timeout entered in set-up: it ends a body that overruns."""

import asyncio

from asynctestkit import AsyncTestCase


class TimeoutTest(AsyncTestCase):
    async def asyncSetUp(self) -> None:
        await self.enterAsyncContext(asyncio.timeout(0.01 if "never" in self.id() else 60))

    async def asyncTearDown(self) -> None:
        print("asyncTearDown ran")

    async def test_never_ends(self) -> None:
        await wait_for_nothing()

    async def test_is_done_in_time(self) -> None:
        await asyncio.sleep(0)


async def wait_for_nothing() -> None:
    await asyncio.Event().wait()
