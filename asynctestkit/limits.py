"""How long a test may take: who says so, the nearest first.

1.  the test: `@timeout(2.5)`, `@async_test(timeout=2.5)`, and then `@pytest.mark.asynctestkit(timeout=2.5)`
2.  the class: that mark above it, and then `timeout = 5.0` in its body, or `@timeout(5.0)` above it; a subclass's goes
    before its base's
3.  the module: that mark in its `pytestmark`, and then `set_module_timeout(10.0)`
4.  the environment: `ASYNCTESTKIT_TIMEOUT=10`
5.  the command line: `python -m asynctestkit --timeout 10`, `pytest --asynctestkit-timeout=10`
6.  pytest's ini file: `asynctestkit_timeout = 10`
7.  60 seconds

None, in text `none`, is no limit. A class's names are its own: what it calls `timeout` and is neither a number nor
None, nor a text that reads like a number, is left alone.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from asynctestkit.report.errors import UsageError, message
from asynctestkit.report.frames import TRIM_FRAMES, name_of, place_of, place_of_caller
from asynctestkit.values import parse_seconds

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

T = TypeVar("T", bound=Callable[..., Any])

VARIABLE: Final = "ASYNCTESTKIT_TIMEOUT"
DEFAULT: Final = 60.0
MARK: Final = "__atk_timeout__"
"""Where a test, a class that is decorated, or a module keeps its limit."""

_FOUND: Final = "_atk_timeout_found"
"""Where a class keeps what it was found to say, and the attribute that it was found with."""
UNSET: Final[Any] = object()
"""Stands for a limit where nothing is said."""
_LOOKS_MEANT: Final = r"\s*([-+]?[\d.]|none\b|inf|nan)"


def timeout(seconds: float | None) -> Callable[[T], T]:
    """Limit the real time that a test may take, or each test and each hook of a class.

    The limit holds for the whole test, from its set-up until its loop is closed. When it is over, what the test is
    doing is ended, and the test fails with a TimeoutError that says what that was. Its tear-down still runs, for as
    long as the limit, but at least 0.5 and at most 5 seconds. While a debugger is at work there is no limit.

    Args:
        seconds: Seconds above 0; None for no limit.

    Raises:
        UsageError: The number cannot be, or what is decorated is neither a test nor a class.
    """
    where = f"@timeout(...) at {place_of_caller(inspect.currentframe())}"
    limit = _parsed(seconds, where)

    def limited(target: T) -> T:
        from asynctestkit.fixtures.definition import Fixture

        thing: Any = target
        if not callable(thing) or not hasattr(thing, "__dict__") or isinstance(thing, Fixture):
            raise _wrong_target(thing, where)
        setattr(thing, MARK, limit)
        return target

    return limited


def set_module_timeout(seconds: float | None) -> None:
    """Limit the real time of each test and hook of the module that calls this, unless its class or itself says more.

    Args:
        seconds: Seconds above 0; None for no limit.

    Raises:
        UsageError: The number cannot be, or the call stands in a function or a class.
    """
    here = inspect.currentframe()
    caller = here.f_back if here is not None else None
    if caller is None:
        raise UsageError(message("this Python tells no caller", fix="use @timeout on the classes of the module"))
    where = f"set_module_timeout(...) at {caller.f_code.co_filename}:{caller.f_lineno}"
    if caller.f_code.co_name != "<module>":
        raise UsageError(
            message(
                "set_module_timeout() was called from a function or a class",
                where=where,
                fix="call it at the top of the test module",
            )
        )
    caller.f_globals[MARK] = _parsed(seconds, where)


def check_class(cls: Any) -> None:
    """Refuse a class whose limit cannot be.

    Raises:
        UsageError: What it calls `timeout` is a number of seconds that cannot be.
    """
    _find_in_class(cls)


def limit_of(cls: Any, test: Any, module: str) -> float | None:
    """Return the limit of a test in seconds, None where there is none.

    Args:
        cls: Its class; None where it is a function.
        test: The test itself, with all decorators around it.
        module: The name of its module.

    Raises:
        UsageError: What a class was given as its `timeout` after its statement cannot be.
    """
    limit = limit_of_test(test)
    if limit is UNSET and cls is not None:
        limit = limit_of_class(cls)
    return limit_of_module(module) if limit is UNSET else limit


def limit_of_test(test: Any) -> Any:
    """Return what a test itself says, `UNSET` if nothing."""
    return getattr(test, MARK, UNSET)


def limit_of_class(cls: Any) -> Any:
    """Return what a class says, `UNSET` if nothing."""
    seen = getattr(cls, "timeout", UNSET)
    own: Mapping[str, Any] = cls.__dict__
    found = own.get(_FOUND)
    if found is None or found[0] is not seen:
        found = seen, _find_in_class(cls)
        setattr(cls, _FOUND, found)
    return found[1]


def limit_of_module(name: str) -> float | None:
    """Return what a module says, or else what holds for the run."""
    limit = getattr(sys.modules.get(name), MARK, UNSET)
    return run.limit() if limit is UNSET else limit


def _find_in_class(cls: Any) -> Any:
    for klass in cls.__mro__:
        own: Mapping[str, Any] = klass.__dict__
        if MARK in own:
            return own[MARK]
        found = own.get("timeout", UNSET)
        if _is_meant(found):
            return _parsed(found, f"{klass.__module__}.{klass.__qualname__}")
    return UNSET


class _Run:
    """What holds for the whole run."""

    def __init__(self) -> None:
        self.command_line: Any = UNSET
        self.ini_file: Any = UNSET
        self._found: Any = UNSET

    def limit(self) -> float | None:
        """Return the limit of tests that nothing nearer says anything of.

        Raises:
            UsageError: The environment's cannot be.
        """
        if self._found is UNSET:
            self._found = self._find()
        found: float | None = self._found
        return found

    def set(self, *, command_line: Any = UNSET, ini_file: Any = UNSET) -> Callable[[], None]:
        """Take what was written on the command line, or in an ini file; return what undoes it."""
        before = self.command_line, self.ini_file
        self.command_line, self.ini_file, self._found = command_line, ini_file, UNSET

        def undo() -> None:
            self.command_line, self.ini_file = before
            self._found = UNSET

        return undo

    def _find(self) -> Any:
        written = os.environ.get(VARIABLE)
        if written:
            return parse_written(written, where=f"the environment variable {VARIABLE}")
        if self.command_line is not UNSET:
            return self.command_line
        return DEFAULT if self.ini_file is UNSET else self.ini_file


run: Final = _Run()


def parse_written(text: str, *, where: str) -> float | None:
    """Return the limit that a text names, None for `none`.

    Raises:
        UsageError: It names none.
    """
    if text.strip().lower() == "none":
        return None
    try:
        value: object = float(text)
    except ValueError:
        value = text
    try:
        return parse_seconds(value, option="timeout", where=where)
    except UsageError as error:
        headline = str(error).partition("\n")[0]
        fix = "write 5.0 for five seconds, none for no limit"
        raise UsageError(message(headline, where=where, fix=fix)) from None


def _is_meant(found: object) -> bool:
    """Whether what a class calls `timeout` is meant for us."""
    if isinstance(found, str):
        return re.match(_LOOKS_MEANT, found, re.IGNORECASE) is not None
    return found is None or (isinstance(found, int | float) and not isinstance(found, bool))


def _parsed(seconds: object, where: str) -> float | None:
    if callable(seconds):
        fix = "write @timeout(5.0), with the seconds, above the test"
        raise UsageError(message(f"timeout needs a number of seconds, not {name_of(seconds)}", where=where, fix=fix))
    return parse_seconds(seconds, option="timeout", where=where)


def _wrong_target(thing: object, where: str) -> UsageError:
    return UsageError(
        message(
            f"@timeout is for a test or a test class, and {name_of(thing)} is none",
            where=where,
            defined=place_of(thing),
            fix="write it above the `def` of a test, over other decorators, or above a class",
        )
    )
