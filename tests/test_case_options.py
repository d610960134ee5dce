"""Options of a test case: what they may be, who inherits them, and what is said of those that cannot be."""

from __future__ import annotations

import asyncio
import functools
import unittest
from collections.abc import Callable
from typing import Any

from asynctestkit import AsyncTestCase, ScopeError, UsageError
from tests.cases import Factory, case_of
from tests.outcomes import Events, refusal, run_class, run_debug, run_one, suite_events

try:
    import uvloop
except ImportError:
    uvloop = None  # type: ignore[assignment]  # tests that need it are skipped


class OwnLoop(asyncio.SelectorEventLoop):
    """A loop that can be told from others."""


class OwnFactory:
    """A callable object that makes loops; not hashable, as objects with == are not."""

    def __eq__(self, other: object) -> bool:
        return self is other

    def __call__(self) -> asyncio.AbstractEventLoop:
        return OwnLoop()


def new_own_loop() -> asyncio.AbstractEventLoop:
    """Make a loop that can be told from others."""
    return OwnLoop()


async def async_factory() -> asyncio.AbstractEventLoop:
    """Make a loop where nobody awaits it."""
    return OwnLoop()


class FactoryTest(unittest.TestCase):
    """loop_factory: in which forms, whose, and what may go wrong."""

    def test_forms(self) -> None:
        """A function, class, static method, partial, lambda, callable object, or a method that takes self."""

        def method(self: Any) -> asyncio.AbstractEventLoop:
            assert isinstance(self, AsyncTestCase)
            return OwnLoop()

        async def test(self: AsyncTestCase) -> None:
            self.assertIs(type(asyncio.get_running_loop()), OwnLoop)

        forms: list[Any] = [new_own_loop, OwnLoop, staticmethod(new_own_loop), functools.partial(OwnLoop)]
        for factory in [*forms, lambda: OwnLoop(), OwnFactory(), method]:
            for scope in (None, "class"):
                with self.subTest(factory=factory, scope=scope):
                    self.assertEqual(run_class(case_of(loop_factory=factory, loop_scope=scope, test=test)), ["ok"])

    @unittest.skipIf(uvloop is None, "uvloop is not installed")
    def test_uvloop(self) -> None:
        """uvloop's own factory works, with all phases in one task."""
        tasks: set[object] = set()

        class Case(AsyncTestCase):
            loop_factory = uvloop.new_event_loop

            async def asyncSetUp(self) -> None:
                await self.enterAsyncContext(asyncio.timeout(60))
                tasks.add(asyncio.current_task())

            async def test(self) -> None:
                await asyncio.sleep(0)
                self.assertIsInstance(self.loop, uvloop.Loop)
                tasks.add(asyncio.current_task())

            async def asyncTearDown(self) -> None:
                tasks.add(asyncio.current_task())

        self.assertEqual(run_one(Case), ["ok"])
        self.assertEqual(len(tasks), 1)

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

    def test_that_gives_no_loop(self) -> None:
        """What a factory returns is checked: it is the test's error, and the test does not run."""
        closed = asyncio.new_event_loop()
        closed.close()
        answers: list[tuple[Any, str]] = [(None, "is no event loop"), (closed, "is closed")]
        for answer, fault in answers:

            def test(self: AsyncTestCase) -> None:
                self.fail("it ran")

            with self.subTest(fault):
                (event,) = suite_events(case_of(loop_factory=staticmethod(lambda: answer), test=test), events=[])
                self.assertRegex(event, rf"^error UsageError: loop_factory .* returned .*, which {fault}$")


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

    def test_method_of_that_name(self) -> None:
        """`debug()` stays unittest's way to run a test, where the class says `debug = True`."""
        seen: list[bool] = []

        async def test(self: AsyncTestCase) -> None:
            seen.append(asyncio.get_running_loop().get_debug())

        self.assertEqual(run_debug(case_of(debug=True, test=test)), ["ok"])
        self.assertEqual(seen, [True])

    def test_from_a_mixin(self) -> None:
        """A mixin's, which is no test case, counts, and `debug()` still runs the test."""
        seen: list[bool] = []

        class Mixin:
            debug = True

        class Case(Mixin, AsyncTestCase):  # type: ignore[misc]  # to mypy debug is unittest's method only
            async def test(self) -> None:
                seen.append(asyncio.get_running_loop().get_debug())

        self.assertEqual(run_one(Case) + run_debug(Case), ["ok", "ok"])
        self.assertEqual(seen, [True, True])

    def test_set_later(self) -> None:
        """Set after the class statement it counts, and may be set once more; `debug()` still runs the test."""
        seen: list[bool] = []

        async def test(self: AsyncTestCase) -> None:
            seen.append(asyncio.get_running_loop().get_debug())

        case = case_of(test=test)
        for wanted in (True, False):
            case.debug = wanted
            self.assertEqual(run_one(case) + run_debug(case), ["ok", "ok"])
        self.assertEqual(seen, [True, True, False, False])

    def test_wrong_value_set_later(self) -> None:
        """A value that cannot be is refused when the first instance is made."""
        case = case_of()
        case.debug = "yes"
        self.assertEqual(
            refusal(UsageError, case, "test"),
            "debug must be True, False or None, not 'yes'\n  where  tests.cases.Case\n  fix:   write debug = True",
        )


class RefusedTest(unittest.TestCase):
    """Wrong options, which the class statement refuses."""

    def test_whole_messages(self) -> None:
        """Option, class and fix are named for a scope, factories and a switch that cannot be."""
        callable_ = "a plain callable that returns a new event loop"
        factory = "write loop_factory = uvloop.new_event_loop (the function itself, not a call of it)"
        wrong: list[tuple[str, Any, str, str, str]] = [
            ("loop_scope", "Class", "a scope", "'Class'", "use one of 'test', 'class', 'module', 'session'"),
            ("loop_factory", "uvloop", callable_, "'uvloop'", factory),
            ("loop_factory", async_factory, callable_, "a coroutine function", factory),
            ("debug", "yes", "True, False or None", "'yes'", "write debug = True"),
        ]
        for option, value, wanted, kind, fix in wrong:
            with self.subTest(option, value=value):
                self.assertEqual(
                    refusal(UsageError, case_of, **{option: value}),
                    f"{option} must be {wanted}, not {kind}\n  where  tests.cases.Case\n  fix:   {fix}",
                )

    def test_loop_scope_that_is_too_short(self) -> None:
        """`loop_scope = "test"` on a class with class hooks: both are placed, and the fix is told."""

        async def hook(cls: type) -> None:
            pass

        for name in ("asyncSetUpClass", "asyncTearDownClass"):
            with self.subTest(name):
                self.assertEqual(
                    refusal(ScopeError, case_of, loop_scope="test", **{name: classmethod(hook)}),
                    f"loop_scope 'test' cannot hold what {name} sets up for the whole class\n"
                    "  class   tests.cases.Case  loop_scope=test\n"
                    "  hook    test_case_options.py:N  scope=class\n"
                    "  fix:    leave loop_scope out, or make it 'class' or wider",
                )


if __name__ == "__main__":
    unittest.main()
