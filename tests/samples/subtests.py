"""Subtests in async tests."""

import asyncio

from asynctestkit import AsyncTestCase


class SubTestsTest(AsyncTestCase):
    async def test_some_fail(self) -> None:
        for number in range(4):
            with self.subTest("halves", number=number):
                await asyncio.sleep(0)
                self.assertEqual(number % 2, 0)
        print("the rest ran")

    async def test_one_errs(self) -> None:
        with self.subTest(word="x"):
            int(await word())


async def word() -> str:
    return "x"
