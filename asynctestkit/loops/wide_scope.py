"""One scope wider than one test: a class, a module or the session. Which of them have begun is known to `scopes`.

A `WideScope` has a context, a task for its async hooks, and holds the shared loop (see `shared`) from the first time it
needs one until it ends.

If a scope's task is cancelled by a timeout or task group that one of its hooks holds open, its tests cannot go on: the
one that runs is ended, and each is told the real error.
"""

from __future__ import annotations

import asyncio
import contextvars
from asyncio import sleep  # as it is before tests replace it
from collections.abc import Awaitable, Callable, Hashable
from contextlib import nullcontext
from typing import Any, NoReturn

from asynctestkit.loops.guarded import GuardedPhases, label_of
from asynctestkit.loops.managed import LoopOptions
from asynctestkit.loops.shared import SCOPE, SharedLoop, shared_loop
from asynctestkit.report.contexts import TEST
from asynctestkit.report.errors import Interruption, LoopError, message, raise_together
from asynctestkit.report.frames import TRIM_FRAMES, name_of, trim
from asynctestkit.report.mistakes import refuse_generator
from asynctestkit.report.owners import own, owner_of
from asynctestkit.values import Scope

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


Changes = list[tuple[contextvars.ContextVar[Any], Any]]
"""Context variables with their values."""

Begun = dict[tuple[Scope, Hashable], "WideScope"]

_UNSET: Any = object()


class Fired(Interruption):
    """Ends the running phase of a test whose class, module or session was cancelled; `scope.fail` says why."""

    def __init__(self, scope: WideScope) -> None:
        super().__init__(scope.name)
        self.scope = scope

    def tell(self) -> NoReturn:
        """Raise what ended the scope."""
        self.scope.fail()


class WideScope(GuardedPhases):
    """One class, module or session: its context, its task for async hooks, its hold on the shared loop.

    Args:
        kind: Which of them.
        owner: The class, the module's name, or None.
        label: What reports call it.
        context: What its hooks run in.
        begun: The scopes of its thread, which it leaves when it ends.
    """

    def __init__(self, kind: Scope, owner: Hashable, label: str, context: contextvars.Context, begun: Begun) -> None:
        super().__init__(context, name=f"{kind.word} {label}")
        self.context.run(SCOPE.set, self)
        self.context.run(TEST.set, None)  # it may begin while a test runs
        self.kind = kind
        self.title = label if kind is Scope.SESSION else self.name
        """Whose loops reports call those that it holds."""
        self.owner = owner
        self._begun = begun
        self.depth = 0
        self.kept = False
        """Whether a runner that knows when modules and sessions end will end it."""
        self.options = LoopOptions()
        self.answer: Callable[[], None] | None = None
        """Leaves what the hooks of the scope hold open, until something of it says why it cancelled the scope."""
        self.fixtures: Any = None
        """What keeps the scope's fixtures, once it has any; known to whoever put it here."""
        self.shares_loop = False
        """Whether every test of the scope runs on its loop, for its hooks have prepared something there."""
        self._failure: BaseException | None = None
        self._at_end: list[Callable[[], None]] = []
        self._base = self.context.copy()
        self._shared: SharedLoop | None = None
        self._others: list[SharedLoop] = []

    def __repr__(self) -> str:
        return f"<scope of {self.name}>"

    @property
    def in_use(self) -> bool:
        """Whether a test is running on the loop that the scope holds."""
        return self._shared is not None and bool(self._shared.users)

    @property
    def holds_loop(self) -> bool:
        """Whether the scope has needed a loop by now."""
        return self._shared is not None

    def covers(self, cls: type) -> bool:
        """Whether the tests of a class live in this scope."""
        if self.kind is Scope.SESSION:
            return True
        return self.owner == (cls.__module__ if self.kind is Scope.MODULE else cls)

    @property
    def shared(self) -> SharedLoop | None:
        """The shared loop that the scope holds, None if it holds none."""
        return self._shared

    def mark(self, variable: contextvars.ContextVar[Any], value: object) -> None:
        """Set a context variable that says whose something is: tests are not handed it down."""
        super().mark(variable, value)
        self._base.run(variable.set, value)

    # The loop.

    def hold(self, options: LoopOptions) -> SharedLoop:
        """Return the shared loop of this kind, opened if need be; the scope holds it until it ends."""
        if options is self.options and self._shared is not None:
            return self._shared
        found = shared_loop(options)
        self.keep_open(found)
        return found

    def keep_open(self, shared: SharedLoop) -> None:
        """Hold a shared loop until the scope ends; its tests do not all ask for the same kind."""
        shared.hold(self)
        known = owner_of(shared.loop)
        if not shared.managed.is_given and (known is None or known.width < self.kind):
            own(shared.loop, self.title, self.kind)
        if self.guard is not None:
            shared.listen(self.guard.listener)
        if self._shared is None:
            self._shared = shared
        elif shared is not self._shared and shared not in self._others:
            self._others.append(shared)

    def open_loop(self) -> asyncio.AbstractEventLoop:
        """Return the shared loop for the scope's hooks."""
        return self.hold(self.options).loop

    def run(self, awaitable: Awaitable[Any]) -> Any:
        """Await something in the scope's task."""
        self.shares_loop = True
        held = self.hold(self.options)
        took = held.managed.make_current()
        if not held.users and self.options.debug is not held.mode:
            held.set_debug(self.options.debug)
        try:
            return super().run(awaitable)
        finally:
            if took:
                held.managed.give_back()

    def call_hook(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a hook of the scope, plain or async; a loop that the scope holds already is current meanwhile."""
        with self.phase(label_of(function, args)):
            return self._call_hook(function, *args, **kwargs)

    def _call_hook(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        held = self._shared
        took = held is not None and held.managed.make_current()
        try:
            value = self.call(function, *args, **kwargs)
        except asyncio.CancelledError as error:  # which would end the run of a runner that collects Exceptions
            raise self._cancelled(error, name_of(function)) from error
        finally:
            if took and held is not None:
                held.managed.give_back()
            for shared in (self._shared, *self._others):
                if shared is not None and not shared.users:
                    shared.keep_settings()
        refuse_generator(value, function)
        return value

    def report(self) -> None:
        """Raise what cancelled the scope's hooks, if none of what they hold open has said why."""
        cut = self.unexplained()
        if cut is not None:
            raise self._cancelled(cut, f"a hook of {self.name}") from cut

    def _cancelled(self, error: asyncio.CancelledError, hook: str) -> LoopError:
        return LoopError(
            message(
                f"{hook} ended with CancelledError{f': {error}' if str(error) else ''}",
                scope=self.name,
                cause="it awaits something that was cancelled, or was cancelled itself and nothing says why",
                fix="suppress the CancelledError of what the hook has cancelled itself",
            )
        )

    def narrower_fixtures(self) -> list[Any]:
        """Return what keeps the fixtures of narrower scopes, the widest first: they may depend on this scope's."""
        found = [scope for scope in self._begun.values() if scope.kind < self.kind and scope.fixtures is not None]
        return [scope.fixtures for scope in sorted(found, key=width_of, reverse=True)]

    # Context variables.

    def adopt(self, context: contextvars.Context, before: contextvars.Context) -> Changes:
        """Take over, and return, the context variables that were set in a copy of the scope's context.

        Args:
            context: The copy.
            before: What the copy was at first; the scope's own context may have changed since then.
        """
        changes = changes_of(context, before)
        for var, value in changes:
            self.context.run(var.set, value)
        return changes

    def changes(self) -> Changes:
        """Return the context variables that the scope's hooks have set, with their values."""
        return changes_of(self.context, self._base)

    # A scope that is cancelled.

    def cancelled_between(self) -> None:
        """End the tests of the scope: its task was cancelled beside one, by a scope that a hook left open."""
        if self.depth:
            return  # the scope's own hooks are still under way, and the next of them meets it
        for held in (self._shared, *self._others):
            if held is None:
                continue
            held.fired.append(self)
            for user in list(held.users):
                if self.covers(user.owner):
                    user.interrupt(Fired(self))

    def fail(self) -> NoReturn:
        """Raise the error of whatever cancelled the scope: each of its tests is told the same."""
        if self._failure is None:
            try:
                self.run(sleep(0))  # meets the cancellation, which is held from here on
                if self.answer is not None:
                    self.answer()
                error: BaseException = self.unexplained() or asyncio.CancelledError()
                raise LoopError(
                    message(
                        f"{self.name} was cancelled while one of its tests ran",
                        cause="a timeout or task group that one of its hooks holds open",
                        fix="enter it with enterAsyncClassContext or in a fixture, which tell its error",
                    )
                ) from error
            except Exception as error:
                self._failure = error
        trim(self._failure)  # it was raised before, and collects the frames of each time
        raise self._failure

    # The end.

    def at_end(self, function: Callable[[], None]) -> None:
        """Have a plain function called when the scope ends; last in, first out."""
        self._at_end.append(function)

    def cut(self) -> None:
        """Say that the tear-down never came, for the run was cut short: what is left is nobody's fault."""
        if self.guard is not None:
            self.guard.cut()

    def end(self, *, at_exit: bool = False) -> None:
        """End the scope, its task and its hold on the loop, which the last holder closes. Ending twice is allowed.

        Args:
            at_exit: The process ends, see `ManagedLoop.close`; nobody is told what the scope has left.
        """
        errors: list[BaseException] = []
        try:
            while self._at_end:
                try:
                    self._at_end.pop()()
                except Exception as error:
                    errors.append(error)
        finally:
            self._begun.pop((self.kind, self.owner), None)
            with nullcontext() if at_exit else self.last_phase(errors):
                held, self._others = [self._shared, *self._others], []
                self.dismiss()
                for shared in held:
                    if shared is not None:
                        self.drop(shared, self, errors, at_exit=at_exit)
            self._shared = self.guard = None
        raise_together(errors, f"steps failed at the end of {self.name}")


def changes_of(context: contextvars.Context, before: contextvars.Context) -> Changes:
    """Return the context variables that are not what they were before, with their values."""
    return [(var, value) for var, value in context.items() if before.get(var, _UNSET) is not value]


def width_of(scope: WideScope) -> Scope:
    """Return how wide a scope is, to sort by."""
    return scope.kind
