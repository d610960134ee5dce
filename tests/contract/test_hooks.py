"""Point 19: the private hooks that real suites override keep working."""

# Test classes are built on a parameter, which mypy cannot take for a base class.
# mypy: disable-error-code="valid-type, misc"

import asyncio
import contextvars
import inspect
import unittest
import warnings
from collections.abc import Callable
from typing import Any

from .differential import ContractTest, differential
from .recording import Base, Events, RecordingResult, both_ways, run_events

COLOUR: contextvars.ContextVar[str] = contextvars.ContextVar("COLOUR", default="none")


def with_all_phases(base: Base, events: Events) -> type[Any]:
    """Build a class whose phases note their loop's place in ``loops``, and what they see in the context."""

    class T(base):
        loops: list[asyncio.AbstractEventLoop] = []

        def note(self, phase: str) -> None:
            events.append(f"{phase} {COLOUR.get()}")

        async def note_async(self, phase: str) -> None:
            self.loops.append(asyncio.get_running_loop())
            await asyncio.sleep(0)
            self.note(f"{phase}, debug {self.loops[-1].get_debug()}")

        def setUp(self) -> None:
            self.note("setUp")
            COLOUR.set("red")
            self.addCleanup(self.note, "sync cleanup")
            self.addAsyncCleanup(self.note_async, "async cleanup")

        async def asyncSetUp(self) -> None:
            await self.note_async("asyncSetUp")
            COLOUR.set("green")

        async def test_async(self) -> None:
            await self.note_async("test")
            COLOUR.set("blue")

        def test_sync(self) -> None:
            self.note("test")
            COLOUR.set("blue")

        async def asyncTearDown(self) -> None:
            await self.note_async("asyncTearDown")

        def tearDown(self) -> None:
            self.note("tearDown")

    return T


def each_test(make: Callable[[Events], type[Any]]) -> object:
    """Return the events of the async and the sync test of a class, both ways."""
    return {name: both_ways(lambda events: make(events)(name)) for name in ("test_async", "test_sync")}


class RunnerHooks(ContractTest):
    """``_setupAsyncioRunner`` and ``_tearDownAsyncioRunner``."""

    @differential(19)
    def test_a_runner_around_a_kept_loop(self, base: Base) -> object:
        """Point 19: a stock Runner over one loop that the suite keeps, and that nothing closes (tortoise-orm)."""
        kept = asyncio.new_event_loop()
        used: list[asyncio.AbstractEventLoop] = []

        def make(events: Events) -> type[Any]:
            class Kept(with_all_phases(base, events)):
                loops = used

                def _setupAsyncioRunner(self) -> None:
                    self._asyncioRunner = asyncio.Runner(debug=True, loop_factory=lambda: kept)

                def _tearDownAsyncioRunner(self) -> None:
                    events.append("runner kept")

            return Kept

        try:
            return [each_test(make), all(loop is kept for loop in used), kept.is_closed()]
        finally:
            kept.close()

    @differential(19)
    def test_a_runner_around_a_kept_loop_that_is_current(self, base: Base) -> object:
        """Point 19: the same, where the suite also sets the kept loop as current and uses it in sync phases."""
        kept = asyncio.new_event_loop()

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                def _setupAsyncioRunner(self) -> None:
                    asyncio.set_event_loop(kept)
                    self._asyncioRunner = asyncio.Runner(loop_factory=lambda: kept)

                def _tearDownAsyncioRunner(self) -> None:
                    asyncio.set_event_loop(None)

                async def value(self) -> bool:
                    await asyncio.sleep(0)
                    return asyncio.get_running_loop() is kept

                def setUp(self) -> None:
                    events.append(f"setUp {asyncio.get_event_loop().run_until_complete(self.value())}")

                async def test(self) -> None:
                    events.append(f"test {await self.value()}")

                def tearDown(self) -> None:
                    events.append(f"tearDown {asyncio.get_event_loop().run_until_complete(self.value())}")

            return T("test")

        try:
            return [both_ways(make), both_ways(make), kept.is_closed()]
        finally:
            kept.close()

    @differential(19)
    def test_a_runner_that_the_suite_makes_and_closes(self, base: Base) -> object:
        """Point 19: a stock Runner with its own loop factory and debug switch, closed by the suite."""

        class Own(asyncio.SelectorEventLoop):
            pass

        used: list[asyncio.AbstractEventLoop] = []

        def make(events: Events) -> type[Any]:
            class T(with_all_phases(base, events)):
                loops = used

                def _setupAsyncioRunner(self) -> None:
                    assert getattr(self, "_asyncioRunner") is None, "the runner is there already"
                    self._asyncioRunner = asyncio.Runner(debug=False, loop_factory=Own)

                def _tearDownAsyncioRunner(self) -> None:
                    self._asyncioRunner.close()
                    events.append("runner closed")

            return T

        return [each_test(make), {type(loop).__name__ for loop in used} == {"Own"}, all(x.is_closed() for x in used)]

    @differential(19)
    def test_runner_hooks_that_call_super(self, base: Base) -> object:
        """Point 19: extended, not replaced: the loop's debug switch set in between, the context replaced."""
        shared = contextvars.copy_context()
        shared.run(COLOUR.set, "shared")

        def make(events: Events) -> type[Any]:
            class T(with_all_phases(base, events)):
                def _setupAsyncioRunner(self) -> None:
                    super()._setupAsyncioRunner()
                    self._asyncioRunner.get_loop().set_debug(False)
                    self._asyncioTestContext = shared.copy()

                def _tearDownAsyncioRunner(self) -> None:
                    loop = self._asyncioRunner.get_loop()
                    super()._tearDownAsyncioRunner()
                    events.append(f"loop closed {loop.is_closed()}")

            return T

        return each_test(make)

    @differential(19)
    def test_run_and_debug_that_call_super(self, base: Base) -> object:
        """Point 19: ``run`` and ``debug`` themselves, extended by a mixin."""

        class Mixin:
            def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
                assert isinstance(result, RecordingResult)
                result.events.append("before run")
                try:
                    return super().run(result)  # type: ignore[no-any-return]  # of the base that is mixed in
                finally:
                    result.events.append("after run")

            def debug(self) -> None:
                super().debug()

        def make(events: Events) -> type[Any]:
            class T(Mixin, with_all_phases(base, events)):
                async def asyncSetUp(self) -> None:
                    asyncio.get_running_loop().set_debug(False)
                    await super().asyncSetUp()

            return T

        return each_test(make)


class CallHooks(ContractTest):
    """``_callSetUp``, ``_callTestMethod``, ``_callTearDown``, ``_callCleanup``, ``_callAsync``, ``_callMaybeAsync``."""

    @differential(19)
    def test_call_hooks_written_again_over_the_runner(self, base: Base) -> object:
        """Point 19: all six, in terms of ``_asyncioRunner`` and ``_asyncioTestContext``."""

        def make(events: Events) -> type[Any]:
            class T(with_all_phases(base, events)):
                def _callSetUp(self) -> None:
                    self._asyncioRunner.get_loop().set_debug(False)
                    self._asyncioTestContext.run(self.setUp)
                    self._callAsync(self.asyncSetUp)

                def _callTestMethod(self, method: Callable[[], Any]) -> None:
                    if self._callMaybeAsync(method) is not None:
                        warnings.warn("a value", DeprecationWarning, stacklevel=4)

                def _callTearDown(self) -> None:
                    self._callAsync(self.asyncTearDown)
                    self._asyncioTestContext.run(self.tearDown)

                def _callCleanup(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
                    self._callMaybeAsync(function, *args, **kwargs)

                def _callAsync(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
                    assert self._asyncioRunner is not None
                    events.append(f"_callAsync {func.__name__}")
                    return self._asyncioRunner.run(func(*args, **kwargs), context=self._asyncioTestContext)

                def _callMaybeAsync(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
                    if inspect.iscoroutinefunction(func):
                        return self._callAsync(func, *args, **kwargs)
                    return self._asyncioTestContext.run(func, *args, **kwargs)

            return T

        return each_test(make)

    @differential(19)
    def test_call_hooks_written_again_over_a_loop_of_the_suite(self, base: Base) -> object:
        """Point 19: all five over ``run_until_complete`` of a loop that the suite keeps (pymongo)."""
        kept = asyncio.new_event_loop()
        used: list[asyncio.AbstractEventLoop] = []

        def make(events: Events) -> type[Any]:
            class T(with_all_phases(base, events)):
                loops = used

                def _callSetUp(self) -> None:
                    self.setUp()
                    self._callAsync(self.asyncSetUp)

                def _callTestMethod(self, method: Callable[[], Any]) -> None:
                    self._callMaybeAsync(method)

                def _callTearDown(self) -> None:
                    self._callAsync(self.asyncTearDown)
                    self.tearDown()

                def _callCleanup(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
                    self._callMaybeAsync(function, *args, **kwargs)

                def _callAsync(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
                    assert inspect.iscoroutinefunction(func)
                    return kept.run_until_complete(func(*args, **kwargs))

                def _callMaybeAsync(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
                    if inspect.iscoroutinefunction(func):
                        return kept.run_until_complete(func(*args, **kwargs))
                    return func(*args, **kwargs)

            return T

        context = contextvars.copy_context()
        try:
            return [context.run(each_test, make), all(loop is kept for loop in used), kept.is_closed()]
        finally:
            kept.close()

    @differential(19)
    def test_call_hooks_that_call_super(self, base: Base) -> object:
        """Point 19: each hook extended; every phase goes through the hooks that the stock class sends it through."""

        def make(events: Events) -> type[Any]:
            class T(with_all_phases(base, events)):
                def _callSetUp(self) -> None:
                    self._asyncioRunner.get_loop().set_debug(False)
                    events.append("_callSetUp")
                    super()._callSetUp()
                    events.append("_callSetUp ends")

                def _callTestMethod(self, method: Callable[[], Any]) -> None:
                    events.append(f"_callTestMethod {method.__name__}")
                    super()._callTestMethod(method)
                    events.append("_callTestMethod ends")

                def _callTearDown(self) -> None:
                    events.append("_callTearDown")
                    super()._callTearDown()
                    events.append("_callTearDown ends")

                def _callCleanup(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
                    events.append(f"_callCleanup {function.__name__} {args} {kwargs}")
                    super()._callCleanup(function, *args, **kwargs)
                    events.append("_callCleanup ends")

            return T

        return each_test(make)

    @differential(19)
    def test_the_lower_call_hooks_that_call_super(self, base: Base) -> object:
        """Point 19: ``_callAsync`` and ``_callMaybeAsync`` extended; who calls them, and what they return."""

        def make(events: Events) -> type[Any]:
            class T(with_all_phases(base, events)):
                def _callAsync(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
                    self._asyncioRunner.get_loop().set_debug(False)
                    events.append(f"_callAsync {func.__name__} {args}")
                    return super()._callAsync(func, *args, **kwargs)

                def _callMaybeAsync(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
                    value = super()._callMaybeAsync(func, *args, **kwargs)
                    events.append(f"_callMaybeAsync {func.__name__} {args} gives {value}")
                    return value

            return T

        return each_test(make)

    @differential(19)
    def test_call_async_wraps_a_body(self, base: Base) -> object:
        """Point 19: a hook that wraps the coroutine function of each phase (a timeout, a patch)."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                def _callMaybeAsync(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
                    async def wrapped() -> None:
                        events.append("before")
                        async with asyncio.timeout(10):
                            await func(*args, **kwargs)
                        events.append("after")

                    return super()._callMaybeAsync(wrapped)

                async def test(self) -> None:
                    self.addAsyncCleanup(asyncio.sleep, 0)
                    await asyncio.sleep(0)
                    events.append("test")

            return T("test")

        return both_ways(make)

    @differential(19)
    def test_call_async_refuses_what_is_not_async(self, base: Base) -> object:
        """Point 19: ``_callAsync`` of a plain function fails with the stock class's words; values come back."""

        def make(events: Events) -> unittest.TestCase:
            def plain() -> int:
                return 1

            async def value(number: int, *, key: int) -> int:
                await asyncio.sleep(0)
                return number + key

            class T(base):
                # Not from a sync phase: there the context is entered already, and the stock class waits for ever.
                def _callTestMethod(self, method: Callable[[], Any]) -> None:
                    events.append(f"{self._callAsync(value, 1, key=2)} {self._callMaybeAsync(value, 3, key=4)}")
                    events.append(f"{self._callMaybeAsync(plain)}")
                    self._callAsync(plain)

                async def test(self) -> None:
                    pass

            return T("test")

        return run_events(make)
