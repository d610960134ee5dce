"""Whose a loop is stays known, and telling of it never is what fails."""

from __future__ import annotations

import asyncio
import unittest
import weakref
from typing import Any

from asynctestkit import AsyncTestCase
from asynctestkit.report.owners import Owner, explain, own, owner_of
from tests.outcomes import run_one


class OwnersTest(unittest.TestCase):
    """Whose a loop is stays known, and keeps nothing alive."""

    def test_after_the_test(self) -> None:
        """The loop of a test that is over tells the test's name, and the test is gone."""
        loops: list[asyncio.AbstractEventLoop] = []

        class Case(AsyncTestCase):
            async def test(self) -> None:
                loops.append(self.loop)

        case: Any = Case("test")
        case.run(unittest.TestResult())
        alive = weakref.ref(case)
        del case
        (loop,) = loops
        owner = owner_of(loop)
        self.assertEqual(owner, Owner(f"test {__name__}.{Case.__qualname__}.test", 1, __name__, Case.__qualname__))
        self.assertIsNone(alive())

    def test_none_of_ours(self) -> None:
        """A loop that the suite makes itself belongs to nobody, and neither does one that takes no attributes."""

        class Bare:
            __slots__ = ()

        loop = Bare()
        own(loop, "nobody", 1)
        self.assertIsNone(owner_of(loop))
        self.assertIsNone(owner_of(None))

    def test_given_loop(self) -> None:
        """A loop that a runner of the suite brings is not called the test's."""
        seen: list[object] = []

        class Case(AsyncTestCase):
            def _setupAsyncioRunner(self) -> None:
                self._asyncioRunner = asyncio.Runner()

            async def test(self) -> None:
                seen.append(owner_of(asyncio.get_running_loop()))

        self.assertEqual(run_one(Case), ["ok"])
        self.assertEqual(seen, [None])


class HarmlessTest(unittest.TestCase):
    """Telling never is what fails."""

    def test_objects_that_raise(self) -> None:
        """What raises whatever it is asked is passed over."""

        class Evil:
            def __getattribute__(self, name: str) -> Any:
                raise LookupError(name)

            def __repr__(self) -> str:
                raise LookupError("repr")

        def fail(evil: object) -> None:
            raise RuntimeError("attached to a different loop")

        try:
            fail(Evil())
        except RuntimeError as error:
            explain(error, None)
            self.assertFalse(hasattr(error, "__notes__"))

    def test_several_loops(self) -> None:
        """Where objects of two foreign loops are at hand, nothing is said of either."""

        def fail(*things: object) -> None:
            raise RuntimeError("attached to a different loop")

        loops = [asyncio.new_event_loop() for _ in range(3)]
        for loop in loops:
            self.addCleanup(loop.close)
        try:
            fail(loops[0].create_future(), loops[1].create_future())
        except RuntimeError as error:
            explain(error, loops[2])
            self.assertFalse(hasattr(error, "__notes__"))

    def test_once(self) -> None:
        """An error that goes through several phases is told once."""
        loop = asyncio.new_event_loop()
        self.addCleanup(loop.close)

        def fail(future: object) -> None:
            raise RuntimeError("attached to a different loop")

        try:
            fail(loop.create_future())
        except RuntimeError as error:
            explain(error, None)
            explain(error, None)
            self.assertEqual(len(error.__notes__), 1)


if __name__ == "__main__":
    unittest.main()
