"""What lies between a task and what it waits for: frames, generators, awaitables of all kinds."""

from __future__ import annotations

import asyncio
import types
import unittest
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

from tests.report.support import STANDS, WAITS, ReportCase, child, needs_uvloop, new_uvloop


class ChainTest(ReportCase):
    """What lies between a task and what it waits for."""

    def test_async_generator(self) -> None:
        """An async generator is part of the chain, by `async for`, `anext` with a default, and `aclose`."""

        async def numbers() -> AsyncIterator[int]:
            try:
                await child()
                yield 1
            finally:
                pass

        async def loops() -> None:
            async for _ in numbers():
                pass

        async def asks() -> None:
            await anext(numbers(), None)

        self.assertEqual(
            self.report(asks=asks(), loops=loops()),
            [
                "",
                "task 'asks'",
                "  here.py:N in asks await anext(numbers(), None)",
                "  here.py:N in numbers await child()",
                STANDS,
                WAITS,
                "",
                "task 'loops'",
                "  here.py:N in loops async for _ in numbers():",
                "  here.py:N in numbers await child()",
                STANDS,
                WAITS,
            ],
        )

    def test_async_context_manager(self) -> None:
        """A context manager made of a generator shows the generator, not contextlib."""

        @asynccontextmanager
        async def manager() -> AsyncIterator[None]:
            await child()
            yield

        async def user() -> None:
            async with manager():
                pass

        self.assertEqual(
            self.report(user=user())[2:],
            [
                "  here.py:N in user async with manager():",
                "  here.py:N in manager await child()",
                STANDS,
                WAITS,
            ],
        )

    def test_custom_awaitables(self) -> None:
        """What lies behind `__await__`, written as a generator, passed on, or an iterator of its own, is found."""

        class Generator:
            def __await__(self) -> Any:
                yield from child().__await__()

        class PassedOn:
            def __await__(self) -> Any:
                return child().__await__()

        class Iterator:
            def __init__(self) -> None:
                self.inner = child().__await__()

            def __await__(self) -> Any:
                return self

            def __iter__(self) -> Any:
                return self

            def __next__(self) -> Any:
                return next(self.inner)

        async def user(awaitable: Any) -> None:
            await awaitable

        row = "  here.py:N in user await awaitable"
        inside = "  here.py:N in Generator.__await__ yield from child().__await__()"
        expected: tuple[tuple[str, Any, list[str]], ...] = (
            ("generator", Generator, [inside]),
            ("on", PassedOn, []),
            ("iterator", Iterator, []),
        )
        for name, kind, rows in expected:
            with self.subTest(name):
                self.assertEqual(self.report(**{name: user(kind())}), ["", f"task '{name}'", row, *rows, STANDS, WAITS])
            self.end_tasks()

    def test_generator_based_coroutine(self) -> None:
        """A coroutine made of a generator is part of the chain."""

        @types.coroutine
        def generator() -> Iterator[Any]:
            yield from child().__await__()

        async def user() -> None:
            await generator()

        self.assertEqual(
            self.report(user=user())[2:],
            [
                "  here.py:N in user await generator()",
                "  here.py:N in generator yield from child().__await__()",
                STANDS,
                WAITS,
            ],
        )

    def test_deep_recursion(self) -> None:
        """Frames that stand at the same line are counted after three."""

        async def deeper(depth: int) -> None:
            await (deeper(depth - 1) if depth else child())

        row = "  here.py:N in deeper await (deeper(depth - 1) if depth else child())"
        self.assertEqual(
            self.report(deep=deeper(99))[2:], [row, row, row, "  (the same line 97 times more)", STANDS, WAITS]
        )

    def test_future_written_in_python(self) -> None:
        """Futures and tasks that are not written in C are found as well."""
        futures, tasks = cast("Any", (asyncio.futures, asyncio.tasks))  # the names are private
        future: asyncio.Future[None] = futures._PyFuture(loop=self.loop)

        async def waiter() -> None:
            await future

        task: asyncio.Task[None] = tasks._PyTask(waiter(), loop=self.loop, name="py")
        self.addCleanup(self.loop.run_until_complete, asyncio.gather(task, return_exceptions=True))
        self.addCleanup(task.cancel)
        self.settle()
        self.assertEqual(
            self.lines(also=[task])[1:],  # since Python 3.14 the list of tasks in C has no others
            [
                f"task {task.get_name()!r}",
                "  here.py:N in waiter await future",
                "  waits for <Future pending cb=[Task.__wakeup()]>",
            ],
        )


@needs_uvloop
class UvloopChainTest(ChainTest):
    """The same on uvloop."""

    factory = staticmethod(new_uvloop)


if __name__ == "__main__":
    unittest.main()
