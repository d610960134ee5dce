"""Context variables between pytest's own context, in which plain code runs, and those of tasks.

A `Changes` sets in the current context what a task's context has and the current one has not, and takes all of it back
when its owner ends: to the value before, or to none. Whose a task is stays with the task.
"""

from __future__ import annotations

import contextvars
from typing import Any, Final

from asynctestkit.loops.shared import SCOPE
from asynctestkit.report.contexts import TEST

UNSET: Final[Any] = object()

_KEPT: Final[frozenset[object]] = frozenset({SCOPE, TEST})
"""What tells whose a task is; it stays with the task."""

Variable = contextvars.ContextVar[Any]


class Changes:
    """What somebody's tasks have set in the current context."""

    __slots__ = ("_set",)

    def __init__(self) -> None:
        self._set: dict[Variable, tuple[contextvars.Token[Any], Any]] = {}

    def take_from(self, context: contextvars.Context) -> None:
        """Set here what is set there; what was set here before and is not set there any more is taken back."""
        for variable, value in context.items():
            if variable.get(UNSET) is not value and variable not in _KEPT:
                token = variable.set(value)
                self._set[variable] = (self._set.get(variable, (token,))[0], value)
        if self._set:
            for variable in [variable for variable in self._set if variable not in context]:
                variable.reset(self._set.pop(variable)[0])

    def undo(self) -> None:
        """Take back all that still is as it was set."""
        while self._set:
            variable, (token, value) = self._set.popitem()
            if variable.get(UNSET) is value:
                variable.reset(token)


def give_to(context: contextvars.Context) -> None:
    """Set there what is set in the current context."""
    for variable, value in contextvars.copy_context().items():
        if context.get(variable, UNSET) is not value and variable not in _KEPT:
            context.run(variable.set, value)
