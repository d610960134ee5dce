"""Async test functions, run in their item's life."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from asynctestkit import examples
from asynctestkit.harness import Step
from asynctestkit.outside import decorated, outside
from asynctestkit.pytest_shim import debugger, ours
from asynctestkit.pytest_shim.current import item_of
from asynctestkit.pytest_shim.faults import FAILURES
from asynctestkit.pytest_shim.groups import State, state_of
from asynctestkit.pytest_shim.items import (
    asked,
    begin_life,
    decide,
    end,
    end_after_fixtures,
    ends_with_body,
    life_of,
    wanted,
)
from asynctestkit.pytest_shim.lives import ItemLife
from asynctestkit.pytest_shim.notes import note
from asynctestkit.pytest_shim.overrides import overrides_seen_from
from asynctestkit.pytest_shim.private import arguments_of
from asynctestkit.pytest_shim.settings import MARK, Options
from asynctestkit.pytest_shim.stand_in import stand_in
from asynctestkit.report import mistakes
from asynctestkit.report.errors import UsageError, message
from asynctestkit.report.frames import TRIM_FRAMES

if TRIM_FRAMES:
    __tracebackhide__ = True


def take_test(item: Any, function: Any) -> bool | None:
    """Run an async test, or put what runs it into its place, if it is for us to run.

    Returns:
        True where it was run, None where pytest is to call what is in its place now.
    """
    state = state_of(item)
    options = state.options if state.is_decided else decide(item, state, function)
    if options is None:
        if item.get_closest_marker(MARK) is not None:
            note(
                item.config, f"@pytest.mark.{MARK}", "another plugin runs some of the tests that have it, and not by it"
            )
        return None
    handle = getattr(function, "hypothesis", None)
    if handle is None and state.group.calls_nothing_else and not getattr(item.config.option, "trace", False):
        arguments = arguments_of(item)
        if arguments is not None:
            _run_now(item, state, options, function, arguments)
            return True
    if item.config.getoption("trace", False):
        debugger.trace(item)
    life = life_of(item, options)
    if handle is None:
        stand_in(item, "obj", _run, item, life)
    else:
        handle.inner_test = _examples(handle.inner_test, item, life)
        stand_in(item, "obj", examples.run_all, life)
    return None


def _run_now(item: Any, state: State, options: Options, function: Any, arguments: dict[str, Any]) -> None:
    """Run a test; end its life, too, where it has passed and has no fixtures, which may use its loop after its body."""
    if state.life is not None or item.fixturenames:
        _run(item, life_of(item, options), function, **arguments)
        return
    life = begin_life(item, state, function, options, with_end=False)
    try:
        _run_once(item, life, function, (), arguments)
        goes_on = life.may_go_on()
        if not goes_on:
            life.check(instance=None if state.group.cls is None else item.instance)
    except BaseException as error:
        end_after_fixtures(item, state)  # until then a debugger finds it alive
        if isinstance(error, FAILURES) and not life.may_go_on():
            life.check(failed=True, instance=item.instance)
        raise
    if goes_on:
        end_after_fixtures(item, state)
    else:
        end(item, state)


def is_ours(item: pytest.Item) -> bool:
    """Whether we run an async test."""
    return asked(item) is not None


def loop_of(request: pytest.FixtureRequest) -> asyncio.AbstractEventLoop:
    """Return the loop of a test that a fixture is set up for, or a new one for an override that will return it."""
    item = item_of(request)
    if request.fixturename in overrides_seen_from(item.parent):
        loop = asyncio.new_event_loop()
        request.addfinalizer(loop.close)
        return loop
    return life_of(item, wanted(item)).get_loop()


def runner_of(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """Return what runs a coroutine in the life of the test that a fixture is set up for, from outside its loop."""
    item = item_of(request)

    def run_async(coroutine: Any, /) -> Any:
        if asyncio._get_running_loop() is None:
            return life_of(item, wanted(item)).run_plain(coroutine, Step.SET_UP)
        if inspect.iscoroutine(coroutine):
            coroutine.close()  # nobody will await it: the error below says it all
        raise UsageError(
            message(
                "run_async() cannot be called from a running event loop",
                test=item.nodeid,
                fix="write `await ...` here; run_async is for plain tests and fixtures",
            )
        )

    return run_async


def _examples(inner: Any, item: pytest.Function, life: ItemLife) -> Callable[..., None]:
    """Return what runs the examples that Hypothesis draws for an async test; for the next item it is replaced."""
    inner = getattr(inner, "__atk_drawn__", inner)

    @functools.wraps(inner)
    def run(*args: Any, **arguments: Any) -> None:
        examples.run_one(life, inner, functools.partial(_run, item, life, inner), args, arguments)

    run.__atk_drawn__ = inner  # type: ignore[attr-defined]  # a function takes attributes
    return run


def _run(item: pytest.Function, life: ItemLife, function: Any, /, *args: Any, **arguments: Any) -> None:
    try:
        _run_once(item, life, function, args, arguments)
    except Exception:
        if ends_with_body(item, life):
            life.check(failed=True, instance=item.instance)
        raise
    if ends_with_body(item, life):
        life.check(instance=item.instance)


def _run_once(
    item: pytest.Function, life: ItemLife, function: Any, args: tuple[Any, ...], arguments: dict[str, Any]
) -> None:
    """Run a test, or one example of it; what Hypothesis has drawn may come by position."""
    decorated = hasattr(function, "__atk_options__")
    if decorated:
        ours.fill(item, arguments)
        value = _run_decorated(life, function, args, arguments)
    else:
        value = life.run_body(functools.partial(function, *args) if args else function, **arguments)
    if value is not None:
        # Decorated, it is called as it is without the plugin.
        name = f"{function.__module__}.{function.__qualname__}" if decorated else item.nodeid
        mistakes.refuse_value(value, function, name)


def _run_decorated(life: ItemLife, function: Any, args: tuple[Any, ...], arguments: dict[str, Any]) -> Any:
    """Run a test of `@async_test` in the item's life instead of one of its own.

    What stands above `@async_test` is plain code, and calls it as often as it likes.
    """
    inner = decorated(function)
    if inner is not None:
        return life.run_body(functools.partial(inner, *args) if args else inner, **arguments)

    def host(coroutine: Any) -> Any:
        outside.host = before
        try:
            return life.run_plain(coroutine, Step.BODY)
        finally:
            outside.host = host

    before, outside.host = outside.host, host
    try:
        return function(*args, **arguments)
    finally:
        outside.host = before
