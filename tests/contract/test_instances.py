"""Instances: run again, copied, pickled, compared. And point 16: ``debug()``."""

# Test classes are built on a parameter, which mypy cannot take for a base class.
# mypy: disable-error-code="valid-type, misc"

import asyncio
import copy
import gc
import pickle
import sys
import unittest
from unittest import mock

from .differential import ContractTest, differential
from .recording import Base, Events, RecordingResult, leftover, loops_made, noting, run_events, suite_events


class Instances(ContractTest):
    """What can be done with a case before and after it ran."""

    @differential(11, 24)
    def test_an_instance_runs_again(self, base: Base) -> object:
        """Pain 11: a second ``run()`` of one instance."""

        class T(base):
            async def test(self) -> None:
                events.append("test")
                self.addAsyncCleanup(asyncio.sleep, 0)

        events: Events = []
        case = T("test")
        for _ in range(2):
            with noting(events, "run()"):
                case.run(RecordingResult(events))
        return events

    @differential(11, 16)
    def test_an_instance_is_debugged_after_its_run(self, base: Base) -> object:
        """Pain 11: ``debug()`` after ``run()`` and the other way round."""

        class T(base):
            async def test(self) -> None:
                events.append("test")

        events: Events = []
        for ways in (("run", "debug"), ("debug", "run"), ("debug", "debug")):
            case = T("test")
            for way in ways:
                with noting(events, way):
                    getattr(case, way)()
        return events

    @differential(11)
    def test_an_instance_is_pickled(self, base: Base) -> object:
        """Pain 7: pickled before and after its run, and the copy runs."""

        class T(base):
            async def test(self) -> None:
                events.append("test")

        T.__qualname__ = "PickledByTheContract"
        events: Events = []
        case = T("test")
        with mock.patch.object(sys.modules[__name__], T.__qualname__, T, create=True):
            for _ in range(2):
                with noting(events, "pickle"):
                    pickle.loads(pickle.dumps(case)).run(RecordingResult(events))
                with noting(events, "run()"):
                    case.run(RecordingResult())
        return events

    @differential(11)
    def test_an_instance_is_copied_deep(self, base: Base) -> object:
        """Pain 7: deep copies before and after the run, which run."""

        class T(base):
            async def test(self) -> None:
                events.append("test")

        events: Events = []
        case = T("test")
        for _ in range(2):
            with noting(events, "deepcopy"):
                copy.deepcopy(case).run(RecordingResult(events))
            with noting(events, "run()"):
                case.run(RecordingResult())
        return events

    @differential(24)
    def test_identity_of_instances(self, base: Base) -> object:
        """Point 24: equality, hash, id, text and description of instances."""

        class T(base):
            async def test(self) -> None:
                """Say what it does.

                Not this line.
                """

            async def other(self) -> None:
                pass

        case = T("test")
        return [
            case == T("test"),
            case == T("other"),
            hash(case) == hash(T("test")),
            case.id(),
            str(case),
            repr(case),
            case.shortDescription(),
            case.countTestCases(),
        ]

    @differential(24)
    def test_names_that_are_no_tests(self, base: Base) -> object:
        """Point 24: the error for an unknown method; ``runTest`` as the default; the base as a case of no tests."""

        class T(base):
            async def runTest(self) -> None:
                events.append("runTest")

        events: Events = []
        with noting(events, "T('missing')"):
            T("missing")
        T().run(RecordingResult(events))
        events.append(f"{base().id().split('.')[-1]} {base().countTestCases()}")
        return events

    @differential(24)
    def test_an_own_constructor(self, base: Base) -> object:
        """Point 24: ``__init__`` with other arguments, which calls ``super()``."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                def __init__(self, colour: str) -> None:
                    super().__init__("test")
                    self.colour = colour

                async def test(self) -> None:
                    events.append(self.colour)

            return T("green")

        return run_events(make)

    @differential(24)
    def test_names_that_suites_use_are_theirs(self, base: Base) -> object:
        """Point 19 and 24: attributes that a suite assigns or defines disturb nothing."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                timeout = "mine"
                server = client = clock = property(lambda self: "a property")

                def setUp(self) -> None:
                    self.loop = "my loop"
                    self.context = self.task = self.runner = self.result = self.run_ = None

                def spawn(self) -> str:
                    return "my spawn"

                async def test(self) -> None:
                    events.append(f"{self.loop} {self.timeout} {self.client} {self.spawn()}")

            return T("test")

        return run_events(make)


class Debugging(ContractTest):
    """Point 16."""

    @differential(16)
    def test_after_a_failure_cleanups_run_in_the_same_loop(self, base: Base) -> object:
        """Point 16: the loop stays open for ``doCleanups()``, and is closed when the case goes."""

        class T(base):
            async def look(self, phase: str) -> None:
                loops.append(asyncio.get_running_loop())
                events.append(phase)

            async def test(self) -> None:
                self.addAsyncCleanup(self.look, "async cleanup")
                self.addCleanup(events.append, "sync cleanup")
                await self.look("test")
                self.fail("here")

            async def asyncTearDown(self) -> None:
                events.append("asyncTearDown")

        events: Events = []
        loops: list[asyncio.AbstractEventLoop] = []
        case = T("test")
        with noting(events, "debug()"):
            case.debug()
        open_after_failure = [loop.is_closed() for loop in loops]
        events.append(f"doCleanups {case.doCleanups()}")
        same = len(set(map(id, loops)))
        del case
        gc.collect()
        return [events, open_after_failure, same, [loop.is_closed() for loop in loops]]

    @differential(16)
    def test_after_success_the_loop_is_closed(self, base: Base) -> object:
        """Point 16: at the end of ``debug()``, with the case still alive."""

        class T(base):
            async def test(self) -> None:
                loops.append(asyncio.get_running_loop())

        loops: list[asyncio.AbstractEventLoop] = []
        case = T("test")
        returned = case.debug()
        return [returned, [loop.is_closed() for loop in loops], case.countTestCases()]

    @differential(16)
    def test_leftovers_of_a_failed_debug_end_with_the_case(self, base: Base) -> object:
        """Point 16: a task that is left is cancelled when the case is collected."""

        class T(base):
            async def test(self) -> None:
                self.task = asyncio.create_task(leftover(events))
                await asyncio.sleep(0)
                self.fail("here")

        events: Events = []
        case = T("test")
        with noting(events, "debug()"):
            case.debug()
        events.append("the case goes")
        del case
        gc.collect()
        return events

    @differential(16)
    def test_debug_of_a_skipped_test_makes_no_loop(self, base: Base) -> object:
        """Point 16: SkipTest leaves ``debug()``; a skip in a phase leaves it too."""

        class T(base):
            @unittest.skip("decorated")
            async def test_a(self) -> None:
                pass

            async def test_b(self) -> None:
                self.skipTest("in the body")

        events: Events = []
        counts: list[int] = []
        for name in ("test_a", "test_b"):
            with loops_made() as made, noting(events, name):
                T(name).debug()
            counts.append(len(made))
        return [events, counts]

    @differential(16)
    def test_expected_failures_and_subtests(self, base: Base) -> object:
        """Point 16: ``debug()`` knows no expected failures, and a failing subtest leaves it at once."""

        class T(base):
            @unittest.expectedFailure
            async def test_expected(self) -> None:
                self.fail("as expected")

            async def test_subtests(self) -> None:
                for number in range(2):
                    with self.subTest(number=number):
                        events.append(f"subtest {number}")
                        self.fail("first")

        events: Events = []
        for name in ("test_expected", "test_subtests"):
            with noting(events, name):
                T(name).debug()
        return events

    @differential(16, 25)
    def test_suite_debug(self, base: Base) -> object:
        """Points 16 and 25: ``suite.debug()`` runs class fixtures, and stops at the first failure."""

        class T(base):
            events: Events = []

            @classmethod
            def setUpClass(cls) -> None:
                cls.events.append("setUpClass")
                cls.addClassCleanup(cls.events.append, "class cleanup")

            @classmethod
            def tearDownClass(cls) -> None:
                cls.events.append("tearDownClass")

            async def test_a(self) -> None:
                self.events.append("a")

            async def test_b(self) -> None:
                self.fail("b")

            async def test_c(self) -> None:
                self.events.append("c")

        return suite_events(T, debug=True)
