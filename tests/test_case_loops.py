"""Which loop a test gets, for how long, and what is asked of the loop factory."""

from __future__ import annotations

import asyncio
import io
import unittest
from collections.abc import Callable
from typing import Any

from asynctestkit import AsyncTestCase, ScopeError
from tests.outcomes import Events, OutcomeResult, mask, run_class, run_one, suite_events
from tests.programs import run_program


class Factory:
    """A factory that remembers what it made."""

    def __init__(self) -> None:
        self.made: list[asyncio.AbstractEventLoop] = []

    def __call__(self) -> asyncio.AbstractEventLoop:
        self.made.append(asyncio.new_event_loop())
        return self.made[-1]


def case_of(**options: Any) -> type[AsyncTestCase]:
    """Return a case of one async test that passes, with options."""

    async def test(self: AsyncTestCase) -> None:
        await asyncio.sleep(0)

    return type("Case", (AsyncTestCase,), {"test": test, "__module__": __name__, **options})


class FactoryTest(unittest.TestCase):
    """How often, and for whom, the factory is called."""

    def made(self, *options: dict[str, Any]) -> int:
        """Return how many loops classes with these options make, one test each; all must be closed afterwards."""
        factory = Factory()
        classes = [case_of(loop_factory=factory, **each) for each in options]
        self.assertEqual(run_class(*classes, runner=True), ["ok"])
        self.assertTrue(all(loop.is_closed() for loop in factory.made))
        return len(factory.made)

    def test_per_test(self) -> None:
        """One loop for each test."""
        self.assertEqual(self.made({}, {}), 2)

    def test_per_class(self) -> None:
        """One loop for each class."""
        self.assertEqual(self.made({"loop_scope": "class"}, {"loop_scope": "class"}), 2)

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

        def set_up_class(cls: type) -> None:
            raise unittest.SkipTest("set-up")

        factory = Factory()
        skipped = unittest.skip("class")(case_of(loop_factory=factory, loop_scope="class"))
        in_set_up = case_of(loop_factory=factory, setUpClass=classmethod(set_up_class))
        self.assertEqual(suite_events(skipped, in_set_up, events=[]), ["skipped class", "skipped set-up"])
        self.assertEqual(factory.made, [])

    def test_on_the_instance(self) -> None:
        """A factory that `__init__` assigns is this instance's."""
        factory = Factory()

        def init(self: AsyncTestCase, name: str = "runTest") -> None:
            AsyncTestCase.__init__(self, name)
            vars(self)["loop_factory"] = factory

        self.assertEqual(run_one(case_of(__init__=init)), ["ok"])
        self.assertEqual(len(factory.made), 1)

    def test_inherited(self) -> None:
        """A subclass inherits it, and may go back to None."""
        factory = Factory()
        base = case_of(loop_factory=factory)
        self.assertEqual(run_one(type("Sub", (base,), {})), ["ok"])
        self.assertEqual(run_one(type("Plain", (base,), {"loop_factory": None})), ["ok"])
        self.assertEqual(len(factory.made), 1)

    def test_class_method(self) -> None:
        """A class method is called with the class."""
        seen: list[object] = []

        def factory(cls: type) -> asyncio.AbstractEventLoop:
            seen.append(cls)
            return asyncio.new_event_loop()

        case = case_of(loop_factory=classmethod(factory))
        self.assertEqual(run_one(case), ["ok"])
        self.assertEqual(seen, [case])

    def test_that_fails(self) -> None:
        """An error of the factory is the test's, and the next test runs."""
        answers: list[Callable[[], asyncio.AbstractEventLoop]] = [lambda: [][0], asyncio.new_event_loop]

        class Case(AsyncTestCase):
            loop_factory = staticmethod(lambda: answers.pop(0)())

            async def test_a(self) -> None:
                pass

            async def test_b(self) -> None:
                pass

        self.assertEqual(suite_events(Case, events=[]), ["error IndexError: list index out of range", "passed"])


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


class SwitchTest(unittest.TestCase):
    """debug."""

    def test_shared_loop(self) -> None:
        """The option of a class counts on its shared loop, too."""
        events: Events = []

        class Case(AsyncTestCase):
            debug = True
            loop_scope = "class"

            async def test(self) -> None:
                events.append(str(asyncio.get_running_loop().get_debug()))

        self.assertEqual(suite_events(Case, events=events), ["True", "passed"])

    def test_inherited(self) -> None:
        """A subclass inherits it, and may turn it off."""
        seen: list[bool] = []

        class Base(AsyncTestCase):
            debug = True

            async def test(self) -> None:
                seen.append(asyncio.get_running_loop().get_debug())

        class Off(Base):
            debug = False

        self.assertEqual(run_one(type("Sub", (Base,), {})) + run_one(Off), ["ok", "ok"])
        self.assertEqual(seen, [True, False])

    def test_meets_another_on_a_shared_loop(self) -> None:
        """Two classes of one module may differ in it: each runs in the mode it asked for."""
        seen: list[bool] = []

        async def test(self: AsyncTestCase) -> None:
            seen.append(asyncio.get_running_loop().get_debug())

        classes = [case_of(loop_scope="module", debug=debug, test=test) for debug in (True, False)]
        self.assertEqual(run_class(*classes, runner=True), ["ok"])
        self.assertEqual(seen, [True, False])


class TooShortTest(unittest.TestCase):
    """loop_scope = "test" on a class that needs more."""

    def test_whole_message(self) -> None:
        """The class and its hook are both placed, and the fix is told."""

        async def hook(cls: type) -> None:
            pass

        for name in ("asyncSetUpClass", "asyncTearDownClass"):
            with self.subTest(name), self.assertRaises(ScopeError) as caught:
                case_of(loop_scope="test", **{name: classmethod(hook)})
            self.assertEqual(
                mask(str(caught.exception)),
                f"loop_scope 'test' cannot hold what {name} sets up for the whole class\n"
                f"  class   {__name__}.Case  loop_scope=test\n"
                "  hook    test_case_loops.py:N  scope=class\n"
                "  fix:    leave loop_scope out, or make it 'class' or wider",
            )


if __name__ == "__main__":
    unittest.main()
