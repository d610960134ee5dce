"""Points 10 and 11: Ctrl-C, as a real signal, and the handlers around it."""

# Test classes are built on a parameter, which mypy cannot take for a base class.
# mypy: disable-error-code="valid-type, misc"

import asyncio
import functools
import os
import signal
import threading
import unittest
from collections.abc import Awaitable, Callable

from .differential import ContractTest, differential
from .programs import run_sample
from .recording import Base, Events, both_ways, leftover, run_events

TURNS = 5


def press() -> None:
    """Send this process the signal of Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


async def turns() -> None:
    """Let the loop go round a few times."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


def handler() -> str:
    """Return whose SIGINT handler is installed."""
    installed = signal.getsignal(signal.SIGINT)
    if installed is signal.default_int_handler:
        return "Python's"
    return "the suite's" if installed is own_handler else "the runner's"


def own_handler(number: int, frame: object) -> None:
    """Stand for a handler that a suite installed."""


def interrupted(base: Base, at: str, events: Events) -> unittest.TestCase:
    """Build a case that gets Ctrl-C in the phase *at*."""

    def reach(phase: str) -> None:
        events.append(phase)
        if phase == at:
            press()
            events.append(f"{phase} went on")

    async def reach_async(phase: str) -> None:
        events.append(phase)
        if phase != at:
            return
        try:
            await press_and_wait()
        except asyncio.CancelledError:
            events.append(f"{phase} cancelled")
            raise
        finally:
            await asyncio.sleep(0)
            events.append(f"{phase} finally")

    class T(base):
        def setUp(self) -> None:
            self.addCleanup(reach, "first cleanup")
            self.addAsyncCleanup(reach_async, "async cleanup")
            self.addCleanup(reach, "sync cleanup")
            reach("setUp")

        async def asyncSetUp(self) -> None:
            await reach_async("asyncSetUp")

        async def test_async(self) -> None:
            await reach_async("test_async")

        def test_sync(self) -> None:
            reach("test_sync")

        async def asyncTearDown(self) -> None:
            await reach_async("asyncTearDown")

        def tearDown(self) -> None:
            reach("tearDown")

    return T("test_sync" if at == "test_sync" else "test_async")


async def press_and_wait() -> None:
    """Press Ctrl-C in the middle of a body, and wait for what comes of it."""
    press()
    await asyncio.Event().wait()


def case_of(base: Base, events: Events, body: Callable[[], Awaitable[None]]) -> unittest.TestCase:
    """Build a case with this body, which notes whether its asyncTearDown runs undisturbed."""

    class T(base):
        async def test(self) -> None:
            await body()

        async def asyncTearDown(self) -> None:
            await turns()
            events.append("asyncTearDown")

    return T("test")


class Interrupts(ContractTest):
    """Point 10."""

    @differential(10, fresh=True)
    def test_sigint_in_each_phase(self, base: Base) -> object:
        """Point 10: the coroutine's finally runs, KeyboardInterrupt leaves run(), later phases do not run."""
        phases = ("setUp", "asyncSetUp", "test_async", "test_sync", "asyncTearDown", "tearDown")
        cleanups = ("sync cleanup", "async cleanup")
        return {
            phase: [both_ways(functools.partial(interrupted, base, phase)), handler()] for phase in phases + cleanups
        }

    @differential(10, fresh=True)
    def test_sigint_while_the_loop_waits(self, base: Base) -> object:
        """Point 10: the signal arrives in a callback, and from another thread, while the body waits."""

        def make(events: Events, *, thread: bool) -> unittest.TestCase:
            class T(base):
                async def test(self) -> None:
                    pressing = threading.Thread(target=press)
                    asyncio.get_running_loop().call_soon(pressing.start if thread else press)
                    try:
                        await asyncio.wait_for(asyncio.Event().wait(), 10)
                    except asyncio.CancelledError:
                        events.append("cancelled")
                        raise
                    finally:
                        if thread:
                            pressing.join()

            return T("test")

        return [run_events(functools.partial(make, thread=thread)) for thread in (False, True)]

    @differential(10, fresh=True)
    def test_a_second_sigint(self, base: Base) -> object:
        """Point 10: while the body unwinds from the first one, the second is raised where it arrives."""

        def make(events: Events) -> unittest.TestCase:
            async def body() -> None:
                try:
                    await press_and_wait()
                except asyncio.CancelledError:
                    events.append("cancelled")
                    try:
                        press()
                        await turns()
                        events.append("went on")
                    except BaseException as error:
                        events.append(type(error).__name__)
                        raise

            return case_of(base, events, body)

        return [both_ways(make), handler()]

    @differential(10, fresh=True)
    def test_a_body_that_swallows_the_cancel(self, base: Base) -> object:
        """Point 10: it ends as it likes, and the phases after it run."""

        def make(events: Events) -> unittest.TestCase:
            async def body() -> None:
                try:
                    await press_and_wait()
                except asyncio.CancelledError:
                    events.append("swallowed")

            return case_of(base, events, body)

        return both_ways(make)

    @differential(10, fresh=True)
    def test_a_body_that_turns_the_cancel_into_an_error(self, base: Base) -> object:
        """Point 10: its own exception is what is reported."""

        def make(events: Events) -> unittest.TestCase:
            async def body() -> None:
                try:
                    await press_and_wait()
                except asyncio.CancelledError:
                    raise ValueError("instead") from None

            return case_of(base, events, body)

        return both_ways(make)

    @differential(10, 12, fresh=True)
    def test_leftovers_end_after_an_interrupt(self, base: Base) -> object:
        """Points 10 and 12: the loop is closed in order, whatever left run()."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def test(self) -> None:
                    self.loop_of_test = asyncio.get_running_loop()
                    self.task = asyncio.create_task(leftover(events))
                    await turns()
                    await press_and_wait()

            case = T("test")
            cases.append(case)
            return case

        cases: list[object] = []
        events = run_events(make)
        return [events, getattr(cases[0], "loop_of_test").is_closed()]


class Handlers(ContractTest):
    """Point 11."""

    @differential(11, fresh=True)
    def test_the_handler_is_installed_only_over_pythons_own(self, base: Base) -> object:
        """Point 11: not over another handler, not in another thread; sync phases have Python's own."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                def setUp(self) -> None:
                    events.append(f"setUp {handler()}")
                    self.addCleanup(lambda: events.append(f"cleanup {handler()}"))

                async def asyncSetUp(self) -> None:
                    events.append(f"asyncSetUp {handler()}")

                async def test(self) -> None:
                    events.append(f"test {handler()}")

                def tearDown(self) -> None:
                    events.append(f"tearDown {handler()}")

            return T("test")

        outcome: list[object] = [both_ways(make), handler()]
        previous = signal.signal(signal.SIGINT, own_handler)
        outcome += [both_ways(make), handler()]
        signal.signal(signal.SIGINT, previous)
        thread = threading.Thread(target=lambda: outcome.append(both_ways(make)))
        thread.start()
        thread.join()
        return outcome

    @differential(11, fresh=True)
    def test_a_handler_added_to_the_loop_stays(self, base: Base) -> object:
        """Point 11: ``loop.add_signal_handler`` in asyncSetUp is what answers Ctrl-C in the body."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def asyncSetUp(self) -> None:
                    loop = asyncio.get_running_loop()
                    loop.add_signal_handler(signal.SIGINT, events.append, "handled")
                    self.addCleanup(loop.remove_signal_handler, signal.SIGINT)

                async def test(self) -> None:
                    press()
                    await turns()
                    events.append("went on")

                async def asyncTearDown(self) -> None:
                    press()
                    await turns()
                    events.append("went on in asyncTearDown")

            return T("test")

        return [both_ways(make), handler()]

    @differential(11, fresh=True)
    def test_a_handler_set_by_a_test_stays(self, base: Base) -> object:
        """Point 11: a handler that the test installs is there in tearDown and after the run."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def test(self) -> None:
                    signal.signal(signal.SIGINT, own_handler)

                async def asyncTearDown(self) -> None:
                    events.append(f"asyncTearDown {handler()}")

                def tearDown(self) -> None:
                    events.append(f"tearDown {handler()}")

            return T("test")

        seen = [run_events(make), handler()]
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return seen

    @differential(11)
    def test_catch_wins(self, base: Base) -> object:
        """Point 11: with ``-c`` the test that runs ends as usual, and no other is started."""
        return run_sample(base, "interrupt", "unittest", "-v", "-c", "sample.Once")

    @differential(11)
    def test_catch_and_a_second_sigint(self, base: Base) -> object:
        """Point 11: with ``-c`` the second Ctrl-C is a KeyboardInterrupt where it arrives."""
        said = run_sample(base, "interrupt", "unittest", "-v", "-c", "sample.Twice")
        return [said["exit code"], said["output"], said["errors"][-1:]]

    @differential(10)
    def test_without_catch_the_program_ends(self, base: Base) -> object:
        """Point 10: exit code and last line of ``python -m unittest`` after Ctrl-C, notes on the error aside."""
        said = run_sample(base, "interrupt", "unittest", "-v", "sample.Once")
        return [said["exit code"], said["output"], [line for line in said["errors"] if line[:1].strip()][-1:]]
