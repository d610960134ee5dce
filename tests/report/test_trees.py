"""Tasks that wait for tasks: who lies below whom, what is folded, and circles."""

from __future__ import annotations

import asyncio
import sys
import unittest
from collections.abc import Coroutine
from typing import Any

import anyio

from tests.report.support import STANDS, WAITS, ReportCase, child, needs_uvloop, new_uvloop


class TreeTest(ReportCase):
    """What is built of several tasks, on the stock loop."""

    def named(self, name: str, coro: Coroutine[Any, Any, Any] | None = None) -> asyncio.Task[Any]:
        """Return a new task of the loop."""
        return self.loop.create_task(coro or child(), name=name)

    def below(self, indent: str, name: str) -> list[str]:
        """Return the lines about a task that runs `child`."""
        return [indent + line for line in (f"task '{name}'", STANDS, WAITS)]

    def test_awaited_task(self) -> None:
        """A task that is awaited lies below the one that awaits it."""

        async def parent() -> None:
            await self.named("inner")

        self.assertEqual(
            self.report(parent=parent()),
            [
                "",
                "task 'parent'",
                '  here.py:N in parent await self.named("inner")',
                "  waits for task 'inner'",
                *self.below("  ", "inner"),
            ],
        )

    def test_gather(self) -> None:
        """So do the tasks that are gathered."""

        async def parent() -> None:
            await asyncio.gather(self.named("first"), self.named("second", other()))

        async def other() -> None:
            await asyncio.sleep(30)

        self.assertEqual(
            self.report(parent=parent())[2:],
            [
                '  here.py:N in parent await asyncio.gather(self.named("first"), self.named("second", other()))',
                "  waits for 2 tasks (gather)",
                *self.below("  ", "first"),
                "  task 'second'",
                "    here.py:N in other await asyncio.sleep(30)",
                "    sleeps, N s left",
            ],
        )

    def test_shield(self) -> None:
        """So does the task behind a shield."""

        async def parent() -> None:
            await asyncio.shield(self.named("inner"))

        self.assertEqual(
            self.report(parent=parent())[2:],
            [
                '  here.py:N in parent await asyncio.shield(self.named("inner"))',
                "  waits for task 'inner' (shield)",
                *self.below("  ", "inner"),
            ],
        )

    def test_wait(self) -> None:
        """So do those of `asyncio.wait`, whose limit is shown."""

        async def parent() -> None:
            await asyncio.wait([self.named("inner")], timeout=30)

        self.assertEqual(
            self.report(parent=parent())[2:],
            [
                '  here.py:N in parent await asyncio.wait([self.named("inner")], timeout=30)',
                "  waits for task 'inner' (asyncio.wait), N s left",
                *self.below("  ", "inner"),
            ],
        )

    def test_wait_for(self) -> None:
        """So does that of `wait_for`, which is awaited directly since Python 3.12, with its limit."""

        async def parent() -> None:
            await asyncio.wait_for(self.named("inner"), 30)

        self.assertEqual(
            self.report(parent=parent())[2:],
            [
                '  here.py:N in parent await asyncio.wait_for(self.named("inner"), 30)',
                "  waits for task 'inner' (asyncio.wait_for), N s left",
                *self.below("  ", "inner"),
            ],
        )

    def test_as_completed(self) -> None:
        """So do those of `as_completed`."""

        async def parent() -> None:
            for one in asyncio.as_completed([self.named("inner")]):
                await one

        self.assertEqual(
            self.report(parent=parent())[2:],
            [
                "  here.py:N in parent await one",
                "  waits for task 'inner' (asyncio.as_completed)",
                *self.below("  ", "inner"),
            ],
        )

    def test_task_group(self) -> None:
        """So do the tasks of a group whose end is waited for."""

        async def parent() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(child(), name="inner")

        self.assertEqual(
            self.report(parent=parent())[2:],
            [
                "  here.py:N in parent async with asyncio.TaskGroup() as group:",
                "  waits for task 'inner' (TaskGroup)",
                *self.below("  ", "inner"),
            ],
        )

    def test_body_of_a_task_group(self) -> None:
        """Those of a group whose body still waits for something else are told to be its children."""

        async def parent() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(child(), name="inner")
                await asyncio.sleep(30)

        self.assertEqual(
            self.report(parent=parent())[2:],
            [
                "  here.py:N in parent await asyncio.sleep(30)",
                "  sleeps, N s left",
                "  task 'inner', child of a TaskGroup",
                f"  {STANDS}",
                f"  {WAITS}",
            ],
        )

    def test_anyio_task_group(self) -> None:
        """A group of anyio is like one of asyncio, in its body and at its end."""

        async def parent(seconds: float) -> None:
            async with anyio.create_task_group() as group:
                group.start_soon(child, name="inner")
                await anyio.sleep(seconds)

        self.assertEqual(
            self.report(body=parent(30), end=parent(0)),
            [
                "",
                "task 'body'",
                "  here.py:N in parent await anyio.sleep(seconds)",
                "  sleeps, N s left",
                "  task 'inner', child of a TaskGroup",
                f"  {STANDS}",
                f"  {WAITS}",
                "",
                "task 'end'",
                "  here.py:N in parent async with anyio.create_task_group() as group:",
                "  waits for task 'inner' (TaskGroup)",
                *self.below("  ", "inner"),
            ],
        )

    def test_several_that_wait_for_one(self) -> None:
        """A task is shown below the first that awaits it; the others name it."""
        inner = self.named("inner")

        async def one() -> None:
            await inner

        async def two() -> None:
            await asyncio.shield(inner)

        self.assertEqual(
            self.report(one=one(), two=two()),
            [
                "",
                "task 'one'",
                "  here.py:N in one await inner",
                "  waits for task 'inner'",
                *self.below("  ", "inner"),
                "",
                "task 'two'",
                "  here.py:N in two await asyncio.shield(inner)",
                "  waits for task 'inner' (shield)",
            ],
        )

    @unittest.skipIf(sys.version_info < (3, 14), "asyncio keeps no record")
    def test_record(self) -> None:
        """What asyncio has on record is used where nothing else is known: a gather that is not awaited yet."""

        async def parent() -> None:
            gathered = asyncio.gather(self.named("inner"), return_exceptions=True)
            await asyncio.sleep(30)
            await gathered

        self.assertEqual(
            self.report(parent=parent())[2:],
            [
                "  here.py:N in parent await asyncio.sleep(30)",
                "  sleeps, N s left",
                "  task 'inner', to be awaited",
                f"  {STANDS}",
                f"  {WAITS}",
            ],
        )

    def test_circle(self) -> None:
        """Tasks that wait for one another are shown once each, and the last one says so."""

        async def one() -> None:
            await asyncio.wait([tasks[1]])

        async def two() -> None:
            await tasks[0]

        tasks = self.start(one=one(), two=two())
        self.settle()
        self.assertEqual(
            self.lines(),
            [
                "",
                "task 'one'",
                "  here.py:N in one await asyncio.wait([tasks[1]])",
                "  waits for task 'two' (asyncio.wait)",
                "  task 'two'",
                "    here.py:N in two await tasks[0]",
                "    waits for task 'one', which waits for it",
            ],
        )

    def test_circle_of_one(self) -> None:
        """A task can wait for itself, in a roundabout way."""

        async def parent() -> None:
            await asyncio.wait(tasks)

        tasks = self.start(parent=parent())
        self.settle()
        self.assertEqual(self.lines()[-1], "  waits for itself (asyncio.wait)")

    def test_layers(self) -> None:
        """Where all tasks of a layer wait for all of the next one, no path is followed twice."""
        layer = [self.named(f"last {number}") for number in range(3)]
        for depth in range(40):
            layer = [self.named(f"layer {depth} {number}", _wait(layer)) for number in range(3)]
        self.settle(100)
        shown = [line for line in self.lines() if "waits for 3 tasks (asyncio.wait)" in line]
        self.assertEqual(len(shown), 40 * 2)  # one with the next layer below it, one for the two others

    def test_alike(self) -> None:
        """Tasks that differ in the numbers in their names only are shown once."""
        tasks = {f"worker-{number}": child() for number in range(1, 1000)}
        self.assertEqual(
            self.report(**tasks), ["", *self.below("", "worker-1"), "x 998 more like it: 'worker-2' ... 'worker-999'"]
        )

    def test_alike_with_children(self) -> None:
        """So are tasks whose children are alike, and children within one parent."""

        async def parent() -> None:
            async with asyncio.TaskGroup() as group:
                for number in range(3):
                    group.create_task(child(), name=f"inner-{number}")

        self.assertEqual(
            self.report(parent1=parent(), parent2=parent()),
            [
                "",
                "task 'parent1'",
                "  here.py:N in parent async with asyncio.TaskGroup() as group:",
                "  waits for 3 tasks (TaskGroup)",
                *self.below("  ", "inner-0"),
                "  x 2 more like it: 'inner-1' ... 'inner-2'",
                "x 1 more like it: 'parent2'",
            ],
        )

    def test_not_alike(self) -> None:
        """Tasks with other names, at other lines, or with other waits are shown each."""

        async def other() -> None:
            await child()

        lines = self.report(a1=child(), b1=child(), a2=other(), a3=other())
        self.assertEqual(
            [line for line in lines if "task" in line or " x " in line], [f"task '{n}'" for n in ("a1", "a2", "b1")]
        )

    def test_order(self) -> None:
        """Tasks come in the order of their names, numbers in them counted."""

        def line(number: int) -> Coroutine[Any, Any, Any]:
            async def one() -> None:
                await asyncio.sleep(30)

            async def two() -> None:
                await child()

            return two() if number % 2 else one()

        lines = self.report(**{f"t{number}": line(number) for number in (10, 9, 1, 2)})
        self.assertEqual(
            [text for text in lines if text[:1].strip()],
            ["task 't1'", "x 1 more like it: 't9'", "task 't2'", "x 1 more like it: 't10'"],
        )


async def _wait(tasks: list[asyncio.Task[Any]]) -> None:
    await asyncio.wait(tasks)


@needs_uvloop
class UvloopTreeTest(TreeTest):
    """The same on uvloop."""

    factory = staticmethod(new_uvloop)


if __name__ == "__main__":
    unittest.main()
