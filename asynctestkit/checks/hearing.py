"""What the checks of one test hear while it runs: what is made on its loop, what dies, what fails, what blocks.

Rules:

1. A fault belongs to the test in whose context it was made: `TEST` is copied into every task and callback. What is
   heard in the context of something that outlives the test is handed to the checks of that.
2. What a test says that it expects is no finding.
3. Nothing is paid for what a test does not use: transports, generators and timers are noted from the first one on.
"""

from __future__ import annotations

import asyncio
import inspect
import weakref
from collections.abc import Mapping
from typing import Any, ClassVar

from asynctestkit.checks import blocking, callbacks, coroutines, handed, loop_errors, resources, tasks, timers
from asynctestkit.checks.found import Found
from asynctestkit.checks.policy import Level, Policy
from asynctestkit.report.contexts import HELD, TEST, watch_of
from asynctestkit.report.errors import Interruption
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.report.origins import caller

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


class Hearing(Found):
    """The findings of one test, and what is heard that may become one.

    Args:
        policy: What they do.
        test: What reports call the test.
    """

    __slots__ = (
        *("_begun", "_blocks", "_expected", "_has_jobs", "_is_shared", "_made", "_opened", "_timers"),
        *("heir", "is_on", "is_recorded", "loop", "owner"),
    )

    lasts: ClassVar[bool] = False
    """Whether it is of something that outlives a test (see `lasting`)."""

    def __init__(self, policy: Policy, test: str) -> None:
        super().__init__(policy, test)
        self.owner: type | None = None
        """The class of the test."""
        self.loop: asyncio.AbstractEventLoop | None = None
        self.is_on = False
        self.is_recorded = False
        """Whether the test itself records the warnings that come now: those are its own."""
        self.heir: Hearing | None = None
        """Who hears of what something that outlives the test does when this is over."""
        self._made: list[Any] = []
        """Weak references to the tasks of the test."""
        self._expected: tuple[loop_errors.Expected, ...] = ()
        self._opened: resources.Opened | None = None
        self._begun: resources.Begun | None = None
        self._blocks: list[blocking.Block] | None = None
        self._has_jobs = False
        self._timers: weakref.WeakKeyDictionary[Any, timers.Set] | None = None
        self._is_shared = False
        """Whether the loop outlives the test."""

    def unawaited(self, text: str, source: object, place: str) -> bool:
        """Learn that a coroutine was never awaited; one that was made while nobody watched is not the test's."""
        if self.is_recorded:
            return False
        if coroutines.is_of_nobody(source) and not self._has_jobs and TEST.get() in (self, None):
            return False
        if not coroutines.is_told(source):
            self._add(coroutines.never_awaited(text, source, place))
        return True

    def unclosed(self, text: str, source: object, place: str) -> bool:
        """Learn that a resource died unclosed; what a test left that is over is not this one's."""
        if self.is_recorded or resources.is_from_before(source):
            return False
        opened = None if self._opened is None or source is None else self._opened.place_of(source)
        self._add(resources.died_unclosed(text, place, opened))
        return True

    def on_task(self, task: asyncio.Future[Any]) -> None:
        """Learn that a task was made on the loop."""
        owner = TEST.get()
        if owner is self:
            self._made.append(weakref.ref(task))
        elif owner is not None and owner.lasts:
            owner.on_task(task)

    def on_opened(self, thing: object) -> None:
        """Learn that a transport or server was made on the loop."""
        owner = TEST.get()
        if owner is self:
            if self._opened is None:
                self._opened = resources.Opened()
            self._opened.note(thing)
        elif owner is not None and owner.lasts:
            owner.on_opened(thing)

    def on_generator(self, generator: Any) -> None:
        """Learn that an async generator was begun on the loop."""
        if generator is HELD.generator:
            return
        owner = TEST.get()
        if owner is self:
            if self._begun is None:
                self._begun = resources.Begun()
            self._begun.note(generator)
        elif owner is not None and owner.lasts:
            owner.on_generator(generator)

    def on_generator_dropped(self, generator: Any) -> None:
        """Learn that an async generator of the loop died before its end."""
        if self._begun is not None and (place := self._begun.take(generator)):
            self._add(resources.left_open(generator, place))

    def on_timer(self, handle: Any, callback: Any) -> None:
        """Learn that a timer was set on the loop."""
        owner = TEST.get()
        if owner is self:
            place = caller(inspect.currentframe())
            about = None if hasattr(handle, "_callback") else callbacks.about(callback)
            if place is not None or about is not None:
                if self._timers is None:
                    self._timers = weakref.WeakKeyDictionary()
                self._timers[handle] = timers.Set(place, about)
        elif owner is not None and owner.lasts:
            owner.on_timer(handle, callback)

    def on_job(self) -> None:
        """Learn that a function was given to the executor of the loop."""
        if TEST.get() is self:
            self._has_jobs = True

    def blocks(self, block: blocking.Block) -> None:
        """Learn of a callback that blocks the loop; called in another thread."""
        if self.is_on:
            self._blocks = [*(self._blocks or ()), block]

    def unraisable(self, error: BaseException, told: str, thing: object) -> None:
        """Learn of an error in a finaliser."""
        if not isinstance(error, Interruption):
            self._add(loop_errors.unraisable(error, told, thing))

    def on_error(self, loop: Any, context: Mapping[str, Any]) -> bool:
        """Learn of an error that reached nobody but the loop; return whether that was the affair of a watch."""
        if loop.get_exception_handler() is not None:
            return False  # somebody else wants to know
        made_in = loop_errors.context_of_error(context)
        maker: Hearing | None = TEST.get() if made_in is None else made_in.get(TEST)
        owner = handed.of_whom(maker)
        if owner is not None and owner is not self and owner.lasts and owner.is_on:
            return self._expects(context) or owner.hear_error(context, maker)
        if owner is not None or made_in is not None:
            return owner is self and self.hear_error(context)
        # Between the phases of a test nothing of a wider scope runs.
        nobodys = not self._is_shared or asyncio._get_running_loop() is None
        return nobodys and self.hear_error(context)

    def hear_error(self, context: Mapping[str, Any], maker: Hearing | None = None) -> bool:
        """Learn of such an error of its own, or of a test that is over; return whether nobody else need be told."""
        if self._expects(context):
            return True
        if loop_errors.is_expected_in_log():
            return False
        finding = loop_errors.finding_of(context, self.owner)
        if finding is not None and maker is not None and maker is not self:
            finding = handed.with_maker(finding, maker)
            if maker.policy.level_of(finding) is Level.IGNORE:
                return False
        return True if finding is None else self._add(finding)

    def _expects(self, context: Mapping[str, Any]) -> bool:
        return any(expected.takes(context) for expected in self._expected)

    def expect(self, expected: loop_errors.Expected) -> None:
        """Take errors that match for expected from now on, until `unexpect`."""
        self._expected += (expected,)

    def unexpect(self, expected: loop_errors.Expected) -> None:
        """Take one `expect` back: what has failed by now, and is kept, was expected, too."""
        self._expected = tuple(one for one in self._expected if one is not expected)
        expected.take_held(task for ref in self._made if (task := ref()) is not None)
        if not expected.met:
            expected.take_held(
                one for one in tasks.every_task() if getattr(handed.of_whom(watch_of(one)), "lasts", False)
            )
