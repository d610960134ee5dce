"""Tear-down and cleanups that fail: each error is reported on the test, none hides another."""

from asynctestkit import AsyncTestCase


class CleanupTest(AsyncTestCase):
    async def asyncSetUp(self) -> None:
        self.addAsyncCleanup(fail, "added first")
        self.addCleanup(print, "added second")
        self.addCleanup(fail, "added last")

    async def test_passes(self) -> None:
        pass

    async def test_fails(self) -> None:
        self.fail("the body")


class TearDownTest(AsyncTestCase):
    async def test_passes(self) -> None:
        self.addAsyncCleanup(fail, "cleanup")

    async def asyncTearDown(self) -> None:
        raise OSError("asyncTearDown")


async def fail(what: str) -> None:
    raise OSError(what)
