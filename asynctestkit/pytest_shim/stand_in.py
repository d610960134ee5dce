"""What pytest calls instead of an async function, once: it puts the function back and runs it where it belongs.

A hook that comes back after the call would do the same, and its frame would stand in the traceback of every plain test
and fixture, too. It is a plain function because pytest looks at it as at any test: an object that can be called costs
`inspect` many times as much.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asynctestkit.report.frames import TRIM_FRAMES

if TRIM_FRAMES:
    __tracebackhide__ = True


def stand_in(holder: Any, name: str, run: Callable[..., Any], *first: Any) -> None:
    """Put a plain function in the place of an async one.

    Args:
        holder: What has the function as an attribute.
        name: The attribute.
        run: Called with `first`, the function and what pytest passes.
        first: What `run` is called with before all else.
    """
    function = getattr(holder, name)
    # One that was never called, because the set-up failed before, may still be there.
    function = getattr(function, "__atk_stands_for__", function)

    def call(*args: Any, **arguments: Any) -> Any:
        setattr(holder, name, function)
        return run(*first, function, *args, **arguments)

    call.__wrapped__ = call.__atk_stands_for__ = function  # type: ignore[attr-defined]  # a function takes attributes
    setattr(holder, name, call)
