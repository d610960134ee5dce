"""The options of `@async_test`, `timeout` and `loop_factory`, on plain test cases and on ours."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any

from asynctestkit import AsyncTestCase, async_hook, async_test
from tests.outcomes import run_class, run_one

Loops = list[asyncio.AbstractEventLoop]


class PlainCaseTest(unittest.TestCase):
    """On a plain test case."""

    def test_timeout_ends_every_part(self) -> None:
        """The limit holds for setUp, body and tearDown together, and what it ends tidies up after itself."""
        for place in ("setUp", "test", "tearDown"):
            events: list[str] = []

            class Case(unittest.TestCase):
                async def wait_in(self, here: str, place: str = place, events: list[str] = events) -> None:
                    try:
                        if here == place:
                            await asyncio.Event().wait()
                    finally:
                        events.append(here)

                @async_hook
                async def setUp(self) -> None:
                    await self.wait_in("setUp")

                @async_test(timeout=0.1)
                async def test(self) -> None:
                    await self.wait_in("test")

                @async_hook
                async def tearDown(self) -> None:
                    await self.wait_in("tearDown")

            with self.subTest(place=place):
                doing = {"setUp": "set-up", "test": "the body", "tearDown": "tear-down"}[place]
                self.assertEqual(
                    run_one(Case), [f"errors: test: TimeoutError: test exceeded its limit of 0.1 s in {doing}"]
                )
                self.assertEqual(events, ["setUp"] if place == "setUp" else ["setUp", "test", "tearDown"])

    def test_timeout_that_is_swallowed(self) -> None:
        """A body that swallows its cancellation has overrun all the same."""

        class Case(unittest.TestCase):
            @async_test(timeout=0.1)
            async def test(self) -> None:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    pass

        self.assertEqual(run_one(Case), ["errors: test: TimeoutError: test exceeded its limit of 0.1 s in the body"])

    def test_timeout_is_of_one_test(self) -> None:
        """On a shared loop a limit that was not used up does not end a later test."""

        class Case(unittest.TestCase):
            @async_hook
            @classmethod
            async def setUpClass(cls) -> None:
                pass

            @async_test(timeout=0.1)
            async def test_1(self) -> None:
                pass

            @async_test
            async def test_2(self) -> None:
                await asyncio.sleep(0.3)  # real time is the subject: longer than the limit of the other

        self.assertEqual(run_class(Case), ["ok"])

    def test_no_limit(self) -> None:
        """None and infinity are no limit."""

        class Case(unittest.TestCase):
            @async_test(timeout=None)
            async def test_none(self) -> None:
                pass

            @async_test(timeout=float("inf"))
            async def test_infinity(self) -> None:
                pass

        self.assertEqual(run_class(Case), ["ok"])

    def test_loop_factory(self) -> None:
        """Each test has a loop from its own factory, hooks included."""
        seen: list[tuple[str, str]] = []

        class One(asyncio.SelectorEventLoop):
            pass

        class Two(asyncio.SelectorEventLoop):
            pass

        class Case(unittest.TestCase):
            def note(self) -> None:
                seen.append((self._testMethodName, type(asyncio.get_running_loop()).__name__))

            @async_hook
            async def setUp(self) -> None:
                self.note()

            @async_test(loop_factory=One)
            async def test_1(self) -> None:
                self.note()

            @async_test(loop_factory=lambda: Two())
            async def test_2(self) -> None:
                self.note()

            @async_hook
            async def tearDown(self) -> None:
                self.note()

        self.assertEqual(run_class(Case), ["ok"])
        self.assertEqual(seen, [("test_1", "One")] * 3 + [("test_2", "Two")] * 3)

    def test_factories_that_cannot_be(self) -> None:
        """A factory that returns no loop is the test's error, said before anything of it runs."""
        closed = asyncio.new_event_loop()
        closed.close()
        makers: dict[str, Any] = {"is no event loop": lambda: 3, "is closed": lambda: closed}
        for fault, factory in makers.items():

            class Case(unittest.TestCase):
                @async_test(loop_factory=factory)
                async def test(self) -> None:
                    self.fail("it ran")

            with self.subTest(fault):
                (line,) = run_one(Case)
                self.assertRegex(
                    line, rf"^errors: test: asynctestkit.UsageError: loop_factory .* returned .*, which {fault}$"
                )


class AsyncTestCaseTest(unittest.TestCase):
    """On an AsyncTestCase."""

    def test_timeout(self) -> None:
        """The timeout of a decorated test holds in an AsyncTestCase as well."""

        class Case(AsyncTestCase):
            @async_test(timeout=0.1)
            async def test(self) -> None:
                async with asyncio.timeout(2):  # so that a timeout which is ignored fails instead of hanging
                    await asyncio.Event().wait()

        self.assertEqual(run_one(Case), ["errors: test: TimeoutError: test exceeded its limit of 0.1 s in the body"])

    def test_loop_factory(self) -> None:
        """The loop factory of a decorated test makes its loop in an AsyncTestCase as well."""
        loops: Loops = []

        class Loop(asyncio.SelectorEventLoop):
            pass

        class Case(AsyncTestCase):
            @async_test(loop_factory=Loop)
            async def test(self) -> None:
                loops.append(asyncio.get_running_loop())

        self.assertEqual(run_one(Case), ["ok"])
        self.assertEqual([type(loop) for loop in loops], [Loop])


if __name__ == "__main__":
    unittest.main()
