"""A suite of tests that never end by themselves; what unittest and pytest say of it stands beside it."""

import asyncio
import socket
import threading
import time
import unittest
from collections.abc import AsyncIterator

from asynctestkit import AsyncTestCase, async_test, fixture, timeout

LIMIT = 0.6


async def consume(queue: asyncio.Queue[int]) -> None:
    while True:
        await queue.get()


async def wait_for_ever() -> None:
    await asyncio.Event().wait()


class HangTest(AsyncTestCase):
    timeout = LIMIT

    async def asyncTearDown(self) -> None:
        print("torn down", self._testMethodName)

    async def test_deadlock(self) -> None:
        one, other = asyncio.Lock(), asyncio.Lock()

        async def take(first: asyncio.Lock, second: asyncio.Lock) -> None:
            async with first:
                await asyncio.sleep(0)
                async with second:
                    pass

        async with asyncio.TaskGroup() as group:
            group.create_task(take(one, other), name="left")
            group.create_task(take(other, one), name="right")

    async def test_queue(self) -> None:
        queue: asyncio.Queue[int] = asyncio.Queue()
        consumers = [asyncio.create_task(consume(queue), name=f"consumer {number}") for number in range(20)]
        await queue.put(1)
        await asyncio.gather(*consumers)

    async def test_spin(self) -> None:
        while True:
            await asyncio.sleep(0)

    async def test_sleep(self) -> None:
        time.sleep(30)

    async def test_busy(self) -> None:
        next(filter(lambda _: False, iter(int, 1)))

    async def test_lock(self) -> None:
        lock = threading.Lock()
        with lock:
            lock.acquire()

    async def test_receive(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.recv(1)

    async def test_any_exception(self) -> None:
        while True:
            try:
                time.sleep(30)
            except Exception:
                continue

    async def test_eats_cancellation(self) -> None:
        while True:
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                continue


class PlacesTest(AsyncTestCase):
    timeout = LIMIT

    @fixture
    async def slow_to_open(self) -> int:
        await asyncio.Event().wait()
        return 1

    @fixture
    async def slow_to_close(self) -> AsyncIterator[int]:
        yield 1
        await asyncio.Event().wait()

    async def test_cleanup(self) -> None:
        self.addAsyncCleanup(wait_for_ever)

    async def test_closing(self, slow_to_close: int) -> None: ...

    async def test_opening(self, slow_to_open: int) -> None: ...


class SetUpTest(AsyncTestCase):
    timeout = LIMIT

    async def asyncSetUp(self) -> None:
        await asyncio.Event().wait()

    async def test(self) -> None: ...


@timeout(LIMIT)
@async_test
async def test_function() -> None:
    await asyncio.Event().wait()


if __name__ == "__main__":
    unittest.main()
