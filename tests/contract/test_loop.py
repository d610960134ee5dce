"""Points 1, 3, 17 and 18: which loop a test gets, in which mode, and in which thread."""

# Test classes are built on a parameter, which mypy cannot take for a base class.
# mypy: disable-error-code="valid-type, misc"

import asyncio
import sys
import threading
import unittest
import warnings
from collections.abc import Callable

from .differential import ContractTest, differential
from .recording import Base, Events, RecordingResult, both_ways, current_loop, loops_made, run_events, suite_events


async def answer() -> int:
    """Return 42 after a turn of the loop."""
    await asyncio.sleep(0)
    return 42


class LoopOfATest(ContractTest):
    """Points 1 and 18."""

    @differential(1)
    def test_each_run_has_a_loop_of_its_own(self, base: Base) -> object:
        """Point 1: two tests of a class run on two loops, both closed afterwards."""
        loops: list[asyncio.AbstractEventLoop] = []

        class T(base):
            events: Events = []

            async def test_a(self) -> None:
                loops.append(asyncio.get_running_loop())

            async def test_b(self) -> None:
                loops.append(asyncio.get_running_loop())

        events = suite_events(T)
        return [events, len(set(map(id, loops))), [loop.is_closed() for loop in loops]]

    @differential(1)
    def test_a_skipped_test_makes_no_loop(self, base: Base) -> object:
        """Point 1: no loop for a skipped method, nor for a skipped class."""

        class Method(base):
            @unittest.skip("not now")
            async def test(self) -> None:
                raise AssertionError("ran")

        @unittest.skip("none of it")
        class Whole(base):
            async def test(self) -> None:
                raise AssertionError("ran")

        with loops_made() as made:
            seen = [both_ways(lambda events: Method("test")), both_ways(lambda events: Whole("test"))]
        return [seen, len(made)]

    @differential(1)
    def test_making_an_instance_makes_no_loop(self, base: Base) -> object:
        """Point 1: the loop is made by the run, one each."""

        class T(base):
            async def test(self) -> None:
                pass

        with loops_made() as made:
            case = T("test")
            before = len(made)
            case.run(RecordingResult())
        return [before, len(made)]

    @differential(1, 3)
    def test_the_runner_of_the_test_gives_its_loop(self, base: Base) -> object:
        """Point 1: ``_asyncioRunner`` is there from setUp to the cleanups, and its loop is the test's."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                def look(self, phase: str) -> None:
                    events.append(f"{phase}: {self._asyncioRunner.get_loop() is current_loop()}")

                def setUp(self) -> None:
                    self.addCleanup(self.look, "cleanup")
                    self.look("setUp")

                async def test(self) -> None:
                    self.look("test")

                def tearDown(self) -> None:
                    self.look("tearDown")

            return T("test")

        return both_ways(make)

    @differential(18, 1)
    def test_debug_mode_is_on(self, base: Base) -> object:
        """Points 1 and 18: debug mode, with its threshold and its depth of coroutine origins."""
        seen: dict[str, object] = {}

        class T(base):
            async def test(self) -> None:
                loop = asyncio.get_running_loop()
                seen["debug"] = loop.get_debug()
                seen["slow callback"] = loop.slow_callback_duration
                seen["origin depth"] = sys.get_coroutine_origin_tracking_depth()

        T("test").run(RecordingResult())
        return seen

    @differential(18, fresh=True, environment={"PYTHONASYNCIODEBUG": "1"})
    def test_debug_mode_follows_the_environment(self, base: Base) -> object:
        """Point 18: asyncio's own switch turns debug mode on."""
        seen: list[object] = []

        class T(base):
            async def test(self) -> None:
                seen.extend([asyncio.get_running_loop().get_debug(), sys.get_coroutine_origin_tracking_depth()])

        return [run_events(lambda events: T("test")), seen]

    @differential(3)
    def test_the_policy_makes_the_loop(self, base: Base) -> object:
        """Point 3: a policy that the suite installed decides what loop a test gets."""

        class Kept(asyncio.SelectorEventLoop):
            pass

        with warnings.catch_warnings():
            # The policy API is on its way out; while it is there, suites that use it must keep their loop.
            warnings.simplefilter("ignore", DeprecationWarning)

            class Policy(asyncio.DefaultEventLoopPolicy):
                def new_event_loop(self) -> asyncio.AbstractEventLoop:
                    return Kept()

            def make(events: Events) -> unittest.TestCase:
                class T(base):
                    async def test(self) -> None:
                        events.append(type(asyncio.get_running_loop()).__name__)

                return T("test")

            asyncio.set_event_loop_policy(Policy())
            try:
                return both_ways(make)
            finally:
                asyncio.set_event_loop_policy(None)
                asyncio.set_event_loop(None)  # or a new policy makes one for whoever asks


class Threads(ContractTest):
    """Point 17."""

    @differential(17)
    def test_a_case_runs_in_another_thread(self, base: Base) -> object:
        """Point 17: all phases run in the thread that called ``run()``."""

        def make(events: Events) -> unittest.TestCase:
            def look(phase: str) -> None:
                events.append(f"{phase} in {threading.current_thread().name}, loop {current_loop() is not None}")

            class T(base):
                def setUp(self) -> None:
                    look("setUp")
                    self.addAsyncCleanup(asyncio.sleep, 0)

                async def asyncSetUp(self) -> None:
                    look("asyncSetUp")

                async def test(self) -> None:
                    await asyncio.to_thread(int)
                    look("test")

                def tearDown(self) -> None:
                    look("tearDown")

            return T("test")

        seen: list[object] = []
        _in_thread("worker", lambda: seen.extend([both_ways(make), current_loop() is None]))
        return seen

    @differential(17)
    def test_two_threads_run_two_cases_at_once(self, base: Base) -> object:
        """Point 17: both are inside their bodies at the same time, each on its loop."""
        barrier = threading.Barrier(2, timeout=10)
        loops: list[asyncio.AbstractEventLoop] = []
        seen: dict[str, Events] = {}

        class T(base):
            async def test(self) -> None:
                barrier.wait()
                loops.append(asyncio.get_running_loop())
                await answer()
                barrier.wait()

        def work() -> None:
            seen[threading.current_thread().name] = run_events(lambda events: T("test"))

        threads = [threading.Thread(target=work, name=name) for name in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [sorted(seen.items()), len(set(map(id, loops)))]

    @differential(17)
    def test_inside_a_running_loop_the_phases_error(self, base: Base) -> object:
        """Point 17: the first async phase errors, and what ``run()`` does then is the stock class's or ours."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                def setUp(self) -> None:
                    events.append("setUp")
                    self.addCleanup(events.append, "cleanup")

                async def test(self) -> None:
                    events.append("test")

            return T("test")

        async def outer() -> object:
            with loops_made() as made:
                return [run_events(make), [loop.is_closed() for loop in made]]

        return asyncio.run(outer())


def _in_thread(name: str, work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work, name=name)
    thread.start()
    thread.join()
