"""The pytest plugin: what pytest loads in every run of everyone who installs the package.

Rules:

1. Importing this loads neither asyncio nor the rest of the package.
2. No hook does more than look at a function's flags until something async is met. What happens then is told in
   `pytest_shim`, which is imported at that moment.
3. A test or fixture that another plugin claims is left alone; so is every plain one.
4. Where pytest-asyncio is not installed, its mark, options, ini keys and hook are accepted, so that a suite written for
   it runs as it is. What such a suite imports from it is here under the same names: `fixture`, `is_async_test`.

There is no assertion in here for pytest to rewrite (PYTEST_DONT_REWRITE).
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Generator, Iterable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import pytest

if os.environ.get("ASYNCTESTKIT_FULL_TRACEBACK", "") in ("", "0"):  # as report.frames says, which is not imported here
    __tracebackhide__ = True

MODES: Final = ("auto", "strict")

_ASYNC: Final = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_shim: Any = None

CURRENT: Final = pytest.StashKey[pytest.Item]()
"""Where a run keeps the test it is at."""

NOTES: Final = pytest.StashKey[dict[str, str]]()
"""Where a run keeps what it says at its end of things without a meaning: what it met, and what that means."""


def _work() -> Any:
    """Return the part that does the work, loaded when it is first needed."""
    global _shim  # noqa: PLW0603  # loaded once, and read in the hot path
    if _shim is None:
        _shim = import_module("asynctestkit.pytest_shim.hooks")
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
            function = function.__wrapped__
        else:
            break
    if hasattr(function, "__code__"):
        return bool(function.__code__.co_flags & _ASYNC)
    called = getattr(type(function), "__call__", None)  # noqa: B004  # not whether it can be called, but how
    return inspect.iscoroutinefunction(called)


def stands_in(pluginmanager: pytest.PytestPluginManager) -> bool:
    """Whether pytest-asyncio is absent or switched off, so that what is its own is ours to accept."""
    return pluginmanager.is_blocked("asyncio") or find_spec("pytest_asyncio") is None


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
    if stands_in(pluginmanager):
        _add_foreign_options(parser)


def _add_foreign_options(parser: pytest.Parser) -> None:
    """Accept the options and ini keys of pytest-asyncio."""
    group = parser.getgroup("asyncio", "asyncio: options of pytest-asyncio, which asynctestkit stands in for")
    group.addoption("--asyncio-mode", metavar="MODE", default=None, help="auto or strict, as asynctestkit_mode")
    group.addoption("--asyncio-debug", action="store_true", default=None, help="as --asynctestkit-debug")
    parser.addini("asyncio_mode", "default value for --asyncio-mode", default=None)
    parser.addini("asyncio_debug", "default value for --asyncio-debug", type="bool", default=False)
    parser.addini(
        "asyncio_default_fixture_loop_scope",
        "how long the loop must live that async fixtures run on, unless they say so; always at least as long as they",
        default=None,
    )
    parser.addini(
        "asyncio_default_test_loop_scope", "how long the loop must live that async tests run on", default=None
    )


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Accept the hook of pytest-asyncio."""
    if stands_in(pluginmanager):
        pluginmanager.add_hookspecs(ForeignHooks)


class ForeignHooks:
    """Hooks of pytest-asyncio."""

    @pytest.hookspec(firstresult=True)
    def pytest_asyncio_loop_factories(self, config: pytest.Config, item: pytest.Item) -> Any:
        """Return the loop factories that async tests run with, by name; with several, each test runs once for each."""


def pytest_configure(config: pytest.Config) -> None:
    """Describe the markers, and refuse options that cannot be."""
    config.addinivalue_line(
        "markers",
        "asynctestkit(*, loop_scope=None, timeout=None, loop_factory=None): run the async test on a managed loop. "
        "loop_scope is 'test', 'class', 'module', 'package' or 'session'; None is the smallest that fits. timeout is "
        "in real seconds. loop_factory is called with nothing to make the loop.",
    )
    if stands_in(config.pluginmanager):
        config.addinivalue_line(
            "markers",
            "asyncio(*, loop_scope=None, loop_factories=None): run the async test as pytest-asyncio would; "
            "asynctestkit stands in for it.",
        )
        config.addinivalue_line("markers", "asyncio_event_loop(*, loop_policies=None): accepted, without a meaning.")
        config.pluginmanager.register(ForeignFixtures(), "asynctestkit-asyncio")
    if any(_is_given(config, name) for name in _CHECKED):
        _work().check_options(config)


_CHECKED: Final = (
    "asynctestkit_timeout",
    "asynctestkit_mode",
    "asyncio_mode",
    "asyncio_default_fixture_loop_scope",
    "asyncio_default_test_loop_scope",
)


def _is_given(config: pytest.Config, name: str) -> bool:
    """Whether an option or an ini key of that name, if there is one and it is ours, has a value."""
    if name.startswith("asyncio_") and not stands_in(config.pluginmanager):
        return False
    if config.getoption(name, None) is not None:
        return True
    try:
        return bool(config.getini(name))
    except (KeyError, ValueError):
        return False


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
    elif isinstance(obj, _FUNCTION) and (overrides := overrides_seen_from(collector)):
        _work().follow_loops(collector.config)
        flags = obj.__code__.co_flags & _ASYNC
        for override in overrides:
            if (flags or override == _AUTOUSED) and collector.istestfunction(obj, name):
                pytest.mark.usefixtures(override)(obj)


def _prepare_case(cls: Any) -> None:
    if _CASE in sys.modules and issubclass(cls, sys.modules[_CASE].AsyncTestCase):
        _work().adopt(cls)
        return
    if _PLAIN_CASES in sys.modules:
        _work().answer_cases()
    classes: tuple[type, ...] = cls.__mro__
    members: list[Any] = [member for klass in classes for member in vars(klass).values()]
    if any(isinstance(member, _FUNCTION) and member.__code__.co_flags & _ASYNC for member in members):
        _work().look_at_case(cls)


_FUNCTION: Final = type(stands_in)
_CASE: Final = "asynctestkit.case"
_PLAIN_CASES: Final = "asynctestkit.plain"
_FIXTURES: Final = "asynctestkit.fixtures.definition"
_OVERRIDES: Final = pytest.StashKey[tuple[str, ...]]()
_AUTOUSED: Final = "event_loop_policy"  # by plain tests, too
OVERRIDES: Final = ("event_loop", _AUTOUSED)


def overrides_seen_from(node: Any) -> tuple[str, ...]:
    """Return which fixtures of pytest-asyncio are defined by a class, its module or a conftest."""
    found: tuple[str, ...] | None = node.stash.get(_OVERRIDES, None)
    if found is None:
        if isinstance(node, pytest.Class):
            found = (*_defined_by(*node.obj.__mro__), *overrides_seen_from(node.parent))
        else:
            path, conftests = str(node.path), _overriding_conftests(node.config.pluginmanager)
            above = [plugin for folder, plugin in conftests if path.startswith(folder)]
            found = _defined_by(getattr(node, "obj", None), *above)
            if found and not stands_in(node.config.pluginmanager):
                found = ()
        found = node.stash[_OVERRIDES] = tuple(dict.fromkeys(found))
    return found


def _overriding_conftests(manager: pytest.PytestPluginManager) -> list[tuple[str, object]]:
    plugins = [plugin for plugin in manager.get_plugins() if _defined_by(plugin)]
    files = [(plugin, getattr(plugin, "__file__", None) or "") for plugin in plugins]
    conftests = [(plugin, file) for plugin, file in files if os.path.basename(file) == "conftest.py"]
    return [(os.path.join(os.path.dirname(file), ""), plugin) for plugin, file in conftests]


def _defined_by(*holders: Any) -> tuple[str, ...]:
    return tuple(name for holder in holders for name in OVERRIDES if name in getattr(holder, "__dict__", ()))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let tests ask for fixtures of asynctestkit, and end what those keep open when pytest says so."""
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
    hook = getattr(metafunc.config.hook, "pytest_asyncio_loop_factories", None)
    if hook is not None and hook.get_hookimpls() and is_async(metafunc.function):
        _work().parametrise_loops(metafunc)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was accepted though it has no meaning here."""
    notes = config.stash.get(NOTES, None)
    if notes:
        terminalreporter.section("asynctestkit: accepted, without an effect")
        for what, meaning in notes.items():
            terminalreporter.line(f"{what}: {meaning}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Remember which test runs: a request for a wider fixture does not tell who asks."""
    item.config.stash[CURRENT] = item


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """Have an async test function run on a managed loop when pytest calls it."""
    if is_async(pyfuncitem.obj):
        _work().take_test(pyfuncitem)


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> None:
    """Have an async fixture, or an async set-up function, run on a managed loop when pytest calls it."""
    if is_async(fixturedef.func):
        _work().take_fixture(fixturedef, request)
    elif LOOP_FIXTURES and fixturedef.argname in LOOP_FIXTURES and hasattr(fixturedef.func, "__atk_fixture__"):
        _work().take_plain_fixture(fixturedef, request)
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
    return any(is_async(getattr(holder, name, None)) for pair in names for name in pair)
