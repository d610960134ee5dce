"""What a test case does, as a list of events with its outcome at the end, through `run()`, `debug()` and in a suite."""

from __future__ import annotations

import unittest
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeAlias

from tests.support import mask

Events: TypeAlias = list[str]
Maker: TypeAlias = Callable[[Events], type[unittest.TestCase]]
ErrorInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class OutcomeResult(unittest.TestResult):
    """A result that writes one line per outcome into `events`, which the test may write into as well."""

    def __init__(self, events: Events | None = None) -> None:
        super().__init__()
        self.events: Events = [] if events is None else events

    def addSuccess(self, test: unittest.TestCase) -> None:
        self.events.append("passed")

    def addError(self, test: unittest.TestCase, err: ErrorInfo) -> None:
        super().addError(test, err)
        self.events.append(f"error {told(err[1])}")

    def addFailure(self, test: unittest.TestCase, err: ErrorInfo) -> None:
        super().addFailure(test, err)
        self.events.append(f"failure {told(err[1])}")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        self.events.append(f"skipped {reason}")

    def addExpectedFailure(self, test: unittest.TestCase, err: ErrorInfo) -> None:
        super().addExpectedFailure(test, err)
        self.events.append(f"expected {told(err[1])}")

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        super().addUnexpectedSuccess(test)
        self.events.append("unexpected success")

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: ErrorInfo | None) -> None:
        super().addSubTest(test, subtest, err)
        self.events.append(f"subtest {'passed' if err is None else told(err[1])}")


def told(error: BaseException | None) -> str:
    """Return an exception as its type and first line; a group as the errors in it."""
    if isinstance(error, BaseExceptionGroup):
        return f"{type(error).__name__}[{', '.join(map(told, error.exceptions))}]"
    return f"{type(error).__name__}: {error}".splitlines()[0].removesuffix(": ")


def run_events(make: Maker, name: str = "test") -> Events:
    """Return what a test of the class that `make` builds writes, and its outcome, through `run()`."""
    events: Events = []
    make(events)(name).run(OutcomeResult(events))
    return events


def debug_events(make: Maker, name: str = "test") -> Events:
    """Return the same through `debug()`, with its cleanups run after an error, as whoever catches it would."""
    events: Events = []
    case = make(events)(name)
    try:
        case.debug()
    except unittest.SkipTest as skip:
        outcome = f"skipped {skip}"
    except BaseException as error:
        outcome = f"{'failure' if isinstance(error, case.failureException) else 'error'} {told(error)}"
    else:
        outcome = "passed"
    case.doCleanups()
    return [*events, outcome]


def suite_events(*classes: type[unittest.TestCase], events: Events) -> Events:
    """Run classes in a suite, outcomes written among the `events` of the tests; return them."""
    loader = unittest.TestLoader()
    unittest.TestSuite([loader.loadTestsFromTestCase(cls) for cls in classes]).run(OutcomeResult(events))
    return events


class BothWays(unittest.TestCase):
    """Base of tests whose cases must do the same through `run()` and through `debug()`."""

    maxDiff = None

    def assert_events(self, make: Maker, *expected: str) -> None:
        """Check what the class that `make` builds does, both ways."""
        self.assertEqual({"run": run_events(make)}, {"run": list(expected)})
        self.assertEqual({"debug": debug_events(make)}, {"debug": list(expected)})


@contextmanager
def warnings_are_errors() -> Iterator[None]:
    """Let every warning be raised where it is given."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def refusal(error: type[BaseException], function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> str:
    """Return the whole message that `function` refuses its arguments with, with places masked."""
    try:
        function(*args, **kwargs)
    except error as raised:
        return mask(str(raised))
    raise AssertionError(f"{error.__name__} was not raised")
