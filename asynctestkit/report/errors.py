"""Every exception of the package.

    Exception
    └── AsyncTestKitError
        ├── UsageError             an option, decorator or hook is used wrongly
        │   ├── ScopeError         scopes that cannot go together
        │   └── FixtureError       a fixture that does not exist, is there twice, or asks for itself
        └── LoopError              a managed loop cannot be opened or run here
    AssertionError
    └── SilentPassError            a test would have passed without proving anything
        └── FindingError           a check has found a fault that the test committed

The first line of each message stands alone; the lines below it say where and how to mend it. All of them survive
pickling, since parallel runners send them between processes: they take one string and carry no other state.
"""

from __future__ import annotations

import sys
from typing import NoReturn

from asynctestkit.report.frames import TRIM_FRAMES, trim

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


class AsyncTestKitError(Exception):
    """Base of the errors that say asynctestkit was used wrongly or cannot work here."""


class UsageError(AsyncTestKitError, TypeError):
    """Say that an option, a decorator or a hook is used wrongly.

    It is raised where that is written, at the latest before the test runs.
    """


class ScopeError(UsageError):
    """Say that two scopes cannot go together."""


class FixtureError(UsageError):
    """Say that a fixture does not exist, exists twice, asks for itself, or cannot be opened where it is asked for."""


class LoopError(AsyncTestKitError, RuntimeError):
    """Say that a managed loop cannot be opened or run in this place."""


class SilentPassError(AssertionError):
    """Fail a test that would otherwise pass without having proved anything."""


class FindingError(SilentPassError):
    """Fail a test for what the checks have found: a coroutine never awaited, an error nobody saw, a task left."""


class Interruption(BaseException):
    """Ends the running phase of a test from outside; never told to the user, who is told what `tell` raises.

    It is no `Exception`, so that code which goes on after any error does not go on after this.
    """

    def is_of(self, phases: object) -> bool:
        """Whether it is meant for these phases; what is not goes on to those around them."""
        return True

    def tell(self) -> NoReturn:
        """Raise the error that whoever runs the phase is told."""
        raise NotImplementedError


# The public names live in the package root: reports and pickles should not tie users to this file.
for _error in (AsyncTestKitError, UsageError, ScopeError, FixtureError, LoopError, SilentPassError, FindingError):
    _error.__module__ = "asynctestkit"
del _error


def message(headline: str, /, *, fix: str, **facts: str) -> str:
    """Lay out an error text: a headline that stands alone, aligned facts, and the fix.

    A fact of several lines stands below its name.
    """
    rows = {name.replace("_", " "): text for name, text in facts.items()} | {"fix:": fix}
    width = max(map(len, rows))
    return "\n".join([headline, *(f"  {name:<{width}}  {_fitted(text)}" for name, text in rows.items())])


def _fitted(text: str) -> str:
    return text if "\n" not in text else "\n".join(["", *(f"    {line}" for line in text.splitlines())])


def raise_together(errors: list[BaseException], what: str) -> None:
    """Raise what was collected: nothing, the one error, or a group that says `what` failed."""
    if not errors:
        return
    __tracebackhide__ = may_hide_all  # pytest looks for it here
    try:
        if len(errors) == 1:
            raise errors[0]
        for error in errors:
            trim(error)  # a report cuts our frames off its front, not off the members of a group
        raise BaseExceptionGroup(f"{len(errors)} {what}", errors)
    finally:
        del errors


def may_hide_all(_: object) -> bool:
    """Whether pytest may hide a frame of ours: before version 9.1, a group of which it shows no frame ends the run."""
    version: tuple[int | str, ...] = getattr(sys.modules.get("pytest"), "version_tuple", (9, 1))
    return TRIM_FRAMES and version >= (9, 1)
