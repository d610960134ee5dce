"""What `@async_test` and `@async_hook` are wrongly put on is refused where it stands; of the rest they keep all."""

from __future__ import annotations

import asyncio
import functools
import inspect
import pickle
import unittest
from collections.abc import AsyncIterator, Callable
from typing import Any

from asynctestkit import UsageError, async_hook, async_test
from tests.outcomes import mask


class Target:
    """A class to be decorated."""


def plain() -> None:
    """Do nothing."""


async def generator() -> AsyncIterator[None]:
    """Yield once."""
    yield


async def coroutine_function() -> None:
    """Do nothing, asynchronously."""


async def asyncSetUp(self: Any) -> None:
    """Do nothing: a hook's name, but not one of unittest.TestCase."""


async def set_up(self: Any) -> None:
    """Do nothing: nearly a hook's name."""


class WithMethods:
    """Methods of each kind, as they stand in the class."""

    @classmethod
    async def of_class(cls) -> None:
        """Do nothing."""

    @staticmethod
    async def static() -> None:
        """Do nothing."""


def needs(decorator: str, what: str, kind: str, place: str, fix: str) -> str:
    """Return the whole message about a wrong target."""
    return f"@{decorator} needs a coroutine function, and {what} is {kind}\n  defined  {place}\n  fix:     {fix}"


HERE = "test_wrong_targets.py:N"


class RefusedTest(unittest.TestCase):
    """The whole messages."""

    maxDiff = None

    def refused(self, decorate: Any, *target: Any, **options: Any) -> str:
        """Return what is said of a wrong target or option; it survives pickling."""
        with self.assertRaises(UsageError) as caught:
            decorate(*target, **options)
        self.assertEqual(str(pickle.loads(pickle.dumps(caught.exception))), str(caught.exception))
        return mask(str(caught.exception))

    def check(self, decorate: Any, name: str) -> None:
        for target, what, kind, place, fix in (
            (plain, "plain", "a plain function", HERE, f"make it `async def`, or remove @{name}"),
            (
                Target,
                "Target",
                "a class",
                HERE,
                f"put @{name} on its async methods, or derive the class from AsyncTestCase",
            ),
            (generator, "generator", "an async generator function", HERE, "remove the yield"),
            (None, "None", "None", "(no source)", f"write @{name} or @{name}(option=value) above an `async def`"),
            (7, "7", "7", "(no source)", f"write @{name} or @{name}(option=value) above an `async def`"),
        ):
            with self.subTest(target=what):
                if target is None and decorate is async_test:
                    continue  # async_test(None) is async_test()
                self.assertEqual(self.refused(decorate, target), needs(name, what, kind, place, fix))

    def test_async_test(self) -> None:
        """`@async_test`."""
        self.check(async_test, "async_test")

    def test_called_form(self) -> None:
        """`@async_test(timeout=1)`: the same words."""
        self.check(async_test(timeout=1), "async_test")

    def test_async_hook(self) -> None:
        """`@async_hook`."""
        self.check(async_hook, "async_hook")

    def test_class_and_static_methods(self) -> None:
        """`@async_test` stands under `@staticmethod` and `@classmethod`, not above them."""
        for name, kind in (("of_class", "classmethod"), ("static", "staticmethod")):
            with self.subTest(kind):
                said = self.refused(async_test, vars(WithMethods)[name])
                self.assertEqual(
                    said,
                    needs(
                        "async_test",
                        f"WithMethods.{name}",
                        f"a {kind}",
                        HERE,
                        f"write @async_test under @{kind}, on the async def",
                    ),
                )
        said = self.refused(async_hook, vars(WithMethods)["static"])
        self.assertTrue(
            said.startswith("@async_hook needs a coroutine function, and WithMethods.static is a staticmethod")
        )

    def test_names_that_are_no_hooks(self) -> None:
        """A hook is one of unittest.TestCase's, by its exact name."""
        for target in (set_up, asyncSetUp, coroutine_function):
            with self.subTest(target.__name__):
                self.assertEqual(
                    self.refused(async_hook, target),
                    f"@async_hook is for unittest's hooks, and {target.__name__} is none\n"
                    f"  defined  {HERE}\n"
                    "  valid    setUp, tearDown, setUpClass, tearDownClass, setUpModule, tearDownModule "
                    "(the last two at module level)\n"
                    "  fix:     use @async_test for a test; call other coroutines from a hook or a test with await",
                )

    def test_module_hook_in_a_class(self) -> None:
        """`setUpModule` is a hook at module level only."""

        class Case(unittest.TestCase):
            async def setUpModule(self) -> None:
                """Do nothing."""

        self.assertRegex(
            self.refused(async_hook, Case.setUpModule), r"^@async_hook is for unittest's hooks, and .* is none\n"
        )

    def test_timeouts(self) -> None:
        """A timeout is a number of seconds above 0, or None."""
        for value in ("5", 0, 0.0, -1, True, float("nan"), float("-inf"), [1]):
            with self.subTest(value=value):
                self.assertEqual(
                    self.refused(async_test, timeout=value),
                    f"timeout must be a number of seconds above 0, or None, not {value!r}\n"
                    f"  where  @async_test(...) at {HERE}\n"
                    "  fix:   write timeout = 5.0 for five seconds, timeout = None for no limit",
                )

    def test_loop_factories(self) -> None:
        """A loop factory is a plain callable, not the loop and not a coroutine function."""
        loop = asyncio.new_event_loop()
        self.addCleanup(loop.close)
        wrong: list[tuple[Any, str]] = [
            (loop, repr(loop)),
            (5, "5"),
            (coroutine_function, "a coroutine function"),
        ]
        for value, kind in wrong:
            with self.subTest(kind):
                self.assertEqual(
                    self.refused(async_test, loop_factory=value),
                    f"loop_factory must be a plain callable that returns a new event loop, not {kind}\n"
                    f"  where  @async_test(...) at {HERE}\n"
                    "  fix:   write loop_factory = uvloop.new_event_loop (the function itself, not a call of it)",
                )

    def test_hooks_as_tests(self) -> None:
        """`@async_test` on a hook of unittest's is told which decorator is meant."""

        async def setUp(self: Any) -> None:
            """Prepare."""

        self.assertEqual(
            self.refused(async_test, setUp).splitlines()[0].partition(", and ")[0], "@async_test is for tests"
        )

    def test_hooks_outside_a_class(self) -> None:
        """A test's or class's hook at module level would be called by nobody."""
        module: dict[str, Any] = {}
        exec("async def setUp(self): ...\nasync def tearDownClass(cls): ...", module)
        for name, meant in (("setUp", "setUpModule"), ("tearDownClass", "tearDownModule")):
            with self.subTest(name):
                self.assertEqual(
                    self.refused(async_hook, module[name]).replace(
                        f"<string>:{module[name].__code__.co_firstlineno}", "PLACE"
                    ),
                    f"@async_hook on {name} outside a class: nobody calls it there\n"
                    "  defined  PLACE\n"
                    f"  fix:     move it into a test class, or call it {meant}",
                )

    def test_class_hooks_without_classmethod(self) -> None:
        """It is said when unittest calls it, which is the first time it can be known."""

        class Case(unittest.TestCase):
            @async_hook
            async def setUpClass(cls) -> None:  # wrong on purpose
                """Prepare."""

        name = "RefusedTest.test_class_hooks_without_classmethod.<locals>.Case.setUpClass"
        self.assertEqual(
            self.refused(Case.setUpClass),
            f"{name} must be a class method: it is called before there is an instance\n"
            f"  defined  {HERE}\n"
            "  fix:     write @classmethod above @async_hook, on `async def setUpClass(cls)`",
        )

    def test_hooks_of_no_test_case(self) -> None:
        """`@async_hook` on a class that is no TestCase."""

        class NoCase:
            @async_hook
            async def setUp(self) -> None:
                """Prepare."""

        first = self.refused(NoCase().setUp).splitlines()[0]
        self.assertEqual(
            first,
            "@async_hook works on methods of a unittest.TestCase, and "
            "RefusedTest.test_hooks_of_no_test_case.<locals>.NoCase is none",
        )

    def test_options_are_named(self) -> None:
        """There are no positional options, and no others."""
        decorate: Any = async_test
        with self.assertRaises(TypeError):
            decorate(coroutine_function, 5)
        with self.assertRaises(TypeError):
            decorate(limit=5)


class ShapeTest(unittest.TestCase):
    """What is decorated still looks like what it was."""

    def assert_kept(self, decorated: Any, original: Callable[..., Any]) -> None:
        """Compare everything that tools look at."""
        self.assertEqual(inspect.signature(decorated), inspect.signature(original))
        for name in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
            self.assertEqual(getattr(decorated, name), getattr(original, name), name)
        self.assertIs(inspect.unwrap(decorated), original)
        self.assertEqual(inspect.getsourcelines(decorated), inspect.getsourcelines(original))
        self.assertTrue(inspect.isfunction(decorated))
        self.assertFalse(inspect.iscoroutinefunction(decorated))

    def test_functions(self) -> None:
        """Bare and called, a function keeps its name, signature, documentation, source, original and attributes."""

        async def test_one(a: int, /, b: str = "x", *, c: float) -> None:
            """Do one thing."""

        vars(test_one)["pytestmark"] = ["a mark"]
        for decorated in (async_test(test_one), async_test()(test_one), async_test(timeout=5)(test_one)):
            self.assert_kept(decorated, test_one)
            self.assertEqual(vars(decorated)["pytestmark"], ["a mark"])

    def test_methods(self) -> None:
        """So does a method, seen from the class and from an instance."""

        class Case(unittest.TestCase):
            async def test(self, number: int = 1) -> None:
                """Do one thing."""

            decorated = async_test(loop_factory=asyncio.new_event_loop)(test)

        self.assert_kept(Case.decorated, Case.test)
        case = Case("test")
        self.assertEqual(inspect.signature(case.decorated), inspect.signature(case.test))

    def test_hooks(self) -> None:
        """So does a hook, also as a class method in either order."""

        async def setUp(self: Any) -> None:
            """Prepare."""

        async def tearDownModule() -> None:
            """Tidy up."""

        async def setUpClass(cls: Any) -> None:
            """Prepare the class."""

        self.assert_kept(async_hook(setUp), setUp)
        self.assert_kept(async_hook(tearDownModule), tearDownModule)
        for decorated in (async_hook(classmethod(setUpClass)), classmethod(async_hook(setUpClass))):
            self.assertIsInstance(decorated, classmethod)
            self.assert_kept(decorated.__func__, setUpClass)

    def test_other_wrappers_below(self) -> None:
        """A coroutine function that another decorator made is as good as one that was written."""

        async def test_one() -> None:
            """Do one thing."""

        @functools.wraps(test_one)
        async def wrapped() -> None:
            ran.append("wrapped")
            await test_one()

        ran: list[str] = []
        decorated = async_test(wrapped)
        self.assert_kept(decorated, test_one)
        decorated()
        self.assertEqual(ran, ["wrapped"])


if __name__ == "__main__":
    unittest.main()
