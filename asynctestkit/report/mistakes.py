"""Tests that would pass without proving anything, and what to tell whoever wrote them."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import Any

from asynctestkit.report.errors import SilentPassError, UsageError, message
from asynctestkit.report.frames import TRIM_FRAMES, name_of, place_of
from asynctestkit.report.text import short

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


def deprecated_return(method: object, value: object) -> str:
    """Return the words that unittest warns with when a test returns something."""
    kind = type(value).__name__
    return f"It is deprecated to return a value that is not None from a test case ({method} returned {kind!r})"


def refuse_value(value: object, test: object, name: str) -> None:
    """Fail a test that returned something.

    Raises:
        SilentPassError: Always.
    """
    if isinstance(value, types.AsyncGeneratorType):
        headline = f"{name_of(test)} is an async generator: its body did not run"
        fix = "remove the yield from the test; close things with enterAsyncContext or addAsyncCleanup"
    elif isinstance(value, types.GeneratorType):
        headline = f"{name_of(test)} is a generator: its body did not run"
        fix = "remove the yield from the test, or make it `async def` and await"
    else:
        headline = f"{name_of(test)} returned {short(value)}; a test must return None"
        fix = "assert on the value instead of returning it"
    raise SilentPassError(message(headline, test=name, defined=place_of(test), fix=fix))


def coroutine_fault(value: object, assertion: str) -> str | None:
    """Return what is wrong with an assertion about a coroutine object, which is always true, and close the object.

    None for anything else. It is for the assertion to fail with: unittest hides the frames of its own exception only.
    """
    if not isinstance(value, types.CoroutineType):
        return None
    coroutine: Any = value
    name, defined = coroutine.__qualname__, place_of(coroutine)
    coroutine.close()  # it will never be awaited now: one clear failure is enough
    return message(
        f"{assertion} got the coroutine object {name}(), which was never awaited",
        coroutine=defined,
        fix=f"write self.{assertion}(await {name.rpartition('.')[2]}(...))",
    )


def require_coroutine_function(function: Callable[..., Any]) -> None:
    """Refuse an async hook that is a plain function.

    Raises:
        UsageError: It is.
    """
    # An object with an async __call__, an AsyncMock say, is as good.
    call = getattr(type(function), "__call__", None)  # noqa: B004  # not whether it can be called, but how
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call):
        return
    name = getattr(function, "__name__", "hook")
    fault, fix = "is not an async function", f"write `async def {name}`, or do it in setUp or tearDown"
    if inspect.isasyncgenfunction(function):
        fault, fix = "is an async generator function: nothing of it would run", "remove the yield"
    raise UsageError(message(f"{name_of(function)} {fault}", defined=place_of(function), fix=fix))


def special_methods(cm: object, enter: str, leave: str) -> tuple[Any, Any]:
    """Look the two special methods of a context manager up on its type, as the `with` statement does.

    Raises:
        TypeError: It has none; in the standard library's words.
    """
    cls = type(cm)
    try:
        return getattr(cls, enter), getattr(cls, leave)
    except AttributeError:
        pass
    asynchronous = enter == "__aenter__"
    kind, other = ("asynchronous context manager", "__enter__") if asynchronous else ("context manager", "__aenter__")
    text = f"'{cls.__module__}.{cls.__qualname__}' object does not support the {kind} protocol"
    if hasattr(cls, other):
        wanted = "enterContext()" if asynchronous else "await enterAsyncContext()"
        other_kind = "context manager" if asynchronous else "asynchronous context manager"
        text += f" but it supports the {other_kind} protocol. Did you mean to use {wanted}?"
    raise TypeError(text)


def refuse_generator(value: object, hook: object) -> None:
    """Refuse what a hook or cleanup that holds a `yield` returned: nothing of it has run.

    Raises:
        SilentPassError: It is a generator, plain or async.
    """
    if isinstance(value, types.AsyncGeneratorType | types.GeneratorType):
        kind = "an async generator" if isinstance(value, types.AsyncGeneratorType) else "a generator"
        raise SilentPassError(
            message(
                f"{name_of(hook)} is {kind}: nothing of it has run",
                defined=place_of(hook),
                fix="remove the yield; to tidy up later, use addAsyncCleanup, enterAsyncContext or a @fixture",
            )
        )
