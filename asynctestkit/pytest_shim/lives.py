"""The life of one test item, from its first async need to its last finaliser.

pytest sets fixtures up and finalises them; a life is what gives them, and the test, a task to run in. If something that
an async fixture holds open over its `yield` ends the test (a timeout, a failed task group), the fixtures are finished
there and then, newest first with all that depends on them, until one says why: that is the test's own failure.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any, Final

from asynctestkit.fixtures.keeper import Keeper
from asynctestkit.fixtures.opening import Opening
from asynctestkit.harness import Life, Step
from asynctestkit.loops.wide_scope import WideScope
from asynctestkit.placed import Plan
from asynctestkit.pytest_shim.faults import FAILURES, explain
from asynctestkit.pytest_shim.settings import MARK
from asynctestkit.pytest_shim.variables import Changes, give_to
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.values import Scope

if TRIM_FRAMES:
    __tracebackhide__ = True

_SET_UP, _BODY, _TEAR_DOWN, _CLOSED = Step.SET_UP, Step.BODY, Step.TEAR_DOWN, Step.CLOSED
_PHASES: Final = {Step.NEW: "setup", _SET_UP: "setup", _TEAR_DOWN: "teardown", _CLOSED: "teardown"}

Finish = Callable[[], object]

FUNCTIONS: Final = "functions"
"""The name of the class that stands for the functions of a module."""


class ItemLife(Life):
    """One item's life on its loop.

    Args:
        plan: The test.
        joined: Whose loop the test runs on; None for the one that its plan asks for.
        more_of_case: Asked whether the test itself expects another async phase, where it is one of AsyncTestCase.
    """

    __slots__ = (
        "_changes",
        "_finishers",
        "_is_of_case",
        "_joined",
        "_watched",
        "awaits_tear_down",
        "node_id",
    )

    def __init__(self, plan: Plan, joined: WideScope | None, more_of_case: Callable[[], bool] | None = None) -> None:
        super().__init__(plan, more=more_of_case, context=contextvars.copy_context())
        self._joined = joined
        self._is_of_case = more_of_case is not None
        self._changes = Changes()
        self._finishers: list[tuple[Opening, Finish]] = []
        self._watched: list[Keeper] = []
        self.node_id = ""
        self.awaits_tear_down = False
        """Whether an async teardown function will run after the test."""

    @property
    def pytest_phase(self) -> str:
        """What pytest calls the phase that the test is in."""
        return _PHASES.get(self.step, "call")

    def scope_to_join(self) -> WideScope | None:
        """Return whose loop the test runs on, None for a fresh one."""
        if self._joined is not None or not (self._is_of_case or self.plan.asked is not None):
            return self._joined
        return super().scope_to_join()

    def heed(self, keeper: Keeper) -> None:
        """End with the real error if a scope fires that a wider fixture holds open."""
        keeper.watch(self.interrupt)
        self._watched.append(keeper)

    def run_body(self, function: Callable[..., Any], /, **arguments: Any) -> Any:
        """Run the test function and return what it returned."""
        return self._run_phase(_BODY, self.call, function, **arguments)

    def run_hook(self, step: Step, function: Callable[[], Any]) -> None:
        """Call a set-up or tear-down function, async or not."""
        self._run_phase(step, self.call, function)

    def run_plain(self, coroutine: Any, step: Step) -> Any:
        """Await something for plain code of the test: a set-up function, `run_async`, decorators of the test."""
        return self._run_phase(step, self.run, coroutine)

    def _run_phase(self, step: Step, run: Callable[..., Any], /, *given: Any, **arguments: Any) -> Any:
        """Run one phase whose changes of context variables are for what follows; raise what cut it short."""
        self._begin_phase(step)
        try:
            value = run(*given, **arguments)
        except FAILURES as error:
            if isinstance(error, RuntimeError):
                explain(error)
            self.note_failure(error)
            raise
        finally:
            self._changes.take_from(self.context)
        if self.held is not None:
            self.report()
        return value

    def make_current(self) -> None:
        """Have plain code of the test that follows find the loop as the current one."""
        self._begin_phase(_SET_UP)

    def open_fixture(self, opening: Opening, call: Callable[[], Any], finish: Finish) -> None:
        """Open an async fixture of the test in its task; `finish` finishes it and what depends on it."""
        self._begin_phase(_SET_UP)
        self.handling = opening
        try:
            self.run(opening.open_async(call))
        except RuntimeError as error:
            explain(error)
            raise  # no failure to add findings to: pytest shows nothing that comes after the report of a set-up
        finally:
            self.handling = None
            self._changes.take_from(self.context)
        if self.cut_short:
            self.report()
        if opening.has_close:
            self._finishers.append((opening, finish))

    def close_fixture(self, opening: Opening) -> None:
        """Close a fixture, with the cancellation that its own scope asked for, if there is one."""
        self._finishers = [pair for pair in self._finishers if pair[0] is not opening]
        self._begin_phase(_TEAR_DOWN)
        self.handling = opening
        try:
            self.run(self.leave(Opening.leave, opening))
        finally:
            self.handling = None
            self._changes.take_from(self.context)

    def report(self) -> None:
        """Raise what ended the test: fixtures are finished, newest first, until one says why; else the cancellation."""
        while self.held is not None and self._finishers:
            _, finish = self._finishers.pop()
            finish()
        super().report()

    def close(self) -> None:
        """Do nothing yet: pytest's finalisers follow, and the last of them calls `end`."""
        if self.step is _CLOSED:
            super().close()

    def open_ours(self) -> dict[str, Any]:
        """Open the fixtures of asynctestkit that the test asks for; return them by name."""
        self._begin_phase(_SET_UP)
        assert self.fixtures is not None
        try:
            values = self.fixtures.open()
        finally:
            self._changes.take_from(self.context)
        if values is None:
            self.report()
        return values or {}

    def close_ours(self) -> None:
        """Close them."""
        self._begin_phase(_TEAR_DOWN)
        try:
            self.close_fixtures()
        finally:
            self._changes.take_from(self.context)

    def sharing(self, width: int) -> str | None:
        """Return what users write to have the test share its loop as widely as this."""
        if self._is_of_case:
            return super().sharing(width)
        if self.plan.owner.__qualname__ == FUNCTIONS:
            return f'pytestmark = pytest.mark.{MARK}(loop_scope="{Scope(max(width, Scope.MODULE)).word}")'
        return f'@pytest.mark.{MARK}(loop_scope="{Scope(width).word}") above {self.plan.owner.__qualname__}'

    @property
    def title(self) -> str:
        """What reports call the test: as pytest does, unless it is unittest's."""
        return self.node_id or super().title

    @property
    def ends_later(self) -> bool:
        """Whether fixtures of pytest are still open."""
        return bool(self._finishers) or self.awaits_tear_down

    def end(self, instance: object) -> str | None:
        """End the life: what was held back, or found, is raised, the loop closed or left.

        Args:
            instance: What the test is a method of.

        Returns:
            What was found in a test that has failed already.
        """
        for keeper in self._watched:
            keeper.unwatch(self.interrupt)
        try:
            self.report()
            return None if self.watch is None else self.check(instance=instance)
        finally:
            try:
                super().close()
            finally:
                self._changes.undo()

    def _begin_phase(self, step: Step) -> None:
        managed = self._managed
        if managed is None:
            self._enter(step)
            return
        self.step = step
        give_to(self.context)
        managed.make_current()  # plain code may have made another one current meanwhile

    def expects_more(self) -> bool:
        """Return whether a fixture of pytest, a teardown function or the test case follows."""
        if self._finishers or self.awaits_tear_down:
            return True
        return self._more is not None and self._more()
