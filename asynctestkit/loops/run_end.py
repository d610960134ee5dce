"""The end of a test run: its result's `stopTestRun` is called, and what lives for the session ends before that.

An error of the session's end is reported on the result, like one of a class or a module.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any


class _SessionEnd:
    """What an error of the session's end is reported on: a test in all that a result looks at."""

    failureException = None

    def id(self) -> str:
        return "end of the test run"

    __str__ = id

    def shortDescription(self) -> None:
        return None

    def countTestCases(self) -> int:
        return 0


@contextmanager
def buffered(result: Any) -> Generator[None, None, None]:
    """Let a result that buffers output do so in the block, as unittest's suite does around the hooks of a class.

    The names are private: there is no public way, and a result that buffers cannot take an error outside of this.
    """
    getattr(result, "_setupStdout", _nothing)()
    try:
        yield
    finally:
        getattr(result, "_restoreStdout", _nothing)()


def _nothing() -> None:
    """Do nothing, where a result has no buffers."""


def call_before_end(result: Any, end: Callable[[], None]) -> None:
    """Have `end` called before `result.stopTestRun()`; a result that cannot be told leaves it to its caller."""
    stop = getattr(result, "stopTestRun", None)
    if stop is None:
        return

    def stop_test_run(*args: object, **kwargs: object) -> object:
        try:
            del result.stopTestRun  # what stands on the class is called from now on, as ever
            with buffered(result):
                try:
                    end()
                except Exception:
                    result.addError(_SessionEnd(), sys.exc_info())
        finally:
            outcome = stop(*args, **kwargs)
        return outcome

    try:
        result.stopTestRun = stop_test_run
    except AttributeError:  # a result with slots: the end of the process is left
        return
