"""What `AsyncTestCase` and its methods give."""

import asyncio
import contextlib
import unittest
from collections.abc import AsyncIterator
from typing import assert_type

from asynctestkit import AsyncTestCase


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[bytes]:
    """Give something."""
    yield b""


class Case(AsyncTestCase):
    """A case with options and hooks."""

    loop_scope = "class"
    loop_factory = asyncio.SelectorEventLoop
    debug = True

    @classmethod
    async def asyncSetUpClass(cls) -> None:
        """Prepare the class."""
        assert_type(await cls.enterAsyncClassContext(opened()), bytes)
        cls.addAsyncClassCleanup(asyncio.sleep, 0)

    async def asyncSetUp(self) -> None:
        """Prepare the test."""
        assert_type(await self.enterAsyncContext(opened()), bytes)
        assert_type(self.enterContext(contextlib.nullcontext(3)), int)
        assert_type(self.loop, asyncio.AbstractEventLoop)
        self.addAsyncCleanup(asyncio.sleep, 0)
        self.addCleanup(print, "x")

    async def test_one(self) -> None:
        """Stand for a test."""
        self.assertTrue(await asyncio.sleep(0, result=True))


class AsyncHooks(AsyncTestCase):
    """A case whose plain hooks are coroutine functions."""

    async def setUp(self) -> None:
        """Prepare the test."""
        await super().setUp()

    async def tearDown(self) -> None:
        """Tidy up after the test."""
        await super().tearDown()

    @classmethod
    async def setUpClass(cls) -> None:
        """Prepare the class."""
        await super().setUpClass()


class PlainHooks(AsyncTestCase):
    """A case whose plain hooks are plain."""

    def setUp(self) -> None:
        """Prepare the test."""
        super().setUp()

    @classmethod
    def setUpClass(cls) -> None:
        """Prepare the class."""
        super().setUpClass()


class OwnNames(AsyncTestCase):
    """A case that uses names of ours for things of its own, as suites do."""

    loop_factory = staticmethod(asyncio.new_event_loop)
    clock: int = 3
    client: str = "x"


stock: unittest.IsolatedAsyncioTestCase = Case()
