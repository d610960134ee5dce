"""What is left open on loops that are not ours is found as on ours: uvloop's, and asyncio's own that a suite makes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import unittest
import warnings
from collections.abc import AsyncIterator, Callable
from importlib.util import find_spec
from typing import Any

from asynctestkit import AsyncTestCase, fail_on
from tests.checks.faults import FaultCase, forgotten
from tests.outcomes import run_class


def due() -> None:
    """Stand for what a timer is to call."""


def leave(scope: str, factory: Callable[[], asyncio.AbstractEventLoop]) -> type[AsyncTestCase]:
    """Return tests each of which leaves something open, on loops of a kind."""

    @fail_on(async_generators=True, timers=True)
    class Case(AsyncTestCase):
        loop_scope = scope
        loop_factory = staticmethod(factory)

        async def test_a_server(self) -> None:
            self.thing: Any = await asyncio.start_server(lambda *streams: None, "127.0.0.1", 0)

        async def test_b_stream(self) -> None:
            ours, self.theirs = socket.socketpair()
            self.addCleanup(self.theirs.close)
            self.thing = await asyncio.open_connection(sock=ours)

        async def test_c_datagrams(self) -> None:
            loop = asyncio.get_running_loop()
            self.thing = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, ("127.0.0.1", 0))

        async def test_d_pipe(self) -> None:
            read, write = os.pipe()
            self.addClassCleanup(os.close, write)
            self.thing = await asyncio.get_running_loop().connect_read_pipe(asyncio.Protocol, os.fdopen(read))

        async def test_e_subprocess(self) -> None:
            self.thing = await asyncio.create_subprocess_exec("cat", stdin=asyncio.subprocess.PIPE)

        async def test_f_timer(self) -> None:
            asyncio.get_running_loop().call_later(3600, due)

        async def test_g_generator(self) -> None:
            async def numbers() -> AsyncIterator[int]:
                yield 1
                yield 2

            self.thing = numbers()
            await anext(self.thing)

        async def test_h_thread(self) -> None:
            def work() -> None:
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault

            await asyncio.to_thread(work)

    return Case


FOUND = (
    ("test_a_server", "unclosed Server on 127.0.0.1:", "opened"),
    ("test_b_stream", "unclosed transport ", "opened"),
    ("test_c_datagrams", "unclosed transport ", "opened"),
    ("test_d_pipe", "unclosed transport ", "opened"),
    ("test_e_subprocess", "subprocess ", "opened"),
    ("test_f_timer", "timer due was left", "created"),
    ("test_g_generator", "async generator ", "begun"),
    ("test_h_thread", "coroutine 'forgotten' was never awaited", "created"),
)
"""The tests, what is said of each, and what the place is called where it did that."""


class _Any:
    """The tests for one kind of loop."""

    factory: Callable[[], asyncio.AbstractEventLoop]

    def test_found(self: Any) -> None:
        """The object, and the line that made it, on a loop of the test's own and on a shared one."""
        for scope in ("test", "class"):
            result = unittest.TestResult()
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                unittest.defaultTestLoader.loadTestsFromTestCase(leave(scope, self.factory)).run(result)
            said = {test.id().rpartition(".")[2]: text for test, text in result.errors + result.failures}
            with self.subTest(scope):
                self.assertEqual([str(one.message) for one in caught], [])
                self.assertEqual([name for name, _, _ in FOUND], sorted(said))
                for name, headline, called in FOUND:
                    self.assertRegex(said[name], rf"FindingError: {headline}")
                    self.assertRegex(said[name], rf"(?m)^  {called} +\S*{os.path.basename(__file__)}:\d+( in \w+)?$")

    def test_closed(self: Any) -> None:
        """What was told of is closed, and no later test's affair."""
        left: list[Any] = []

        class Case(AsyncTestCase):
            loop_scope = "class"
            loop_factory = staticmethod(self.factory)

            async def test_a(self) -> None:
                self.server = await asyncio.start_server(lambda *streams: None, "127.0.0.1", 0)
                self.child = await asyncio.create_subprocess_exec("sleep", "60")
                left.append(self)

            async def test_b(self) -> None:
                pass

        (line,) = run_class(Case)
        self.assertRegex(line, "2. subprocess .* is still running")
        self.assertEqual((list(left[0].server.sockets), left[0].child.returncode), ([], -signal.SIGKILL))

    def test_right(self: Any) -> None:
        """What was closed, cancelled or has fired is no finding, however it is kept."""

        @fail_on(async_generators=True, timers=True)
        class Case(AsyncTestCase):
            loop_factory = staticmethod(self.factory)

            async def test(self) -> None:
                loop = asyncio.get_running_loop()
                self.server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
                self.reader, self.writer = await asyncio.open_connection(*self.server.sockets[0].getsockname())
                self.child = await asyncio.create_subprocess_exec("true")
                fired: asyncio.Event = asyncio.Event()
                self.timers = [loop.call_later(3600, due), loop.call_later(0.001, fired.set), loop.call_soon(due)]
                self.timers[0].cancel()
                self.timers[2].cancel()
                await fired.wait()
                await self.child.wait()
                await self.reader.read()
                self.writer.close()
                self.server.close()
                await self.server.wait_closed()

        self.assertEqual(run_class(Case), ["ok"])

    def test_as_it_was(self: Any) -> None:
        """The loop is then as it was; what the suite has put on it itself stays, and is heard of meanwhile."""
        loops: list[Any] = []

        def factory() -> Any:
            loop: Any = self.factory()
            loop.create_task = create = type(loop).create_task.__get__(loop)
            loops.append((loop, create))
            return loop

        class Case(AsyncTestCase):
            loop_factory = staticmethod(factory)

            async def test(self) -> None:
                self.left = asyncio.ensure_future(asyncio.Event().wait())

        (line,) = run_class(Case)
        self.assertIn("task Event.wait() was still pending", line)
        ((loop, create),) = loops
        kept = {name for name in vars(loop) if callable(vars(loop)[name]) and "foreign" in repr(vars(loop)[name])}
        self.assertEqual((kept, loop.create_task), (set(), create))


class AsyncioTest(_Any, FaultCase):
    """asyncio's loop, which the suite makes itself."""

    factory = staticmethod(asyncio.SelectorEventLoop)

    def test_accepted(self) -> None:
        """What a server has accepted is found, too."""

        class Case(AsyncTestCase):
            loop_factory = staticmethod(asyncio.SelectorEventLoop)

            async def test(self) -> None:
                self.accepted: asyncio.Queue[Any] = asyncio.Queue()
                server = await asyncio.start_server(lambda *two: self.accepted.put_nowait(two), "127.0.0.1", 0)
                self.enterContext(socket.create_connection(server.sockets[0].getsockname()))
                self.streams = await self.accepted.get()
                server.close()

        (line,) = run_class(Case)
        self.assertIn("unclosed transport SelectorSocketTransport", line)

    def test_debug(self) -> None:
        """In debug mode, what asyncio keeps of where a task or timer was made ends in the test."""
        made: list[Any] = []

        class Case(AsyncTestCase):
            debug = True
            loop_factory = staticmethod(asyncio.SelectorEventLoop)

            async def test(self) -> None:
                loop = asyncio.get_running_loop()
                made.append(loop.create_task(asyncio.sleep(0)))
                made.extend((loop.call_later(60, due), loop.call_at(1e9, due)))
                await made[0]
                for one in made:
                    assert one._source_traceback[-1].filename == __file__, one._source_traceback[-1]
                made[1].cancel()
                made[2].cancel()

        self.assertEqual(run_class(Case), ["ok"])


@unittest.skipUnless(find_spec("uvloop"), "needs uvloop")
class UvloopTest(_Any, FaultCase):
    """uvloop's."""

    @staticmethod
    def factory() -> Any:
        """Return a loop of uvloop's."""
        import uvloop

        return uvloop.new_event_loop()


if __name__ == "__main__":
    unittest.main()
