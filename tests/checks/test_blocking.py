"""Callbacks that block the loop: what is told of them, of which test, and what is none of its business."""

from __future__ import annotations

import asyncio
import importlib.util
import math
import re
import time
import unittest
import warnings
import weakref
from collections.abc import AsyncIterator, Callable
from typing import Any
from unittest import mock

from asynctestkit import AsyncTestCase, FindingWarning, UsageError, fail_on, fixture
from asynctestkit.checks import blocking
from asynctestkit.checks.policy import parse_changes, parse_run
from asynctestkit.report.kinds import Kind
from tests.outcomes import refusal

BLOCK = 0.4
"""Seconds that tests block for which allow `ALLOWED`."""
ALLOWED = 0.1


def texts(cls: type[unittest.TestCase]) -> list[str]:
    """Run a class; return what failed or was warned of, without the seconds and the lines."""
    result = unittest.TestResult()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        unittest.defaultTestLoader.loadTestsFromTestCase(cls).run(result)
    said = [text for _, text in (*result.errors, *result.failures)]
    said += [f"warned: {one.message}" for one in caught if one.category is FindingWarning]
    return [_without_figures(text) for text in said]


def _without_figures(text: str) -> str:
    text = re.sub(r"at least [\d.]+ s", "at least N s", text.rpartition("FindingError: ")[2].strip())
    text = re.sub(r"\S*test_blocking\.py:\d+", "FILE:N", text)
    return re.sub(r"(?m)^(    FILE:N) +in", r"\1 in", text).replace(f"{__name__}.", "")


def block() -> None:
    """Block the thread."""
    time.sleep(BLOCK)


class ReportTest(unittest.TestCase):
    """Whole reports."""

    maxDiff = None

    def test_body(self) -> None:
        """The test's own task: where it stood, with the calls that led there."""

        @fail_on(slow_callbacks=ALLOWED)
        class Case(AsyncTestCase):
            async def test(self) -> None:
                block()

        self.assertEqual(
            texts(Case),
            [
                "the loop was blocked for at least N s by one callback\n"
                "  test        ReportTest.test_body.<locals>.Case.test\n"
                "  blocked at  FILE:N in block\n"
                "  callback    the test's own task\n"
                "  stack       \n"
                "    FILE:N in Case.test  block()\n"
                "    FILE:N in block      time.sleep(BLOCK)\n"
                "  see         docs/checks.md#slow-callbacks\n"
                "  fix:        move what blocks into a thread (await asyncio.to_thread),"
                " or await what can wait (asyncio.sleep)"
            ],
        )

    def test_resumed_body(self) -> None:
        """A body for which the test's task has gone on after its set-up is told of in the same way."""

        @fail_on(slow_callbacks=ALLOWED)
        class Case(AsyncTestCase):
            async def asyncSetUp(self) -> None:
                await asyncio.sleep(0)

            async def test(self) -> None:
                block()

        (text,) = texts(Case)
        self.assertIn("\n  callback    the test's own task\n", text)

    def test_task_and_callback(self) -> None:
        """Another task, and a function in C that is called back."""

        async def slow() -> None:
            block()

        @fail_on(slow_callbacks=ALLOWED)
        class Case(AsyncTestCase):
            async def test_a(self) -> None:
                await asyncio.create_task(slow(), name="worker")

            async def test_b(self) -> None:
                asyncio.get_running_loop().call_soon(time.sleep, BLOCK)
                await asyncio.sleep(0)
                await asyncio.sleep(0)

        task, callback = texts(Case)
        self.assertIn("\n  callback    task 'worker', ReportTest.test_task_and_callback.<locals>.slow()\n", task)
        self.assertIn("\n  callback  sleep\n", callback)  # and no place, since no line of the user's has run

    def test_default(self) -> None:
        """By default half a second is too long, and warns; what takes less is nobody's affair."""

        class Case(AsyncTestCase):
            async def test_a(self) -> None:
                time.sleep(0.3)

            async def test_b(self) -> None:
                time.sleep(0.9)

        (text,) = texts(Case)
        self.assertRegex(text, r"\Awarned: the loop was blocked .*\n  test +\S*test_b\n")

    @unittest.skipUnless(importlib.util.find_spec("uvloop"), "uvloop is not installed")
    def test_uvloop(self) -> None:
        """A loop that has no frames of its own, in a body and in a task, and not where it answers."""
        import uvloop

        @fail_on(slow_callbacks=ALLOWED)
        class Case(AsyncTestCase):
            loop_factory = staticmethod(uvloop.new_event_loop)

            async def test_a(self) -> None:
                block()

            async def test_b(self) -> None:
                async def slow() -> None:
                    block()

                await asyncio.create_task(slow())

            @fail_on(max_block=0.25)
            async def test_c(self) -> None:
                await turns(0.5)

        self.assertEqual([text.count("\n  blocked at  FILE:N in block\n") for text in texts(Case)], [1, 1])


async def turns(seconds: float) -> None:
    """Keep the loop busy without blocking it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await asyncio.sleep(0)


class AttributionTest(unittest.TestCase):
    """Whose fault it is."""

    def test_busy_loop(self) -> None:
        """Many callbacks, none of which takes long, and a loop that waits."""

        @fail_on(slow_callbacks=0.25)
        class Case(AsyncTestCase):
            async def test_a(self) -> None:
                await turns(0.6)

            async def test_b(self) -> None:
                await asyncio.sleep(0.6)

        self.assertEqual(texts(Case), [])

    def test_neighbours(self) -> None:
        """Of three tests on one loop, it is told of the one that did it."""

        @fail_on(slow_callbacks=ALLOWED)
        class Case(AsyncTestCase):
            loop_scope = "class"

            async def test_a(self) -> None: ...

            async def test_b(self) -> None:
                block()

            async def test_c(self) -> None: ...

        (text,) = texts(Case)
        self.assertRegex(text, r"\n  test +\S*test_b\n")

    def test_plain_code(self) -> None:
        """Code outside of the loop blocks nothing."""

        @fail_on(slow_callbacks=ALLOWED)
        class Case(AsyncTestCase):
            def setUp(self) -> None:
                block()

            def test_plain(self) -> None:
                block()

            async def test(self) -> None: ...

        self.assertEqual(texts(Case), [])

    def test_wider_scope(self) -> None:
        """A task of a class's fixture is the fixture's, and not the test's."""

        @fail_on(slow_callbacks=ALLOWED)
        class Case(AsyncTestCase):
            @fixture(scope="class")
            async def server(self) -> AsyncIterator[asyncio.Event]:
                asked = asyncio.Event()

                async def serve() -> None:
                    await asked.wait()
                    block()

                task = asyncio.create_task(serve())
                yield asked
                await task

            async def test(self, server: asyncio.Event) -> None:
                server.set()
                await asyncio.sleep(0)
                await asyncio.sleep(0)

        (text,) = texts(Case)
        self.assertIn("test        class fixture 'server' (AttributionTest.test_wider_scope.<locals>.Case)\n", text)

    def test_hook(self) -> None:
        """What a class hook blocks is that hook's."""

        @fail_on(slow_callbacks=ALLOWED)
        class Case(AsyncTestCase):
            @classmethod
            async def asyncTearDownClass(cls) -> None:
                block()

            async def test(self) -> None: ...

        (text,) = texts(Case)
        self.assertIn("tearDownClass (AttributionTest.test_hook.<locals>.Case)\n", text)

    def test_limit(self) -> None:
        """A test that exceeds its limit is told that, and not this too."""

        class Case(AsyncTestCase):
            timeout = 0.8

            async def test(self) -> None:
                time.sleep(30)

        (text,) = texts(Case)
        self.assertIn("TimeoutError: test exceeded its limit of 0.8 s in the body", text)
        self.assertNotIn("by one callback", text)

    def test_debugger(self) -> None:
        """Somebody who debugs takes their time."""

        @fail_on(slow_callbacks=ALLOWED)
        class Case(AsyncTestCase):
            async def test(self) -> None:
                block()

        with mock.patch.object(blocking, "stands_in_debugger", return_value=True):
            self.assertEqual(texts(Case), [])

    def test_nothing_is_kept(self) -> None:
        """What a callback that was looked at worked on dies with it."""
        alive: list[object] = []

        class Thing: ...

        @fail_on(slow_callbacks="warn", max_block=ALLOWED)
        class Case(AsyncTestCase):
            async def test(self) -> None:
                async def work(thing: Thing) -> None:
                    block()

                thing = Thing()
                seen = weakref.ref(thing)
                task = asyncio.create_task(work(thing))
                del thing
                await task
                del task
                alive.append(seen())

        self.assertEqual(len(texts(Case)), 1)
        self.assertEqual(alive, [None])


class ControlTest(unittest.TestCase):
    """What is written of it."""

    def test_values(self) -> None:
        """A number of seconds fails; `max_block` says how long without saying what happens."""
        for options, level, seconds in (
            ({"slow_callbacks": 0.1}, "FAIL", 0.1),
            ({"slow_callbacks": True}, "FAIL", 0.5),
            ({"slow_callbacks": "fail", "max_block": 2}, "FAIL", 2.0),
            ({"max_block": 0.1}, "WARN", 0.1),
            ({"max_block": None}, "WARN", math.inf),
            ({"slow_callbacks": False, "max_block": 0.1}, "IGNORE", math.inf),
        ):
            with self.subTest(options=options):
                policy = parse_run("").changed(parse_changes(options, where="here"))
                self.assertEqual((policy.levels[Kind.SLOW_CALLBACKS].name, policy.max_block), (level, seconds))

    def test_environment(self) -> None:
        """A run may say it, too."""
        policy = parse_run("unawaited, slow_callbacks=0.25")
        self.assertEqual((policy.levels[Kind.SLOW_CALLBACKS].name, policy.max_block), ("FAIL", 0.25))

    def test_wrong(self) -> None:
        """What cannot be is refused at once."""
        wrong: list[tuple[Callable[[], Any], str]] = [
            (lambda: fail_on(slow_callbacks=0), "slow_callbacks must be a number of seconds above 0"),
            (lambda: fail_on(slow_callbacks="soon"), "slow_callbacks must say what its findings do, not 'soon'"),
            (lambda: fail_on(max_block="0.1"), "max_block must be a number of seconds above 0"),
            (lambda: parse_run("slow_callbacks=-1"), "slow_callbacks must be a number of seconds above 0"),
            (lambda: parse_run("unawaited=0.5"), "unawaited must say what its findings do"),
        ]
        for call, words in wrong:
            with self.subTest(words):
                self.assertIn(words, refusal(UsageError, call))


if __name__ == "__main__":
    unittest.main()
