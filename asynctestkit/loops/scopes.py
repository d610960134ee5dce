"""Classes, modules and the session as owners of one shared loop.

A test gets a fresh loop unless something it uses must outlive it. Everything that lives longer than one test and is
made by the same loop factory lives on ONE shared loop per thread, whatever its scope, so that what a session, a
module and a class set up can meet in a test. The loop is open for as long as anybody holds it:

* a `WideScope` (one class, one module or the session) holds it from the first time it needs a loop until it ends;
* a test that runs on it uses it, so that a scope ended by a nested run cannot close it under a running test.

When scopes end: a class with its class cleanups; a module with unittest's module cleanups or its `tearDownModule`,
and, under runners that know neither, when a class of another module is set up; the session when the test result's
`stopTestRun` is called. What is still open at interpreter exit is closed there.

Async hooks of a scope run in a task of the scope's own, in the scope's context. `inherited_context` gives a test its
context: a copy of the caller's, over which lies what the hooks of its scopes have set.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import threading
import unittest
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, NoReturn, Protocol

from asynctestkit.loops import run_end
from asynctestkit.loops.calls import Interruption, Phases
from asynctestkit.loops.managed import LoopOptions, ManagedLoop
from asynctestkit.report.errors import LoopError, message, raise_together
from asynctestkit.report.frames import TRIM_FRAMES, trim
from asynctestkit.values import Scope

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


_UNSET: Any = object()


class User(Protocol):
    """A test that runs on a shared loop."""

    @property
    def owner(self) -> type:
        """The test class."""
        ...

    def interrupt(self, error: BaseException) -> None:
        """End the running phase with an error."""
        ...


class Fired(Interruption):
    """Ends the running phase of a test whose class, module or session was cancelled; `scope.fail` says why."""

    def __init__(self, scope: WideScope) -> None:
        super().__init__(scope.name)
        self.scope = scope

    def tell(self) -> NoReturn:
        """Raise what ended the scope."""
        self.scope.fail()


class SharedLoop:
    """A managed loop with those who hold it and the number of tests that use it."""

    def __init__(self, options: LoopOptions) -> None:
        self.managed = ManagedLoop(options._replace(debug=None))
        self._debug = self.managed.loop.get_debug()
        self.mode: bool | None = None
        self.holders: set[WideScope] = set()
        self.users: list[User] = []
        self.fired: list[WideScope] = []
        """Holders that were cancelled by a scope that their hooks hold open: their tests cannot run any more."""
        self.known: set[asyncio.Task[Any]] | None = None
        """The tasks that no test has to answer for, None where that has to be found out anew."""

    def use(self, user: User, debug: bool | None) -> None:
        """Keep the loop open, and in the debug mode a test asked for, while the test runs on it."""
        self.users.append(user)
        if debug is not self.mode:
            self.set_debug(debug)

    def leave(self, user: User) -> None:
        """End one use."""
        self.users.remove(user)
        if not self.holders:
            self._close_if_unused()

    def set_debug(self, wanted: bool | None) -> None:
        """Turn asyncio's debug mode on or off; None is the mode in which the loop was made."""
        self.mode = wanted
        self.managed.loop.set_debug(self._debug if wanted is None else wanted)

    def check(self, cls: type) -> None:
        """Raise what ended the scope of a test's class, its module or the session, if one was cancelled."""
        for scope in self.fired:
            if scope.covers(cls):
                scope.fail()

    def drop(self, holder: WideScope) -> None:
        """Let go of the loop."""
        self.holders.discard(holder)
        if holder in self.fired:
            self.fired.remove(holder)
        self._close_if_unused()

    def _close_if_unused(self) -> None:
        if not self.holders and not self.users:
            _thread.loops.pop(self.managed.options.key, None)
            with _open_loops_lock:
                _open_loops.discard(self.managed)
            self.managed.close()


class WideScope(Phases):
    """One class, module or session: its context, its task for async hooks, its hold on the shared loop."""

    def __init__(self, kind: Scope, owner: Hashable, label: str) -> None:
        super().__init__(contextvars.copy_context(), name=f"{kind.word} {label}")
        self.kind = kind
        self.owner = owner
        self.depth = 0
        self.kept = False
        """Whether a runner that knows when modules and sessions end will end it."""
        self.options = LoopOptions()
        self.answer: Callable[[], None] | None = None
        """Leaves what the hooks of the scope hold open, until something of it says why it cancelled the scope."""
        self._failure: BaseException | None = None
        self.fixtures: Any = None
        """What keeps the scope's fixtures, once it has any; known to whoever put it here."""
        self._at_end: list[Callable[[], None]] = []
        self._base = self.context.copy()
        self._others: list[SharedLoop] = []
        self._shared: SharedLoop | None = None

    def __repr__(self) -> str:
        return f"<scope of {self.name}>"

    @property
    def holds_loop(self) -> bool:
        """Whether the scope has needed a loop so far."""
        return self._shared is not None

    @property
    def in_use(self) -> bool:
        """Whether a test is running on the loop that the scope holds."""
        return self._shared is not None and bool(self._shared.users)

    def covers(self, cls: type) -> bool:
        """Whether the tests of a class live in this scope."""
        if self.kind is Scope.SESSION:
            return True
        return self.owner == (cls.__module__ if self.kind is Scope.MODULE else cls)

    def cancelled_between(self) -> None:
        """End the tests of the scope: its task was cancelled beside one, by a scope that a hook left open."""
        if self.depth:
            return  # the scope's own hooks are still under way, and the next of them meets it
        for shared in (self._shared, *self._others):
            if shared is None:
                continue
            shared.fired.append(self)
            for user in list(shared.users):
                if self.covers(user.owner):
                    user.interrupt(Fired(self))

    def fail(self) -> NoReturn:
        """Raise the error of whatever cancelled the scope: each of its tests is told the same."""
        if self._failure is None:
            try:
                self.run(asyncio.sleep(0))  # meets the cancellation, which is held from here on
                if self.answer is not None:
                    self.answer()
                error: BaseException = self.unexplained() or asyncio.CancelledError()
                raise LoopError(
                    message(
                        f"{self.name} was cancelled while one of its tests ran",
                        cause="a timeout or task group that one of its hooks holds open",
                        fix="enter it with enterAsyncClassContext or in a fixture, which tell its error",
                    )
                ) from error
            except Exception as error:
                self._failure = error
        trim(self._failure)  # it was raised before, and collects the frames of each time
        raise self._failure

    def hold(self, options: LoopOptions) -> SharedLoop:
        """Return the shared loop of this kind, opened if need be; the scope holds it until it ends."""
        if options is self.options and self._shared is not None:
            return self._shared
        shared = _thread.loops.get(options.key)
        if shared is None:
            shared = _thread.loops[options.key] = SharedLoop(options)
            with _open_loops_lock:
                _open_loops.add(shared.managed)
        shared.holders.add(self)
        if self._shared is None:
            self._shared = shared
        elif shared is not self._shared and shared not in self._others:
            self._others.append(shared)  # the scope's tests do not all ask for the same kind of loop
        return shared

    def open_loop(self) -> asyncio.AbstractEventLoop:
        """Return the shared loop for the scope's hooks."""
        return self.hold(self.options).managed.loop

    def run(self, awaitable: Awaitable[Any]) -> Any:
        """Await something in the scope's task; what it leaves running is the scope's, not a test's."""
        shared = self.hold(self.options)
        loop = shared.managed.loop
        took = shared.managed.make_current()
        if not shared.users and self.options.debug is not shared.mode:
            shared.set_debug(self.options.debug)
        before = None if shared.known is None else asyncio.all_tasks(loop)
        try:
            return super().run(awaitable)
        finally:
            if shared.known is not None and before is not None:
                shared.known |= asyncio.all_tasks(loop) - before
            if took:
                shared.managed.give_back()

    def call_hook(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a hook of the scope, plain or async; a loop that the scope holds already is current meanwhile."""
        shared = self._shared
        if shared is None:
            return self.call(function, *args, **kwargs)
        took = shared.managed.make_current()
        try:
            return self.call(function, *args, **kwargs)
        finally:
            if took:
                shared.managed.give_back()

    def adopt(self, context: contextvars.Context) -> None:
        """Take over the context variables that were set in a copy of the scope's context."""
        for var, value in context.items():
            if self.context.get(var, _UNSET) is not value:
                self.context.run(var.set, value)

    def at_end(self, function: Callable[[], None]) -> None:
        """Have a plain function called when the scope ends; last in, first out."""
        self._at_end.append(function)

    def changes(self) -> list[tuple[contextvars.ContextVar[Any], Any]]:
        """Return the context variables that the scope's hooks have set, with their values."""
        base = self._base
        return [(var, value) for var, value in self.context.items() if base.get(var, _UNSET) is not value]

    def end(self) -> None:
        """End the scope, its task and its hold on the loop, which the last holder closes. Ending twice is allowed."""
        errors: list[BaseException] = []
        try:
            while self._at_end:
                try:
                    self._at_end.pop()()
                except Exception as error:
                    errors.append(error)
        finally:
            _thread.scopes.pop((self.kind, self.owner), None)
            shared, self._shared = self._shared, None
            self.dismiss()
            others, self._others = self._others, []
            for held in (shared, *others):
                if held is not None:
                    held.drop(self)
        raise_together(errors, f"steps failed at the end of {self.name}")


class _ThreadState(threading.local):
    """Scopes and shared loops of one thread: loops never cross threads."""

    def __init__(self) -> None:
        self.loops: dict[Hashable, SharedLoop] = {}
        self.scopes: dict[tuple[Scope, Hashable], WideScope] = {}
        self.keeper: Callable[[WideScope], bool] | None = None


_thread = _ThreadState()

# What is open in any thread, for the end of the process.
_open_loops: set[ManagedLoop] = set()
_open_loops_lock = threading.Lock()


def entered(kind: Scope, owner: Hashable) -> WideScope | None:
    """Return the scope if it has begun in this thread."""
    return _thread.scopes.get((kind, owner))


def enter(kind: Scope, owner: Hashable, label: str) -> WideScope:
    """Return the scope, begun if it has not been."""
    scope = _thread.scopes.get((kind, owner))
    if scope is None:
        scope = _thread.scopes[kind, owner] = WideScope(kind, owner, label)
    return scope


def keep_with(keeper: Callable[[WideScope], bool] | None) -> None:
    """Have modules and the session ended by a runner that knows when they end.

    Args:
        keeper: Called with each such scope of this thread as it begins; returns whether it will end it. None: nobody.
    """
    _thread.keeper = keeper


def _keep(scope: WideScope) -> bool:
    scope.kept = _thread.keeper is not None and _thread.keeper(scope)
    return scope.kept


def enter_class(cls: type) -> WideScope:
    """Begin the scope of a test class, and end those of modules that are over by this."""
    for kind, owner in list(_thread.scopes):
        scope = _thread.scopes.get((kind, owner))
        if kind is not Scope.MODULE or owner == cls.__module__ or scope is None:
            continue
        if not scope.in_use and not scope.kept:
            scope.end()
    return enter(Scope.CLASS, cls, cls.__qualname__)


def enter_module(module: str) -> WideScope:
    """Begin the scope of a test module; it ends with unittest's module cleanups at the latest."""
    scope = entered(Scope.MODULE, module)
    if scope is None:
        scope = enter(Scope.MODULE, module, module)
        if not _keep(scope):
            unittest.addModuleCleanup(scope.end)
    return scope


def enter_session(result: object) -> WideScope:
    """Begin the session's scope; it ends when `result.stopTestRun` is called, or with the process."""
    scope = entered(Scope.SESSION, None)
    if scope is None:
        scope = enter(Scope.SESSION, None, "the test run")
        if not _keep(scope):
            run_end.call_before_end(result, scope.end)
    return scope


def scope_to_join(cls: type, *, asked: Scope | None, result: object) -> WideScope | None:
    """Return the scope whose loop a test of `cls` runs on, or None for a fresh loop of its own.

    Args:
        cls: The test class.
        asked: The loop scope its author asked for; None for the smallest that fits.
        result: The test result of the run, which tells when a session ends.
    """
    if asked is None:
        for scope in (entered(Scope.CLASS, cls), entered(Scope.MODULE, cls.__module__)):
            if scope is not None and scope.holds_loop:
                return scope
        return None
    if asked is Scope.TEST:
        return None
    if asked is Scope.CLASS:
        # Run on its own, without its class's set-up, a test has no class to share with.
        return entered(Scope.CLASS, cls)
    return enter_module(cls.__module__) if asked is Scope.MODULE else enter_session(result)


def inherited_context(cls: type) -> contextvars.Context:
    """Return a new context for a test of `cls`: the caller's, and over it what the hooks of its scopes have set."""
    context = contextvars.copy_context()
    scopes = [scope for scope in _thread.scopes.values() if len(scope.context) and scope.covers(cls)]
    for scope in sorted(scopes, key=_width, reverse=True):
        for var, value in scope.changes():
            context.run(var.set, value)
    return context


def _width(scope: WideScope) -> Scope:
    return scope.kind


@atexit.register
def _close_what_is_open() -> None:
    with _open_loops_lock:
        loops = list(_open_loops)
        _open_loops.clear()
    for managed in loops:
        if not managed.loop.is_running() and asyncio._get_running_loop() is None:
            managed.close()
