"""What ends a body from outside: a stopped loop, a cancellation, the exit of the interpreter."""

import asyncio
import sys
from typing import NoReturn

from asynctestkit import AsyncTestCase


class StoppedTest(AsyncTestCase):
    async def asyncTearDown(self) -> None:
        await asyncio.sleep(0)
        print("asyncTearDown ran")

    async def test_cancelled(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel("why not")
        await asyncio.sleep(0)

    async def test_exit_in_a_callback(self) -> None:
        asyncio.get_running_loop().call_soon(leave)
        await asyncio.Event().wait()

    async def test_loop_stopped(self) -> None:
        asyncio.get_running_loop().stop()
        await asyncio.Event().wait()


def leave() -> NoReturn:
    sys.exit("now")
