"""Skipped tests and expected failures."""

import unittest

from asynctestkit import AsyncTestCase, async_hook, async_test


class OutcomesTest(AsyncTestCase):
    @unittest.skip("decorated")
    async def test_skipped_by_decorator(self) -> None:
        self.fail("it ran")

    async def test_skips_itself(self) -> None:
        self.skipTest("in the body")

    @unittest.expectedFailure
    async def test_expected(self) -> None:
        self.fail("as expected")

    @unittest.expectedFailure
    async def test_unexpected(self) -> None:
        pass


class SkipInSetUpTest(AsyncTestCase):
    async def asyncSetUp(self) -> None:
        self.skipTest("in set-up")

    async def test_never_runs(self) -> None:
        self.fail("it ran")


@unittest.skip("the whole class")
class SkippedClassTest(AsyncTestCase):
    @classmethod
    async def asyncSetUpClass(cls) -> None:
        raise OSError("it ran")

    async def test_never_runs(self) -> None:
        self.fail("it ran")


class PlainTest(unittest.TestCase):
    @async_hook
    async def setUp(self) -> None:
        if self._testMethodName == "test_skipped_in_set_up":
            self.skipTest("in a hook")

    @async_test
    async def test_skipped_in_set_up(self) -> None:
        self.fail("it ran")

    @unittest.expectedFailure
    @async_test
    async def test_expected(self) -> None:
        self.fail("as expected")
