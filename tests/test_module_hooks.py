"""Async hooks of whole modules: what shares their loop and context, and what is told of those that fail."""

from __future__ import annotations

import textwrap
import unittest

from tests.programs import run_program

MODULE = textwrap.dedent(
    """
    import asyncio, contextvars, unittest
    from asynctestkit import AsyncTestCase, async_hook, async_test

    COLOUR = contextvars.ContextVar("COLOUR")
    loops = []

    def note(event):
        loops.append(asyncio.get_running_loop())
        print(event, COLOUR.get(None))

    @async_hook
    async def setUpModule():
        note("setUpModule")
        COLOUR.set("module")

    @async_hook
    async def tearDownModule():
        note("tearDownModule")
        print(len(loops), "places,", len(set(loops)), "loop")

    @async_test
    async def test_function():
        note("function")

    class PlainTest(unittest.TestCase):
        @async_test
        async def test_method(self):
            note("method")

    class OursTest(AsyncTestCase):
        @classmethod
        async def asyncSetUpClass(cls):
            loops.append(asyncio.get_running_loop())

        async def test_ours(self):
            note("ours")
    """
)


class ModuleHooksTest(unittest.TestCase):
    """Async `setUpModule` and `tearDownModule`."""

    def test_one_loop_for_the_module(self) -> None:
        """All tests of the module, whatever their kind, share loop and context with its hooks; class hooks the loop."""
        outcome = run_program(MODULE, "-W", "error", "-m", "unittest", "test_program")
        self.assertTrue(outcome.stderr.endswith("\nOK\n"), outcome.stderr)
        first, *middle, last, summary = outcome.stdout.splitlines()
        self.assertEqual((first, last), ("setUpModule None", "tearDownModule module"))
        self.assertEqual(sorted(middle), ["function module", "method module", "ours module"])
        self.assertEqual(summary, "6 places, 1 loop")

    def test_set_up_alone(self) -> None:
        """Without a tearDownModule the loop ends with the module's cleanups, which unittest runs."""
        source = MODULE.replace("tearDownModule", "leave_it").replace(
            "@async_hook\nasync def leave_it", "async def leave_it"
        )
        source += "\nimport atexit\natexit.register(lambda: print('closed:', {loop.is_closed() for loop in loops}))\n"
        outcome = run_program(source, "-W", "error", "-m", "unittest", "test_program")
        self.assertTrue(outcome.stderr.endswith("\nOK\n"), outcome.stderr)
        self.assertEqual(outcome.stdout.splitlines()[-1], "closed: {True}")

    def test_classes(self) -> None:
        """Class hooks see what setUpModule set, and a class that asks for nothing joins the module's loop."""
        source = MODULE + textwrap.dedent(
            """
            class HooksTest(AsyncTestCase):
                @classmethod
                def setUpClass(cls):
                    print("setUpClass", COLOUR.get(None))

                @classmethod
                async def asyncSetUpClass(cls):
                    note("asyncSetUpClass")
                    COLOUR.set("class")

                async def test_it(self):
                    note("test")

                @classmethod
                async def asyncTearDownClass(cls):
                    note("asyncTearDownClass")

            class NothingTest(AsyncTestCase):
                async def test_it(self):
                    note("nothing")
            """
        )
        names = [f"test_program.{name}" for name in ("HooksTest", "NothingTest")]
        outcome = run_program(source, "-W", "error", "-m", "unittest", *names)
        self.assertTrue(outcome.stderr.endswith("\nOK\n"), outcome.stderr)
        self.assertEqual(
            outcome.stdout.splitlines(),
            [
                "setUpModule None",
                "setUpClass module",
                "asyncSetUpClass module",
                "test class",
                "asyncTearDownClass class",
                "nothing module",
                "tearDownModule module",
                "6 places, 1 loop",
            ],
        )

    def test_hook_that_is_cancelled(self) -> None:
        """One that ends with CancelledError is one error of that hook, and the tests of other modules run."""
        source = textwrap.dedent(
            """
            import asyncio, sys, types, unittest
            from asynctestkit import AsyncTestCase, async_hook

            async def cancelled():
                task = asyncio.ensure_future(asyncio.sleep(0))
                task.cancel()
                await task

            @async_hook
            async def HOOK():
                await cancelled()

            class Case(AsyncTestCase):
                async def test(self):
                    print("test")

            class Later(AsyncTestCase):
                async def test(self):
                    print("later")

            Later.__module__ = "elsewhere"
            sys.modules["elsewhere"] = types.ModuleType("elsewhere")
            """
        )
        for hook, ran in (("setUpModule", ["later"]), ("tearDownModule", ["test", "later"])):
            with self.subTest(hook):
                outcome = run_program(source.replace("HOOK", hook), "-W", "error", "-m", "unittest", "test_program")
                self.assertEqual(outcome.stdout.splitlines(), ran, outcome.stderr)
                self.assertEqual(outcome.stderr.count("ERROR: "), 1, outcome.stderr)
                self.assertIn(f"ERROR: {hook} (test_program)\n", outcome.stderr)
                self.assertIn(
                    f"asynctestkit.LoopError: {hook} ended with CancelledError\n"
                    "  scope  module test_program\n"
                    "  cause  it awaits something that was cancelled, or was cancelled itself and nothing says why\n"
                    "  fix:   suppress the CancelledError of what the hook has cancelled itself\n\n",
                    outcome.stderr,
                )

    def test_failing_tear_down(self) -> None:
        """A failing tearDownModule is reported as unittest reports it, once."""
        source = MODULE.replace('note("tearDownModule")', 'raise OSError("down")')
        outcome = run_program(source, "-W", "error", "-m", "unittest", "test_program")
        self.assertEqual(outcome.stderr.count("ERROR: "), 1, outcome.stderr)
        self.assertIn("ERROR: tearDownModule (test_program)\n", outcome.stderr)
        self.assertEqual(outcome.stderr.count('File "'), 1, outcome.stderr)


if __name__ == "__main__":
    unittest.main()
