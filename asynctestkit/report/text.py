"""Small pieces of a report's text, made so that they can never be what fails.

A report is wanted most when something is broken already: objects whose `repr` raises, is a megabyte long or spreads
over lines, and a working directory that is gone, are met with what can still be said.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

LONGEST_VALUE: Final = 80
MOST_NAMES: Final = 3


def short(value: object, limit: int = LONGEST_VALUE) -> str:
    """Return the repr of a value on one line, cut to `limit` characters."""
    try:
        text = repr(value)
    except Exception as error:  # whatever a user's __repr__ does
        text = f"<{type(value).__name__} whose repr raises {type(error).__name__}>"
    return cut(text, limit)


def cut(text: str, limit: int = LONGEST_VALUE) -> str:
    """Return a text on one line, cut to `limit` characters."""
    line = " ".join(text[: 2 * limit].split())
    return line if len(line) <= limit and len(text) <= 2 * limit else f"{line[: limit - 3]}..."


def place(filename: str, line: int | None) -> str:
    """Return `file:line`, the file relative to the working directory where it lies below it."""
    try:
        below = os.path.join(os.getcwd(), "")
    except OSError:  # the working directory was removed
        below = ""
    if below and filename.startswith(below):
        filename = filename[len(below) :]
    return f"{filename}:{line or '?'}"


def seconds(value: float) -> str:
    """Return a duration as people write it: `0.25 s`, `3.2 s`, `59 min`, `1.5 h`."""
    if value < 0.995:
        return f"{value:.2f} s"
    if value < 120:
        return f"{value:.1f} s"
    return f"{value / 60:.0f} min" if value < 5400 else f"{value / 3600:.1f} h"


def names(texts: Sequence[str], *, count: int | None = None, most: int = MOST_NAMES) -> str:
    """Return a list in words: `a, b, c and 4 more`; `count` is for a list that is longer than what is given of it."""
    more = (len(texts) if count is None else count) - len(texts[:most])
    return ", ".join(texts[:most]) + (f" and {more} more" if more > 0 else "")
