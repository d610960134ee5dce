"""Tests with a `yield` in them: calling one runs nothing of it."""

from collections.abc import AsyncIterator

from asynctestkit import AsyncTestCase


class GeneratorTest(AsyncTestCase):
    async def test_yields(self) -> AsyncIterator[int]:
        self.fail("it ran")
        yield 1
