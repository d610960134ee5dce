"""Run test cases and tell what came of them: a summary by kind, or events in order with the outcome at the end."""

from __future__ import annotations

import gc
import io
import re
import sys
import unittest
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeAlias
from unittest import mock

Events: TypeAlias = list[str]
Maker: TypeAlias = Callable[[Events], type[unittest.TestCase]]
ErrorInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


def outcomes(result: unittest.TestResult) -> list[str]:
    """Return what a result holds, a line each: `ok`, or the kind and the last line of what was reported."""
    lines: list[str] = []
    for kind in ("errors", "failures", "expectedFailures"):
        for test, text in getattr(result, kind):
            last = [line for line in text.strip().splitlines() if line and not line.startswith((" ", "+", "|"))]
            lines.append(f"{kind}: {_name(test)}: {last[-1] if last else text.strip().splitlines()[-1]}")
    lines += [f"skipped: {_name(test)}: {reason}" for test, reason in result.skipped]
    lines += [f"unexpected success: {_name(test)}" for test in result.unexpectedSuccesses]
    return lines or ["ok"]


def _name(test: unittest.TestCase) -> str:
    return getattr(test, "_testMethodName", None) or test.id()


def run_one(cls: type[unittest.TestCase], name: str = "test") -> list[str]:
    """Run one test of a class without its class's set-up, as `case.run()` does; return the summary."""
    result = unittest.TestResult()
    cls(name).run(result)
    return outcomes(result)


def run_class(*classes: type[unittest.TestCase], runner: bool = False) -> list[str]:
    """Run all tests of classes in a suite, with their class's set-up; return the summary."""
    suite = suite_of(*classes)
    if runner:
        return outcomes(unittest.TextTestRunner(stream=io.StringIO()).run(suite))
    result = unittest.TestResult()
    suite.run(result)
    return outcomes(result)


def run_debug(cls: type[unittest.TestCase], name: str = "test") -> list[str]:
    """Run one test through `debug()`, and its cleanups after an error; return `ok` or the error's first line."""
    case = cls(name)
    try:
        case.debug()
    except BaseException as error:
        case.doCleanups()
        return [f"{type(error).__name__}: {error}".splitlines()[0]]
    return ["ok"]


def suite_of(*classes: type[unittest.TestCase]) -> unittest.TestSuite:
    """Return all tests of classes, a class after the other."""
    loader = unittest.TestLoader()
    return unittest.TestSuite([loader.loadTestsFromTestCase(cls) for cls in classes])


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
    suite_of(*classes).run(OutcomeResult(events))
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


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Collect what is said aside in the block: warnings, errors that nobody could raise, and all on stderr."""
    said: list[str] = []
    with (
        warnings.catch_warnings(record=True) as caught,
        mock.patch.object(sys, "unraisablehook", lambda error: said.append(repr(error.exc_value))),
        mock.patch.object(sys, "stderr", io.StringIO()) as stderr,
    ):
        warnings.simplefilter("always")
        yield said
        gc.collect()
    said += [str(warning.message) for warning in caught]
    said += stderr.getvalue().splitlines()


def mask(text: str) -> str:
    """Take out of a text what differs from machine to machine and run to run."""
    text = re.sub(r"\S*/(\w+\.py):\d+", r"\1:N", text)
    text = re.sub(r'File "[^"]*/(\w+\.py)", line \d+', r'File "\1", line N', text)
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def refusal(error: type[BaseException], function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> str:
    """Return the whole message that `function` refuses its arguments with, with places masked."""
    try:
        function(*args, **kwargs)
    except error as raised:
        return mask(str(raised))
    raise AssertionError(f"{error.__name__} was not raised")
