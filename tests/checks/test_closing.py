"""What is left on a loop that does not end by itself: it is ended, and is an error of its test."""

from __future__ import annotations

import asyncio
import logging
import unittest
from typing import Any

from asynctestkit import AsyncTestCase, fail_on
from tests.checks import hangs
from tests.outcomes import run_one
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
            "        asyncio.get_running_loop().run_in_executor(None, threading.Event().wait, 4)\n"
        )
        done = run_program(source, "-m", "unittest", "test_program")
        self.assertEqual(done.returncode, 1)
        self.assertIn("LoopError: a thread of the default executor did not end", done.stderr)
