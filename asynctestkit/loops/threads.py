"""Threads of an executor that do not end: where they stand, and how the process can end without them.

Python joins every thread that is no daemon before it exits, so one that never ends would hold up the process for ever
after the last test. Two ways lead out, both by private names:

- up to 3.12 a thread can be taken off the list of those that are joined;
- from 3.13 on it cannot. There the loop's default executor is one whose threads are daemons, though nothing that they
  run can tell: they are joined at the exit like all threads of executors, until they are let go of.

A loop that brings its own executor (uvloop does) is left to itself: there the process waits, as it would without us;
the test has failed and named the thread by then.
"""

from __future__ import annotations

import asyncio
import concurrent.futures.thread as _futures
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

from asynctestkit.report.hangs import place_of_frame, thread_frame


class LeavableExecutor(ThreadPoolExecutor):
    """An executor without whose threads the process can end."""

    def __init__(self) -> None:
        super().__init__(thread_name_prefix="asyncio", initializer=_be_no_daemon)

    def _adjust_thread_count(self) -> None:
        with _starting_daemons():
            super()._adjust_thread_count()  # private: where threads are started

    @property
    def alive(self) -> bool:
        """Whether any of its threads has not ended."""
        return any(thread.is_alive() for thread in tuple(self._threads))


@contextmanager
def _starting_daemons() -> Generator[None, None, None]:
    """Have threads that are started in the block be daemons, as those of a daemon are; none is started elsewhere."""
    me: Any = threading.current_thread()
    before, me._daemonic = me._daemonic, True
    try:
        yield
    finally:
        me._daemonic = before


def _be_no_daemon() -> None:
    """Have what runs in this thread, and the threads that it starts, find it an ordinary one."""
    me: Any = threading.current_thread()
    me._daemonic = False


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
    locks: Any = vars(threading).get("_shutdown_locks")
    if locks is not None:
        locks.discard(thread._tstate_lock)
