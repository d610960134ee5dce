"""When and from where `format_tasks` may be called, and what can go wrong with what it looks at."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from asynctestkit import AsyncTestCase, format_tasks
from tests.outcomes import run_one
from tests.programs import run_program
from tests.report import support
from tests.report.support import STANDS, WAITS, ReportCase, child, masked, needs_uvloop, new_uvloop


class FormatTest(ReportCase):
    """The function itself, on the stock loop."""

    def headline(self) -> str:
        """Return the first line of a report."""
        return masked(format_tasks(self.loop))[0]

    def test_whole_report(self) -> None:
        """The headline counts the tasks and shows the loop; an empty line precedes every root."""
        self.start(a=child(), b=asyncio.sleep(30))
        self.settle()
        self.assertEqual(
            masked(format_tasks(self.loop)),
            [
                f"2 tasks on {self.loop!r}",
                "",
                "task 'a'",
                STANDS,
                WAITS,
                "",
                "task 'b'",
                "  asyncio/tasks.py:N in sleep return await future",
                "  sleeps, N s left",
            ],
        )

    def test_no_task(self) -> None:
        """A loop without tasks says so, also when it is closed."""
        self.assertEqual(self.headline(), f"no tasks on {self.loop!r}")
        self.end_tasks()
        self.loop.close()
        self.assertEqual(self.headline(), f"no tasks on {self.loop!r}")

    def test_finished_tasks_are_left_out(self) -> None:
        """A task that is done, or was cancelled, waits for nothing any more."""
        tasks = self.start(done=asyncio.sleep(0), cancelled=asyncio.sleep(30))
        tasks[1].cancel()
        self.settle()
        self.assertEqual(format_tasks(self.loop, also=tasks), f"no tasks on {self.loop!r}")

    def test_tasks_of_another_loop_are_left_out(self) -> None:
        """Only the loop's own tasks are told about."""
        self.start(a=child())
        other = asyncio.new_event_loop()
        self.addCleanup(other.close)
        self.assertEqual(format_tasks(other), f"no tasks on {other!r}")

    def test_further_tasks(self) -> None:
        """A task that is in no list can be handed over; one that is in the list is not told twice."""
        (listed, hidden) = self.start(listed=child(), other=child())
        self.settle()
        asyncio._unregister_task(hidden)
        self.addCleanup(self.end_tasks)
        self.addCleanup(asyncio._register_task, hidden)
        self.assertEqual(
            self.lines(also=[listed, hidden]), ["", "task 'listed'", STANDS, WAITS, "", "task 'other'", STANDS, WAITS]
        )

    def test_places_of_creation(self) -> None:
        """The caller may know where a task was created, of some tasks."""
        known, _ = self.start(a=child(), b=child())
        lines = self.lines(created={known: "somewhere.py:1"}.get)
        self.assertEqual(
            [line for line in lines if "task" in line[:4]], ["task 'a', created at somewhere.py:1", "task 'b'"]
        )

    def test_from_a_task(self) -> None:
        """A task that runs shows its stack, the frames that it calls included, and comes first."""
        texts: list[str] = []

        def look() -> None:
            texts.append(format_tasks(self.loop))

        async def caller() -> None:
            look()

        self.start(a=child(), b=caller())
        self.settle()
        self.assertEqual(
            masked(texts[0])[1:9],
            [
                "",
                "task 'b'",
                "  here.py:N in caller look()",
                "  here.py:N in look texts.append(format_tasks(self.loop))",
                "  is running",
                "",
                "task 'a'",
                STANDS,
            ],
        )

    def test_from_another_thread(self) -> None:
        """A task that blocks the loop shows what blocks it."""
        begun, end = threading.Event(), threading.Event()

        async def blocker() -> None:
            begun.set()
            end.wait(30)

        with ThreadPoolExecutor(1) as pool:
            found = pool.submit(self.lines_between, begun, end)
            self.start(a=child(), b=blocker())
            self.settle()
        self.assertEqual(
            [line for line in found.result() if "threading.py" not in line][:4],
            ["", "task 'b'", "  here.py:N in blocker end.wait(30)", "  is running"],
        )

    def test_while_the_loop_works(self) -> None:
        """From another thread, while tasks come, go, and are woken by the thousand, nothing fails."""
        texts: list[str] = []
        stop = threading.Event()

        def look() -> None:
            try:
                for _ in range(200):
                    texts.append(format_tasks(self.loop))
            finally:
                stop.set()

        async def worker(lock: asyncio.Lock) -> None:
            async with lock:
                await asyncio.sleep(0)

        async def work() -> None:
            lock = asyncio.Lock()
            while not stop.is_set():
                async with asyncio.TaskGroup() as group:
                    for _ in range(10):
                        group.create_task(worker(lock))

        with ThreadPoolExecutor(1) as pool:
            looking = pool.submit(look)
            self.loop.run_until_complete(work())
            looking.result()
        self.assertEqual(len(texts), 200)
        self.assertEqual([text for text in texts if "cannot be read" in text], [])

    def test_repr_that_raises(self) -> None:
        """An object that cannot be shown is named by its type."""

        class Odd(asyncio.Event):
            def __repr__(self) -> str:
                raise ValueError("odd")

        async def waiter() -> None:
            await Odd().wait()

        self.assertEqual(self.report(waiter=waiter())[-1], "  waits for <Odd whose repr raises ValueError> to be set")

    def test_repr_that_is_long(self) -> None:
        """A long text is cut, and put on one line."""

        class Long(asyncio.Event):
            def __repr__(self) -> str:
                return "<\n" + "x" * 1_000_000

        async def waiter() -> None:
            await Long().wait()

        self.assertEqual(self.report(waiter=waiter())[-1], f"  waits for < {'x' * 75}... to be set")

    def test_task_that_cannot_be_read(self) -> None:
        """A task that fails when it is looked at does not spoil the report."""

        class Odd(asyncio.Task[Any]):
            def get_coro(self) -> Any:
                raise ValueError("odd")

        odd = Odd(child(), loop=self.loop, name="odd")
        self.start(a=child())
        self.settle()
        self.assertEqual(
            self.lines(), ["", "task 'a'", STANDS, WAITS, "", "task 'odd'", "  cannot be read: ValueError"]
        )
        self.assertFalse(odd.done())

    def test_working_directory_is_gone(self) -> None:
        """Without a working directory places are absolute."""
        self.start(a=child())
        self.settle()
        before = os.getcwd()
        folder = tempfile.mkdtemp()
        os.chdir(folder)
        try:
            os.rmdir(folder)
            text = format_tasks(self.loop)
        finally:
            os.chdir(before)
        self.assertIn(f"  {support.__file__}:", text)

    def test_places_below_the_working_directory(self) -> None:
        """Below the working directory they are relative to it."""
        self.start(a=child())
        self.settle()
        before = os.getcwd()
        os.chdir(Path(support.__file__).parent)
        try:
            text = format_tasks(self.loop)
        finally:
            os.chdir(before)
        self.assertIn("\n  support.py:", text)


@needs_uvloop
class UvloopFormatTest(FormatTest):
    """The same on uvloop."""

    factory = staticmethod(new_uvloop)


class EagerTest(ReportCase):
    """Tasks that begin at once."""

    @unittest.skipIf(sys.version_info < (3, 12), "there are no eager tasks")
    def test_eager_task(self) -> None:
        """While an eager task takes its first step, it runs and so does its parent."""
        texts: list[str] = []

        async def eager() -> None:
            texts.append(format_tasks(self.loop))
            await child()

        async def parent() -> None:
            self.parent = asyncio.current_task()  # who waits for what nobody has is garbage
            await self.loop.create_task(eager(), name="eager")

        self.start(parent=parent())
        self.loop.set_task_factory(getattr(asyncio, "eager_task_factory"))  # mypy reads as on 3.11
        self.loop.run_until_complete(asyncio.sleep(0))
        row = '  here.py:N in parent await self.loop.create_task(eager(), name="eager")'
        inner = "  here.py:N in eager texts.append(format_tasks(self.loop))"
        # Until 3.13 a task that begins at once is given its name afterwards.
        lines = masked(re.sub(r"'Task-\d+'", "'eager'", texts[0]))
        self.assertEqual(lines[1 : lines.index("  is running") + 1], ["", "task 'eager'", inner, "  is running"])
        self.assertEqual(lines[lines.index("task 'parent'") :][:4], ["task 'parent'", row, inner, "  is running"])
        self.assertEqual(
            self.lines()[1:],
            [
                "task 'parent'",
                row,
                "  waits for task 'eager'",
                "  task 'eager'",
                "    here.py:N in eager await child()",
                f"  {STANDS}",
                f"  {WAITS}",
            ],
        )


class CaseTest(unittest.TestCase):
    """The tasks of a test."""

    def test_test_task_shows_the_test(self) -> None:
        """Frames of asynctestkit are left out: the test's task begins with the test."""
        texts: list[str] = []

        class Case(AsyncTestCase):
            async def test(self) -> None:
                loop = asyncio.get_running_loop()
                loop.call_soon(lambda: texts.append(format_tasks(loop)))
                await asyncio.sleep(0.001)

        self.assertEqual(run_one(Case), ["ok"])
        rows = [line for line in masked(texts[0]) if " in " in line and "lambda" not in line]
        self.assertEqual(rows, ["  here.py:N in Case.test await asyncio.sleep(0.001)"])

    def test_parked_task(self) -> None:
        """Between two phases the test's task is parked, and says so."""
        texts: list[str] = []

        class Case(AsyncTestCase):
            async def asyncSetUp(self) -> None:
                task = asyncio.current_task()
                assert task is not None
                self.task = task

            async def test(self) -> None:
                pass

            def tearDown(self) -> None:
                texts.append(format_tasks(self.task.get_loop(), also=[self.task]))

        self.assertEqual(run_one(Case), ["ok"])
        self.assertEqual(masked(texts[0])[-1], "  is parked until asynctestkit goes on with it")


SHOWN = """\
import asyncio
from asynctestkit import format_tasks

async def waiter():
    await asyncio.Event().wait()

async def main():
    task = asyncio.create_task(waiter())
    await asyncio.sleep(0)
    print(format_tasks(asyncio.get_running_loop()).count("locks" + ".py"))
    task.cancel()

asyncio.run(main())
"""


class SwitchTest(unittest.TestCase):
    """`ASYNCTESTKIT_FULL_TRACEBACK` shows everything."""

    def test_all_frames(self) -> None:
        """With it, frames of asyncio and asynctestkit are rows as well."""
        shown = [self.output({}), self.output({"ASYNCTESTKIT_FULL_TRACEBACK": "1"})]
        self.assertEqual(shown, [0, 1])

    def output(self, variables: dict[str, str]) -> int:
        """Return how often a file of asyncio's occurs in a report."""
        done: subprocess.CompletedProcess[str] = run_program(SHOWN, "test_program.py", variables=variables)
        self.assertEqual(done.stderr, "")
        return int(done.stdout)


if __name__ == "__main__":
    unittest.main()
