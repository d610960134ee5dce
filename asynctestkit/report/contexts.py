"""Whose something is: the test in whose context it was made, told by a context variable.

`TEST` is set in the context of a test whose checks are on, and so is copied into every task and callback that the test
makes; in the context of a wider scope it is not set. It is here, below all others, for whoever keeps contexts apart.
"""

from __future__ import annotations

import contextvars
import gc
from typing import Any, Final

TEST: Final[contextvars.ContextVar[Any]] = contextvars.ContextVar("asynctestkit's test", default=None)
"""The watch of the test in whose context something runs; None where that is no test's."""


class Held:
    """The async generator that whoever begins it will close, as fixtures do; no check need know of it."""

    __slots__ = ("generator",)

    def __init__(self) -> None:
        self.generator: object = None


HELD: Final = Held()


def watch_of(task: Any) -> Any:
    """Return the watch of the test in whose context a task runs; None where that is no test's or cannot be told."""
    made_in = context_of(task)
    return None if made_in is None else made_in.get(TEST)


def context_of(task: Any) -> contextvars.Context | None:
    """Return the context that a task runs in, None if it cannot be told.

    Up to 3.11 a task does not tell: one in C shows it to the garbage collector alone, first of all contexts it holds.
    """
    get_context = getattr(task, "get_context", None)
    found = getattr(task, "_context", None) if get_context is None else get_context()
    held = [found] if found is not None else gc.get_referents(task)
    return next((one for one in held if isinstance(one, contextvars.Context)), None)
