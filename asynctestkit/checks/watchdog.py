"""One thread for the process that looks at clocks while tests run: what is due is fired there.

Rules:

1. Arming costs a test next to nothing: an entry in a set, and a wake-up only if the thread would sleep too long. While
   tests come and go it wakes up about as often as the shortest limit demands, so that it need not be woken; with
   nothing armed it sleeps for good.
2. It is made when it is first needed, and is not among `threading.enumerate()`, which tests look at.
3. Before a fork it ends, so that the process has no more threads than the program has made (Python 3.12 and later warn
   of a fork beside threads); it is there again after the fork if something is armed, on 3.13 when something is armed
   next. In the child nothing is armed.
4. What is fired must not block: it holds up the clocks of all others.
5. Where a call in C holds the interpreter's lock, not even this thread can run. So `faulthandler` is to print all
   stacks if the thread is not back in time. Its timer is one for the whole process and is set once for each time that
   the thread sleeps; whoever uses it otherwise turns this off (`stacks`).
"""

from __future__ import annotations

import _thread
import faulthandler
import math
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Final, Protocol

PATIENCE: Final = 5.0
"""Seconds after the time that this thread was to wake up, or something was due, until all stacks are printed."""
LEAST_SLEEP: Final = 0.02
"""Seconds that the thread sleeps at least between looking, for limits that come and go."""


class Watcher(Protocol):
    """Something that is due at a time; `math.inf` is never."""

    due: float
    """When to fire it, by `time.monotonic()`; `fire` sets the next time."""

    def fire(self, now: float) -> None:
        """Act, in the watchdog's thread: it is due. It says itself when it is due next."""
        ...


class Watchdog:
    """The thread, and what is armed."""

    def __init__(self) -> None:
        self.armed: set[Watcher] = set()
        self.when_idle: Callable[[], None] | None = None
        """Called in the thread when nothing was armed for a while, before it sleeps for good."""
        self.stderr = 2
        """The descriptor that goes to the user, where what is printed is captured."""
        self.stacks = True
        """Whether `faulthandler` is free to be used."""
        self._are_stacks_set = False
        """Whether `faulthandler` has a thread that waits."""
        self._begin()

    def _begin(self) -> None:
        self._period = math.inf
        self._wakes_at = math.inf
        self._running = False
        self._ending = False
        self._idle = True
        """Whether the thread does not run, or sleeps for good."""
        self._starting = _thread.allocate_lock()
        self._bell = _thread.allocate_lock()
        self._bell.acquire()
        self._ended = _thread.allocate_lock()

    def arm(self, watcher: Watcher, limit: float) -> None:
        """Have a watcher fired when it is due, which is `limit` seconds from now; also one that is armed already."""
        if limit < self._period:
            self._period = max(limit, LEAST_SLEEP)
        self.armed.add(watcher)
        if watcher.due < self._wakes_at:
            if self._idle:
                self._set_stacks(watcher.due + PATIENCE - monotonic())
            self._ring()

    def disarm(self, watcher: Watcher) -> None:
        """Have it fired no more; it may be firing right now."""
        self.armed.discard(watcher)

    def end(self) -> None:
        """End the thread and wait until it has; what is armed stays armed."""
        with self._starting:
            if not self._running:
                return
            left = _count_threads() - 1 - self._are_stacks_set
            self._ending = True
            self._wake()
            if self._ended.acquire(timeout=1.0):
                self._ended.release()
            self._running = self._ending = False
            self._wakes_at, self._idle = math.inf, True
            self._set_stacks(None)
            _wait_until(left)

    def go_on(self) -> None:
        """Start the thread again after a fork if anything is armed.

        Python 3.13 counts the threads after this: there it is started when something is armed next.
        """
        if self.armed and sys.version_info[:2] != (3, 13):
            self._ring()

    def forget(self) -> None:
        """Begin anew, in a process that was forked off while the thread did not run."""
        self.armed.clear()
        self._begin()  # also the locks, which may be held by threads that this process does not have

    def _ring(self) -> None:
        if self._running:
            self._wake()
            return
        if not self._starting.acquire(blocking=False):  # somebody else is about it, perhaps below a signal handler
            return
        try:
            if not self._running:
                self._start()
        finally:
            self._starting.release()

    def _start(self) -> None:
        self._ended.acquire()
        try:
            _thread.start_new_thread(self._watch, ())
        except RuntimeError:  # the interpreter ends, or has no thread to give: tests run without limits
            self._ended.release()
        else:
            self._running = True

    def _wake(self) -> None:
        with suppress(RuntimeError):  # it was rung already
            self._bell.release()

    def _watch(self) -> None:
        """Fire what is due, for ever."""
        try:
            while not self._ending:
                self._wakes_at, self._idle = math.inf, False  # whoever arms something from here on rings
                self._fire_due()
                sleep = self._time_to_sleep()
                if self._bell.acquire(timeout=-1 if sleep is None else sleep):
                    continue
        finally:
            self._ended.release()

    def _fire_due(self) -> None:
        now = monotonic()
        for watcher in tuple(self.armed):
            if watcher.due <= now:
                try:
                    watcher.fire(now)
                except Exception as error:
                    self.armed.discard(watcher)
                    sys.excepthook(type(error), error, error.__traceback__)

    def _time_to_sleep(self) -> float | None:
        """Return the seconds until something may be due; None where nothing was armed for as long as anything takes."""
        now = monotonic()
        first = min((watcher.due for watcher in tuple(self.armed)), default=math.inf)
        wakes_at = min(first, now + self._period)
        # Between two tests nothing is armed: look once more. Else less often, until something short is armed again.
        self._period = self._period * 2 if self.armed else math.inf
        if wakes_at == math.inf:
            self._set_stacks(None)
            self._idle = True
            if self.when_idle is not None:
                self.when_idle()
            return None
        self._set_stacks((wakes_at if first == math.inf else first) + PATIENCE - now)
        self._wakes_at = wakes_at
        return min(max(wakes_at - monotonic(), 0), _thread.TIMEOUT_MAX)

    def _set_stacks(self, seconds: float | None) -> None:
        """Have all stacks printed after some time, unless this is called again before that; None: no more."""
        if not self.stacks:
            return
        self._are_stacks_set = seconds is not None
        if seconds is None:
            faulthandler.cancel_dump_traceback_later()
            return
        try:
            faulthandler.dump_traceback_later(seconds, file=self.stderr)
        except (RuntimeError, OverflowError, OSError, ValueError):  # no thread to be had, or a limit beyond all reason
            return


def _count_threads() -> int:
    """Return how many threads the process has, as Python asks the system when it forks; 0 where that cannot be told."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 0


def _wait_until(left: int) -> None:
    """Wait until the process has no more threads than that: one that has ended is seen for a moment longer."""
    until = monotonic() + 0.1
    while _count_threads() > left > 0 and monotonic() < until:
        time.sleep(0.0001)


watchdog: Final = Watchdog()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=watchdog.end, after_in_parent=watchdog.go_on, after_in_child=watchdog.forget)
