"""A suite of faults that only checks find; what unittest and pytest say of it stands in the files beside it."""

import asyncio
import unittest
from unittest.mock import AsyncMock

from asynctestkit import AsyncTestCase, async_test


class Client:
    async def send(self) -> None:
        """Send something."""


async def fails() -> None:
    raise ValueError("lost")


async def forever() -> None:
    await asyncio.Event().wait()


class FindingsTest(AsyncTestCase):
    async def test_mock(self) -> None:
        AsyncMock()()

    async def test_pending(self) -> None:
        self.task = asyncio.create_task(forever(), name="worker")
        await asyncio.sleep(0)

    async def test_task_fails(self) -> None:
        self.task = asyncio.create_task(fails(), name="worker")
        await asyncio.sleep(0)

    async def test_callback_fails(self) -> None:
        def callback() -> None:
            raise ValueError("lost")

        asyncio.get_running_loop().call_soon(callback)
        await asyncio.sleep(0)

    async def test_several(self) -> None:
        Client().send()  # type: ignore[unused-coroutine]  # that is the fault
        self.task = asyncio.create_task(forever(), name="worker")

    async def test_unawaited(self) -> None:
        Client().send()  # type: ignore[unused-coroutine]  # that is the fault

    async def test_failed_already(self) -> None:
        Client().send()  # type: ignore[unused-coroutine]  # that is the fault
        self.fail("for a reason of its own")

    async def test_good(self) -> None:
        await Client().send()


@async_test
async def test_function() -> None:
    Client().send()  # type: ignore[unused-coroutine]  # that is the fault


if __name__ == "__main__":
    unittest.main()
