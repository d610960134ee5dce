"""What stands on the stack of a thread, and in the callback that a loop is in."""

from __future__ import annotations

import asyncio
import threading
import time
import unittest
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from asynctestkit.report.stacks import format_stack_of
from tests.report.support import STANDS, WAITS, ReportCase, child, masked


class CallbackTest(ReportCase):
    """A loop that is inside a callback of no task, as a loop that runs on Python's selectors tells."""

    def lines_when(self, fits: Callable[[list[str]], bool]) -> list[str]:
        """Return the first report that fits, as nobody can say when the loop has come to where it stays."""
        end = time.monotonic() + 30
        lines = self.lines()
        while not fits(lines) and time.monotonic() < end:
            lines = self.lines()
        return lines

    def test_callback_that_blocks(self) -> None:
        """The callback's stack is shown."""
        begun, end = threading.Event(), threading.Event()

        def block() -> None:
            begun.set()
            end.wait(30)

        with ThreadPoolExecutor(1) as pool:
            found = pool.submit(self.lines_between, begun, end)
            self.loop.call_soon(block)
            self.settle()
        self.assertEqual(found.result()[:3], ["", "the loop is inside a callback", "  here.py:N in block end.wait(30)"])

    def test_callback_without_a_frame(self) -> None:
        """A callback that is written in C is shown itself."""
        lock = threading.Lock()
        lock.acquire()

        def look() -> list[str]:
            try:
                return self.lines_when(lambda lines: "the loop is inside a callback" in lines)
            finally:
                lock.release()

        with ThreadPoolExecutor(1) as pool:
            found = pool.submit(look)
            self.loop.call_soon(lock.acquire)
            self.loop.call_soon(self.loop.stop)
            self.loop.run_forever()
        self.assertRegex("\n".join(found.result()), r"^\nthe loop is inside a callback\n  <Handle .*acquire\(\)>$")

    def test_loop_that_is_idle(self) -> None:
        """A loop that waits in its selector is inside none."""
        begun = threading.Event()

        def look() -> list[str]:
            begun.wait(30)
            try:
                return self.lines_when(lambda lines: not any("callback" in line or "running" in line for line in lines))
            finally:
                self.loop.call_soon_threadsafe(self.loop.stop)

        with ThreadPoolExecutor(1) as pool:
            found = pool.submit(look)
            self.start(a=child())
            self.loop.call_soon(begun.set)
            self.loop.run_forever()
        self.assertEqual(found.result(), ["", "task 'a'", STANDS, WAITS])


class StackTest(unittest.TestCase):
    """The stack of a thread."""

    def stack_of(self, begin: Callable[[threading.Event, threading.Event], None]) -> list[str]:
        """Run a function in a thread and return the stack that is shown while it waits."""
        begun, end = threading.Event(), threading.Event()
        thread = threading.Thread(target=begin, args=(begun, end))
        thread.start()
        try:
            begun.wait(30)
            assert thread.ident is not None
            return [line for line in masked(format_stack_of(thread.ident)) if "threading.py" not in line]
        finally:
            end.set()
            thread.join()

    def test_thread(self) -> None:
        """It begins with the function that the thread runs."""

        def run(begun: threading.Event, end: threading.Event) -> None:
            begun.set()
            end.wait(30)

        rows = [line.replace("begun.set()", "end.wait(30)") for line in self.stack_of(run)]
        self.assertEqual(rows, ["here.py:N in run end.wait(30)"])

    def test_loop(self) -> None:
        """Of a thread that runs a loop it begins with what the loop runs."""

        def run(begun: threading.Event, end: threading.Event) -> None:
            async def main() -> None:
                inner()

            def inner() -> None:
                begun.set()
                end.wait(30)

            asyncio.run(main())

        rows = [line.replace("begun.set()", "end.wait(30)") for line in self.stack_of(run)]
        self.assertEqual(rows, ["here.py:N in main inner()", "here.py:N in inner end.wait(30)"])

    def test_unknown_thread(self) -> None:
        """Of a thread that does not exist there is none."""
        self.assertEqual(format_stack_of(-1), "")


if __name__ == "__main__":
    unittest.main()
