"""Which stack frames a failure shows, and where in the source something stands.

Every module whose frames can lie between a test runner and the user's code starts with

    if TRIM_FRAMES:
        __unittest = True
        __tracebackhide__ = True

`unittest` drops the frames of modules that define `__unittest`, pytest those of modules that define
`__tracebackhide__`, so a failure begins with the user's own line. Setting the environment variable
`ASYNCTESTKIT_FULL_TRACEBACK` to anything but the empty string or `0` leaves the markers out, so that
trimming can never hide a fault of ours.
"""

from __future__ import annotations

import inspect
import os
from typing import Final

FULL_TRACEBACK_VARIABLE: Final = "ASYNCTESTKIT_FULL_TRACEBACK"

TRIM_FRAMES: Final = os.environ.get(FULL_TRACEBACK_VARIABLE, "") in ("", "0")


def place_of(thing: object) -> str:
    """Return `file:line` of a function, method or class, or `(no source)` where Python knows none."""
    thing = inspect.unwrap(thing) if callable(thing) else thing
    if isinstance(thing, staticmethod | classmethod):
        thing = thing.__func__
    code = getattr(thing, "__code__", None) or getattr(thing, "cr_code", None) or getattr(thing, "ag_code", None)
    if code is not None:
        return f"{code.co_filename}:{code.co_firstlineno}"
    try:
        file, (_, line) = inspect.getsourcefile(thing), inspect.getsourcelines(thing)  # type: ignore[arg-type]  # refusal is caught below
    except (TypeError, OSError):
        return "(no source)"
    return f"{file}:{line}"


def name_of(thing: object) -> str:
    """Return the name a user knows something by: its qualified name where it has one, else its repr."""
    return getattr(thing, "__qualname__", None) or repr(thing)
