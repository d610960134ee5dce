"""The pytest plugin: what pytest loads in every run of everyone who installs the package.

Rules:

1. Importing this loads neither asyncio nor the rest of the package but what is declared in every run: `options`,
   `overrides`, and what is `private` to pytest.
2. No hook does more than look at a function's flags until something async is met. What happens then is told in
   `pytest_shim`, which is imported at that moment.
3. A test or fixture that another plugin claims is left alone; so is every plain one.
4. Where pytest-asyncio is not installed, its mark, options, ini keys and hook are accepted, so that a suite written for
   it runs as it is. What such a suite imports from it is here under the same names: `fixture`, `is_async_test`.

There is no assertion in here for pytest to rewrite (PYTEST_DONT_REWRITE).
"""

from __future__ import annotations

import gc
import inspect
import os
import sys
from collections.abc import Callable, Generator, Iterable
from functools import partial
from importlib import import_module
from typing import Any, Final

import pytest

from asynctestkit.pytest_shim import options
from asynctestkit.pytest_shim.overrides import AUTOUSED, overrides_seen_from
from asynctestkit.pytest_shim.private import XUNIT, require_xunit

if os.environ.get("ASYNCTESTKIT_FULL_TRACEBACK", "") in ("", "0"):  # as report.frames says, which is not imported here
    __tracebackhide__ = True

_ASYNC: Final = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_shim: Any = None

CURRENT: Final = pytest.StashKey[pytest.Item]()
"""Where a run keeps the test it is at."""

LATE: Final = pytest.StashKey[list[tuple[bool, Callable[[], object]]]]()
"""Where a class, module ... keeps what is called after the last of its fixtures, once one was set up.

Beside each stands whether it ends a loop, which goes last.
"""

NOTES: Final = pytest.StashKey[dict[str, str]]()
"""Where a run keeps what it says at its end of things without a meaning: what it met, and what that means."""


def _work() -> Any:
    """Return the part that does the work, loaded when it is first needed."""
    global _shim  # noqa: PLW0603  # loaded once, and read in the hot path
    if _shim is None:
        # What is imported stays, and is much: it would have all that was collected so far looked through, in vain.
        collects = gc.isenabled()
        gc.disable()
        try:
            _shim = import_module("asynctestkit.pytest_shim.hooks")
        finally:
            if collects:
                gc.enable()
    return _shim


def is_async(function: Any) -> bool:
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
            if getattr(function, "__globals__", {}).get("__name__") == "contextlib":
                return False  # it gives a context manager
            function = function.__wrapped__
        else:
            break
    if hasattr(function, "__code__"):
        return bool(function.__code__.co_flags & _ASYNC)
    called = getattr(type(function), "__call__", None)  # noqa: B004  # not whether it can be called, but how
    return inspect.iscoroutinefunction(called)


# ---- what suites import ----------------------------------------------------------------------------------------

LOOP_SCOPES: Final[dict[str, str]] = {}
"""The loop scopes that `fixture` was called with, by the fixture's name."""


LOOP_FIXTURES: Final[set[str]] = set()
"""The names of the fixtures that `fixture` has declared."""


def fixture(
    fixture_function: Callable[..., Any] | None = None,
    *,
    scope: Any = "function",
    loop_scope: str | None = None,
    params: Iterable[object] | None = None,
    autouse: bool = False,
    ids: Any = None,
    name: str | None = None,
) -> Any:
    """Declare an async fixture: `pytest.fixture` with a `loop_scope`, which `asynctestkit_mode = strict` heeds too.

    A plain function or generator under it finds the loop of its tests as the current one, not running.

    Args:
        fixture_function: What gives the value.
        scope: As for `pytest.fixture`, and so are the others.
        loop_scope: How long the loop must live that it runs on; None: as long as the fixture.
        params: Values to make it with.
        autouse: Whether every test that can see it uses it.
        ids: What stands for the params in the names of tests.
        name: What it is asked for by; None is the function's own name.
    """

    def make(function: Any) -> Any:
        target = getattr(function, "__func__", function)
        target.__atk_fixture__ = True
        LOOP_FIXTURES.add(name or target.__name__)
        if loop_scope is not None:
            _work().check_loop_scope(loop_scope, target)
            LOOP_SCOPES[name or target.__name__] = loop_scope
        return pytest.fixture(function, scope=scope, params=params, autouse=autouse, ids=ids, name=name)

    return make if fixture_function is None else make(fixture_function)


def is_async_test(item: pytest.Item) -> bool:
    """Return whether a test is an async one that we run."""
    return isinstance(item, pytest.Function) and is_async(item.obj) and _work().is_ours(item)


@pytest.fixture
def run_async(request: Any) -> Any:
    """Run a coroutine on the test's managed loop, from a plain test or fixture: run_async(coroutine)."""
    return _work().runner_of(request)


@pytest.fixture
def unused_tcp_port(unused_tcp_port_factory: Callable[[], int]) -> int:
    """Give the number of a TCP port of 127.0.0.1 that nobody listens on."""
    return unused_tcp_port_factory()


@pytest.fixture
def unused_udp_port(unused_udp_port_factory: Callable[[], int]) -> int:
    """Give the number of a UDP port of 127.0.0.1 that nobody has bound."""
    return unused_udp_port_factory()


@pytest.fixture(scope="session")
def unused_tcp_port_factory() -> Callable[[], int]:
    """Give a function that returns another unused TCP port each time."""
    factory: Callable[[], int] = _work().Ports("tcp")
    return factory


@pytest.fixture(scope="session")
def unused_udp_port_factory() -> Callable[[], int]:
    """Give a function that returns another unused UDP port each time."""
    factory: Callable[[], int] = _work().Ports("udp")
    return factory


class ForeignFixtures:
    """Fixtures of older versions of pytest-asyncio."""

    @pytest.fixture
    def event_loop(self, request: pytest.FixtureRequest) -> Any:
        """Give the loop that the test runs on."""
        return _work().loop_of(request)


REFUSE: Final = "_asynctestkit_refuse"


@pytest.fixture(name=REFUSE)
def _refuse(request: pytest.FixtureRequest) -> None:
    """Fail a test of a plain test case that is never awaited."""
    _work().refuse(request)


LOOP_FACTORY: Final = "_asynctestkit_loop_factory"


@pytest.fixture(scope="session", name=LOOP_FACTORY)
def _loop_factory(request: pytest.FixtureRequest) -> Any:
    """Give the loop factory that a test is parametrised with."""
    return request.param


# ---- options ---------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options and ini keys."""
    options.add(parser)
    if options.stands_in(pluginmanager):
        options.add_foreign(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Accept the hook of pytest-asyncio."""
    if options.stands_in(pluginmanager):
        pluginmanager.add_hookspecs(options.ForeignHooks)


def pytest_configure(config: pytest.Config) -> None:
    """Describe the markers, and refuse options that cannot be."""
    options.describe_markers(config)
    if options.stands_in(config.pluginmanager):
        options.describe_foreign_markers(config)
        config.pluginmanager.register(ForeignFixtures(), "asynctestkit-asyncio")
    if options.are_given(config):
        _work().check_options(config)


# ---- tests and fixtures ----------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: Any, name: str, obj: Any) -> None:
    """Prepare what pytest is about to make tests of.

    Async tests use an `event_loop` fixture that a suite written for pytest-asyncio overrides. Tests of AsyncTestCase
    use the fixtures of pytest that they take as parameters.
    """
    if isinstance(obj, type):
        if "unittest.case" in sys.modules and issubclass(obj, sys.modules["unittest.case"].TestCase):
            _prepare_case(obj)
    elif name in SET_UP_NAMES and is_async(getattr(obj, "__func__", obj)):
        collector.config.stash.setdefault(AWAITED, []).append(collector)
    elif isinstance(obj, _FUNCTION) and (overrides := overrides_seen_from(collector)):
        _work().follow_loops(collector.config)
        flags = obj.__code__.co_flags & _ASYNC
        for override in overrides:
            if (flags or override == AUTOUSED) and collector.istestfunction(obj, name):
                pytest.mark.usefixtures(override)(obj)


def _prepare_case(cls: Any) -> None:
    if _CASE in sys.modules and issubclass(cls, sys.modules[_CASE].AsyncTestCase):
        _work().adopt(cls)
        return
    if _PLAIN_CASES in sys.modules:
        _work().answer_cases()
    classes: tuple[type, ...] = cls.__mro__
    members: list[Any] = [getattr(member, "__func__", member) for klass in classes for member in vars(klass).values()]
    if any(isinstance(member, _FUNCTION) and member.__code__.co_flags & _ASYNC for member in members):
        _work().look_at_case(cls)


_FUNCTION: Final = type(pytest_addoption)
_CASE: Final = "asynctestkit.case"
_PLAIN_CASES: Final = "asynctestkit.plain"
_FIXTURES: Final = "asynctestkit.fixtures.definition"
_SUMMARY: Final = "asynctestkit.checks.summary"
_FINDINGS_OF_WORKER: Final = "asynctestkit_findings"
_NOTES_OF_WORKER: Final = "asynctestkit_notes"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let tests ask for fixtures of asynctestkit, and end what those keep open when pytest says so."""
    if AWAITED in config.stash:
        require_xunit(items, config.stash[AWAITED])
    if "asynctestkit.loops.scopes" in sys.modules:
        _work().keep_scopes(config)
    if _FIXTURES in sys.modules:
        _work().offer(config, items)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> Generator[None, object, object]:
    """Keep tests of AsyncTestCase from anyio's plugin, which makes other tests of what has its mark."""
    if _CASE not in sys.modules or not session.config.pluginmanager.has_plugin("anyio"):
        return (yield)
    with _work().kept_from_anyio(session.items):
        return (yield)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests with each value of fixtures of asynctestkit, and each loop factory of pytest-asyncio's hook."""
    if _FIXTURES in sys.modules:
        _work().parametrise(metafunc)
    hook = getattr(metafunc.definition.ihook, "pytest_asyncio_loop_factories", None)  # as seen from the test's folder
    if hook is None or not hook.get_hookimpls() or not options.stands_in(metafunc.config.pluginmanager):
        return
    if is_async(metafunc.function):
        _work().parametrise_loops(metafunc)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was accepted though it has no meaning here, and what was found where nothing fails for it."""
    found = sys.modules[_SUMMARY].take() if _SUMMARY in sys.modules else None
    if found:
        terminalreporter.section("asynctestkit: findings")
        terminalreporter.write_line(found)
    notes = config.stash.get(NOTES, None)
    if notes:
        terminalreporter.section("asynctestkit: accepted, without an effect")
        for what, meaning in notes.items():
            terminalreporter.line(f"{what}: {meaning}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what the end of the run says over to the controller, where this is a worker of pytest-xdist."""
    output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if output is None:
        return
    if _SUMMARY in sys.modules and (counts := sys.modules[_SUMMARY].take_counts()):
        output[_FINDINGS_OF_WORKER] = counts
    if notes := session.config.stash.get(NOTES, None):
        output[_NOTES_OF_WORKER] = notes


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker of pytest-xdist would have said at its end."""
    output: dict[str, Any] = getattr(node, "workeroutput", {})  # one that has crashed gives none
    if counts := output.get(_FINDINGS_OF_WORKER):
        import_module(_SUMMARY).add_counts(counts)
    if notes := output.get(_NOTES_OF_WORKER):
        node.config.stash.setdefault(NOTES, {}).update(notes)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Remember which test runs: a request for a wider fixture does not tell who asks."""
    item.config.stash[CURRENT] = item


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an async test function on a managed loop, or have it run there when pytest calls it."""
    function = pyfuncitem.obj
    if not is_async(function):
        return None
    done: bool | None = (_shim or _work()).take_test(pyfuncitem, function)
    return done


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> None:
    """Have an async fixture, or an async set-up function, run on a managed loop when pytest calls it."""
    try:
        if is_async(fixturedef.func):
            if (_shim or _work()).take_fixture(fixturedef, request):
                return
        elif LOOP_FIXTURES and fixturedef.argname in LOOP_FIXTURES and hasattr(fixturedef.func, "__atk_fixture__"):
            _work().take_plain_fixture(fixturedef, request)
        elif fixturedef.argname.startswith(XUNIT) and _has_async_set_up(fixturedef.argname, request):
            _work().take_xunit(fixturedef, request)
    except Exception as error:
        _work().forget_fixture(fixturedef, request, error)
        raise
    node = request.node
    if not hasattr(node, "runtest"):  # a collector
        if LATE not in node.stash:
            node.stash[LATE] = []
            node.addfinalizer(partial(_end_late, node))  # before any of its fixtures: finalisers run in reverse
    elif _shim is not None or is_async(getattr(node, "obj", None)):
        (_shim or _work()).begin_before_fixtures(node)


def _end_late(node: Any) -> None:
    late = node.stash[LATE]
    del node.stash[LATE]
    if late:
        _work().end_late(late)


@pytest.hookimpl(tryfirst=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector, call: pytest.CallInfo[Any]) -> None:
    """Have the debugger that is about to be entered show the user's frame."""
    if _shim is not None and node.config.getoption("usepdb", False):
        _work().show_where_it_waited(call)


SET_UP_FUNCTIONS: Final = {
    "module": ("module", ("setUpModule", "setup_module"), ("tearDownModule", "teardown_module")),
    "class": ("cls", ("setup_class",), ("teardown_class",)),
    "method": ("instance", ("setup_method",), ("teardown_method",)),
    "function": ("module", ("setup_function",), ("teardown_function",)),
}
"""Where such functions stand, from the point of view of a request, and what they are called."""


SET_UP_NAMES: Final = frozenset(name for _, *pairs in SET_UP_FUNCTIONS.values() for pair in pairs for name in pair)
AWAITED: Final = pytest.StashKey[list[pytest.Collector]]()
"""Where a run keeps the classes and modules with async ones."""


def set_up_kind(argname: str) -> str:
    """Return which of the functions such a fixture calls."""
    return argname[len(XUNIT) :].partition("_fixture_")[0]


def _has_async_set_up(argname: str, request: pytest.FixtureRequest) -> bool:
    found = SET_UP_FUNCTIONS.get(set_up_kind(argname))
    if found is None:
        return False
    attribute, *names = found
    holder = getattr(request, attribute)
    return any(is_async(getattr(holder, name, None)) for pair in names for name in pair)
