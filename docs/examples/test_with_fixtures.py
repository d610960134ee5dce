"""Fixtures of every scope: a folder for the run, a file for the module, a server for each class, a client each test.

A test names what it needs as parameters. What lives longer than one test is opened for the first that asks, on the loop
that the tests then share, and closed when nobody can ask for it any more.
"""

import tempfile
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

from asynctestkit import AsyncTestCase, fixture, parametrize
from kvstore import Client, Server, serve


@fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder that is gone after the run; a plain generator will do."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@fixture(scope="module")
def database(folder: Path) -> Path:
    """One file for the module: what a server of one class wrote, the server of the next one finds."""
    return folder / "store.sqlite"


@fixture(scope="class")
async def server(database: Path) -> AsyncGenerator[Server, None]:
    """A real server, started once for each class."""
    async with serve(database) as running:
        yield running


@fixture
async def client(server: Server) -> AsyncGenerator[Client, None]:
    """A connection of the test's own."""
    async with Client(*server.address) as connected:
        yield connected


class WritingTest(AsyncTestCase):
    """Each test has its own client of the class's server."""

    async def test_writes(self, client: Client) -> None:
        """What one test writes..."""
        await client.set("colour", "red")
        self.assertEqual(await client.get("colour"), "red")

    async def test_two_clients(self, server: Server, client: Client) -> None:
        """A test may ask for the server, too, to connect once more."""
        await client.set("shape", "round")
        async with Client(*server.address) as another:
            self.assertEqual(await another.get("shape"), "round")

    @parametrize("key, value", [("empty", ""), ("words", "two words"), ("lines", "two\nlines")])
    async def test_values_come_back(self, client: Client, key: str, value: str) -> None:
        """Three tests, each with a name of its own: test_values_come_back[empty-] and so on."""
        await client.set(key, value)
        self.assertEqual(await client.get(key), value)


class XReadingLaterTest(AsyncTestCase):
    """Another class, hence another server, on the same file; it runs after the first one."""

    @fixture
    async def client(self, client: Client) -> Client:
        """A fixture of the class stands before the module's, which it can ask for by the same name."""
        await client.set("seen", "yes")
        return client

    async def test_finds_what_was_written(self, client: Client) -> None:
        """...is still in the file when the next server opens it."""
        self.assertEqual(await client.get("seen"), "yes")

    def test_plain_tests_get_values_too(self, server: Server) -> None:
        """A test that awaits nothing can use what async fixtures give."""
        self.assertGreater(server.address[1], 0)
