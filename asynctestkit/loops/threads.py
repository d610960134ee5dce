"""Threads of an executor that do not end: where they stand, and how the process can end without them.

Python joins every thread that is no daemon before it exits, so one that never ends would hold up the process for ever
after the last test. How a thread is taken off that list is private. From 3.13 on it cannot be done, and the process
waits, as it would without us; the test has failed and named the thread by then.
"""

from __future__ import annotations

import asyncio
import concurrent.futures.thread as _futures
import threading
from contextlib import suppress
from typing import Any

from asynctestkit.report.hangs import place_of_frame, thread_frame


def let_go(loop: asyncio.AbstractEventLoop, executor: Any) -> list[str]:
    """Let the process end without the threads of an executor that are still alive; return where these stand."""
    alive = [thread for thread in getattr(executor, "_threads", ()) if thread.is_alive()]
    places = [f"{thread.name}, {place_of_frame(thread_frame(thread.ident))}" for thread in alive]
    joining = [thread for thread in threading.enumerate() if _joins_for(thread, loop)]
    for thread in (*alive, *joining):
        with suppress(AttributeError, KeyError):
            _forget(thread)
    return places


def _joins_for(thread: Any, loop: asyncio.AbstractEventLoop) -> bool:
    """Whether a thread is the one in which asyncio waits for the executor of a loop."""
    target = getattr(thread, "_target", None)
    return getattr(target, "__self__", None) is loop and getattr(target, "__name__", "") == "_do_shutdown"


def _forget(thread: Any) -> None:
    queues: Any = vars(_futures)["_threads_queues"]
    queues.pop(thread, None)
    locks: Any = vars(threading)["_shutdown_locks"]
    locks.discard(thread._tstate_lock)
