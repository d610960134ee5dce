"""The thread that looks at clocks: it does not stand in the way of a fork, nor does a fork in its."""

from __future__ import annotations

import faulthandler
import os
import sys
import textwrap
import threading
import time
import unittest
from typing import Any
from unittest import mock

from asynctestkit.checks import watchdog as module
from asynctestkit.checks.watchdog import Watchdog
from tests.programs import run_program

FORKS = """
import asyncio, hashlib, os, signal, sys, threading, time, warnings
from unittest import mock
from asynctestkit import AsyncTestCase

warnings.simplefilter("error")

def fork():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
"""
CASE = """
class Case(AsyncTestCase):
    timeout = 0.8

    async def test(self):
"""


class Once:
    """A watcher that is due at once, or later, does something, and is never due again."""

    def __init__(self, do: Any = lambda: None, later: float = 0.0) -> None:
        self.due = time.monotonic() + later
        self._do = do

    def fire(self, now: float) -> None:
        """Do it."""
        self.due = float("inf")
        self._do()


@unittest.skipUnless(hasattr(os, "fork"), "needs fork")
class ForkTest(unittest.TestCase):
    """Programs that fork in a test."""

    def run_forks(self, body: str, head: str = "") -> str:
        """Run a program with a test under a limit that has such a body; return what it told."""
        lines = "\n".join(f"        {line}" for line in textwrap.dedent(body).strip().splitlines())
        done = run_program(f"{FORKS}{head}\n{CASE}{lines}\n", "-m", "unittest", "test_program")
        self.assertNotIn("DeprecationWarning", done.stderr)
        return done.stderr

    def test_no_warning(self) -> None:
        """Python 3.12 and later warn of a fork beside threads: there is none; and the limit holds after it."""
        told = self.run_forks("""
            time.sleep(0.01)
            for _ in range(5):
                fork()
            await asyncio.sleep(0)
            time.sleep(30)
        """)
        self.assertIn("TimeoutError: test exceeded its limit of 0.8 s in the body", told)

    def test_beside_a_busy_thread(self) -> None:
        """A thread that does not sleep is not waited for."""
        told = self.run_forks(
            """
            thread = threading.Thread(target=work)
            thread.start()
            warnings.simplefilter("ignore")  # there is a thread, after all
            begun = time.monotonic()
            fork()
            took = time.monotonic() - begun
            done.set()
            thread.join()
            assert took < 0.7, took
            """,
            "done = threading.Event()\n\ndef work():\n"
            "    while not done.is_set():\n        hashlib.sha256(bytes(1_000_000))\n",
        )
        self.assertIn("OK", told)

    def test_patched(self) -> None:
        """Names that the test has patched are not used."""
        told = self.run_forks("""
            with mock.patch("builtins.open", mock.mock_open()) as opened, mock.patch("os.listdir", return_value=["x"]):
                fork()
            opened.assert_not_called()
        """)
        self.assertNotIn("Exception ignored", told)
        self.assertIn("OK", told)


class FileTest(unittest.TestCase):
    """Programs that count descriptors in a test."""

    def test_none(self) -> None:
        """The thread opens nothing, not even for a moment: who counts descriptors would take it for a leak."""
        source = """
            import sys, threading, time
            from asynctestkit import AsyncTestCase
            seen = set()
            sys.addaudithook(lambda event, args: seen.add((event, threading.get_ident())))
            class Case(AsyncTestCase):
                timeout = 0.2
                async def test(self):
                    time.sleep(1)
                def tearDown(self):
                    mine = threading.get_ident()
                    assert any(one != mine for _, one in seen), "the thread was not heard of"
                    files = [event for event, one in seen if one != mine and event.startswith(("open", "os."))]
                    assert not files, files
        """
        done = run_program("\n".join(line[12:] for line in source.splitlines()), "-m", "unittest", "test_program")
        self.assertIn("FAILED (errors=1)", done.stderr)


class WatchdogCase(unittest.TestCase):
    """Base: a watchdog beside that of the process."""

    def setUp(self) -> None:
        self.watchdog = Watchdog()
        self.watchdog.stacks = False
        self.addCleanup(self.watchdog.end)
        self.addCleanup(self.watchdog.armed.clear)


class WakeTest(WatchdogCase):
    """A thread that does not come to its turn: others hold the interpreter's lock, or take it again at once."""

    def setUp(self) -> None:
        super().setUp()
        go_on = threading.Event()

        def hold_up(thread: Any) -> None:
            go_on.wait()
            thread.has_ended.release()

        self.watchdog._watch = hold_up  # type: ignore[method-assign]  # a thread that never comes
        self.addCleanup(go_on.set)
        patch = mock.patch("faulthandler.dump_traceback_later")
        self.stacks = patch.start()
        self.addCleanup(patch.stop)
        self.addCleanup(setattr, self.watchdog, "stacks", False)
        self.watchdog.stacks = True

    def test_once(self) -> None:
        """It is woken once, and the time until all stacks are printed is set once, however much is armed meanwhile."""
        for _ in range(3):
            self.watchdog.arm(Once(later=10), 10)
        self.assertEqual([call.args for call in self.stacks.call_args_list], [(10 + module.PATIENCE,)])

    def test_let_in(self) -> None:
        """Who arms something waits a moment for it, some times and no more: perhaps there is no thread any more."""
        for _ in range(2 * module.MOST_TRIES):
            self.watchdog.arm(Once(later=10), 10)
        self.assertEqual(self.watchdog._tries, module.MOST_TRIES)

    def test_late(self) -> None:
        """Who arms something long after it was to come to its turn gives it more time: the process is not stuck."""
        self.watchdog.arm(Once(later=10), 10)
        self.watchdog.arm(Once(later=20 + module.LATE), 10)
        self.assertEqual(self.stacks.call_count, 2)


class StartTest(WatchdogCase):
    """A thread that cannot be had."""

    def test_later(self) -> None:
        """Where the system gives none it is asked again when something is armed next."""
        with mock.patch("_thread.start_new_thread", side_effect=RuntimeError("can't start new thread")):
            self.watchdog.arm(Once(later=1), 1)
        fired = threading.Event()
        self.watchdog.arm(Once(fired.set, later=1), 1)
        self.assertTrue(fired.wait(10))

    def test_ended_at_once(self) -> None:
        """One that was ended before it began is not counted as ours."""
        thread = module._Thread()
        thread.ending = True
        self.watchdog._watch(thread)
        self.assertEqual(self.watchdog._counted, 0)


class EndTest(WatchdogCase):
    """What a fork calls, while the thread is busy."""

    @mock.patch.object(module, "ENDS_WITHIN", 0.01)
    def test_busy(self) -> None:
        """A thread that fires for longer than a fork waits ends when it has; another one is at work by then."""
        begun, go_on, fired = threading.Event(), threading.Event(), threading.Event()
        seen: list[int] = []

        def hold_up() -> None:
            seen.append(threading.get_ident())
            begun.set()
            go_on.wait()

        def see() -> None:
            seen.append(threading.get_ident())
            fired.set()

        self.watchdog.arm(Once(hold_up), 1)
        self.assertTrue(begun.wait(10))
        self.watchdog.end()
        self.watchdog.arm(Once(see), 1)
        self.assertTrue(fired.wait(10))
        go_on.set()
        self.assertEqual(len(set(seen)), 2)
        until = time.monotonic() + 10
        while seen[0] in sys._current_frames() and time.monotonic() < until:
            time.sleep(0.001)
        self.assertNotIn(seen[0], sys._current_frames())

    @mock.patch.object(module, "ENDS_WITHIN", 60)
    def test_stacks_of_others(self) -> None:
        """Where others have ended the thread that was to print all stacks, as pytest does, nobody waits for its end."""
        self.watchdog.stacks = True
        fired = threading.Event()
        self.watchdog.arm(Once(fired.set), 1)
        self.assertTrue(fired.wait(10))
        faulthandler.cancel_dump_traceback_later()
        begun = time.monotonic()
        self.watchdog.end()
        self.assertLess(time.monotonic() - begun, 30)

    def test_nested(self) -> None:
        """A signal handler that forks while the thread ends does not wait for what it has interrupted."""
        self.watchdog.arm(Once(later=10), 10)
        end, nested = module._Thread.end, []

        def handle(thread: module._Thread) -> bool:
            self.watchdog.end()
            self.watchdog.go_on()
            nested.append(thread)
            return end(thread)

        with mock.patch.object(module._Thread, "end", handle):
            self.watchdog.end()
        self.assertEqual(len(nested), 1)
        self.test_again()

    def test_interrupted(self) -> None:
        """Where a signal handler raises while the thread ends, another one is made when something is armed next."""
        self.watchdog.arm(Once(later=10), 10)
        with (
            mock.patch.object(module._Thread, "end", side_effect=KeyboardInterrupt),
            self.assertRaises(KeyboardInterrupt),
        ):
            self.watchdog.end()
        fired = threading.Event()
        self.watchdog.arm(Once(fired.set), 1)
        self.assertTrue(fired.wait(10))

    def test_again(self) -> None:
        """It is there again when something is armed after it was ended, however often."""
        for _ in range(3):
            fired = threading.Event()
            self.watchdog.arm(Once(fired.set), 1)
            self.assertTrue(fired.wait(10))
            self.assertEqual((self.watchdog._is_rung, self.watchdog._tries), (False, 0))
            self.watchdog.end()
            self.watchdog.end()
