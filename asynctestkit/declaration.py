"""What the statement of a test class says, checked while it is executed: options, and hooks that could never run.

Options count wherever Python finds them: in the class, in a base, in a mixin. `debug` is special, for unittest has a
method of that name: a value is taken out of the way and kept for us.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any, Final, NoReturn

from asynctestkit import limits
from asynctestkit.loops.managed import check_factory
from asynctestkit.report.errors import ScopeError, UsageError, message
from asynctestkit.report.frames import TRIM_FRAMES, place_of
from asynctestkit.values import Scope, parse_scope, parse_switch

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

CLASS_HOOKS: Final = ("setUpClass", "tearDownClass", "asyncSetUpClass", "asyncTearDownClass")
MODULE_HOOKS: Final = ("setUpModule", "tearDownModule")


def check(cls: Any, *, debug_method: Any) -> None:
    """Check a new subclass of AsyncTestCase.

    Raises:
        UsageError: An option has a value that cannot be, or a class hook is no class method.
        ScopeError: The hooks of the class outlive the loop that it asks for.
    """
    where = f"{cls.__module__}.{cls.__qualname__}"
    take_debug(cls, debug_method, where)
    limits.check_class(cls)
    if cls.loop_scope is not None and parse_scope(cls.loop_scope, option="loop_scope", where=where) is Scope.TEST:
        _refuse_wide_hooks(cls, where)
    factory = inspect.getattr_static(cls, "loop_factory")
    if factory is not None and not isinstance(factory, property):  # what a property gives is seen when a loop is opened
        check_factory(cls.loop_factory, where=where)
    for name in CLASS_HOOKS:
        hook = inspect.getattr_static(cls, name)
        if name in vars(cls) and inspect.isfunction(hook):
            _refuse_instance_hook(name, hook, where)


def take_debug(cls: Any, method: Any, where: str) -> None:
    """Keep the option `debug` where it does not stand in the way of unittest's method of that name."""
    found = inspect.getattr_static(cls, "debug")
    if not callable(found):
        cls._atk_debug = parse_switch(found, option="debug", where=where)
        cls.debug = method


def check_module(cls: type) -> None:
    """Refuse module hooks that are coroutine functions: unittest calls them and awaits nothing.

    Raises:
        UsageError: The module of the class has one.
    """
    module = sys.modules.get(cls.__module__)
    for name in MODULE_HOOKS:
        hook = getattr(module, name, None)
        if inspect.iscoroutinefunction(hook):
            raise UsageError(
                message(
                    f"{name} is a coroutine function, which unittest calls and nobody awaits",
                    defined=place_of(hook),
                    fix=f"write @async_hook above `async def {name}`",
                )
            )


def _refuse_instance_hook(name: str, hook: object, where: str) -> NoReturn:
    raise UsageError(
        message(
            f"{name} must be a class method: it is called before there is an instance",
            class_=where,
            defined=place_of(hook),
            fix=f"write @classmethod above `def {name}`",
        )
    )


def _refuse_wide_hooks(cls: type, where: str) -> None:
    """Refuse `loop_scope = "test"` on a class whose own hooks need a loop that lives longer."""
    for name in ("asyncSetUpClass", "asyncTearDownClass"):
        hook = getattr(cls, name)
        if not hasattr(hook, "__atk_default__"):
            raise ScopeError(
                message(
                    f"loop_scope 'test' cannot hold what {name} sets up for the whole class",
                    class_=f"{where}  loop_scope=test",
                    hook=f"{place_of(hook)}  scope=class",
                    fix="leave loop_scope out, or make it 'class' or wider",
                )
            )
