"""The checks in runs of their own kinds: a summary, warnings as errors, what was made before a test, Ctrl-C."""

from __future__ import annotations

import signal
import unittest

from tests.programs import run_program

SESSION = """
import asyncio
from asynctestkit import AsyncTestCase, fixture

@fixture(scope="session")
async def pool():
    yield 1
    print("closed")

class Case(AsyncTestCase):
    loop_scope = "module"

    async def test_a(self, pool):
        self.task = asyncio.create_task(asyncio.sleep(100))

    async def test_b(self):
        self.tasks = [asyncio.create_task(asyncio.sleep(100)) for _ in range(2)]
"""

BEFORE = """
import unittest
from asynctestkit import AsyncTestCase

async def forgotten(): ...

MADE = []

class ATest(unittest.TestCase):
    def test(self):
        MADE.append(forgotten())

class BTest(AsyncTestCase):
    async def test(self):
        MADE.clear()
"""

LOOPS_BEFORE = """
import asyncio, unittest
from asynctestkit import AsyncTestCase

class ATest(unittest.TestCase):
    def test(self):
        asyncio.new_event_loop().run_until_complete(asyncio.sleep(0))

class BTest(AsyncTestCase):
    async def test(self):
        await asyncio.create_task(asyncio.sleep(0))

class CTest(AsyncTestCase):
    async def test(self):
        asyncio.new_event_loop()
        await asyncio.create_task(asyncio.sleep(0))
"""

MIXED = """
import asyncio
from asynctestkit import AsyncTestCase

class Case(AsyncTestCase):
    async def test(self):
        asyncio.get_running_loop().call_later(100, print)
        asyncio.sleep(0)
"""

INTERRUPTED = """
import asyncio, os, signal
from asynctestkit import AsyncTestCase

class Case(AsyncTestCase):
    async def test(self):
        asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()
"""


class RunsTest(unittest.TestCase):
    """Programs under unittest."""

    def test_summary(self) -> None:
        """It is printed once, after a session's fixtures are closed, and folds what differs by a number only."""
        done = run_program(SESSION, "-m", "unittest", "test_program", variables={"ASYNCTESTKIT_CHECKS": "warn"})
        self.assertEqual((done.returncode, done.stdout), (0, "closed\n"), done.stderr)
        self.assertEqual(done.stderr.count("3 findings, which fail no test"), 1, done.stderr)
        self.assertIn("Ran 2 tests", done.stderr)

    def test_made_before(self) -> None:
        """A coroutine that was made where no checks were on, and dies in a test, is not the test's fault."""
        done = run_program(BEFORE, "-m", "unittest", "test_program")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("RuntimeWarning: coroutine 'forgotten' was never awaited", done.stderr)

    def test_loop_made_before(self) -> None:
        """Nor is a loop that a plain test has dropped, and that dies in a collection in the next; its own is."""
        done = run_program(LOOPS_BEFORE, "-m", "unittest", "test_program")
        self.assertIn("FAILED (failures=1)", done.stderr)
        self.assertIn("FAIL: test (test_program.CTest.test)", done.stderr)
        self.assertEqual(done.stderr.count("ResourceWarning: unclosed event loop"), 1, done.stderr)

    def test_warnings_as_errors(self) -> None:
        """What warns does not hide what fails."""
        done = run_program(MIXED, "-W", "error", "-m", "unittest", "test_program")
        self.assertIn("2 faults in test_program.Case.test: 1 unawaited, 1 timers", done.stderr)

    @unittest.skipUnless(hasattr(signal, "SIGKILL"), "needs signals of Unix")
    def test_interrupted(self) -> None:
        """Ctrl-C shows what the tasks were waiting for when it came."""
        done = run_program(INTERRUPTED, "-m", "unittest", "test_program")
        self.assertRegex(done.stderr, r"what the tasks were waiting for:\n(?:.*\n)+ +waits for <asyncio\.locks\.Event")


if __name__ == "__main__":
    unittest.main()
