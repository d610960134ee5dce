"""What users write as options, checked once, at the edge, and turned into values the inside can trust.

A wrong value is refused with one `UsageError`: what was given, where, what is valid.
"""

from __future__ import annotations

import enum
import math
from typing import Final

from asynctestkit.report.errors import UsageError, message
from asynctestkit.report.frames import TRIM_FRAMES

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


class Scope(enum.IntEnum):
    """How long a loop or a fixture lives; a wider scope compares greater."""

    TEST = 1
    CLASS = 2
    MODULE = 3
    SESSION = 4

    @property
    def word(self) -> str:
        """The name users write."""
        return self.name.lower()


SCOPES: Final = {scope.word: scope for scope in Scope} | {"function": Scope.TEST}
"""Scopes by the words that users write; `function` is pytest's word for `test`."""


def parse_scope(value: object, *, option: str, where: str) -> Scope:
    """Return the scope that a user's word names."""
    if isinstance(value, Scope):
        return value
    if isinstance(value, str) and value in SCOPES:
        return SCOPES[value]
    valid = ", ".join(repr(scope.word) for scope in Scope)
    raise UsageError(message(f"{option} must be a scope, not {value!r}", where=where, fix=f"use one of {valid}"))


def parse_seconds(value: object, *, option: str, where: str) -> float | None:
    """Return a duration in float seconds; None means no limit."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            seconds = float(value)
        except OverflowError:  # an int beyond all floats
            seconds = math.nan
        if seconds > 0:  # which NaN is not
            return None if math.isinf(seconds) else seconds
    raise UsageError(
        message(
            f"{option} must be a number of seconds above 0, or None, not {value!r}",
            where=where,
            fix=f"write {option} = 5.0 for five seconds, {option} = None for no limit",
        )
    )


def parse_switch(value: object, *, option: str, where: str) -> bool | None:
    """Return True, False, or None for "as asyncio's own environment says"."""
    if value is None or isinstance(value, bool):
        return value
    raise UsageError(
        message(f"{option} must be True, False or None, not {value!r}", where=where, fix=f"write {option} = True")
    )
