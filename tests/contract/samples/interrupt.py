"""Tests that press Ctrl-C themselves."""

import asyncio
import os
import signal
from unittest import IsolatedAsyncioTestCase as Base


async def press_and_go_on() -> None:
    """Send the signal, and let the loop go round a few times."""
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(5):
        await asyncio.sleep(0)


class Once(Base):
    """The first test is interrupted."""

    async def asyncTearDown(self) -> None:
        print("asyncTearDown", flush=True)

    async def test_a(self) -> None:
        await press_and_go_on()
        print("a went on", flush=True)

    async def test_b(self) -> None:
        print("b ran", flush=True)


class Twice(Base):
    """The only test is interrupted twice."""

    async def test(self) -> None:
        await press_and_go_on()
        print("went on", flush=True)
        await press_and_go_on()
        print("went on again", flush=True)
