"""Async `setup_function`, `setup_method`, `setup_class`, `setup_module` and their teardowns.

pytest calls them from an autouse fixture of its own, whose name begins with `_xunit_setup_`, and does not look at what
they return. Where one of the two is async, this fixture takes that one's place: it finds and calls both as pytest does,
plain ones outside the running loop, and awaits the async ones where async fixtures of that scope live: for a test, in
its task; for a class or module, on the shared loop, which the tests then join.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Final

import pytest

from asynctestkit.harness import Step
from asynctestkit.pytest_plugin import SET_UP_FUNCTIONS, set_up_kind
from asynctestkit.pytest_shim.current import item_of
from asynctestkit.pytest_shim.items import guarded, life_of, loop_options, wanted
from asynctestkit.pytest_shim.private import finisher, replace_function
from asynctestkit.pytest_shim.settings import Reach
from asynctestkit.pytest_shim.stand_in import stand_in
from asynctestkit.pytest_shim.wide import WideFixture
from asynctestkit.report.frames import TRIM_FRAMES, place_of

if TRIM_FRAMES:
    __tracebackhide__ = True


_ARGUMENTS: Final = {
    "module": ("module", Reach.MODULE),
    "class": ("cls", Reach.CLASS),
    "method": ("function", Reach.TEST),
    "function": ("function", Reach.TEST),
}
"""What such functions may take as an argument, and how long what they set up lives."""


def take_xunit(fixturedef: Any, request: Any) -> None:
    """Put what calls such functions into the place of pytest's own fixture, if the test is for us to run."""
    item = item_of(request)
    kind = set_up_kind(fixturedef.argname)
    if wanted(item) is None or (kind == "function" and request.instance is not None):
        return
    attribute, *names = SET_UP_FUNCTIONS[kind]
    holder = getattr(request, attribute)
    argument, reach = _ARGUMENTS[kind]
    set_up, tear_down = (_with_argument(_first(holder, pair), getattr(request, argument)) for pair in names)
    if reach is Reach.TEST:
        steps = _for_test(item, set_up, tear_down)
    else:
        wide = WideFixture(
            fixturedef.argname,
            reach,
            loop_options(item),
            place=place_of(holder),
            config=item.config,
            finish=finisher(fixturedef, request),
            node=request.node,
        )
        wide.scope.name = f"{reach.word} {getattr(holder, '__qualname__', holder.__name__)}"
        wide.scope.guarded_by(guarded(item, reach))
        steps = _for_scope(wide, set_up, tear_down)
    replace_function(fixturedef, request, partial(stand_in, name="func", run=partial(_generator, steps)))


def _generator(steps: Generator[None], own: object, /, request: Any) -> None:
    next(steps)
    request.addfinalizer(partial(next, steps, None))


def _for_test(item: pytest.Item, set_up: Callable[[], Any], tear_down: Callable[[], Any]) -> Generator[None]:
    life = life_of(item, wanted(item))
    life.awaits_tear_down = tear_down is not _nothing
    life.run_hook(Step.SET_UP, set_up)
    yield
    life.run_hook(Step.TEAR_DOWN, tear_down)


def _for_scope(wide: WideFixture, set_up: Callable[[], Any], tear_down: Callable[[], Any]) -> Generator[None]:
    wide.begin(set_up)
    yield
    wide.take_down(tear_down)


def _first(holder: Any, names: tuple[str, ...]) -> Any:
    """Return the function that pytest would call, None if there is none; a fixture of that name is not called twice."""
    for name in names:
        function = getattr(holder, name, None)
        if inspect.isroutine(function):
            return function
    return None


def _with_argument(function: Any, argument: object) -> Callable[[], Any]:
    if function is None:
        return _nothing
    takes = len(inspect.signature(function).parameters)
    return partial(function, argument) if takes else function


def _nothing() -> None:
    """Stand for a function that is not there."""
