"""Async tests and hooks of test cases that are not ours: `unittest.TestCase`, Django's, anybody's.

Such a case runs its own plain methods as ever. What is decorated shares one life per test, that is one loop, one task,
one context, from the first decorated method to the last; the life is closed by the oldest cleanup, so after all else.
Hooks of a class or a module run on the shared loop of that scope, and decorated tests then run there too.
"""

from __future__ import annotations

import functools
import inspect
import unittest
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from asynctestkit import examples, limits
from asynctestkit.checking import amend
from asynctestkit.checks.policy import policy_of
from asynctestkit.fixtures.requests import outermost, patched_arguments, requests_of
from asynctestkit.guard import guard_of
from asynctestkit.harness import Life, Step
from asynctestkit.loops import scopes
from asynctestkit.loops.managed import LoopOptions
from asynctestkit.loops.wide_scope import WideScope
from asynctestkit.outside import given_to
from asynctestkit.placed import Plan
from asynctestkit.report import mistakes
from asynctestkit.report.errors import UsageError, message
from asynctestkit.report.frames import TRIM_FRAMES, place_of
from asynctestkit.values import Scope

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

AsyncFunction = Callable[..., Coroutine[Any, Any, Any]]

_LIFE = "_atk_life"


def run_test(case: unittest.TestCase, function: AsyncFunction, /, *args: Any, **kwargs: Any) -> None:
    """Run an async test method of `case`."""
    life = _life_of(case)
    if life is None:
        life = _begin(case, function, given=1 + len(args), passed=kwargs)
    elif life.ended_with is not None:  # Hypothesis tries again what has ended the test
        raise life.ended_with
    try:
        value = life.body(functools.partial(life.call, function, case, *args, **kwargs))
    except Exception as error:
        if examples.is_over(life):
            life.ended_with = error
            if len(args) + len(kwargs):
                examples.tell_example(error, function, (case, *args), kwargs)
        raise
    finally:
        life.close_fixtures()
    if value is not None:
        mistakes.refuse_value(value, function, case.id())


def run_hook(case: Any, function: AsyncFunction) -> Any:
    """Run an async `setUp` or `tearDown` of `case`; inside another hook, give the coroutine to be awaited there."""
    life = _life_of(case)
    if life is None:
        life = _begin_in_hook(case)
    if life.in_task():  # await super().setUp()
        return function(case)
    life.hook(Step.SET_UP if function.__name__ == "setUp" else Step.TEAR_DOWN, function, case)
    return None


def run_class_hook(cls: Any, function: AsyncFunction) -> Any:
    """Run an async `setUpClass` or `tearDownClass` of `cls`."""
    scope = scopes.entered(Scope.CLASS, cls)
    if scope is None:
        scope = scopes.enter_class(cls)
        # unittest runs class cleanups newest first, and after tearDownClass: the loop goes last.
        cls._class_cleanups.insert(0, (scope.end, (), {}))
    scope.guarded_by(guard_of)
    if scope.in_task():  # await super().setUpClass()
        return function(cls)
    _run_hook(scope, function, cls)
    return None


def run_module_hook(function: AsyncFunction) -> None:
    """Run an async `setUpModule` or `tearDownModule`."""
    scope = scopes.enter_module(function.__module__)
    scope.guarded_by(guard_of)
    if function.__name__ != "tearDownModule":
        _run_hook(scope, function)
        return
    with scope.phase(None):  # what it and the end of the module find is one report
        try:
            _run_hook(scope, function)
        finally:
            scope.end()


def _run_hook(scope: WideScope, function: AsyncFunction, /, *args: Any) -> None:
    if function.__name__.startswith("tearDown"):
        scope.tear_down()
    with scope.phase(None):
        scope.call_hook(function, *args)
        scope.report()


def _life_of(case: Any) -> Life | None:
    """Return the life of the test that runs, if it has begun."""
    life: Life | None = getattr(case, _LIFE, None)
    return life


def _begin_in_hook(case: Any) -> Life:
    """Begin the life of a test before its body: what it asks for decides on which loop its hooks run, too."""
    if not isinstance(case, unittest.TestCase):
        raise UsageError(
            message(
                f"@async_hook works on methods of a unittest.TestCase, and {type(case).__qualname__} is none",
                class_=place_of(type(case)),
                fix="derive the class from unittest.TestCase or AsyncTestCase",
            )
        )
    function, given = _written(case)
    return _begin(case, function, given=given)


def _written(case: Any) -> tuple[Any, int]:
    """Return the async function that the test is, None if it is a plain one, and how many arguments it gets anyway."""
    test: Any = getattr(type(case), case._testMethodName, None)
    if not hasattr(test, "__atk_options__"):
        return None, 1
    function = inspect.unwrap(test)
    return function, 1 + (0 if test is function else patched_arguments(test))


def _begin(case: Any, function: Any, *, given: int = 1, passed: Collection[str] = ()) -> Life:
    plan = plan_of(case)
    offered = given_to(case, plan.result)
    life = None if offered is None else offered.life
    if life is None:
        life = Life(plan if offered is None else offered.complete(plan), more=lambda: True)
        life.provided_outside = None if offered is None else offered.provided
        _use_fixtures(case, life, function, given=given, passed=passed)
    setattr(case, _LIFE, life)
    case._cleanups.insert(0, (_close, (case,), {}))  # addCleanup cannot put it first
    return life


def ask(case: Any, life: Life) -> None:
    """Say which fixtures a test needs whose life a runner has begun."""
    function, given = _written(case)
    _use_fixtures(case, life, function, given=given)


def _use_fixtures(case: Any, life: Life, function: Any, *, given: int, passed: Collection[str] = ()) -> None:
    if function is not None:
        cls, name = type(case), case._testMethodName
        marked = outermost(getattr(cls, name, None), function)  # `uses` above counts, too
        plan = requests_of(cls).plan(function, name, given=given, passed=passed, marked=marked)
        life.use(plan, instance=case)


def plan_of(case: Any) -> Plan:
    """Return how a test is to run."""
    test = getattr(type(case), case._testMethodName, None)
    options = getattr(test, "__atk_options__", None) or LoopOptions()
    timeout = limits.limit_of(type(case), test, type(case).__module__)
    outcome = getattr(case, "_outcome", None)  # private: the way to the result of the run; none in debug()
    result = getattr(outcome, "result", None)
    policy = policy_of(type(case), test)
    return Plan(case._testMethodName, type(case), options, None, result, timeout, policy)


def _close(case: unittest.TestCase) -> None:
    life: Life = vars(case).pop(_LIFE)
    outcome = getattr(case, "_outcome", None)
    try:
        life.report()
        if not life.ends_later:
            amend(case, life.check(failed=outcome is not None and not outcome.success, instance=case))
    finally:
        life.close()
