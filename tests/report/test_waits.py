"""How far a wait has come: not begun, its time that is left, over, cancelled."""

from __future__ import annotations

import asyncio
import unittest

import anyio

from tests.report.support import ReportCase, needs_uvloop, new_uvloop


class WaitTest(ReportCase):
    """On the stock loop."""

    def test_future(self) -> None:
        """A future that nothing else is known of shows itself."""
        future = self.loop.create_future()

        async def waiter() -> None:
            await future

        self.assertEqual(
            self.report(waiter=waiter())[2:],
            ["  here.py:N in waiter await future", "  waits for <Future pending cb=[Task.task_wakeup()]>"],
        )

    def test_sleep(self) -> None:
        """A sleep shows the time that is left of it."""

        async def sleeper() -> None:
            await asyncio.sleep(30)

        self.assertEqual(
            self.report(sleeper=sleeper())[2:],
            ["  here.py:N in sleeper await asyncio.sleep(30)", "  sleeps, N s left"],
        )

    def test_time_limit(self) -> None:
        """The time that `asyncio.timeout` leaves for a wait is shown, however far outside it was entered."""

        async def inner() -> None:
            await asyncio.Event().wait()

        async def outer() -> None:
            async with asyncio.timeout(30):
                await inner()

        self.assertEqual(
            self.report(outer=outer())[2:],
            [
                "  here.py:N in outer await inner()",
                "  here.py:N in inner await asyncio.Event().wait()",
                "  waits for <asyncio.locks.Event object at 0x [unset, waiters:1]> to be set, timeout: N s left",
            ],
        )

    def test_time_limit_of_anyio(self) -> None:
        """The limits of anyio's scopes are shown like those of asyncio."""

        async def scope() -> None:
            with anyio.move_on_after(30):
                await self.loop.create_future()

        async def manager() -> None:
            with anyio.fail_after(30):
                await self.loop.create_future()

        self.assertEqual(
            self.report(manager=manager(), scope=scope())[3::4],
            ["  waits for <Future pending cb=[Task.task_wakeup()]>, timeout: N s left"] * 2,
        )

    def test_turn_given_up(self) -> None:
        """A task that waits for nothing, or for what has happened, is ready."""
        future = self.loop.create_future()

        async def spinner() -> None:
            while True:
                await asyncio.sleep(0)

        async def waiter() -> None:
            await future

        self.start(spinner=spinner(), waiter=waiter())
        self.settle()
        future.set_result(None)
        self.assertEqual(
            self.lines(),
            [
                "",
                "task 'spinner'",
                "  here.py:N in spinner await asyncio.sleep(0)",
                "  is ready to go on",
                "",
                "task 'waiter'",
                "  here.py:N in waiter await future",
                "  is ready to go on: what it waited for is done",
            ],
        )

    def test_task_that_has_not_begun(self) -> None:
        """A task that never ran shows the line where its function begins."""

        async def waiter() -> None: ...

        self.start(waiter=waiter())
        self.assertEqual(
            self.lines(),
            ["", "task 'waiter'", "  here.py:N in waiter async def waiter() -> None: ...", "  has not begun"],
        )

    def test_cancellation_under_way(self) -> None:
        """A task that is being cancelled says so, and how often it was asked."""

        async def stubborn() -> None:
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    if task.cancelling() > 2:
                        raise

        (task,) = self.start(task=stubborn())
        self.settle()
        for _ in range(2):
            task.cancel()
            self.settle()
        heads = [self.lines()[1]]
        task.cancel()
        self.assertEqual(
            [*heads, *self.lines()[1:]],
            [
                "task 'task', being cancelled (2 times)",
                "task 'task', being cancelled (3 times)",
                "  here.py:N in stubborn await asyncio.Event().wait()",
                "  is ready to go on: its wait was cancelled",
            ],
        )


@needs_uvloop
class UvloopWaitTest(WaitTest):
    """The same on uvloop."""

    factory = staticmethod(new_uvloop)


if __name__ == "__main__":
    unittest.main()
