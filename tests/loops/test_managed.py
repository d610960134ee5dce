"""Managed loops: how they are made, refused and closed."""

from __future__ import annotations

import asyncio
import sys
import threading
import unittest
from collections.abc import AsyncIterator, Callable
from typing import Any

from asynctestkit import LoopError, UsageError
from asynctestkit.loops.leftovers import CANCEL_ROUNDS
from asynctestkit.loops.managed import LoopOptions, ManagedLoop, check_factory, refuse_running_loop
from tests.outcomes import Events, refusal


def loop_of_a_suite() -> Any:
    """Be a factory; each test puts in what it returns."""
    return RETURNED[0]


RETURNED: list[Any] = [None]


class FactoryTest(unittest.TestCase):
    """What a factory may be and return."""

    def refused(self, returned: Any) -> str:
        RETURNED[0] = returned
        return refusal(UsageError, LoopOptions(factory=loop_of_a_suite).open)

    def expected(self, text: str, fault: str) -> str:
        return (
            f"loop_factory loop_of_a_suite returned {text}, which {fault}\n"
            "  loop factory  test_managed.py:N\n"
            "  fix:          return a new event loop, as asyncio.new_event_loop or uvloop.new_event_loop do"
        )

    def test_none(self) -> None:
        """Nothing."""
        self.assertEqual(self.refused(None), self.expected("None", "is no event loop"))

    def test_coroutine(self) -> None:
        """A coroutine object, as a lambda around an async function gives; it is closed."""
        coroutine: Any = asyncio.sleep(0)
        self.assertEqual(self.refused(coroutine), self.expected("<coroutine object sleep>", "is no event loop"))
        self.assertIsNone(coroutine.cr_frame)

    def test_closed(self) -> None:
        """A closed loop."""
        loop = asyncio.new_event_loop()
        loop.close()
        self.assertEqual(self.refused(loop), self.expected(repr(loop), "is closed"))

    def test_running(self) -> None:
        """A loop that runs, in another thread, say."""
        loop = asyncio.new_event_loop()
        runs = threading.Event()
        thread = threading.Thread(target=loop.run_forever)
        loop.call_soon(runs.set)
        thread.start()
        runs.wait(20)
        try:
            self.assertEqual(self.refused(loop), self.expected(repr(loop), "is running already"))
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(20)
            loop.close()

    def test_error(self) -> None:
        """What the factory itself raises is let through."""
        with self.assertRaises(ZeroDivisionError):
            LoopOptions(factory=lambda: 1 // 0).open()  # type: ignore[arg-type, return-value]  # it returns nothing

    def test_async_call(self) -> None:
        """An object with an async `__call__` is refused where it is written."""

        class Factory:
            async def __call__(self) -> asyncio.AbstractEventLoop:
                return asyncio.new_event_loop()

        with self.assertRaises(UsageError):
            check_factory(Factory(), where="suite.Case")

    def test_static_async(self) -> None:
        """So is a static method around a coroutine function."""

        async def factory() -> None:
            pass

        self.assertEqual(
            refusal(UsageError, check_factory, staticmethod(factory), where="suite.Case"),
            "loop_factory must be a plain callable that returns a new event loop, not a coroutine function\n"
            "  where  suite.Case\n"
            "  fix:   write loop_factory = uvloop.new_event_loop (the function itself, not a call of it)",
        )


class RunningLoopTest(unittest.TestCase):
    """No managed loop inside a running one."""

    def test_in_a_task(self) -> None:
        """The running loop and the task that holds it are named."""

        async def main() -> tuple[str, str]:
            try:
                refuse_running_loop()
            except LoopError as error:
                return str(error), repr(asyncio.get_running_loop())
            return "", ""

        text, loop = asyncio.run(main())
        lines = text.splitlines()
        self.assertEqual(lines[0], "a managed loop cannot be called from a running event loop")
        self.assertEqual(lines[1], f"  running  {loop}")
        self.assertRegex(lines[2], r"^  held by  <Task pending .*main\(\).*>$")
        self.assertEqual(
            lines[3:],
            ["  fix:     run the tests from plain code; in a notebook, in a thread of their own (asyncio.to_thread)"],
        )

    def test_in_a_callback(self) -> None:
        """A callback that holds it is told apart."""
        loop = asyncio.new_event_loop()
        self.addCleanup(loop.close)
        told: list[str] = []
        loop.call_soon(lambda: told.append(refusal(LoopError, refuse_running_loop)))
        loop.call_soon(loop.stop)
        loop.run_forever()
        self.assertIn("\n  held by  a callback\n", told[0])

    def test_outside(self) -> None:
        """Outside there is nothing to refuse."""
        refuse_running_loop()


class CloseTest(unittest.TestCase):
    """What happens when a managed loop closes."""

    def setUp(self) -> None:
        self.events: Events = []
        # The loop holds tasks weakly: without this list, one that waits for what only it knows goes with the collector.
        self.tasks: list[asyncio.Task[Any]] = []
        self.managed = ManagedLoop(LoopOptions())
        self.loop = self.managed.loop
        self.addCleanup(self.managed.close)
        self.loop.set_exception_handler(lambda loop, context: self.events.append(context["message"]))

    def start(self, function: Callable[[], Any]) -> asyncio.Task[Any]:
        task = self.loop.create_task(function())
        self.tasks.append(task)
        self.loop.run_until_complete(asyncio.sleep(0))
        return task

    def test_order(self) -> None:
        """Tasks end first, then asynchronous generators, then the executor; the loop is closed last."""

        async def numbers() -> AsyncIterator[int]:
            try:
                yield 1
            finally:
                await asyncio.sleep(0)
                self.events.append(f"generator; tasks done: {task.done()}; loop closed: {self.loop.is_closed()}")

        generator = numbers()
        task = self.start(asyncio.Event().wait)

        async def begin() -> int:
            return await anext(generator)

        self.loop.run_until_complete(begin())
        self.managed.close()
        self.assertEqual(self.events, ["generator; tasks done: True; loop closed: False"])
        self.assertTrue(task.cancelled() and self.loop.is_closed())

    def test_tasks_started_while_closing(self) -> None:
        """Tasks that leftovers start while they end are cancelled as well."""
        born: list[asyncio.Task[Any]] = []

        async def parent() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                born.append(asyncio.create_task(asyncio.Event().wait()))

        self.start(parent)
        self.managed.close()
        self.assertTrue(born[0].cancelled())

    def test_tasks_without_end(self) -> None:
        """A task that always starts another is given up after some rounds."""

        async def hydra() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                if not self.loop.is_closed():
                    self.events.append("head")
                    self.last = asyncio.create_task(hydra())
                    await asyncio.sleep(0)

        self.start(hydra)
        self.managed.close()
        self.assertTrue(self.loop.is_closed())
        self.assertLessEqual(self.events.count("head"), CANCEL_ROUNDS + 1)
        self.last._log_destroy_pending = False  # type: ignore[attr-defined]  # that it was given up is the subject
        self.last.get_coro().close()

    def test_errors_of_leftovers(self) -> None:
        """An error that a leftover raises goes to the loop's exception handler."""

        async def fail() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                raise OSError("late")

        self.start(fail)
        self.managed.close()
        self.assertEqual(self.events, ["unhandled exception during asyncio.run() shutdown"])

    def test_leftover_that_stops_the_loop(self) -> None:
        """A leftover that stops the loop does not end the closing."""

        async def stop() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                self.loop.stop()
                await asyncio.sleep(0)
                self.events.append("ended")

        self.start(stop)
        self.managed.close()
        self.assertEqual(self.events, ["ended"])

    def test_executor(self) -> None:
        """Threads of the default executor end."""
        before = threading.active_count()
        self.loop.run_until_complete(self.loop.run_in_executor(None, int))
        self.managed.close()
        self.assertEqual(threading.active_count(), before)

    def test_wound_up_before(self) -> None:
        """What was wound up before it is closed has no executor to wait for again."""
        asked: list[str] = []

        class Loop(asyncio.SelectorEventLoop):
            async def shutdown_default_executor(self, *args: Any) -> None:
                asked.append("executor")

        managed = ManagedLoop(LoopOptions(factory=Loop))
        managed.loop.call_soon(asked.append, "callback")
        managed.wind_up()
        self.assertFalse(managed.loop.is_closed())
        managed.close()
        self.assertEqual(asked, ["callback", "executor"])

    def test_twice(self) -> None:
        """Closing twice is allowed, also where somebody else has closed the loop."""
        self.loop.close()
        self.managed.close()
        self.managed.close()

    def test_give_back_of_a_closed_loop(self) -> None:
        """A loop that a test has closed does not stay current."""
        asyncio.set_event_loop(None)
        self.managed.make_current()
        self.loop.close()
        self.managed.close()
        with self.assertRaises(RuntimeError):
            asyncio.get_event_loop()

    def test_system_exit(self) -> None:
        """SystemExit out of a leftover is told to the handler, and does not end the run."""

        async def leave() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                sys.exit("late")

        self.start(leave)
        self.managed.close()
        self.assertIn("a leftover task raised SystemExit('late') while its loop was closed", self.events)


if __name__ == "__main__":
    unittest.main()
