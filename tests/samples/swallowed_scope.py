"""A scope that ends the body and keeps quiet about it: the test must not pass."""

import asyncio
from types import TracebackType

from asynctestkit import AsyncTestCase


class Quiet:
    """Ends what runs inside after a while, and swallows the TimeoutError."""

    def __init__(self, delay: float) -> None:
        self.timeout = asyncio.timeout(delay)

    async def __aenter__(self) -> None:
        await self.timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        try:
            await self.timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            return True
        return False


class QuietTest(AsyncTestCase):
    async def asyncSetUp(self) -> None:
        await self.enterAsyncContext(Quiet(0.01 if "never" in self.id() else 60))

    async def test_never_ends(self) -> None:
        await asyncio.Event().wait()

    async def test_is_done_in_time(self) -> None:
        await asyncio.sleep(0)
