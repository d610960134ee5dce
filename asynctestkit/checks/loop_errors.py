"""Errors that reach nobody but the loop: in callbacks, in protocols, in tasks that were dropped, in finalisers.

asyncio hands them to the loop's exception handler, which by default writes them to a log. Here they become findings,
unless the test has said that it expects them: by a handler of its own, by `assertLogs("asyncio")`, or by
`expect_loop_error`.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from asynctestkit.checks.tasks import failed_unseen, never_retrieved, unseen_error
from asynctestkit.report.contexts import context_of
from asynctestkit.report.errors import Interruption, UsageError, message
from asynctestkit.report.findings import Finding
from asynctestkit.report.frames import TRIM_FRAMES, skip_loop
from asynctestkit.report.kinds import Kind

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

Context = Mapping[str, Any]

_CAPTURING: Final = "_CapturingHandler"  # what assertLogs puts on a logger; its module is private


def finding_of(context: Context, owner: type | None) -> Finding | None:
    """Return the finding of what a loop was told; None for what ends code from outside, which is none.

    Args:
        context: What the loop was told.
        owner: The class of the test, None if there is none.
    """
    error = context.get("exception")
    if isinstance(error, asyncio.CancelledError):
        return None  # on 3.11 and 3.12.1 stream servers tell of the cancellation of their handlers
    if isinstance(error, Interruption):
        return None  # whoever has sent it tells of it
    if error is not None:
        skip_loop(error)
    told = str(context.get("message", "Unhandled exception in event loop"))
    future = context.get("task") or context.get("future")
    if isinstance(future, asyncio.Future) and isinstance(error, BaseException) and "never retrieved" in told:
        return never_retrieved(future, error)
    facts = [(name, repr(context[name])[:160]) for name in _TELLING if context.get(name) is not None]
    expecting = f"{'self' if hasattr(owner, 'expect_loop_error') else 'asynctestkit'}.expect_loop_error(...)"
    fix = f"handle the error where it arises, or write `with {expecting}` if the test is about it"
    kind = "" if not isinstance(error, BaseException) else f": {type(error).__name__}: {error}".rstrip(": ")
    return Finding(
        Kind.UNHANDLED,
        f"{told.partition(chr(10))[0]}{kind}",
        tuple(facts),
        fix,
        error=error if isinstance(error, BaseException) else None,
    )


def context_of_error(context: Mapping[str, Any]) -> contextvars.Context | None:
    """Return the context in which was made what an error came from; None where that cannot be told."""
    made_in: contextvars.Context | None = getattr(context.get("handle"), "_context", None)
    if made_in is not None:
        return made_in
    task = context.get("task") or context.get("future")
    task = next(iter(getattr(task, "_children", ())), task)  # what gather() returns has no context itself
    return context_of(task) if isinstance(task, asyncio.Task) else None


def unraisable(error: BaseException, told: str, thing: object) -> Finding:
    """Return the finding of an error in a finaliser, or wherever else Python can raise nothing."""
    name = getattr(thing, "__qualname__", None) or type(thing).__qualname__
    return Finding(
        Kind.UNHANDLED,
        f"{told} {name}: {type(error).__name__}: {error}",
        (),
        "handle the error where it arises: nobody can catch it there",
        (f"{getattr(thing, '__module__', '')}.{name}", name),
        error,
    )


_TELLING: Final = ("task", "handle", "protocol", "transport", "asyncgen", "socket", "server_hostname")


def is_expected_in_log() -> bool:
    """Whether somebody in the test is capturing asyncio's log."""
    return any(type(handler).__name__ == _CAPTURING for handler in logging.getLogger("asyncio").handlers)


class Expected:
    """One `expect_loop_error`: takes the errors that match, and fails at its end if there was none.

    Args:
        pattern: Searched for in "Type: text" of the error and in the loop's message.
    """

    def __init__(self, pattern: str | re.Pattern[str]) -> None:
        try:
            self.pattern = re.compile(pattern)
        except (re.error, TypeError) as error:
            raise UsageError(
                message(
                    f"expect_loop_error needs a regular expression, not {pattern!r}",
                    cause=str(error),
                    fix='write `with self.expect_loop_error("part of the error"):`',
                )
            ) from None
        self.met: list[Context] = []

    def takes(self, context: Context) -> bool:
        """Whether an error is the one that is expected."""
        error = context.get("exception")
        texts = [str(context.get("message", "")), f"{type(error).__name__}: {error}"]
        if not any(self.pattern.search(text) for text in texts):
            return False
        self.met.append(context)
        return True

    def take_held(self, tasks: Iterable[asyncio.Task[Any]]) -> None:
        """Take the errors that match of tasks that somebody keeps: they count as retrieved then."""
        for task in tasks:
            error = unseen_error(task)
            told = {"message": f"{type(task).__name__} exception was never retrieved", "future": task}
            if error is not None and self.takes({**told, "exception": error}):
                failed_unseen([task])
