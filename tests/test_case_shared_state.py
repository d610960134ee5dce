"""What a test does to the loop that it shares: whose the tasks on it are, and what the next test finds."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any

from asynctestkit import AsyncTestCase, fail_on
from tests.cases import case_of
from tests.outcomes import Events, OutcomeResult, mask, suite_events, suite_of


async def forever() -> None:
    """Wait for what never comes."""
    await asyncio.Event().wait()


class Worker(AsyncTestCase):
    """A class whose worker, started by a class hook, starts a job for whoever asks."""

    jobs: list[asyncio.Task[None]]
    orders: asyncio.Queue[asyncio.Future[None]]
    worker: asyncio.Task[None]

    @classmethod
    async def asyncSetUpClass(cls) -> None:
        cls.jobs, cls.orders = [], asyncio.Queue()
        cls.worker = asyncio.create_task(cls.work())

    @classmethod
    async def work(cls) -> None:
        """Start a job for each order."""
        while True:
            started = await cls.orders.get()
            cls.jobs.append(asyncio.create_task(forever()))
            await asyncio.sleep(0)
            started.set_result(None)

    async def order(self) -> None:
        """Have a job started, and wait until it is."""
        started = self.loop.create_future()
        await self.orders.put(started)
        await started


class OwnersTest(unittest.TestCase):
    """Whose a task is that starts while a test runs."""

    def test_job_of_a_worker(self) -> None:
        """What a worker of the class starts is the class's: it outlives its test and ends with the class."""
        events: Events = []

        @fail_on(pending_tasks=False)
        class Case(Worker):
            async def test_a(self) -> None:
                await self.order()

            async def test_b(self) -> None:
                await self.order()
                events.append(f"done: {[job.done() for job in self.jobs]}")

        self.assertEqual(suite_events(Case, events=events), ["passed", "done: [False, False]", "passed"])
        self.assertEqual([job.cancelled() for job in [*Case.jobs, Case.worker]], [True, True, True])

    def test_connection_of_a_server(self) -> None:
        """What handles a connection is the class's, so that one that the class opened answers every test."""
        events: Events = []

        class Case(AsyncTestCase):
            reader: asyncio.StreamReader
            writer: asyncio.StreamWriter

            @classmethod
            async def echo(cls, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                while line := await reader.readline():
                    writer.write(line)
                writer.close()

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                server = await asyncio.start_server(cls.echo, "127.0.0.1", 0)
                cls.addAsyncClassCleanup(server.wait_closed)
                cls.addClassCleanup(server.close)
                cls.reader, cls.writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                # Newest first: the server is told that nothing more comes, and closes the connection at its end.
                cls.addClassCleanup(cls.writer.close)
                cls.addAsyncClassCleanup(cls.reader.read)
                cls.addClassCleanup(cls.writer.write_eof)

            async def ask(self, line: bytes) -> None:
                self.writer.write(line)
                events.append((await asyncio.wait_for(self.reader.readline(), 20)).decode().strip())

            async def test_a(self) -> None:
                await self.ask(b"a\n")

            async def test_b(self) -> None:
                await self.ask(b"b\n")

        self.assertEqual(suite_events(Case, events=events), ["a", "passed", "b", "passed"])

    def test_task_of_a_test(self) -> None:
        """What a test starts itself ends with it, beside tasks of the class that live on."""
        events: Events = []
        ended: list[bool] = []  # and not the tasks, which the class would keep by its closure

        @fail_on(pending_tasks=False)
        class Case(Worker):
            async def test_a(self) -> None:
                await self.order()
                task = asyncio.create_task(forever())
                task.add_done_callback(lambda task: ended.append(task.cancelled()))

            async def test_b(self) -> None:
                events.append(f"test's ended: {ended}, class's ended: {self.jobs[0].done()}")

        expected = ["passed", "test's ended: [True], class's ended: False", "passed"]
        self.assertEqual(suite_events(Case, events=events), expected)

    def test_task_of_a_plain_phase(self) -> None:
        """So does what a plain phase starts, which runs in the test's context."""
        events: Events = []
        ended: list[bool] = []

        @fail_on(pending_tasks=False)
        class Case(AsyncTestCase):
            loop_scope = "class"

            def setUp(self) -> None:
                events.append(f"ended: {ended}")
                task = self.loop.create_task(forever())
                task.add_done_callback(lambda task: ended.append(task.cancelled()))

            def test_a(self) -> None:
                pass

            def test_b(self) -> None:
                pass

        self.assertEqual(suite_events(Case, events=events), ["ended: []", "passed", "ended: [True]", "passed"])

    def test_class_that_is_over(self) -> None:
        """The tasks of a class end with it, though the session's loop lives on and runs tests of another class."""
        events: Events = []

        @fail_on(pending_tasks=False)
        class First(Worker):
            loop_scope = "session"

            async def test(self) -> None:
                await self.order()

        class Second(AsyncTestCase):
            loop_scope = "session"

            async def test(self) -> None:
                ended = [task.cancelled() for task in (*First.jobs, First.worker)]
                events.append(f"same loop: {First.worker.get_loop() is self.loop}, ended: {ended}")

        # First joins the session's loop: it is open by then.
        opener = case_of(loop_scope="session")
        result = OutcomeResult(events)
        suite_of(opener, First, Second).run(result)
        result.stopTestRun()
        expected = ["passed", "passed", "same loop: True, ended: [True, True]", "passed"]
        self.assertEqual(events, expected)


class SettingsTest(unittest.TestCase):
    """What a test sets on the loop itself."""

    def test_as_the_class_hooks_left_it(self) -> None:
        """Exception handler, task factory, slow callbacks, debug: the next test finds what the class hooks have set."""
        events: Events = []

        def made(by: str) -> tuple[Any, Any, float]:
            def handler(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
                """Be told of errors."""

            def factory(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
                return asyncio.Task(coro, loop=loop, **options)

            names = {handler: f"{by} handler", factory: f"{by} factory"}
            known.update(names)
            return handler, factory, {"class": 3.0, "test": 7.0}[by]

        known: dict[Any, str] = {}

        def change(loop: asyncio.AbstractEventLoop, by: str) -> None:
            handler, factory, duration = made(by)
            loop.set_exception_handler(handler)
            loop.set_task_factory(factory)
            loop.slow_callback_duration = duration

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                change(asyncio.get_running_loop(), "class")

            def look(self, loop: asyncio.AbstractEventLoop) -> None:
                factory: Any = loop.get_task_factory()
                events.append(
                    f"{known[loop.get_exception_handler()]}, {known[factory]}, {loop.slow_callback_duration}, "
                    f"debug {loop.get_debug()}"
                )

            async def test_a(self) -> None:
                loop = asyncio.get_running_loop()
                self.look(loop)
                change(loop, "test")
                loop.set_debug(True)
                self.look(loop)

            async def test_b(self) -> None:
                self.look(asyncio.get_running_loop())

        left, changed = "class handler, class factory, 3.0, debug False", "test handler, test factory, 7.0, debug True"
        self.assertEqual(suite_events(Case, events=events), [left, changed, "passed", left, "passed"])

    def test_none_where_none_was_set(self) -> None:
        """Without anything set by the class they are asyncio's own again."""
        seen: list[object] = []

        class Case(AsyncTestCase):
            loop_scope = "class"

            async def test_a(self) -> None:
                loop = asyncio.get_running_loop()
                loop.set_exception_handler(lambda loop, context: None)
                loop.set_task_factory(lambda loop, coro, **options: asyncio.Task(coro, loop=loop, **options))
                loop.slow_callback_duration = 9.0

            async def test_b(self) -> None:
                loop = asyncio.get_running_loop()
                seen.extend([loop.get_exception_handler(), loop.get_task_factory(), loop.slow_callback_duration])

        self.assertEqual(suite_events(Case, events=[]), ["passed", "passed"])
        self.assertEqual(seen, [None, None, 0.1])


class ClosedTest(unittest.TestCase):
    """A test that closes the loop it shares."""

    maxDiff = None

    def test_told_by_the_next(self) -> None:
        """Each test after it says which one has closed the loop; the next class has a new one."""

        class Case(AsyncTestCase):
            loop_scope = "class"

            async def test_a(self) -> None:
                pass

            def test_b_closes(self) -> None:
                self.loop.close()

            async def test_c(self) -> None:
                pass

            def test_d(self) -> None:
                pass

        result = OutcomeResult()
        suite_of(Case, case_of(loop_scope="class")).run(result)
        told = (
            "LoopError: Event loop is closed: a test has closed the loop that it shares with others\n"
            "  loop       <_UnixSelectorEventLoop running=False closed=True debug=False>\n"
            "  closed by  test_b_closes\n"
            '  fix:       leave closing the loop to asynctestkit, or give the test its own with loop_scope = "test"\n'
        )
        first_line = "error LoopError: Event loop is closed: a test has closed the loop that it shares with others"
        self.assertEqual(result.events, ["passed", "passed", first_line, first_line, "passed"])
        self.assertEqual([mask(text).partition("asynctestkit.")[2] for _, text in result.errors], [told, told])


if __name__ == "__main__":
    unittest.main()
