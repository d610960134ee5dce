"""Correct tests to be mixed with faulty ones on one loop."""

from __future__ import annotations

from tests.corpus.faults.entries import Correct

ENTRIES: tuple[Correct, ...] = (
    Correct("nothing", "pass"),
    Correct("plain", "self.assertEqual(1 + 1, 2)", is_async=False),
    Correct("turn", "await asyncio.sleep(0)"),
    Correct("task", "self.assertEqual(await asyncio.create_task(asyncio.sleep(0, 1)), 1)"),
    Correct("task_that_ends_soon", "self.task = asyncio.create_task(turns(2))"),
    Correct("cancelled", "task = asyncio.create_task(forever())\nawait turns()\ntask.cancel()"),
    Correct("retrieved", "task = asyncio.create_task(failing())\nawait turns()\nself.assertTrue(task.exception())"),
    Correct("gathered", "self.assertEqual(len(await asyncio.gather(failing(), return_exceptions=True)), 1)"),
    Correct(
        "group",
        "async with asyncio.TaskGroup() as group:\n    group.create_task(turns())\n    group.create_task(turns())",
    ),
    Correct("timer_cancelled", "asyncio.get_running_loop().call_later(3600, fail).cancel()"),
    Correct(
        "timeout", "with self.assertRaises(TimeoutError):\n    async with asyncio.timeout(0):\n        await forever()"
    ),
    Correct("closed_socket", "with socket.socket() as sock:\n    sock.setblocking(False)"),
    Correct("generator", "async for _ in exhausted():\n    pass", prelude="async def exhausted():\n    yield 1"),
    Correct("thread", "self.assertEqual(await asyncio.to_thread(len, 'ab'), 2)"),
    Correct("collection", "gc.collect()"),
    Correct(
        "background",
        "await turns()",
        set_up="self.background = asyncio.create_task(forever())",
        tear_down="self.background.cancel()\nawait asyncio.wait([self.background])",
    ),
    Correct(
        "served",
        "async def answer(reader, writer):\n    writer.write(await reader.readline())\n    writer.close()\n"
        "async with await asyncio.start_server(answer, '127.0.0.1', 0) as server:\n"
        "    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())\n"
        "    writer.write(b'x\\n')\n    self.assertEqual(await reader.readline(), b'x\\n')\n"
        "    writer.close()\n    await writer.wait_closed()",
    ),
    Correct(
        "served_forever",
        "server = await asyncio.start_server(asyncio.Protocol, '127.0.0.1', 0)\nself.addCleanup(server.close)\n"
        "self.task = asyncio.create_task(server.serve_forever())\nawait turns()",
    ),
    Correct(
        "fixture",
        "self.assertFalse(own_task.done())",
        prelude=(
            "@fixture\nasync def own_task():\n    task = asyncio.create_task(forever())\n    yield task\n"
            "    task.cancel()\n    await asyncio.wait([task])"
        ),
        parameters="own_task",
    ),
    Correct("queue", "queue = asyncio.Queue()\nqueue.put_nowait(1)\nself.assertEqual(await queue.get(), 1)"),
    Correct("mock", "double = mock.AsyncMock(return_value=1)\nself.assertEqual(await double(), 1)"),
)
