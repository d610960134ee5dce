"""Many clients at once: one server for the whole module, started and stopped by async module hooks.

Single tests need no class: a coroutine function at module level is a test as it stands.
"""

import asyncio
import tempfile
import unittest
from contextlib import AsyncExitStack
from pathlib import Path

from asynctestkit import AsyncTestCase, async_hook, async_test
from kvstore import Client, Server, serve

resources = AsyncExitStack()
server: Server


@async_hook
async def setUpModule() -> None:
    global server  # noqa: PLW0603  # what setUpModule makes belongs to the module
    folder = resources.enter_context(tempfile.TemporaryDirectory())
    server = await resources.enter_async_context(serve(Path(folder) / "store.sqlite"))


@async_hook
async def tearDownModule() -> None:
    await resources.aclose()


async def count(key: str, times: int) -> None:
    """Be one client that adds to a number, one at a time."""
    async with Client(*server.address) as client:
        for _ in range(times):
            await client.increment(key)


@async_test
async def test_counts_add_up() -> None:
    """Ten clients at once lose nothing."""
    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(count("hits", 5))
    async with Client(*server.address) as client:
        assert await client.get("hits") == "50"


@async_test
async def test_clients_do_not_wait_for_each_other() -> None:
    """One that stops in the middle of a line holds up nobody."""
    _, writer = await asyncio.open_connection(*server.address)
    writer.write(b"GET hi")
    await count("others", 3)
    writer.close()
    await writer.wait_closed()


class ManyClientsTest(AsyncTestCase):
    """Classes in this module use the module's server as well, and so its loop."""

    async def test_failing_client_stops_its_group(self) -> None:
        """The others are cancelled in the middle of their work, and the server does not mind."""
        with self.assertRaises(ExceptionGroup) as caught:
            async with asyncio.TaskGroup() as group:
                for _ in range(5):
                    group.create_task(count("endless", 1_000_000))
                group.create_task(self._fail_after_first_count())
        self.assertEqual([str(error) for error in caught.exception.exceptions], ["enough"])
        await count("still there", 1)

    async def _fail_after_first_count(self) -> None:
        await count("endless", 1)
        raise RuntimeError("enough")


class ExistingTest(unittest.TestCase):
    """A class that has a base of its own keeps it: the decorators do one method at a time."""

    @async_hook
    async def setUp(self) -> None:
        self.client = Client(*server.address)
        await self.client.__aenter__()

    @async_hook
    async def tearDown(self) -> None:
        await self.client.__aexit__(None, None, None)

    @async_test
    async def test_sees_what_another_client_did(self) -> None:
        """As soon as the other has its reply."""
        before = await self.client.increment("seen", 0)
        await count("seen", 2)
        self.assertEqual(await self.client.increment("seen", 0), before + 2)
