"""Single async tests and hooks in classes that derive from unittest.TestCase."""

import asyncio
import unittest
from contextlib import suppress

from asynctestkit import async_hook, async_test


class PlainCaseTest(unittest.TestCase):
    @async_hook
    async def setUp(self):
        self.task = asyncio.create_task(asyncio.Event().wait())

    @async_hook
    async def tearDown(self):
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task

    @async_test
    async def test_task_of_set_up(self):
        await asyncio.sleep(0)
        self.assertFalse(self.task.done())

    @async_test
    async def test_task_of_its_own(self):
        self.assertEqual(await asyncio.create_task(asyncio.sleep(0, 1)), 1)

    def test_plain(self):
        self.assertTrue(True)


class PlainClassHooksTest(unittest.TestCase):
    @classmethod
    @async_hook
    async def setUpClass(cls):
        cls.beat = asyncio.create_task(asyncio.Event().wait())

    @classmethod
    @async_hook
    async def tearDownClass(cls):
        cls.beat.cancel()
        with suppress(asyncio.CancelledError):
            await cls.beat

    @async_test
    async def test_one(self):
        await asyncio.sleep(0)

    @async_test
    async def test_other(self):
        self.assertFalse(self.beat.done())
