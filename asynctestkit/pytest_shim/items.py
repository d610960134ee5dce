"""From a test item to its life: what its marks, its wider fixtures and the run's options ask for together."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import pytest

from asynctestkit.harness import Plan
from asynctestkit.loops.managed import LoopOptions
from asynctestkit.loops.scopes import WideScope
from asynctestkit.pytest_plugin import LOOP_SCOPES
from asynctestkit.pytest_shim import wide
from asynctestkit.pytest_shim.claims import is_wanted, other_claims
from asynctestkit.pytest_shim.foreign import factory_of
from asynctestkit.pytest_shim.lives import ItemLife
from asynctestkit.pytest_shim.settings import REACHES, Options, Reach, options_of, settings_of
from asynctestkit.report.errors import ScopeError, message
from asynctestkit.report.frames import TRIM_FRAMES, place_of

if TRIM_FRAMES:
    __tracebackhide__ = True

LIFE: Final = pytest.StashKey[ItemLife]()
_OPTIONS: Final = pytest.StashKey["Options | None"]()

_owners: dict[str, type] = {}


def wanted(item: pytest.Item) -> Options | None:
    """Return what a test asks for; None where it is not for us to run."""
    if _OPTIONS not in item.stash:
        settings = settings_of(item.config)
        options = options_of(item, settings)
        ours = is_wanted(options, settings) and not other_claims(item)
        item.stash[_OPTIONS] = options if ours else None
    return item.stash[_OPTIONS]


def life_of(item: pytest.Item, *, least: Reach | None = None) -> ItemLife:
    """Return the life of an item, begun if this is its first async need, on a loop that lives as long as `least`."""
    life = item.stash.get(LIFE, None)
    return _begin(item, least) if life is None else life


def owner_of(item: Any) -> type:
    """Return the class a test belongs to; functions of one module share a class that stands for it."""
    if item.cls is not None:
        cls: type = item.cls
        return cls
    name = item.module.__name__
    if name not in _owners:
        _owners[name] = type("functions", (), {"__module__": name})
    return _owners[name]


def loop_options(item: pytest.Item) -> LoopOptions:
    """Return what kind of loop a test asks for."""
    options = wanted(item)
    factory = None if options is None else options.factory
    return LoopOptions(factory or factory_of(item), settings_of(item.config).debug)


def _begin(item: pytest.Item, least: Reach | None) -> ItemLife:
    options = wanted(item) or Options()
    options = options._replace(factory=options.factory or factory_of(item), reach=_reach(item, options, least))
    used = wide.used_by(item)
    joined, kind = _loop_to_join(item, options, used)
    plan = Plan(item.name, owner_of(item), kind, timeout=options.timeout)
    life = item.stash[LIFE] = ItemLife(plan, joined)
    for fixture in used:
        fixture.watch(life)
    item.addfinalizer(partial(_end, item, life))
    return life


def _end(item: pytest.Item, life: ItemLife) -> None:
    del item.stash[LIFE]
    life.end()


def _loop_to_join(
    item: pytest.Item, options: Options, used: list[wide.WideFixture]
) -> tuple[WideScope | None, LoopOptions]:
    kind = LoopOptions(options.factory, settings_of(item.config).debug)
    if used:
        widest = max(used, key=lambda fixture: fixture.reach)
        if options.reach is Reach.TEST:
            raise _cannot_share(item, widest)
        if options.factory is None:
            kind = LoopOptions(widest.scope.options.factory, kind.debug)
        for fixture in used:
            fixture.check(kind)
        return widest.scope, kind
    if options.reach is None or options.reach is Reach.TEST:
        return None, kind
    return wide.holder(item, options.reach, kind), kind


def _reach(item: Any, options: Options, least: Reach | None) -> Reach | None:
    """Return how long the loop must live: as the test asks, or as one of its fixtures does that ask for more."""
    if options.reach is Reach.TEST:
        return options.reach
    asked = [REACHES[LOOP_SCOPES[name]] for name in LOOP_SCOPES if name in item.fixturenames]
    reaches = (options.reach, least, *asked)
    return max((reach for reach in reaches if reach is not None and reach > Reach.TEST), default=None)


def _cannot_share(item: Any, widest: wide.WideFixture) -> ScopeError:
    return ScopeError(
        message(
            f"loop_scope 'test' cannot hold fixture {widest.name!r}, which lives for a {widest.reach.word}",
            test=f"{item.nodeid}, {place_of(item.obj)}   loop_scope=test",
            fix=f"leave loop_scope out, or make {widest.name!r} a function-scoped fixture",
            **{repr(widest.name): f"{widest.place}   scope={widest.reach.word}"},
        )
    )
