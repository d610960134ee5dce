"""Module-level `@async_test` functions: how one runs by itself, and what decorators around it do."""

from __future__ import annotations

import asyncio
import copy
import pickle
import unittest

from asynctestkit import LoopError
from tests.made_modules import TWO, ModuleCase, each_test
from tests.outcomes import complaints


class RunningTest(ModuleCase):
    """How a function runs."""

    def test_each_on_a_loop_of_its_own(self) -> None:
        """Two functions have two loops and two contexts; both loops are closed, and nothing of the tests leaks."""
        module = self.make(
            """
            import contextvars
            COLOUR = contextvars.ContextVar("COLOUR", default="none")

            @async_test
            async def test_one():
                ran.append((asyncio.get_running_loop(), COLOUR.get()))
                COLOUR.set("red")

            @async_test
            async def test_two():
                ran.append((asyncio.get_running_loop(), COLOUR.get()))
            """
        )
        self.assertEqual(self.run_suite(self.load(module)), ["ok"])
        (first, colour), (second, other) = module.ran
        self.assertIsNot(first, second)
        self.assertEqual((first.is_closed(), second.is_closed()), (True, True))
        self.assertEqual((colour, other, module.COLOUR.get()), ("none", "none", "none"))

    def test_outcomes(self) -> None:
        """Failures, errors, overruns and skips are told as those of a method are."""
        module = self.make(
            """
            @async_test
            async def test_errs():
                raise OSError("no")

            @async_test
            async def test_fails():
                assert not "true"

            @async_test(timeout=0.1)
            async def test_overruns():
                await asyncio.Event().wait()

            @async_test
            async def test_skips():
                raise unittest.SkipTest("body")
            """
        )
        self.assertEqual(
            self.run_suite(self.load(module)),
            [
                "errors: test_errs: OSError: no",
                "errors: test_overruns: TimeoutError: test_overruns exceeded its limit of 0.1 s in the body",
                "failures: test_fails: AssertionError",
                "skipped: test_skips: body",
            ],
        )

    def test_loop_factory(self) -> None:
        """The factory makes the loop."""
        module = self.make(
            """
            class Loop(asyncio.SelectorEventLoop):
                pass

            @async_test(loop_factory=Loop)
            async def test_one():
                ran.append(type(asyncio.get_running_loop()).__name__)
            """
        )
        self.assertEqual(self.run_suite(self.load(module)), ["ok"])
        self.assertEqual(module.ran, ["Loop"])

    def test_tasks_left_behind_are_ended(self) -> None:
        """What a function leaves running is cancelled before its loop is closed."""
        module = self.make(
            """
            async def serve():
                try:
                    await asyncio.Event().wait()
                finally:
                    ran.append("ended")

            @async_test
            @fail_on(pending_tasks=False)
            async def test_one():
                globals()["task"] = asyncio.create_task(serve())
                await asyncio.sleep(0)
            """
        )
        self.assertEqual(self.run_suite(self.load(module)), ["ok"])
        self.assertEqual(module.ran, ["ended"])

    def test_debug(self) -> None:
        """debug() lets the error out and closes the loop."""
        module = self.make(
            """
            @async_test
            async def test_one():
                ran.append(asyncio.get_running_loop())
                raise OSError("no")
            """
        )
        (test,) = each_test(self.load(module))
        with self.assertRaisesRegex(OSError, "^no$"):
            test.debug()
        self.assertTrue(module.ran[0].is_closed())

    def test_pickle_copy_and_again(self) -> None:
        """The test that unittest made of a function pickles, copies, and runs again."""
        module = self.make(TWO)
        (test,) = each_test(self.load(module, "test_one"))
        for other in (pickle.loads(pickle.dumps(test)), copy.deepcopy(test), test, test):
            result = unittest.TestResult()
            other.run(result)
            self.assertEqual((result.testsRun, result.wasSuccessful()), (1, True))
        self.assertEqual(module.ran, ["one"] * 4)

    def test_inside_a_running_loop(self) -> None:
        """Called where a loop runs, a function says that it cannot run there and leaves no coroutine unawaited."""
        module = self.make(TWO)

        async def main() -> None:
            with self.assertRaisesRegex(LoopError, "^a managed loop cannot be called from a running event loop\n"):
                module.test_one()

        with complaints() as said:
            asyncio.run(main())
        self.assertEqual((said, module.ran), ([], []))


DECORATED = {
    "skip above": ("@unittest.skip('no')\n@async_test", "", "skipped: test_it: no"),
    "skip below": ("@async_test\n@unittest.skip('no')", "", "skipped: test_it: no"),
    "skipIf(False) above": ("@unittest.skipIf(False, 'no')\n@async_test", "", "ok"),
    "skipUnless(False) below": ("@async_test\n@unittest.skipUnless(False, 'no')", "", "skipped: test_it: no"),
    "patch above": ("@mock.patch('asyncio.sleep')\n@async_test", "sleep", "ok"),
    "patch below": ("@async_test\n@mock.patch('asyncio.sleep')", "sleep", "ok"),
    "patch of a value above": ("@mock.patch('asyncio.sleep', new=1)\n@async_test", "", "ok"),
    "patch.dict above, called form": ("@mock.patch.dict('os.environ', A='1')\n@async_test()", "", "ok"),
    "expectedFailure above": ("@unittest.expectedFailure\n@async_test", "", "unexpected success: test_it"),
    "expectedFailure below": ("@async_test\n@unittest.expectedFailure", "", "unexpected success: test_it"),
}


class DecoratorsTest(ModuleCase):
    """Decorators above and below, for the module loaded as a whole and for the function by its name."""

    def check(self, *names: str, but: str = "") -> None:
        for what, (decorators, parameter, expected) in DECORATED.items():
            if what == but:
                continue
            with self.subTest(what):
                module = self.make(f"{decorators}\nasync def test_it({parameter}):\n    ran.append(1)\n")
                try:
                    suite = self.load(module, *names)
                except unittest.SkipTest:
                    self.fail("it was skipped while it was loaded, which ends the whole test run")
                self.assertEqual((module.ran, suite.countTestCases()), ([], 1))
                self.assertEqual(self.run_suite(suite), [expected])
                self.assertEqual(module.ran, [] if expected.startswith("skipped") else [1])

    def test_module(self) -> None:
        """In the module."""
        self.check()

    def test_by_name(self) -> None:
        """By the name that is shown."""
        self.check("_async_tests.test_it")

    def test_by_the_functions_name(self) -> None:
        """By the function's own name: it is not run while it is loaded."""
        # unittest's loader calls what is no class; `skip`, standing above, answers with SkipTest before we are asked.
        self.check("test_it", but="skip above")


if __name__ == "__main__":
    unittest.main()
