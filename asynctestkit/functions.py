"""Module-level async test functions, made visible to unittest.

unittest finds test cases, not functions. So the first `@async_test` function of a module puts one test case class,
`_async_tests`, beside itself, whose tests are the functions of that module under their own names: the loader finds it
in the module as it finds any class, `-k` and loading by name work, and no `load_tests` is taken from the user.
`__test__ = False` keeps pytest away from the class: pytest collects the functions themselves.

The class looks a function up in the module each time, so that decorators above `@async_test` (`skip`, `patch`) count.

A function that stands for several tests has them beside itself in the module, for pytest, and in the class, as
`test_x[id]`; for both it is no test itself any more. They are made when the function is, again when more is said of it
(`@parametrize` or `@uses` above, a fixture below), and once more when unittest asks the class, which is last enough for
everything. Each is called through what the module calls by the function's name, so what stands above counts for them.
"""

from __future__ import annotations

import contextvars
import functools
import inspect
import types
import unittest
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, cast

from asynctestkit.fixtures.definition import Fixture
from asynctestkit.fixtures.expansion import Variants
from asynctestkit.fixtures.params import CHOICES, VALUES, Variant, name_variant, variants
from asynctestkit.fixtures.requests import EXPAND, Requests, outermost, requests_of
from asynctestkit.harness import run_alone
from asynctestkit.outside import outside
from asynctestkit.placed import Plan
from asynctestkit.report import mistakes
from asynctestkit.report.frames import TRIM_FRAMES

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

_CALLERS: Final = frozenset({"unittest", "importlib", "_pytest", "asyncio", "threading", "asynctestkit"})
"""Who calls tests, or runs what a module does while it is imported: what calls these does not load a test."""
_DECORATORS: Final = frozenset({"unittest.mock"})
MOST_DECORATORS: Final = 30
"""How many wrappers may stand between the loader and a function."""

CLASS_NAME: Final = "_async_tests"

_chosen: contextvars.ContextVar[Mapping[Fixture, int] | None] = contextvars.ContextVar("_chosen", default=None)
"""What the function that is being called was made for, of the params of its fixtures."""

_result: contextvars.ContextVar[object] = contextvars.ContextVar("_result", default=None)
"""The result of the run that calls a function; it tells when the session ends."""


class _Functions(type):
    """Lists those functions only that the module still has and that are tests, not several."""

    def __dir__(cls) -> list[str]:
        _look_again(cls)
        return [name for name in super().__dir__() if not _is_left_out(vars(cls).get(name))]


class FunctionTests(unittest.TestCase, metaclass=_Functions):
    """The async test functions of one module."""

    __test__ = False
    _atk_of_module = True

    @staticmethod
    def _atk_expand(tests: type, coming: Fixture | None = None) -> None:
        """Give each function the tests that it stands for."""
        _look_again(tests, coming)


class _ModuleFunction:
    """A test of the class that is, at any time, what the module calls by its name."""

    def __init__(self, module_globals: dict[str, Any], name: str) -> None:
        self._globals = module_globals
        self._name = name
        self.variants: tuple[str, ...] = ()
        """The names of the tests that it stands for, if it stands for several."""

    def function(self) -> Any:
        """Return the function, None if it is gone."""
        function = self._globals.get(self._name)
        return function if callable(function) else None

    def take_back(self, cls: type, names: Collection[str]) -> None:
        """Remove tests that it stood for; in the module they are None, for a loader may be about to ask for them."""
        for name in names:
            self._globals[name] = None
            delattr(cls, name)
        self.variants = tuple(name for name in self.variants if name not in names)

    def __get__(self, instance: object, owner: type) -> Any:
        function = self.function()
        if function is None:
            raise AttributeError(f"module {owner.__module__!r} has no test function {self._name!r} any more")
        if instance is None:
            return Variants(function, self._name, owner) if self.variants else function

        # unittest's loader takes a plain function on an instance for a static method, and calls it to get a test.
        @functools.wraps(function)
        def method(case: Any) -> Any:
            token = _result.set(getattr(case._outcome, "result", None))
            try:
                return function()
            finally:
                _result.reset(token)

        if isinstance(function, FunctionVariant):  # what stands above its source may say that it is to be skipped
            vars(method).update(vars(function.source()) | vars(method))
        return types.MethodType(method, instance)


class FunctionVariant:
    """One of the tests that a function stands for; in all but its name and signature it is like the function."""

    def __init__(self, source: Any, module_globals: dict[str, Any], name: str, variant: Variant) -> None:
        self.__module__ = source.__module__
        self.__doc__ = source.__doc__
        self.__wrapped__ = source
        self.__test__ = True
        self._globals = module_globals
        name_variant(self, source, name, variant)

    def source(self) -> Any:
        """Return the function with all decorators around it."""
        source = self.__wrapped__
        there = self._globals.get(source.__name__)
        return there if outermost(there, inspect.unwrap(source)) is there else source

    def is_same(self, source: Any, variant: Variant) -> bool:
        """Whether it is what would be made of `source`, which may have got more decorators."""
        values = vars(self)[VALUES]
        return (
            inspect.unwrap(self) is inspect.unwrap(source)
            and vars(self)[CHOICES] == variant.choices
            and values.keys() == variant.values.keys()
            and all(values[name] is variant.values[name] for name in values)
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the test; called by unittest's loader, return it."""
        own = vars(self)
        if asked_for_by_name():
            return owner_of(self)(own["__name__"])
        token = _chosen.set(own[CHOICES])
        try:
            return self.source()(*args, **own[VALUES], **kwargs)
        finally:
            _chosen.reset(token)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source(), name)  # marks, above all

    def __reduce__(self) -> str:
        return str(vars(self)["__name__"])

    def __repr__(self) -> str:
        return f"<test {vars(self)['__name__']} of {self.__module__}>"


def _is_left_out(attribute: object) -> bool:
    return isinstance(attribute, _ModuleFunction) and (attribute.function() is None or bool(attribute.variants))


def _look_again(cls: type, coming: Fixture | None = None) -> None:
    """Give each function of a module the tests that it stands for by now."""
    for entry in list(vars(cls).values()):
        if isinstance(entry, _ModuleFunction):
            function = entry.function()
            if not hasattr(function, EXPAND):  # gone, or something else
                entry.take_back(cls, entry.variants)
            elif not isinstance(function, FunctionVariant):
                expand(function, coming)


def publish(function: Any) -> None:
    """Make a module-level test function a test, or several, of its module's class for unittest."""
    module_globals = inspect.unwrap(function).__globals__
    cls = module_globals.get(CLASS_NAME)
    if not (isinstance(cls, type) and issubclass(cls, FunctionTests)):
        namespace = {"__module__": function.__module__, "__test__": False, "__doc__": FunctionTests.__doc__}
        cls = module_globals[CLASS_NAME] = _Functions(CLASS_NAME, (FunctionTests,), namespace)
    entry = _ModuleFunction(module_globals, function.__name__)
    before = vars(cls).get(function.__name__)
    if isinstance(before, _ModuleFunction):
        entry.variants = before.variants  # of another function by that name, to be taken back
    setattr(cls, function.__name__, entry)
    setattr(function, EXPAND, expand)
    expand(function)


def expand(function: Any, coming: Fixture | None = None) -> None:
    """Publish the tests that a function stands for, instead of it; what it stood for before is taken back.

    Args:
        function: The function with all decorators around it that are known by now.
        coming: A fixture of its module whose name is not bound yet.
    """
    cls, name = owner_of(function), function.__name__
    entry = vars(cls).get(name)
    if not isinstance(entry, _ModuleFunction):
        return
    module_globals = inspect.unwrap(function).__globals__
    found = variants(function, Requests(None, function.__module__, coming=coming), given=0)
    wanted = {f"{name}[{one.id}]": one for one in found}
    before = entry.variants
    entry.take_back(cls, set(before).difference(wanted))
    for full, variant in wanted.items():
        there = module_globals.get(full)
        if not (isinstance(there, FunctionVariant) and there.is_same(function, variant)):
            module_globals[full] = FunctionVariant(function, module_globals, full, variant)
            setattr(cls, full, _ModuleFunction(module_globals, full))
    if wanted or before:
        function.__test__ = not wanted  # what pytest looks at
    entry.variants = tuple(wanted)


def owner_of(function: Any) -> type[FunctionTests]:
    """Return the class whose tests the functions of a function's module are."""
    return cast("type[FunctionTests]", inspect.unwrap(function).__globals__[CLASS_NAME])


def current(function: Any) -> Any:
    """Return a published function with all decorators around it."""
    return outermost(inspect.unwrap(function).__globals__.get(function.__name__), function)


def running_result() -> object:
    """Return the result of the run that calls the function; None where no unittest runs."""
    return _result.get()


def load(function: Any) -> unittest.TestCase | unittest.TestSuite:
    """Return the test that a published function is, or all that it stands for."""
    cls, name = owner_of(function), function.__name__
    expand(current(function))
    entry = vars(cls)[name]
    return unittest.TestSuite(map(cls, entry.variants)) if entry.variants else cls(name)


def asked_for_by_name() -> bool:
    """Whether the caller's caller is unittest's loader, which calls a function to get a test from it."""
    frame = inspect.currentframe()
    caller = frame and frame.f_back and frame.f_back.f_back
    for _ in range(MOST_DECORATORS):
        name = "" if caller is None else str(caller.f_globals.get("__name__"))
        if caller is None or name == "unittest.loader":
            return caller is not None
        if name.partition(".")[0] in _CALLERS and name not in _DECORATORS:
            return False
        caller = caller.f_back  # perhaps a decorator's wrapper around the function
    return False


def run_function(
    plan: Plan, function: Callable[..., Any], marked: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Run one async test function on a managed loop; `marked` is it with all decorators around it."""
    if outside.host is not None:
        return outside.host(function(*args, **kwargs))  # what calls it has decided all that follows
    requests = Requests(None, function.__module__) if plan.owner is FunctionTests else requests_of(plan.owner)
    fixtures = requests.plan(
        function, function.__name__, given=len(args), passed=kwargs, choices=_chosen.get(), marked=marked
    )
    value = run_alone(plan, function, fixtures, *args, **kwargs)
    if value is not None:
        mistakes.refuse_value(value, function, f"{function.__module__}.{function.__qualname__}")
