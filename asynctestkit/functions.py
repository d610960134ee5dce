"""Module-level async test functions, made visible to unittest.

unittest finds test cases, not functions. So the first `@async_test` function of a module puts one test case class,
`_async_tests`, beside itself, whose tests are the functions of that module under their own names: the loader finds it
in the module as it finds any class, `-k` and loading by name work, and no `load_tests` is taken from the user.
`__test__ = False` keeps pytest away from the class: pytest collects the functions themselves.

The class looks a function up in the module each time, so that decorators above `@async_test` (`skip`, `patch`) count.
"""

from __future__ import annotations

import functools
import inspect
import types
import unittest
from collections.abc import Callable
from typing import Any, Final, cast

from asynctestkit.fixtures.params import CHOICES, VALUES
from asynctestkit.fixtures.requests import Requests, requests_of
from asynctestkit.harness import Plan, run_alone
from asynctestkit.loops.managed import LoopOptions
from asynctestkit.outside import outside
from asynctestkit.report import mistakes
from asynctestkit.report.errors import UsageError, message
from asynctestkit.report.frames import TRIM_FRAMES, place_of

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

# Whose wrappers may stand above the decorator, between the loader and the function.
_DECORATORS: Final = frozenset({"unittest.mock", "contextlib"})

CLASS_NAME: Final = "_async_tests"


class _Functions(type):
    """Lists those functions only that the module still has."""

    def __dir__(cls) -> list[str]:
        return [name for name in super().__dir__() if not _is_gone(vars(cls).get(name))]


class FunctionTests(unittest.TestCase, metaclass=_Functions):
    """The async test functions of one module."""

    __test__ = False
    _atk_of_module = True


class _ModuleFunction:
    """A test of the class that is, at any time, what the module calls by its name."""

    def __init__(self, module_globals: dict[str, Any], name: str) -> None:
        self._globals = module_globals
        self._name = name

    def is_there(self) -> bool:
        return callable(self._globals.get(self._name))

    def __get__(self, instance: object, owner: type) -> Callable[[], Any]:
        function: Any = self._globals.get(self._name)
        if not callable(function):
            raise AttributeError(f"module {owner.__module__!r} has no test function {self._name!r} any more")
        if instance is None:
            return cast("Callable[[], Any]", function)

        # unittest's loader takes a plain function on an instance for a static method, and calls it to get a test.
        @functools.wraps(function)
        def method(case: unittest.TestCase) -> Any:
            return function()

        return types.MethodType(method, instance)


def _is_gone(attribute: object) -> bool:
    return isinstance(attribute, _ModuleFunction) and not attribute.is_there()


def publish(function: Callable[..., Any]) -> type[FunctionTests]:
    """Make a module-level test function a test of its module's class for unittest; return the class."""
    module_globals = inspect.unwrap(function).__globals__
    cls: Any = module_globals.get(CLASS_NAME)
    if not (isinstance(cls, type) and issubclass(cls, FunctionTests)):
        namespace = {"__module__": function.__module__, "__test__": False, "__doc__": FunctionTests.__doc__}
        cls = module_globals[CLASS_NAME] = _Functions(CLASS_NAME, (FunctionTests,), namespace)
    setattr(cls, function.__name__, _ModuleFunction(module_globals, function.__name__))
    tests: type[FunctionTests] = cls
    return tests


def stand_in(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what takes the name of a function that stands for several tests, and is none itself."""

    @functools.wraps(function)
    def test(*args: Any, **kwargs: Any) -> None:
        raise UsageError(
            message(
                f"{function.__name__} stands for several tests and cannot be called itself",
                defined=place_of(function),
                fix=f"call one of them: {function.__module__}.{function.__name__}[...]",
            )
        )

    test.__test__ = False  # type: ignore[attr-defined]  # what pytest looks at
    return test


def asked_for_by_name() -> bool:
    """Whether the caller's caller is unittest's loader, which calls a function to get a test from it."""
    frame = inspect.currentframe()
    caller = frame and frame.f_back and frame.f_back.f_back
    while caller is not None and caller.f_globals.get("__name__") in _DECORATORS:
        caller = caller.f_back
    return caller is not None and caller.f_globals.get("__name__") == "unittest.loader"


def run_function(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    owner: type,
    options: LoopOptions,
    timeout: float | None,
) -> Any:
    """Run one async test function on a managed loop."""
    if (host := outside.host) is not None and host.active:
        return host.run(function(*args, **kwargs))  # what calls it has decided all that follows
    name = f"{function.__module__}.{function.__qualname__}"
    plan = Plan(name=function.__name__, owner=owner, options=options, timeout=timeout)
    requests = Requests(None, function.__module__) if owner is FunctionTests else requests_of(owner)
    values = getattr(function, VALUES, {})
    choices = getattr(function, CHOICES, None)
    fixtures = requests.plan(function, function.__name__, given=len(args), passed={**kwargs, **values}, choices=choices)
    value = run_alone(plan, function, fixtures, *args, **kwargs)
    if value is not None:
        mistakes.refuse_value(value, function, name)
