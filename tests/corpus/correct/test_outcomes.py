"""Skips, expected failures, subtests, plain tests, debug mode, and hooks of every kind, none with a fault."""

import asyncio
import unittest
from contextlib import suppress

from tests.corpus.base import KIND, CorpusCase, corpus_test


class OutcomeTest(CorpusCase):
    @unittest.skip("on purpose")
    async def test_skipped(self):
        asyncio.create_task(asyncio.Event().wait())

    async def test_skips_itself(self):
        await asyncio.sleep(0)
        self.skipTest("on purpose")

    @unittest.expectedFailure
    async def test_expected_to_fail(self):
        await asyncio.sleep(0)
        self.assertEqual(1, 2)

    @unittest.expectedFailure
    async def test_expected_to_raise(self):
        await asyncio.create_task(self.raises())

    async def raises(self):
        raise ValueError("expected")

    async def test_subtests(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertEqual(await asyncio.create_task(asyncio.sleep(0, number)), number)

    def test_plain(self):
        self.assertEqual(1 + 1, 2)

    def test_plain_that_uses_the_loop(self):
        self.assertEqual(self.loop.run_until_complete(asyncio.sleep(0, 5)), 5)

    async def test_that_does_nothing(self):
        pass

    async def test_cancelled_error_suppressed(self):
        with suppress(asyncio.CancelledError):
            raise asyncio.CancelledError

    async def test_raises_a_group(self):
        with self.assertRaises(ExceptionGroup):
            raise ExceptionGroup("expected", [ValueError("one"), KeyError("two")])


class AsyncHooksTest(CorpusCase):
    """Plain hooks that are coroutine functions."""

    async def setUp(self):
        self.events = [await asyncio.sleep(0, "setUp")]
        self.addAsyncCleanup(asyncio.sleep, 0)

    async def asyncSetUp(self):
        self.events.append("asyncSetUp")

    async def test(self):
        self.assertEqual(self.events, ["setUp", "asyncSetUp"])

    async def asyncTearDown(self):
        await asyncio.sleep(0)

    async def tearDown(self):
        await asyncio.sleep(0)


class AsyncClassHooksTest(CorpusCase):
    @classmethod
    async def setUpClass(cls):
        cls.value = await asyncio.sleep(0, "value")
        cls.addAsyncClassCleanup(asyncio.sleep, 0)

    @classmethod
    async def tearDownClass(cls):
        await asyncio.sleep(0)

    async def test(self):
        self.assertEqual(self.value, "value")


class SkippedInSetUpTest(CorpusCase):
    async def asyncSetUp(self):
        self.queue = asyncio.Queue()
        self.skipTest("on purpose")

    async def test(self):
        self.fail("it ran")


class DebugTest(CorpusCase):
    """A class that asks for debug mode."""

    debug = True

    async def test_on(self):
        self.assertTrue(asyncio.get_running_loop().get_debug())

    async def test_task(self):
        await asyncio.create_task(asyncio.sleep(0))

    async def test_cancelled(self):
        task = asyncio.create_task(asyncio.Event().wait())
        await asyncio.sleep(0)
        task.cancel()

    async def test_slow_callbacks_allowed(self):
        asyncio.get_running_loop().slow_callback_duration = 60.0
        sum(range(1000))


class NoDebugTest(CorpusCase):
    debug = False

    async def test_off(self):
        self.assertFalse(asyncio.get_running_loop().get_debug())


class Mixin:
    """Set-up that several classes share."""

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.task = asyncio.create_task(asyncio.sleep(0, "mixed in"))


class MixinTest(Mixin, CorpusCase):
    async def test_used(self):
        self.assertEqual(await self.task, "mixed in")

    async def test_not_used(self):
        self.assertIn(KIND, ("", "debug", "eager", "uvloop"))


@corpus_test
async def test_function_that_does_nothing():
    pass


@unittest.skip("on purpose")
@corpus_test
async def test_function_that_is_skipped():
    raise AssertionError("it ran")
