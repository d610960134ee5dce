"""What blocks the loop once a limit has cancelled it: it is ended as well, in the line where it stands."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import unittest
from collections.abc import Awaitable, Callable

from asynctestkit import AsyncTestCase
from tests.checks.test_together import report_of


async def in_finally() -> None:
    """Block in what is done whatever happened."""
    try:
        await asyncio.Event().wait()
    finally:
        time.sleep(30)


async def in_a_join() -> None:
    """Wait for a thread, which blocks in a lock."""
    try:
        await asyncio.Event().wait()
    finally:
        threading.Event().wait()


async def after_eating() -> None:
    """Eat the cancellation, and go on."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        pass
    time.sleep(30)


class AfterCancellationTest(unittest.TestCase):
    """Bodies that wait, and then block."""

    def setUp(self) -> None:
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)

    def test_ended(self) -> None:
        """The report has one error, with the line that blocked; and what the body waited for before."""
        for hang, line in (
            (in_finally, "time.sleep(30)"),
            (in_a_join, "threading.Event().wait()"),
            (after_eating, "time.sleep(30)"),
        ):
            with self.subTest(hang.__name__):
                text = report_of(self.case(hang))
                self.assertIn("TimeoutError: test exceeded its limit of 0.3 s in the body", text)
                self.assertIn(f"    {line}\n", text)
                self.assertIn("waits for <asyncio.locks.Event object", text)
                self.assertNotIn("did not end when it was cancelled", text)

    def case(self, hang: Callable[[], Awaitable[None]]) -> type[AsyncTestCase]:
        """Return a case whose test hangs."""

        class Case(AsyncTestCase):
            timeout = 0.3

            async def test(self) -> None:
                await hang()

        return Case


if __name__ == "__main__":
    unittest.main()
