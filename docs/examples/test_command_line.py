"""The program as a user starts it, in a process of its own: a plain TestCase with single async methods."""

import asyncio
import os
import sys
import tempfile
import unittest
from pathlib import Path

from asynctestkit import async_hook, async_test
from kvstore import Client

HERE = Path(__file__).resolve().parent


@unittest.skipUnless(os.name == "posix", "the program is stopped by a signal")
class CommandLineTest(unittest.TestCase):
    @async_hook
    async def setUp(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.path = Path(folder) / "store.sqlite"
        self.program = await self.start()

    @async_hook
    async def tearDown(self) -> None:
        if self.program.returncode is None:
            await self.stop()

    async def start(self) -> asyncio.subprocess.Process:
        """Start the program on this test's file."""
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kvstore", str(self.path), cwd=HERE, stdout=asyncio.subprocess.PIPE
        )

    async def stop(self) -> int | None:
        """Ask the program to end, wait until it has, and return its exit code."""
        self.program.terminate()
        async with asyncio.timeout(20):
            await self.program.communicate()
        return self.program.returncode

    async def address(self) -> tuple[str, int]:
        """Read where the program listens from its first line."""
        assert self.program.stdout is not None
        async with asyncio.timeout(20):
            *_, host, port = (await self.program.stdout.readline()).decode().split()
        return host, int(port)

    @async_test
    async def test_values_outlive_the_program(self) -> None:
        """Stopped and started again on the same file, it knows what it knew."""
        async with Client(*await self.address()) as client:
            await client.set("colour", "red")
        self.assertEqual(await self.stop(), 0)
        self.program = await self.start()
        async with Client(*await self.address()) as client:
            self.assertEqual(await client.get("colour"), "red")

    @async_test
    async def test_stops_with_clients_connected(self) -> None:
        """A signal ends it in good order; the client sees the end of its connection."""
        async with Client(*await self.address()) as client:
            await client.set("colour", "red")
            self.assertEqual(await self.stop(), 0)
            with self.assertRaises(ConnectionError):
                await client.get("colour")

    @async_test
    async def test_port_in_use(self) -> None:
        """A second server on the same port gives up with an error."""
        _, port = await self.address()
        second = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "kvstore", str(self.path), "--port", str(port)),
            cwd=HERE,
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await second.communicate()
        self.assertNotEqual(second.returncode, 0)
        self.assertIn(b"address already in use", errors)
