"""Tests with each outcome."""

import asyncio
import unittest
from unittest import IsolatedAsyncioTestCase as Base


class Passing(Base):
    """Every phase prints."""

    @classmethod
    def setUpClass(cls) -> None:
        print("setUpClass")

    @classmethod
    def tearDownClass(cls) -> None:
        print("tearDownClass")

    def setUp(self) -> None:
        print("setUp")

    async def asyncSetUp(self) -> None:
        print("asyncSetUp")

    async def test_async(self) -> None:
        """Say something in the first line."""
        await asyncio.sleep(0)
        print("test")

    def test_sync(self) -> None:
        print("test")

    @unittest.skip("not now")
    async def test_skipped(self) -> None:
        print("ran")

    async def asyncTearDown(self) -> None:
        print("asyncTearDown")

    def tearDown(self) -> None:
        print("tearDown")


class Failing(Base):
    """The first test fails."""

    async def test_errs(self) -> None:
        raise ValueError("boom")

    @unittest.expectedFailure
    async def test_expected(self) -> None:
        self.fail("as expected")

    async def test_fails(self) -> None:
        secret = 42
        print("before the failure")
        await asyncio.sleep(0)
        self.assertEqual(secret, 43)

    async def test_skips(self) -> None:
        self.skipTest("in the body")

    @unittest.expectedFailure
    async def test_unexpected(self) -> None:
        pass
