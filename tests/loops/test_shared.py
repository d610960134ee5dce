"""A loop that several tests use: whose the tasks on it are, how long it is open, what is taken back between tests."""

from __future__ import annotations

import asyncio
import contextvars
import unittest
from collections.abc import Callable, Coroutine
from typing import Any
from unittest import mock

from asynctestkit import LoopError
from asynctestkit.loops import managed, shared
from asynctestkit.loops.managed import LoopOptions
from asynctestkit.loops.shared import SCOPE, SharedLoop, scope_of, shared_loop
from tests.cases import Factory
from tests.outcomes import complaints, mask

try:
    import uvloop
except ImportError:
    uvloop = None  # type: ignore[assignment]  # tests that need it are skipped


class PythonTask(asyncio.tasks._PyTask):  # type: ignore[name-defined,misc,unused-ignore]  # private: a class of tasks in Python
    """A task that is not asyncio's own."""


class User:
    """A test that runs on a shared loop."""

    owner = unittest.TestCase

    def __init__(self, name: str = "test") -> None:
        self.name = name

    def interrupt(self, error: BaseException) -> None:
        """Be ended: these tests never are."""
        raise AssertionError(error)


async def forever() -> None:
    """Wait for what never comes."""
    await asyncio.Event().wait()


async def run_on() -> None:
    """Never wait for anything but the next turn."""
    while True:
        await asyncio.sleep(0)


Waits = Callable[[], Coroutine[Any, Any, None]]


class ScopeOfTest(unittest.TestCase):
    """`scope_of`: the scope in whose context a task was made."""

    def check(self, loop: asyncio.AbstractEventLoop) -> None:
        """Check tasks of a scope and of none, at each point of their life."""
        owner = object()
        mine = contextvars.copy_context()
        mine.run(SCOPE.set, owner)
        for wait in (forever, run_on):
            for context, expected in ((mine, owner), (contextvars.copy_context(), None)):
                with self.subTest(wait=wait.__name__, scope=expected):
                    task = loop.create_task(wait(), context=context)
                    found = [scope_of(task)]
                    for _ in range(3):
                        loop.run_until_complete(asyncio.sleep(0))
                        found.append(scope_of(task))
                    task.cancel()
                    found.append(scope_of(task))
                    loop.run_until_complete(asyncio.wait([task]))
                    self.assertEqual(found, [expected] * 5)

    def test_asyncio(self) -> None:
        """On asyncio's own loop: not begun yet, waiting, about to go on, about to be cancelled."""
        loop = asyncio.new_event_loop()
        self.addCleanup(loop.close)
        self.check(loop)

    def test_tasks_of_another_class(self) -> None:
        """So it is for tasks of a class that a task factory brings."""
        loop = asyncio.new_event_loop()
        self.addCleanup(loop.close)
        loop.set_task_factory(lambda loop, coro, **options: PythonTask(coro, loop=loop, **options))
        self.check(loop)

    @unittest.skipIf(uvloop is None, "uvloop is not installed")
    def test_uvloop(self) -> None:
        """And on uvloop."""
        loop = uvloop.new_event_loop()
        self.addCleanup(loop.close)
        self.check(loop)

    def test_task_of_a_task(self) -> None:
        """What a task of the scope starts is the scope's; what runs in a context without one is nobody's."""
        loop = asyncio.new_event_loop()
        self.addCleanup(loop.close)
        owner = object()
        context = contextvars.copy_context()
        context.run(SCOPE.set, owner)

        async def start() -> tuple[object, object]:
            inner = asyncio.create_task(forever())
            outer = asyncio.create_task(forever(), context=contextvars.Context())
            found = scope_of(inner), scope_of(outer)
            for task in (inner, outer):
                task.cancel()
            await asyncio.wait([inner, outer])
            return found

        task = loop.create_task(start(), context=context)
        self.assertEqual(loop.run_until_complete(task), (owner, None))


class SharedLoopCase(unittest.TestCase):
    """A shared loop of a kind that no other test shares, held by one scope."""

    factory: Factory

    def setUp(self) -> None:
        self.factory = Factory()
        self.options = LoopOptions(factory=self.factory)
        self.holder = object()
        self.shared: SharedLoop = shared_loop(self.options)
        self.shared.hold(self.holder)
        self.loop = self.shared.loop
        self.addCleanup(self.shared.drop, self.holder)

    def start(self, owner: object = None, wait: Waits = forever) -> asyncio.Task[None]:
        """Return a new task in the context of a scope."""
        context = contextvars.copy_context()
        context.run(SCOPE.set, owner)
        return self.loop.create_task(wait(), context=context)

    def turn(self) -> None:
        """Let the loop go round once."""
        self.loop.run_until_complete(asyncio.sleep(0))


class TasksTest(SharedLoopCase):
    """Which tasks end, and when."""

    def test_test_leaves(self) -> None:
        """With a test end the tasks of no scope, begun or not; those of scopes and its own live on."""
        self.shared.use(user := User(), None)
        own, of_scope, of_test = self.start(), self.start(self.holder), self.start()
        self.turn()
        late = self.start(wait=run_on)
        self.shared.leave(user, own)
        self.assertEqual([task.done() for task in (own, of_scope, of_test, late)], [False, False, True, True])
        own.cancel()
        self.turn()

    def test_known_ones_do_not_hide_others(self) -> None:
        """Tasks of scopes that are known, alive or done, do not hide what the next tests leave."""
        users = [User(name) for name in ("first", "second", "third")]
        of_scope = [self.start(self.holder) for _ in range(3)]
        for user in users:
            self.shared.use(user, None)
            of_test = self.start()
            self.turn()
            of_scope.pop().cancel()
            self.shared.leave(user)
            self.assertTrue(of_test.cancelled())
        self.assertEqual(asyncio.all_tasks(self.loop), set())

    def test_many_of_a_scope(self) -> None:
        """Tasks of scopes that are done are forgotten in the end, as a server makes one for each connection."""
        for number in range(3):
            self.shared.use(user := User(), None)
            for _ in range(shared.MOST_KNOWN // 2 + 1):
                self.start(self.holder, wait=lambda: asyncio.sleep(0))
            self.shared.leave(user)
            with self.subTest(number=number):
                self.assertLessEqual(len(self.shared._known), shared.MOST_KNOWN)
            self.turn()
            self.turn()

    def test_holder_drops(self) -> None:
        """With a holder end its tasks, while others hold the loop open, and theirs live on."""
        other = object()
        self.shared.hold(other)
        mine, theirs = self.start(self.holder), self.start(other)
        self.turn()
        self.shared.drop(self.holder)
        self.assertEqual((mine.cancelled(), theirs.done(), self.loop.is_closed()), (True, False, False))
        self.shared.drop(other)
        self.assertEqual((theirs.cancelled(), self.loop.is_closed()), (True, True))

    def test_swallowed_at_exit(self) -> None:
        """At the end of the process a task that swallows its cancellations is closed, and the loop with it."""
        swallowed: list[str] = []

        async def swallow() -> None:
            while len(swallowed) < 100:
                try:
                    await forever()
                except asyncio.CancelledError:
                    swallowed.append("once more")

        with mock.patch.object(managed, "EXIT_TIMEOUT", 0.0), complaints():
            task = self.start(self.holder, wait=swallow)
            self.turn()
            self.shared.drop(self.holder, at_exit=True)
            self.assertEqual((task.done(), self.loop.is_closed(), swallowed), (True, True, ["once more"] * 3))
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # private: nobody is to be told


class KindsTest(SharedLoopCase):
    """One shared loop for each kind."""

    def test_same_kind(self) -> None:
        """The same factory gives the same one while it is open, and a new one afterwards."""
        self.assertIs(shared_loop(LoopOptions(factory=self.factory, debug=True)), self.shared)
        self.shared.drop(self.holder)
        later = shared_loop(self.options)
        self.addCleanup(later.drop, None)
        self.assertIsNot(later, self.shared)
        self.assertEqual([loop.is_closed() for loop in self.factory.made], [True, False])

    def test_close_all(self) -> None:
        """What is open at the end of the process is closed, whoever holds it."""
        with mock.patch.object(shared, "_open", {self.shared}):  # the run's own loops stay open
            shared.close_all()
        self.assertTrue(self.loop.is_closed())


class SettingsTest(SharedLoopCase):
    """What a test finds."""

    def settings(self) -> tuple[Any, Any, float, bool]:
        """Return what a test may set."""
        loop = self.loop
        return (
            loop.get_exception_handler(),
            loop.get_task_factory(),
            loop.slow_callback_duration,
            loop.get_debug(),
        )

    def test_taken_back(self) -> None:
        """Handler, task factory, slow callbacks and debug are afterwards what they were before the test."""

        def handler(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            """Be told of errors."""

        def factory(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
            return asyncio.Task(coro, loop=loop, **options)

        before = self.settings()
        self.shared.use(user := User(), None)
        self.loop.set_exception_handler(handler)
        self.loop.set_task_factory(factory)
        self.loop.slow_callback_duration = 9.0
        self.loop.set_debug(True)
        self.shared.leave(user)
        self.assertEqual(self.settings(), before)

    def test_debug_mode(self) -> None:
        """Each test has the debug mode it asks for; None is the one in which the loop was made."""
        found = []
        for wanted in (True, None, False, True, None):
            self.shared.use(user := User(), wanted)
            found.append(self.loop.get_debug())
            self.shared.leave(user)
        made_in = self.settings()[3]
        self.assertEqual(found, [True, made_in, False, True, made_in])


class ClosedTest(SharedLoopCase):
    """A loop that somebody has closed."""

    maxDiff = None

    def told(self) -> str:
        with self.assertRaises(LoopError) as caught:
            self.shared.use(User("next"), None)
        return mask(str(caught.exception))

    def message(self, by: str) -> str:
        return (
            "Event loop is closed: a test has closed the loop that it shares with others\n"
            f"  loop       {mask(repr(self.loop))}\n"
            f"  closed by  {by}\n"
            '  fix:       leave closing the loop to asynctestkit, or give the test its own with loop_scope = "test"'
        )

    def test_by_a_test(self) -> None:
        """The first test that left it closed is named."""
        self.shared.use(user := User("test_closes"), None)
        self.loop.close()
        self.shared.leave(user)
        self.assertEqual([self.told(), self.told()], 2 * [self.message("test_closes")])

    def test_between_tests(self) -> None:
        """Where no test did it, that is said."""
        self.loop.close()
        self.assertEqual(self.told(), self.message("a hook, or code that runs between the tests"))


if __name__ == "__main__":
    unittest.main()
