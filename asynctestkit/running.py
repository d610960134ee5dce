"""`TestCase.run` for a test that is neither skipped nor expected to fail: the same steps, less work where all is well.

unittest wraps each part of a test in a context manager of its own, which costs more than the rest of a trivial test.
What that context manager does matters only when a part raises; so the parts are called plainly here, and an error is
handed to unittest's own `testPartExecutor` to be recorded. Everything else is left to unittest: other tests, a `run`
that somebody has replaced, a version whose private parts are not the known ones.
"""

from __future__ import annotations

import sys
import time
import unittest
from collections.abc import Callable
from importlib import import_module
from types import FrameType, TracebackType
from typing import Any, Final

from asynctestkit.loops.run_end import buffered, is_of_pytest
from asynctestkit.report.frames import TRIM_FRAMES, clean

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

_KNOWN_RUN: Final = unittest.TestCase.run
_Outcome: Any = getattr(import_module("unittest.case"), "_Outcome", None)
KNOWN: Final = _Outcome is not None and sys.version_info[:3] != (3, 12, 1)  # which alone starts tests after skipping
"""Whether this version runs tests in the order that is written here."""
_TELLS_DURATION: Final = hasattr(unittest.TestCase, "_addDuration")  # 3.12 and later


def may_run(case: Any, run: Any) -> bool:
    """Return whether `run_parts` may stand for `run`, the method of TestCase that would run the test."""
    if not KNOWN or run.__func__ is not _KNOWN_RUN or _is_marked(type(case)):
        return False
    method = getattr(case, case._testMethodName)
    # What decorators say of a function stands in its dictionary, which is empty for most.
    return not (getattr(method, "__dict__", True) and _is_marked(method))


def _is_marked(thing: Any) -> bool:
    """Whether something is to be skipped or expected to fail."""
    return bool(getattr(thing, "__unittest_skip__", False) or getattr(thing, "__unittest_expecting_failure__", False))


def run_parts(case: Any, result: Any) -> None:
    """Run the parts of a test and record the outcome on the result."""
    result.startTest(case)
    try:
        method = getattr(case, case._testMethodName)
        case._outcome = outcome = _Outcome(result)
        begun = time.perf_counter()
        try:
            case._callSetUp()
        except BaseException:
            record(case, outcome)
        if outcome.success:
            try:
                case._callTestMethod(method)
            except BaseException:
                record(case, outcome)
            # As in testPartExecutor: a part begins as a success, whatever came before.
            before, outcome.success = outcome.success, True
            try:
                case._callTearDown()
            except BaseException:
                record(case, outcome)
            outcome.success = outcome.success and before
        case.doCleanups()
        if _TELLS_DURATION:
            case._addDuration(result, time.perf_counter() - begun)
        if outcome.success:
            result.addSuccess(case)
    finally:
        case._outcome = None
        result.stopTest(case)


def record_late(case: Any, result: Any, step: Callable[[], object]) -> None:
    """Take a step that comes after the test was recorded, as closing its loop does; its error is one of the test's.

    Raises:
        BaseException: What is no `Exception`, or the error where there is no result to record it on.
    """
    try:
        step()
    except Exception as error:
        if result is None:
            raise
        traceback = error.__traceback__
        clean(error)
        if error.__traceback__ is None:  # pytest shows no error without one
            error.__traceback__ = traceback
        with buffered(result):
            result.addError(case, sys.exc_info())


def record(case: Any, outcome: Any) -> None:
    """Have unittest record the error that is being handled."""
    error = sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1]
    assert error is not None
    traceback = error.__traceback__
    try:
        clean(error)
        if error.__traceback__ is None and traceback is not None and _is_for_pytest(error, outcome):
            # There is no line of the user's. unittest would raise it once more, and pytest show the source of that.
            error.__traceback__ = traceback = _as_from_pytest(traceback)
            _note(case, error)
            outcome.success = False
            add = outcome.result.addFailure if isinstance(error, case.failureException) else outcome.result.addError
            add(case, (type(error), error, traceback))
            return
        with outcome.testPartExecutor(case):
            _note(case, error)
            raise error
    finally:
        del error, traceback


def _is_for_pytest(error: BaseException, outcome: Any) -> bool:
    """Whether pytest would show an error as just that: not as a skip, nor as what was expected."""
    if not is_of_pytest(outcome.result) or outcome.expecting_failure:
        return False
    return isinstance(error, Exception) and not isinstance(error, unittest.SkipTest)


def _note(case: Any, error: BaseException) -> None:
    if case._atk_life is not None:
        case._atk_life.note_failure(error)


def _as_from_pytest(traceback: TracebackType) -> TracebackType:
    """Have a traceback begin where pytest runs the test: else it would sum up none of the error."""
    frame: FrameType | None = traceback.tb_frame
    while frame is not None and not str(frame.f_globals.get("__name__")).startswith("_pytest."):
        frame = frame.f_back
    return traceback if frame is None else TracebackType(traceback, frame, frame.f_lasti, frame.f_lineno)
