"""What is watched for one test, from the opening of its loop to its report.

Rules:

1. A fault belongs to the test in whose context it was made: `TEST` is copied into every task and callback. Where no
   context tells, as between the phases of a test, it belongs to the test that runs in this thread, or else to the one
   test for which this thread was started.
2. What was there before the test is not its fault; what belongs to a wider scope is none of its business.
3. What a test says that it expects is no finding.
4. Nothing is paid for what a test does not use: transports are noted where one is made, garbage is collected only among
   the objects that the test made, and what looks at things and tells of them is imported when there is one.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import inspect
import math
import sys
import threading
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, TypeVar

from asynctestkit.checks import (
    blocking,
    callbacks,
    coroutines,
    handed,
    keepers,
    loop_errors,
    resources,
    tasks,
    timers,
)
from asynctestkit.checks.found import Found
from asynctestkit.checks.harmless import is_harmless_since
from asynctestkit.checks.policy import Level, Policy
from asynctestkit.checks.tap import Tap
from asynctestkit.checks.watchdog import watchdog
from asynctestkit.checks.young import Young, grow_old, set_apart, young
from asynctestkit.report.contexts import HELD, TEST, watch_of
from asynctestkit.report.errors import Interruption
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.report.kinds import Kind
from asynctestkit.report.origins import DEPTH, caller

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

T = TypeVar("T")


class _Running(threading.local):
    """What runs in a thread, the innermost last: tests, and phases of what outlives them."""

    def __init__(self) -> None:
        self.watches: list[Watch] = []
        self.lookout = blocking.Lookout(self.watches)


running: Final = _Running()
_all: Final[set[Watch]] = set()
"""The watches of all that is running, in whatever thread."""


def watching() -> Watch | None:
    """Return the checks whose affair it is what happens here and now, None if it is nobody's."""
    watch: Watch | None = TEST.get()
    if watch is None:
        watch = running.watches[-1] if running.watches else _of_thread()
    return watch if watch is not None and watch.is_on else None


def _of_thread() -> Watch | None:
    """Return the test that a thread works for which copies no context, as those of an executor do not."""
    watches = tuple(_all)
    return watches[0] if len(watches) == 1 and watches[0].owns_thread(threading.current_thread()) else None


_tap: Final = Tap(watching)
_ONLY_MAIN: Final = frozenset((threading.main_thread(),))


class Watch(Found):
    """The checks of one test.

    Args:
        policy: What they do.
        test: What reports call the test.
        span: What ends when nothing of it may be left.
    """

    __slots__ = (
        *(
            "_depth",
            "_expected",
            "_begun",
            "_blocks",
            "_has_jobs",
            "_left",
            "_is_shared",
            "_timers",
            "_young",
            "_is_alone",
            "_known_threads",
            "_made",
            "_opened",
        ),
        *("heir", "is_on", "is_recorded", "loop", "max_block", "outliving", "owner", "span"),
    )

    _counting: ClassVar[Mapping[str, bool]] = {}
    """What does not count as a keeper, as `keepers` takes it."""
    lasts: ClassVar[bool] = False
    """Whether it is of something that outlives a test (see `lasting`)."""

    def __init__(self, policy: Policy, test: str, span: str = "the test") -> None:
        super().__init__(policy, test)
        self.span = span
        self.owner: type | None = None
        """The class of the test."""
        self.is_on = False
        self.outliving: tuple[resources.Ref, ...] = ()
        """What something that outlives the test keeps."""
        self.heir: Watch | None = None
        """Who hears of what that does when this is over."""
        self.is_recorded = False
        """Whether the test itself records the warnings that come now: those are its own."""
        self._made: list[Any] = []
        """Weak references to the tasks of the test."""
        self._expected: tuple[loop_errors.Expected, ...] = ()
        self._opened: resources.Opened | None = None
        self._known_threads: frozenset[threading.Thread] = _ONLY_MAIN
        self._young: Young | None = None
        self._begun: resources.Begun | None = None
        self._blocks: list[blocking.Block] | None = None
        self._has_jobs = False
        self._left: list[resources.Ref] | None = None
        self.max_block = policy.max_block
        self.loop: asyncio.AbstractEventLoop | None = None
        self._timers: weakref.WeakKeyDictionary[Any, timers.Set] | None = None
        self._is_shared = False
        self._is_alone = (
            True  # else a test ran in another thread meanwhile, whose objects could be taken for this one's
        )

    # ---- from the start of the test to its end -----------------------------------------------------------------

    def start(self, context: contextvars.Context | None) -> None:
        """Begin to watch, for what runs in this thread and in this context; None: there is none yet (see `go_on`)."""
        if context is not None:
            context.run(TEST.set, self)
        if self.policy.levels[Kind.THREADS]:
            self._known_threads = _ONLY_MAIN if watchdog.is_alone() else frozenset(threading.enumerate())
        if not _all and not gc.isenabled():
            set_apart()
        self._enter()
        self.is_on = True

    def go_on(self, context: contextvars.Context) -> None:
        """Watch for what runs in a context, too, and hear warnings before whoever has caught them since `start`."""
        context.run(TEST.set, self)
        _tap.renew()

    def _enter(self) -> None:
        running.watches.append(self)
        if len(_all) >= len(running.watches):  # then a test runs in another thread
            for watch in [*_all, self]:
                watch._is_alone = False
        _all.add(self)
        self._depth = sys.get_coroutine_origin_tracking_depth()
        if self._depth < DEPTH:
            sys.set_coroutine_origin_tracking_depth(DEPTH)
        _tap.open()
        if self.max_block < math.inf:
            running.lookout.begin(self.max_block)

    def look_at(self, loop: asyncio.AbstractEventLoop | None, *, shared: bool) -> None:
        """Learn what the test's loop is, and whether it is its own."""
        self.loop, self._is_shared = loop, shared

    def stop(self) -> None:
        """Stop watching. Stopping twice is allowed."""
        if not self.is_on:
            return
        self.is_on = False
        self._leave()
        self._made.clear()

    def _leave(self) -> None:
        _tap.close()
        if self in running.watches:
            running.watches.remove(self)
        _all.discard(self)
        sys.set_coroutine_origin_tracking_depth(self._depth)

    # ---- what is heard meanwhile -------------------------------------------------------------------------------

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
        maker: Watch | None = TEST.get() if made_in is None else made_in.get(TEST)
        owner = handed.of_whom(maker)
        if owner is not None and owner is not self and owner.lasts and owner.is_on:
            return self._expects(context) or owner.hear_error(context, maker)
        if owner is not None or made_in is not None:
            return owner is self and self.hear_error(context)
        # Between the phases of a test nothing of a wider scope runs.
        nobodys = not self._is_shared or asyncio._get_running_loop() is None
        return nobodys and self.hear_error(context)

    def hear_error(self, context: Mapping[str, Any], maker: Watch | None = None) -> bool:
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

    # ---- the end -----------------------------------------------------------------------------------------------

    @property
    def wants_errors(self) -> bool:
        """Whether errors that reach nobody are looked for."""
        return self.policy.levels[Kind.UNHANDLED] is not Level.IGNORE

    def look_at_young(self) -> None:
        """Find what is alive of what the test has made, before `finish`; beside a test of another thread, nothing."""
        if self._is_alone:
            self._young = young(since=self)

    def is_harmless(self, besides: Iterable[object]) -> bool:
        """Whether nothing that the test has made, but for some things, need be looked at or collected."""
        return self._is_alone and is_harmless_since(self, besides)

    @property
    def may_have_left(self) -> bool:
        """Whether something may still be closed, or begun, in a turn of the loop."""
        if self._young is not None and any(map(coroutines.is_unstarted, self._young.coroutines)):
            return True
        if self._has_jobs and resources.are_threads_busy(self.loop):
            return True  # what a thread did not await dies when it is through with its job
        return self._opened is not None and self._opened.any_open

    def has_left_nothing(self) -> bool:
        """Whether there is nothing for `finish` to look at, but for the loop and what is young."""
        return not (
            (self._made and any(ref() is not None for ref in self._made))
            or self._has_jobs
            or self._opened is not None
            or (self._begun is not None and self._begun.any_left)
            or self._timers is not None
            or self._blocks is not None
            or getattr(self.loop, "_csock", None) is not None
            or self.has_new_threads
        )

    def forget_blocks(self) -> None:
        """Take callbacks that blocked the loop for no findings: the test's limit has ended it, and tells of them."""
        self._blocks = None

    def finish(self, loop: Any, pending: Collection[asyncio.Task[Any]], instance: object) -> None:
        """Look for what is left at the end of the test, while the loop is open and stands still.

        Args:
            loop: The test's loop; None if it never had one.
            pending: The test's tasks that are on it.
            instance: The test case, None if there is none.
        """
        levels = self.policy.levels
        made, self._young = self._young, None
        if made is not None:
            self._look_at_young(made, loop, pending, getattr(instance, "__dict__", {}))
            sockets = [weakref.ref(one) for one in made.sockets]
            del made
            grow_old()
            if sockets:
                resources.remember(sockets)
        if self._blocks is not None:
            self._add_all(block.finding() for block in self._blocks)
        if loop is None:
            return
        if self._made and levels[Kind.UNHANDLED]:
            self._add_all(tasks.failed_unseen([task for ref in self._made if (task := ref()) is not None]))
        if pending and levels[Kind.PENDING_TASKS]:
            self._add_all(tasks.still_pending(pending, self.span))
        if self._opened is not None and levels[Kind.UNCLOSED]:
            opened = self._opened.left()
            self._add_left(resources.among(opened, self.unkept(resources.things_of(opened), instance)))
        if self._begun is not None and levels[Kind.ASYNC_GENERATORS]:
            self._add_unless_kept(self._begun.left())
        if getattr(loop, "_csock", None) is not None and levels[Kind.UNCLOSED]:
            self._add_all(resources.readers_left(loop, self._has_made))
        if levels[Kind.TIMERS] and (own := self._own_timers(loop)):
            self._add_unless_kept(timers.timers_left(own, loop.time()))

    def unkept(self, things: Sequence[T], instance: object) -> list[T]:
        """Return those of many things that nothing that outlives the test holds, which only a shared loop allows."""
        if not self._is_shared:
            return list(things)
        unkept = keepers.unkept(things, self, besides=instance, **self._counting)
        self.outliving += tuple(handed.others(things, unkept))
        return unkept

    def hand_over(self) -> handed.Handed | None:
        """Return what something that outlives the test keeps, and is to look at again; None where that is nothing."""
        return handed.Handed(self, self._opened, self.outliving) if self.outliving else None

    def _not_of_fixtures(self, things: Sequence[T]) -> list[T]:
        """Return those of many things that no wider fixture holds."""
        return keepers.unkept(things, self, by_others=False)

    def _own_timers(self, loop: Any) -> list[tuple[Any, timers.Set | None]]:
        """Return the timers of the test, and what is known of how each was set."""
        known: Mapping[Any, timers.Set] = self._timers or {}
        scheduled = getattr(loop, "_scheduled", None)
        if scheduled is None:  # a loop that keeps its timers to itself
            return list(known.items())
        return [(timer, known.get(timer)) for timer in scheduled if self._has_made(timer)]

    def is_due(self, loop: Any) -> bool:
        """Whether the loop is about to call something that the test has asked for."""
        return any(map(self._has_made, tuple(getattr(loop, "_ready", ()))))

    def _has_made(self, handle: Any) -> bool:
        return handle._context.get(TEST) is self

    def _look_at_young(
        self, made: Young, loop: Any, pending: Collection[asyncio.Task[Any]], instance: Mapping[str, Any]
    ) -> None:
        """Look at what is alive of what the test has made."""
        if made.coroutines and self.policy.levels[Kind.UNAWAITED]:
            of_tasks = [task.get_coro() for task in pending]
            unstarted = [one for one in made.coroutines if one not in of_tasks and coroutines.is_unstarted(one)]
            self._add_all(coroutines.kept(unstarted, instance, close=not self._is_shared))
        if made.sockets and self.policy.levels[Kind.UNCLOSED]:
            self._add_left(resources.kept_sockets(made.sockets, instance))
        if made.futures and self.policy.levels[Kind.UNHANDLED]:
            kept = {id(value) for value in instance.values()} if self._is_shared else None
            own = [one for one in made.futures if one.get_loop() is loop and (kept is None or id(one) in kept)]
            self._add_all(tasks.failed_unseen(own))
        self.outliving += tuple(handed.under_a_name(made, self.owner, with_futures=self._is_shared))

    def owns_thread(self, thread: threading.Thread) -> bool:
        """Whether a thread works for the test: it was started since, or belongs to the executor of a loop."""
        return thread not in self._known_threads or resources.is_of_executor(thread)

    @property
    def has_new_threads(self) -> bool:
        """Whether there are threads that were not there when the test began."""
        if not self.policy.levels[Kind.THREADS] or watchdog.is_alone() or not self._is_alone:
            return False
        return not self._known_threads.issuperset(threading.enumerate())

    def look_at_threads(self, loop: Any) -> None:
        """Look for threads that are alive after all that ends threads of its own has been ended."""
        executor = getattr(loop, "_default_executor", None)
        hides = loop is not None and not hasattr(loop, "_default_executor")  # uvloop's does
        known = self._known_threads.union(getattr(executor, "_threads", ()))
        self._add_unless_kept(resources.threads_left(known, hides, self.span))

    def _add_unless_kept(self, left: list[resources.Left]) -> None:
        """Add findings of what no wider fixture holds."""
        if left:
            unkept = self._not_of_fixtures(resources.things_of(left))
            self._add_all(one.finding for one in resources.among(left, unkept))

    def _add_left(self, left: Iterable[resources.Left]) -> None:
        for finding, ref in left:
            if self._add(finding):
                self._left = [*(self._left or ()), ref]

    def close_left(self) -> Callable[[], bool] | None:
        """Close what was told of as left open; return what tells whether that takes a while, None if there is none."""
        left, self._left = [thing for ref in self._left or () if (thing := ref()) is not None], None
        for thing in left:
            resources.close(thing)
        return (lambda: any(map(resources.is_ending, left))) if left else None
