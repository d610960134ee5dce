"""Point 15 and the silent passes: hooks of the wrong kind, returned values, code that never ran."""

# Test classes are built on a parameter, which mypy cannot take for a base class.
# mypy: disable-error-code="valid-type, misc"

import asyncio
import functools
import os
import unittest
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from .differential import ContractTest, differential
from .recording import Base, Events, RecordingResult, both_ways, run_events, suite_events, told


async def leave(events: Events, name: str) -> None:
    """Note *name* after a turn of the loop."""
    await asyncio.sleep(0)
    events.append(name)


class AsyncHooks(ContractTest):
    """What ``asyncSetUp`` and ``asyncTearDown`` may be."""

    @differential(15)
    def test_async_hooks_must_be_coroutine_functions(self, base: Base) -> object:
        """Point 15: a plain function under either name is an error."""

        def make_set_up(events: Events) -> unittest.TestCase:
            class T(base):
                def asyncSetUp(self) -> None:
                    events.append("asyncSetUp")

                async def test(self) -> None:
                    events.append("test")

            return T("test")

        def make_tear_down(events: Events) -> unittest.TestCase:
            class T(base):
                def asyncTearDown(self) -> None:
                    events.append("asyncTearDown")

                async def test(self) -> None:
                    events.append("test")

                def tearDown(self) -> None:
                    events.append("tearDown")

            return T("test")

        return [both_ways(make_set_up), both_ways(make_tear_down)]

    @differential(15)
    def test_values_of_hooks_are_ignored(self, base: Base) -> object:
        """Point 15: hooks and cleanups may return what they like."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                def setUp(self) -> int:
                    self.addCleanup(lambda: 5)
                    self.addAsyncCleanup(asyncio.sleep, 0, 6)
                    return 1

                async def asyncSetUp(self) -> int:
                    return 2

                async def test(self) -> None:
                    pass

                async def asyncTearDown(self) -> int:
                    return 3

                def tearDown(self) -> int:
                    return 4

            return T("test")

        return both_ways(make)

    @differential(15)
    def test_async_set_up_and_tear_down_under_the_sync_names(self, base: Base) -> object:
        """Pain 1: ``async def setUp`` and ``async def tearDown``, with and without their async sisters."""

        class T(base):
            events: Events = []

            async def setUp(self) -> None:
                await leave(self.events, "setUp")

            async def asyncSetUp(self) -> None:
                await leave(self.events, "asyncSetUp")

            async def test(self) -> None:
                await leave(self.events, "test")

            async def asyncTearDown(self) -> None:
                await leave(self.events, "asyncTearDown")

            async def tearDown(self) -> None:
                await leave(self.events, "tearDown")

        return suite_events(T)

    @differential(15)
    def test_async_class_hooks_under_the_sync_names(self, base: Base) -> object:
        """Pain 1: ``async def setUpClass`` and ``async def tearDownClass``."""

        class T(base):
            events: Events = []

            @classmethod
            async def setUpClass(cls) -> None:
                await leave(cls.events, "setUpClass")

            async def test(self) -> None:
                await leave(self.events, "test")

            @classmethod
            async def tearDownClass(cls) -> None:
                await leave(cls.events, "tearDownClass")

        return suite_events(T)

    @differential(15)
    def test_a_class_cleanup_that_is_async(self, base: Base) -> object:
        """Pain 1: ``addClassCleanup`` given a coroutine function."""

        class T(base):
            events: Events = []

            @classmethod
            def setUpClass(cls) -> None:
                cls.addClassCleanup(leave, cls.events, "class cleanup")

            async def test(self) -> None:
                pass

        return suite_events(T)


class ReturnedValues(ContractTest):
    """Tests that return something, or are generators."""

    def returned(self, base: Base, test: Callable[[unittest.TestCase], object]) -> object:
        """Return what run() and debug() make of the function *test*, with its warnings and where they point."""
        test_class = type("T", (base,), {"test": test})
        seen: dict[str, object] = {}
        for way in ("run", "debug"):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                events: Events = []
                case = test_class("test")
                try:
                    case.run(RecordingResult(events)) if way == "run" else case.debug()
                except BaseException as error:
                    events.append(told(error))
            for entry in caught:
                place = os.path.basename(entry.filename)
                named = "deprecated to return a value" in str(entry.message) and "testMethod=test" in str(entry.message)
                events.append(f"{entry.category.__name__} at {place}, names the test: {named}")
            seen[way] = events
        return seen

    @differential(15)
    def test_an_async_test_returns_a_value(self, base: Base) -> object:
        """Point 15: DeprecationWarning, attributed to the caller of run() or debug()."""

        async def test(self: unittest.TestCase) -> int:
            await asyncio.sleep(0)
            return 42

        return self.returned(base, test)

    @differential(15)
    def test_a_sync_test_returns_a_value(self, base: Base) -> object:
        """Point 15: the same for a sync test."""

        def test(self: unittest.TestCase) -> bool:
            return False

        return self.returned(base, test)

    @differential(15)
    def test_a_test_that_is_an_async_generator(self, base: Base) -> object:
        """Point 15: its body never runs."""

        async def test(self: unittest.TestCase) -> AsyncIterator[int]:
            self.fail("never seen")
            yield 1

        return self.returned(base, test)

    @differential(15)
    def test_a_test_that_is_a_generator(self, base: Base) -> object:
        """Point 15: its body never runs."""

        def test(self: unittest.TestCase) -> Iterator[int]:
            self.fail("never seen")
            yield 1

        return self.returned(base, test)

    @differential(15)
    def test_a_test_returns_none(self, base: Base) -> object:
        """Point 15: no warning."""

        async def test(self: unittest.TestCase) -> None:
            return None

        return self.returned(base, test)

    @differential(15)
    def test_a_wrapped_test_returns_its_coroutine(self, base: Base) -> object:
        """Pain 1: a sync wrapper around an async test, which fails when it runs."""

        def wrapped(function: Callable[[unittest.TestCase], Awaitable[None]]) -> Callable[[unittest.TestCase], object]:
            @functools.wraps(function)
            def wrapper(self: unittest.TestCase) -> object:
                return function(self)

            return wrapper

        @wrapped
        async def test(self: unittest.TestCase) -> None:
            await asyncio.sleep(0)
            self.fail("it ran")

        return run_events(lambda events: type("T", (base,), {"test": test})("test"))

    @differential(15)
    def test_coroutine_objects_in_truth_assertions(self, base: Base) -> object:
        """Pain 1: a forgotten await inside assertTrue, assertFalse and assertIsNotNone."""

        async def false() -> bool:
            return False

        class T(base):
            events: Events = []

            async def test_a(self) -> None:
                self.assertTrue(false())

            async def test_b(self) -> None:
                self.assertIsNotNone(false())

            async def test_c(self) -> None:
                self.assertFalse(false())

            async def test_d(self) -> None:
                self.assertFalse(await false())
                self.assertIsNotNone(await false(), "message")

        calls = [event.split(":")[0] for event in suite_events(T)]
        return [call for call in calls if "Duration" not in call]
