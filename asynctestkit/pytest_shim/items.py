"""From a test item to its life: what its marks, its wider fixtures and the run's options ask for together."""

from __future__ import annotations

import inspect
import unittest
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest

from asynctestkit import plain
from asynctestkit.checked import end_without_loop
from asynctestkit.checks.policy import Policy, policy_of, run_policy
from asynctestkit.checks.watch import Watch
from asynctestkit.guard import Guard
from asynctestkit.loops import scopes
from asynctestkit.loops.managed import GivenLoop, LoopOptions
from asynctestkit.loops.wide_scope import WideScope
from asynctestkit.outside import Given
from asynctestkit.placed import Plan
from asynctestkit.pytest_plugin import LOOP_SCOPES, is_async
from asynctestkit.pytest_shim import ours, wide
from asynctestkit.pytest_shim.claims import is_wanted, other_claims
from asynctestkit.pytest_shim.foreign import end_before_loop, factory_of, reach_of_loop
from asynctestkit.pytest_shim.groups import STATE, Group, State, group_of, state_of
from asynctestkit.pytest_shim.lives import ItemLife
from asynctestkit.pytest_shim.private import XUNIT, known_to_pytest, params_of
from asynctestkit.pytest_shim.settings import (
    REACHES,
    Options,
    Reach,
    is_marked,
    options_of,
    options_of_case,
    says_for_itself,
    settings_of,
    timeout_of,
    timeout_of_scope,
)
from asynctestkit.report.errors import ScopeError, UsageError, message
from asynctestkit.report.frames import TRIM_FRAMES, place_of

if TRIM_FRAMES:
    __tracebackhide__ = True

_PLAIN: Final = Options()


def wanted(item: Any) -> Options | None:
    """Return what a test asks for; None where it is not for us to run."""
    state = state_of(item)
    return state.options if state.is_decided else decide(item, state, item.obj)


def decide(item: Any, state: State, function: Any) -> Options | None:
    """Find out what `wanted` returns."""
    group = state.group
    settings = group.settings
    if says_for_itself(item, function):
        options = options_of(item, settings)
    else:
        options = group.options or options_of(item, settings)
        group.options = options
    is_ours = (options.marked or not settings.strict) and not other_claims(item, group.others)
    state.options = options if is_ours else None
    state.is_decided = True
    return state.options


def asked(item: pytest.Item) -> Options | None:
    """Return what `wanted` does, as of now: while tests are collected, hooks may still mark them."""
    settings = settings_of(item.config)
    options = options_of(item, settings)
    return options if is_wanted(options, settings) and not other_claims(item) else None


def life_of(item: Any, options: Options | None, *, least: Reach | None = None) -> ItemLife:
    """Return the life of an item, begun if this is its first async need, on a loop that lives as long as `least`."""
    state = state_of(item)
    return state.life or begin_life(item, state, item.obj, options or _PLAIN, least)


def loop_options(item: pytest.Item) -> LoopOptions:
    """Return what kind of loop a test asks for."""
    options = wanted(item)
    factory = None if options is None else options.factory
    return LoopOptions(factory or factory_of(item), settings_of(item.config).debug)


def guarded(item: Any, reach: Reach, title: str | None = None) -> Callable[[WideScope], Guard]:
    """Return what makes the guard of something as wide as `reach` that is set up for a test.

    Args:
        item: The test.
        reach: How wide it is.
        title: What reports call it; None: as its scope.
    """

    def make(scope: WideScope) -> Guard:
        policy = policy_of(group_of(item).cls, None) if reach is Reach.CLASS else None
        return Guard(
            scope,
            policy=policy or run_policy(),
            limit=timeout_of_scope(item, reach),
            titles=(title or scope.name, title or scope.name),
            span=f"the {reach.word}",
        )

    return make


def begin_for_case(item: Any) -> bool:
    """Begin the life of a test of a case class, if marks or wider fixtures choose its loop, or fixtures outlast it."""
    options, ends_later = _options_of_case(item) or _PLAIN, may_end_more(item)
    if options.reach is None and options.factory is None and not ends_later and not wide.used_by(item):
        return False
    life = life_of(item, options)
    life.awaits_tear_down = life.awaits_tear_down or ends_later
    return True


def given_to_case(item: pytest.Item) -> Given | None:
    """Return what a test of a case class is given, its life aside; None where that is nothing."""
    group = group_of(item)
    names, options = ours.outside_names(item, group.cls), _options_of_case(item)
    if options is None:
        return Given(names) if names else None
    return Given(names, timeout=options.timeout, debug=group.settings.debug)


def _options_of_case(item: Any) -> Options | None:
    """Return what a test of a case class asks for, None where neither the run nor a mark says anything.

    What the run says of its limit a test case finds by itself.
    """
    group = group_of(item)
    if group.settings.debug is None and not group.is_marked and not is_marked(item):
        return None
    return options_of_case(item)


def begin_life(
    item: Any, state: State, function: Any, options: Options, least: Reach | None = None, *, with_end: bool = True
) -> ItemLife:
    """Begin the life of a test.

    Args:
        item: The test.
        state: What is known of it.
        function: What it calls.
        options: What it asks for.
        least: How long its loop must live at least; None: as long as it takes.
        with_end: Whether its fixtures may outlive its body, so that it ends when all of them are finished.
    """
    group = state.group
    scopes.keep_with(group.keeper)
    case: Any = None if group.cls is None else item.instance
    factory = options.factory
    if factory is None and (group.overrides or hasattr(item, "callspec")):
        factory = factory_of(item)
    if isinstance(factory, GivenLoop):
        least = max(least or Reach.TEST, reach_of_loop(item.config))
    reach = options.reach
    if (least or LOOP_SCOPES) and reach is not Reach.TEST:
        reach = _reach(item, options, least)
    if reach is not options.reach or factory is not options.factory:
        options = options._replace(factory=factory, reach=reach)
    used = wide.used_by(item) if group.wide else []
    if hasattr(case, "_atk_plan"):
        life = _life_of_case(item, case, options, used)
    elif isinstance(case, unittest.TestCase):
        life = _life_of_plain_case(item, case, options, used)
    else:
        life = _life_of_function(item, state, function, options, used)
    state.life = life
    life.provided_outside = partial(wide.provided_to, item)
    life.add_section = item.add_report_section
    life.is_recorded = "recwarn" in item.fixturenames
    for fixture in used:
        fixture.watch(life)
    if with_end and not state.has_end:
        end_after_fixtures(item, state)
    if isinstance(factory, GivenLoop):
        end_before_loop(item.config, partial(_end, item, state))
    return life


def begin_before_fixtures(item: Any) -> None:
    """Have the checks of a plain async test begin with its first fixture, however plain, and end after all of them."""
    state = state_of(item)
    if state.has_end:
        return
    end_after_fixtures(item, state)
    group, function = state.group, getattr(item, "obj", None)
    is_of_case = group.cls is not None and issubclass(group.cls, unittest.TestCase)
    if state.life is not None or is_of_case or not is_async(function):
        return
    try:
        options = state.options if state.is_decided else decide(item, state, function)
        policy = None if options is None else _policy_of(group, function)
    except UsageError:  # told when the test is run
        return
    if policy is not None and not policy.is_off:
        watch = state.watch = Watch(policy, _title_of(item, group, function))
        watch.start(None)


def end_after_fixtures(item: Any, state: State) -> None:
    """Have the life of a test, if it will have one, ended when all of its fixtures are finished that come after this.

    Plain ones among them may end what the test has begun; finalisers run in reverse, so that this comes first.
    """
    state.has_end = True
    item.addfinalizer(partial(_end, item, state))


def _life_of_function(
    item: Any, state: State, function: Any, options: Options, used: list[wide.WideFixture]
) -> ItemLife:
    group, joined = state.group, None
    kind = group.kind if options.factory is None else group.kind._replace(factory=options.factory)
    if used or kind.factory is not None or options.reach is not None:
        joined, kind = _loop_to_join(item, options, used, kind)
    plan = Plan(item.name, group.owner, kind, None, None, options.timeout, _policy_of(group, function))
    life = ItemLife(plan, joined)
    life.node_id = _title_of(item, group, function)
    if group.asks_for_ours:
        ours.ask(item, life)
    life.watch, state.watch = state.watch, None
    return life


def _policy_of(group: Group, function: Any) -> Policy:
    if group.policy is None:
        group.policy = run_policy()
    return policy_of(group.cls, function) or group.policy


def _title_of(item: Any, group: Group, function: Any) -> str:
    """Return what reports call a test; one of `@async_test` is called as it is without the plugin."""
    decorated = group.cls is None and hasattr(function, "__atk_options__")
    return f"{item.module.__name__}.{item.name}" if decorated else str(item.nodeid)


def _life_of_case(item: Any, case: Any, options: Options, used: list[wide.WideFixture]) -> ItemLife:
    case._atk_given = given_to_case(item)
    plan = case._atk_plan()[0]._replace(result=item)
    options = options._replace(factory=plan.options.factory or options.factory)
    joined, kind = _loop_to_join(item, options, used, LoopOptions(options.factory, settings_of(item.config).debug))
    life = ItemLife(plan._replace(options=kind._replace(debug=plan.options.debug)), joined, case._atk_may_go_on)
    case._atk_ask(life)
    return life


def _life_of_plain_case(item: Any, case: Any, options: Options, used: list[wide.WideFixture]) -> ItemLife:
    plan = plain.plan_of(case)
    options = options._replace(factory=plan.options.factory or options.factory)
    joined, kind = _loop_to_join(item, options, used, LoopOptions(options.factory, settings_of(item.config).debug))
    life = ItemLife(plan._replace(options=kind, timeout=timeout_of(item), result=item), joined, lambda: True)
    plain.ask(case, life)
    return life


def _end(item: pytest.Item, state: State) -> None:
    state.has_end = False
    if state.life is not None:
        end(item, state)
        return
    watch, state.watch = state.watch, None
    if watch is not None:  # the set-up did not come to the life
        end_without_loop(watch, getattr(item, "instance", None))


def end(item: Any, state: State) -> None:
    """End the life of a test; raise what was held back or found."""
    life, state.life = state.life, None
    assert life is not None
    if not state.has_end:
        del item.__dict__[STATE]  # a run keeps all of its tests
    note = life.end(None if state.group.cls is None else item.instance)
    if note is not None:  # too late for the report of the test itself
        item.add_report_section("teardown", "findings", note)


def ends_with_body(item: Any, life: ItemLife) -> bool:
    """Whether nothing of a test can come after its body, so that its faults can be told at once.

    Else they are told when the last of its fixtures is finished, which may still end what the test has begun.
    """
    if life.may_go_on() or hasattr(item.obj, "hypothesis"):
        return False
    return not may_end_more(item)


def may_end_more(item: Any) -> bool:
    """Whether fixtures of pytest may end what a test has begun: one of the test's own, or the test's own finalisers."""
    if not item.fixturenames:
        return False
    names, params = item.fixturenames, params_of(item)
    known: dict[str, Any] = known_to_pytest(item) or {}
    if any(name != "request" and _may_end(name, known.get(name), name in params) for name in names):
        return True
    return "request" in names and "request" in _parameters(item.obj)


def _may_end(name: str, fixturedefs: Any, has_param: bool) -> bool:
    """Whether a fixture may end something with the test: it is as narrow, or a param of it may change."""
    if not fixturedefs:
        return not has_param and name not in HARMLESS
    last = fixturedefs[-1]
    is_pytests = str(getattr(last.func, "__module__", "")).startswith(("_pytest.", "asynctestkit."))
    if is_pytests and (name in HARMLESS or (name[0] == "_" and not name.startswith(_AFTER_EACH))):
        return False
    if has_param:  # and may be nothing more than the param, for which pytest has a fixture of its own
        return not is_pytests
    return REACHES.get(last.scope, Reach.TEST) is Reach.TEST


def _parameters(function: Any) -> tuple[str, ...]:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return () if code is None else code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


_AFTER_EACH: Final = (f"{XUNIT}method", f"{XUNIT}function")
"""How those of pytest's own fixtures begin that call functions of the user's after each test."""
HARMLESS: Final = frozenset(
    (
        *("request", "monkeypatch", "tmp_path", "tmp_path_factory", "caplog", "capsys", "capfd", "capsysbinary"),
        *("capfdbinary", "capteesys", "recwarn", "pytestconfig", "subtests", "cache", "record_property", "testdir"),
        *("record_testsuite_property", "record_xml_attribute", "pytester", "tmpdir", "tmpdir_factory"),
        *("unused_tcp_port", "unused_tcp_port_factory", "unused_udp_port", "unused_udp_port_factory"),
    )
)
"""Fixtures, of pytest's or ours, that end nothing a test may have begun; others may have such a name, too."""


def _loop_to_join(
    item: pytest.Item, options: Options, used: list[wide.WideFixture], kind: LoopOptions
) -> tuple[WideScope | None, LoopOptions]:
    if used:
        widest = max(used, key=lambda fixture: fixture.reach)
        if options.reach is Reach.TEST:
            raise _cannot_share(item, widest)
        if options.factory is None:
            kind = LoopOptions(widest.scope.options.factory, kind.debug)
        for fixture in used:
            fixture.check(kind)
        return widest.scope, kind
    if isinstance(kind.factory, GivenLoop):  # whoever runs there shares it with those who do already
        for fixture in wide.open_in(item.config):
            if fixture.scope.options.key == kind.key:
                return fixture.scope, kind
    if options.reach is None or options.reach is Reach.TEST:
        return None, kind
    scope = wide.holder(item, options.reach, kind)
    scope.guarded_by(guarded(item, options.reach, f"end of {scope.title}"))
    return scope, kind


def _reach(item: Any, options: Options, least: Reach | None) -> Reach | None:
    """Return how long the loop must live: as the test asks, or as one of its fixtures does that ask for more."""
    of_fixtures = [REACHES[LOOP_SCOPES[name]] for name in LOOP_SCOPES if name in item.fixturenames]
    reaches = (options.reach, least, *of_fixtures)
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
