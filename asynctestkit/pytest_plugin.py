"""The pytest plugin: what pytest loads in every run of everyone who installs the package.

Rules:

1. Importing this loads neither asyncio nor the rest of the package.
2. No hook does more than look at a function's flags until something async is met. What happens then is told in
   `pytest_shim`, which is imported at that moment.
3. A test or fixture that another plugin claims is left alone; so is every plain one.

There is no assertion in here for pytest to rewrite (PYTEST_DONT_REWRITE).
"""

from __future__ import annotations

import inspect
import os
from functools import partial
from importlib import import_module
from typing import Any, Final

import pytest

if os.environ.get("ASYNCTESTKIT_FULL_TRACEBACK", "") in ("", "0"):  # as report.frames says, which is not imported here
    __tracebackhide__ = True

MODES: Final = ("auto", "strict")

_ASYNC: Final = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_shim: Any = None

CURRENT: Final = pytest.StashKey[pytest.Item]()
"""Where a run keeps the test it is at."""


def _work() -> Any:
    """Return the part that does the work, loaded when it is first needed."""
    global _shim  # noqa: PLW0603  # loaded once, and read in the hot path
    if _shim is None:
        _shim = import_module("asynctestkit.pytest_shim.hooks")
    return _shim


def _is_async(function: Any) -> bool:
    """Whether a call of the function gives something to be awaited, as far as it and what it wraps tell."""
    try:
        if function.__code__.co_flags & _ASYNC:
            return True
        names = function.__dict__
        if not names or not ("__wrapped__" in names or "hypothesis" in names):
            return False
    except AttributeError:  # a partial, an object that can be called
        pass
    return _is_async_inside(function)


def _is_async_inside(function: Any) -> bool:
    while True:
        if isinstance(function, partial):
            function = function.func
        elif hasattr(function, "hypothesis"):
            function = function.hypothesis.inner_test
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        else:
            break
    if hasattr(function, "__code__"):
        return bool(function.__code__.co_flags & _ASYNC)
    called = getattr(type(function), "__call__", None)  # noqa: B004  # not whether it can be called, but how
    return inspect.iscoroutinefunction(called)


# ---- options ---------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options and ini keys."""
    group = parser.getgroup("asynctestkit", "asynctestkit: async tests and fixtures")
    group.addoption(
        "--asynctestkit-timeout",
        metavar="SECONDS",
        default=None,
        help="real seconds after which an async test is cancelled and fails; 'none' for no limit",
    )
    group.addoption(
        "--asynctestkit-debug",
        action="store_true",
        default=None,
        help="run async tests in asyncio's debug mode",
    )
    parser.addini("asynctestkit_timeout", "default value for --asynctestkit-timeout", default=None)
    parser.addini("asynctestkit_debug", "default value for --asynctestkit-debug", type="bool", default=False)
    parser.addini(
        "asynctestkit_mode",
        "auto: async tests that no other plugin claims are ours; strict: only those marked asynctestkit or asyncio",
        default=None,
    )


def pytest_configure(config: pytest.Config) -> None:
    """Describe the markers, and refuse options that cannot be."""
    config.addinivalue_line(
        "markers",
        "asynctestkit(*, loop_scope=None, timeout=None, loop_factory=None): run the async test on a managed loop. "
        "loop_scope is 'test', 'class', 'module', 'package' or 'session'; None is the smallest that fits. timeout is "
        "in real seconds. loop_factory is called with nothing to make the loop.",
    )
    mode = config.getini("asynctestkit_mode")
    if mode is not None and mode not in MODES:
        raise pytest.UsageError(
            f"asynctestkit_mode must be a mode, not {mode!r}\n  fix:  use one of {', '.join(map(repr, MODES))}"
        )
    if config.getoption("asynctestkit_timeout") or config.getini("asynctestkit_timeout"):
        _work().check_timeout(config)


# ---- tests and fixtures ----------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Remember which test runs: a request for a wider fixture does not tell who asks."""
    item.config.stash[CURRENT] = item


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """Have an async test function run on a managed loop when pytest calls it."""
    if _is_async(pyfuncitem.obj):
        _work().take_test(pyfuncitem)


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> None:
    """Have an async fixture, or an async set-up function, run on a managed loop when pytest calls it."""
    if _is_async(fixturedef.func):
        _work().take_fixture(fixturedef, request)
    elif fixturedef.argname.startswith(XUNIT) and _has_async_set_up(fixturedef.argname, request):
        _work().take_xunit(fixturedef, request)


XUNIT: Final = "_xunit_setup_"
"""How the names begin of the fixtures by which pytest itself calls set-up functions in the style of xunit."""

SET_UP_FUNCTIONS: Final = {
    "module": ("module", ("setUpModule", "setup_module"), ("tearDownModule", "teardown_module")),
    "class": ("cls", ("setup_class",), ("teardown_class",)),
    "method": ("instance", ("setup_method",), ("teardown_method",)),
    "function": ("module", ("setup_function",), ("teardown_function",)),
}
"""Where such functions stand, from the point of view of a request, and what they are called."""


def set_up_kind(argname: str) -> str:
    """Return which of the functions such a fixture calls."""
    return argname[len(XUNIT) :].partition("_fixture_")[0]


def _has_async_set_up(argname: str, request: pytest.FixtureRequest) -> bool:
    found = SET_UP_FUNCTIONS.get(set_up_kind(argname))
    if found is None:
        return False
    attribute, *names = found
    holder = getattr(request, attribute)
    return any(_is_async(getattr(holder, name, None)) for pair in names for name in pair)
