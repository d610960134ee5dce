"""Points 20, 27, 28 and 29: what inspection sees, and the frames that a failure shows."""

# Test classes are built on a parameter, which mypy cannot take for a base class.
# mypy: disable-error-code="valid-type, misc"

import asyncio
import inspect
import os
import re
import types
import unittest
from unittest import IsolatedAsyncioTestCase, mock

from .differential import ContractTest, differential
from .recording import Base, Events, RecordingResult, both_ways

_FRAME = re.compile(r'File "([^"]*)", line \d+, in (\S+)')


class Inspection(ContractTest):
    """Points 20, 27 and 29."""

    @differential(20)
    def test_it_is_an_isolated_asyncio_test_case(self, base: Base) -> object:
        """Point 20: ``isinstance`` and ``issubclass`` hold."""

        class T(base):
            async def test(self) -> None:
                pass

        return [
            issubclass(T, IsolatedAsyncioTestCase),
            isinstance(T("test"), IsolatedAsyncioTestCase),
            isinstance(T("test"), unittest.TestCase),
            type(T) is type,
        ]

    @differential(27)
    def test_methods_stay_the_functions_that_were_written(self, base: Base) -> object:
        """Point 27: plain functions in the class, coroutine functions where they were, source lines found."""

        async def test_a(self: unittest.TestCase, value: int = 1) -> None:
            """Say something."""

        def test_b(self: unittest.TestCase) -> None:
            pass

        async def asyncSetUp(self: unittest.TestCase) -> None:
            pass

        functions = {"test_a": test_a, "test_b": test_b, "asyncSetUp": asyncSetUp}
        test_class = type("T", (base,), dict(functions))
        case = test_class("test_a")
        seen: dict[str, object] = {}
        for name, function in functions.items():
            found = getattr(test_class, name)
            seen[name] = [
                found is function,
                isinstance(vars(test_class)[name], types.FunctionType),
                inspect.iscoroutinefunction(found),
                inspect.iscoroutinefunction(getattr(case, name)),
                inspect.getsourcelines(found)[0][0].strip(),
                str(inspect.signature(found)),
            ]
        case.run(RecordingResult())
        return [seen, getattr(test_class, "test_a") is test_a, inspect.iscoroutinefunction(getattr(case, "test_a"))]

    @differential(27)
    def test_sync_hooks_stay_the_functions_that_were_written(self, base: Base) -> object:
        """Point 27: sync setUp and tearDown, and those that a test replaces on the instance as pytest does."""

        class T(base):
            def setUp(self) -> None:
                events.append("setUp")

            async def test(self) -> None:
                events.append("test")

            def tearDown(self) -> None:
                events.append("tearDown")

        events: Events = []
        plain = [isinstance(vars(T)[name], types.FunctionType) for name in ("setUp", "tearDown")]
        case = T("test")
        setattr(case, "tearDown", lambda: events.append("replaced"))
        setattr(case, "test", case.test)
        case.run(RecordingResult(events))
        return [plain, events]

    @differential(27)
    def test_a_test_set_on_the_instance(self, base: Base) -> object:
        """Points 26 and 27: a bound attribute set on the instance, coroutine function or not, is what runs."""

        class T(base):
            async def test(self) -> None:
                events.append("the class's")

        async def replaced() -> None:
            await asyncio.sleep(0)
            events.append("the instance's, async")

        events: Events = []
        for function in (replaced, lambda: events.append("the instance's, sync")):
            case = T("test")
            setattr(case, "test", function)
            case.run(RecordingResult(events))
        return events

    @differential(27)
    def test_patch_decorators(self, base: Base) -> object:
        """Point 27: ``mock.patch`` on async tests, on hooks and on the class, active while the coroutine runs."""

        def make(events: Events) -> unittest.TestCase:
            target = {"key": "real"}

            @mock.patch.dict(target, {"key": "by the class"})
            class T(base):
                @mock.patch.dict(target, {"key": "by the hook"})
                async def asyncSetUp(self) -> None:
                    await asyncio.sleep(0)
                    events.append(f"asyncSetUp {target}")

                @mock.patch.object(os, "sep", new_callable=mock.AsyncMock)
                async def test(self, patched: mock.AsyncMock) -> None:
                    await patched(1)
                    events.append(f"test {target} {patched.await_count} {patched is os.sep}")

                async def asyncTearDown(self) -> None:
                    events.append(f"asyncTearDown {target} {len(os.sep)}")

            return T("test")

        return both_ways(make)

    @differential(20)
    def test_mixins_of_either_ancestry(self, base: Base) -> object:
        """Point 20: a mixin that is an IsolatedAsyncioTestCase itself, and one that is nothing; cooperative hooks."""

        def make(events: Events) -> unittest.TestCase:
            class Case(IsolatedAsyncioTestCase):
                async def asyncSetUp(self) -> None:
                    await super().asyncSetUp()
                    events.append("Case.asyncSetUp")

                def tearDown(self) -> None:
                    events.append("Case.tearDown")
                    super().tearDown()

            class Plain:
                def setUp(self) -> None:
                    events.append("Plain.setUp")
                    getattr(super(), "setUp")()

            class T(Plain, Case, base):
                async def test(self) -> None:
                    events.append("test")

            return T("test")

        return both_ways(make)

    @differential(29)
    def test_function_test_case(self, base: Base) -> object:
        """Point 29: ``FunctionTestCase`` of unittest is not touched."""

        async def function() -> None:
            result.events.append("ran")

        result = RecordingResult()
        unittest.FunctionTestCase(function).run(result)
        return [call.split()[0] for call in result.events]


class Frames(ContractTest):
    """Point 28."""

    def frames(self, base: Base, test_class: type[unittest.TestCase], name: str) -> list[str]:
        """Return file and function of each frame in the report on a failing test."""
        result = unittest.TestResult()
        test_class(name).run(result)
        reports = [text for _, text in result.errors + result.failures]
        return [f"{os.path.basename(file)} {function}" for text in reports for file, function in _FRAME.findall(text)]

    @differential(28)
    def test_frames_of_a_failing_async_test(self, base: Base) -> object:
        """Point 28: the machinery's frames are those above the test's own."""

        class T(base):
            async def inner(self) -> None:
                await asyncio.sleep(0)
                raise ValueError("inner")

            async def test(self) -> None:
                await self.inner()

        return {"ends with the user's": self.frames(base, T, "test")[-2:]}

    @differential(28)
    def test_a_report_shows_frames_of_the_machinery(self, base: Base) -> object:
        """Point 28: whether any phase's report shows a frame that is not the user's."""

        class T(base):
            def setUp(self) -> None:
                self.addAsyncCleanup(self.raising, "async cleanup")
                self.addCleanup(self.raise_now, "sync cleanup")

            def raise_now(self, name: str) -> None:
                if self._testMethodName == f"test_{name.replace(' ', '_')}":
                    raise ValueError(name)

            async def raising(self, name: str) -> None:
                self.raise_now(name)

            async def asyncSetUp(self) -> None:
                self.raise_now("asyncSetUp")

            async def test_async(self) -> None:
                raise ValueError("async")

            def test_sync(self) -> None:
                raise ValueError("sync")

            async def asyncTearDown(self) -> None:
                self.raise_now("asyncTearDown")

            async def test_asyncSetUp(self) -> None:
                pass

            test_asyncTearDown = test_async_cleanup = test_sync_cleanup = test_asyncSetUp

        own = os.path.basename(__file__)
        return {
            name: any(not frame.startswith(own) for frame in self.frames(base, T, name))
            for name in unittest.defaultTestLoader.getTestCaseNames(T)
        }
