"""`@async_test` and `@async_hook`: one async function at a time, in any test case or none.

Both return plain functions that keep the signature, `__wrapped__`, source lines and types of what they decorate, so
that unittest, pytest and IDEs take them for the tests and hooks they are. A wrong target is refused where it stands.
"""

from __future__ import annotations

import functools
import inspect
import unittest
from collections.abc import Callable, Coroutine
from typing import Any, Final, NoReturn, ParamSpec, TypeVar, overload

from asynctestkit import functions, plain
from asynctestkit.case import AsyncTestCase
from asynctestkit.checks.policy import policy_of
from asynctestkit.fixtures.requests import outermost, shown_signature
from asynctestkit.fixtures.signatures import signature_of
from asynctestkit.limits import MARK, UNSET, limit_of
from asynctestkit.loops.managed import LoopFactory, LoopOptions, check_factory
from asynctestkit.placed import Plan
from asynctestkit.report.errors import UsageError, message
from asynctestkit.report.frames import TRIM_FRAMES, clean, name_of, place_of, place_of_caller
from asynctestkit.values import parse_seconds

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

P = ParamSpec("P")
H = TypeVar("H")

_TEST_HOOKS: Final = ("setUp", "tearDown")
_CLASS_HOOKS: Final = ("setUpClass", "tearDownClass")
_MODULE_HOOKS: Final = ("setUpModule", "tearDownModule")


@overload
def async_test(function: Callable[P, Coroutine[Any, Any, None]], /) -> Callable[P, None]: ...


@overload
def async_test(
    *, timeout: float | None = ..., loop_factory: LoopFactory | None = None
) -> Callable[[Callable[P, Coroutine[Any, Any, None]]], Callable[P, None]]: ...


def async_test(
    function: Callable[..., Any] | None = None,
    /,
    *,
    timeout: float | None = UNSET,
    loop_factory: LoopFactory | None = None,
) -> Any:
    """Run a coroutine test on a managed loop.

    On a method of a `unittest.TestCase` it shares loop, task and context with the `@async_hook` methods of its class.
    On a module-level function it makes a test that unittest finds in the module and pytest as the function it is.

    Args:
        timeout: Seconds of real time after which the test is ended and fails with TimeoutError; None for no limit. Left
            out, that of `@timeout`, the class, the module or the run holds.
        loop_factory: Called with nothing to make the loop; None is `asyncio.new_event_loop`.

    Raises:
        UsageError: What is decorated is no coroutine function, or an option has a value that cannot be.
    """
    if function is None:
        caller = inspect.currentframe()
        where = f"@async_test(...) at {place_of_caller(caller)}"
        if timeout is not UNSET:
            parse_seconds(timeout, option="timeout", where=where)
        if loop_factory is not None:
            check_factory(loop_factory, where=where)
        return functools.partial(_make_test, timeout=timeout, loop_factory=loop_factory)
    return _make_test(function, timeout=timeout, loop_factory=loop_factory)


@overload
def async_hook(function: Callable[P, Coroutine[Any, Any, Any]], /) -> Callable[P, Any]: ...


@overload
def async_hook(function: H, /) -> H: ...


def async_hook(function: Any, /) -> Any:
    """Run an async hook of unittest on the loop that the tests it prepares then use.

    For `setUp`, `tearDown`, `setUpClass` and `tearDownClass` (over or under `@classmethod`) of any `unittest.TestCase`,
    and for `setUpModule` and `tearDownModule`. Inside an overriding async hook, `await super().setUp()` works.

    Raises:
        UsageError: What is decorated is no coroutine function, or no hook.
    """
    inner: Any = function
    if isinstance(function, classmethod):
        return classmethod(_make_hook(inner.__func__))
    return _make_hook(function)


def _make_test(function: Any, *, timeout: float | None, loop_factory: LoopFactory | None) -> Callable[..., None]:
    if _is_skipped(function):
        function = _coroutine_function_of(function)
    _require_coroutine_function(function, "async_test", "a test")
    if function.__name__ in (*_TEST_HOOKS, *_CLASS_HOOKS, *_MODULE_HOOKS):
        _refuse_hook_as_test(function)
    where = f"@async_test on {name_of(function)}, {place_of(function)}"
    if loop_factory is not None:
        check_factory(loop_factory, where=where)
    options = LoopOptions(factory=loop_factory)
    make = _method if _is_method(function) else _function
    test = _marked(make(function, options), options)
    if timeout is not UNSET:
        setattr(test, MARK, parse_seconds(timeout, option="timeout", where=where))
    return test


def _marked(test: Any, options: LoopOptions) -> Callable[..., Any]:
    test.__atk_options__ = options  # for whoever opens the loop before the test
    test.__atk_code__ = test.__code__  # decorators above copy this, and have code of their own
    marked: Callable[..., Any] = test
    return marked


def _method(function: Any, options: LoopOptions) -> Callable[..., Any]:
    @functools.wraps(function)
    def test(*args: Any, **kwargs: Any) -> Any:
        case, args = (args[0], args[1:]) if args else (kwargs.pop(_first_parameter(function)), args)
        owner = _type_of(case)
        if issubclass(owner, AsyncTestCase):
            return function(case, *args, **kwargs)  # awaited there, like any test that returns an awaitable
        if issubclass(owner, unittest.TestCase):
            try:
                return plain.run_test(case, function, *args, **kwargs)
            except Exception as error:
                clean(error)  # this frame, too: below a decorator's, unittest would cut the user's off with ours
                raise
        marked = outermost(getattr(owner, function.__name__, None), function)
        seconds = limit_of(owner, marked, function.__module__)
        policy = policy_of(owner, marked)
        plan = Plan(name=function.__name__, owner=owner, options=options, timeout=seconds, policy=policy)
        return functions.run_function(plan, function, marked, (case, *args), kwargs)

    return test


def _first_parameter(function: Any) -> str:
    return next(iter(signature_of(function).parameters))


def _function(function: Any, options: LoopOptions) -> Callable[..., Any]:
    published = "." not in function.__qualname__

    @functools.wraps(function)
    def test(*args: Any, **kwargs: Any) -> Any:
        if published and functions.asked_for_by_name():
            return functions.load(test)
        owner = functions.owner_of(test) if published else functions.FunctionTests
        marked = functions.current(test) if published else test
        result = functions.running_result()
        seconds = limit_of(None, marked, function.__module__)
        policy = policy_of(owner, marked)
        plan = Plan(function.__name__, owner, options, timeout=seconds, result=result, policy=policy)
        return functions.run_function(plan, function, marked, args, kwargs)

    test.__signature__ = shown_signature(function)  # type: ignore[attr-defined]  # what inspect.signature looks for first
    if published:
        functions.publish(test)
    return test


def _make_hook(function: Any) -> Callable[..., Any]:
    _require_coroutine_function(function, "async_hook", "a hook")
    name = function.__name__
    at_module_level = "." not in function.__qualname__
    if at_module_level and name in (*_TEST_HOOKS, *_CLASS_HOOKS):
        _refuse_module_level(function)
    if name in _MODULE_HOOKS and not _is_method(function):

        @functools.wraps(function)
        def module_hook() -> None:
            plain.run_module_hook(function)

        return module_hook
    if name in _CLASS_HOOKS:

        @functools.wraps(function)
        def class_hook(*classes: Any) -> Any:
            if len(classes) != 1 or not isinstance(classes[0], type):
                _refuse_instance_method(function)
            (cls,) = classes
            return function(cls) if issubclass(cls, AsyncTestCase) else plain.run_class_hook(cls, function)

        return class_hook
    if name in _TEST_HOOKS:

        @functools.wraps(function)
        def hook(self: Any) -> Any:
            return function(self) if isinstance(self, AsyncTestCase) else plain.run_hook(self, function)

        return hook
    _refuse_hook(function)


def _is_skipped(function: Any) -> bool:
    """Whether `unittest.skip` stands below the decorator; what it returns is a plain function."""
    return bool(getattr(function, "__unittest_skip__", False)) and not inspect.iscoroutinefunction(function)


def _coroutine_function_of(function: Any) -> Any:
    """Return a coroutine function that skips as `unittest.skip`'s plain one does; anything else stays what it is."""
    if not inspect.iscoroutinefunction(inspect.unwrap(function)):
        return function

    @functools.wraps(function)
    async def skipped(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return skipped


def _type_of(thing: object) -> type:
    return type(thing)


def _is_method(function: Any) -> bool:
    container, _, _ = function.__qualname__.rpartition(".")
    return bool(container) and not container.endswith("<locals>")


def _require_coroutine_function(function: Any, decorator: str, what: str) -> None:
    if inspect.iscoroutinefunction(function) and hasattr(function, "__qualname__"):
        return
    kind_of = _type_of(function).__name__
    if isinstance(function, type):
        kind, fix = "a class", f"put @{decorator} on its async methods, or derive the class from AsyncTestCase"
    elif isinstance(function, classmethod | staticmethod):
        kind, fix = f"a {kind_of}", f"write @{decorator} under @{kind_of}, on the async def"
    elif inspect.isasyncgenfunction(function):
        kind, fix = "an async generator function", "remove the yield"
    elif hasattr(function, "hypothesis"):
        kind, fix = "the plain one that @given has made", f"write @given above @{decorator}"
    elif callable(function):
        kind, fix = "a plain function", f"make it `async def`, or remove @{decorator}"
    else:
        kind, fix = repr(function), f"write @{decorator} or @{decorator}(option=value) above an `async def`"
    raise UsageError(
        message(
            f"@{decorator} needs a coroutine function, and {name_of(function)} is {kind}",
            defined=place_of(function),
            fix=fix,
        )
    )


def _refuse_hook_as_test(function: Any) -> NoReturn:
    raise UsageError(
        message(
            f"@async_test is for tests, and {name_of(function)} is a hook of unittest's",
            defined=place_of(function),
            fix=f"write @async_hook above `async def {function.__name__}`",
        )
    )


def _refuse_module_level(function: Any) -> NoReturn:
    name = function.__name__
    hook = "setUpModule" if name.startswith("setUp") else "tearDownModule"
    raise UsageError(
        message(
            f"@async_hook on {name} outside a class: nobody calls it there",
            defined=place_of(function),
            fix=f"move it into a test class, or call it {hook}",
        )
    )


def _refuse_instance_method(function: Any) -> NoReturn:
    raise UsageError(
        message(
            f"{name_of(function)} must be a class method: it is called before there is an instance",
            defined=place_of(function),
            fix=f"write @classmethod above @async_hook, on `async def {function.__name__}(cls)`",
        )
    )


def _refuse_hook(function: Any) -> NoReturn:
    valid = ", ".join((*_TEST_HOOKS, *_CLASS_HOOKS, *_MODULE_HOOKS))
    raise UsageError(
        message(
            f"@async_hook is for unittest's hooks, and {name_of(function)} is none",
            defined=place_of(function),
            valid=f"{valid} (the last two at module level)",
            fix="use @async_test for a test; call other coroutines from a hook or a test with await",
        )
    )
