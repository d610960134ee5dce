"""A suite whose objects are used on other loops than theirs; what is said of it stands in the files beside it."""

import asyncio
import contextlib
import unittest
from collections.abc import Iterator

from asynctestkit import AsyncTestCase, async_test, fixture


async def contend(lock: asyncio.Lock) -> None:
    """Wait for a lock that is taken."""
    await lock.acquire()
    try:
        async with asyncio.timeout(0.01):
            await lock.acquire()
    except TimeoutError:
        lock.release()


class Client:
    """Keeps what it was given on its first loop."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()


LOCK = asyncio.Lock()


def setUpModule() -> None:
    global CLIENT

    async def connect() -> Client:
        return Client()

    CLIENT = asyncio.run(connect())


@fixture(scope="class")
def gate() -> Iterator[asyncio.Event]:
    """Give an event that nobody sets."""
    yield asyncio.Event()


class AnotherLoopTest(AsyncTestCase):
    async def test_a_lock(self) -> None:
        await contend(LOCK)

    async def test_b_lock_again(self) -> None:
        await contend(LOCK)

    async def test_client_of_module(self) -> None:
        await CLIENT.answer

    async def test_gate_a(self, gate: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.01):
                await gate.wait()

    async def test_gate_b(self, gate: asyncio.Event) -> None:
        await gate.wait()

    async def test_group(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(contend(LOCK))


@async_test
async def test_function() -> None:
    await contend(LOCK)


@async_test
async def test_words_alone() -> None:
    raise RuntimeError("Event loop is closed")


if __name__ == "__main__":
    unittest.main()
