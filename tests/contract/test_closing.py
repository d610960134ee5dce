"""Points 12 and 30: what is ended after the test, in which order, and what is let go."""

# Test classes are built on a parameter, which mypy cannot take for a base class.
# mypy: disable-error-code="valid-type, misc"

import asyncio
import gc
import threading
import unittest
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from .differential import ContractTest, differential
from .recording import Base, Events, RecordingResult, both_ways, run_events, told


async def turns(count: int = 3) -> None:
    """Let the loop go round *count* times."""
    for _ in range(count):
        await asyncio.sleep(0)


def note_close(events: Events) -> None:
    """Make the running loop write into *events* when it is closed."""
    loop: Any = asyncio.get_running_loop()
    close: Callable[[], None] = loop.close

    def noting() -> None:
        events.append("loop closed")
        close()

    loop.close = noting


def note_errors(events: Events) -> Callable[[asyncio.AbstractEventLoop, dict[str, Any]], None]:
    """Return an exception handler that writes into *events* what it is told."""

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        keys = sorted(set(context) - {"source_traceback"})
        events.append(f"{context['message'].split('<')[0]}: {told(context['exception'])} {keys}")

    return handle


async def failing(error: BaseException) -> None:
    """Be a leftover that raises *error* when it is cancelled."""
    try:
        await asyncio.Event().wait()
    finally:
        raise error


def case_leaving(
    base: Base, events: Events, *leftovers: Coroutine[Any, Any, object], handler: Any = None
) -> unittest.TestCase:
    """Build a case that starts *leftovers*, lets them come to their first wait, and ends."""

    class T(base):
        async def test(self) -> None:
            note_close(events)
            asyncio.get_running_loop().set_exception_handler(handler)
            self.tasks = [asyncio.create_task(leftover) for leftover in leftovers]
            await turns()

    return T("test")


class Closing(ContractTest):
    """Point 12."""

    @differential(12)
    def test_leftovers_end_after_stop_test(self, base: Base) -> object:
        """Point 12: tasks, then async generators, then executor jobs, then the loop; all after stopTest."""

        def make(events: Events) -> unittest.TestCase:
            release = threading.Event()

            async def leftover() -> None:
                try:
                    await asyncio.Event().wait()
                finally:
                    await turns()
                    events.append("task ended")

            async def numbers() -> AsyncIterator[int]:
                try:
                    yield 1
                finally:
                    await turns()
                    events.append("generator closed")
                    release.set()

            def job() -> None:
                release.wait(10)
                events.append("job done")

            class T(base):
                async def test(self) -> None:
                    note_close(events)
                    self.generator = numbers()
                    await anext(self.generator)
                    self.task = asyncio.create_task(leftover())
                    asyncio.get_running_loop().run_in_executor(None, job)
                    await turns()

            return T("test")

        return both_ways(make)

    @differential(12)
    def test_leftovers_are_awaited_however_long_they_need(self, base: Base) -> object:
        """Point 12: a task that works on for a while after its cancel, or swallows it, is waited for."""

        async def slow(events: Events) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await turns(20)
                events.append("slow ended")

        async def stubborn(events: Events) -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                events.append("stubborn goes on")
            await turns(3)
            events.append("stubborn ended")

        return both_ways(lambda events: case_leaving(base, events, slow(events), stubborn(events)))

    @differential(12)
    def test_errors_of_leftovers_go_to_the_handler_of_the_loop(self, base: Base) -> object:
        """Point 12: message, exception and task, for the suite's handler; a cancelled task is not told."""

        def make(events: Events) -> unittest.TestCase:
            leftovers = failing(ValueError("while ending")), turns(1000)
            return case_leaving(base, events, *leftovers, handler=note_errors(events))

        return both_ways(make)

    @differential(12)
    def test_errors_of_leftovers_are_logged(self, base: Base) -> object:
        """Point 12: asyncio's own handler logs them; the test has passed all the same."""
        return run_events(lambda events: case_leaving(base, events, failing(ValueError("while ending"))))

    @differential(12)
    def test_an_error_of_a_closing_generator_goes_to_the_handler(self, base: Base) -> object:
        """Point 12: asyncio's message for it."""

        def make(events: Events) -> unittest.TestCase:
            async def numbers() -> AsyncIterator[int]:
                try:
                    yield 1
                finally:
                    raise ValueError("while closing")

            class T(base):
                async def test(self) -> None:
                    asyncio.get_running_loop().set_exception_handler(note_errors(events))
                    self.generator = numbers()
                    await anext(self.generator)

            return T("test")

        return both_ways(make)

    @differential(12)
    def test_callbacks_of_tear_down_still_run(self, base: Base) -> object:
        """Point 12: what tearDown or the last cleanup scheduled (a transport's close) runs before the loop closes."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def asyncSetUp(self) -> None:
                    note_close(events)

                def test_sync(self) -> None:
                    pass

                async def test_async(self) -> None:
                    pass

                def tearDown(self) -> None:
                    asyncio.get_event_loop().call_soon(events.append, "callback of tearDown")
                    self.addCleanup(lambda: asyncio.get_event_loop().call_soon(events.append, "callback of cleanup"))

            return T(name)

        outcome: list[object] = []
        for name in ("test_sync", "test_async"):
            outcome.append(both_ways(make))
        return outcome

    @differential(12)
    def test_system_exit_of_a_leftover(self, base: Base) -> object:
        """Point 12: a task that raises SystemExit on its cancel, after the test was recorded as passed."""
        return run_events(lambda events: case_leaving(base, events, failing(SystemExit("on cancel"))))

    @differential(12)
    def test_a_task_started_while_leftovers_end(self, base: Base) -> object:
        """Point 12: a leftover starts another task in its finally, and awaits it."""

        async def last_words(events: Events) -> None:
            await turns()
            events.append("last words")

        async def leftover(events: Events) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.create_task(last_words(events))

        return both_ways(lambda events: case_leaving(base, events, leftover(events)))

    @differential(12)
    def test_executor_threads_are_gone(self, base: Base) -> object:
        """Point 12: the default executor is shut down, also of a test that failed."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def test(self) -> None:
                    threads.append(await asyncio.to_thread(threading.current_thread))
                    self.fail("after its use")

            return T("test")

        threads: list[threading.Thread] = []
        seen = both_ways(make)
        gc.collect()
        return [seen, [thread.is_alive() for thread in threads]]


class LettingGo(ContractTest):
    """Point 30."""

    @differential(30)
    def test_nothing_is_kept_alive(self, base: Base) -> object:
        """Point 30: with no garbage collection, case, loop and what the test held are gone when a suite has run."""

        class Thing:
            pass

        # Not of tests that raise: there unittest itself keeps a cycle around the exception, in some versions.
        class T(base):
            async def asyncSetUp(self) -> None:
                self.thing = Thing()
                things = {"case": self, "loop": asyncio.get_running_loop(), "thing": self.thing}
                seen[self._testMethodName] = {role: weakref.ref(thing) for role, thing in things.items()}

            async def test_async(self) -> None:
                self.addAsyncCleanup(turns)
                await turns()

            def test_sync(self) -> None:
                asyncio.get_event_loop().run_until_complete(turns())

            async def test_with_subtests(self) -> None:
                with self.subTest(number=1):
                    await turns()

        seen: dict[str, dict[str, weakref.ref[Any]]] = {}
        # The collector is off in every scenario.
        unittest.defaultTestLoader.loadTestsFromTestCase(T).run(unittest.TestResult())
        return {
            name: [role for role, reference in roles.items() if reference() is not None] for name, roles in seen.items()
        }

    @differential(30)
    def test_a_case_that_is_kept_holds_no_open_loop(self, base: Base) -> object:
        """Point 30: the case may live on; its loop is closed, and is dropped."""

        class T(base):
            async def test(self) -> None:
                loops.append(asyncio.get_running_loop())

        loops: list[asyncio.AbstractEventLoop] = []
        case = T("test")
        case.run(RecordingResult())
        closed = [loop.is_closed() for loop in loops]
        reference = weakref.ref(loops.pop())
        return [closed, reference() is None, case.countTestCases()]
