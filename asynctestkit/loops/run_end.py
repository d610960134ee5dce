"""The end of a test run: its result's `stopTestRun` is called, and what lives for the session ends before that.

An error of the session's end is reported on the result, like one of a class or a module.

pytest gives a test case its own item for a result. Where our plugin is not there to end what lives for the session,
the item's session does, as pytest lets every node do: an error is one of the last test's tear-down.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final


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


_ENDS: Final = "_atk_ends"
"""Where a result keeps what is called before its `stopTestRun`."""


def call_before_end(result: Any, end: Callable[[], None], *, last: bool = False) -> None:
    """Have `end` called before `result.stopTestRun()`; a result that cannot be told leaves it to its caller.

    What comes last is for the terminal, and is left to the end of the process by pytest, which captures output.

    Args:
        result: The result of the run.
        end: An error of it is reported on the result.
        last: Whether it comes after what others have asked for: it tells of the whole run.
    """
    ends: list[tuple[bool, Callable[[], None]]] | None = getattr(result, _ENDS, None)
    if ends is None:
        ends = []
        try:
            _wrap_stop(result, ends)
        except AttributeError:  # it has none, or has slots: the end of the process is left
            if not last:
                _call_with_session(result, end)
            return
    ends.append((last, end))


def is_of_pytest(result: object) -> bool:
    """Whether pytest runs the test that has this result."""
    return type(result).__module__.startswith("_pytest.")


def _call_with_session(item: Any, end: Callable[[], None]) -> None:
    """Have `end` called, once, when pytest finishes the session of an item; anything else is left alone."""
    session: Any = getattr(item, "session", None)
    add = getattr(session, "addfinalizer", None)
    if add is None:
        return
    ends: tuple[Callable[[], None], ...] = getattr(session, _ENDS, ())
    if end not in ends:
        setattr(session, _ENDS, (*ends, end))
        add(end)


def _wrap_stop(result: Any, ends: list[tuple[bool, Callable[[], None]]]) -> None:
    own: Any = result.__dict__.get("stopTestRun")
    stop = result.stopTestRun

    def stop_test_run(*args: object, **kwargs: object) -> object:
        try:
            # What was there before is called from now on, as ever.
            delattr(result, _ENDS)
            if own is None:
                del result.stopTestRun
            else:
                result.stopTestRun = own
            with buffered(result):
                for _, end in sorted(ends, key=_is_last):
                    try:
                        end()
                    except Exception:
                        result.addError(_SessionEnd(), sys.exc_info())
        finally:
            outcome = stop(*args, **kwargs)
        return outcome

    setattr(result, _ENDS, ends)
    result.stopTestRun = stop_test_run


def _is_last(asked: tuple[bool, Callable[[], None]]) -> bool:
    return asked[0]
