"""Faults of class and module hooks: each is told of the hook that committed it, or of the end of its scope."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
import textwrap
import threading
import time
import unittest
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any, cast
from unittest import mock

from asynctestkit import (
    AsyncTestCase,
    FindingWarning,
    UsageError,
    async_hook,
    async_test,
    background_task,
    fail_on,
    timeout,
)
from asynctestkit.checks.watch import running
from tests.checks import hangs
from tests.outcomes import Events, complaints, run_class
from tests.programs import run_program

LIMIT = 0.1


async def forgotten() -> None:
    """Is never awaited."""


async def forever() -> None:
    """Wait for what never comes."""
    await asyncio.Event().wait()


async def fail_soon() -> None:
    """Fail when somebody waits."""
    await asyncio.sleep(0.001)
    raise ValueError("lost")


def name_of(cls: type) -> str:
    """Return what unittest calls a class."""
    return f"{cls.__module__}.{cls.__qualname__}"


def report_of(*classes: type[unittest.TestCase]) -> list[tuple[str, str]]:
    """Run classes; return the name and the text of what was reported."""
    result = unittest.TestResult()
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(cls) for cls in classes)
    suite.run(result)
    result.stopTestRun()  # the session ends
    return [
        (getattr(test, "_testMethodName", None) or test.id(), text) for test, text in result.errors + result.failures
    ]


class HookCase(unittest.TestCase):
    """Base."""

    maxDiff = None

    def setUp(self) -> None:
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)

    def tearDown(self) -> None:
        """Let what the faults have left die here, not in a test that listens for such things."""
        with complaints():
            gc.collect()

    def assert_found(self, case: type[unittest.TestCase], hook: str, *headlines: str) -> str:
        """Run a class; check that one thing is reported, of one hook, with these first lines; return its text."""
        reports = report_of(case)
        self.assertEqual([name for name, _ in reports], [f"{hook} ({name_of(case)})"], reports)
        ((_, text),) = reports
        if "FindingError" in text:
            self.assertIn(f"{hook} ({name_of(case)})", text)
        for headline in headlines:
            self.assertIn(headline, text)
        self.assertEqual(running.watches, [])
        return text


class UnawaitedTest(HookCase):
    """A coroutine that a hook forgets to await."""

    def test_each_hook(self) -> None:
        """Fails the hook that made it, whatever its kind; what would follow a failure there follows."""

        async def fault() -> None:
            forgotten()  # type: ignore[unused-coroutine]  # that is the fault

        async def fault_of_class(cls: type) -> None:
            forgotten()  # type: ignore[unused-coroutine]  # that is the fault

        def plain_fault(cls: type) -> None:
            forgotten()  # type: ignore[unused-coroutine]  # that is the fault

        async def test(self: Any) -> None:
            type(self).events.append("test")

        for name, hook, comes_to in (
            ("asyncSetUpClass", fault_of_class, []),
            ("setUpClass", fault_of_class, []),
            ("setUpClass", plain_fault, []),
            ("asyncTearDownClass", fault_of_class, ["test"]),
            ("tearDownClass", fault_of_class, ["test"]),
            ("tearDownClass", plain_fault, ["test"]),
        ):
            with self.subTest(hook=name, function=hook.__name__):
                events: Events = []
                names = {"test": test, "events": events, name: classmethod(cast("Any", hook))}
                case = cast("type[AsyncTestCase]", type("Case", (AsyncTestCase,), names))
                told = "tearDownClass" if "TearDown" in name or "tearDown" in name else "setUpClass"
                self.assert_found(case, told, "coroutine 'forgotten' was never awaited")
                self.assertEqual(events, comes_to)

        class Cleanup(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.addAsyncClassCleanup(fault)

            async def test(self) -> None:
                pass

        self.assert_found(Cleanup, "tearDownClass", "coroutine 'forgotten' was never awaited")

    def test_other_cases(self) -> None:
        """So do hooks of test cases that are not ours."""

        class SetUp(unittest.TestCase):
            @async_hook
            @classmethod
            async def setUpClass(cls) -> None:
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault

            @async_test
            async def test(self) -> None:
                pass

        class TearDown(unittest.TestCase):
            @async_hook
            @classmethod
            async def tearDownClass(cls) -> None:
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault

            @async_test
            async def test(self) -> None:
                pass

        self.assert_found(SetUp, "setUpClass", "coroutine 'forgotten' was never awaited")
        self.assert_found(TearDown, "tearDownClass", "coroutine 'forgotten' was never awaited")

    def test_in_a_cycle(self) -> None:
        """It is found in garbage that only a collection finds, before the first test."""

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                ring: list[Any] = [forgotten()]
                ring.append(ring)

            async def test(self) -> None:
                pass

        self.assert_found(Case, "setUpClass", "coroutine 'forgotten' was never awaited")

    def test_both_hooks(self) -> None:
        """One report tells of a class's plain and async set-up, and both have run."""

        class Case(AsyncTestCase):
            @classmethod
            def setUpClass(cls) -> None:
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault

            async def test(self) -> None:
                pass

        self.assert_found(Case, "setUpClass", "2 faults in setUpClass", "2 unawaited")

    def test_failed_already(self) -> None:
        """What is found in a hook that fails is added to its error."""

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault
                raise OSError("no")

            async def test(self) -> None:
                pass

        self.assert_found(Case, "setUpClass", "OSError: no", "coroutine 'forgotten' was never awaited")

    def test_kept(self) -> None:
        """One that a class keeps is a fault if nobody has awaited it by the end of the class."""

        class Kept(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.coroutine = forgotten()

            async def test(self) -> None:
                pass

            coroutine: Any

        class Awaited(Kept):
            @classmethod
            async def asyncTearDownClass(cls) -> None:
                await cls.coroutine

        text = self.assert_found(Kept, "tearDownClass", "coroutine 'forgotten' was never awaited")
        self.assertIn("cls.coroutine", text)
        self.assertEqual(run_class(Awaited), ["ok"])


class UnhandledTest(HookCase):
    """Errors that nobody has seen."""

    def test_in_the_hook(self) -> None:
        """A task that is dropped, and a callback, fail the hook in which they fail."""

        class Dropped(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                asyncio.create_task(fail_soon())  # that is the fault
                await asyncio.sleep(0.01)

            async def test(self) -> None:
                pass

        class Callback(AsyncTestCase):
            @classmethod
            async def asyncTearDownClass(cls) -> None:
                asyncio.get_running_loop().call_soon(int, "x")
                await asyncio.sleep(0)

            async def test(self) -> None:
                pass

        self.assert_found(Dropped, "setUpClass", "ValueError: lost")
        self.assert_found(Callback, "tearDownClass", "ValueError: invalid literal")

    def test_while_a_test_runs(self) -> None:
        """A background task of a class that fails is told at the end of the class, and never of a test that passes."""

        class Held(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.create_task(fail_soon())

            async def test(self) -> None:
                await asyncio.sleep(0.01)

            task: asyncio.Task[None]

        class Dropped(Held):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                asyncio.create_task(fail_soon())  # that is the fault

        for case in (Held, Dropped):
            self.assert_found(case, "tearDownClass", "Task exception was never retrieved: ValueError: lost")

    def test_beside_a_failure(self) -> None:
        """It is a note to a test that fails meanwhile, too."""

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                asyncio.create_task(fail_soon())  # that is the fault

            async def test(self) -> None:
                await asyncio.sleep(0.01)
                self.fail("for a reason of its own")

        told = dict(report_of(Case))
        self.assertEqual(sorted(told), [f"tearDownClass ({name_of(Case)})", "test"])
        for text in told.values():
            self.assertIn("Task exception was never retrieved: ValueError: lost", text)

    def test_forgotten_by_a_task(self) -> None:
        """A coroutine that a class's task forgets while a test runs is the class's fault."""

        async def worker() -> None:
            await asyncio.sleep(0.001)
            forgotten()  # type: ignore[unused-coroutine]  # that is the fault

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.create_task(worker())

            async def test(self) -> None:
                await self.task

            task: asyncio.Task[None]

        self.assert_found(Case, "tearDownClass", "coroutine 'forgotten' was never awaited")

    def test_handled(self) -> None:
        """A test may expect an error of its class's tasks; one that somebody awaits is no fault."""

        class Expected(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                asyncio.get_running_loop().call_later(0.001, int, "x")

            async def test(self) -> None:
                with self.expect_loop_error("ValueError"):
                    await asyncio.sleep(0.01)

        class Awaited(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.create_task(fail_soon())

            async def test(self) -> None:
                with self.assertRaises(ValueError):
                    await self.task

            task: asyncio.Task[None]

        self.assertEqual(run_class(Expected, Awaited), ["ok"])


class LeftTest(HookCase):
    """What is alive when its class is over."""

    def test_left(self) -> None:
        """Tasks, servers, connections and sockets that a class left are a fault of its tear-down, and ended."""
        tasks: list[asyncio.Task[None]] = []

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                tasks.append(asyncio.create_task(forever()))
                cls.server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
                cls.socket = socket.socket()
                cls.transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
                )

            async def test(self) -> None:
                pass

            async def test_another(self) -> None:
                await asyncio.sleep(0)

            server: Any
            socket: Any
            transport: Any

        text = self.assert_found(
            Case,
            "tearDownClass",
            "4 faults in tearDownClass",
            "task forever() was still pending at the end of the class",
            "unclosed Server on 127.0.0.1",
            "unclosed transport SelectorDatagramTransport",
            "cls.socket",
        )
        self.assertIn("in asyncSetUpClass", text)
        self.assertEqual([task.cancelled() for task in tasks], [True])
        Case.socket.close()
        Case.server.close()

    def test_ended(self) -> None:
        """What its tear-down or its cleanups end is none, though it takes a few turns; so is a background task."""

        @background_task
        async def background() -> None:
            await asyncio.Event().wait()

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.create_task(forever())
                cls.other = asyncio.create_task(forever())
                cls.third = asyncio.create_task(background())
                cls.addClassCleanup(cls.other.cancel)
                server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
                await cls.enterAsyncClassContext(server)

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                cls.task.cancel()

            async def test(self) -> None:
                self.assertFalse(self.task.done())

            task: asyncio.Task[None]
            other: asyncio.Task[None]
            third: asyncio.Task[None]

        self.assertEqual(run_class(Case), ["ok"])

    def test_error_at_the_end(self) -> None:
        """What a task that was left raises when it is ended is told with it."""

        async def fails_at_end() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                raise OSError("closing")

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.create_task(fails_at_end())

            async def test(self) -> None:
                pass

            task: asyncio.Task[None]

        self.assert_found(Case, "tearDownClass", "was still pending", "OSError: closing")

    def test_failed_set_up(self) -> None:
        """What a set-up that has failed left is no fault of its own: nothing that would have ended it was run."""

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.create_task(forever())
                raise OSError("no")

            async def test(self) -> None:
                pass

            task: asyncio.Task[None]

        self.assert_found(Case, "setUpClass", "OSError: no")

    def test_next_class(self) -> None:
        """The next class, on the same loop or another, is told nothing."""

        class First(AsyncTestCase):
            loop_scope = "session"

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.create_task(forever())

            async def test(self) -> None:
                pass

            task: asyncio.Task[None]

        class Second(AsyncTestCase):
            loop_scope = "session"

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await asyncio.sleep(0)

            async def test(self) -> None:
                pass

        self.assertEqual([name for name, _ in report_of(First, Second)], [f"tearDownClass ({name_of(First)})"])

    def test_thread(self) -> None:
        """A thread that a hook started and nobody ended warns at the end of the class, once."""
        end = threading.Event()

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                threading.Thread(target=end.wait, args=(30,)).start()

            async def test(self) -> None:
                pass

            async def test_another(self) -> None:
                pass

        try:
            with complaints() as said:
                self.assertEqual(run_class(Case), ["ok"])
        finally:
            end.set()
        found = [line for line in said if "still alive" in line]
        self.assertEqual(len(found), 1, said)
        self.assertIn("at the end of the class", found[0])
        self.assertIn(f"tearDownClass ({name_of(Case)})", found[0])


class ControlTest(HookCase):
    """What the checks do for hooks."""

    def test_fail_on(self) -> None:
        """What `@fail_on` says on a class holds for its hooks."""

        @fail_on(pending_tasks="warn", unawaited=False)
        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.create_task(forever())
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault

            async def test(self) -> None:
                pass

            task: asyncio.Task[None]

        with self.assertWarns(FindingWarning) as caught:
            self.assertEqual(run_class(Case), ["ok"])
        self.assertEqual(len(caught.warnings), 1)
        self.assertIn(f"tearDownClass ({name_of(Case)})", str(caught.warning))

    def test_environment(self) -> None:
        """So does `ASYNCTESTKIT_CHECKS`."""

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.create_task(forever())

            async def test(self) -> None:
                pass

            task: asyncio.Task[None]

        for said in ("ignore", "unawaited"):
            with self.subTest(said), mock.patch.dict(os.environ, ASYNCTESTKIT_CHECKS=said):
                self.assertEqual(run_class(Case), ["ok"])

    def test_nothing_is_paid(self) -> None:
        """A class without hooks gets no guard."""
        from asynctestkit.loops import scopes
        from asynctestkit.values import Scope

        found: list[object] = []

        class Case(AsyncTestCase):
            async def test(self) -> None:
                scope = scopes.entered(Scope.CLASS, cast("Any", type(self)))
                found.append(scope is not None and scope.guard)

        self.assertEqual(run_class(Case), ["ok"])
        self.assertEqual(found, [None])

    def test_wrong_limit(self) -> None:
        """A limit that cannot be is refused before the hook runs."""
        events: Events = []

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                events.append("asyncSetUpClass")

            async def test(self) -> None:
                pass

        setattr(Case, "timeout", -1.0)  # which the class does not declare
        ((name, text),) = report_of(Case)
        self.assertEqual(name, f"setUpClass ({name_of(Case)})")
        self.assertIn(UsageError.__name__, text)
        self.assertEqual(events, [])


class LimitTest(HookCase):
    """Hooks that hang."""

    def test_each_hook(self) -> None:
        """Each ends within its limit and a second, is named, and what follows a failure there follows, once."""

        class Base(AsyncTestCase):
            timeout = LIMIT
            events: Events
            hook = ""
            hang: Any

            @classmethod
            async def come_to(cls, hook: str) -> None:
                cls.events.append(hook)
                if cls.hook == hook:
                    await cls.hang()

            @classmethod
            async def setUpClass(cls) -> None:
                cls.addAsyncClassCleanup(cls.come_to, "cleanup")
                await cls.come_to("setUpClass")

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await cls.come_to("asyncSetUpClass")

            @classmethod
            async def asyncTearDownClass(cls) -> None:
                await cls.come_to("asyncTearDownClass")

            @classmethod
            async def tearDownClass(cls) -> None:
                await cls.come_to("tearDownClass")

            async def test(self) -> None:
                self.events.append("test")

        every = ["setUpClass", "asyncSetUpClass", "test", "asyncTearDownClass", "tearDownClass", "cleanup"]
        for hook, comes_to in (
            ("setUpClass", ["setUpClass", "cleanup"]),
            ("asyncSetUpClass", ["setUpClass", "asyncSetUpClass", "cleanup"]),
            ("asyncTearDownClass", ["setUpClass", "asyncSetUpClass", "test", "asyncTearDownClass", "cleanup"]),
            ("tearDownClass", every),
            ("cleanup", every),
        ):
            for hang in (hangs.event, hangs.sleep, hangs.eat_cancellations):
                with self.subTest(hook=hook, hang=hang.__name__):
                    events: Events = []
                    names = {"hook": hook, "hang": staticmethod(hang), "events": events}
                    case = cast("type[AsyncTestCase]", type("Case", (Base,), names))
                    begun = time.monotonic()
                    (line,) = run_class(case)
                    self.assertLess(time.monotonic() - begun, LIMIT + 1)
                    told = "setUpClass" if hook.endswith("etUpClass") else "tearDownClass"
                    self.assertIn(f"errors: {told} (", line)
                    self.assertIn("TimeoutError: class Case exceeded its limit of 0.1 s in ", line)
                    self.assertTrue(line.endswith(hook if hook != "cleanup" else "come_to'"), line)
                    self.assertEqual(events, comes_to)

    def test_plain_hook(self) -> None:
        """A plain hook has a limit, too, and its traceback ends on the line that blocks."""

        class Case(AsyncTestCase):
            timeout = LIMIT

            @classmethod
            def setUpClass(cls) -> None:
                time.sleep(30)

            async def test(self) -> None:
                pass

        text = self.assert_found(Case, "setUpClass", "exceeded its limit of 0.1 s in setUpClass")
        self.assertIn("time.sleep(30)", text)

    def test_context_manager(self) -> None:
        """A context manager that is entered for the class is named where leaving it hangs."""

        @asynccontextmanager
        async def manager() -> AsyncIterator[None]:
            yield
            await forever()

        class Case(AsyncTestCase):
            timeout = LIMIT

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await cls.enterAsyncClassContext(manager())

            async def test(self) -> None:
                pass

        told = "exceeded its limit of 0.1 s in leaving LimitTest.test_context_manager.<locals>.manager"
        self.assert_found(Case, "tearDownClass", told)

    def test_other_case(self) -> None:
        """Hooks of other test cases have what `@timeout` says above their class."""

        @timeout(LIMIT)
        class Case(unittest.TestCase):
            @async_hook
            @classmethod
            async def setUpClass(cls) -> None:
                await forever()

            @async_test
            async def test(self) -> None:
                pass

        text = self.assert_found(Case, "setUpClass", "class LimitTest.test_other_case.<locals>.Case exceeded its limit")
        self.assertIn("waits for", text)

    def test_without_a_limit(self) -> None:
        """None is no limit."""

        class Case(AsyncTestCase):
            timeout = None

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                await asyncio.sleep(2 * LIMIT)

            async def test(self) -> None:
                pass

        with mock.patch.dict(os.environ, ASYNCTESTKIT_TIMEOUT=str(LIMIT)):
            self.assertEqual(run_class(Case), ["ok"])

    def test_what_is_left(self) -> None:
        """A task that eats cancellations, and a thread that never ends, hold up the end of a class by its limit."""
        end = threading.Event()

        class Task(AsyncTestCase):
            timeout = LIMIT

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.ensure_future(hangs.eat_cancellations())
                await asyncio.sleep(0)

            async def test(self) -> None:
                pass

            task: Any

        class Thread(AsyncTestCase):
            timeout = LIMIT

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                asyncio.get_running_loop().run_in_executor(None, end.wait, 30)

            async def test(self) -> None:
                pass

        try:
            for case, text in ((Task, "did not end when it was cancelled"), (Thread, "executor did not end")):
                with self.subTest(case.__name__):
                    begun = time.monotonic()
                    reports = report_of(case)
                    self.assertLess(time.monotonic() - begun, LIMIT + 1.5)
                    self.assertEqual({name for name, _ in reports}, {f"tearDownClass ({name_of(case)})"})
                    self.assertIn(text, "".join(said for _, said in reports))
        finally:
            end.set()


@unittest.skipUnless(find_spec("uvloop"), "needs uvloop")
class UvloopTest(HookCase):
    """The same on a loop that is not asyncio's."""

    def test_found(self) -> None:
        """Errors of tasks and callbacks, and what is left."""
        import uvloop

        class Case(AsyncTestCase):
            loop_factory = staticmethod(uvloop.new_event_loop)

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.create_task(forever())
                asyncio.create_task(fail_soon())  # that is the fault
                asyncio.get_running_loop().call_later(0.001, int, "x")

            async def test(self) -> None:
                await asyncio.sleep(0.01)

            task: asyncio.Task[None]

        texts = "ValueError: lost", "ValueError: invalid literal", "task forever() was still pending"
        self.assert_found(Case, "tearDownClass", "3 faults", *texts)

    def test_limit(self) -> None:
        """Hooks that hang."""
        import uvloop

        for hang in (hangs.event, hangs.sleep):

            class Case(AsyncTestCase):
                timeout = LIMIT
                loop_factory = staticmethod(uvloop.new_event_loop)

                @classmethod
                async def asyncSetUpClass(cls, hang: Any = hang) -> None:
                    await hang()

                async def test(self) -> None:
                    pass

            self.assert_found(Case, "setUpClass", "exceeded its limit of 0.1 s in asyncSetUpClass")


MODULE = """
    import asyncio, unittest
    from asynctestkit import AsyncTestCase, async_hook, async_test, set_module_timeout

    async def forgotten():
        pass

    async def forever():
        await asyncio.Event().wait()

    @async_hook
    async def setUpModule():
        {set_up}

    @async_hook
    async def tearDownModule():
        print("tearDownModule")
        {tear_down}

    class SomeTest(AsyncTestCase):
        async def test(self):
            print("test")
"""


class ModuleTest(unittest.TestCase):
    """Hooks of modules."""

    def run_module(self, *, set_up: str = "pass", tear_down: str = "pass", more: str = "") -> tuple[str, str]:
        """Run a module whose hooks do this; return what it prints, and what is said of it."""
        source = textwrap.dedent(MODULE).format(set_up=set_up, tear_down=tear_down) + more
        outcome = run_program(source, "-m", "unittest", "test_program")
        return outcome.stdout.replace("\n", " ").strip(), outcome.stderr

    def test_unawaited(self) -> None:
        """A forgotten await fails the hook."""
        printed, said = self.run_module(set_up="forgotten()")
        self.assertIn("ERROR: setUpModule (test_program)", said)
        self.assertIn("coroutine 'forgotten' was never awaited", said)
        self.assertEqual(printed, "")
        printed, said = self.run_module(tear_down="forgotten()")
        self.assertIn("ERROR: tearDownModule (test_program)", said)
        self.assertIn("coroutine 'forgotten' was never awaited", said)
        self.assertEqual(printed, "test tearDownModule")

    def test_left(self) -> None:
        """What the module left is a fault of its tear-down, with or without a hook for that."""
        left = "asyncio.get_running_loop().kept = asyncio.create_task(forever())"
        for more in ("", "\ndel tearDownModule\n"):
            with self.subTest(more=more):
                printed, said = self.run_module(set_up=left, more=more)
                self.assertIn("ERROR: tearDownModule (test_program)", said)
                self.assertIn("task forever() was still pending at the end of the module", said)
                self.assertTrue(printed.startswith("test"), printed)

    def test_one_report(self) -> None:
        """What tearDownModule did wrong and what is left are one report."""
        left = "asyncio.get_running_loop().kept = asyncio.create_task(forever())"
        _, said = self.run_module(set_up=left, tear_down="forgotten()")
        self.assertIn("2 faults in tearDownModule (test_program): 1 unawaited, 1 pending_tasks", said)

    def test_limits(self) -> None:
        """Both have the module's limit."""
        limit = "\nset_module_timeout(0.1)\n"
        printed, said = self.run_module(set_up="await forever()", more=limit)
        self.assertIn("TimeoutError: module test_program exceeded its limit of 0.1 s in setUpModule", said)
        self.assertEqual(printed, "")
        printed, said = self.run_module(tear_down="await forever()", more=limit)
        self.assertIn("TimeoutError: module test_program exceeded its limit of 0.1 s in tearDownModule", said)
        self.assertEqual(printed, "test tearDownModule")


if __name__ == "__main__":
    unittest.main()
