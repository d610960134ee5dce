"""Phases of what outlives one test, which are checked and limited by a guard that comes from above.

A guard is made with the first phase: what has none, a class without hooks say, pays nothing.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, Protocol

from asynctestkit.loops.calls import Phases
from asynctestkit.loops.leftovers import throw_away
from asynctestkit.loops.shared import SharedLoop
from asynctestkit.loops.stock import Listener
from asynctestkit.report.errors import LoopError
from asynctestkit.report.frames import TRIM_FRAMES, name_of

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


class Guard(Protocol):
    """The checks and the limit of what lives longer than a test, while it does something outside of any test."""

    @property
    def listener(self) -> Listener:
        """Who hears of what happens on its loop while no test does."""
        ...

    @property
    def limit(self) -> float | None:
        """Seconds that each phase may take, None for no limit."""
        ...

    def tear_down(self, *, waits: bool = False) -> None:
        """Say that what comes now is the tear-down; where it `waits`, what it finds is told with what is left."""
        ...

    def cut(self) -> None:
        """Say that the tear-down never came."""
        ...

    def inherit(self, handed: Any) -> None:
        """Look at what a test has made, and something wider keeps, when all is over."""
        ...

    def phase(self, doing: str | None) -> AbstractContextManager[object]:
        """Check and limit what happens in the `with` block.

        Args:
            doing: What that is, for reports; None where it is made up of phases that have limits of their own.
        """
        ...

    def last_phase(self, errors: list[BaseException]) -> AbstractContextManager[object]:
        """Look for what was left; in the `with` block the rest of it ends. Faults are added to `errors`."""
        ...


class GuardedPhases(Phases):
    """Phases with a guard, on a shared loop."""

    guard: Guard | None = None
    closing = False
    """Whether what is left on the loop is being ended."""
    does = ""
    """What is being done, for reports."""
    _is_listed = True
    _make_guard: Callable[[Any], Guard] | None = None

    @property
    def shared(self) -> SharedLoop | None:
        """The shared loop that they run on, None before there is one."""
        raise NotImplementedError

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop itself."""
        return None if self.shared is None else self.shared.loop

    def mark(self, variable: contextvars.ContextVar[Any], value: object) -> None:
        """Set a context variable that says whose something is."""
        self.context.run(variable.set, value)

    def guarded_by(self, make: Callable[[Any], Guard]) -> None:
        """Say what makes the guard, unless that was said before."""
        if self._make_guard is None:
            self._make_guard = make

    def get_guard(self) -> Guard | None:
        """Return the guard, made if it has not been; None where nobody said how."""
        if self.guard is None and self._make_guard is not None:
            self.guard = self._make_guard(self)
            if self.shared is not None:
                self.shared.listen(self.guard.listener)
        return self.guard

    def tear_down(self, *, waits: bool = False) -> None:
        """Say that what comes now is the tear-down; see `Guard.tear_down`."""
        if (guard := self.get_guard()) is not None:
            guard.tear_down(waits=waits)

    def phase(self, doing: str | None) -> AbstractContextManager[object]:
        """Check and limit what happens in the `with` block; see `Guard.phase`."""
        guard = self.get_guard()
        return nullcontext() if guard is None else guard.phase(doing)

    def run_unlisted(self, awaitable: Awaitable[Any]) -> Any:
        """Await what another task does, from outside of any loop: reports show that task, and not who waits for it."""

        async def wait() -> Any:
            me = asyncio.current_task()
            assert me is not None
            asyncio._unregister_task(me)
            try:
                return await awaitable
            finally:
                asyncio._register_task(me)

        self._is_listed = False
        try:
            return self.run(wait())
        finally:
            self._is_listed = True

    def own_tasks(self) -> list[asyncio.Task[Any]]:
        """Return the host task while a phase runs in it for itself."""
        return super().own_tasks() if self._is_listed else []

    def doing(self) -> str:
        """Return what is being done, for reports."""
        return "closing the loop" if self.closing else self.does

    def last_phase(self, errors: list[BaseException]) -> AbstractContextManager[object]:
        """Look for what was left; see `Guard.last_phase`."""
        return nullcontext() if self.guard is None else self.guard.last_phase(errors)

    def drop(self, shared: SharedLoop, holder: object, errors: list[BaseException], *, at_exit: bool = False) -> None:
        """Let go of a loop within the limit; what did not end by itself is added to `errors`, but at exit."""
        shared.drop(holder, at_exit=at_exit, limit=None if self.guard is None else self.guard.limit)
        faults = shared.managed.take_faults()
        if not at_exit:
            errors += [LoopError(text) for _, text in faults]


class FixturePhases(GuardedPhases):
    """What a fixture that outlives a test does outside of any test, each in a task of its own.

    Args:
        context: The fixture's.
        name: What reports call it.
    """

    def __init__(self, context: contextvars.Context, *, name: str) -> None:
        super().__init__(context, name=name)
        self._shared: SharedLoop | None = None

    @property
    def shared(self) -> SharedLoop | None:
        """The shared loop that it lives on, None where it is a plain one."""
        return self._shared

    def live_on(self, shared: SharedLoop) -> None:
        """Say on which loop an async fixture lives."""
        self._shared = shared
        if (guard := self.get_guard()) is not None:
            shared.listen(guard.listener)

    def open_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop that it lives on."""
        assert self._shared is not None
        return self._shared.loop

    def may_go_on(self) -> bool:
        """Say no: nothing is kept in the task from one phase to the next."""
        return False

    def give_up(self) -> None:
        """Leave the interrupted phase to itself: it waits for the fixture's own task, which is ended with its scope."""
        if self.host is not None and (task := self.host.give_up()) is not None:
            throw_away(task)

    def run(self, awaitable: Awaitable[Any]) -> Any:
        """Await something from outside of any loop and of any test."""
        assert self._shared is not None
        managed = self._shared.managed
        took = managed.make_current()
        try:
            return super().run(awaitable)
        finally:
            if took:
                managed.give_back()


_HOOKS: Final = (
    *("setUpClass", "asyncSetUpClass", "asyncTearDownClass", "tearDownClass", "setUpModule", "tearDownModule"),
    *("setup_class", "teardown_class", "setup_module", "teardown_module"),
)


def label_of(function: Callable[..., Any], args: tuple[Any, ...] = ()) -> str:
    """Return what reports call what a function of a class or module does: a hook, or a cleanup."""
    if getattr(function, "__func__", None) in (Phases.leave, Phases.leave_plain):
        _, manager = args
        return f"leaving {name_of(getattr(manager, 'gen', type(manager)))}"
    name = name_of(function)
    short = name.rpartition(".")[2]
    return short if short in _HOOKS else f"cleanup {name!r}"
