"""Fixtures of asynctestkit for plain pytest tests, plain and async; and wider ones ended when pytest says so.

pytest looks names up among its own fixtures. So for every name that a test takes and that our lookup finds from there,
pytest gets one fixture that stands for all of ours of that name; what a module or a conftest defines for pytest goes
before it. The fixtures themselves are found, opened and closed as for any test of ours.
"""

from __future__ import annotations

import inspect
import unittest
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

import pytest

from asynctestkit.fixtures.definition import Fixture
from asynctestkit.fixtures.graph import FixturePlan, Place
from asynctestkit.fixtures.params import CHOICES, VALUES
from asynctestkit.fixtures.requests import USES, Requests, requests_of
from asynctestkit.fixtures.signatures import requested_names
from asynctestkit.loops import scopes
from asynctestkit.loops.wide_scope import WideScope
from asynctestkit.pytest_plugin import CURRENT
from asynctestkit.pytest_shim.current import item_of
from asynctestkit.pytest_shim.lives import ItemLife
from asynctestkit.pytest_shim.params import marked_names, place_of_marks
from asynctestkit.pytest_shim.private import known_to_pytest, params_of
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.values import Scope

if TRIM_FRAMES:
    __tracebackhide__ = True

_KNOWN: Final = pytest.StashKey[set[str]]()
NAMES: Final = "__atk_outside__"
"""Where a test method keeps the names of pytest's fixtures that it takes as parameters."""
_ASKED: Final = pytest.StashKey[tuple[str, ...]]()
_FILLED: Final = pytest.StashKey[tuple[str, ...]]()
_VALUES: Final = pytest.StashKey[dict[str, Any]]()

_REQUESTS: Final = pytest.StashKey[Requests]()


def offer(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Let tests ask pytest for our fixtures, and have them use those that every test uses."""
    known = config.stash.setdefault(_KNOWN, set())
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        cls: Any = item.cls
        if hasattr(cls, "_atk_plan"):
            _leave_unknown_names(item, cls)
            continue
        if cls is not None and issubclass(cls, unittest.TestCase):
            continue
        requests = _requests_of(item)
        used = _used(item.obj, cls, requests)
        filled = _hidden_parameters(item.obj, cls, requests)
        if filled:
            item.stash[_FILLED] = filled
            used = (*used, *filled)
        given = [name for name, indirect in marked_names(item).items() if not indirect]
        known_to_us = requests.names(item.obj).difference(given)
        asked = [name for name in item.fixturenames if name in known_to_us]
        for name in used:
            if name in given:
                continue
            if name not in item.fixturenames:
                item.fixturenames.append(name)
            if name not in asked:
                asked.append(name)
        if asked:
            item.stash[_ASKED] = tuple(asked)
        if new := set(asked) - known:
            known |= new
            config.pluginmanager.register(_provider_of(new))


def _leave_unknown_names(item: Any, cls: Any) -> None:
    """Leave names that pytest does not know either to our own lookup, whose error tells what was meant."""
    known = known_to_pytest(item)
    if known is not None:
        for name in outside_names(item, cls):
            if name not in known and name in item.fixturenames:
                item.fixturenames.remove(name)


def outside_names(item: Any, cls: Any) -> tuple[str, ...]:
    """Return which fixtures of pytest a test of AsyncTestCase, whose class is given, takes as parameters."""
    function = getattr(cls, item.originalname, None)
    names = unknown_to_us(cls, function) if hasattr(function, NAMES) else ()
    return tuple(name for name in names if name in item.fixturenames)


def unknown_to_us(cls: Any, function: Any) -> tuple[str, ...]:
    """Return what a test method of AsyncTestCase asks for and our own lookup does not find."""
    filled = getattr(function, VALUES, {})
    return tuple(name for name in requests_of(cls).unknown(function, given=1) if name not in filled)


def fill(item: pytest.Item, arguments: dict[str, Any]) -> None:
    """Add to what pytest passes to a test of `@async_test` the fixtures of ours that its signature does not show."""
    for name in item.stash.get(_FILLED, ()):
        if name not in arguments:
            values = item.stash.get(_VALUES, {})
            arguments[name] = values[name] if name in values else params_of(item)[name]


def _used(function: Any, cls: type | None, requests: Requests) -> tuple[str, ...]:
    """Return which fixtures of ours a test uses without taking their values."""
    marked = (*getattr(cls, USES, ()), *getattr(function, USES, ()))
    return (*marked, *sorted(requests.names(function, autouse=True)))


def _hidden_parameters(function: Any, cls: type | None, requests: Requests) -> tuple[str, ...]:
    """Return which fixtures of ours a test of `@async_test` takes as parameters."""
    if not hasattr(function, "__atk_options__"):
        return ()
    inner = inspect.unwrap(function)
    known, values = requests.names(inner), getattr(function, VALUES, {})
    names = requested_names(inner, given=0 if cls is None else 1)
    return tuple(name for name in names if name in known and name not in values)


def ask(item: Any, life: ItemLife) -> None:
    """Say which of our fixtures a test needs, before its loop is opened."""
    if _ASKED not in item.stash:
        return
    names = item.stash[_ASKED]
    requests = _requests_of(item)
    front = place_of_marks(item, item.obj, requests)
    choices = _choices(item, names, front)
    plan = requests.several(names, item.obj, item.name, choices=choices, front=front)
    _keep_class(item, plan)
    life.use(plan, instance=item.instance)


def parametrise(metafunc: Any) -> None:
    """Make a test one for each value of the parametrised fixtures of ours that it needs."""
    function, requests = metafunc.function, _requests_of(metafunc)
    known = requests.names(function)
    names = [name for name in metafunc.fixturenames if name in known]
    names += [*_used(function, metafunc.cls, requests), *_hidden_parameters(function, metafunc.cls, requests)]
    for name in set(_hidden_parameters(function, metafunc.cls, requests)).intersection(
        marked_names(metafunc.definition)
    ):
        metafunc.fixturenames.append(name)
    chosen = getattr(function, CHOICES, ())  # by @async_test
    front = place_of_marks(metafunc.definition, function, requests)
    for fixture in requests.parametrised_below(names, function, front=front):
        if fixture not in chosen:
            if fixture.name not in metafunc.fixturenames:
                metafunc.fixturenames.append(fixture.name)
            metafunc.parametrize(fixture.name, range(len(fixture.ids)), ids=fixture.ids, indirect=True)


def _choices(item: Any, names: Iterable[str], front: Sequence[Place]) -> dict[Fixture, int]:
    """Return with which of its values a test is to have each parametrised fixture."""
    chosen: dict[Fixture, int] = dict(getattr(item.obj, CHOICES, {}))
    chosen |= {fixture: 0 for place in front for fixture in place.fixtures.values() if fixture.params}
    params = params_of(item)
    for fixture in _requests_of(item).parametrised_below(tuple(names), item.obj, front=front):
        if fixture.name in params:
            chosen[fixture] = params[fixture.name]
    return chosen


def _keep_class(item: Any, plan: FixturePlan) -> None:
    """Have the scope of a class end when pytest is done with the class."""
    if item.cls is None or scopes.entered(Scope.CLASS, item.cls) is not None:
        return
    if any(node.fixture.scope is Scope.CLASS for node in plan.order):
        node = item.getparent(pytest.Class)
        node.addfinalizer(scopes.enter_class(item.cls).end)


def _provider_of(names: Iterable[str]) -> object:
    """Return a plugin with a fixture for each name."""
    return type("AsyncTestKitFixtures", (), {f"give_{name}": _fixture(name) for name in names})()


def _fixture(name: str) -> Any:
    def give(self: object, request: Any) -> Any:
        return _value(name, request)

    give.__doc__ = f"Give {name!r}, a fixture of asynctestkit."
    return pytest.fixture(give, name=name)


def _value(name: str, request: Any) -> Any:
    from asynctestkit.pytest_shim.items import life_of, wanted  # which imports this module

    item: Any = item_of(request)
    if name not in item.stash.get(_ASKED, ()):  # asked for by getfixturevalue
        item.stash[_ASKED] = (*item.stash.get(_ASKED, ()), name)
    if _VALUES not in item.stash:
        life = life_of(item, wanted(item))
        request.addfinalizer(lambda: _close(item, life))
        item.stash[_VALUES] = life.open_ours()
    return item.stash[_VALUES][name]


def _close(item: Any, life: ItemLife) -> None:
    if _VALUES in item.stash:  # unless one has failed to open
        del item.stash[_VALUES]
    life.close_ours()


def _requests_of(item: Any) -> Requests:
    if item.cls is not None:
        return requests_of(item.cls)
    node = getattr(item, "definition", item).getparent(pytest.Module)
    if _REQUESTS not in node.stash:
        node.stash[_REQUESTS] = Requests(None, item.module.__name__)
    found: Requests = node.stash[_REQUESTS]
    return found


# ---- modules and the session -----------------------------------------------------------------------------------


_KEEPER: Final = pytest.StashKey[Any]()


def are_asked_for(config: pytest.Config) -> bool:
    """Whether tests of the run, which have been collected, ask for fixtures of ours."""
    return bool(config.stash.get(_KNOWN, None))


def keep_scopes(config: pytest.Config | None) -> None:
    """Have the scopes of modules and of the session end when pytest is done with them; None: leave them to unittest.

    What begins a test says so for it: a test may run a suite of its own, whose scopes end with that suite.
    """
    if config is None:
        scopes.keep_with(None)
        return
    scopes.keep_with(keeper_of(config))


def keeper_of(config: pytest.Config) -> Any:
    """Return what ends scopes of modules and of the session when pytest is done with them, as `scopes` takes it."""
    if _KEEPER not in config.stash:
        config.stash[_KEEPER] = partial(_keep, config)
        config.add_cleanup(partial(scopes.keep_with, None))
    return config.stash[_KEEPER]


def _keep(config: pytest.Config, scope: WideScope) -> bool:
    item = config.stash.get(CURRENT, None)
    if item is None:
        return False
    node: Any = item.getparent(pytest.Module if scope.kind is Scope.MODULE else pytest.Session)
    if node is None or (scope.kind is Scope.MODULE and scope.owner != node.obj.__name__):
        return False
    node.addfinalizer(scope.end)
    return True
