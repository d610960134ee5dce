"""What is left on a loop that does not end by itself: it is ended, and is an error of its test."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import unittest
import warnings
from typing import Any

from asynctestkit import AsyncTestCase, fail_on
from tests.checks import hangs
from tests.outcomes import run_class, run_one
from tests.programs import run_program


class LeftoverTest(unittest.TestCase):
    """Tasks and generators."""

    def setUp(self) -> None:
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)

    def test_tasks(self) -> None:
        """A leftover task that no cancellation ends is an error that names it; the next test runs."""
        for hang in (hangs.eat_cancellations, hangs.eat_everything):

            @fail_on(pending_tasks=False)
            class Case(AsyncTestCase):
                timeout = 0.3

                async def test(self, hang: hangs.Hang = hang) -> None:
                    self.left: Any = asyncio.ensure_future(hang())
                    self.left.set_name("eater")
                    await asyncio.sleep(0)

            with self.subTest(hang=hang.__name__):
                (line,) = run_one(Case)
                self.assertIn("eater", line)
                self.assertIn("did not end when it was cancelled", line)

    def test_blocking_task(self) -> None:
        """A leftover task that blocks the loop while it is cancelled is ended, and the test told what it did."""

        @fail_on(pending_tasks=False)
        class Case(AsyncTestCase):
            timeout = 0.3

            async def test(self) -> None:
                async def leftover() -> None:
                    try:
                        await asyncio.Event().wait()
                    finally:
                        await hangs.sleep()

                self.left = asyncio.create_task(leftover())
                await asyncio.sleep(0)

        self.assertEqual(
            run_one(Case), ["errors: test: TimeoutError: test exceeded its limit of 0.3 s in closing the loop"]
        )

    def test_generator(self) -> None:
        """An async generator whose end waits for ever."""

        @fail_on(async_generators=False)
        class Case(AsyncTestCase):
            timeout = 0.3

            async def test(self) -> None:
                async def numbers() -> Any:
                    try:
                        yield 1
                    finally:
                        await asyncio.Event().wait()

                self.generator = numbers()
                await anext(self.generator)

        (line,) = run_one(Case)
        self.assertIn("an async generator did not end when it was closed", line)


class ExitTest(unittest.TestCase):
    """SystemExit out of a task that was left, which the test's end cancels."""

    def texts(self, *, scope: str, unhandled: bool) -> list[str]:
        """Run a test that leaves such a task; return what is reported."""

        async def leave() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                raise SystemExit("late")

        @fail_on(unhandled=unhandled, pending_tasks=False)
        class Case(AsyncTestCase):
            loop_scope = scope

            async def test(self) -> None:
                self.task = asyncio.create_task(leave())
                await asyncio.sleep(0)

        result = unittest.TestResult()
        unittest.TestSuite([Case("test")]).run(result)
        return [text for _, text in result.errors + result.failures]

    def test_told_once(self) -> None:
        """It is one finding of its test, and no error beside it."""
        for scope in ("test", "class"):
            with self.subTest(scope):
                (text,) = self.texts(scope=scope, unhandled=True)
                self.assertIn("FindingError: a leftover task raised SystemExit('late')", text)
                self.assertNotIn("2 faults", text)

    def test_unheard(self) -> None:
        """Where the check is off it is an error of its test."""
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)
        for scope in ("test", "class"):
            with self.subTest(scope):
                (text,) = self.texts(scope=scope, unhandled=False)
                self.assertIn("LoopError: a leftover task raised SystemExit('late')", text)


class ClosedTest(unittest.TestCase):
    """What was left open and told of is closed when its test is over, and is no later test's affair."""

    def outcomes(self, cls: type[AsyncTestCase]) -> list[str]:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return run_class(cls)

    def test_closed(self) -> None:
        """A server, a stream, a socket, on a loop of the test's own and on a shared one."""
        for scope in ("test", "class"):
            left: list[Any] = []

            class Case(AsyncTestCase):
                loop_scope = scope

                async def test_a_server(self, left: list[Any] = left) -> None:
                    self.server = await asyncio.start_server(lambda *streams: None, "127.0.0.1", 0)
                    left.extend(self.server.sockets)

                async def test_b_stream(self, left: list[Any] = left) -> None:
                    ours, theirs = socket.socketpair()
                    self.reader, self.writer = await asyncio.open_connection(sock=ours)
                    theirs.close()
                    left.append(ours)

                async def test_c_socket(self, left: list[Any] = left) -> None:
                    self.pair = list(socket.socketpair())
                    left.extend(self.pair)

                async def test_d(self, left: list[Any] = left) -> None:
                    left.append([one.fileno() for one in left])

            with self.subTest(scope):
                said = self.outcomes(Case)
                self.assertEqual(
                    [line.split()[1] for line in said], ["test_a_server:", "test_b_stream:", "test_c_socket:"]
                )
                self.assertEqual(left[-1], [-1] * 4)

    @unittest.skipUnless(os.name == "posix", "needs Unix")
    def test_subprocess(self) -> None:
        """A subprocess is killed and waited for."""
        left: list[asyncio.subprocess.Process] = []

        class Case(AsyncTestCase):
            async def test(self) -> None:
                left.append(await asyncio.create_subprocess_exec("sleep", "60"))

        (line,) = self.outcomes(Case)
        self.assertIn("is still running", line)
        self.assertEqual(left[0].returncode, -signal.SIGKILL)

    def test_ignored(self) -> None:
        """What is no finding stays as it is."""
        left: list[socket.socket] = []

        @fail_on(unclosed=False)
        class Case(AsyncTestCase):
            async def test(self) -> None:
                self.pair = socket.socketpair()
                left.extend(self.pair)

        self.assertEqual(self.outcomes(Case), ["ok"])
        for one in left:
            self.assertNotEqual(one.fileno(), -1)
            one.close()

    def test_died_later(self) -> None:
        """A socket that a failure's traceback keeps is not the fault of the test in which it dies."""
        kept: list[Any] = []

        class Case(AsyncTestCase):
            async def test_a(self) -> None:
                kept.append(socket.socket())

            async def test_b(self) -> None:
                kept.clear()

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.assertEqual(run_class(Case), ["ok"])
        self.assertRegex(str(caught[0].message), "unclosed <socket")


class ProcessTest(unittest.TestCase):
    """Threads."""

    def test_executor(self) -> None:
        """A thread of the executor that does not end is an error of its test, and does not hold up the run."""
        source = (
            "import asyncio, threading\n"
            "from asynctestkit import AsyncTestCase\n"
            "class Case(AsyncTestCase):\n"
            "    timeout = 0.3\n"
            "    async def test(self):\n"
            "        asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)\n"
        )
        done = run_program(source, "-m", "unittest", "test_program")
        self.assertEqual(done.returncode, 1)
        self.assertIn("LoopError: a thread of the default executor did not end", done.stderr)
        self.assertNotIn("is still alive", done.stderr)  # that in which asyncio waits for it, up to 3.12

    def test_threads_are_ordinary(self) -> None:
        """What runs in the executor, and the threads that it starts, are no daemons; an exit waits for their work."""
        source = (
            "import asyncio, threading, time\n"
            "from asynctestkit import AsyncTestCase\n"
            "def work():\n"
            "    inner = threading.Thread()\n"
            "    return threading.current_thread().daemon, inner.daemon, threading.current_thread().name\n"
            "class Case(AsyncTestCase):\n"
            "    async def test(self):\n"
            "        print(await asyncio.to_thread(work), threading.Thread().daemon)\n"
        )
        done = run_program(source, "-m", "unittest", "test_program")
        self.assertEqual(done.stdout, "(False, False, 'asyncio_0') False\n")
