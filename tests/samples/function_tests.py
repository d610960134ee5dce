"""Module-level test functions, with each outcome."""

import asyncio
import unittest

from asynctestkit import async_test


@async_test
async def test_passes() -> None:
    await asyncio.sleep(0)


@async_test
async def test_fails() -> None:
    assert await answer() == 43, "wrong answer"


@async_test
async def test_errs() -> None:
    await broken()


@async_test(timeout=0.1)
async def test_overruns() -> None:
    await asyncio.Event().wait()


@unittest.skip("not now")
@async_test
async def test_skipped_above() -> None:
    raise AssertionError("it ran")


@async_test
async def test_skips_itself() -> None:
    raise unittest.SkipTest("not here")


async def answer() -> int:
    return 42


async def broken() -> None:
    await asyncio.sleep(0)
    raise LookupError("nothing there")
