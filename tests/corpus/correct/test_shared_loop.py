"""What a class or a module opens once and its tests use one after another: servers, pools, workers."""

import asyncio
from contextlib import AsyncExitStack, suppress

from asynctestkit import async_hook
from tests.corpus.base import LOCALHOST, CorpusCase, echo, turns


class Pool:
    """Connections that are opened when they are first needed and kept until the pool is closed."""

    def __init__(self, address):
        self.address, self.free, self.opened = address, [], 0

    async def ask(self, line):
        """Send a line over a free connection, return the answer."""
        if self.free:
            reader, writer = self.free.pop()
        else:
            reader, writer = await asyncio.open_connection(*self.address)
            self.opened += 1
        writer.write(line)
        answer = await reader.readline()
        self.free.append((reader, writer))
        return answer

    async def aclose(self):
        """Close all connections."""
        for _, writer in self.free:
            writer.close()
            await writer.wait_closed()


class PooledConnectionsTest(CorpusCase):
    loop_scope = "class"

    @classmethod
    async def asyncSetUpClass(cls):
        cls.server = await asyncio.start_server(echo, LOCALHOST, 0)
        cls.pool = Pool(cls.server.sockets[0].getsockname())

    @classmethod
    async def asyncTearDownClass(cls):
        await cls.pool.aclose()
        cls.server.close()
        await cls.server.wait_closed()

    async def test_first(self):
        self.assertEqual(await self.pool.ask(b"first\n"), b"first\n")

    async def test_second(self):
        self.assertEqual(await self.pool.ask(b"second\n"), b"second\n")

    async def test_some_at_once(self):
        answers = await asyncio.gather(*(self.pool.ask(f"{number}\n".encode()) for number in range(4)))
        self.assertEqual(answers, [b"0\n", b"1\n", b"2\n", b"3\n"])

    async def test_zero_connections(self):
        await asyncio.sleep(0)


class HandlersRunOnTest(CorpusCase):
    """A server of the class whose handlers are begun during one test and end during another, or later."""

    @classmethod
    async def asyncSetUpClass(cls):
        cls.handled = []

        async def handler(reader, writer):
            try:
                while line := await reader.readline():
                    cls.handled.append(line)
                    writer.write(line)
            finally:
                writer.close()

        server = await asyncio.start_server(handler, LOCALHOST, 0)
        await cls.enterAsyncClassContext(server)
        cls.reader, cls.writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        cls.addClassCleanup(cls.writer.close)

    async def ask(self, line):
        """Send a line over the connection of the class, return the answer."""
        self.writer.write(line)
        return await self.reader.readline()

    async def test_one(self):
        self.assertEqual(await self.ask(b"one\n"), b"one\n")

    async def test_other(self):
        self.assertEqual(await self.ask(b"other\n"), b"other\n")


class BackgroundOfTheClassTest(CorpusCase):
    """Tasks, timers and groups that belong to the class, not to the test during which they do something."""

    @classmethod
    async def asyncSetUpClass(cls):
        loop = asyncio.get_running_loop()
        cls.beats, cls.jobs = 0, asyncio.Queue()
        cls.group = await cls.enterAsyncClassContext(asyncio.TaskGroup())
        cls.worker = cls.group.create_task(cls.work())
        cls.heart = asyncio.create_task(cls.beat())
        cls.timer = loop.call_later(3600, cls.fail)

    @classmethod
    async def work(cls):
        while (job := await cls.jobs.get()) is not None:
            # Each job gets a task of its own, which is begun during a test by a task of the class.
            cls.group.create_task(job)

    @classmethod
    async def beat(cls):
        while True:
            cls.beats += 1
            await asyncio.sleep(0.001)

    @classmethod
    async def asyncTearDownClass(cls):
        cls.timer.cancel()
        cls.heart.cancel()
        with suppress(asyncio.CancelledError):
            await cls.heart
        cls.jobs.put_nowait(None)

    async def test_gives_a_job(self):
        done = asyncio.Event()

        async def job():
            done.set()

        self.jobs.put_nowait(job())
        await done.wait()

    async def test_gives_a_job_that_outlasts_it_a_little(self):
        self.jobs.put_nowait(turns(3))

    async def test_beats(self):
        before = self.beats
        while self.beats == before:
            await asyncio.sleep(0.001)


class ChildOfTheClassTest(CorpusCase):
    """Tests on one loop, none of which leaves anything behind."""

    loop_scope = "class"

    async def test_task(self):
        await asyncio.create_task(asyncio.sleep(0))

    async def test_timer(self):
        asyncio.get_running_loop().call_later(3600, self.fail).cancel()

    async def test_cancelled(self):
        self.task = asyncio.create_task(asyncio.Event().wait())
        await asyncio.sleep(0)
        self.task.cancel()

    async def test_thread(self):
        self.assertEqual(await asyncio.to_thread(len, "ab"), 2)

    def test_plain(self):
        self.assertFalse(self.loop.is_closed())


class ModuleLoopTest(CorpusCase):
    loop_scope = "module"

    async def test_stack(self):
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(await asyncio.start_server(echo, LOCALHOST, 0))
            self.assertTrue(server.is_serving())


kept = []


@async_hook
async def setUpModule():
    kept.append(await asyncio.sleep(0, "value"))


@async_hook
async def tearDownModule():
    kept.clear()
    await asyncio.sleep(0)


class ModuleHookTest(CorpusCase):
    async def test_seen(self):
        self.assertEqual(kept, ["value"])
