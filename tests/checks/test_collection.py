"""Where a suite has switched the automatic collection of garbage off, the same is found, of the same tests."""

from __future__ import annotations

import asyncio
import gc
import socket
import unittest
from collections.abc import AsyncIterator
from typing import Any

from asynctestkit import AsyncTestCase, fixture
from tests.outcomes import run_class


async def forgotten() -> None:
    """Do nothing, if ever."""


class Holder:
    """Something that keeps itself."""

    def __init__(self, kept: object) -> None:
        self.itself, self.kept = self, kept


class DisabledTest(unittest.TestCase):
    """`gc.disable()` in the whole process."""

    def setUp(self) -> None:
        """Switch it off, with objects around that were made before."""
        self.before: list[Any] = [socket.socket(), asyncio.new_event_loop()]
        self.addCleanup(self.before[0].close)
        self.addCleanup(self.before[1].close)
        gc.disable()
        self.addCleanup(gc.enable)

    def test_found(self) -> None:
        """What is in a cycle, or kept, is told of the test that made it; what was there before, of none."""

        class Case(AsyncTestCase):
            kept: Any

            async def test_a(self) -> None:
                Holder(forgotten())

            async def test_b(self) -> None: ...

            async def test_c(self) -> None:
                self.kept = forgotten()

            async def test_d(self) -> None:
                self.kept = socket.socket()

            async def test_e(self) -> None:
                self.kept = asyncio.get_running_loop().create_future()
                self.kept.set_exception(ValueError("lost"))

            async def test_f(self) -> None: ...

        said = run_class(Case)
        self.assertEqual(
            [line.split(":")[1].strip() for line in said],
            ["test_a", "test_c", "test_d", "test_e"],
            said,
        )

    def test_wide_fixture(self) -> None:
        """What a class fixture never awaits is told to the test that asks for it."""

        class Case(AsyncTestCase):
            @fixture(scope="class")
            async def wide(self) -> AsyncIterator[None]:
                Holder(forgotten())
                yield

            async def test_a(self, wide: None) -> None: ...

        self.assertEqual([line.split(":")[:2] for line in run_class(Case)], [["failures", " test_a"]])

    def test_old(self) -> None:
        """Garbage that is there when a test begins is left to the suite."""
        died: list[str] = []

        class Told(Holder):
            def __del__(self) -> None:
                died.append("died")

        class Case(AsyncTestCase):
            async def test(self) -> None: ...

        Told(self)
        self.assertEqual(run_class(Case), ["ok"])
        self.assertEqual(died, [])
        gc.collect()
        self.assertEqual(died, ["died"])

    def test_frozen(self) -> None:
        """What a suite has frozen stays so."""
        gc.freeze()
        self.addCleanup(gc.unfreeze)
        frozen = gc.get_freeze_count()

        class Case(AsyncTestCase):
            kept: Any

            async def test(self) -> None:
                self.kept = forgotten()

        self.assertEqual([line.split(":")[0] for line in run_class(Case)], ["failures"])
        self.assertGreater(gc.get_freeze_count(), frozen // 2)


if __name__ == "__main__":
    unittest.main()
