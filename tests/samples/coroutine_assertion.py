"""Truth assertions that are handed a coroutine object because an `await` was forgotten."""

from asynctestkit import AsyncTestCase


class ForgottenAwaitTest(AsyncTestCase):
    async def test_true(self) -> None:
        self.assertTrue(is_ready())

    async def test_false(self) -> None:
        self.assertFalse(is_ready(), "not ready yet")

    async def test_not_none(self) -> None:
        self.assertIsNotNone(is_ready())

    async def test_awaited(self) -> None:
        self.assertTrue(await is_ready())


async def is_ready() -> bool:
    return True
