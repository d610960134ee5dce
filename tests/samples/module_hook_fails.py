"""An async module hook that fails: no test of the module runs."""

import unittest

from asynctestkit import AsyncTestCase, async_hook, async_test


@async_hook
async def setUpModule() -> None:
    raise OSError("no network")


class ModuleTest(AsyncTestCase):
    async def test_one(self) -> None:
        self.fail("it ran")


class PlainTest(unittest.TestCase):
    @async_test
    async def test_two(self) -> None:
        self.fail("it ran")


@async_test
async def test_three() -> None:
    raise AssertionError("it ran")
