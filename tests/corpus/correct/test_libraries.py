"""anyio's and uvloop's own ways, where they are installed."""

import asyncio

from tests.corpus.base import THREADED, CorpusCase, needs_anyio, needs_uvloop


@needs_anyio
class AnyioTest(CorpusCase):
    async def test_task_group(self):
        import anyio

        done = []

        async def work(number):
            await anyio.sleep(0)
            done.append(number)

        async with anyio.create_task_group() as group:
            for number in range(3):
                group.start_soon(work, number)
        self.assertEqual(sorted(done), [0, 1, 2])

    async def test_group_cancelled(self):
        import anyio

        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep_forever)
            await anyio.sleep(0)
            group.cancel_scope.cancel()

    async def test_started(self):
        import anyio

        async def serve(*, task_status):
            task_status.started("ready")
            await anyio.sleep_forever()

        async with anyio.create_task_group() as group:
            self.assertEqual(await group.start(serve), "ready")
            group.cancel_scope.cancel()

    async def test_move_on(self):
        import anyio

        with anyio.move_on_after(0.002) as scope:
            await anyio.sleep_forever()
        self.assertTrue(scope.cancelled_caught)

    async def test_streams(self):
        import anyio

        send, receive = anyio.create_memory_object_stream(1)
        async with send, receive:
            await send.send("hello")
            self.assertEqual(await receive.receive(), "hello")

    async def test_thread(self):
        import anyio.to_thread

        self.assertEqual(await anyio.to_thread.run_sync(len, "abc"), 3)

    async def test_socket(self):
        import anyio

        async def handle(client):
            async with client:
                await client.send(await client.receive())

        async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
            async with anyio.create_task_group() as group:
                group.start_soon(listener.serve, handle)
                port = listener.extra(anyio.abc.SocketAttribute.local_port)
                async with await anyio.connect_tcp("127.0.0.1", port) as stream:
                    await stream.send(b"hello")
                    self.assertEqual(await stream.receive(), b"hello")
                group.cancel_scope.cancel()


def uvloop_loop():
    """Return a loop of uvloop's."""
    import uvloop

    return uvloop.new_event_loop()


@needs_uvloop
class UvloopTest(CorpusCase):
    loop_factory = uvloop_loop

    async def test_its_loop(self):
        self.assertIn("uvloop", type(asyncio.get_running_loop()).__module__)

    async def test_task_and_timer(self):
        task = asyncio.create_task(asyncio.sleep(0.001, 5))
        self.assertEqual(await task, 5)

    async def test_server(self):
        async def handler(reader, writer):
            writer.write(await reader.readline())
            writer.close()

        server = await asyncio.start_server(handler, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\n")
        self.assertEqual(await reader.readline(), b"hello\n")
        writer.close()
        server.close()
        await server.wait_closed()

    async def test_child(self):
        if THREADED:
            self.skipTest("uvloop watches children from the main thread only")
        child = await asyncio.create_subprocess_exec("true")
        self.assertEqual(await child.wait(), 0)
