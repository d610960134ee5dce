"""Context managers that fail where they are entered: between the caller and them no frame is shown."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asynctestkit import AsyncTestCase


class EnterTest(AsyncTestCase):
    async def test_async_context(self) -> None:
        await self.enterAsyncContext(connection())

    async def test_context(self) -> None:
        self.enterContext(Broken())


class EnterForTheClassTest(AsyncTestCase):
    @classmethod
    async def asyncSetUpClass(cls) -> None:
        await cls.enterAsyncClassContext(connection())

    async def test_does_not_run(self) -> None:
        self.fail("it ran")


@asynccontextmanager
async def connection() -> AsyncIterator[None]:
    raise OSError("no connection")
    yield


class Broken:
    """Cannot be entered."""

    def __enter__(self) -> None:
        raise OSError("broken")

    def __exit__(self, *error: object) -> None:
        """Leave."""
