"""A suite whose class hooks commit faults that only checks find, and one that hangs; its tests have none."""

import asyncio
import unittest

from asynctestkit import AsyncTestCase


class Client:
    async def send(self) -> None:
        """Send something."""


async def fails() -> None:
    await asyncio.sleep(0)
    raise ValueError("lost")


async def forever() -> None:
    await asyncio.Event().wait()


class ForgottenTest(AsyncTestCase):
    @classmethod
    async def asyncSetUpClass(cls) -> None:
        Client().send()  # type: ignore[unused-coroutine]  # that is the fault

    async def test_is_not_run(self) -> None:
        await Client().send()


class HangingTest(AsyncTestCase):
    timeout = 0.05

    @classmethod
    async def asyncTearDownClass(cls) -> None:
        await forever()

    async def test_good(self) -> None:
        await Client().send()


class LeavingTest(AsyncTestCase):
    @classmethod
    async def asyncSetUpClass(cls) -> None:
        cls.worker = asyncio.create_task(forever(), name="worker")

    async def test_first(self) -> None:
        await Client().send()

    async def test_second(self) -> None:
        self.assertFalse(self.worker.done())

    worker: asyncio.Task[None]


class TaskFailsTest(AsyncTestCase):
    @classmethod
    async def asyncSetUpClass(cls) -> None:
        cls.worker = asyncio.create_task(fails(), name="worker")

    async def test_good(self) -> None:
        await asyncio.sleep(0.001)

    worker: asyncio.Task[None]


if __name__ == "__main__":
    unittest.main()
