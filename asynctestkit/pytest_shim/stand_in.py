"""What pytest calls instead of an async function, once: it puts the function back and runs it where it belongs.

A hook that comes back after the call would do the same, and its frame would stand in the traceback of every plain test
and fixture, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asynctestkit.report.frames import TRIM_FRAMES

if TRIM_FRAMES:
    __tracebackhide__ = True


class StandIn:
    """A plain callable in the place of an async function.

    Args:
        holder: What has the function as an attribute.
        name: The attribute.
        run: Called with the function and with what pytest passes.
    """

    __slots__ = ("__wrapped__", "_holder", "_name", "_run")

    def __init__(self, holder: Any, name: str, run: Callable[..., Any]) -> None:
        function = getattr(holder, name)
        # One that was never called, because the set-up failed before, may still be there.
        self.__wrapped__: Any = function.__wrapped__ if isinstance(function, StandIn) else function
        self._holder = holder
        self._name = name
        self._run = run
        setattr(holder, name, self)

    def __call__(self, *args: Any, **arguments: Any) -> Any:
        """Put the function back and run it."""
        setattr(self._holder, self._name, self.__wrapped__)
        return self._run(self.__wrapped__, *args, **arguments)
