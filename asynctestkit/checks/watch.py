"""What is watched for one test, from the opening of its loop to its report.

Rules:

1. A fault belongs to the test in whose context it was made (see `hearing`). Where no context tells, as between the
   phases of a test, it belongs to the test that runs in this thread, or else to the one test for which this thread was
   started.
2. What was there before the test is not its fault; what belongs to a wider scope is none of its business.
3. Nothing is paid for what a test does not use: garbage is collected only among the objects that the test made, and
   what looks at things and tells of them is imported when there is one.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import math
import sys
import threading
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, TypeVar

from asynctestkit.checks import (
    blocking,
    coroutines,
    handed,
    keepers,
    resources,
    tasks,
    timers,
)
from asynctestkit.checks.harmless import is_harmless_since
from asynctestkit.checks.hearing import Hearing
from asynctestkit.checks.policy import Level, Policy
from asynctestkit.checks.tap import Tap
from asynctestkit.checks.watchdog import watchdog
from asynctestkit.checks.young import Young, grow_old, set_apart, young
from asynctestkit.report.contexts import TEST
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.report.kinds import Kind
from asynctestkit.report.origins import DEPTH

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


class Watch(Hearing):
    """The checks of one test.

    Args:
        policy: What they do.
        test: What reports call the test.
        span: What ends when nothing of it may be left.
    """

    __slots__ = (
        *("_depth", "_is_alone", "_known_threads", "_left", "_young"),
        *("max_block", "outliving", "span"),
    )

    _counting: ClassVar[Mapping[str, bool]] = {}
    """What does not count as a keeper, as `keepers` takes it."""

    def __init__(self, policy: Policy, test: str, span: str = "the test") -> None:
        super().__init__(policy, test)
        self.span = span
        self.outliving: tuple[resources.Ref, ...] = ()
        """What something that outlives the test keeps."""
        self._known_threads: frozenset[threading.Thread] = _ONLY_MAIN
        self._young: Young | None = None
        self._left: list[resources.Ref] | None = None
        self.max_block = policy.max_block
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
