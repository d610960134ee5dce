"""Ways to hang for ever, and test cases that do it in one place of their life."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from asynctestkit import AsyncTestCase

Hang = Callable[[], Awaitable[None]]
LIMIT = 0.2
PLACES = ("setUp", "asyncSetUp", "test", "asyncTearDown", "tearDown", "cleanup")


async def event() -> None:
    """Wait for an event that nobody sets."""
    await asyncio.Event().wait()


async def spin() -> None:
    """Give way to others, and nothing else."""
    while True:
        await asyncio.sleep(0)


async def sleep() -> None:
    """Block the loop in a system call."""
    time.sleep(30)


async def busy() -> None:
    """Block the loop in Python."""
    while True:
        pass


async def lock() -> None:
    """Block the loop on a lock."""
    held = threading.Lock()
    held.acquire()
    held.acquire()


async def receive() -> None:
    """Block the loop on a socket."""
    one, other = socket.socketpair()
    with one, other:
        one.recv(1)


async def catch_all() -> None:
    """Block the loop, whatever error comes."""
    while True:
        try:
            time.sleep(0.02)
        except Exception:
            continue


async def eat_cancellations() -> None:
    """Wait for ever, whatever cancellation comes."""
    while True:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            continue


async def eat_everything() -> None:
    """Wait for ever, and refuse even to be closed."""
    while True:
        try:
            await asyncio.sleep(30)
        except BaseException:
            continue


async def callback() -> None:
    """Block the loop in a callback."""
    asyncio.get_running_loop().call_soon(time.sleep, 30)
    await asyncio.Event().wait()


async def task() -> None:
    """Block the loop in another task."""
    other = asyncio.create_task(sleep())
    await asyncio.Event().wait()
    del other


ANSWERING = (event, spin, eat_cancellations, eat_everything)
IN_PYTHON = (busy, catch_all)
IN_C = (sleep, lock, receive)
ALL = (*ANSWERING, *IN_PYTHON, *IN_C, callback, task)


def hanging_case(hang: Callable[[], Any], place: str, events: list[str], **attributes: Any) -> type[AsyncTestCase]:
    """Return a test case that hangs in one place, and tells where it comes."""

    class Case(AsyncTestCase):
        timeout = LIMIT

        async def come_to(self, here: str) -> None:
            events.append(here)
            if here == place:
                await hang()

        async def setUp(self) -> None:
            self.addAsyncCleanup(self.come_to, "cleanup")
            await self.come_to("setUp")

        async def asyncSetUp(self) -> None:
            await self.come_to("asyncSetUp")

        async def test(self) -> None:
            await self.come_to("test")

        async def asyncTearDown(self) -> None:
            await self.come_to("asyncTearDown")

        async def tearDown(self) -> None:
            await self.come_to("tearDown")

    for name, value in attributes.items():
        setattr(Case, name, value)
    return Case


def come_after(place: str) -> list[str]:
    """Return the places that a test comes to which hangs in one."""
    at = PLACES.index(place)
    if place in ("setUp", "asyncSetUp"):
        return [*PLACES[: at + 1], "cleanup"]
    if place == "asyncTearDown":
        return [*PLACES[: at + 1], "cleanup"]  # as where it fails in any other way
    return list(PLACES)
