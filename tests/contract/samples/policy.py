"""Says whether running a test has made an event loop policy."""

import asyncio
from unittest import IsolatedAsyncioTestCase as Base


def tearDownModule() -> None:
    """Look at asyncio's own variable: asking for the policy would make one."""
    print("a policy was made:", getattr(asyncio.events, "_event_loop_policy") is not None)


class WithFactory(Base):
    """Its loop is made without the policy."""

    loop_factory = asyncio.SelectorEventLoop

    async def test(self) -> None:
        await asyncio.sleep(0)
