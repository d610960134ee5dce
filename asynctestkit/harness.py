"""The order of events around one test. Every front door calls this; it is written nowhere else.

1.  Skip decided (by the runner, before anything here is called): no loop is opened for a skipped test.
2.  The deadline is armed. Open a managed loop, or join the shared one, and make it current; the checks begin.
3.  `setUp`: a plain function runs outside the running loop, in the test's context; what a coroutine function returns
    is awaited in the test task. Then `asyncSetUp`.
4.  Fixtures the test asks for are opened, dependencies first.
5.  The body.
6.  Fixtures are closed, in reverse.
7.  `asyncTearDown`, then `tearDown`.
8.  Cleanups, last in first out, sync and async mixed.
9.  What was held back is reported: a cancellation that ended a phase and that no scope has answered for. The checks
    then look for what the test has left; what they have found fails a test that passed so far (see `checked`).
10. What is left is cancelled and awaited, the loop is closed or left to those who share it, and the loop that was
    current before is current again. The deadline, which held for all of it, is lifted.

A failure in 3 skips 5 to 7; the rest always happens. A KeyboardInterrupt ends the running phase (its `finally` blocks
run), skips to 10 and leaves the runner.
"""

from __future__ import annotations

import asyncio
import contextvars
import enum
import functools
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

from asynctestkit.checked import Runner
from asynctestkit.checks.policy import run_policy
from asynctestkit.fixtures.graph import FixturePlan
from asynctestkit.guard import leave_to
from asynctestkit.loops import scopes
from asynctestkit.loops.managed import ManagedLoop
from asynctestkit.placed import PlacedPhases, Plan
from asynctestkit.report.errors import LoopError, raise_together
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.report.mistakes import refuse_generator

if TYPE_CHECKING:  # what opens fixtures, and what looks at what is left, is imported by the first test that has any
    from asynctestkit.checks.handed import Handed
    from asynctestkit.fixtures.live import TestFixtures
    from asynctestkit.fixtures.wide import Changes
    from asynctestkit.report.affinity import Provided

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


class Step(enum.IntEnum):
    """How far a test's life has come."""

    NEW = 0
    SET_UP = 1
    BODY = 2
    TEAR_DOWN = 3
    CLOSED = 4


# Looking a member up in its enum costs more than the rest of entering a step.
_SET_UP, _BODY, _TEAR_DOWN, _CLOSED = Step.SET_UP, Step.BODY, Step.TEAR_DOWN, Step.CLOSED

_STAGES = {Step.NEW: "set-up", _SET_UP: "set-up", _BODY: "the body", _TEAR_DOWN: "tear-down"}


class Life(PlacedPhases):
    """One test's life on its loop, step by step; it also speaks the protocol of `asyncio.Runner`.

    Args:
        plan: The test.
        more: Asked when an async phase from the body on has ended: may another one follow? None: no.
        runner: Whose loop to run on, where the suite brings its own runner; it is never closed here.
        context: What the test runs in; None: a copy of the caller's, with what the hooks of its scopes have set.
    """

    step = Step.NEW
    fixtures: TestFixtures | None = None
    refusal: Exception | None = None
    """Why the test cannot run: raised before anything is set up."""

    repeats = False
    """Whether the body is run again and again, by Hypothesis."""

    failed_in_subtest = False
    """Whether a sub-test has failed, which is reported beside the test: that may pass, or fail for what it has left."""

    provided_outside: Callable[[], Iterable[Provided]] | None = None
    """Returns what fixtures of a runner have given to the test; None where there are none."""

    def __init__(
        self,
        plan: Plan,
        *,
        more: Callable[[], bool] | None = None,
        runner: Runner | None = None,
        context: contextvars.Context | None = None,
    ) -> None:
        self.context = scopes.inherited_context(plan.owner) if context is None else context
        self.name = plan.name
        self.plan = plan
        self.closing_faults: list[tuple[str, str]] = []
        """What did not end by itself when the loop was closed: kinds and texts."""
        self._more = more
        self._runner = runner

    # The protocol of asyncio.Runner, for suites that drive their phases themselves.

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Open or join the loop (step 2) if that has not happened, and return it."""
        return (self._managed or self._open()).loop

    open_loop = get_loop

    def run(self, awaitable: Awaitable[Any], *, context: contextvars.Context | None = None) -> Any:
        """Await something in the test task; what is to run in another context than the test's gets its own task."""
        if context is None or context is self.context:
            return super().run(awaitable)
        return self.run_beside(awaitable, context)

    def may_go_on(self) -> bool:
        """Return whether another async phase may follow the one that has just ended."""
        if (
            self.step < _BODY
            or self.repeats
            or self.held is not None
            or (self.fixtures is not None and self.fixtures.openings)
        ):
            return True
        return self.expects_more()

    def expects_more(self) -> bool:
        """Return whether those who run the test have another async phase for it."""
        return self._more is not None and self._more()

    # The steps.

    def set_up(
        self, plain: Callable[[], Any] | None, later: Callable[[], Any] | None, leave_one: Callable[[], bool]
    ) -> None:
        """Steps 2 and 3.

        Args:
            plain: The test's `setUp`; None where it has none.
            later: Runs the test's `asyncSetUp`; None where it has none.
            leave_one: Runs the newest cleanup; False where there is none. Asked for when an open scope cut the set-up
                short, to learn from the scope why.
        """
        self._enter(_SET_UP)
        if plain is not None:
            refuse_generator(self.call(plain), plain)
        if later is not None and not self.cut_short:
            later()
        if self.cut_short:
            while self.cut_short and leave_one():
                pass
            self.report()

    def use(self, fixtures: FixturePlan | None, *, instance: object) -> None:
        """Say which fixtures the test needs, before its loop is opened: it must be the one they live on."""
        if fixtures is None:
            return
        self.fixtures = self._test_fixtures(fixtures, instance)
        self.make_room(fixtures)

    def body(self, run: Callable[..., Any], /, *args: Any) -> Any:
        """Steps 4 and 5: open the fixtures and run the test itself by calling `run`; return what it returned."""
        self._enter(_BODY)
        try:
            if self.fixtures is None:
                return run(*args)
            values = self.fixtures.open()
            self.meet_interruption()
            return None if values is None else run(*args, **values)
        except Exception as error:
            self.note_failure(error)
            raise

    async def fetch(self, plan: FixturePlan, *, instance: object) -> Any:
        """Give the running test a fixture that it asks for by name."""
        if self.fixtures is None:
            self.fixtures = self._test_fixtures(FixturePlan((), ()), instance)
        return await self.fixtures.fetch(plan)

    def _test_fixtures(self, plan: FixturePlan, instance: object) -> TestFixtures:
        from asynctestkit.fixtures.live import TestFixtures

        return TestFixtures(self, plan, instance=instance, owner=self.plan.owner)

    def inherit(self, changes: Changes) -> None:
        """Set context variables that a wider fixture has set, from outside the loop."""
        for var, value in changes:
            self.context.run(var.set, value)

    def close_fixtures(self) -> None:
        """Step 6: close what fixtures are open; every close is tried, and their errors are raised together."""
        if self.fixtures is not None:
            try:
                self.fixtures.close()
            except Exception as error:
                self._explain(error)
                raise

    def tear_down(self, first: Callable[[], Any] | None, plain: Callable[[], Any] | None) -> None:
        """Steps 6 and 7.

        Args:
            first: Runs the test's `asyncTearDown`; None where it has none.
            plain: The test's `tearDown`; None where it has none.
        """
        self._enter(_TEAR_DOWN)
        try:
            self.close_fixtures()
        finally:
            if first is not None:
                first()
            if plain is not None:
                refuse_generator(self.call(plain), plain)

    def hook(self, step: Step, function: Callable[..., Any], /, *args: Any) -> None:
        """Run one hook of step 3 or 7 where the test case is not ours and calls its hooks itself."""
        self._enter(step)
        self.call(function, *args)
        if step is Step.SET_UP:
            self.report()

    @property
    def has_something_to_report(self) -> bool:
        """Whether `report` will raise."""
        return self.held is not None or self._interruption is not None or self.is_over_unsaid

    def report(self) -> None:
        """Step 9: raise what was held back, if no scope has answered for it."""
        if self.held is None and self._interruption is None:
            self.raise_unsaid()
            return
        error = self.unexplained()
        if error is not None:
            raise error
        self.meet_interruption()
        self.raise_unsaid()

    def close(self) -> None:
        """Step 10. Closing twice is allowed."""
        self.step = _CLOSED
        errors: list[BaseException] = []
        try:
            if self.fixtures is not None and self.fixtures.openings:  # after Ctrl-C, or a debug() that failed
                self.attempt(self.close_fixtures, errors)
        finally:
            try:
                if self._managed is not None:
                    self.attempt(self._close_loop, errors)
                bare, self._bare_class = self._bare_class, None
                if bare is not None:
                    self.attempt(bare.end, errors)
            finally:
                late = self.lift_deadline()
                if late is not None and not self.closing_faults:  # which say more
                    errors.append(late)
        if errors or self.closing_faults:
            faults, self.closing_faults = self.closing_faults, []
            errors += [LoopError(text) for _, text in faults]
            raise_together(errors, f"steps failed at the end of {self.name}")

    def abandon(self) -> None:
        """Let go of the loop where it cannot be run any more: what is left on it ends with it."""
        self.end_checks()
        managed, self._managed = self._managed, None
        shared, self.shared = self.shared, None
        self.lift_deadline()
        if shared is not None:
            shared.users.remove(self)
        elif managed is not None and self._runner is None:
            managed.loop.close()

    def _close_loop(self) -> None:
        if self.watch is not None:  # a test that was interrupted has not come to its report
            self.end_checks()
        managed, self._managed = self._managed, None
        shared, self.shared = self.shared, None
        if self.fixtures is not None:
            self.fixtures.release()
        if managed is None:
            return
        host, self.host = self.host, None
        if host is not None and host.task is not None:
            host.dismiss()
        is_own = shared is None and self._runner is None
        if is_own and managed.close_if_idle():
            return
        limit, self._at_closing = self.time_left, managed
        try:
            if is_own:
                host = None  # its task has ended: nobody need look at it again
                managed.close(limit=limit)
            elif host is not None and not host.ended:
                managed.settle()
            if shared is not None:
                shared.leave(self, None if host is None else host.task, limit, choose=self.unkept)
        finally:
            self._at_closing = None
            self.closing_faults += managed.take_faults()
            managed.give_back()

    def hand_over(self, handed: Handed) -> None:
        """Have what outlives the test look again, at its own end, at what the test has made and it keeps."""
        scopes.end_with(self.plan.result)
        leave_to(scopes.heir_of(self.owner, self.shared), handed)

    def _enter(self, step: Step) -> None:
        self.step = step
        if self._managed is None:
            self._open()
        elif self.strayed:
            self.strayed = False
            # Plain code may have run a loop of its own meanwhile, which leaves none behind.
            self._managed.make_current()

    def _open(self) -> ManagedLoop:
        if self.refusal is not None:
            raise self.refusal
        plan = self.plan
        self.arm_deadline(plan.timeout)
        managed = self._managed = self._place()
        managed.make_current()
        self.begin_checks(plan.policy or run_policy(), managed.loop)
        return managed

    def provided(self) -> Iterable[Provided]:
        """Return what fixtures have given to the test."""
        own = () if self.fixtures is None else self.fixtures.provided()
        return own if self.provided_outside is None else (*own, *self.provided_outside())

    @property
    def closing(self) -> bool:
        """Whether the loop is being closed, or what is left on it ended before that."""
        return self.winding_up or self.step is _CLOSED

    @property
    def stage(self) -> str:
        """What part of its life the test is in, for reports."""
        return _STAGES[self.step]


def run_alone(
    plan: Plan, function: Callable[..., Awaitable[Any]], fixtures: FixturePlan | None = None, *args: Any, **kwargs: Any
) -> Any:
    """Run a test that is a single function, without hooks, through all its steps; return what it returned."""
    life = Life(plan)
    try:
        life.use(fixtures, instance=None)
        try:
            value = life.body(functools.partial(life.call, function, *args, **kwargs))
        finally:
            life.close_fixtures()
        life.report()
        life.check()
        return value
    except Exception as error:
        life.failure = error
        life.check(failed=True)
        raise
    finally:
        life.close()
