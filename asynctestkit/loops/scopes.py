"""Which classes, modules and sessions have begun in a thread, when they end, and which loop a test joins.

Everything wider than one test that can meet in one test lives on the one shared loop of its kind, so that nothing of
ours is ever attached to a different loop. What one such scope is, is told in `wide_scope`.
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
from collections.abc import Callable, Hashable
from typing import Any

from asynctestkit.loops import run_end
from asynctestkit.loops.shared import SCOPE, SharedLoop, close_all
from asynctestkit.loops.wide_scope import Begun, WideScope, width_of
from asynctestkit.report.errors import raise_together
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.values import Scope

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


class _ThreadScopes(threading.local):
    """The scopes of one thread, and the result of the run whose end will end them."""

    def __init__(self) -> None:
        self.scopes: Begun = {}
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
        scope = _thread.scopes[kind, owner] = WideScope(kind, owner, label, _inherited(kind, owner), _thread.scopes)
    return scope


def unlisted(kind: Scope, label: str) -> WideScope:
    """Return a new scope that is known to its maker alone, who ends it."""
    return WideScope(kind, object(), label, contextvars.copy_context(), _thread.scopes)


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
        if _thread.keeper is not None and not hasattr(result, "stopTestRun"):
            return  # whoever keeps the scopes ends them
        run_end.call_before_end(result, end_all)


def end_all(*, at_exit: bool = False) -> None:
    """End every scope of this thread, the narrowest first."""
    _thread.result = None
    errors: list[BaseException] = []
    for scope in sorted(_thread.scopes.values(), key=width_of):
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
    return min((covering | holders) - {besides}, key=width_of, default=None)


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
    for scope in sorted(scopes, key=width_of, reverse=True):
        for var, value in scope.changes():
            context.run(var.set, value)


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
