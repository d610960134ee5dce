"""Test cases to derive from or made to order, and a factory that keeps the loops it gave them."""

from __future__ import annotations

import asyncio
from typing import Any

from asynctestkit import AsyncTestCase
from tests.outcomes import Events


class Factory:
    """A factory that remembers what it made."""

    def __init__(self) -> None:
        self.made: list[asyncio.AbstractEventLoop] = []

    def __call__(self) -> asyncio.AbstractEventLoop:
        self.made.append(asyncio.new_event_loop())
        return self.made[-1]


def case_of(**options: Any) -> type[AsyncTestCase]:
    """Return a case of one async test that passes, with options."""

    async def test(self: AsyncTestCase) -> None:
        await asyncio.sleep(0)

    return type("Case", (AsyncTestCase,), {"test": test, "__module__": __name__, **options})


class Recorded(AsyncTestCase):
    """A case of one test whose subclasses write events."""

    events: Events

    @classmethod
    async def note(cls, event: str) -> None:
        """Write an event down after a turn of the loop."""
        await asyncio.sleep(0)
        cls.events.append(event)

    async def test(self) -> None:
        """Write an event down."""
        self.events.append("test")
