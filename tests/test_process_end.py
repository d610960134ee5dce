"""The end of the process where nobody has told the end of the run: what is open then ends, soon and without a word."""

from __future__ import annotations

import importlib.util
import textwrap
import unittest

from tests.programs import plugin_options, run_program

INTERRUPTED = 130  # as the shell counts: 128 and the number of SIGINT

STUBBORN = textwrap.dedent(
    """
    import asyncio, os, signal
    from {package} import {base} as Base

    signal.signal(signal.SIGINT, signal.default_int_handler)

    def press():
        os.kill(os.getpid(), signal.SIGINT)

    async def swallow(again):
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                again()

    """
)

OURS = STUBBORN.format(package="asynctestkit", base="AsyncTestCase")
STOCK = STUBBORN.format(package="unittest", base="IsolatedAsyncioTestCase")

SESSION = textwrap.dedent(
    """
    import asyncio, atexit, unittest

    atexit.register(lambda: print("closed:", loop.is_closed()))

    from asynctestkit import AsyncTestCase

    class Case(AsyncTestCase):
        loop_scope = "session"

        async def test(self):
            global loop
            loop = self.loop
            await asyncio.to_thread(int)
            self.task = asyncio.create_task(asyncio.sleep(0))

    if __name__ == "__main__":
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
        print("successful:", result.wasSuccessful())
    """
)


class InterruptedTest(unittest.TestCase):
    """Ctrl-C, with a task on the loop of a class that swallows every cancellation."""

    def test_task_of_the_class(self) -> None:
        """One that a class hook started gets a limited time at the end of the process, which then ends."""
        source = OURS + textwrap.dedent(
            """
            class Case(Base):
                @classmethod
                async def asyncSetUpClass(cls):
                    cls.task = asyncio.create_task(swallow(int))
                    await asyncio.sleep(0)

                async def test(self):
                    press()
                    await asyncio.Event().wait()
            """
        )
        outcome = run_program(source, "-m", "unittest", "test_program")
        self.assertIn("\nKeyboardInterrupt\n", outcome.stderr)
        self.assertIn(abs(outcome.returncode), (INTERRUPTED, INTERRUPTED - 128), outcome.stderr)
        self.assertEqual(outcome.stderr.count("Traceback"), 1, outcome.stderr)

    def test_task_of_the_test(self) -> None:
        """One that the test left is waited for until the second Ctrl-C, as on the stock class."""
        case = textwrap.dedent(
            """
            class Case(Base):
                loop_scope = "class"

                async def test(self):
                    self.task = asyncio.create_task(swallow(press))
                    await asyncio.sleep(0)
                    press()
                    await asyncio.Event().wait()
            """
        )
        stock, ours = (run_program(source + case, "-m", "unittest", "test_program") for source in (STOCK, OURS))
        self.assertIn(abs(stock.returncode), (INTERRUPTED, INTERRUPTED - 128), stock.stderr)
        self.assertEqual(ours.returncode, stock.returncode, ours.stderr)


class SessionTest(unittest.TestCase):
    """The loop of a session whose test has used a thread of the default executor."""

    def test_suite_alone(self) -> None:
        """A suite that is run without `stopTestRun`: the loop closes without a word, in development mode too."""
        outcome = run_program(SESSION, "-X", "dev", "test_program.py")
        self.assertEqual(outcome.stdout.splitlines(), ["successful: True", "closed: True"])
        self.assertEqual((outcome.stderr, outcome.returncode), ("", 0))

    @unittest.skipIf(importlib.util.find_spec("pytest") is None, "pytest is not installed")
    def test_pytest_alone(self) -> None:
        """Under pytest without our plugin, which tells no end of the run either."""
        outcome = run_program(
            SESSION, "-m", "pytest", "-q", "-p", "no:asynctestkit", "-p", "no:cacheprovider", "test_program.py"
        )
        self.assertEqual(outcome.stdout.splitlines()[-1], "closed: True", outcome.stdout)
        self.assertIn("\n1 passed in ", outcome.stdout)
        self.assertEqual((outcome.stderr, outcome.returncode), ("", 0))

    @unittest.skipIf(importlib.util.find_spec("pytest") is None, "pytest is not installed")
    def test_error_under_pytest_alone(self) -> None:
        """There a fixture of the session that fails to close is an error of the last test, and the run fails."""
        source = textwrap.dedent(
            """
            from asynctestkit import AsyncTestCase, async_test, fixture

            @fixture(scope="session")
            async def server():
                yield
                raise OSError("cannot stop")

            class Case(AsyncTestCase):
                async def test_a(self, server): pass

                async def test_b(self, server): pass

            @async_test
            async def test_last(): pass
            """
        )
        for plugin in (("-p", "no:asynctestkit"), tuple(plugin_options())):
            with self.subTest(plugin):
                options = ("-q", "-rA", "-p", "no:cacheprovider", *plugin)
                outcome = run_program(source, "-m", "pytest", *options, "test_program.py")
                self.assertIn("3 passed, 1 error in ", outcome.stdout)
                self.assertIn("ERROR test_program.py::test_last - OSError: cannot stop", outcome.stdout)
                self.assertEqual((outcome.stderr, outcome.returncode), ("", 1))


class ErrorTest(unittest.TestCase):
    """What goes wrong there."""

    def test_told_on_stderr(self) -> None:
        """An error of a scope's end is told as one that nobody could raise."""
        source = textwrap.dedent(
            """
            import unittest
            from asynctestkit import AsyncTestCase, fixture

            @fixture(scope="session")
            async def server():
                yield
                raise OSError("cannot stop")

            class Case(AsyncTestCase):
                async def test(self, server):
                    pass

            if __name__ == "__main__":
                unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(unittest.TestResult())
            """
        )
        outcome = run_program(source, "test_program.py")
        first, *_, last = outcome.stderr.splitlines()
        self.assertEqual(
            (first, last), ("Exception ignored at the end of the process:", "OSError: cannot stop"), outcome.stderr
        )
        self.assertEqual(outcome.returncode, 0)


if __name__ == "__main__":
    unittest.main()
