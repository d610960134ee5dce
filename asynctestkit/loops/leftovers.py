"""What is left on a loop that is about to be closed, ended within a limit: tasks, async generators, the executor.

Tasks are cancelled and awaited in rounds, since a task may start others while it is cancelled. The first round is long
enough for whatever tidies up; who is still there then has eaten its cancellation and is cancelled again, a few times.
What no cancellation ends is thrown away: its coroutine is closed, and nobody waits for it any more.

What did not end by itself is a fault, told as a pair of its kind and a text.
"""

from __future__ import annotations

import asyncio
from asyncio import sleep  # as it is before tests replace it
from collections.abc import Callable, Coroutine
from contextlib import suppress
from time import monotonic
from typing import Any, Final

from asynctestkit.loops import threads
from asynctestkit.loops.others import Tasks
from asynctestkit.loops.parking import CLOSING
from asynctestkit.report.errors import message
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.report.hangs import awaited_by, rows_of_task

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

Fault = tuple[str, str]
"""A kind and a text."""

CANCEL_ROUNDS: Final = 10
"""How often leftover tasks are cancelled anew because others came to life meanwhile."""
CANCELS: Final = 3
"""How often a task is cancelled that eats its cancellation."""
FIRST_ROUND: Final = 5.0
"""Seconds that leftover tasks have to tidy up."""
NEXT_ROUND: Final = 0.2
"""Seconds that tasks have which have eaten a cancellation."""
EXECUTOR_TIMEOUT: Final = 300.0
"""Seconds that threads of the default executor have to end where the test has no limit; asyncio's own figure."""


async def end_tasks(
    loop: asyncio.AbstractEventLoop, find: Callable[[], Tasks], faults: list[Fault], limit: float | None = None
) -> None:
    """Cancel the tasks that `find` finds until it finds none; throw away what does not end.

    Args:
        loop: Whose tasks.
        find: Returns the tasks that are left.
        faults: Where to tell of those that did not end.
        limit: Seconds that the first round may take at most.
    """
    wait, eaten = FIRST_ROUND if limit is None else min(limit, FIRST_ROUND), 0
    for _ in range(CANCEL_ROUNDS):
        left = find()
        if not left:
            return
        if await wait_cancelled(loop, left, wait):
            wait, eaten = NEXT_ROUND, eaten + 1
            if eaten == CANCELS:
                break
    for task in find():
        faults.append(("task", throw_away(task)))


async def wait_cancelled(loop: asyncio.AbstractEventLoop, tasks: Tasks, limit: float | None) -> Tasks:
    """Cancel tasks and wait for them; return those that had not ended when the limit was over.

    Their errors go to the loop's exception handler, but for what has ended the loop itself: who runs it tells of that.
    """
    for task in tasks:
        task.cancel(CLOSING)
    ended, left = await asyncio.wait(tasks, timeout=limit)
    for task in ended:
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, SystemExit | KeyboardInterrupt):
            loop.call_exception_handler(
                # asyncio.Runner's own words, which people search for.
                {"message": "unhandled exception during asyncio.run() shutdown", "exception": error, "task": task}
            )
    return left


def throw_away(task: asyncio.Task[Any]) -> str:
    """Close the coroutine of a task that no cancellation ends, and keep everybody from waiting for it.

    Returns:
        What is to be said of it.
    """
    rows = rows_of_task(task) or [repr(task)]
    _let_go(task)
    coro: Any = task.get_coro()
    chain = list(awaited_by(coro))
    try:
        coro.close()
        closed = True
    except RuntimeError:  # it awaits again instead of ending
        closed = False
        _keep_for_ever(task, *chain)
    except BaseException:
        closed = True
    if closed:
        task.cancel()  # so that it wakes up and finds that it is over
    return message(
        f"task {task.get_name()!r} did not end when it was cancelled",
        coroutine=rows[0],
        waits_in=rows[-1],
        result="its coroutine was closed" if closed else "its coroutine cannot be closed either, and was left alone",
        fix="let CancelledError through: after `except` or `finally`, raise it again",
    )


def _let_go(task: asyncio.Task[Any]) -> None:
    """Take a task out of the lists of tasks, and have no complaint made of it."""
    asyncio._unregister_task(task)
    with suppress(AttributeError):  # private; without it the end of the task is logged
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # as run_until_complete does
    task.add_done_callback(_look_at)


def _keep_for_ever(*things: object) -> None:
    """Keep what cannot be closed from ever being collected: Python would close it once more, and complain or hang.

    A list would not do: when Python exits it is emptied, and names that the code uses are gone already.
    """
    from ctypes import py_object, pythonapi

    for thing in things:
        pythonapi.Py_IncRef(py_object(thing))


def _look_at(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()  # or it would be logged as never retrieved


async def end_generators(loop: asyncio.AbstractEventLoop, faults: list[Fault], limit: float | None) -> None:
    """Close the async generators that are left open."""
    closing = _own_task(loop, loop.shutdown_asyncgens())
    if not await _is_done(closing, FIRST_ROUND if limit is None else limit):
        closing.cancel()
        if not await _is_done(closing, NEXT_ROUND):
            throw_away(closing)
        faults.append(
            (
                "async generator",
                message(
                    "an async generator did not end when it was closed",
                    cause="its `finally` block, or what follows its `yield`, waits for something that never comes",
                    fix="close it in the test, with contextlib.aclosing, and bound what it waits for",
                ),
            )
        )


async def end_executor(loop: asyncio.AbstractEventLoop, faults: list[Fault], limit: float | None) -> None:
    """Wait for the threads of the default executor."""
    executor: Any = getattr(loop, "_default_executor", loop)
    if executor is None:
        await loop.shutdown_default_executor()
        return
    limit = EXECUTOR_TIMEOUT if limit is None else limit
    if isinstance(executor, threads.LeavableExecutor):
        executor.shutdown(wait=False)
        if await _have_ended(executor, limit):
            return
    else:
        closing = _own_task(loop, loop.shutdown_default_executor())
        if await _is_done(closing, limit):
            return
        _let_go(closing)
        _keep_for_ever(closing)  # what awaits the threads would, at its end, join them
    places = threads.let_go(loop, executor)
    faults.append(
        (
            "thread",
            message(
                "a thread of the default executor did not end",
                at="; ".join(places) or "(unknown)",
                fix="bound what the function waits for that run_in_executor or asyncio.to_thread was given",
            ),
        )
    )


async def _have_ended(executor: threads.LeavableExecutor, limit: float) -> bool:
    """Wait for the threads of an executor; asyncio does so in a thread of its own, which nobody could let go of."""
    until, pause = monotonic() + limit, 0.0
    while executor.alive:
        if monotonic() > until:
            return False
        await sleep(pause)
        pause = min(pause * 2 + 0.0001, 0.05)
    return True


def _own_task(loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    return asyncio.Task(coro, loop=loop)  # not by the loop's task factory, which may be the suite's


async def _is_done(task: asyncio.Task[Any], limit: float) -> bool:
    await asyncio.wait({task}, timeout=limit)
    if task.done() and not task.cancelled():
        task.result()
    return task.done()
