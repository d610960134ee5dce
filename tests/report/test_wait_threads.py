"""Who waits for a thread or a process is told which one, and where the thread stands."""

from __future__ import annotations

import asyncio
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

import anyio.to_thread

from tests.report.support import ReportCase, needs_uvloop, new_uvloop


class ThreadTest(ReportCase):
    """On the stock loop."""

    def test_subprocess(self) -> None:
        """The end of a process is waited for."""
        started = asyncio.Event()

        async def parent() -> None:
            program = [sys.executable, "-c", "input()"]
            process = await asyncio.create_subprocess_exec(*program, stdin=asyncio.subprocess.PIPE)
            pids.append(process.pid)
            started.set()
            try:
                await process.wait()
            finally:
                process.kill()
                await process.wait()

        pids: list[int] = []
        self.start(parent=parent())
        self.loop.run_until_complete(asyncio.wait_for(started.wait(), 30))
        self.settle()
        self.assertEqual(
            self.lines()[2:],
            ["  here.py:N in parent await process.wait()", f"  waits for the end of <Process {pids[0]}>"],
        )

    def test_thread(self) -> None:
        """A job of the executor shows its thread and where that is."""
        begun, end = threading.Event(), threading.Event()
        self.addCleanup(end.set)

        def block() -> None:
            begun.set()
            end.wait(30)

        async def waiter() -> None:
            try:
                await asyncio.to_thread(block)
            finally:
                end.set()

        self.start(waiter=waiter())
        self.settle()
        begun.wait(30)
        lines = [line for line in self.lines()[2:] if "threading.py" not in line]
        self.assertEqual(
            [line.replace("uvloop_0", "asyncio_0") for line in lines],
            [
                "  here.py:N in waiter await asyncio.to_thread(block)",
                "  waits for thread 'asyncio_0'",
                "    here.py:N in block end.wait(30)",
            ],
        )

    def test_thread_of_anyio(self) -> None:
        """So does a thread of anyio."""
        begun, end = threading.Event(), threading.Event()
        self.addCleanup(end.set)

        def block() -> None:
            begun.set()
            end.wait(30)

        async def waiter() -> None:
            try:
                await anyio.to_thread.run_sync(block, abandon_on_cancel=True)
            finally:
                end.set()

        self.start(waiter=waiter())
        self.settle()
        begun.wait(30)
        self.assertEqual(
            [line for line in self.lines()[2:] if "threading.py" not in line],
            [
                "  here.py:N in waiter await anyio.to_thread.run_sync(block, abandon_on_cancel=True)",
                "  waits for thread 'AnyIO worker thread'",
                "    here.py:N in block end.wait(30)",
            ],
        )

    def test_job_that_waits_for_a_thread(self) -> None:
        """A job that no thread has taken yet shows itself."""
        begun, end = threading.Event(), threading.Event()
        pool = ThreadPoolExecutor(1)
        self.addCleanup(pool.shutdown)
        self.addCleanup(end.set)

        def block() -> None:
            begun.set()
            end.wait(30)

        async def waiter() -> None:
            await self.loop.run_in_executor(pool, len, "")

        pool.submit(block)
        begun.wait(30)
        self.assertEqual(
            self.report(waiter=waiter())[2:],
            [
                '  here.py:N in waiter await self.loop.run_in_executor(pool, len, "")',
                "  waits for another thread: <Future at 0x state=pending>",
            ],
        )


@needs_uvloop
class UvloopThreadTest(ThreadTest):
    """The same on uvloop."""

    factory = staticmethod(new_uvloop)


if __name__ == "__main__":
    unittest.main()
