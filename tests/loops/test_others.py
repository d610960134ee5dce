"""Which tasks a loop has beside the known ones: the quick answer is the right one."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any

from asynctestkit.loops.others import other_tasks


class OthersTest(unittest.TestCase):
    """`other_tasks`, on every version."""

    def setUp(self) -> None:
        """Open two loops."""
        self.loop, self.beside = asyncio.new_event_loop(), asyncio.new_event_loop()
        self.tasks: list[asyncio.Task[Any]] = []

    def tearDown(self) -> None:
        """End all tasks and close the loops."""
        for loop in (self.loop, self.beside):
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()

    def task(self, loop: asyncio.AbstractEventLoop | None = None) -> asyncio.Task[Any]:
        """Return a new task that waits for ever."""
        task: asyncio.Task[Any] = (loop or self.loop).create_task(asyncio.Event().wait())
        self.tasks.append(task)
        return task

    def test_none(self) -> None:
        """A loop without tasks has none."""
        self.assertEqual(set(other_tasks(self.loop, frozenset())), set())

    def test_known_ones_and_the_one(self) -> None:
        """Known tasks and the one named are not among the others."""
        known, one = {self.task(), self.task()}, self.task()
        self.assertEqual(set(other_tasks(self.loop, known, one)), set())
        other = self.task()
        self.assertEqual(set(other_tasks(self.loop, known, one)), {other})

    def test_the_one_may_be_known(self) -> None:
        """A task that is named and known does not hide another."""
        one, other = self.task(), self.task()
        self.assertEqual(set(other_tasks(self.loop, {one}, one)), {other})

    def test_known_ones_that_are_done(self) -> None:
        """A known task that is done does not hide another."""
        known = self.task()
        known.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.assertTrue(known.done())
        other = self.task()
        self.assertEqual(set(other_tasks(self.loop, {known})), {other})

    def test_tasks_of_other_loops(self) -> None:
        """Tasks of another loop are none of this one's, and hide none."""
        self.task(self.beside)
        self.assertEqual(set(other_tasks(self.loop, frozenset())), set())
        other = self.task()
        self.assertEqual(set(other_tasks(self.loop, frozenset())), {other})
