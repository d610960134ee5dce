"""Faults of the hooks of modules, and how long these may take."""

from __future__ import annotations

import textwrap
import unittest

from tests.programs import run_program

MODULE = """
    import asyncio, unittest
    from asynctestkit import AsyncTestCase, async_hook, async_test, set_module_timeout

    async def forgotten():
        pass

    async def forever():
        await asyncio.Event().wait()

    @async_hook
    async def setUpModule():
        {set_up}

    @async_hook
    async def tearDownModule():
        print("tearDownModule")
        {tear_down}

    class SomeTest(AsyncTestCase):
        async def test(self):
            print("test")
"""


class ModuleTest(unittest.TestCase):
    """Hooks of modules."""

    def run_module(self, *, set_up: str = "pass", tear_down: str = "pass", more: str = "") -> tuple[str, str]:
        """Run a module whose hooks do this; return what it prints, and what is said of it."""
        source = textwrap.dedent(MODULE).format(set_up=set_up, tear_down=tear_down) + more
        outcome = run_program(source, "-m", "unittest", "test_program")
        return outcome.stdout.replace("\n", " ").strip(), outcome.stderr

    def test_unawaited(self) -> None:
        """A forgotten await fails the hook."""
        printed, said = self.run_module(set_up="forgotten()")
        self.assertIn("ERROR: setUpModule (test_program)", said)
        self.assertIn("coroutine 'forgotten' was never awaited", said)
        self.assertEqual(printed, "")
        printed, said = self.run_module(tear_down="forgotten()")
        self.assertIn("ERROR: tearDownModule (test_program)", said)
        self.assertIn("coroutine 'forgotten' was never awaited", said)
        self.assertEqual(printed, "test tearDownModule")

    def test_left(self) -> None:
        """What the module left is a fault of its tear-down, with or without a hook for that."""
        left = "asyncio.get_running_loop().kept = asyncio.create_task(forever())"
        for more in ("", "\ndel tearDownModule\n"):
            with self.subTest(more=more):
                printed, said = self.run_module(set_up=left, more=more)
                self.assertIn("ERROR: tearDownModule (test_program)", said)
                self.assertIn("task forever() was still pending at the end of the module", said)
                self.assertTrue(printed.startswith("test"), printed)

    def test_one_report(self) -> None:
        """What tearDownModule did wrong and what is left are one report."""
        left = "asyncio.get_running_loop().kept = asyncio.create_task(forever())"
        _, said = self.run_module(set_up=left, tear_down="forgotten()")
        self.assertIn("2 faults in tearDownModule (test_program): 1 unawaited, 1 pending_tasks", said)

    def test_limits(self) -> None:
        """Both have the module's limit."""
        limit = "\nset_module_timeout(0.1)\n"
        printed, said = self.run_module(set_up="await forever()", more=limit)
        self.assertIn("TimeoutError: module test_program exceeded its limit of 0.1 s in setUpModule", said)
        self.assertEqual(printed, "")
        printed, said = self.run_module(tear_down="await forever()", more=limit)
        self.assertIn("TimeoutError: module test_program exceeded its limit of 0.1 s in tearDownModule", said)
        self.assertEqual(printed, "test tearDownModule")


if __name__ == "__main__":
    unittest.main()
