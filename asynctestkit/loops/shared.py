"""A managed loop that several tests use: how long it lives, whose its tasks are, and what it is reset to between them.

It is held open by scopes (a class, a module, the session) and kept open by the tests that run on it; with the last of
both it is closed. There is one for each kind of loop in each thread.

What runs on it belongs to somebody. A task, or a callback, belongs to the scope in whose context it was made: a server
that a class's set-up started makes its connection's tasks in the class's context, whichever test connects. What was
made in no scope's context is the running test's, and ends with it.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
import weakref
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, Protocol

from asynctestkit.loops.managed import EXIT_TIMEOUT, LoopOptions, ManagedLoop
from asynctestkit.loops.others import Tasks, other_tasks
from asynctestkit.loops.stock import Listener, listen
from asynctestkit.report.contexts import context_of, watch_of
from asynctestkit.report.errors import LoopError, message
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.report.owners import explain

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

SCOPE: Final[contextvars.ContextVar[object]] = contextvars.ContextVar("asynctestkit's scope", default=None)
"""The class, module or session in whose context something runs; None in a test's."""


class User(Protocol):
    """A test that runs on a shared loop."""

    @property
    def owner(self) -> type:
        """The test class."""
        ...

    @property
    def name(self) -> str:
        """What reports call the test."""
        ...

    def interrupt(self, error: BaseException) -> None:
        """End the running phase with an error."""
        ...


class SharedLoop:
    """A managed loop with those who hold it and the tests that use it."""

    def __init__(self, options: LoopOptions) -> None:
        self.managed = ManagedLoop(options._replace(debug=None))
        self.holders: set[Any] = set()
        self.users: list[User] = []
        self.fired: list[Any] = []
        """Holders that were cancelled by a scope that their hooks hold open: their tests cannot run any more."""
        self.mode: bool | None = None
        """The debug mode that was asked for last; None is the one in which the loop was made."""
        self._settings: tuple[Any, Any, float]
        self._debug = False
        self.keep_settings()
        self._closed_by = ""
        self._made_in = self.managed.loop.get_debug()
        self._known: set[asyncio.Task[Any]] = set()
        """Tasks of scopes, so that they need not be looked up again."""
        self.of_plain_code: weakref.WeakSet[asyncio.Task[Any]] = weakref.WeakSet()
        """Tasks that plain code has left here, which runs in no test of ours: no other test answers for them."""
        self.listener: Listener | None = None
        """Who hears of what happens on the loop while no test listens."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop itself."""
        return self.managed.loop

    def hold(self, holder: Any) -> None:
        """Keep the loop open until `drop`."""
        self.holders.add(holder)

    def drop(self, holder: Any, *, at_exit: bool = False, limit: float | None = None) -> None:
        """Let go of the loop; what belongs to the holder ends.

        Args:
            holder: Who held it.
            at_exit: The process ends, see `ManagedLoop.close`.
            limit: Seconds that each step of that may take at most.
        """
        self.holders.discard(holder)
        if holder in self.fired:
            self.fired.remove(holder)
        if not self._close_if_unused(at_exit=at_exit, limit=limit) and not self.loop.is_closed():
            if asyncio._get_running_loop() is None:
                self.managed.settle()  # the holder's task has been dismissed; who gave the loop may close it now
            own = {task for task in asyncio.all_tasks(self.loop) if scope_of(task) is holder}
            self.cancel(own, EXIT_TIMEOUT if at_exit else limit)

    def use(self, user: User, debug: bool | None) -> None:
        """Keep the loop open, and in the debug mode a test asked for, while the test runs on it.

        Raises:
            LoopError: Somebody has closed the loop.
        """
        if self.managed.loop.is_closed():
            raise _closed(self.managed.loop, self._closed_by)
        self.users.append(user)
        if debug is not self.mode:
            self.set_debug(debug)

    def leave(
        self,
        user: User,
        task: asyncio.Task[Any] | None = None,
        limit: float | None = None,
        *,
        choose: Callable[[Tasks], Tasks] | None = None,
    ) -> None:
        """End one use: the tasks that the test has left behind, but for its own, which has ended, are cancelled.

        Args:
            user: The test.
            task: Its own task.
            limit: Seconds that what it has left behind may take at most to tidy up.
            choose: Returns those of the tasks that are cancelled; None: all are.
        """
        try:
            if self.managed.loop.is_closed():
                self._closed_by = self._closed_by or user.name
            else:
                self._reset()
                left = self._left_by_test(task)
                self.cancel(left if choose is None else choose(left), limit)
        finally:
            self.users.remove(user)
            if not self.holders:
                self._close_if_unused()

    def set_debug(self, wanted: bool | None) -> None:
        """Turn asyncio's debug mode on or off; None is the mode in which the loop was made."""
        self.mode = wanted
        self._debug = self._made_in if wanted is None else wanted
        self.loop.set_debug(self._debug)

    def note_plain_code(self) -> None:
        """Take the tasks that are here now, and are nobody's, for those of plain code."""
        for task in other_tasks(self.loop, frozenset()):
            if scope_of(task) is None and watch_of(task) is None:
                self.of_plain_code.add(task)

    def listen(self, listener: Listener) -> None:
        """Have somebody hear of what happens on the loop whenever no test does."""
        if self.listener is None:
            self.listener = listener
            if not self.users:
                listen(self.loop, listener)

    def check(self, cls: type) -> None:
        """Raise what ended the scope of a test's class, its module or the session, if one was cancelled."""
        for scope in self.fired:
            if scope.covers(cls):
                scope.fail()

    def cancel(self, tasks: Tasks, limit: float | None = None) -> None:
        """Cancel tasks and wait for them, no longer than `limit` seconds."""
        if tasks:
            self.managed.cancel(tasks, limit)

    def run_to_end(self, awaitable: Awaitable[Any]) -> Any:
        """Await something on the loop, from outside of any loop and of any test."""

        async def run() -> Any:
            return await awaitable

        took = self.managed.make_current()
        try:
            return self.managed.run_to_end(run())
        except Exception as error:
            explain(error, self.loop)
            raise
        finally:
            if took:
                self.managed.give_back()

    def keep_settings(self) -> None:
        """Take the loop's handler, task factory and so on, which a hook may have set, for what tests find."""
        loop = self.managed.loop
        self._settings = loop.get_exception_handler(), loop.get_task_factory(), loop.slow_callback_duration
        self._debug = loop.get_debug()

    def _reset(self) -> None:
        """Take back what the test has changed of the loop itself."""
        loop = self.managed.loop
        found = loop.get_exception_handler(), loop.get_task_factory(), loop.slow_callback_duration
        if found != self._settings:
            handler, factory, loop.slow_callback_duration = self._settings
            loop.set_exception_handler(handler)
            loop.set_task_factory(factory)
        if loop.get_debug() is not self._debug:
            loop.set_debug(self._debug)

    def _left_by_test(self, own: asyncio.Task[Any] | None) -> set[asyncio.Task[Any]]:
        left: set[asyncio.Task[Any]] = set()
        for task in other_tasks(self.loop, self._known, own):
            (left if scope_of(task) is None else self._known).add(task)
        if left or len(self._known) > MOST_KNOWN:
            self._known = {task for task in self._known if not task.done()}
        return left

    def _close_if_unused(self, *, at_exit: bool = False, limit: float | None = None) -> bool:
        if self.holders or self.users:
            return False
        _loops.of_thread.pop(self.managed.options.key, None)
        with _open_lock:
            _open.discard(self)
        self.managed.close(at_exit=at_exit, limit=limit)
        return True


def _closed(loop: asyncio.AbstractEventLoop, by: str) -> LoopError:
    return LoopError(
        message(
            "Event loop is closed: a test has closed the loop that it shares with others",
            loop=repr(loop),
            closed_by=by or "a hook, or code that runs between the tests",
            fix='leave closing the loop to asynctestkit, or give the test its own with loop_scope = "test"',
        )
    )


MOST_KNOWN: Final = 1000
"""How many tasks of scopes are remembered before those that are done are forgotten."""


def scope_of(task: asyncio.Task[Any]) -> object:
    """Return the scope in whose context a task was made; None where that is a test's, or cannot be told."""
    context = context_of(task)
    return None if context is None else context.get(SCOPE)


class _ThreadLoops(threading.local):
    """The shared loops of one thread, by kind: loops never cross threads."""

    def __init__(self) -> None:
        self.of_thread: dict[Hashable, SharedLoop] = {}


_loops = _ThreadLoops()

# What is open in any thread, for the end of the process.
_open: set[SharedLoop] = set()
_open_lock = threading.Lock()


def shared_loop(options: LoopOptions) -> SharedLoop:
    """Return this thread's shared loop of a kind, opened if need be."""
    found = _loops.of_thread.get(options.key)
    if found is None:
        found = _loops.of_thread[options.key] = SharedLoop(options)
        with _open_lock:
            _open.add(found)
    return found


def shared_loop_of(loop: object) -> SharedLoop | None:
    """Return this thread's shared loop that has a loop, None if it is no such."""
    return next((one for one in _loops.of_thread.values() if one.loop is loop), None)


def close_all() -> None:
    """Close every shared loop that can be: the process ends."""
    with _open_lock:
        left = list(_open)
        _open.clear()
    for shared in left:
        if not shared.loop.is_running() and asyncio._get_running_loop() is None:
            shared.managed.close(at_exit=True)
