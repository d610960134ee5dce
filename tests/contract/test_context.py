"""Points 5, 6 and 7: the context that phases share, and the task that they run in."""

# Test classes are built on a parameter, which mypy cannot take for a base class.
# mypy: disable-error-code="valid-type, misc"

import asyncio
import contextvars
import sys
import types
import unittest
from unittest import mock

from .differential import ContractTest, differential
from .recording import Base, Events, RecordingResult, both_ways, run_events, suite_events

TRAIL: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("TRAIL", default=())


def leave(phase: str) -> None:
    """Add *phase* to the trail of the context."""
    TRAIL.set((*TRAIL.get(), phase))


async def leave_async(phase: str) -> None:
    """Add *phase* to the trail, between two turns of the loop."""
    await asyncio.sleep(0)
    leave(phase)
    await asyncio.sleep(0)


class SharedContext(ContractTest):
    """Point 5."""

    @differential(5)
    def test_one_context_serves_all_phases(self, base: Base) -> object:
        """Point 5: what any phase sets, every later one sees, and the caller never."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                def setUp(self) -> None:
                    self.addCleanup(lambda: events.append(", ".join(TRAIL.get())))
                    self.addAsyncCleanup(leave_async, "async cleanup")
                    self.addCleanup(leave, "sync cleanup")
                    leave("setUp")

                async def asyncSetUp(self) -> None:
                    await leave_async("asyncSetUp")

                async def test_async(self) -> None:
                    await leave_async("test")

                def test_sync(self) -> None:
                    leave("test")
                    asyncio.get_event_loop().run_until_complete(leave_async("of a task of its own"))

                async def asyncTearDown(self) -> None:
                    await leave_async("asyncTearDown")

                def tearDown(self) -> None:
                    leave("tearDown")

            return T(name)

        outcome: dict[str, object] = {}
        for name in ("test_async", "test_sync"):
            outcome[name] = [both_ways(make), TRAIL.get()]
        return outcome

    @differential(5)
    def test_tokens_are_reset_across_phases(self, base: Base) -> object:
        """Point 5: a variable set in one phase is reset by its token in another, sync or async."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                def setUp(self) -> None:
                    self.first = TRAIL.set(("setUp",))
                    self.addAsyncCleanup(self.back, self.first)

                async def back(self, token: contextvars.Token[tuple[str, ...]]) -> None:
                    TRAIL.reset(token)
                    events.append(f"after the cleanup {TRAIL.get()}")

                async def asyncSetUp(self) -> None:
                    self.second = TRAIL.set(("asyncSetUp",))

                async def test(self) -> None:
                    self.third = TRAIL.set(("test",))

                async def asyncTearDown(self) -> None:
                    TRAIL.reset(self.third)
                    events.append(f"asyncTearDown {TRAIL.get()}")

                def tearDown(self) -> None:
                    TRAIL.reset(self.second)
                    events.append(f"tearDown {TRAIL.get()}")

            return T("test")

        return both_ways(make)

    @differential(5)
    def test_tests_do_not_see_one_another(self, base: Base) -> object:
        """Point 5: the second test of a suite starts without what the first one set."""

        class T(base):
            events: Events = []

            async def test_a(self) -> None:
                leave("a")

            async def test_b(self) -> None:
                self.events.append(f"b sees {TRAIL.get()}")

            def test_c(self) -> None:
                leave("c")

            def test_d(self) -> None:
                self.events.append(f"d sees {TRAIL.get()}")

        return [suite_events(T), suite_events(T, debug=True), TRAIL.get()]

    @differential(5, 19)
    def test_the_context_can_be_read(self, base: Base) -> object:
        """Points 5 and 19: ``_asyncioTestContext`` is the context that the test runs in."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def asyncSetUp(self) -> None:
                    leave("asyncSetUp")

                def look(self) -> str:
                    try:
                        self._asyncioTestContext.run(int)
                    except RuntimeError as error:
                        return f"{self._asyncioTestContext.get(TRAIL)} {str(error).split(':')[0]}"
                    return "not entered"

                async def test_async(self) -> None:
                    events.append(self.look())

                def test_sync(self) -> None:
                    events.append(self.look())

            return T(name)

        outcome: dict[str, object] = {}
        for name in ("test_async", "test_sync"):
            outcome[name] = both_ways(make)
        return outcome

    @differential(6)
    def test_what_was_set_before_the_instance_was_made_is_seen(self, base: Base) -> object:
        """Point 6: the context is a copy of the caller's."""

        class T(base):
            async def test(self) -> None:
                seen.append(TRAIL.get())

        seen: list[tuple[str, ...]] = []
        token = TRAIL.set(("before",))
        try:
            run_events(lambda events: T("test"))
        finally:
            TRAIL.reset(token)
        return seen

    @differential(6)
    def test_set_up_class_is_seen_in_the_test(self, base: Base) -> object:
        """Point 6: a variable set in setUpClass, after the tests were loaded."""

        class T(base):
            events: Events = []

            @classmethod
            def setUpClass(cls) -> None:
                cls.token = TRAIL.set(("setUpClass",))

            @classmethod
            def tearDownClass(cls) -> None:
                TRAIL.reset(cls.token)

            def setUp(self) -> None:
                self.events.append(f"setUp sees {TRAIL.get()}")

            async def test(self) -> None:
                self.events.append(f"test sees {TRAIL.get()}")

        return [event for event in suite_events(T) if "sees" in event]

    @differential(6)
    def test_set_up_module_is_seen_in_the_test(self, base: Base) -> object:
        """Point 6: a variable set in setUpModule, after the tests were loaded."""
        module = types.ModuleType("module_of_the_contract")
        tokens: list[contextvars.Token[tuple[str, ...]]] = []
        seen: list[str] = []

        class T(base):
            async def test(self) -> None:
                seen.append(f"test sees {TRAIL.get()}")

        T.__module__ = module.__name__
        setattr(module, "setUpModule", lambda: tokens.append(TRAIL.set(("setUpModule",))))
        setattr(module, "tearDownModule", lambda: TRAIL.reset(tokens[0]))
        with mock.patch.dict(sys.modules, {module.__name__: module}):
            unittest.defaultTestLoader.loadTestsFromTestCase(T).run(RecordingResult())
        return seen


class OneTask(ContractTest):
    """Point 7."""

    @differential(7)
    def test_each_phase_is_a_task_of_its_own(self, base: Base) -> object:
        """Point 7: how many tasks the async phases of one test run in."""
        tasks: list[asyncio.Task[object] | None] = []

        class T(base):
            async def look(self) -> None:
                tasks.append(asyncio.current_task())

            async def asyncSetUp(self) -> None:
                self.addAsyncCleanup(self.look)
                await self.look()

            async def test(self) -> None:
                await self.look()

            async def asyncTearDown(self) -> None:
                await self.look()

        counts: dict[str, int] = {}
        for way in ("run", "debug"):
            tasks.clear()
            getattr(T("test"), way)()
            counts[way] = len(set(map(id, tasks)))
        return counts

    @differential(7)
    def test_the_task_that_runs_is_the_only_one(self, base: Base) -> object:
        """Point 7: in an async phase ``all_tasks()`` is the current task alone, so that leak checks of suites hold."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def look(self, phase: str) -> None:
                    events.append(f"{phase} {asyncio.all_tasks() == {asyncio.current_task()}}")

                async def asyncSetUp(self) -> None:
                    self.addAsyncCleanup(self.look, "cleanup")
                    await self.look("asyncSetUp")

                async def test(self) -> None:
                    await self.look("test")

                async def asyncTearDown(self) -> None:
                    await self.look("asyncTearDown")

            return T("test")

        return both_ways(make)

    @differential(7)
    def test_between_async_phases_no_task_is_left(self, base: Base) -> object:
        """Point 7: what ``all_tasks(loop)`` holds in a sync test and in tearDown."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def asyncSetUp(self) -> None:
                    pass

                def test(self) -> None:
                    events.append(f"test {len(asyncio.all_tasks(asyncio.get_event_loop()))}")

                def tearDown(self) -> None:
                    events.append(f"tearDown {len(asyncio.all_tasks(asyncio.get_event_loop()))}")

            return T("test")

        return both_ways(make)

    @differential(7)
    def test_a_timeout_entered_in_async_set_up_acts_on_the_body(self, base: Base) -> object:
        """Point 7: the deadline passes while the body runs."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def asyncSetUp(self) -> None:
                    self.limit = await self.enterAsyncContext(asyncio.timeout(None))

                async def test(self) -> None:
                    self.limit.reschedule(asyncio.get_running_loop().time())
                    for _ in range(5):
                        await asyncio.sleep(0)
                    events.append("the body was not cut")

            return T("test")

        return run_events(make)

    @differential(7)
    def test_a_task_group_entered_in_async_set_up_acts_on_the_body(self, base: Base) -> object:
        """Point 7: a child fails while the body waits."""

        def make(events: Events) -> unittest.TestCase:
            async def fail() -> None:
                raise ValueError("child")

            class T(base):
                async def asyncSetUp(self) -> None:
                    self.group = await self.enterAsyncContext(asyncio.TaskGroup())

                async def test(self) -> None:
                    self.group.create_task(fail())
                    for _ in range(5):
                        await asyncio.sleep(0)
                    events.append("the body was not cut")

            return T("test")

        return run_events(make)
