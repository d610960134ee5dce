"""Faults to commit, and a test case that keeps them to itself."""

from __future__ import annotations

import asyncio
import gc
import logging
import unittest

from tests.outcomes import complaints


async def forgotten() -> None:
    """Is never awaited."""


async def forever() -> None:
    """Wait for what never comes."""
    await asyncio.Event().wait()


async def fail_soon() -> None:
    """Fail when somebody waits."""
    await asyncio.sleep(0.001)
    raise ValueError("lost")


async def fail_after(event: asyncio.Event) -> None:
    """Fail when somebody says so."""
    await event.wait()
    raise ValueError("lost")


async def fail_in_callback(event: asyncio.Event) -> None:
    """Have a callback fail when somebody says so."""
    await event.wait()
    asyncio.get_running_loop().call_soon(int, "x")


class FaultCase(unittest.TestCase):
    """A test of faults: neither their log nor what they leave reaches other tests."""

    maxDiff = None

    def setUp(self) -> None:
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)

    def tearDown(self) -> None:
        """Let what the faults have left die here, not in a test that listens for such things."""
        with complaints():
            gc.collect()
