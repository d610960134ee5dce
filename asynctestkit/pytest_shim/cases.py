"""Tests of case classes under pytest: what options and fixtures of pytest's say for those of `AsyncTestCase` and for
those with `@async_test` methods; for the former also post-mortem debugging before the tear-down.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from asynctestkit.case import AsyncTestCase
from asynctestkit.outside import Given, outside
from asynctestkit.pytest_shim.groups import state_of
from asynctestkit.pytest_shim.items import begin_for_case, given_to_case
from asynctestkit.pytest_shim.ours import NAMES, keep_scopes, unknown_to_us
from asynctestkit.pytest_shim.private import give_tear_down_back
from asynctestkit.pytest_shim.wide import provided_to
from asynctestkit.report.errors import raise_together
from asynctestkit.report.frames import TRIM_FRAMES

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


def answer() -> None:
    """Give to the tests of case classes what pytest has for them, whoever asks."""
    outside.provider = _provide


def adopt(cls: Any) -> None:
    """Have the tests of a class use the fixtures of pytest that they take as parameters."""
    answer()
    for klass in cls.__mro__:
        if klass is AsyncTestCase:
            break
        members: dict[str, Any] = dict(vars(klass))
        for name, function in members.items():
            if name.startswith("test") and inspect.isfunction(function) and _takes_arguments(function):
                names = unknown_to_us(cls, function)
                if names and names != getattr(function, NAMES, ()):
                    setattr(function, NAMES, names)
                    pytest.mark.usefixtures(*names)(function)


def _takes_arguments(function: Any) -> bool:
    code = function.__code__
    return bool(code.co_argcount > 1 or code.co_kwonlyargcount or function.__dict__)


def _provide(case: Any, item: Any) -> Given | None:
    """Give a test what pytest has set up for it; its result is the item."""
    if not isinstance(item, pytest.Function):
        keep_scopes(None)
        return None
    keep_scopes(item.config)
    given = given_to_case(item)
    state = state_of(item)
    if state.life is None:
        begin_for_case(item)
    life = state.life
    if item.config.getoption("usepdb", False) and isinstance(case, AsyncTestCase):
        _Postponed(case, item).install()
    if given is None and life is None:
        return None
    names = () if given is None else given.names
    return (given or Given())._replace(
        values=lambda: {name: item.funcargs[name] for name in names}, life=life, provided=partial(provided_to, item)
    )


class _Postponed:
    """Under `--pdb`: after a failure the tear-down waits for the item's, so that the debugger finds the test alive."""

    def __init__(self, case: Any, item: Any) -> None:
        self._case = case
        self._item = item
        self._failed = False
        self._steps: list[Callable[[], Any]] = []

    def install(self) -> None:
        """Put what postpones in the place of the methods of this one test case."""
        case, item = self._case, self._item
        give_tear_down_back(item, case)
        for name in ("_callSetUp", "_callTestMethod"):
            setattr(case, name, partial(self._watch, getattr(case, name)))
        steps = {
            "_callTearDown": case._callTearDown,
            "doCleanups": self._clean_up,
            "_atk_end": case._atk_end,
        }
        before = {name: getattr(case, name) for name in steps}
        for name, later in steps.items():
            setattr(case, name, partial(self._now_or_later, before[name], later))

    def _watch(self, part: Callable[..., Any], /, *args: Any) -> Any:
        try:
            return part(*args)
        except BaseException:
            if not self._failed:
                self._failed = True
                self._item.addfinalizer(self._run)
            raise

    def _now_or_later(self, now: Callable[[], Any], later: Callable[[], Any]) -> Any:
        if not self._failed:
            return now()
        self._steps.append(later)
        return None

    def _clean_up(self) -> None:
        errors: list[BaseException] = []
        while self._case._cleanups:
            try:
                self._case._atk_leave_one()
            except Exception as error:
                errors.append(error)
        raise_together(errors, "cleanups failed")

    def _run(self) -> None:
        errors: list[BaseException] = []
        for step in self._steps:
            try:
                step()
            except Exception as error:
                errors.append(error)
        raise_together(errors, "steps of the tear-down failed")
