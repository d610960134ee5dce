"""Async functions under `@pytest.fixture`, at every scope.

A fixture is opened where it belongs, in the test's task or in one of its own, and closed by its own finaliser.
"""

from __future__ import annotations

import asyncio
import inspect
import weakref
from functools import partial, wraps
from typing import Any

import pytest

from asynctestkit.fixtures.definition import Fixture
from asynctestkit.fixtures.kinds import Kind
from asynctestkit.fixtures.opening import Opening
from asynctestkit.pytest_shim.claims import before_theirs, is_surely_ours, other_claims
from asynctestkit.pytest_shim.current import item_of
from asynctestkit.pytest_shim.foreign import end_with_loop
from asynctestkit.pytest_shim.items import guarded, life_of, loop_options, wanted
from asynctestkit.pytest_shim.private import askers_of, finisher, replace_function
from asynctestkit.pytest_shim.settings import REACHES, Options, settings_of
from asynctestkit.pytest_shim.stand_in import stand_in
from asynctestkit.pytest_shim.wide import WideFixture
from asynctestkit.report.errors import FixtureError, message
from asynctestkit.report.frames import TRIM_FRAMES, place_of

if TRIM_FRAMES:
    __tracebackhide__ = True

_known: weakref.WeakKeyDictionary[Any, Fixture] = weakref.WeakKeyDictionary()


def take_fixture(fixturedef: Any, request: Any) -> bool:
    """Put what opens an async fixture into the place of its function, if it is for us to open.

    Returns:
        Whether the life of the test begins with it, or has begun.
    """
    item: Any = item_of(request)
    options = wanted(item)
    declared_ours = getattr(fixturedef.func, "__atk_fixture__", False)
    if options is None and (not declared_ours or other_claims(item)):
        return False
    if before_theirs(fixturedef.func) is not fixturedef.func and not is_surely_ours(item):
        return False
    is_of_test = request.node is item
    if is_of_test:
        run = partial(_open, fixturedef, request, item, options)
    else:
        run = partial(_open_wide, fixturedef, request, item)
    replace_function(fixturedef, request, partial(stand_in, name="func", run=run))
    return is_of_test


def take_plain_fixture(fixturedef: Any, request: Any) -> None:
    """Have a plain function under our plugin's `fixture` find the loop of its tests as the current one."""
    item = item_of(request)
    if other_claims(item):
        return
    if isinstance(request.node, pytest.Item):
        life_of(item, wanted(item), least=settings_of(item.config).fixture_reach).make_current()
        return
    name, function = fixturedef.argname, fixturedef.func
    wide = WideFixture(
        name,
        REACHES[request.scope],
        loop_options(item),
        place=place_of(function),
        config=item.config,
        finish=finisher(fixturedef, request),
        node=request.node,
    )
    wide.begin(_nothing)
    request.addfinalizer(wide.end)
    around = _generator_around if inspect.isgeneratorfunction(function) else _function_around
    run = around(wide, fixturedef, _bound(function, request.instance))
    replace_function(fixturedef, request, lambda holder: setattr(holder, "func", run))


def _generator_around(wide: WideFixture, fixturedef: Any, function: Any) -> Any:
    before = fixturedef.func

    @wraps(function)
    def run(*args: Any, **arguments: Any) -> Any:
        fixturedef.func = before
        generator = function(*args, **arguments)
        with wide.current():
            value = next(generator)
        yield value
        with wide.current():
            yield from generator  # which yields no more, or pytest says so

    return run


def _function_around(wide: WideFixture, fixturedef: Any, function: Any) -> Any:
    before = fixturedef.func

    @wraps(function)
    def run(*args: Any, **arguments: Any) -> Any:
        fixturedef.func = before
        with wide.current():
            return function(*args, **arguments)

    return run


def _nothing() -> None:
    """Stand for what sets something up that is set up elsewhere."""


def _open(
    fixturedef: Any, request: Any, item: pytest.Item, options: Options | None, function: Any, /, **arguments: Any
) -> Any:
    function = _bound(before_theirs(function), request.instance)
    fixture = _fixture(function, fixturedef.argname)
    _refuse_running_loop(fixture)
    life = life_of(item, options, least=settings_of(item.config).fixture_reach)
    opening = Opening(fixture)
    life.open_fixture(opening, partial(function, **arguments), finisher(fixturedef, request))
    if opening.has_close:
        request.addfinalizer(partial(life.close_fixture, opening))
    return opening.value


def _open_wide(fixturedef: Any, request: Any, item: pytest.Item, function: Any, /, **arguments: Any) -> Any:
    function = _bound(before_theirs(function), request.instance)
    fixture = _fixture(function, fixturedef.argname)
    _refuse_running_loop(fixture)
    reach = REACHES[request.scope]
    wide = WideFixture(
        fixture.name,
        reach,
        loop_options(item),
        place=fixture.place,
        config=item.config,
        finish=finisher(fixturedef, request),
        node=request.node,
    )
    wide.definition, wide.askers = fixturedef, askers_of(request)
    wide.scope.guarded_by(guarded(item, reach))
    opening = Opening(fixture)
    end_with_loop(request.config, wide.finish_early)
    request.addfinalizer(wide.settle)  # after those that the fixture itself adds
    wide.open(opening, partial(function, **arguments))
    request.addfinalizer(wide.close)
    return opening.value


def _bound(function: Any, instance: object) -> Any:
    """Return a fixture method bound to the instance of the test that asks, as pytest does it."""
    bound_to = getattr(function, "__self__", None)
    if instance is not None and bound_to is not None and isinstance(instance, type(bound_to)):
        return function.__func__.__get__(instance)
    return function


def _fixture(function: Any, name: str) -> Fixture:
    source = getattr(function, "__func__", function)
    fixture = _known.get(source)
    if fixture is None or fixture.name != name:
        fixture = _known[source] = Fixture(source, name=name)
        inner = inspect.unwrap(source)
        fixture.kind = Kind.ASYNC_GENERATOR if inspect.isasyncgenfunction(inner) else Kind.COROUTINE
    return fixture


def _refuse_running_loop(fixture: Fixture) -> None:
    if asyncio._get_running_loop() is not None:
        raise FixtureError(
            message(
                f"async fixture {fixture.name!r} cannot be opened by getfixturevalue() in a running test",
                defined=place_of(fixture.__wrapped__),
                fix=f"take {fixture.name!r} as a parameter, or write @pytest.mark.usefixtures({fixture.name!r})",
            )
        )
