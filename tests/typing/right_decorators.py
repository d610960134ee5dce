"""What `@async_test` and `@async_hook` make of a function's type."""

import asyncio
import unittest
from collections.abc import Callable
from typing import Any, assert_type

from asynctestkit import async_hook, async_test


@async_test
async def test_bare() -> None:
    """Stand for a test without parameters."""


@async_test(timeout=5)
async def test_called(number: int, word: str) -> None:
    """Stand for a test that is called with options."""


@async_test()
async def test_without_options() -> None:
    """Stand for a called form without options."""


@async_test(timeout=None, loop_factory=asyncio.SelectorEventLoop)
async def test_all_options() -> None:
    """Stand for a test with a class as its loop factory."""


@async_test(loop_factory=asyncio.new_event_loop, timeout=0.5)
async def test_function_as_factory() -> None:
    """Stand for a test with a function as its loop factory."""


@async_test(loop_factory=lambda: asyncio.SelectorEventLoop())
async def test_lambda_as_factory() -> None:
    """Stand for a test with a lambda as its loop factory."""


assert_type(test_bare(), None)
assert_type(test_called(1, "x"), None)
assert_type(test_called(number=1, word="x"), None)
assert_type(test_without_options(), None)
assert_type(test_all_options(), None)

without_parameters: Callable[[], None] = test_bare
with_parameters: Callable[[int, str], None] = test_called


class Case(unittest.TestCase):
    """A plain case with every hook."""

    value: int

    @async_hook
    @classmethod
    async def setUpClass(cls) -> None:
        """Prepare the class."""
        cls.value = 3

    @classmethod
    @async_hook
    async def tearDownClass(cls) -> None:
        """Tidy up after the class."""

    @async_hook
    async def setUp(self) -> None:
        """Prepare the test."""
        assert_type(self.value, int)

    @async_hook
    async def tearDown(self) -> None:
        """Tidy up after the test."""

    @async_test
    async def test_method(self) -> None:
        """Stand for a test method."""

    @async_test(timeout=1.5)
    async def test_with_parameters(self, number: int = 1) -> None:
        """Stand for a test method with parameters."""


class Derived(Case):
    """A case that overrides hooks and awaits its base's."""

    @async_hook
    async def setUp(self) -> None:
        """Prepare the test."""
        await super().setUp()

    @async_hook
    @classmethod
    async def setUpClass(cls) -> None:
        """Prepare the class."""
        await super().setUpClass()


@async_hook
async def setUpModule() -> None:
    """Prepare the module."""


case = Case()
assert_type(case.test_method(), None)
assert_type(case.test_with_parameters(2), None)
assert_type(setUpModule(), Any)
