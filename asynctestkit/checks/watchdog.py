"""One thread for the process that looks at clocks while tests run: what is due is fired there.

Rules:

1. Arming costs a test next to nothing: an entry in a set, and a wake-up only if the thread would sleep too long. While
   tests come and go it wakes up about as often as the shortest limit demands, so that it need not be woken; with
   nothing armed it sleeps for good.
2. A thread of Python's that wakes up asks for the interpreter's lock only when nobody has let go of it for 5 ms. Beside
   a test run, which lets go of it for moments all the time (each line of output), it would wait for hundreds of tests;
   and each time it would be woken in vain, which costs those tests more than all else here. So it is woken once, and
   who arms something while it waits lets it in.
3. It is made when it is first needed, and is not among `threading.enumerate()`, which tests look at. Nor does it open
   files, which tests count.
4. Before a fork it ends, so that the process has no more threads than the program has made (Python 3.12 and later warn
   of a fork beside threads); it is there again after the fork if something is armed, on 3.13 from the loop's next turn
   on. In the child nothing is armed.
5. What is fired must not block: it holds up the clocks of all others.
6. Where a call in C holds the interpreter's lock, not even this thread can run. So `faulthandler` is to print all
   stacks if the thread is not back in time. Its timer is one for the whole process and is set once for each time that
   the thread sleeps; whoever uses it otherwise turns this off (`stacks`).
"""

from __future__ import annotations

import _thread
import asyncio
import contextvars
import faulthandler
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from time import monotonic
from typing import Final, Protocol

PATIENCE: Final = 5.0
"""Seconds after the time that this thread was to wake up, or something was due, until all stacks are printed."""
LEAST_SLEEP: Final = 0.02
"""Seconds that the thread sleeps at least between looking, for limits that come and go."""
LET_IN: Final = 0.002
"""Seconds that who arms something waits at most for the thread to come to its turn."""
MOST_TRIES: Final = 5
"""How often that is done until it has come; it may be no more, where a process was forked off behind Python's back."""
LATE: Final = 1.0
"""Seconds after it was to wake up until a thread that has not is given more time."""
ENDS_WITHIN: Final = 1.0
"""Seconds that a fork waits at most for threads to end, and then for the system to see it."""
SHORTLY: Final = 0.3
"""The same where it seems that they have ended."""


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
        self._begin()

    def _begin(self) -> None:
        self._period = math.inf
        self._wakes_at = math.inf
        self._thread: _Thread | None = None
        self._counted = 0
        """How many of the threads that Python counts are ours: one that has begun to run."""
        self._idle = True
        """Whether the thread does not run, or sleeps for good."""
        self._changing = _thread.RLock()
        """Held while the thread is started or ended: by one thread, or by a signal handler above it."""
        self._is_changing = False
        self._is_rung = False
        """Whether the thread was woken, or started, and has not come to its turn yet."""
        self._tries = 0
        """How often it was let in since it last came to its turn."""
        self._came = _thread.allocate_lock()
        self._came.acquire()

    def arm(self, watcher: Watcher, limit: float) -> None:
        """Have a watcher fired when it is due, which is `limit` seconds from now; also one that is armed already."""
        if limit < self._period:
            self._period = max(limit, LEAST_SLEEP)
        self.armed.add(watcher)
        due = watcher.due
        if self._wakes_at < math.inf and (self._is_rung or self._wakes_at < due - limit) and self._tries < MOST_TRIES:
            self._let_in()
        wakes_at = self._wakes_at
        is_late = due - limit > wakes_at + LATE  # it has not come to its turn; this shows that others do
        if due < wakes_at or is_late:
            if self._idle or is_late:
                self._set_stacks(limit + PATIENCE)
            # By then at the latest: it is rung for after this, and looks at all that is armed.
            self._wakes_at = due
            if not self._ring():
                self._wakes_at = math.inf

    def _let_in(self) -> None:
        """Let the thread come to its turn, which takes it a fraction of a test."""
        self._tries += 1
        self._came.acquire(blocking=False)  # it may have come without being waited for
        self._came.acquire(timeout=LET_IN)

    def disarm(self, watcher: Watcher) -> None:
        """Have it fired no more; it may be firing right now."""
        self.armed.discard(watcher)

    def is_alone(self) -> bool:
        """Whether Python has no threads but the main one and this."""
        return _count_threads() == self._counted

    def end(self) -> None:
        """End the thread and wait until it has; what is armed stays armed.

        One that is not done with firing in time ends when it is. Where a signal handler forks while this thread is
        about it, nothing is done for that fork.
        """
        with self._changing:
            thread = self._thread
            if thread is None or self._is_changing:
                return
            self._is_changing = True
            try:
                self._end(thread)
            finally:
                self._is_changing = False

    def _end(self, thread: _Thread) -> None:
        before = _states() if _IS_TOLD else {}
        self._counted, has_ended = 0, False
        try:
            has_ended = thread.end()
        finally:  # also where a signal handler raises
            self._counted = 0  # it may have begun only now
            self._thread = None
            self._wakes_at, self._idle = math.inf, True
            self._set_stacks(None)
        if has_ended and before:
            self._wait_for_ends(thread.native_id, before)

    def go_on(self) -> None:
        """Start the thread again after a fork if anything is armed.

        Python 3.13 counts the threads after this: there it is started in the next turn of the loop that runs in this
        thread, or else when something is armed next.
        """
        if not self.armed:
            return
        if sys.version_info[:2] != (3, 13):
            self._ring()
        elif (loop := asyncio._get_running_loop()) is not None:
            loop.call_soon(self._go_on_later, context=contextvars.Context())

    def _go_on_later(self) -> None:
        if self.armed:
            self._ring()

    def forget(self) -> None:
        """Begin anew, in a process that was forked off while the thread did not run."""
        self.armed.clear()
        self._begin()  # also the locks, which may be held by threads that this process does not have

    def _ring(self) -> bool:
        """Wake the thread, or start it; return whether there is one."""
        self._is_rung = True
        if (thread := self._thread) is not None:
            thread.wake()
            return True
        if not self._changing.acquire(blocking=False):  # another thread is about it
            return False
        try:
            if self._thread is None and not self._is_changing:
                self._is_changing = True
                try:
                    self._start()
                finally:
                    self._is_changing = False
        finally:
            self._changing.release()
        return self._thread is not None

    def _start(self) -> None:
        thread = _Thread()
        with suppress(RuntimeError):  # the interpreter ends, or has no thread to give: tests run without limits
            _thread.start_new_thread(self._watch, (thread,))
            self._thread = thread

    def _watch(self, thread: _Thread) -> None:
        """Fire what is due, for ever."""
        thread.native_id = _own_native_id()
        if not thread.ending:
            self._counted = 1
        try:
            while not thread.ending:
                self._wakes_at, self._idle = math.inf, False  # whoever arms something from here on rings
                self._is_rung, self._tries = False, 0
                with suppress(RuntimeError):  # nobody has waited since it last came
                    self._came.release()
                self._fire_due()
                if thread.ending:  # perhaps long ago: another thread is at work
                    return
                sleep = self._time_to_sleep()
                thread.bell.acquire(timeout=-1 if sleep is None else sleep)
        finally:
            thread.has_ended.release()

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
        if seconds is None:
            faulthandler.cancel_dump_traceback_later()
            return
        with suppress(RuntimeError, OverflowError, OSError, ValueError):  # no thread to be had, or too long a limit
            faulthandler.dump_traceback_later(seconds, file=self.stderr)

    def _wait_for_ends(self, native_id: int, before: Mapping[int, str]) -> None:
        """Wait until the system counts neither the thread of this number nor that of `faulthandler`: both have ended.

        The latter is not known by its number, and others may have ended it long ago. So it is gone when one is that
        slept before, or when none is awake: it is, from when it is told to end until it has. One that was awake before
        and is gone may have been it, too, had it just begun; or an earlier one, which it stood in for.
        """
        me, until = _own_native_id(), monotonic() + ENDS_WITHIN
        while me in before and monotonic() < until:  # else the system tells of other numbers than those of threads
            now = _states()
            if native_id not in now:
                others = before.keys() - {native_id, me}
                gone = others - now.keys()
                if not self.stacks or any(before[number] == "S" for number in gone):
                    return
                if all(now[number] == "S" for number in others - gone):
                    return
                if gone:
                    until = min(until, monotonic() + SHORTLY)
            _sleep(0.0001)


class _Thread:
    """What one thread has of its own, so that one that ends late stands in nobody's way."""

    def __init__(self) -> None:
        self.ending = False
        self.native_id = 0
        self.bell = _thread.allocate_lock()
        self.bell.acquire()
        self.has_ended = _thread.allocate_lock()
        self.has_ended.acquire()

    def wake(self) -> None:
        """Have it look now."""
        with suppress(RuntimeError):  # it was rung already
            self.bell.release()

    def end(self) -> bool:
        """Have it end, and return whether it has; it has not where it is busy for longer than `ENDS_WITHIN`."""
        self.ending = True
        self.wake()
        return self.has_ended.acquire(timeout=ENDS_WITHIN)


_count_threads: Final[Callable[[], int]] = getattr(_thread, "_count", lambda: -1)
"""How many threads there are that Python has started, whatever they are for."""


_own_native_id: Final[Callable[[], int]] = getattr(_thread, "get_native_id", int)
"""The system's number of the calling thread; 0 where it has none, and nothing can be looked up by it."""


_listdir, _open, _read_some, _close, _sleep = os.listdir, os.open, os.read, os.close, time.sleep
"""As they were before any test has patched them: forks come in the middle of tests."""
_IS_TOLD: Final = sys.version_info >= (3, 12)
"""Whether Python warns of a fork beside threads that the system counts."""


def _states() -> dict[int, str]:
    """Return the threads that Python counts when it forks, by the system's numbers: what each is at, "S" for asleep.

    There are none where the system does not tell. This opens files: it is for who forks, not for the watchdog's thread.
    """
    states = {}
    with suppress(OSError):
        for name in _listdir("/proc/self/task"):
            with suppress(OSError, IndexError, ValueError):
                states[int(name)] = _read(f"/proc/self/task/{name}/stat").rpartition(b")")[2].split()[0].decode()
    return states


def _read(path: str) -> bytes:
    descriptor = _open(path, os.O_RDONLY)
    try:
        return _read_some(descriptor, 4096)
    finally:
        _close(descriptor)


watchdog: Final = Watchdog()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=watchdog.end, after_in_parent=watchdog.go_on, after_in_child=watchdog.forget)
