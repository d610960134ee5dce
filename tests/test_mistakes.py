"""Tests that would pass without proving anything: the whole message of each, and that nothing else is said."""

from __future__ import annotations

import asyncio
import functools
import unittest
import warnings
from collections.abc import Callable
from typing import Any

from asynctestkit import AsyncTestCase, SilentPassError, async_test
from tests.outcomes import BothWays, Events, OutcomeResult, complaints, mask, warnings_are_errors


async def ready() -> bool:
    """Return what nobody waits for."""
    return False


def allow_return() -> None:
    """Say nothing of unittest's own warning, in the block of warnings that this is called in."""
    warnings.filterwarnings("ignore", "It is deprecated to return a value", DeprecationWarning)


def message_of(case: type[unittest.TestCase]) -> str:
    """Return the message of the one failure of a test, with places and addresses masked; it must be the only word."""
    with complaints() as said:
        allow_return()
        case("test").run(result := OutcomeResult())
    ((_, text),) = result.failures
    assert (result.errors, said) == ([], [])
    _, _, told = text.partition("asynctestkit.SilentPassError: ")
    return mask(told or text.partition("\nAssertionError: ")[2]).strip()


def case_of(test: Callable[..., Any]) -> type[AsyncTestCase]:
    """Return a case with this one test, in a module called `suite`."""
    case = type("Case", (AsyncTestCase,), {"test": test, "__module__": "suite"})
    test.__qualname__ = "Case.test"
    return case


class ReturnTest(BothWays):
    """Tests that return something."""

    def expected(self, headline: str) -> str:
        return (
            f"{headline}; a test must return None\n"
            "  test     suite.Case.test\n"
            "  defined  test_mistakes.py:N\n"
            "  fix:     assert on the value instead of returning it"
        )

    def returned(self, headline: str, test: Callable[..., Any]) -> None:
        self.assertEqual(message_of(case_of(test)), self.expected(headline))

    def test_async(self) -> None:
        """An async test."""

        async def test(self: Any) -> object:
            await asyncio.sleep(0)
            return {"answer": 42}

        self.returned("Case.test returned {'answer': 42}", test)

    def test_sync(self) -> None:
        """A sync test."""

        def test(self: Any) -> bool:
            return False

        self.returned("Case.test returned False", test)

    def test_decorated(self) -> None:
        """A decorated method of a plain test case."""

        async def test(self: Any) -> bool:
            return False

        test.__qualname__ = "Case.test"
        decorated = async_test(test)  # type: ignore[arg-type]  # the mistake that is tested
        case = type("Case", (unittest.TestCase,), {"test": decorated, "__module__": "suite"})
        self.assertEqual(message_of(case), self.expected("Case.test returned False"))

    def test_long_value(self) -> None:
        """A long value is cut."""

        async def test(self: Any) -> str:
            return "x" * 200

        self.returned(f"Case.test returned '{'x' * 76}...", test)

    def test_coroutine(self) -> None:
        """What a coroutine test returns is not awaited in its turn: it is a value like another."""
        kept: list[Any] = []

        async def test(self: Any) -> object:
            kept.append(ready())
            return kept[0]

        with warnings.catch_warnings():
            allow_return()
            result = OutcomeResult()
            case_of(test)("test").run(result)
        kept[0].close()
        (event,) = result.events
        self.assertRegex(event, r"^failure SilentPassError: Case\.test returned <coroutine object ready at .*>;")

    def test_both_ways(self) -> None:
        """`debug()` fails it as `run()` does."""

        def make(events: Events) -> type[unittest.TestCase]:
            async def test(self: Any) -> int:
                return 3

            return case_of(test)

        with warnings.catch_warnings():
            allow_return()
            self.assert_events(make, "failure SilentPassError: Case.test returned 3; a test must return None")

    def test_expected_failure(self) -> None:
        """A test that is expected to fail may fail by this."""

        @unittest.expectedFailure
        async def test(self: Any) -> int:
            return 3

        result = OutcomeResult()
        with warnings.catch_warnings():
            allow_return()
            case_of(test)("test").run(result)
        self.assertEqual(result.events, ["expected SilentPassError: Case.test returned 3; a test must return None"])

    def test_warnings_as_errors(self) -> None:
        """Under `-W error` the failure with the fix is what is told, not unittest's warning."""

        async def test(self: Any) -> int:
            return 3

        result = OutcomeResult()
        with warnings_are_errors():
            case_of(test)("test").run(result)
        self.assertEqual(result.events, ["failure SilentPassError: Case.test returned 3; a test must return None"])

    def test_future(self) -> None:
        """A future that a plain test returns is awaited, and its value is the test's."""

        def test(self: Any) -> object:
            return self.loop.create_task(ready())

        self.returned("Case.test returned False", test)


class GeneratorTest(unittest.TestCase):
    """Tests with a yield."""

    def test_async_generator(self) -> None:
        """An async generator."""

        async def test(self: Any) -> Any:
            yield

        self.assertEqual(
            message_of(case_of(test)),
            "Case.test is an async generator: its body did not run\n"
            "  test     suite.Case.test\n"
            "  defined  test_mistakes.py:N\n"
            "  fix:     remove the yield from the test; close things with enterAsyncContext or addAsyncCleanup",
        )

    def test_generator(self) -> None:
        """A generator."""

        def test(self: Any) -> Any:
            yield

        self.assertEqual(
            message_of(case_of(test)),
            "Case.test is a generator: its body did not run\n"
            "  test     suite.Case.test\n"
            "  defined  test_mistakes.py:N\n"
            "  fix:     remove the yield from the test, or make it `async def` and await",
        )


class AssertionTest(unittest.TestCase):
    """Coroutine objects where a truth is asserted."""

    def asserted(self, assertion: str, make: Callable[[], object] = ready) -> str:
        async def test(self: Any) -> None:
            getattr(self, assertion)(make())

        return message_of(case_of(test))

    def expected(self, assertion: str) -> str:
        return (
            f"{assertion} got the coroutine object ready(), which was never awaited\n"
            "  coroutine  test_mistakes.py:N\n"
            f"  fix:       write self.{assertion}(await ready(...))"
        )

    def test_assert_true(self) -> None:
        """assertTrue, which would pass."""
        self.assertEqual(self.asserted("assertTrue"), self.expected("assertTrue"))

    def test_assert_false(self) -> None:
        """assertFalse, which would fail for the wrong reason."""
        self.assertEqual(self.asserted("assertFalse"), self.expected("assertFalse"))

    def test_assert_is_not_none(self) -> None:
        """assertIsNotNone, which would pass."""
        self.assertEqual(self.asserted("assertIsNotNone"), self.expected("assertIsNotNone"))

    def test_method(self) -> None:
        """A method is called by its name where it is to be awaited, and by its qualified name where it is."""

        class Client:
            async def ready(self) -> bool:
                return False

        self.assertEqual(
            self.asserted("assertTrue", Client().ready),
            "assertTrue got the coroutine object AssertionTest.test_method.<locals>.Client.ready(), which was never "
            "awaited\n"
            "  coroutine  test_mistakes.py:N\n"
            "  fix:       write self.assertTrue(await ready(...))",
        )

    def test_closed(self) -> None:
        """The object is closed, so that no second complaint follows."""
        coroutine: Any = ready()
        with warnings_are_errors(), self.assertRaises(AssertionError):
            AsyncTestCase().assertTrue(coroutine)
        self.assertIsNone(coroutine.cr_frame)

    def test_in_a_sync_test(self) -> None:
        """A sync test fails by it just so."""

        def test(self: Any) -> None:
            self.assertTrue(ready())

        self.assertEqual(message_of(case_of(test)), self.expected("assertTrue"))

    def test_own_failure_exception(self) -> None:
        """It is the failure exception of the class that is raised."""

        class OwnFailure(AssertionError):
            pass

        class Case(AsyncTestCase):
            failureException = OwnFailure

        with self.assertRaises(OwnFailure):
            Case().assertTrue(ready())

    def test_values_are_left_alone(self) -> None:
        """Everything else is asserted on as ever, messages included."""

        class Truth:
            def __bool__(self) -> bool:
                return True

        case = AsyncTestCase()
        case.assertTrue(Truth())
        case.assertFalse(0)
        case.assertIsNotNone(0)
        with self.assertRaisesRegex(AssertionError, r"^0 is not true : mine$"):
            case.assertTrue(0, "mine")

    def test_functions_pass_as_ever(self) -> None:
        """A coroutine function is no coroutine object."""
        AsyncTestCase().assertIsNotNone(ready)
        AsyncTestCase().assertTrue(functools.partial(ready))


class ErrorTest(unittest.TestCase):
    """The error itself."""

    def test_is_a_failure(self) -> None:
        """It counts as a failure, not as an error."""
        self.assertTrue(issubclass(SilentPassError, AssertionError))


if __name__ == "__main__":
    unittest.main()
