"""A suite of mistakes; what unittest and pytest say of it stands in the files beside it."""

import asyncio
import unittest

from asynctestkit import AsyncTestCase, async_hook, async_test, fixture


class ScopesTest(AsyncTestCase):
    async def asyncSetUp(self) -> None:
        self.group = await self.enterAsyncContext(asyncio.TaskGroup())

    async def test_child_fails(self) -> None:
        self.group.create_task(fail())
        await asyncio.Event().wait()


class ValuesTest(AsyncTestCase):
    async def test_coroutine_is_true(self) -> None:
        self.assertTrue(answer())

    async def test_fails(self) -> None:
        self.assertEqual(await answer(), 43)


class FixturesTest(AsyncTestCase):
    @fixture
    async def database(self) -> None:
        raise OSError("no database")

    async def test_opening_fails(self, database: None) -> None:
        self.fail("it ran")

    async def test_misspelt(self, databse: None) -> None:
        self.fail("it ran")


class ClassTest(AsyncTestCase):
    @classmethod
    async def asyncSetUpClass(cls) -> None:
        raise OSError("no server")

    async def test_never_runs(self) -> None:
        self.fail("it ran")


class PlainTest(unittest.TestCase):
    @async_hook
    async def setUp(self) -> None:
        self.value = await answer()

    @async_test
    async def test_fails(self) -> None:
        self.assertEqual(self.value, 43)


@async_test
async def test_function() -> None:
    assert await answer() == 43, "not yet"


async def answer() -> int:
    return 42


async def fail() -> None:
    raise ValueError("child")
