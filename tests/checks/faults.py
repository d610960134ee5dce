"""Faults to commit, a test case that keeps them to itself, and what comes of a class that commits them."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import unittest
import warnings
from unittest import mock

from asynctestkit import FindingWarning
from asynctestkit.checks.policy import VARIABLE
from tests.outcomes import complaints, suite_events


async def forgotten() -> None:
    """Is never awaited."""


async def forever() -> None:
    """Wait for what never comes."""
    await asyncio.Event().wait()


def fail() -> None:
    """Raise what nobody catches."""
    raise ValueError("lost")


async def fail_as_task() -> None:
    """Raise it when it is awaited."""
    fail()


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


def outcome_of(cls: type[unittest.TestCase], checks: str = "") -> list[str]:
    """Run a class; return what its result was told, and the kinds of warnings."""
    with mock.patch.dict(os.environ, {VARIABLE: checks}), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        events = suite_events(cls, events=[])
    return [*events, *(f"warned of {str(one.message)[:30]}" for one in caught if one.category is FindingWarning)]


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
