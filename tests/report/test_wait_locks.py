"""Who waits for a lock, an event, a condition, a semaphore or a barrier is told which one, and who holds it."""

from __future__ import annotations

import asyncio
import math
import unittest
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.report.support import ReportCase, needs_uvloop, new_uvloop


class LockTest(ReportCase):
    """On the stock loop."""

    def test_lock(self) -> None:
        """Who waits for a lock is told which task holds it, and where that task is."""
        lock = asyncio.Lock()

        async def owner() -> None:
            async with lock:
                await asyncio.Event().wait()

        async def other() -> None:
            await asyncio.sleep(0)
            async with lock:
                pass

        self.assertEqual(
            self.report(b_other=other(), a_owner=owner()),
            [
                "",
                "task 'a_owner'",
                "  here.py:N in owner await asyncio.Event().wait()",
                "  waits for <asyncio.locks.Event object at 0x [unset, waiters:1]> to be set",
                "",
                "task 'b_other'",
                "  here.py:N in other async with lock:",
                "  waits to acquire <asyncio.locks.Lock object at 0x [locked, waiters:1]>",
                "  held by task 'a_owner' at here.py:N in owner",
            ],
        )

    def test_lock_within_a_context_manager(self) -> None:
        """A lock that a context manager made of a generator has entered is held by the task that uses the manager."""
        lock = asyncio.Lock()

        @asynccontextmanager
        async def locked() -> AsyncIterator[None]:
            async with lock:
                yield

        async def owner() -> None:
            async with locked():
                await asyncio.sleep(30)

        async def other() -> None:
            await asyncio.sleep(0)
            async with locked():
                pass

        self.assertEqual(
            self.report(other=other(), owner=owner())[1:5],
            [
                "task 'other'",
                "  here.py:N in other async with locked():",
                "  here.py:N in locked async with lock:",
                "  waits to acquire <asyncio.locks.Lock object at 0x [locked, waiters:1]>",
            ],
        )
        self.assertEqual(self.lines()[5], "  held by task 'owner' at here.py:N in owner")

    def test_crossed_locks(self) -> None:
        """Two tasks that hold each other's lock are told apart, though they stand at the same line."""
        first, second = asyncio.Lock(), asyncio.Lock()

        async def both(one: asyncio.Lock, other: asyncio.Lock) -> None:
            async with one:
                await asyncio.sleep(0)
                async with other:
                    pass

        self.assertEqual(
            self.report(task1=both(first, second), task2=both(second, first)),
            [
                "",
                "task 'task1'",
                "  here.py:N in both async with other:",
                "  waits to acquire <asyncio.locks.Lock object at 0x [locked, waiters:1]>",
                "  held by task 'task2' at here.py:N in both",
                "",
                "task 'task2'",
                "  here.py:N in both async with other:",
                "  waits to acquire <asyncio.locks.Lock object at 0x [locked, waiters:1]>",
                "  held by task 'task1' at here.py:N in both",
            ],
        )

    def test_held_by_itself(self) -> None:
        """A task that waits for a lock that it holds itself, in a frame further out or the same, holds it."""
        lock = asyncio.Lock()

        async def again() -> None:
            async with lock:
                pass

        async def twice() -> None:
            async with lock:
                await again()

        self.start(twice=twice())
        self.settle()
        self.assertEqual(self.lines()[-1], "  held by task 'twice' at here.py:N in twice")

    def test_lock_of_nobody(self) -> None:
        """A lock that was acquired without `async with` has no holder that is known."""
        lock = asyncio.Lock()

        async def other() -> None:
            await lock.acquire()
            await lock.acquire()

        self.assertEqual(
            self.report(other=other()),
            [
                "",
                "task 'other'",
                "  here.py:N in other await lock.acquire()",
                "  waits to acquire <asyncio.locks.Lock object at 0x [locked, waiters:1]>",
            ],
        )

    def test_event(self) -> None:
        """An event is waited for until it is set; who else waits there is named."""
        event = asyncio.Event()

        async def one() -> None:
            await event.wait()

        async def other() -> None:
            await event.wait()

        self.assertEqual(
            self.report(one=one(), other=other()),
            [
                "",
                "task 'one'",
                "  here.py:N in one await event.wait()",
                "  waits for <asyncio.locks.Event object at 0x [unset, waiters:2]> to be set",
                "  also waiting there: 'other'",
                "",
                "task 'other'",
                "  here.py:N in other await event.wait()",
                "  waits for <asyncio.locks.Event object at 0x [unset, waiters:2]> to be set",
                "  also waiting there: 'one'",
            ],
        )

    def test_condition(self) -> None:
        """A condition is waited for until it notifies."""
        condition = asyncio.Condition()

        async def waiter() -> None:
            async with condition:
                await condition.wait()

        self.assertEqual(
            self.report(waiter=waiter())[2:],
            [
                "  here.py:N in waiter await condition.wait()",
                "  waits to be notified by <asyncio.locks.Condition object at 0x [unlocked, waiters:1]>",
            ],
        )

    def test_condition_that_has_notified(self) -> None:
        """A task that was notified and wants the lock back waits for the lock, and is told who holds the condition."""
        condition = asyncio.Condition()

        async def notifier() -> None:
            await asyncio.sleep(0)
            async with condition:
                condition.notify()
                await asyncio.sleep(math.inf)

        async def waiter() -> None:
            async with condition:
                await condition.wait()

        self.assertEqual(
            self.report(notifier=notifier(), waiter=waiter())[-4:],
            [
                "task 'waiter'",
                "  here.py:N in waiter await condition.wait()",
                "  waits to acquire <asyncio.locks.Lock object at 0x [locked, waiters:1]>",
                "  held by task 'notifier' at here.py:N in notifier",
            ],
        )

    def test_semaphore(self) -> None:
        """A semaphore is like a lock, and may have several holders."""
        semaphore = asyncio.Semaphore(2)

        async def user() -> None:
            async with semaphore:
                await asyncio.Event().wait()

        self.assertEqual(
            self.report(a=user(), b=user(), c=user())[-4:],
            [
                "task 'c'",
                "  here.py:N in user async with semaphore:",
                "  waits to acquire <asyncio.locks.Semaphore object at 0x [locked, waiters:1]>",
                "  held by task 'a' at here.py:N in user, task 'b' at here.py:N in user",
            ],
        )

    def test_barrier(self) -> None:
        """A barrier is waited for, not the condition inside it."""
        barrier = asyncio.Barrier(2)

        async def party() -> None:
            await barrier.wait()

        self.assertEqual(
            self.report(party=party())[2:],
            [
                "  here.py:N in party await barrier.wait()",
                "  waits for the other parties of <asyncio.locks.Barrier object at 0x [filling, waiters:1/2]>",
            ],
        )


@needs_uvloop
class UvloopLockTest(LockTest):
    """The same on uvloop."""

    factory = staticmethod(new_uvloop)


if __name__ == "__main__":
    unittest.main()
