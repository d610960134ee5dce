"""Phases whose faults are looked for: how the checks begin and end around one test.

They begin when the loop is open and end when nothing of the test can run any more. What the test has left behind gets a
few turns of the loop to end by itself; what is left then is found, and ended while the checks still listen: an error
that comes up at the very end is the test's, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol

from asynctestkit.checks import summary
from asynctestkit.checks.handed import Handed
from asynctestkit.checks.keepers import unkept
from asynctestkit.checks.policy import Policy
from asynctestkit.checks.watch import Watch
from asynctestkit.loops.calls import Phases
from asynctestkit.loops.managed import ManagedLoop
from asynctestkit.loops.others import Tasks, other_tasks
from asynctestkit.loops.run_end import call_before_end
from asynctestkit.loops.shared import SharedLoop, scope_of
from asynctestkit.loops.stock import listen
from asynctestkit.loops.turn import nothing_is_left
from asynctestkit.report.contexts import watch_of
from asynctestkit.report.errors import Interruption
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.report.hangs import Part

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


_RECORDER: Final = "recwarn"

GRACE: Final = (*[0.0] * 5, *[0.001] * 10)
"""The turns of the loop that what is left may take to end by itself: how long each waits for I/O, in seconds."""
KILLING: Final = (0.001, 0.005, 0.01, *[0.05] * 10)
"""How long the loop is given, again and again, until it has seen that a subprocess which was killed has ended."""


class Runner(Protocol):
    """What `asyncio.Runner` offers; suites put one of their own in `_asyncioRunner`."""

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop, opened if need be."""
        ...


class CheckedPhases(Phases):
    """The phases of a test, with its loop and its checks."""

    watch: Watch | None = None
    """The checks, from the opening of the loop until they report; None where there are none."""

    add_section: Callable[[str, str, str], None] | None = None
    """Adds a section to the report of the test, where its runner has such: the phase, the section's name, its text."""

    failure: BaseException | None = None
    """Why the test has failed so far, where that is known."""

    shared: SharedLoop | None = None
    """The shared loop that the test runs on; None where it has a loop of its own."""

    is_recorded: bool | None = None
    """Whether warnings are recorded around the test, for it to look at: pytest's `recwarn`; None: its result knows."""

    winding_up = False
    """Whether what the test has left is looked for, and ended, while the checks listen."""

    _marked_by: Watch | None = None
    """The checks that have ended, by which what the test has made is known."""
    _managed: ManagedLoop | None = None
    _runner: Runner | None = None

    @property
    def title(self) -> str:
        """What reports call the test."""
        return self.name

    @property
    def owner(self) -> type | None:
        """The test class, None if there is none."""
        return None

    @property
    def loop_in_use(self) -> asyncio.AbstractEventLoop | None:
        """The loop that the test runs on, None before it is open."""
        return None if self._managed is None else self._managed.loop

    @property
    def result(self) -> object:
        """The result of the run that the test is a part of, None if there is none."""
        return None

    def tell_beside(self, error: BaseException, part: Part, text: str) -> None:
        """Have the report of an error say something more: in a section of its own where the runner has such."""
        if not self._add_section(part.section, text):
            super().tell_beside(error, part, text)

    def _add_section(self, name: str, text: str) -> bool:
        """Add a section to the report of the test; return whether its runner has such: pytest's items do."""
        add = self.add_section or getattr(self.result, "add_report_section", None)
        if add is not None:
            add(self.pytest_phase, name, text)
        return add is not None

    @property
    def pytest_phase(self) -> str:
        """What pytest calls the phase that the test is in."""
        return "call"

    @property
    def time_left(self) -> float | None:
        """Seconds that the test has left; None where it has no limit."""
        return None

    @property
    def has_timed_out(self) -> bool:
        """Whether the test has exceeded its limit."""
        return False

    @property
    def ends_later(self) -> bool:
        """Whether somebody else still closes what the test uses, and has the checks report after that."""
        return False

    def begin_checks(self, policy: Policy, loop: asyncio.AbstractEventLoop) -> None:
        """Start the checks (step 2), unless none is on; where a runner has begun them, they go on with the loop."""
        if policy.is_off:
            return
        if policy.summarised and summary.is_new(self.result):
            call_before_end(self.result, summary.print_at_end, last=True)
        watch = self.watch
        if watch is None:
            watch = self.watch = Watch(policy, self.title)
            watch.start(self.context)
        else:
            watch.go_on(self.context)
        watch.owner = self.owner
        recorded = self.is_recorded
        watch.is_recorded = _RECORDER in getattr(self.result, "fixturenames", ()) if recorded is None else recorded
        watch.look_at(loop, shared=self.shared is not None)
        listen(loop, watch)

    def note_failure(self, error: BaseException) -> None:
        """Remember why the test has failed, for what the checks find to be added to it; the first error counts."""
        if self.watch is not None and self.failure is None:
            self.failure = error

    def check(self, *, failed: bool = False, instance: object = None) -> str | None:
        """Step 9, the last part: look for what the test has left and raise what the checks have found.

        Args:
            failed: Whether the test has failed already; then nothing is raised.
            instance: The test case, whose attributes are looked at, too.

        Returns:
            What is to be added to the report of a test that has failed, None if there is nothing.
        """
        watch, failure = self.watch, self.failure
        self.failure = None
        if watch is None:
            return None
        self.winding_up = True
        watch.is_recorded = False  # the test is over, and looks at nothing any more
        try:
            if not self._has_left_nothing(watch):
                self._finish_checks(watch, instance)
                if not failed and failure is None and (handed := watch.hand_over()) is not None:
                    self.hand_over(handed)
                close_what_is_left(watch, self._managed)
        except Interruption as interruption:  # blocking code was ended, of which the deadline tells
            if not interruption.is_of(self):
                raise
        finally:
            self.winding_up = False
            self.end_checks()
        try:
            if failed or failure is not None:
                note = watch.note()
                if note is not None and failure is not None:
                    if self._add_section("findings", note):
                        return None
                    failure.add_note(note)
                return note
            found = watch.failure()
            if found is not None:
                self._explain(found)  # the errors behind it were told to nobody yet
                raise found
            return None
        finally:
            del failure

    def hand_over(self, handed: Handed) -> None:
        """Have what outlives the test look again, at its own end, at what the test has made and it keeps."""

    def _has_left_nothing(self, watch: Watch) -> bool:
        """Whether it can be seen at a glance that the test has left nothing, as most do."""
        managed, host = self._managed, self.host
        if self.has_timed_out:
            watch.forget_blocks()
        if managed is None:
            return False
        loop = managed.loop
        return (
            watch.has_left_nothing()
            and nothing_is_left(loop)
            and not self._pending(loop)
            and watch.is_harmless((loop,) if host is None or host.task is None else (loop, *host.parts()))
        )

    def _finish_checks(self, watch: Watch, instance: object) -> None:
        managed = self._managed
        watch.look_at_young()

        def end(pending: Tasks) -> None:
            if managed is not None and self._runner is None:
                self._end_what_is_left(managed, pending)

        look_for_what_is_left(watch, managed, find=self._pending, dismiss=self.dismiss, end=end, instance=instance)

    def _pending(self, loop: asyncio.AbstractEventLoop) -> Tasks:
        own = None if self.host is None else self.host.task
        left = other_tasks(loop, frozenset(), own)
        return left if self.shared is None else {task for task in left if scope_of(task) is None and self._is_own(task)}

    def _is_own(self, task: asyncio.Task[Any]) -> bool:
        """Whether a task is not known to be another test's, for which something wider keeps it."""
        owner = watch_of(task)
        if owner is None:
            return self.shared is None or task not in self.shared.of_plain_code
        return owner is (self.watch or self._marked_by)

    def _end_what_is_left(self, managed: ManagedLoop, pending: Tasks) -> None:
        """Begin step 10 while the checks listen: errors that come up now are the test's, too."""
        if self.shared is None and (pending or not nothing_is_left(managed.loop)):
            self.dismiss()
            managed.wind_up(self.time_left)
        elif pending:
            managed.cancel(pending, self.time_left)

    def unkept(self, tasks: Tasks) -> Tasks:
        """Return those of the tasks left that end with the test: its own which nothing that outlives it holds."""
        return set(unkept([task for task in tasks if self._is_own(task)], self._marked_by))

    def end_checks(self) -> None:
        """Stop the checks. Stopping twice is allowed."""
        self.failure = None
        watch, self.watch = self.watch, None
        if watch is not None:
            self._marked_by = watch
            watch.stop()
            if self._managed is not None:
                listen(self._managed.loop, None if self.shared is None else self.shared.listener)


def look_for_what_is_left(
    watch: Watch,
    managed: ManagedLoop | None,
    *,
    find: Callable[[asyncio.AbstractEventLoop], Tasks],
    dismiss: Callable[[], None],
    end: Callable[[Tasks], None],
    instance: object,
) -> None:
    """Have the checks look for what is left when nothing that they are of can run any more.

    They have looked at what is young already.

    Args:
        watch: The checks.
        managed: The loop, None if there never was one.
        find: Returns the tasks on a loop that are looked at.
        dismiss: Lets the task of the phases end.
        end: Ends what is left, while the checks listen.
        instance: The test case, or its class.
    """
    if managed is None or managed.loop.is_closed() or managed.loop.is_running():
        look_without_loop(watch, instance)
        return
    if watch.is_due(managed.loop):  # what its last step has asked to be called
        managed.settle()
    pending = find(managed.loop)
    if pending or watch.may_have_left:
        dismiss()
        for delay in GRACE:
            managed.settle(delay)
            pending = find(managed.loop)
            if not pending and not watch.may_have_left:
                break
    pending = set(watch.unkept(list(pending), instance))
    watch.finish(managed.loop, pending, instance)
    if watch.wants_errors:
        end(pending)
        managed.forget_exits()  # which were heard
    if watch.has_new_threads:  # anyio's, for one, end with the test's task
        dismiss()
        for delay in GRACE[:5]:
            managed.settle(delay)
        watch.look_at_threads(managed.loop)


def look_without_loop(watch: Watch, instance: object) -> None:
    """Have the checks look for what is left where there is no loop that could be given a few turns."""
    watch.finish(None, (), instance)
    if watch.has_new_threads:
        watch.look_at_threads(None)


def end_without_loop(watch: Watch, instance: object) -> None:
    """End the checks of a test that never came to its loop; raise what they have found."""
    try:
        watch.look_at_young()
        look_without_loop(watch, instance)
        found = watch.failure()
    finally:
        watch.stop()
    if found is not None:
        raise found


def close_what_is_left(watch: Watch, managed: ManagedLoop | None) -> None:
    """Close what was left open and told of, which the loop needs a few turns for; its errors are no findings."""
    takes_a_while = watch.close_left()
    if takes_a_while is None or managed is None or managed.loop.is_closed() or managed.loop.is_running():
        return
    watch.stop()
    for delay in (0.0, *KILLING):
        managed.settle(delay)
        if not takes_a_while():
            break
