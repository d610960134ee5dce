"""The short way through `TestCase.run` and the long one say the same to the result, event by event."""

from __future__ import annotations

import sys
import unittest
from collections.abc import Callable
from typing import Any
from unittest import mock

from asynctestkit import AsyncTestCase, running


class Recorder(unittest.TestResult):
    """A result that writes down what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if not name.startswith(("add", "start", "stop")) or not callable(value):
            return value

        def told(*args: Any) -> Any:
            detail = [type(arg[1]).__name__ for arg in args if isinstance(arg, tuple)]
            self.told.append(" ".join((name, *detail)))
            return value(*args)

        return told


class Base(AsyncTestCase):
    """Writes down what its parts see of unittest's outcome."""

    def setUp(self) -> None:
        """Write down the outcome as the set-up sees it."""
        self.seen = [self._outcome.success]

    def tearDown(self) -> None:
        """Write down the outcome as the tear-down sees it."""
        self.seen.append(self._outcome.success)


def told(cls: type[AsyncTestCase], *, short: bool) -> list[str]:
    """Return what a result is told of the class's only test, and what its tear-down saw."""
    result, case = Recorder(), cls("test")
    with mock.patch.object(running, "may_run", running.may_run if short else lambda case, run: False):
        case.run(result)
    return [*result.told, f"seen {case.seen}"]  # type: ignore[attr-defined]  # of Base


def may_run(cls: Any) -> bool:
    """Ask whether the class's only test may go the short way."""
    case = cls("test")
    return running.may_run(case, super(unittest.IsolatedAsyncioTestCase, case).run)


@unittest.skipUnless(running.KNOWN, "this version runs tests in an order of its own")
class SameTest(unittest.TestCase):
    """What the result is told."""

    def check(self, test: Callable[[Any], Any], **names: Any) -> list[str]:
        """Compare the two ways, and return what both said."""
        case: Any = type("Case", (Base,), {"test": test, "__module__": __name__, **names})
        self.assertTrue(may_run(case))
        said = told(case, short=True)
        self.assertEqual(said, told(case, short=False))
        return said

    def test_success(self) -> None:
        """A test that passes."""

        async def test(self: Base) -> None:
            pass

        duration = ["addDuration"] if sys.version_info >= (3, 12) else []
        self.assertEqual(self.check(test), ["startTest", *duration, "addSuccess", "stopTest", "seen [True, True]"])

    def test_failures(self) -> None:
        """A test that fails, one that breaks, one that skips, one that exits."""
        for error in (AssertionError("wrong"), ValueError("broken"), unittest.SkipTest("not now"), SystemExit(3)):
            with self.subTest(error=error):

                async def test(self: Base, error: BaseException = error) -> None:
                    raise error

                self.check(test)

    def test_several_failures(self) -> None:
        """Test, tear-down and cleanup fail, each by itself."""

        async def test(self: Base) -> None:
            self.addCleanup(exec, "raise KeyError('cleanup')")
            raise ValueError("test")

        async def tear_down(self: Base) -> None:
            raise TypeError("tear-down")

        said = self.check(test, asyncTearDown=tear_down)
        self.assertEqual(
            [event for event in said if event.startswith("addError")],
            ["addError ValueError", "addError TypeError", "addError KeyError"],
        )

    def test_set_up_fails(self) -> None:
        """Nothing but the cleanups follows a set-up that fails."""

        async def test(self: Base) -> None:
            self.fail("the body ran")

        async def set_up(self: Base) -> None:
            self.addCleanup(exec, "raise KeyError('cleanup')")
            raise ValueError("set-up")

        said = self.check(test, asyncSetUp=set_up)
        self.assertEqual(said[1:3], ["addError ValueError", "addError KeyError"])

    def test_sub_tests(self) -> None:
        """A sub-test that fails makes no success of the test; the next one still runs."""

        async def test(self: Base) -> None:
            for number in (1, 2, 3):
                with self.subTest(number=number):
                    self.assertNotEqual(number, 2)

        said = self.check(test)
        self.assertNotIn("addSuccess", said)

    def test_keyboard_interrupt(self) -> None:
        """KeyboardInterrupt leaves run(), and the result is told that the test stopped."""

        class Case(Base):
            async def test(self) -> None:
                raise KeyboardInterrupt

        result = Recorder()
        with self.assertRaises(KeyboardInterrupt):
            Case("test").run(result)
        self.assertEqual(result.told, ["startTest", "stopTest"])


@unittest.skipUnless(running.KNOWN, "this version runs tests in an order of its own")
class MayRunTest(unittest.TestCase):
    """Which tests are left to unittest."""

    def test_marked_tests(self) -> None:
        """Tests that are skipped or expected to fail, by themselves or with their class."""

        class Skipped(AsyncTestCase):
            @unittest.skip("not now")
            async def test(self) -> None:
                pass

        class Expected(AsyncTestCase):
            @unittest.expectedFailure
            async def test(self) -> None:
                pass

        class Plain(AsyncTestCase):
            async def test(self) -> None:
                pass

        marked = (Skipped, Expected, unittest.skip("not now")(type("Class", (Plain,), {})))
        self.assertEqual([may_run(cls) for cls in (*marked, Plain)], [False, False, False, True])

    def test_a_run_of_a_mixin(self) -> None:
        """A `run` that comes between ours and TestCase's is called."""
        called: list[str] = []

        class Mixin(unittest.TestCase):
            def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
                called.append("mixin")
                return super().run(result)

        class Case(AsyncTestCase, Mixin):
            async def test(self) -> None:
                called.append("test")

        Case("test").run(unittest.TestResult())
        self.assertEqual(called, ["mixin", "test"])
