"""Children that have ended and been waited for by the time the test is over."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, STDOUT

from tests.corpus.base import CHILD_FLAGS, PYTHON, CorpusCase, needs_children, needs_unix

SLEEPS = ("sleep", "60")


@needs_unix
@needs_children
class ProcessTest(CorpusCase):
    async def test_exec_and_wait(self):
        child = await asyncio.create_subprocess_exec("true")
        self.assertEqual(await child.wait(), 0)

    async def test_shell_and_communicate(self):
        child = await asyncio.create_subprocess_shell("echo hello; exit 3", stdout=PIPE)
        out, _ = await child.communicate()
        self.assertEqual((out, child.returncode), (b"hello\n", 3))

    async def test_input(self):
        child = await asyncio.create_subprocess_exec("cat", stdin=PIPE, stdout=PIPE)
        self.assertEqual(await child.communicate(b"there and back"), (b"there and back", None))

    async def test_lines(self):
        child = await asyncio.create_subprocess_shell("echo one; echo two >&2", stdout=PIPE, stderr=STDOUT)
        self.assertEqual([line async for line in child.stdout], [b"one\n", b"two\n"])
        await child.wait()

    async def test_python(self):
        child = await asyncio.create_subprocess_exec(PYTHON, *CHILD_FLAGS, "print(1 + 1)", stdout=PIPE)
        self.assertEqual((await child.communicate())[0], b"2\n")

    async def test_killed_and_waited_for(self):
        child = await asyncio.create_subprocess_exec(*SLEEPS)
        child.kill()
        self.assertEqual(await child.wait(), -9)

    async def test_terminated_in_a_cleanup(self):
        child = await asyncio.create_subprocess_exec(*SLEEPS)

        async def end():
            child.terminate()
            await child.wait()

        self.addAsyncCleanup(end)

    async def test_killed_with_a_pipe(self):
        child = await asyncio.create_subprocess_exec(*SLEEPS, stdout=PIPE, stdin=DEVNULL)
        child.kill()
        self.assertEqual(await child.communicate(), (b"", None))

    async def test_given_up(self):
        child = await asyncio.create_subprocess_exec(*SLEEPS)
        with self.assertRaises(TimeoutError):
            await asyncio.wait_for(child.wait(), 0.002)
        child.kill()
        await child.wait()

    async def test_not_found(self):
        with self.assertRaises(FileNotFoundError):
            await asyncio.create_subprocess_exec("no-such-program-anywhere")

    async def test_transport(self):
        class Protocol(asyncio.SubprocessProtocol):
            def __init__(self):
                self.output, self.ended = [], loop.create_future()

            def pipe_data_received(self, fd, data):
                self.output.append((fd, data))

            def connection_lost(self, error):
                self.ended.set_result(error)

        loop = asyncio.get_running_loop()
        transport, protocol = await loop.subprocess_shell(Protocol, "echo hi", stdin=None, stderr=None)
        await protocol.ended
        self.assertEqual((protocol.output, transport.get_returncode()), ([(1, b"hi\n")], 0))
        transport.close()

    async def test_two_at_once(self):
        children = await asyncio.gather(*(asyncio.create_subprocess_exec("true") for _ in range(2)))
        self.assertEqual(await asyncio.gather(*(child.wait() for child in children)), [0, 0])
