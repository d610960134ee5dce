"""The checks and the limit of what outlives one test: hooks of a class or module, and fixtures as wide as those.

1. Each phase outside of a test has the limit of its class, module or run. When it is over the phase ends as a test
   does, and what follows has the same limit anew.
2. What a phase did wrong is told when it has ended: it fails for it, and if it has failed already, notes are added.
   What a fixture of ours did wrong while it was closed is told with what it left.
3. A fixture that is opened while a test runs is within that test's limit, and what it does wrong is told to that test.
4. When all is over, what was left is a fault of the last phase, and is ended while the checks still listen. Where the
   set-up has failed it is none: nothing that would have ended it was run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from asynctestkit import limits
from asynctestkit.checked import GRACE, close_what_is_left, look_for_what_is_left
from asynctestkit.checks.deadline import Deadline
from asynctestkit.checks.debuggers import is_debugged
from asynctestkit.checks.policy import Policy, policy_of, run_policy
from asynctestkit.loops.guarded import FixturePhases, GuardedPhases
from asynctestkit.loops.scopes import enter_module, heir_of
from asynctestkit.loops.shared import shared_loop_of
from asynctestkit.loops.wide_scope import WideScope
from asynctestkit.report.contexts import TEST, watch_of
from asynctestkit.report.errors import Interruption
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.report.kinds import Kind
from asynctestkit.values import Scope

if TYPE_CHECKING:
    from contextvars import Context

    from asynctestkit.checks.handed import Handed
    from asynctestkit.checks.lasting import LastingWatch
    from asynctestkit.fixtures.definition import Fixture
    from asynctestkit.loops.others import Tasks
    from asynctestkit.loops.stock import Listener
    from asynctestkit.loops.wide_scope import WideScope

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

SET_UP: Final = 0
TEAR_DOWN: Final = 1
_LEFT: Final = frozenset(Kind) - {Kind.UNHANDLED}
"""What is found when nothing of its owner runs any more."""


class Guard:
    """The checks and the limit of some phases; see the module for the rules.

    Args:
        phases: What is guarded.
        policy: What the checks do.
        limit: Seconds that each phase may take, None for no limit.
        titles: What reports call the set-up, and the tear-down.
        span: What ends when nothing may be left.
        waits: Whether what is found in phases is told at the very end, with what is left.
        holder: What holds the loop as long as the phases do; None: they do so themselves.
        instance: The class, if there is one, whose attributes are looked at, too.
    """

    def __init__(
        self,
        phases: GuardedPhases,
        *,
        policy: Policy,
        limit: float | None,
        titles: tuple[str, str],
        span: str,
        waits: bool = False,
        holder: object = None,
        instance: object = None,
    ) -> None:
        self.limit = limit
        self.failed = False
        """Whether the set-up has failed."""
        self._phases = phases
        self._titles = titles
        self._stage = SET_UP
        self._holder = phases if holder is None else holder
        self._instance = instance
        self._waits = waits
        self._depth = 0
        self._deadline: Deadline | None = None
        self._watch: LastingWatch | None = None
        if not policy.is_off:
            from asynctestkit.checks.lasting import LastingWatch  # no test needs it, but what outlives one

            watch = self._watch = LastingWatch(policy, titles[SET_UP], span)
            watch.begin()
            phases.mark(TEST, watch)

    @property
    def listener(self) -> Listener:
        """Who hears of what happens on the loop while no test does."""
        from asynctestkit.checks.lasting import dispatcher

        return dispatcher

    def ask(self) -> None:
        """Have the test that runs in this thread told what is found, until `answered`."""
        if self._watch is not None:
            self._watch.ask()

    def answered(self) -> None:
        """End what `ask` began."""
        if self._watch is not None:
            self._watch.asker = None

    def inherit(self, handed: Handed) -> None:
        """Look at what a test has made, and something wider keeps, when all is over."""
        if self._watch is not None:
            self._watch.inherit(handed)

    def tear_down(self, *, waits: bool = False) -> None:
        """Say that what comes now is the tear-down; where it `waits`, what it finds is told with what is left."""
        self._stage = TEAR_DOWN
        self._waits = self._waits or waits
        if self._watch is not None:
            self._watch.test = self._titles[TEAR_DOWN]

    def cut(self) -> None:
        """Say that the tear-down never came: what is left is nobody's fault."""
        self.failed = True

    def phase(self, doing: str | None) -> _Phase:
        """Check and limit what happens in the `with` block."""
        return _Phase(self, self._phases, doing)

    def begin(self, *, limited: bool) -> bool:
        """Begin a phase; return whether it is to be limited by this call, for one inside another is not."""
        if self._depth == 0 and self._watch is not None:
            self._watch.loop = self._phases.loop
            self._watch.enter()
        self._depth += 1
        if not limited or self._deadline is not None or self.limit is None or is_debugged():
            return False
        self._deadline = Deadline(self._phases, self.limit)
        return True

    def end(self, error: BaseException | None, *, limited: bool) -> BaseException | None:
        """End a phase; return the error that it fails with, None if it does not or has failed already."""
        late: Exception | None = self._lift(told=error is not None) if limited else None
        self._depth -= 1
        watch = self._watch
        if self._depth == 0 and watch is not None:
            watch.leave()
            if error is not None or late is not None:
                note = watch.note()
                if note is not None:
                    (late or error).add_note(note)  # type: ignore[union-attr]  # one of them is there
            elif not self._waits:
                late = watch.failure()
        if (error is not None or late is not None) and self._stage == SET_UP:
            self.failed = True
        return late

    def _lift(self, *, told: bool) -> TimeoutError | None:
        deadline, self._deadline = self._deadline, None
        if deadline is None:
            return None
        if deadline.expired and self._watch is not None:
            self._watch.forget_blocks()  # it has ended them, and tells of them
        late = None if told else deadline.undelivered()
        deadline.end()
        return late

    @contextmanager
    def last_phase(self, errors: list[BaseException]) -> Generator[None]:
        """Look for what was left; in the `with` block the rest of it ends. Faults are added to `errors`."""
        phases, watch = self._phases, self._watch
        self.tear_down()
        self._waits = False
        limited = self.begin(limited=True)
        phases.closing = True
        try:
            if watch is not None:
                self._attempt(lambda: self._look(watch), errors)
                watch.leave()  # what dies with the loop may be anybody's
            with self._blocked_ends(errors):
                yield
        finally:
            phases.closing = False
            if watch is not None:
                watch.stop()
            faults = list(errors)
            late = self.end(None, limited=limited)
            if late is not None and not (isinstance(late, TimeoutError) and faults):  # which say more
                errors.append(late)

    def _attempt(self, step: Any, errors: list[BaseException]) -> None:
        with self._blocked_ends(errors):
            try:
                step()
            except Exception as error:
                errors.append(error)

    @contextmanager
    def _blocked_ends(self, errors: list[BaseException]) -> Generator[None]:
        """Take what ends blocking code in the `with` block for what it stands for."""
        try:
            yield
        except Interruption as interruption:
            if not interruption.is_of(self._phases):
                raise
            try:
                interruption.tell()
            except Exception as error:
                errors.append(error)

    def _look(self, watch: LastingWatch) -> None:
        shared = self._phases.shared
        managed = None if shared is None else shared.managed
        watch.look_at(self._phases.loop, shared=shared is not None and bool(shared.holders - {self._holder}))
        heard = watch.take()

        def end(pending: Tasks) -> None:
            if pending and managed is not None:
                managed.cancel(pending, self.limit)

        look_for_what_is_left(
            watch, managed, find=self._find, dismiss=self._phases.dismiss, end=end, instance=self._instance
        )
        for handed in watch.take_handed():
            self._look_at_handed(watch, handed)
        close_what_is_left(watch, managed)
        left = watch.take()
        watch.give([*heard, *(one for one in left if not (self.failed and one.kind in _LEFT))])

    def _look_at_handed(self, watch: LastingWatch, handed: Handed) -> None:
        """Look at what a test has handed over; what something wider keeps is handed on."""
        from asynctestkit.checks.handed import pending_of

        things = self._due(handed)
        shared = shared_loop_of(handed.watch.loop)
        if shared is None:
            watch.look_at_handed(handed, things)
            return
        for delay in GRACE:
            if not handed.is_left(things):
                break
            shared.managed.settle(delay)
        watch.look_at_handed(handed, things)
        shared.cancel(pending_of(things), self.limit)

    def _due(self, handed: Handed) -> list[Any]:
        """Return what of it ends with this, and hand on the rest."""
        scope, shared, things = self._phases, self._phases.shared, handed.things()
        is_last = shared is not None and shared.loop is handed.watch.loop and not shared.holders - {self._holder}
        owner = handed.watch.owner
        if is_last or not isinstance(scope, WideScope) or scope.kind is Scope.SESSION or owner is None:
            return things
        module = scope.owner if scope.kind is Scope.MODULE and isinstance(scope.owner, str) else None
        due = handed.unkept(things, self._instance if isinstance(self._instance, type) else None, module)
        rest = [one for one in things if all(one is not other for other in due)]
        if rest:
            handed.keep_only(rest)
            if scope.owner is owner:  # a class's end is followed by its module's
                enter_module(owner.__module__)
            leave_to(heir_of(owner, shared, besides=scope), handed)
        return due

    def _find(self, loop: asyncio.AbstractEventLoop) -> Tasks:
        watch = self._watch
        own = None if self._phases.host is None else self._phases.host.task
        return {task for task in asyncio.all_tasks(loop) if task is not own and watch_of(task) is watch}


class _Phase:
    """One phase; an error that it ends with goes on as it is."""

    __slots__ = ("_before", "_doing", "_guard", "_limited", "_phases")

    def __init__(self, guard: Guard, phases: GuardedPhases, doing: str | None) -> None:
        self._guard = guard
        self._phases = phases
        self._doing = doing
        self._before = ""
        self._limited = False

    def __enter__(self) -> None:
        self._before, self._phases.does = self._phases.does, self._doing or self._phases.does
        self._limited = self._guard.begin(limited=self._doing is not None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        failure = self._guard.end(error, limited=self._limited)
        self._phases.does = self._before
        if failure is not None:
            raise failure


def leave_to(scope: WideScope | None, handed: Handed) -> None:
    """Have a scope look, at its end, at what a test has made and it keeps; None: nobody does."""
    if scope is not None:
        scope.guarded_by(guard_of)
        if (guard := scope.get_guard()) is not None:
            guard.inherit(handed)


def guard_of(scope: WideScope) -> Guard:
    """Return a guard for the hooks of a class or a module, or for what tests leave to the session."""
    policy, limit = settings_of(scope)
    if scope.kind is Scope.SESSION:
        return Guard(
            scope, policy=policy, limit=limit, titles=(scope.title, f"end of {scope.title}"), span="the session"
        )
    place, kind = _place_of(scope), "Class" if scope.kind is Scope.CLASS else "Module"
    return Guard(
        scope,
        policy=policy,
        limit=limit,
        titles=(f"setUp{kind} ({place})", f"tearDown{kind} ({place})"),
        span=f"the {scope.kind.word}",
        instance=scope.owner if scope.kind is Scope.CLASS else None,
    )


def _place_of(scope: WideScope) -> str:
    """Return what unittest calls a class or module."""
    owner: Any = scope.owner
    return f"{owner.__module__}.{owner.__qualname__}" if scope.kind is Scope.CLASS else str(owner)


def settings_of(scope: WideScope) -> tuple[Policy, float | None]:
    """Return what the checks do for a scope, and how long one of its phases may take."""
    owner: Any = scope.owner
    if scope.kind is Scope.CLASS:
        return policy_of(owner, None) or run_policy(), limits.limit_of(owner, None, owner.__module__)
    limit = limits.limit_of_module(owner) if scope.kind is Scope.MODULE else limits.run.limit()
    return run_policy(), limit


def fixture_phases(scope: WideScope, fixture: Fixture, context: Context) -> FixturePhases:
    """Return the phases of a fixture of ours that a test opens now, which lives as long as `scope`."""
    policy, limit = settings_of(scope)
    name = f"{scope.kind.word} fixture {fixture.name!r}"
    title = name if scope.kind is Scope.SESSION else f"{name} ({_place_of(scope)})"
    phases = FixturePhases(context, name=name)
    guard = phases.guard = Guard(
        phases,
        policy=policy,
        limit=limit,
        titles=(title, title),
        span=f"the {scope.kind.word}",
        waits=True,
        holder=scope,
    )
    guard.ask()
    return phases
