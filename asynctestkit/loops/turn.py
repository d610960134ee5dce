"""One turn of a stock event loop without asking its selector: enough for a phase that waits for nothing.

Most phases of most tests never wait: they are over at the end of the step that begins them. `run_forever` would still
poll for I/O and look at the timers first, which costs more than the phase. So the handles that are ready are run as the
loop's own first turn would run them, in their order, with the loop running by every sign that code can see; what is not
over then goes on in the loop itself. It is the turn of a loop in which no I/O was ready and no timer was due.

It leans on private names of asyncio's base event loop. A loop that lacks one of them, that runs in another way (uvloop,
a proactor, a subclass with its own `_run_once`) or that is in debug mode, which times each handle, is left to itself.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
from asyncio import BaseEventLoop
from collections.abc import Coroutine
from threading import get_ident
from typing import Any, Final, Protocol

from asynctestkit.loops.stock import StockLoop
from asynctestkit.report.frames import TRIM_FRAMES

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

_METHODS: Final = (
    "run_forever",
    "_run_once",
    "_asyncgen_firstiter_hook",
    "_asyncgen_finalizer_hook",
    "call_soon",
    "create_task",
    "shutdown_asyncgens",
    "shutdown_default_executor",
)
_STATE: Final = (
    *("_ready", "_stopping", "_thread_id", "_debug", "_closed", "_task_factory"),
    *("_scheduled", "_asyncgens", "_default_executor"),
)

_known: dict[type, bool] = {}


class Sleeper(Protocol):
    """Whoever is to go on."""

    def step(self) -> None:
        """Go on at once, as what the loop calls would."""
        ...

    def wake(self) -> None:
        """Have the loop call what goes on, unless it has gone on; calling this twice is allowed."""
        ...


def take_turn(loop: Any, sleeper: Sleeper | None = None) -> bool:
    """Run what is ready now; return whether that was all: False where the loop itself has to run.

    That is so where it is not one to do this with, in which case nothing was done, and where `stop()` was called on it.

    Args:
        loop: The loop.
        sleeper: What goes on behind what is ready; it is called without a handle where nothing is.
    """
    if not (_known.get(type(loop)) or _is_stock(loop)) or loop._debug or loop._closed or loop._thread_id is not None:
        return False
    ready = loop._ready
    if ready and sleeper is not None:
        sleeper.wake()
        sleeper = None
    hooks = sys.get_asyncgen_hooks()
    loop._thread_id = get_ident()
    sys.set_asyncgen_hooks(loop._asyncgen_firstiter_hook, loop._asyncgen_finalizer_hook)
    asyncio._set_running_loop(loop)
    try:
        if sleeper is not None:
            sleeper.step()
        else:
            for _ in range(len(ready)):
                handle = ready.popleft()
                if not handle._cancelled:
                    handle._run()
    finally:
        asyncio._set_running_loop(None)
        sys.set_asyncgen_hooks(*hooks)
        loop._thread_id = None
    return not loop._stopping


def nothing_is_left(loop: Any) -> bool:
    """Whether a loop has nothing to call, no timer, no async generator and no executor: no turn would find any work.

    Tasks are not looked at. False where the loop is not one to tell this of, or cannot be run now.
    """
    if not (_known.get(type(loop)) or _is_stock(loop)):
        return False
    if (
        loop._ready
        or loop._scheduled
        or loop._default_executor is not None
        or loop._closed
        or loop._thread_id is not None
    ):
        return False
    return "_asyncgens" not in loop.__dict__ or not loop._asyncgens.data


def new_task(
    loop: Any, coro: Coroutine[Any, Any, Any], *, name: str, context: contextvars.Context
) -> asyncio.Task[Any]:
    """Return what `loop.create_task` returns; a stock loop would do no more than this."""
    if _known.get(type(loop)) and not loop._debug and loop._task_factory is None and not loop._closed:
        return asyncio.Task(coro, loop=loop, name=name, context=context)
    task: asyncio.Task[Any] = loop.create_task(coro, context=context)  # all that factories must take, as Runner does it
    task.set_name(name)
    return task


def _known_as(name: str) -> tuple[Any, ...]:
    return (getattr(BaseEventLoop, name, None), getattr(StockLoop, name, None))


def _is_stock(loop: Any) -> bool:
    cls = type(loop)
    found = _known.get(cls)
    if found is None:
        found = _known[cls] = isinstance(loop, BaseEventLoop) and (
            all(getattr(cls, name, None) in _known_as(name) for name in _METHODS)
            and all(hasattr(loop, name) for name in _STATE)
        )
    return found
