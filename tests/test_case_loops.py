"""How many loops tests have, which of them share one, and how long it lives."""

from __future__ import annotations

import asyncio
import io
import unittest
from typing import Any

from asynctestkit import AsyncTestCase, LoopError
from tests.cases import Factory, case_of
from tests.outcomes import OutcomeResult, run_class, run_one, suite_events, suite_of
from tests.programs import run_program


class NumberTest(unittest.TestCase):
    """How many loops there are, and for whom."""

    def made(self, *options: dict[str, Any]) -> int:
        """Return how many loops classes with these options make, one test each; all must be closed afterwards."""
        factory = Factory()
        classes = [case_of(loop_factory=factory, **each) for each in options]
        self.assertEqual(run_class(*classes, runner=True), ["ok"])
        self.assertTrue(all(loop.is_closed() for loop in factory.made))
        return len(factory.made)

    def test_number_of_loops(self) -> None:
        """A loop for each test, for each class, or one for the module or the run; all closed afterwards."""
        for scope, expected in ((None, 4), ("test", 4), ("function", 4), ("class", 2), ("module", 1), ("session", 1)):
            used: list[asyncio.AbstractEventLoop] = []

            async def test(self: AsyncTestCase, used: list[asyncio.AbstractEventLoop] = used) -> None:
                used.append(self.loop)

            with self.subTest(scope=scope):
                factory = Factory()
                options = {"loop_factory": factory, "loop_scope": scope, "test": test, "test_again": test}
                self.assertEqual(run_class(case_of(**options), case_of(**options), runner=True), ["ok"])
                self.assertEqual((len(used), len(factory.made), set(used)), (4, expected, set(factory.made)))
                self.assertTrue(all(loop.is_closed() for loop in used))

    def test_wider_scopes_meet(self) -> None:
        """What lives as long as the module and as the session lives on one loop."""
        self.assertEqual(self.made({"loop_scope": "module"}, {"loop_scope": "session"}), 1)

    def test_run_again(self) -> None:
        """A case that runs again has a new loop."""
        factory = Factory()
        case = case_of(loop_factory=factory)("test")
        for _ in range(2):
            case.run(result := OutcomeResult())
            self.assertEqual(result.events, ["passed"])
        self.assertEqual(len(factory.made), 2)

    def test_skips(self) -> None:
        """A skipped method, a skipped class, and a class whose set-up skips make none."""

        @unittest.skip("method")
        def test(self: AsyncTestCase) -> None:
            self.fail("it ran")

        def set_up_class(cls: type) -> None:
            raise unittest.SkipTest("set-up")

        factory = Factory()
        skipped = unittest.skip("class")(case_of(loop_factory=factory, loop_scope="class"))
        in_set_up = case_of(loop_factory=factory, setUpClass=classmethod(set_up_class))
        method = case_of(loop_factory=factory, test=test)
        told = [f"skipped {what}" for what in ("class", "set-up", "method")]
        self.assertEqual(suite_events(skipped, in_set_up, method, events=[]), told)
        self.assertEqual(factory.made, [])

    def test_all_tests_skipped(self) -> None:
        """A class that asks for one loop, and all of whose tests are skipped, makes none."""
        factory = Factory()

        @unittest.skip("method")
        def test(self: AsyncTestCase) -> None:
            self.fail("it ran")

        for scope in ("class", "module", "session"):
            with self.subTest(scope=scope):
                case = case_of(loop_factory=factory, loop_scope=scope, test=test, test_again=test)
                self.assertEqual(suite_events(case, events=[]), ["skipped method", "skipped method"])
                self.assertEqual(factory.made, [])

    def test_neighbours(self) -> None:
        """A class that asks for nothing has a loop for each test, whatever another class of its module asks for."""
        for scope in ("module", "session"):
            with self.subTest(scope=scope):
                factory = Factory()
                shared: list[asyncio.AbstractEventLoop] = []

                async def share(self: AsyncTestCase, shared: list[asyncio.AbstractEventLoop] = shared) -> None:
                    shared.append(self.loop)

                plain = case_of(loop_factory=factory, test_again=case_of().__dict__["test"])
                sharing = case_of(loop_factory=factory, loop_scope=scope, test=share, test_again=share)
                self.assertEqual(run_class(plain, sharing, plain, runner=True), ["ok"])
                self.assertEqual((len(factory.made), len(shared), len(set(shared))), (5, 2, 1))

    def test_alone(self) -> None:
        """A test of a class with one loop that runs by itself has that loop, and closes it behind it."""
        factory = Factory()
        self.assertEqual(run_one(case_of(loop_factory=factory, loop_scope="class")), ["ok"])
        self.assertEqual([loop.is_closed() for loop in factory.made], [True])


class TwoKindsTest(unittest.TestCase):
    """Classes of one module that want loops of two kinds."""

    def test_all_closed(self) -> None:
        """Each kind has its loop, and both are closed with the scope."""
        for scope in ("module", "session"):
            with self.subTest(scope=scope):
                factories = Factory(), Factory()
                classes = [case_of(loop_factory=factory, loop_scope=scope) for factory in factories]
                self.assertEqual(run_class(*classes, runner=True), ["ok"])
                loops = [loop for factory in factories for loop in factory.made]
                self.assertEqual([loop.is_closed() for loop in loops], [True, True])


class ModuleTest(unittest.TestCase):
    """When the loop of a module closes."""

    def test_module_that_is_not_imported(self) -> None:
        """Where unittest cannot find the module, and so runs none of its cleanups, the end of the run closes it."""
        factory = Factory()
        result = OutcomeResult()
        suite_of(case_of(loop_factory=factory, loop_scope="module", __module__="not_imported")).run(result)
        self.assertEqual([loop.is_closed() for loop in factory.made], [False])
        result.stopTestRun()
        self.assertEqual([loop.is_closed() for loop in factory.made], [True])
        self.assertEqual(result.events, ["passed"])


class SessionTest(unittest.TestCase):
    """When the loop of the session closes."""

    def test_closed_before_the_verdict(self) -> None:
        """It closes before the runner prints its result, so that what it complains of is seen above."""
        factory = Factory()
        stream = io.StringIO()
        closed: list[tuple[bool, bool]] = []

        class Result(unittest.TextTestResult):
            def printErrors(self) -> None:
                closed.append((factory.made[0].is_closed(), "Ran 1 test" in stream.getvalue()))
                super().printErrors()

        suite = unittest.defaultTestLoader.loadTestsFromTestCase(case_of(loop_factory=factory, loop_scope="session"))
        runner = unittest.TextTestRunner(stream, resultclass=Result)  # type: ignore[arg-type]  # generic in the stubs
        runner.run(suite)
        self.assertEqual(closed, [(True, False)])

    def test_runs_one_after_another(self) -> None:
        """Each run has a session of its own."""
        factory = Factory()
        for _ in range(2):
            self.assertEqual(run_class(case_of(loop_factory=factory, loop_scope="session"), runner=True), ["ok"])
        self.assertEqual(len(factory.made), 2)

    def test_without_a_runner(self) -> None:
        """Where nobody tells the end of the run, the end of the process closes it, without a word."""
        source = (
            "import asyncio, unittest\n"
            "from asynctestkit import AsyncTestCase\n"
            "class Case(AsyncTestCase):\n"
            "    loop_scope = 'session'\n"
            "    async def test(self):\n"
            "        pass\n"
            "Case('test').run(result := unittest.TestResult())\n"
            "print(result.wasSuccessful())\n"
        )
        outcome = run_program(source, "-X", "dev", "-W", "error", "test_program.py")
        self.assertEqual((outcome.stdout, outcome.stderr), ("True\n", ""))


class LoopErrorTest(unittest.TestCase):
    """The error of what a loop cannot do."""

    def test_is_a_runtime_error(self) -> None:
        """It is caught where suites catch what asyncio raises in its place."""
        self.assertTrue(issubclass(LoopError, RuntimeError))


if __name__ == "__main__":
    unittest.main()
