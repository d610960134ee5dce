"""Tests that return something, which proves nothing."""

import unittest
from collections.abc import Iterator

from asynctestkit import AsyncTestCase, async_test


class ReturnsTest(AsyncTestCase):
    async def test_async(self) -> int:
        return 7

    def test_sync(self) -> str:
        return "done"

    def test_generator(self) -> Iterator[int]:
        yield 1


class PlainTest(unittest.TestCase):
    @async_test
    async def test_plain(self) -> bool:
        return False


@async_test
async def test_function() -> list[int]:
    return []
