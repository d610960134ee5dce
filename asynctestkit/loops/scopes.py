"""Scopes wider than one test: a class, a module, the session. Which loop a test joins is decided here.

A `WideScope` has a context, a task for its async hooks, and holds the shared loop (see `shared`) from the first time it
needs one until it ends. Everything wider than one test that can meet in one test lives on the one shared loop of its
kind, so that nothing of ours is ever attached to a different loop.

If a scope's task is cancelled by a timeout or task group that one of its hooks holds open, its tests cannot go on: the
one that runs is ended, and each is told the real error.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import sys
import threading
import traceback
import types
import unittest
from collections.abc import Awaitable, Callable, Hashable
from contextlib import nullcontext
from typing import Any, NoReturn

from asynctestkit.loops import run_end
from asynctestkit.loops.guarded import GuardedPhases, label_of
from asynctestkit.loops.managed import LoopOptions
from asynctestkit.loops.shared import SCOPE, SharedLoop, close_all, shared_loop
from asynctestkit.report.contexts import TEST
from asynctestkit.report.errors import Interruption, LoopError, message, raise_together
from asynctestkit.report.frames import TRIM_FRAMES, name_of, trim
from asynctestkit.report.mistakes import refuse_generator
from asynctestkit.report.owners import own, owner_of
from asynctestkit.values import Scope

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


Changes = list[tuple[contextvars.ContextVar[Any], Any]]

_UNSET: Any = object()


class Fired(Interruption):
    """Ends the running phase of a test whose class, module or session was cancelled; `scope.fail` says why."""

    def __init__(self, scope: WideScope) -> None:
        super().__init__(scope.name)
        self.scope = scope

    def tell(self) -> NoReturn:
        """Raise what ended the scope."""
        self.scope.fail()


class WideScope(GuardedPhases):
    """One class, module or session: its context, its task for async hooks, its hold on the shared loop."""

    def __init__(self, kind: Scope, owner: Hashable, label: str, context: contextvars.Context) -> None:
        super().__init__(context, name=f"{kind.word} {label}")
        self.context.run(SCOPE.set, self)
        self.context.run(TEST.set, None)  # it may begin while a test runs
        self.kind = kind
        self.title = label if kind is Scope.SESSION else self.name
        """Whose loops reports call those that it holds."""
        self.owner = owner
        self.depth = 0
        self.kept = False
        """Whether a runner that knows when modules and sessions end will end it."""
        self.options = LoopOptions()
        self.answer: Callable[[], None] | None = None
        """Leaves what the hooks of the scope hold open, until something of it says why it cancelled the scope."""
        self.fixtures: Any = None
        """What keeps the scope's fixtures, once it has any; known to whoever put it here."""
        self.shares_loop = False
        """Whether every test of the scope runs on its loop, for its hooks have prepared something there."""
        self._failure: BaseException | None = None
        self._at_end: list[Callable[[], None]] = []
        self._base = self.context.copy()
        self._shared: SharedLoop | None = None
        self._others: list[SharedLoop] = []

    def __repr__(self) -> str:
        return f"<scope of {self.name}>"

    @property
    def in_use(self) -> bool:
        """Whether a test is running on the loop that the scope holds."""
        return self._shared is not None and bool(self._shared.users)

    @property
    def holds_loop(self) -> bool:
        """Whether the scope has needed a loop by now."""
        return self._shared is not None

    def covers(self, cls: type) -> bool:
        """Whether the tests of a class live in this scope."""
        if self.kind is Scope.SESSION:
            return True
        return self.owner == (cls.__module__ if self.kind is Scope.MODULE else cls)

    @property
    def shared(self) -> SharedLoop | None:
        """The shared loop that the scope holds, None if it holds none."""
        return self._shared

    def mark(self, variable: contextvars.ContextVar[Any], value: object) -> None:
        """Set a context variable that says whose something is: tests are not handed it down."""
        super().mark(variable, value)
        self._base.run(variable.set, value)

    # The loop.

    def hold(self, options: LoopOptions) -> SharedLoop:
        """Return the shared loop of this kind, opened if need be; the scope holds it until it ends."""
        if options is self.options and self._shared is not None:
            return self._shared
        found = shared_loop(options)
        self.keep_open(found)
        return found

    def keep_open(self, shared: SharedLoop) -> None:
        """Hold a shared loop until the scope ends; its tests do not all ask for the same kind."""
        shared.hold(self)
        known = owner_of(shared.loop)
        if not shared.managed.is_given and (known is None or known.width < self.kind):
            own(shared.loop, self.title, self.kind)
        if self.guard is not None:
            shared.listen(self.guard.listener)
        if self._shared is None:
            self._shared = shared
        elif shared is not self._shared and shared not in self._others:
            self._others.append(shared)

    def open_loop(self) -> asyncio.AbstractEventLoop:
        """Return the shared loop for the scope's hooks."""
        return self.hold(self.options).loop

    def run(self, awaitable: Awaitable[Any]) -> Any:
        """Await something in the scope's task."""
        self.shares_loop = True
        held = self.hold(self.options)
        took = held.managed.make_current()
        if not held.users and self.options.debug is not held.mode:
            held.set_debug(self.options.debug)
        try:
            return super().run(awaitable)
        finally:
            if took:
                held.managed.give_back()

    def call_hook(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a hook of the scope, plain or async; a loop that the scope holds already is current meanwhile."""
        with self.phase(label_of(function, args)):
            return self._call_hook(function, *args, **kwargs)

    def _call_hook(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        held = self._shared
        took = held is not None and held.managed.make_current()
        try:
            value = self.call(function, *args, **kwargs)
        except asyncio.CancelledError as error:  # which would end the run of a runner that collects Exceptions
            raise self._cancelled(error, name_of(function)) from error
        finally:
            if took and held is not None:
                held.managed.give_back()
            for shared in (self._shared, *self._others):
                if shared is not None and not shared.users:
                    shared.keep_settings()
        refuse_generator(value, function)
        return value

    def report(self) -> None:
        """Raise what cancelled the scope's hooks, if none of what they hold open has said why."""
        cut = self.unexplained()
        if cut is not None:
            raise self._cancelled(cut, f"a hook of {self.name}") from cut

    def _cancelled(self, error: asyncio.CancelledError, hook: str) -> LoopError:
        return LoopError(
            message(
                f"{hook} ended with CancelledError{f': {error}' if str(error) else ''}",
                scope=self.name,
                cause="it awaits something that was cancelled, or was cancelled itself and nothing says why",
                fix="suppress the CancelledError of what the hook has cancelled itself",
            )
        )

    def narrower_fixtures(self) -> list[Any]:
        """Return what keeps the fixtures of narrower scopes, the widest first: they may depend on this scope's."""
        found = [scope for scope in _thread.scopes.values() if scope.kind < self.kind and scope.fixtures is not None]
        return [scope.fixtures for scope in sorted(found, key=_width, reverse=True)]

    # Context variables.

    def adopt(self, context: contextvars.Context, before: contextvars.Context) -> Changes:
        """Take over, and return, the context variables that were set in a copy of the scope's context.

        Args:
            context: The copy.
            before: What the copy was at first; the scope's own context may have changed since then.
        """
        changes = changes_of(context, before)
        for var, value in changes:
            self.context.run(var.set, value)
        return changes

    def changes(self) -> Changes:
        """Return the context variables that the scope's hooks have set, with their values."""
        return changes_of(self.context, self._base)

    # A scope that is cancelled.

    def cancelled_between(self) -> None:
        """End the tests of the scope: its task was cancelled beside one, by a scope that a hook left open."""
        if self.depth:
            return  # the scope's own hooks are still under way, and the next of them meets it
        for held in (self._shared, *self._others):
            if held is None:
                continue
            held.fired.append(self)
            for user in list(held.users):
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

    # The end.

    def at_end(self, function: Callable[[], None]) -> None:
        """Have a plain function called when the scope ends; last in, first out."""
        self._at_end.append(function)

    def cut(self) -> None:
        """Say that the tear-down never came, for the run was cut short: what is left is nobody's fault."""
        if self.guard is not None:
            self.guard.cut()

    def end(self, *, at_exit: bool = False) -> None:
        """End the scope, its task and its hold on the loop, which the last holder closes. Ending twice is allowed.

        Args:
            at_exit: The process ends, see `ManagedLoop.close`; nobody is told what the scope has left.
        """
        errors: list[BaseException] = []
        try:
            while self._at_end:
                try:
                    self._at_end.pop()()
                except Exception as error:
                    errors.append(error)
        finally:
            _thread.scopes.pop((self.kind, self.owner), None)
            with nullcontext() if at_exit else self.last_phase(errors):
                held, self._others = [self._shared, *self._others], []
                self.dismiss()
                for shared in held:
                    if shared is not None:
                        self.drop(shared, self, errors, at_exit=at_exit)
            self._shared = self.guard = None
        raise_together(errors, f"steps failed at the end of {self.name}")


def changes_of(context: contextvars.Context, before: contextvars.Context) -> Changes:
    """Return the context variables that are not what they were before, with their values."""
    return [(var, value) for var, value in context.items() if before.get(var, _UNSET) is not value]


class _ThreadScopes(threading.local):
    """The scopes of one thread, and the result of the run whose end will end them."""

    def __init__(self) -> None:
        self.scopes: dict[tuple[Scope, Hashable], WideScope] = {}
        self.result: object = None
        self.keeper: Callable[[WideScope], bool] | None = None


_thread = _ThreadScopes()


def entered(kind: Scope, owner: Hashable) -> WideScope | None:
    """Return the scope if it has begun in this thread."""
    return _thread.scopes.get((kind, owner))


def enter(kind: Scope, owner: Hashable, label: str) -> WideScope:
    """Return the scope, begun if it has not been."""
    scope = _thread.scopes.get((kind, owner))
    if scope is None:
        scope = _thread.scopes[kind, owner] = WideScope(kind, owner, label, _inherited(kind, owner))
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
            _end_late(scope)
    return enter(Scope.CLASS, cls, cls.__qualname__)


def enter_module(module: str) -> WideScope:
    """Begin the scope of a test module; it ends with unittest's module cleanups at the latest."""
    scope = entered(Scope.MODULE, module)
    if scope is None:
        scope = enter(Scope.MODULE, module, module)
        if not _keep(scope):
            unittest.addModuleCleanup(_end_in_its_thread, scope, threading.get_ident())
    return scope


def _end_in_its_thread(scope: WideScope, thread: int) -> None:
    """End a scope, but not from another thread: unittest has one list of module cleanups for all threads.

    Whoever ends its module first empties that list. What is left of others ends with the next class of another module
    in their threads, or with their runs.
    """
    if threading.get_ident() == thread:
        scope.end()


def enter_session(result: object) -> WideScope:
    """Begin the session's scope; it ends when `result.stopTestRun` is called, or with the process."""
    scope = entered(Scope.SESSION, None)
    if scope is None:
        scope = enter(Scope.SESSION, None, "the test run")
        if not _keep(scope):
            end_with(result)
    return scope


def end_with(result: object) -> None:
    """Have what is open at the end of a run be ended then, whatever kept it from ending in time (Ctrl-C, say)."""
    if result is not None and result is not _thread.result:
        _thread.result = result
        run_end.call_before_end(result, end_all)


def end_all(*, at_exit: bool = False) -> None:
    """End every scope of this thread, the narrowest first."""
    _thread.result = None
    errors: list[BaseException] = []
    for scope in sorted(_thread.scopes.values(), key=_width):
        if scope.kind is Scope.CLASS:
            scope.cut()
        try:
            scope.end(at_exit=at_exit)
        except Exception as error:
            errors.append(error)
    raise_together(errors, "scopes failed to end")


def scope_to_join(cls: type, *, asked: Scope | None, result: object) -> WideScope | None:
    """Return the scope whose loop a test of `cls` runs on, or None for a fresh loop of its own.

    Args:
        cls: The test class.
        asked: The loop scope its author asked for; None for the smallest that fits.
        result: The test result of the run, which tells when a session ends.
    """
    if asked is None:
        for scope in (entered(Scope.CLASS, cls), entered(Scope.MODULE, cls.__module__)):
            if scope is not None and scope.shares_loop:
                return scope
        return None
    if asked is Scope.TEST:
        return None
    if asked is Scope.CLASS:
        # Run on its own, without its class's set-up, a test has no class to share with.
        return entered(Scope.CLASS, cls)
    end_with(result)  # unittest runs no cleanups of a module that is not imported
    return enter_module(cls.__module__) if asked is Scope.MODULE else enter_session(result)


def heir_of(cls: type, shared: SharedLoop | None, *, besides: WideScope | None = None) -> WideScope | None:
    """Return the narrowest scope to which a test of `cls`, on a loop, leaves what it has made; None: there is none."""
    holders = set() if shared is None else {one for one in shared.holders if isinstance(one, WideScope)}
    covering = {scope for scope in _thread.scopes.values() if scope.covers(cls)}
    return min((covering | holders) - {besides}, key=_width, default=None)


def inherited_context(cls: type) -> contextvars.Context:
    """Return a new context for a test of `cls`: the caller's, and over it what the hooks of its scopes have set."""
    context = contextvars.copy_context()
    if context.get(SCOPE) is not None:  # a test that is run inside a hook of another
        context.run(SCOPE.set, None)
    for scope in _thread.scopes.values():
        if len(scope.context) > 1 and scope.covers(cls):  # its context holds one variable that is not for others
            _hand_down(context, [scope for scope in _thread.scopes.values() if scope.covers(cls)])
            break
    return context


def _inherited(kind: Scope, owner: Any) -> contextvars.Context:
    """Return a new context for a scope: the caller's, and over it what the hooks of wider scopes have set."""
    context = contextvars.copy_context()
    module = owner.__module__ if kind is Scope.CLASS and isinstance(owner, type) else None
    wider = [entered(Scope.SESSION, None), entered(Scope.MODULE, module)]
    _hand_down(context, [scope for scope in wider if scope is not None and scope.kind > kind])
    return context


def _hand_down(context: contextvars.Context, scopes: list[WideScope]) -> None:
    for scope in sorted(scopes, key=_width, reverse=True):
        for var, value in scope.changes():
            context.run(var.set, value)


def _width(scope: WideScope) -> Scope:
    return scope.kind


def _end_late(scope: WideScope) -> None:
    """End a scope where its error cannot be raised, for it would be taken for somebody else's."""
    try:
        scope.end()
    except Exception as error:
        _tell_unraisable(error, f"Exception ignored at the end of {scope.name}")


def _tell_unraisable(error: BaseException, said: str) -> None:
    if sys.unraisablehook is sys.__unraisablehook__:  # which takes nothing but what the interpreter itself makes
        print(f"{said}:", *traceback.format_exception(error), sep="\n", end="", file=sys.stderr)
        return
    told: Any = types.SimpleNamespace(
        exc_type=type(error), exc_value=error, exc_traceback=error.__traceback__, err_msg=said, object=None
    )
    sys.unraisablehook(told)


@atexit.register
def _close_what_is_open() -> None:
    if asyncio._get_running_loop() is None:
        try:
            end_all(at_exit=True)
        except Exception as error:
            _tell_unraisable(error, "Exception ignored at the end of the process")
    close_all()
