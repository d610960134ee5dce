"""Tasks that a test leaves behind: still pending at its end, or failed with an error that nobody looked at.

A task that was cancelled, or that ends within a few turns of the loop, is no finding; neither is one whose coroutine
function is marked with `@background_task`.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
from collections.abc import Callable, Iterable
from types import CodeType
from typing import Any, Final, TypeVar

from asynctestkit.report.errors import Interruption, UsageError, message
from asynctestkit.report.findings import Finding
from asynctestkit.report.frames import name_of, place_of
from asynctestkit.report.kinds import Kind
from asynctestkit.report.origins import code_of, label_of, names_of, origin_of, stands_at

F = TypeVar("F", bound=Callable[..., Any])

_background: Final[set[CodeType]] = set()


def background_task(function: F) -> F:
    """Allow a coroutine function's tasks to outlive the test that started them: they are ended without a finding.

    Raises:
        UsageError: What is decorated is no coroutine function.
    """
    inner = inspect.unwrap(function)
    if not inspect.iscoroutinefunction(inner):
        raise UsageError(
            message(
                f"@background_task needs a coroutine function, and {name_of(function)} is none",
                defined=place_of(function),
                fix="put it on the `async def` that runs as a task",
            )
        )
    _background.add(inner.__code__)
    return function


def still_pending(tasks: Iterable[asyncio.Task[Any]], span: str) -> list[Finding]:
    """Return findings of tasks that are pending at the end of a test, or of whatever `span` says."""
    return [_pending(task, span) for task in sorted(tasks, key=_number) if _counts(task)]


def _counts(task: asyncio.Task[Any]) -> bool:
    return not task.done() and task.cancelling() == 0 and code_of(task.get_coro()) not in _background


def _number(task: asyncio.Task[Any]) -> tuple[int, str]:
    """Sort tasks in the order in which asyncio named them, then those with names of their own."""
    name = task.get_name()
    number = name.rpartition("-")[2]
    return (int(number) if number.isdecimal() else 1 << 60, name)


def _pending(task: asyncio.Task[Any], span: str) -> Finding:
    coroutine = task.get_coro()
    label = label_of(coroutine)
    facts = [("task", task.get_name()), ("created", origin_of(coroutine) or "(unknown)")]
    place = stands_at(coroutine)
    facts.append(("waits at", place or "its first line"))
    return Finding(
        Kind.PENDING_TASKS,
        f"task {label}() was still pending at the end of {span}",
        tuple(facts),
        "await the task, or cancel it and await it; @background_task allows it to be left",
        names_of(coroutine),
    )


def failed_unseen(tasks: Iterable[asyncio.Future[Any]]) -> list[Finding]:
    """Return findings of tasks that failed and whose error nobody has retrieved; it counts as retrieved then."""
    findings: list[Finding] = []
    for task in tasks:
        if (error := unseen_error(task)) is not None:
            task.exception()
            if not isinstance(error, Interruption):
                findings.append(never_retrieved(task, error))
    return findings


def unseen_error(task: Any) -> BaseException | None:
    """Return the error of a task or future that nobody has retrieved; it does not count as retrieved by this."""
    if not task.done() or task.cancelled() or not getattr(task, "_log_traceback", False):
        return None
    error: BaseException | None = getattr(task, "_exception", None)
    return error


def every_task() -> list[asyncio.Task[Any]]:
    """Return the tasks of all loops that anybody keeps, those that are done among them."""
    return [one for one in gc.get_objects() if issubclass(type(one), asyncio.Task)]


def never_retrieved(task: asyncio.Future[Any], error: BaseException) -> Finding:
    """Return the finding of a task, or a future, whose error nobody has retrieved."""
    if not isinstance(task, asyncio.Task):
        return Finding(
            Kind.UNHANDLED,
            f"Future exception was never retrieved: {_short(error)}",
            (("future", repr(task)[:120]),),
            "await the future, or look at its exception()",
            error=error,
        )
    coroutine = task.get_coro()
    return Finding(
        Kind.UNHANDLED,
        f"Task exception was never retrieved: {_short(error)} in {label_of(coroutine)}()",
        (("task", task.get_name()), ("created", origin_of(coroutine) or "(unknown)")),
        "await the task, or use asyncio.TaskGroup, so that its error reaches the test",
        names_of(coroutine),
        error,
    )


def _short(error: BaseException) -> str:
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    first = text.partition("\n")[0]
    return first if len(first) <= 100 else f"{first[:97]}..."
