"""What is watched for something that outlives one test: the hooks of a class or module, a wider fixture.

It watches from its first phase to its end, and listens in between, while tests run:

1. What is found in a phase is told at the end of that phase, or to the test that asked for it.
2. What is found between its phases, in a task of its own while a test runs, is told in its next phase, and beside the
   failure of that test if it fails.
3. What is alive at the end of a phase is meant to be: it is looked at again at the very end, and is a fault only then.
"""

from __future__ import annotations

import gc
import socket
import threading
import weakref
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Final

from asynctestkit.checks import coroutines, resources
from asynctestkit.checks.handed import Handed, of_whom
from asynctestkit.checks.loop_errors import context_of_error
from asynctestkit.checks.policy import Policy
from asynctestkit.checks.watch import T, Watch, running
from asynctestkit.checks.young import grow_old, set_apart, young
from asynctestkit.report.contexts import TEST
from asynctestkit.report.findings import Finding
from asynctestkit.report.kinds import Kind

MOST_MADE: Final = 1000
"""How many tasks are remembered before those that are gone are forgotten."""


class LastingWatch(Watch):
    """The checks of what outlives one test.

    Args:
        policy: What they do.
        title: What reports call it.
        span: What ends when nothing of it may be left.
    """

    __slots__ = ("_handed", "_kept", "_looks", "_most", "_sockets", "_threads", "_threads_before", "asker")
    _counting: ClassVar[Mapping[str, bool]] = {"by_fixtures": False}  # it may be the fixture's own
    lasts: ClassVar[bool] = True

    def __init__(self, policy: Policy, title: str, span: str) -> None:
        super().__init__(policy, title, span)
        self.asker: Watch | None = None
        """The test that is told what is found now."""
        self._kept: list[weakref.ref[Any]] = []
        """Coroutines that were not begun at the end of a phase."""
        self._handed: list[Handed] = []
        """What tests have handed over."""
        self._sockets: list[weakref.ref[socket.socket]] = []
        self._threads: set[threading.Thread] = set()
        self._threads_before: frozenset[threading.Thread] = frozenset()
        self._most = MOST_MADE
        self._looks = False
        """Whether what is young at the end of a phase is what was made in it: no test runs around it."""

    def begin(self) -> None:
        """Begin to listen."""
        self.is_on = True

    def ask(self) -> None:
        """Have the test that runs in this thread told what is found, until `asker` is None."""
        self.asker = next((watch for watch in reversed(running.watches) if not watch.lasts), None)

    def enter(self) -> None:
        """Begin a phase, in this thread."""
        self._looks = not running.watches
        if self._looks:
            if not gc.isenabled():
                set_apart()
            grow_old()  # what is young at its end was made in it
        if self.policy.levels[Kind.THREADS]:
            self._threads_before = frozenset(threading.enumerate())
        self._is_alone = True
        self._enter()

    def leave(self) -> None:
        """End the phase. Ending it twice is allowed."""
        if self not in running.watches:
            return
        try:
            if self._looks and self._is_alone:
                made = young()
                self._kept += [weakref.ref(one) for one in made.coroutines if coroutines.is_unstarted(one)]
                sockets = [weakref.ref(one) for one in made.sockets]
                del made
                grow_old()
                resources.remember(sockets)
                self._sockets += sockets
            blocks, self._blocks = self._blocks, None
            self._add_all(block.finding() for block in blocks or ())
            if self.policy.levels[Kind.THREADS] and self._is_alone:
                self._threads.update(set(threading.enumerate()) - self._threads_before)
        finally:
            self._leave()

    def stop(self) -> None:
        """Stop listening. Stopping twice is allowed."""
        self.is_on = False
        self._made.clear()

    # ---- what is heard meanwhile -------------------------------------------------------------------------------

    def on_task(self, task: Any) -> None:
        """Learn that a task was made on the loop."""
        super().on_task(task)
        if len(self._made) > self._most:
            self._made = [ref for ref in self._made if ref() is not None]
            self._most = 2 * len(self._made) + MOST_MADE

    def unclosed(self, text: str, source: object, place: str) -> bool:
        """Learn that a resource died unclosed, one that a phase has made perhaps."""
        if all(ref() is not source for ref in self._sockets):
            return super().unclosed(text, source, place)
        self._add(resources.died_unclosed(text, place, None))
        return True

    def _add(self, finding: Finding) -> bool:
        if self.asker is not None and self.asker.is_on:
            return self.asker._add(finding)
        told = super()._add(finding)
        tests = [watch for watch in running.watches if not watch.lasts]
        if told and tests and running.watches[-1] is tests[-1]:
            tests[-1]._beside += ((finding, self.test),)
        return told

    # ---- the end -----------------------------------------------------------------------------------------------

    def _not_of_fixtures(self, things: Sequence[T]) -> list[T]:
        """Return all: this may be the fixture's own."""
        return list(things)

    @property
    def may_have_left(self) -> bool:
        """Whether something may still be closed, or begun, in a turn of the loop."""
        return super().may_have_left or any(map(coroutines.is_unstarted, self._alive()))

    def _alive(self) -> list[Any]:
        return [one for ref in self._kept if (one := ref()) is not None]

    def finish(self, loop: Any, pending: Collection[Any], instance: object) -> None:
        """Look for what is left when nothing of it can run any more, while the loop is open and stands still."""
        own: Mapping[str, Any] = getattr(instance, "__dict__", {})
        if self.policy.levels[Kind.UNAWAITED]:
            of_tasks = [task.get_coro() for task in pending]
            unstarted = [one for one in self._alive() if one not in of_tasks and coroutines.is_unstarted(one)]
            self._add_all(coroutines.kept(unstarted, own, close=True, holder="cls"))
        if self.policy.levels[Kind.UNCLOSED]:
            sockets = [one for ref in self._sockets if (one := ref()) is not None]
            self._add_left(resources.kept_sockets(sockets, own, holder="cls"))
        super().finish(loop, pending, instance)

    @property
    def has_new_threads(self) -> bool:
        """Whether there are threads that its phases have started."""
        self._threads = {thread for thread in self._threads if thread.is_alive()}
        return bool(self._threads)

    def look_at_threads(self, loop: Any) -> None:
        """Look for threads that are alive after all that ends threads of its own has been ended."""
        self._known_threads = frozenset(threading.enumerate()) - self._threads
        super().look_at_threads(loop)

    def inherit(self, handed: Handed) -> None:
        """Take over what a test has made, to look at it at the end."""
        handed.watch.heir = self
        self._handed.append(handed)
        if len(self._handed) > self._most:
            self._handed = [one for one in self._handed if one.things()]
            self._most = 2 * len(self._handed) + MOST_MADE

    def take_handed(self) -> list[Handed]:
        """Return what tests have handed over, once."""
        found, self._handed = self._handed, []
        return found

    def look_at_handed(self, handed: Handed, things: list[Any]) -> None:
        """Find what is not settled of some things that a test has handed over."""
        for finding, thing in handed.left(things, self.span):
            if self._add(finding) and thing is not None:
                self._left = [*(self._left or ()), resources.ref_to(thing)]

    def take(self) -> list[Finding]:
        """Return what was found and not told yet, once."""
        found, self._found = self._found, []
        return found

    def give(self, findings: list[Finding]) -> None:
        """Put back what `take` gave."""
        self._found[:0] = findings


class Dispatcher:
    """Hears of what happens on a loop while no test of ours runs there, and tells those whose affair it is."""

    def on_task(self, task: Any) -> None:
        """Learn that a task was made."""
        if (owner := _owner()) is not None:
            owner.on_task(task)

    def on_opened(self, thing: object) -> None:
        """Learn that a transport or a server was made."""
        if (owner := _owner()) is not None:
            owner.on_opened(thing)

    def on_generator(self, generator: Any) -> None:
        """Learn that an async generator was begun."""
        if (owner := _owner()) is not None:
            owner.on_generator(generator)

    def on_generator_dropped(self, generator: Any) -> None:
        """Learn that an async generator died before it was exhausted or closed."""
        if (owner := _owner()) is not None:
            owner.on_generator_dropped(generator)

    def on_timer(self, handle: Any, callback: Any) -> None:
        """Learn that a timer was set."""
        if (owner := _owner()) is not None:
            owner.on_timer(handle, callback)

    def on_job(self) -> None:
        """Learn that a function was given to the default executor."""
        if (owner := _owner()) is not None:
            owner.on_job()

    def on_error(self, loop: Any, context: Mapping[str, Any]) -> bool:
        """Learn of an error that nobody has handled; return whether the exception handler need not be told."""
        if loop.get_exception_handler() is not None:
            return False
        made_in = context_of_error(context)
        maker: Watch | None = TEST.get() if made_in is None else made_in.get(TEST)
        owner = of_whom(maker)
        if owner is None and made_in is None:
            owner = next((watch for watch in running.watches[-1:] if watch.lasts), None)
        return isinstance(owner, LastingWatch) and owner.is_on and owner.hear_error(context, maker)


def _owner() -> LastingWatch | None:
    owner = TEST.get()
    return owner if isinstance(owner, LastingWatch) and owner.is_on else None


dispatcher: Final = Dispatcher()
