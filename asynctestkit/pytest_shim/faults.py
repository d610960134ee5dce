"""Async code that would not run, or cannot work, told with its cause and its fix."""

from __future__ import annotations

import contextlib
import inspect
import unittest
from collections.abc import Generator, Iterable
from typing import Any, Final

import pytest

from asynctestkit.pytest_plugin import REFUSE
from asynctestkit.pytest_shim.claims import other_claims
from asynctestkit.pytest_shim.current import item_of
from asynctestkit.pytest_shim.private import forget_fixture
from asynctestkit.report.errors import message
from asynctestkit.report.frames import TRIM_FRAMES, name_of, place_of

if TRIM_FRAMES:
    __tracebackhide__ = True

_HOOKS: Final = ("setUp", "tearDown", "asyncSetUp", "asyncTearDown")
_CLASS_HOOKS: Final = ("setUpClass", "tearDownClass")
_RUNNERS: Final = ("__init__", "__call__", "run", "debug", "_callTestMethod", "_callSetUp", "_callTearDown")
"""What a test case class overrides that runs async methods after all."""

_UNHANDLED: Final = (
    "async def functions are not natively supported",
    "async def function and no async plugin installed",  # up to pytest 8.3, which skips such tests
)

_NESTED: Final = (
    "cannot be called from a running event loop",  # asyncio.run, asyncio.Runner.run
    "This event loop is already running",  # loop.run_until_complete
    "Cannot run the event loop while another loop is running",
)

FAILURES: Final = (Exception, pytest.fail.Exception, pytest.skip.Exception)
"""What a test or a fixture ends with that has not passed; the rest ends the run."""


class Strict:
    """Says what strict mode has to do with an async test or fixture that nobody has taken care of."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Replace pytest's own advice, which is to install a plugin."""
        try:
            return (yield)
        except (pytest.fail.Exception, pytest.skip.Exception, pytest.PytestWarning) as error:
            if not any(words in str(error) for words in _UNHANDLED) or other_claims(pyfuncitem):
                raise
        pytest.fail(
            message(
                f"async test {pyfuncitem.name!r} is not marked, so that in strict mode nobody runs it",
                test=f"{pyfuncitem.nodeid}, {place_of(pyfuncitem.obj)}",
                fix="mark it @pytest.mark.asynctestkit, or set asynctestkit_mode = auto",
            ),
            pytrace=False,
        )

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Generator[None, object, object]:
        """Fail where pytest's error does not tell the fix, or where older versions hand out what nobody awaits."""
        try:
            value = yield
        except (pytest.fail.Exception, pytest.PytestWarning) as error:  # a warning in 8.4, which may be an error
            if "requested an async fixture" not in str(error) or other_claims(item_of(request)):
                raise
        else:
            if not (inspect.iscoroutine(value) or inspect.isasyncgen(value)) or other_claims(item_of(request)):
                return value
            if inspect.iscoroutine(value):
                value.close()  # nobody will await it: the error below says it all
        refusal = pytest.fail.Exception(
            message(
                f"async fixture {fixturedef.argname!r} is asked for by a test that is not marked, "
                "so that in strict mode nobody opens it",
                test=item_of(request).nodeid,
                defined=place_of(fixturedef.func),
                fix="mark the test @pytest.mark.asynctestkit, set asynctestkit_mode = auto, "
                "or declare the fixture with asynctestkit.pytest_plugin.fixture",
            ),
            pytrace=False,
        )
        forget_fixture(fixturedef, request, refusal)
        raise refusal


def look_at_case(cls: type[unittest.TestCase]) -> None:
    """Have async methods that a plain test case would never await fail their tests."""
    awaits_methods = issubclass(cls, unittest.IsolatedAsyncioTestCase) or _runs_them_itself(cls)
    classes: tuple[type, ...] = cls.__mro__
    for klass in classes[: classes.index(unittest.TestCase)]:
        for name in list(vars(klass)):
            function: Any = getattr(vars(klass)[name], "__func__", vars(klass)[name])
            if inspect.iscoroutinefunction(function) and not getattr(function, "__unittest_skip__", False):
                if name in _CLASS_HOOKS or (name in _HOOKS and not awaits_methods):
                    pytest.mark.usefixtures(REFUSE)(cls)
                elif name.startswith("test") and not awaits_methods:
                    pytest.mark.usefixtures(REFUSE)(function)


def refuse(request: Any) -> None:
    """Fail a test of a plain test case with async methods."""
    cls = request.cls
    functions = [getattr(cls, name, None) for name in (*_CLASS_HOOKS, *_HOOKS, request.node.name)]
    found = next(function for function in functions if inspect.iscoroutinefunction(function))
    pytest.fail(
        message(
            f"{name_of(found)} is async, and unittest.{_awaiter(cls).__name__} never awaits it",
            test=request.node.nodeid,
            defined=place_of(found),
            fix="derive the class from asynctestkit.AsyncTestCase, or put @async_test or @async_hook on the method",
        ),
        pytrace=False,
    )


def _awaiter(cls: type) -> type[unittest.TestCase]:
    """Return the class of unittest that a test case is derived from."""
    stock = unittest.IsolatedAsyncioTestCase
    return stock if issubclass(cls, stock) else unittest.TestCase


def _runs_them_itself(cls: type) -> bool:
    stock = unittest.TestCase
    return any(getattr(cls, name, None) is not getattr(stock, name, None) for name in _RUNNERS)


def explain(error: RuntimeError) -> None:
    """Add the fix to the error of a loop that is run inside the running one."""
    if any(words in str(error) for words in _NESTED):
        error.add_note(
            "fix: write `await ...` instead of running a loop here, or make the test a plain `def`: then no loop runs "
            "around it"
        )


@contextlib.contextmanager
def kept_from_anyio(items: Iterable[Any]) -> Generator[None]:
    """Keep anyio from making plain functions of methods of AsyncTestCase whose class or module has its mark."""
    hidden = [item for item in items if hasattr(getattr(item, "cls", None), "_atk_plan")] if items else []
    for item in hidden:
        item.get_closest_marker = _without_anyio(item.get_closest_marker)
    try:
        yield
    finally:
        for item in hidden:
            del item.get_closest_marker


def _without_anyio(get: Any) -> Any:
    def get_closest_marker(name: str, *default: Any) -> Any:
        return None if name == "anyio" else get(name, *default)

    return get_closest_marker
