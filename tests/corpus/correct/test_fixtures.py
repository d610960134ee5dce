"""Fixtures of every scope, some of which keep tasks, servers and generators of their own."""

import asyncio
from contextlib import asynccontextmanager, suppress

from asynctestkit import fixture, parametrize
from tests.corpus.base import LOCALHOST, CorpusCase, corpus_test, echo


@fixture
async def queue():
    made = asyncio.Queue()
    yield made
    await asyncio.sleep(0)


@fixture
async def background():
    stop = asyncio.Event()
    task = asyncio.create_task(stop.wait())
    yield task
    stop.set()
    await task


@fixture
async def worker(queue):
    async def work():
        while True:
            item, answer = await queue.get()
            answer.set_result(item * 2)

    task = asyncio.create_task(work())
    yield queue
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@fixture(scope="class")
async def address():
    async with await asyncio.start_server(echo, LOCALHOST, 0) as server:
        yield server.sockets[0].getsockname()


@fixture(scope="class")
async def connection(address):
    reader, writer = await asyncio.open_connection(*address)
    yield reader, writer
    writer.close()
    await writer.wait_closed()


@fixture(scope="module")
async def ticker():
    ticks = []

    async def tick():
        while True:
            ticks.append(asyncio.get_running_loop().time())
            await asyncio.sleep(0.001)

    task = asyncio.create_task(tick())
    yield ticks
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@fixture(scope="module")
@asynccontextmanager
async def group():
    async with asyncio.TaskGroup() as made:
        stop = asyncio.Event()
        made.create_task(stop.wait())
        yield made
        stop.set()


class OwnFixturesTest(CorpusCase):
    async def test_background(self, background):
        self.assertFalse(background.done())

    async def test_worker(self, worker):
        answer = asyncio.get_running_loop().create_future()
        worker.put_nowait((21, answer))
        self.assertEqual(await answer, 42)

    async def test_asked_for_by_name(self):
        queue = await self.get_fixture("queue")
        self.assertTrue(queue.empty())

    @fixture
    async def greeting(self):
        return await asyncio.sleep(0, "hello")

    async def test_method(self, greeting):
        self.assertEqual(greeting, "hello")

    @parametrize("value", [1, 2, 3])
    async def test_parametrised(self, value):
        self.assertEqual(await asyncio.sleep(0, value), value)


class ClassFixturesTest(CorpusCase):
    async def ask(self, connection, line):
        """Send a line over the connection, return the answer."""
        reader, writer = connection
        writer.write(line)
        return await reader.readline()

    async def test_one(self, connection):
        self.assertEqual(await self.ask(connection, b"one\n"), b"one\n")

    async def test_other(self, connection):
        self.assertEqual(await self.ask(connection, b"other\n"), b"other\n")

    async def test_with_one_of_its_own(self, connection, background):
        self.assertEqual(await self.ask(connection, b"third\n"), b"third\n")


class ModuleFixturesTest(CorpusCase):
    async def test_ticks(self, ticker):
        before = len(ticker)
        while len(ticker) == before:
            await asyncio.sleep(0.001)

    async def test_ticks_while_nothing_happens(self, ticker):
        pass

    async def test_child_of_a_wider_group(self, group):
        self.assertEqual(await group.create_task(asyncio.sleep(0, 5)), 5)


@corpus_test
async def test_function_with_fixtures(background, queue):
    assert queue.empty()
    assert not background.done()
