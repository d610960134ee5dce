"""Who waits for a task: found from what the end of the task will set off.

A task that is awaited wakes the awaiting task by a done-callback. `gather`, `shield`, `wait`, `as_completed` and,
before Python 3.12, `wait_for` add callbacks of their own, which refer to the future (or the object) that the awaiting
task waits for; that of a task group belongs to the group. Following the callbacks therefore leads from the child to
what its parent awaits, through any number of futures in between, whatever the parent's own code looks like.

Only callbacks of asyncio and anyio are followed: one of the user's may refer to anything. They are read from
`Future._callbacks`, a private name that futures in C and in Python have alike; without it only what is awaited directly
is known, which the chains tell.

Python 3.14 also records who awaits a future, which is asked about tasks that the callbacks tell nothing of. The record
is what `asyncio.capture_call_graph` is made of; it is read one step at a time, since that function follows it to the
end: where two tasks wait for one another there is none (it raises RecursionError), and where many tasks wait for the
same ones in layers it follows every path.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
from collections.abc import Callable, Iterator
from types import CellType
from typing import Any, Final

_FOLLOWED: Final = ("asyncio", "anyio")


def woken_by(future: asyncio.Future[Any]) -> Iterator[Any]:
    """Yield what the end of a future reaches before it wakes a task: futures, groups, and what else stands between."""
    todo, seen = [future], {id(future)}
    while todo:
        for callback in _callbacks_of(todo.pop()):
            for thing in _refers_to(callback):
                if id(thing) in seen:
                    continue
                seen.add(id(thing))
                yield thing
                if asyncio.isfuture(thing):
                    todo.append(thing)


def parent_of_group(thing: object) -> asyncio.Task[Any] | None:
    """Return the task that entered a task group, of asyncio or anyio; None: this is no group."""
    scope = getattr(thing, "cancel_scope", None)
    owner = getattr(thing, "_parent_task", None) if scope is None else getattr(scope, "_host_task", None)
    return owner if isinstance(owner, asyncio.Task) else None


def recorded_awaiters(task: asyncio.Task[Any]) -> list[asyncio.Task[Any]]:
    """Return the tasks that Python 3.14 and later have on record as waiting for a task, in no order; earlier: none."""
    recorded = getattr(task, "_asyncio_awaited_by", None) or ()
    return [one for one in recorded if isinstance(one, asyncio.Task)]


def executor_job(future: asyncio.Future[Any]) -> concurrent.futures.Future[Any] | None:
    """Return the executor's own future for what `run_in_executor` returned; None: it is from elsewhere."""
    for callback in _callbacks_of(future):
        for thing in _refers_to(callback):
            if isinstance(thing, concurrent.futures.Future):
                return thing
    return None


def kind_of(future: asyncio.Future[Any]) -> str | None:
    """Return `gather` or `shield` for what these functions return; None: it is from elsewhere."""
    if type(future).__name__ == "_GatheringFuture":
        return "gather"
    called = (getattr(callback, "__qualname__", "") for callback in _callbacks_of(future))
    return "shield" if "shield.<locals>._outer_done_callback" in called else None


def _callbacks_of(future: object) -> list[Callable[..., Any]]:
    return [entry[0] for entry in getattr(future, "_callbacks", None) or () if isinstance(entry, tuple)]


def _refers_to(callback: Any) -> Iterator[Any]:
    """Yield the objects that a callback of asyncio or anyio works on."""
    owner = getattr(callback, "__self__", None)
    function, arguments = callback, ()
    if isinstance(callback, functools.partial):
        function, arguments = callback.func, callback.args
    if str(getattr(function, "__module__", "")).partition(".")[0] not in _FOLLOWED:
        return
    contents = map(content_of, getattr(function, "__closure__", None) or ())
    # A task among them is what wakes up, which its chain tells, or what once began the wait, which tells nothing.
    yield from (thing for thing in (owner, *arguments, *contents) if not isinstance(thing, asyncio.Task | None))


def content_of(cell: CellType) -> object:
    """Return what a cell of a closure holds; None where it is empty."""
    try:
        return cell.cell_contents
    except ValueError:
        return None
