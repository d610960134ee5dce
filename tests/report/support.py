"""Make a loop with tasks that wait, and read what is reported of them."""

from __future__ import annotations

import asyncio
import re
import threading
import unittest
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from asynctestkit import format_tasks

try:
    import uvloop
except ImportError:
    uvloop = None  # type: ignore[assignment]  # tests that need it are skipped

TURNS: Final = 30
"""Turns of a loop after which tasks that wait for nothing from outside wait where they will stay."""

STANDS: Final = "  support.py:N in child await asyncio.Event().wait()"
WAITS: Final = "  waits for <asyncio.locks.Event object at 0x [unset, waiters:1]> to be set"
"""What is reported of a task that runs `child`."""

_HERE: Final = rf"(?:{re.escape(str(Path(__file__).parent))}|tests/report)/"
_MASKS: Final = (
    (re.compile(rf"{_HERE}test_\w+\.py"), "here.py"),
    (re.compile(_HERE), ""),
    (re.compile(r"\S*/lib/python3\.\d+/"), ""),
    (re.compile(r"0x[0-9a-f]+"), "0x"),
    (re.compile(r":\d+ +in "), ":N in "),
    (re.compile(r"\d+\.\d+ s left"), "N s left"),
    (re.compile(r"(?<=\S) {2,}"), " "),
)


def masked(text: str) -> list[str]:
    """Return the lines of a report without what differs from run to run: folders, line numbers, addresses, times.

    The test module is called `here.py`, so that a test may move to another.
    """
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return text.splitlines()


async def child() -> None:
    """Wait for ever."""
    await asyncio.Event().wait()


class ReportCase(unittest.TestCase):
    """A loop, and reports about it while it stands still."""

    maxDiff = None
    factory: Callable[[], asyncio.AbstractEventLoop] = staticmethod(asyncio.SelectorEventLoop)

    def setUp(self) -> None:
        """Open a loop."""
        self.loop = self.factory()
        self.started: list[asyncio.Task[Any]] = []  # asyncio holds tasks weakly: without us the collector takes some
        self.addCleanup(self.loop.close)
        self.addCleanup(self.end_tasks)

    def end_tasks(self) -> None:
        """Cancel the tasks that are left, and let the executor's threads end."""
        if self.loop.is_closed():
            return
        for task in (tasks := asyncio.all_tasks(self.loop)):
            task.cancel()
        if tasks:
            self.loop.run_until_complete(asyncio.wait(tasks))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())

    def start(self, **coros: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
        """Start a task for each coroutine, under its name."""
        tasks = [self.loop.create_task(coro, name=name) for name, coro in coros.items()]
        self.started += tasks
        return tasks

    def settle(self, turns: int = TURNS) -> None:
        """Run the loop until tasks wait where they stay."""
        self.loop.run_until_complete(self.loop.create_task(_turns(turns), name="~"))  # the last one in every list

    def lines(self, **options: Any) -> list[str]:
        """Return the report about all tasks, without its headline."""
        return masked(format_tasks(self.loop, **options))[1:]

    def lines_between(self, begun: threading.Event, end: threading.Event) -> list[str]:
        """Wait until something has begun, return the report about all tasks, and have it end; for another thread."""
        begun.wait(30)
        try:
            return self.lines()
        finally:
            end.set()

    def report(self, **coros: Coroutine[Any, Any, Any]) -> list[str]:
        """Start a task for each coroutine and return the report when all of them wait."""
        self.start(**coros)
        self.settle()
        return self.lines()


needs_uvloop = unittest.skipIf(uvloop is None, "uvloop is not installed")


def new_uvloop() -> asyncio.AbstractEventLoop:
    """Return a new uvloop."""
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)
