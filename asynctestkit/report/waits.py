"""What a task waits for, in words.

The innermost frames of a chain that belong to asyncio or anyio tell: `Queue.get` of this queue, `sleep`, the end of a
group. Of several that are known the outermost counts, as it is what the user wrote (`Queue.join` waits by an `Event`).
Where none is known, the future itself is looked at: another task, what `gather` or `shield` returned, a job of an
executor, or just a future.

`wait_of` finds out and is cheap, as it is asked about every task; `words_for` makes the text and is asked about those
that are shown.
"""

from __future__ import annotations

import asyncio
import gc
import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import CellType
from typing import Any, Final

from asynctestkit.report import links
from asynctestkit.report.awaits import Chain, Link, entered_by, is_new, is_running
from asynctestkit.report.rows import package_of
from asynctestkit.report.text import seconds, short

_DATA: Final = ("waits for data from {}", "sock")
_SENT: Final = ("waits until {} takes data", "sock")
_ITEM: Final = ("waits for an item of {}", "self")
_ROOM: Final = ("waits for room in {}", "self")
_TURN: Final = ("waits to acquire {}", "self")

_KNOWN: Final[dict[str, tuple[str, str]]] = {
    "Lock.acquire": _TURN,
    "Semaphore.acquire": _TURN,
    "CapacityLimiter.acquire_on_behalf_of": _TURN,
    "Event.wait": ("waits for {} to be set", "self"),
    "Condition.wait": ("waits to be notified by {}", "self"),
    "Barrier.wait": ("waits for the other parties of {}", "self"),
    "Queue.get": _ITEM,
    "Queue.put": _ROOM,
    "Queue.join": ("waits until all items of {} are done", "self"),
    "MemoryObjectReceiveStream.receive": _ITEM,
    "MemoryObjectSendStream.send": _ROOM,
    "StreamReader._wait_for_data": ("waits for data from {}", "self"),
    "StreamWriter.drain": ("waits until the peer takes data from {}", "self"),
    "StreamWriter.wait_closed": ("waits until {} is closed", "self"),
    "Process.wait": ("waits for the end of {}", "self"),
    "Server.wait_closed": ("waits for the end of the connections of {}", "self"),
    "Server.serve_forever": ("serves until it is cancelled: {}", "self"),
    "open_connection": ("waits for a connection to port {}", "port"),
    "BaseEventLoop.create_connection": ("waits for a connection to port {}", "port"),
    "BaseEventLoop.getaddrinfo": ("waits for the address of {}", "host"),
    "BaseEventLoop.shutdown_default_executor": ("waits for the executor's threads on {}", "self"),
    **{f"Base{kind}EventLoop.{name}": _DATA for kind in ("Selector", "Proactor") for name in
       ("sock_recv", "sock_recv_into", "sock_recvfrom", "sock_recvfrom_into")},
    **{f"Base{kind}EventLoop.{name}": _SENT for kind in ("Selector", "Proactor") for name in
       ("sock_sendall", "sock_sendto")},
    **{f"Base{kind}EventLoop.sock_accept": ("waits for a connection at {}", "sock")
       for kind in ("Selector", "Proactor")},
    **{f"Base{kind}EventLoop.sock_connect": ("waits for a connection by {}", "sock")
       for kind in ("Selector", "Proactor")},
}  # fmt: skip
"""By the name of the function that waits: what it waits for, and the local variable that holds it."""

_JOINS: Final[dict[str, tuple[str, str]]] = {
    "TaskGroup.__aexit__": ("TaskGroup", "self"),
    "TaskGroup._aexit": ("TaskGroup", "self"),
    "_wait": ("asyncio.wait", "waiter"),
    "wait_for": ("asyncio.wait_for", "waiter"),
    "as_completed.<locals>._wait_for_one": ("asyncio.as_completed", "done"),
    "_AsCompletedIterator._wait_for_one": ("asyncio.as_completed", "self"),
}
"""The same for what waits for other tasks."""

_FOR_EVER: Final = 1e8
"""Seconds: three years. Loops without infinite timers are given long ones instead."""
_THREAD: Final = "waits for another thread: {}"
_EXCLUSIVE: Final = frozenset(("Lock.acquire", "Semaphore.acquire"))
_LIBRARIES: Final = frozenset(("asyncio", "anyio", "uvloop"))
_PARKING: Final = ("asynctestkit.loops.", "asynctestkit.fixtures.")


@dataclass(frozen=True, slots=True)
class Wait:
    """What one task waits for."""

    kind: str
    """Equal for waits of the same kind."""
    words: str = ""
    """With `{}` where the object belongs."""
    on: object | None = None
    """The object, where other tasks can wait for the same one."""
    joins: str | None = None
    """By what means it waits for other tasks; None: it does not."""
    future: asyncio.Future[Any] | None = None
    exclusive: bool = False
    """Whether another task may hold the object."""


def wait_of(task: asyncio.Task[Any], chain: Chain) -> Wait:
    """Return what a task waits for."""
    future = chain.future
    if future is None and chain.dead_end is not None:
        future = getattr(task, "_fut_waiter", None)  # private: all there is behind an awaitable that says nothing
    return _not_waiting(task.get_coro(), chain, future) or _named(chain, future) or _unnamed(chain, future)


def _not_waiting(coro: object, chain: Chain, future: asyncio.Future[Any] | None) -> Wait | None:
    """Return the state of a task that waits for nothing of its own; None: it waits."""
    if is_running(coro):
        return Wait("running", "is running")
    if is_new(coro):
        return Wait("new", "has not begun")
    if future is not None and future.done():
        why = "its wait was cancelled" if future.cancelled() else "what it waited for is done"
        return Wait("ready", f"is ready to go on: {why}", future=future)
    if future is None and chain.dead_end is None:
        return Wait("ready", "is ready to go on")
    if _is_parked(chain):
        return Wait("parked", "is parked until asynctestkit goes on with it", future=future)
    return None


def _is_parked(chain: Chain) -> bool:
    """Return whether a task of ours stands between two phases, or holds a fixture open."""
    return bool(chain.links) and str(chain.links[-1].frame.f_globals.get("__name__")).startswith(_PARKING)


def _named(chain: Chain, future: asyncio.Future[Any] | None) -> Wait | None:
    """Return what the innermost frames tell."""
    block: list[Link] = []
    for link in reversed(chain.links):
        if package_of(link.frame) not in _LIBRARIES:
            break
        block.insert(0, link)
    names = [link.frame.f_code.co_qualname for link in block]
    for number, (link, name) in enumerate(zip(block, names, strict=True)):
        inner = names[number + 1 :]
        if name == "sleep":
            return Wait("sleep", "sleeps", future=future)
        if name == "AsyncIOBackend.run_sync_in_worker_thread":
            return Wait("executor", _THREAD, future, future=future)
        if name == "Condition.wait" and "Lock.acquire" in inner:
            continue  # it was notified and wants the lock back
        if name in _KNOWN:
            words, local = _KNOWN[name]
            subject = link.frame.f_locals.get(local)
            return Wait(name, words, subject, future=future, exclusive=name in _EXCLUSIVE)
        if name in _JOINS and (name != "wait_for" or not inner):
            joins, local = _JOINS[name]
            return Wait(name, "", link.frame.f_locals.get(local), joins=joins, future=future)
    return None


def _unnamed(chain: Chain, future: asyncio.Future[Any] | None) -> Wait:
    """Return what the future tells."""
    if future is None:
        return Wait("unknown", "waits for {}", chain.dead_end)
    if isinstance(future, asyncio.Task):
        return Wait("task", "", future, joins="await", future=future)
    kind = links.kind_of(future)
    if kind is not None:
        return Wait(kind, "", future, joins=kind, future=future)
    job = links.executor_job(future)
    if job is not None:
        return Wait("executor", _THREAD, job, future=future)
    return Wait("future", "waits for {}", future, future=future)


def words_for(wait: Wait) -> str:
    """Return the text of a wait that is not for other tasks."""
    return wait.words.format(_subject(wait.on)) if "{}" in wait.words else wait.words


def _subject(thing: object) -> str:
    """Return what people call a thing that is waited for."""
    name = type(thing).__name__
    if isinstance(thing, asyncio.Queue):  # its repr shows all that is in it
        return f"<{name} at {id(thing):#x} maxsize={thing.maxsize} qsize={thing.qsize()}>"
    if isinstance(thing, asyncio.StreamReader | asyncio.StreamWriter):
        transport = getattr(thing, "_transport", None)  # private: a reader tells nobody where it reads from
        peer = None if transport is None else transport.get_extra_info("peername")
        return f"<{name} at {id(thing):#x}>" if not peer else f"<{name} of {short(peer)}>"
    return short(thing)


def timer_of(chain: Chain) -> float | None:
    """Return the loop's time when the innermost await ends by itself (`sleep`, a `timeout=`); None: never."""
    found = gc.get_referents(*(link.maker for link in chain.links[-1:]))
    held = (links.content_of(one) if isinstance(one, CellType) else one for one in found)
    timers: list[Any] = [one for one in held if type(one).__name__ == "TimerHandle"]  # uvloop has a class of its own
    times = [one.when() for one in timers if not one.cancelled()]
    return min([*times, *_limits(chain, own=True)], default=None)


def limit_of(chain: Chain) -> float | None:
    """Return the loop's time at which a timeout around one of the awaits ends it, asyncio's or anyio's; None: never."""
    return min(_limits(chain, own=False), default=None)


def _limits(chain: Chain, *, own: bool) -> Iterator[float]:
    """Yield the ends of the timeouts that asyncio entered itself (`wait_for` since Python 3.12), or of all others."""
    for link in chain.links:
        if (package_of(link.frame) == "asyncio") is not own:
            continue
        for manager in entered_by(link.maker):
            when = _end_of(manager)
            if when is not None and when != math.inf:
                yield when


def _end_of(manager: Any) -> float | None:
    """Return the loop's time at which a context manager cancels what is inside it; None: it does not."""
    if isinstance(manager, asyncio.Timeout):
        return None if manager.expired() else manager.when()
    # anyio is looked for by its names: it need not be there.
    return getattr(manager, "deadline", None) if type(manager).__name__ == "CancelScope" else None


def time_left(when: float, now: float) -> str:
    """Return how long it is until a moment of the loop's time."""
    if when - now > _FOR_EVER:
        return "for ever"
    return f"{seconds(when - now)} left" if when > now else f"due for {seconds(now - when)}"
