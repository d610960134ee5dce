"""Hooks that would do nothing, or be called in vain: the whole message of each, and that nothing else is said."""

from __future__ import annotations

import asyncio
import unittest
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from asynctestkit import AsyncTestCase, UsageError
from tests.made_modules import ModuleCase
from tests.outcomes import BothWays, Events, OutcomeResult, complaints, mask, refusal, suite_of


def generator(name: str) -> Callable[..., Any]:
    """Return a plain hook with a yield."""

    def hook(self: Any) -> Iterator[None]:
        raise AssertionError("it ran")
        yield

    hook.__qualname__ = f"Case.{name}"
    return hook


def async_generator(name: str) -> Callable[..., Any]:
    """Return an async hook with a yield."""

    async def hook(self: Any) -> AsyncIterator[None]:
        raise AssertionError("it ran")
        yield

    hook.__qualname__ = f"Case.{name}"
    return hook


async def passes(self: Any) -> None:
    """Be a test."""


def case_with(**names: Any) -> type[AsyncTestCase]:
    """Return a case of one test, in a module called `suite`, with more names."""
    return type("Case", (AsyncTestCase,), {"test": passes, "__module__": "suite", **names})


def error_of(case: type[unittest.TestCase]) -> str:
    """Return the one error or failure of a class that a suite runs, with places masked; it must be the only word."""
    result = OutcomeResult()
    with complaints() as said:
        suite_of(case).run(result)
    ((_, text),) = result.errors + result.failures
    assert said == [], said
    return mask(text).partition("asynctestkit.")[2].strip()


class YieldTest(unittest.TestCase):
    """Hooks with a yield, as pytest's fixtures have them."""

    maxDiff = None

    def check(self, case: type[unittest.TestCase], hook: str, kind: str) -> None:
        self.assertEqual(
            error_of(case),
            f"SilentPassError: {hook} is {kind}: nothing of it has run\n"
            "  defined  test_case_hook_mistakes.py:N\n"
            "  fix:     remove the yield; to tidy up later, use addAsyncCleanup, enterAsyncContext or a @fixture",
        )

    def test_plain_names(self) -> None:
        """setUp and tearDown, plain and async."""
        for name in ("setUp", "tearDown"):
            for make, kind in ((generator, "a generator"), (async_generator, "an async generator")):
                with self.subTest(name, kind=kind):
                    self.check(case_with(**{name: make(name)}), f"Case.{name}", kind)

    def test_class_hooks(self) -> None:
        """setUpClass and tearDownClass, plain and async."""
        for name in ("setUpClass", "tearDownClass"):
            for make, kind in ((generator, "a generator"), (async_generator, "an async generator")):
                with self.subTest(name, kind=kind):
                    self.check(case_with(**{name: classmethod(make(name))}), f"Case.{name}", kind)

    def test_cleanups(self) -> None:
        """A cleanup of a test, and one of a class."""
        for make, kind in ((generator, "a generator"), (async_generator, "an async generator")):
            with self.subTest(kind=kind):
                cleanup = make("cleanup")

                def set_up(self: Any, cleanup: Any = cleanup) -> None:
                    self.addCleanup(cleanup, self)

                def set_up_class(cls: Any, cleanup: Any = cleanup) -> None:
                    cls.addClassCleanup(cleanup, cls)

                self.check(case_with(setUp=set_up), "Case.cleanup", kind)
                self.check(case_with(setUpClass=classmethod(set_up_class)), "Case.cleanup", kind)


class NotAsyncTest(unittest.TestCase):
    """Hooks that must be coroutine functions, and are not."""

    maxDiff = None

    def check(self, case: type[unittest.TestCase], fault: str, fix: str) -> None:
        self.assertEqual(
            error_of(case),
            f"UsageError: Case.{fault}\n  defined  test_case_hook_mistakes.py:N\n  fix:     {fix}",
        )

    def test_yield(self) -> None:
        """A yield in asyncSetUp, asyncTearDown, asyncSetUpClass and asyncTearDownClass."""
        fault = "is an async generator function: nothing of it would run"
        for name in ("asyncSetUp", "asyncTearDown"):
            with self.subTest(name):
                self.check(case_with(**{name: async_generator(name)}), f"{name} {fault}", "remove the yield")
        for name in ("asyncSetUpClass", "asyncTearDownClass"):
            with self.subTest(name):
                hook = classmethod(async_generator(name))
                self.check(case_with(**{name: hook}), f"{name} {fault}", "remove the yield")

    def test_plain_function(self) -> None:
        """A plain asyncSetUpClass and asyncTearDownClass."""
        for name in ("asyncSetUpClass", "asyncTearDownClass"):

            def hook(cls: type) -> None:
                raise AssertionError("it ran")

            hook.__name__, hook.__qualname__ = name, f"Case.{name}"
            with self.subTest(name):
                self.check(
                    case_with(**{name: classmethod(hook)}),
                    f"{name} is not an async function",
                    f"write `async def {name}`, or do it in setUp or tearDown",
                )


class BothWaysTest(BothWays):
    """The same through `run()` and `debug()`."""

    def test_tear_down_follows(self) -> None:
        """A test whose setUp has a yield does not run; one whose tearDown has it runs, and its cleanups do."""

        def make_set_up(events: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                def setUp(self) -> Iterator[None]:
                    events.append("setUp")
                    yield

                async def test(self) -> None:
                    events.append("test")

            Case.setUp.__qualname__ = "Case.setUp"
            return Case

        def make_tear_down(events: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                async def test(self) -> None:
                    self.addCleanup(asyncio.sleep, 0)
                    events.append("test")

                async def tearDown(self) -> AsyncIterator[None]:
                    events.append("tearDown")
                    yield

            Case.tearDown.__qualname__ = "Case.tearDown"
            return Case

        ran = "nothing of it has run"
        self.assert_events(make_set_up, f"failure SilentPassError: Case.setUp is a generator: {ran}")
        told = f"failure SilentPassError: Case.tearDown is an async generator: {ran}"
        self.assert_events(make_tear_down, "test", told)


class RefusedTest(unittest.TestCase):
    """Class hooks that the class statement refuses."""

    def test_no_class_method(self) -> None:
        """A class hook without @classmethod, async or not: it would be called without an instance."""

        def plain(self: Any) -> None:
            pass

        async def coroutine(self: Any) -> None:
            pass

        forms: dict[str, Any] = {
            "setUpClass": plain,
            "tearDownClass": coroutine,
            "asyncSetUpClass": coroutine,
            "asyncTearDownClass": coroutine,
        }
        for name, hook in forms.items():
            with self.subTest(name):
                self.assertEqual(
                    refusal(UsageError, case_with, **{name: hook}),
                    f"{name} must be a class method: it is called before there is an instance\n"
                    "  class    suite.Case\n"
                    "  defined  test_case_hook_mistakes.py:N\n"
                    f"  fix:     write @classmethod above `def {name}`",
                )

    def test_static_method(self) -> None:
        """A static method, which gets along without an instance, is let be."""
        self.assertTrue(case_with(setUpClass=staticmethod(lambda: None)))


class ModuleHooksTest(ModuleCase):
    """Module hooks that unittest calls and nobody awaits."""

    maxDiff = None

    def test_undecorated(self) -> None:
        """A class whose module has one is refused when it is set up, with the fix."""
        for name in ("setUpModule", "tearDownModule"):
            with self.subTest(name):
                module = self.make(
                    f"""
                    from asynctestkit import AsyncTestCase

                    async def {name}():
                        ran.append("{name}")

                    class Case(AsyncTestCase):
                        async def test(self):
                            ran.append("test")
                    """
                )
                result = unittest.TestResult()
                with complaints():
                    self.load(module).run(result)
                ((test, text),) = result.errors
                self.assertEqual(test.id(), f"setUpClass ({module.__name__}.Case)")
                self.assertEqual(
                    mask(text).partition("asynctestkit.")[2],
                    f"UsageError: {name} is a coroutine function, which unittest calls and nobody awaits\n"
                    f"  defined  {module.__name__}.py:N\n"
                    f"  fix:     write @async_hook above `async def {name}`\n",
                )
                self.assertEqual(module.ran, [])


if __name__ == "__main__":
    unittest.main()
