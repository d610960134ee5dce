"""Phases that have a place: the loop that a test runs on, and the class, module and session that it belongs to.

Rules:

1. A test has a loop of its own, unless its class or module has async hooks, it uses an async fixture that is wider than
   a test, or it asks to share: then it joins the one shared loop of its kind, which ends with the last of those scopes.
2. The scope of a class whose hooks are not ours begins when a test first needs it, and ends with the class's cleanups,
   or with the test where that is all there is of its class.
3. A runner of the suite's own is borrowed, and never closed.
"""

from __future__ import annotations

import functools
from typing import Any, Final, NamedTuple

from asynctestkit.checked import Runner
from asynctestkit.checks.policy import Policy
from asynctestkit.fixtures.graph import FixturePlan
from asynctestkit.guard import fixture_phases
from asynctestkit.limited import LimitedPhases
from asynctestkit.loops import scopes
from asynctestkit.loops.managed import LoopOptions, ManagedLoop, refuse_running_loop
from asynctestkit.loops.run_end import is_of_pytest
from asynctestkit.loops.wide_scope import WideScope
from asynctestkit.report.errors import ScopeError, message
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.report.owners import own
from asynctestkit.values import Scope

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

# Looking a member up in its enum costs more than the rest of opening a loop.
_TEST: Final = Scope.TEST


class Plan(NamedTuple):
    """What a front door knows of a test before it runs."""

    name: str
    owner: type
    options: LoopOptions
    asked: Scope | None = None
    result: object = None
    timeout: float | None = None
    policy: Policy | None = None
    """What the checks do; None: what they do in the whole run."""


class PlacedPhases(LimitedPhases):
    """The phases of a test, with its loop, its checks and its limit, among those with whom it shares them."""

    plan: Plan
    _runner: Runner | None = None
    """What the suite brings to run on."""
    _bare_class: WideScope | None = None
    """The scope of the test's class, where it ends with the test."""

    @property
    def owner(self) -> type:
        """The test class."""
        return self.plan.owner

    @property
    def result(self) -> object:
        """The result of the run, None if there is none."""
        return self.plan.result

    @property
    def title(self) -> str:
        """What reports call the test."""
        owner = self.plan.owner
        if getattr(owner, "_atk_of_module", False):  # a function; the class in which it is gathered is nobody's
            return f"{owner.__module__}.{self.plan.name}"
        return f"{owner.__module__}.{owner.__qualname__}.{self.plan.name}"

    def sharing(self, width: int) -> str | None:
        """Return what users write to have the test share its loop as widely as this."""
        owner: Any = self.plan.owner
        return f'loop_scope = "{Scope(width).word}" in {owner.__qualname__}' if hasattr(owner, "_atk_plan") else None

    def make_room(self, fixtures: FixturePlan) -> None:
        """Have the test run where the widest of its async fixtures lives; to be called before its loop is opened."""
        widest = fixtures.widest_async
        if widest is None or widest <= _TEST:
            return
        if self.plan.asked is _TEST:
            raise _cannot_share(self.plan, fixtures, widest)
        self.plan = self.plan._replace(asked=max(widest, self.plan.asked or widest))
        self.wide_host(widest)

    def wide_host(self, scope: Scope) -> WideScope:
        """Return the class, module or session that fixtures of this scope belong to."""
        plan = self.plan
        scopes.end_with(plan.result)
        if scope is Scope.CLASS:
            host = scopes.entered(Scope.CLASS, plan.owner) or self._enter_class()
        else:
            host = (
                scopes.enter_module(plan.owner.__module__)
                if scope is Scope.MODULE
                else scopes.enter_session(plan.result)
            )
        if not host.holds_loop:
            host.options = plan.options
        if host.fixtures is None:
            from asynctestkit.fixtures.wide import WideFixtures

            host.fixtures = WideFixtures(host, functools.partial(fixture_phases, host))
            host.at_end(host.fixtures.close)
        return host

    def scope_to_join(self) -> WideScope | None:
        """Return the scope whose loop the test runs on, None for a fresh loop."""
        plan = self.plan
        scope = scopes.scope_to_join(plan.owner, asked=plan.asked, result=plan.result)
        if scope is None and plan.asked is Scope.CLASS:
            return self.wide_host(Scope.CLASS)  # run on its own: see _enter_class
        return scope

    def _enter_class(self) -> WideScope:
        """Begin the scope of a class whose hooks are not ours."""
        cls: Any = self.plan.owner
        host = scopes.enter_class(cls)
        if _is_run_as_a_class(cls, self.plan.result):
            # unittest runs class cleanups newest first, and after tearDownClass: the scope goes last.
            cls._class_cleanups.insert(0, (host.end, (), {}))
        else:  # run on its own, the test is all there is of its class
            self._bare_class = host
        return host

    def _place(self) -> ManagedLoop:
        """Return the loop that the test runs on: the suite's own, a shared one, or one that is made for it."""
        if self._runner is not None:
            return ManagedLoop.borrow(self._runner.get_loop())
        scope = self.scope_to_join()
        return self._open_own() if scope is None else self._join(scope)

    def _open_own(self) -> ManagedLoop:
        """Open a loop that is the test's alone."""
        owner, managed = self.plan.owner, ManagedLoop(self.plan.options)
        if not managed.is_given:
            own(managed.loop, f"test {self.title}", _TEST, owner.__module__, owner.__qualname__)
        return managed

    def _join(self, scope: WideScope) -> ManagedLoop:
        refuse_running_loop()
        shared = scope.hold(self.plan.options)
        if shared.fired:
            shared.check(self.owner)
        self.shared = shared
        shared.use(self, self.plan.options.debug)
        return shared.managed


def _is_run_as_a_class(cls: Any, result: Any) -> bool:
    """Whether the run calls the class's cleanups: a suite of unittest's does, and pytest; a case run alone has none.

    The class in which a module's functions are gathered is nobody's: there each function is a class of its own, as it
    is to pytest.
    """
    if getattr(cls, "_atk_of_module", False):
        return False
    return getattr(result, "_previousTestClass", None) is cls or is_of_pytest(result)


def _cannot_share(plan: Plan, fixtures: FixturePlan, widest: Scope) -> ScopeError:
    (wide, *_) = [
        node.fixture for node in fixtures.order if node.fixture.kind.is_async and node.fixture.scope is widest
    ]
    return ScopeError(
        message(
            f"loop_scope 'test' cannot hold fixture {wide.name!r}, which lives for a {widest.word}",
            test=f"{plan.owner.__module__}.{plan.owner.__qualname__}.{plan.name}   loop_scope=test",
            fix=f"leave loop_scope out, or make {wide.name!r} scope=test",
            **{repr(wide.name): wide.describe()},
        )
    )
