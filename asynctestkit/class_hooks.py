"""Set-up and tear-down of a whole class, async or not, on the loop that the class's tests then use.

Order: `setUpClass`, `asyncSetUpClass`, the tests, `asyncTearDownClass`, `tearDownClass`, class cleanups last in first
out with sync and async ones mixed, the loop. All of it runs in one context and, where it is async, in one task.

unittest calls `setUpClass` and `tearDownClass` of the class it is about to run, and suites override them without
calling `super()`. So the hooks are not reached from the base class's methods: `adapt` wraps the ones a subclass has,
its own or a mixin's, when the subclass is made. The outermost wrapper does the work around the user's hook; a wrapper
reached through `super()` only calls the hook.
"""

from __future__ import annotations

import functools
import inspect
import sys
import unittest
from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

from asynctestkit.declaration import check_module
from asynctestkit.guard import guard_of
from asynctestkit.loops import scopes
from asynctestkit.loops.calls import DONE
from asynctestkit.loops.managed import LoopOptions, check_factory
from asynctestkit.loops.wide_scope import WideScope
from asynctestkit.report import mistakes
from asynctestkit.report.errors import raise_together
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.values import Scope, parse_scope

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

_WRAPPED = "__atk_class_hook__"
_PLAIN = LoopOptions()
_TEST_HOOKS: Final = ("setUp", "tearDown", "asyncSetUp", "asyncTearDown")


def adapted(hook: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a hook that does the work around it itself."""
    setattr(hook, _WRAPPED, True)
    return hook


def adapt(cls: type, base: type) -> None:
    """Wrap the class hooks that `cls` got from anywhere but `base` or a class adapted already."""
    for name, around in (("setUpClass", set_up_class), ("tearDownClass", tear_down_class)):
        raw = next(vars(klass)[name] for klass in cls.__mro__ if name in vars(klass))
        function = getattr(raw, "__func__", raw)
        if raw is vars(base)[name] or hasattr(function, _WRAPPED):
            continue
        if name in vars(cls):
            setattr(cls, name, _wrapper(function, around, partial(_own, raw)))
        else:  # a mixin's: looked up anew each time, as it would be without the wrapper
            setattr(cls, name, _wrapper(function, around, partial(_inherited, cls, name)))


def behind(hook: Any) -> Any:
    """Return a hook that `super()` found behind AsyncTestCase; None where it is only TestCase's, which does nothing."""
    stock = getattr(unittest.TestCase, hook.__name__)
    return None if getattr(hook, "__func__", hook) is stock.__func__ else hook


def has_hooks_behind(cls: type, base: type) -> bool:
    """Whether a class that stands behind `base` in the order of lookup, and is not unittest's, has hooks of a test."""
    later = cls.__mro__[cls.__mro__.index(base) + 1 :]
    ours = [klass for klass in later if klass not in base.__mro__]
    return any(name in vars(klass) for klass in ours for name in _TEST_HOOKS)


def adapt_late(cls: Any, base: type) -> None:
    """Wrap class hooks that were assigned after the class statement, by a class decorator for example."""
    for hook in (cls.setUpClass, cls.tearDownClass):
        if not hasattr(hook, _WRAPPED):
            adapt(cls, base)


def _wrapper(function: Callable[..., Any], around: Callable[..., Any], bound: Callable[[Any], Any]) -> Any:
    @functools.wraps(function)
    def hook(cls: Any) -> Any:
        return around(cls, bound(cls))

    return cast("Any", classmethod(adapted(hook)))


def _own(raw: Any, cls: type) -> Any:
    return raw.__get__(None, cls)


def _inherited(place: type, name: str, cls: type) -> Any:
    return getattr(super(place, cls), name)


def set_up_class(cls: Any, plain: Callable[[], Any] | None) -> Any:
    """Begin the class's scope: `plain` is its `setUpClass`, None where it has none; `asyncSetUpClass` follows."""
    scope = scopes.entered(Scope.CLASS, cls)
    if scope is not None and scope.depth:
        return DONE if plain is None else plain()
    if scope is not None:  # left open by a run that was interrupted
        scope.cut()
        scope.end()
    check_module(cls)
    scope = begin(cls)
    hook = cls.asyncSetUpClass if _overridden(cls, "asyncSetUpClass") else None
    for name in ("asyncSetUpClass", "asyncTearDownClass"):
        mistakes.require_coroutine_function(getattr(cls, name))
    if hook is not None or _overridden(cls, "asyncTearDownClass"):
        scope.shares_loop = True
    if scope.shares_loop or (plain is not None and _asks_for_shared_loop(cls)):
        scope.hold(scope.options)  # for the hooks, in which it is current; without any, the first test opens it
    if plain is None and hook is None:
        return DONE
    scope.depth += 1
    try:
        with scope.phase(None):
            if plain is not None:
                scope.call_hook(plain)
            if hook is not None and scope.held is None:
                scope.call_hook(hook)
            if scope.held is not None:
                _answer(cls, scope)
    finally:
        scope.depth -= 1
    return DONE


def tear_down_class(cls: Any, plain: Callable[[], Any] | None) -> Any:
    """Run `asyncTearDownClass`, then `plain`, the class's `tearDownClass`, None where it has none."""
    scope = scopes.entered(Scope.CLASS, cls)
    if scope is None or scope.depth:
        return DONE if plain is None else plain()
    hook = cls.asyncTearDownClass if _overridden(cls, "asyncTearDownClass") else None
    if plain is None and hook is None:
        return DONE
    scope.depth += 1
    try:
        scope.tear_down()
        with scope.phase(None):
            if hook is not None:
                scope.call_hook(hook)
            if plain is not None:
                scope.call_hook(plain)
    finally:
        scope.depth -= 1
    return DONE


def do_class_cleanups(cls: Any, later: Callable[[], Any] | None) -> None:
    """Run the class's cleanups as unittest does, awaiting what is async, and end the class's scope.

    `later` is a `doClassCleanups` that stands behind ours; None where there is only TestCase's.
    """
    errors: list[Any] = []
    cls.tearDown_exceptions = errors
    scope = begin(cls)
    if scope.fixtures is not None:  # opened after the class was set up, so closed before it is taken down
        _collect(cls, scope.fixtures.close)
    if cls._class_cleanups:
        scope.tear_down()
    cls._class_cleanups = _Awaited(cls._class_cleanups, scope.call_hook)
    try:
        if later is None:
            while cls._class_cleanups:
                function, args, kwargs = cls._class_cleanups.pop()
                _collect(cls, functools.partial(function, *args, **kwargs))
        else:  # it calls TestCase's, which runs them
            later()
            cls.tearDown_exceptions = [*errors, *cls.tearDown_exceptions]
    finally:
        cls._class_cleanups = list(cls._class_cleanups)
    if scope.held is not None:
        _collect(cls, functools.partial(_answer, cls, scope))
    _collect(cls, scope.end)


class _Awaited(list[Any]):
    """The cleanups of a class for whoever pops and calls them: what is async is awaited in the class's task."""

    def __init__(self, cleanups: list[Any], call: Callable[..., Any]) -> None:
        super().__init__(cleanups)
        self._call = call

    def pop(self, *at: Any) -> Any:
        """Remove and return one, as something to be called from outside of the loop."""
        function, args, kwargs = super().pop(*at)
        return functools.partial(self._call, function), args, kwargs


def begin(cls: Any) -> WideScope:
    """Return the scope of the class; outside a suite it begins here."""
    scope = scopes.entered(Scope.CLASS, cls)
    if scope is None:
        scope = scopes.enter_class(cls)
        scope.options = loop_options(cls)
        scope.answer = functools.partial(_answer, cls, scope)
        scope.guarded_by(guard_of)
    return scope


def loop_options(cls: Any, instance: Any = None) -> LoopOptions:
    """Return the kind of loop that a class, or one instance of it, asks for.

    Raises:
        UsageError: What the instance or a property gives as the factory cannot be one.
    """
    debug = cls._atk_debug
    if debug is None and cls.loop_factory is None and (instance is None or "loop_factory" not in vars(instance)):
        return _PLAIN
    factory = _factory(cls, instance)
    # A method is bound to another instance for each test, and still makes loops of one kind.
    kind = getattr(factory, "__func__", None) if isinstance(getattr(factory, "__self__", None), cls) else None
    return LoopOptions(factory, debug, kind)


def _factory(cls: Any, instance: Any) -> Any:
    """Return the loop factory as something to be called with nothing.

    A plain function in a class body is meant as it stands, `new_event_loop` say, though Python would bind it; only a
    function that cannot be called with nothing is taken for a method, as on IsolatedAsyncioTestCase.
    """
    factory = cls.loop_factory
    own = instance is not None and "loop_factory" in vars(instance)
    if own or isinstance(factory, property):
        factory = (cls.__new__(cls) if instance is None else instance).loop_factory
        if factory is not None:
            check_factory(factory, where=f"{cls.__module__}.{cls.__qualname__}")
        return factory
    if inspect.isfunction(factory) and not isinstance(inspect.getattr_static(cls, "loop_factory"), staticmethod):
        needs = [
            p
            for p in inspect.signature(factory).parameters.values()
            if p.default is p.empty and p.kind < p.VAR_POSITIONAL
        ]
        if needs:
            return factory.__get__(cls.__new__(cls) if instance is None else instance)
    return factory


def _asks_for_shared_loop(cls: Any) -> bool:
    scope = cls.loop_scope
    return scope is not None and parse_scope(scope, option="loop_scope", where=cls.__qualname__) > Scope.TEST


def _overridden(cls: Any, name: str) -> bool:
    return not getattr(getattr(cls, name), "__atk_default__", False)


def _collect(cls: Any, step: Callable[[], Any]) -> None:
    try:
        step()
    except Exception:  # what unittest collects; KeyboardInterrupt and its kin end the run
        cls.tearDown_exceptions.append(sys.exc_info())


def _answer(cls: Any, scope: WideScope) -> None:
    """Leave context managers, newest first, until one says why it cancelled; raise the cancellation if none does."""
    errors: list[BaseException] = []
    while scope.held is not None and cls._class_cleanups:
        function, args, kwargs = cls._class_cleanups.pop()
        try:
            scope.call_hook(function, *args, **kwargs)
        except Exception as error:
            errors.append(error)
    if not errors:
        scope.report()
    raise_together(errors, f"steps failed when {scope.name} was cut short")
