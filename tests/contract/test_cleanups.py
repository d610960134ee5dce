"""Point 14: cleanups and context managers, sync and async."""

# Test classes are built on a parameter, which mypy cannot take for a base class.
# mypy: disable-error-code="valid-type, misc"

import asyncio
import contextlib
import functools
import unittest
from collections.abc import AsyncIterator, Iterator
from types import TracebackType

from .differential import ContractTest, differential
from .recording import Base, Events, both_ways, noting, run_events


class Manager:
    """An async context manager that tells what it gets."""

    def __init__(self, events: Events, name: str = "manager", error: BaseException | None = None) -> None:
        self.events, self.name, self.error = events, name, error

    async def __aenter__(self) -> str:
        await asyncio.sleep(0)
        self.events.append(f"{self.name} entered")
        return self.name

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        await asyncio.sleep(0)
        self.events.append(f"{self.name} left with {kind, error, trace}")
        if self.error is not None:
            raise self.error
        return True


class OnlyEnter:
    """Half of the protocol."""

    async def __aenter__(self) -> None:
        raise AssertionError("entered, though it can not be left")


class SyncManager:
    """A plain context manager."""

    def __enter__(self) -> str:
        return "sync value"

    def __exit__(self, *args: object) -> None:
        pass


class Cleanups(ContractTest):
    """Cleanups of either kind by either method."""

    @differential(14)
    def test_either_method_takes_either_kind(self, base: Base) -> object:
        """Point 14: ``addCleanup`` with a coroutine function, ``addAsyncCleanup`` with a plain one; with arguments."""

        def make(events: Events) -> unittest.TestCase:
            async def later(*args: object, **kwargs: object) -> str:
                await asyncio.sleep(0)
                events.append(f"async {args} {kwargs}")
                return "ignored"

            def now(*args: object, **kwargs: object) -> str:
                events.append(f"sync {args} {kwargs}")
                return "ignored"

            class T(base):
                async def method(self, value: object) -> None:
                    events.append(f"method {value}")

                async def test(self) -> None:
                    self.addCleanup(later, 1, key=2)
                    self.addAsyncCleanup(now, 3, key=4)
                    self.addAsyncCleanup(later, func="f", name="n")
                    self.addAsyncCleanup(self.method, value="m")

            return T("test")

        return both_ways(make)

    @differential(14, 15)
    def test_awaitables_that_cleanups_return(self, base: Base) -> object:
        """Points 14 and 15: a lambda, an object with an async ``__call__`` and a partial."""

        def make(events: Events) -> unittest.TestCase:
            async def closing(name: str) -> None:
                await asyncio.sleep(0)
                events.append(f"closed {name}")

            class Closer:
                async def __call__(self) -> None:
                    await closing("by a callable object")

            class T(base):
                async def test(self) -> None:
                    self.addCleanup(lambda: closing("by a lambda"))
                    self.addCleanup(functools.partial(closing, "by a partial"))
                    self.addAsyncCleanup(Closer())
                    self.addAsyncCleanup(lambda: asyncio.gather(closing("one"), closing("two")))

            return T("test")

        return run_events(make)

    @differential(14)
    def test_an_async_callable_object_is_called_once(self, base: Base) -> object:
        """Point 14: a sync callable object is called with its arguments."""

        def make(events: Events) -> unittest.TestCase:
            class Callable:
                def __call__(self, *args: object) -> None:
                    events.append(f"called {args}")

            class T(base):
                async def test(self) -> None:
                    self.addCleanup(Callable(), 1)
                    self.addAsyncCleanup(Callable(), 2)

            return T("test")

        return both_ways(make)


class ContextManagers(ContractTest):
    """``enterAsyncContext`` and its sync sisters."""

    @differential(14)
    def test_enter_async_context(self, base: Base) -> object:
        """Point 14: returns the value; left as a cleanup, in reverse, with three Nones, also when the test failed."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def asyncSetUp(self) -> None:
                    events.append(await self.enterAsyncContext(Manager(events, "outer")))

                async def test(self) -> None:
                    events.append(await self.enterAsyncContext(Manager(events, "inner")))
                    self.fail("inside")

                async def asyncTearDown(self) -> None:
                    events.append("asyncTearDown")

            return T("test")

        return both_ways(make)

    @differential(14)
    def test_enter_async_context_refuses(self, base: Base) -> object:
        """Point 14: TypeErrors name the protocol; dunders are looked up on the type, both before either is called."""

        def make(events: Events) -> unittest.TestCase:
            class OnInstance:
                def __init__(self) -> None:
                    self.__aenter__ = self.__aexit__ = asyncio.sleep

            class T(base):
                async def test(self) -> None:
                    for manager in (object(), OnlyEnter(), OnInstance(), None):
                        with noting(events, type(manager).__name__):
                            await self.enterAsyncContext(manager)

            return T("test")

        return both_ways(make)

    @differential(14)
    def test_enter_async_context_that_fails(self, base: Base) -> object:
        """Point 14: a failing enter registers nothing; a failing exit is an error, and the other cleanups run."""

        def make(events: Events) -> unittest.TestCase:
            class Failing(Manager):
                async def __aenter__(self) -> str:
                    raise ValueError("no entry")

            class T(base):
                async def test(self) -> None:
                    self.addCleanup(events.append, "first cleanup")
                    with noting(events, "enter"):
                        await self.enterAsyncContext(Failing(events))
                    await self.enterAsyncContext(Manager(events, "bad", OSError("no exit")))
                    self.addCleanup(events.append, "last cleanup")

            return T("test")

        return both_ways(make)

    @differential(14)
    def test_generator_context_managers(self, base: Base) -> object:
        """Point 14: managers made by contextlib, sync and async, in one stack."""

        def make(events: Events) -> unittest.TestCase:
            @contextlib.asynccontextmanager
            async def outer() -> AsyncIterator[str]:
                yield "async value"
                await asyncio.sleep(0)
                events.append("left async")

            @contextlib.contextmanager
            def inner() -> Iterator[str]:
                yield "sync value"
                events.append("left sync")

            class T(base):
                def setUp(self) -> None:
                    events.append(self.enterContext(inner()))

                async def test(self) -> None:
                    events.append(await self.enterAsyncContext(outer()))

            return T("test")

        return both_ways(make)

    @differential(14)
    def test_enter_async_context_hints_at_enter_context(self, base: Base) -> object:
        """Point 14: what the TypeError for a sync manager advises."""
        return self.refusal(base, "enterAsyncContext", SyncManager())

    @differential(14)
    def test_enter_context_hints_at_enter_async_context(self, base: Base) -> object:
        """Point 14: what the TypeError for an async manager advises."""
        return self.refusal(base, "enterContext", Manager([]))

    def refusal(self, base: Base, method: str, manager: object) -> object:
        """Return what entering *manager* by *method* raises, without the words of the first lines."""

        class T(base):
            async def test(self) -> None:
                with self.assertRaises(TypeError) as caught:
                    entered = getattr(self, method)(manager)
                    await entered
                seen.append(str(caught.exception).partition(" protocol")[2])

        seen: list[str] = []
        run_events(lambda events: T("test"))
        return seen
