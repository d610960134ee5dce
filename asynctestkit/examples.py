"""Examples that Hypothesis draws for an async test: its plain code calls the test, and each call runs in the test task.

Hypothesis takes what runs an example from `hypothesis.inner_test` of the function that `@given` has made; that is where
ours goes, so that Hypothesis is never imported here.

What ends a test from outside (its limit, a scope that fires) is no failure of the example: there is nothing to draw
again and to make smaller, and the test cannot go on. It goes past Hypothesis, which lets all through that is no
`Exception`, and says which example was running.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from asynctestkit.harness import Life
from asynctestkit.report.errors import Interruption
from asynctestkit.report.frames import TRIM_FRAMES

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

MARK: Final = "hypothesis"
"""What `@given` puts on the function that it makes."""


class _Over(BaseException):
    """Carries what ended a test past Hypothesis."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__()
        self.error = error


def caller_of(method: Any, life: Life) -> Callable[..., Any] | None:
    """Return what calls a test method that `@given` has made; None where it is a plain one, like any other."""
    handle = getattr(method, MARK)
    inner: Any = getattr(handle, "inner_test", None)
    if not hasattr(inner, "__atk_drives__"):
        if not (inspect.iscoroutinefunction(inner) or hasattr(inner, "__atk_options__")):
            return None
        handle.inner_test = _driving(inner)
    return functools.partial(run_all, life)


def _driving(inner: Any) -> Any:
    """Return what runs an example in the life of the test case that it is called with."""

    @functools.wraps(inner)
    def run(*args: Any, **arguments: Any) -> Any:
        case = args[0] if args else arguments[next(iter(inspect.signature(inner).parameters))]
        life: Life | None = getattr(case, "_atk_life", None)
        if life is None:  # a test of a mixin, in a class that is not ours
            return inner(*args, **arguments)
        return run_one(life, inner, functools.partial(life.call, inner), args, arguments)

    run.__atk_drives__ = True  # type: ignore[attr-defined]  # a function takes attributes
    return run


def run_all(life: Life, function: Callable[..., Any], /, *args: Any, **arguments: Any) -> Any:
    """Call what `@given` has made of a test; raise what ended the test during an example, or between two."""
    told: Interruption | None = None
    error: Exception | None = None
    life.repeats = True
    try:
        return function(*args, **arguments)
    except _Over as over:
        error = over.error
    except Interruption as interruption:
        if not interruption.is_of(life):
            raise
        told = interruption
    finally:
        life.repeats = False
    if told is not None:
        told.tell()
    if error is not None:
        raise error
    return None


def run_one(
    life: Life, test: Callable[..., Any], run: Callable[..., Any], args: tuple[Any, ...], arguments: dict[str, Any]
) -> Any:
    """Run one example of `test` by calling `run`; what ends the test meanwhile goes past Hypothesis."""
    try:
        value = run(*args, **arguments)
    except Exception as error:
        if is_over(life):
            tell_example(error, test, args, arguments)
            raise _Over(error) from None
        raise
    if is_over(life):
        raise _Over(None)
    return value


def is_over(life: Life) -> bool:
    """Whether a test was ended from outside, so that no other example can run."""
    return life.ended_early or life.has_timed_out


def tell_example(
    error: Exception, test: Callable[..., Any], args: tuple[Any, ...], arguments: Mapping[str, Any]
) -> None:
    """Have an error that Hypothesis does not handle say which example was running."""
    positional = dict(zip(inspect.signature(test).parameters, args, strict=False))
    drawn = [f"{name}={value!r}" for name, value in (positional | dict(arguments)).items() if name != "self"]
    error.add_note(f"example: {', '.join(drawn)}")
