"""Suites written for pytest-asyncio, where that plugin is not installed: their loop factories and their loops."""

from __future__ import annotations

import asyncio
import inspect
import warnings
import weakref
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import pytest

from asynctestkit.loops.current import replace_policy
from asynctestkit.loops.managed import GivenLoop, LoopFactory, LoopOptions
from asynctestkit.pytest_plugin import LOOP_FACTORY
from asynctestkit.pytest_shim.current import request_of
from asynctestkit.pytest_shim.overrides import AUTOUSED, OVERRIDES, overrides_seen_from
from asynctestkit.pytest_shim.private import params_of
from asynctestkit.pytest_shim.settings import (
    ASYNCIO_MARK,
    REACHES,
    Reach,
    options_of,
    parse_reach,
    settings_of,
)
from asynctestkit.pytest_shim.wide import finish_on_other_loops
from asynctestkit.report.errors import UsageError, message
from asynctestkit.report.frames import TRIM_FRAMES, place_of

if TRIM_FRAMES:
    __tracebackhide__ = True

_LOOP: Final = "event_loop"
_GIVERS: Final = pytest.StashKey["_LoopGivers"]()
_CHANGES: Final = pytest.StashKey["_FactoryChanges"]()
_NOTED: Final = pytest.StashKey[set[str]]()

_given: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, GivenLoop] = weakref.WeakKeyDictionary()


def check_loop_scope(loop_scope: str, function: object) -> None:
    """Refuse a fixture's loop scope that cannot be."""
    parse_reach(loop_scope, option="loop_scope", where=f"fixture {place_of(function)}")


def parametrise_loops(metafunc: pytest.Metafunc) -> None:
    """Parametrise an async test with the loop factories that the hook gives, or with those of them that it names."""
    item: Any = metafunc.definition
    settings = settings_of(metafunc.config)
    options = options_of(item, settings)
    mark = item.get_closest_marker(ASYNCIO_MARK)
    if not options.marked and settings.strict:
        return
    factories = _factories(item)
    wanted = None if mark is None else mark.kwargs.get("loop_factories")
    names = list(factories) if wanted is None else _names(wanted, item)
    values = [
        factories[name]
        if name in factories
        else pytest.param(
            None,
            marks=pytest.mark.skip(
                reason=f"Loop factory {name!r} is not available. Available factories: {', '.join(factories)}."
            ),
        )
        for name in names
    ]
    hidden = getattr(pytest, "HIDDEN_PARAM", None)
    ids: Any = [hidden] if len(names) == 1 and hidden is not None else names
    metafunc.fixturenames.append(LOOP_FACTORY)
    scope: Any = "function" if options.reach is None else options.reach.word
    metafunc.parametrize(LOOP_FACTORY, values, ids=ids, indirect=True, scope=scope)
    if _CHANGES not in metafunc.config.stash:
        metafunc.config.stash[_CHANGES] = changes = _FactoryChanges()
        metafunc.config.pluginmanager.register(changes)


class _FactoryChanges:
    """Has wider fixtures opened anew where the loop factory changes: they live on the loop of their tests."""

    def pytest_runtest_setup(self, item: pytest.Item) -> None:  # not the first: a test that is skipped has no loop
        """Finish those that live on another loop, before pytest finds out which of the test's fixtures are open."""
        if LOOP_FACTORY in params_of(item):
            factory = options_of(item, settings_of(item.config)).factory or factory_of(item)
            finish_on_other_loops(item.config, LoopOptions(factory).key)


def factory_of(item: Any) -> LoopFactory | None:
    """Return the loop factory that a suite for pytest-asyncio has chosen for a test, by its hook or its fixtures."""
    params = params_of(item)
    if LOOP_FACTORY in params:
        factory: LoopFactory | None = params[LOOP_FACTORY]
        return factory
    values = item.funcargs
    for name in overrides_seen_from(item.parent):
        if name not in values:  # a plain test, which was not told to use it
            request = request_of(item)
            if request is None:
                continue
            values[name] = request.getfixturevalue(name)
        return _from_override(item, name, values[name])
    return None


def reach_of_loop(config: pytest.Config) -> Reach:
    """Return how long the loop lives that an overriding fixture has given."""
    giver = config.stash[_GIVERS].found.get(_LOOP)
    return Reach.TEST if giver is None else REACHES[giver.scope]


class _LoopGivers:
    """Knows the overriding fixtures that are set up, so that what lives on their loops ends before they do."""

    def __init__(self) -> None:
        self.found: dict[str, pytest.FixtureDef[Any]] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Keep one that is set up; the policy that it gives is asyncio's until it is finished."""
        if fixturedef.argname not in OVERRIDES:
            return (yield)
        self.found[fixturedef.argname] = fixturedef
        value = yield
        if fixturedef.argname == AUTOUSED and hasattr(value, "set_event_loop"):
            request.addfinalizer(partial(replace_policy, replace_policy(value)))
        return value

    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        """Forget one that is finished."""
        if self.found.get(fixturedef.argname) is fixturedef:
            del self.found[fixturedef.argname]


def follow_loops(config: pytest.Config) -> None:
    """Learn which overriding fixtures are set up, from now on."""
    if _GIVERS not in config.stash:
        config.stash[_GIVERS] = givers = _LoopGivers()
        config.pluginmanager.register(givers)


def end_with_loop(config: pytest.Config, finish: Callable[[], object]) -> None:
    """Have a wider fixture finished before what gives its loop: a policy's next param, say, makes it anew."""
    givers = config.stash.get(_GIVERS, None)
    for giver in () if givers is None else givers.found.values():
        giver.addfinalizer(finish)


def end_before_loop(config: pytest.Config, finish: Callable[[], object]) -> None:
    """Have the life of a test end before the fixture of the test that gives its loop, which closes that."""
    if reach_of_loop(config) is Reach.TEST:
        config.stash[_GIVERS].found[_LOOP].addfinalizer(finish)


def _from_override(item: pytest.Item, name: str, value: Any) -> LoopFactory:
    noted = item.config.stash.setdefault(_NOTED, set())
    if name not in noted:
        noted.add(name)
        _warn_of(item, name)
    if name != _LOOP and hasattr(value, "new_event_loop"):
        new_loop: LoopFactory = value.new_event_loop
        return new_loop
    if isinstance(value, asyncio.AbstractEventLoop):
        if value not in _given:
            _given[value] = GivenLoop(value)
        return _given[value]
    raise UsageError(
        message(
            f"fixture {name!r} gave {value!r}, which is no event loop",
            test=item.nodeid,
            fix=f"remove the fixture, or give it another name than {' and '.join(map(repr, OVERRIDES))}",
        )
    )


def _warn_of(item: pytest.Item, name: str) -> None:
    """Warn of an overriding fixture, at the place where it is defined: filters go by that, and users look there."""
    said = message(
        f"fixture {name!r} is overridden, as older versions of pytest-asyncio allowed",
        test=item.nodeid,
        meaning="async tests and fixtures run on the loop that it gives",
        fix="remove it, or use @pytest.mark.asynctestkit(loop_factory=...) to choose the loop",
    )
    function: Any = inspect.unwrap(item.config.stash[_GIVERS].found[name].func)  # it is set up, for it gave a value
    code = getattr(function, "__code__", None)
    warnings.warn_explicit(
        pytest.PytestDeprecationWarning(said),
        category=None,  # which the warning says
        filename=str(item.path) if code is None else code.co_filename,
        lineno=1 if code is None else code.co_firstlineno,
        module=getattr(function, "__module__", None),
    )


def _factories(item: pytest.Item) -> Mapping[str, LoopFactory]:
    found = item.ihook.pytest_asyncio_loop_factories(config=item.config, item=item)
    if (
        not isinstance(found, Mapping)
        or not found
        or any(not isinstance(name, str) or not name or not callable(factory) for name, factory in found.items())
    ):
        raise pytest.UsageError(
            "pytest_asyncio_loop_factories must return a non-empty mapping of factory names to callables."
        )
    return dict(found)


def _names(wanted: object, item: pytest.Item) -> list[str]:
    if isinstance(wanted, str) or not isinstance(wanted, Sequence) or not wanted:
        raise UsageError(
            message(
                f"loop_factories must be a non-empty sequence of names, not {wanted!r}",
                where=f"@pytest.mark.{ASYNCIO_MARK} on {item.nodeid}",
                fix='write loop_factories=["name"]',
            )
        )
    return [str(name) for name in wanted]
