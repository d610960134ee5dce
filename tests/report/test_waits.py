"""What a task waits for is named: one shape each."""

from __future__ import annotations

import asyncio
import math
import socket
import sys
import threading
import unittest
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread

from tests.report.support import ReportCase, needs_uvloop, new_uvloop


class WaitTest(ReportCase):
    """Primitives of asyncio, on the stock loop."""

    def test_lock(self) -> None:
        """Who waits for a lock is told which task holds it, and where that task is."""
        lock = asyncio.Lock()

        async def owner() -> None:
            async with lock:
                await asyncio.Event().wait()

        async def other() -> None:
            await asyncio.sleep(0)
            async with lock:
                pass

        self.assertEqual(
            self.report(b_other=other(), a_owner=owner()),
            [
                "",
                "task 'a_owner'",
                "  here.py:N in owner await asyncio.Event().wait()",
                "  waits for <asyncio.locks.Event object at 0x [unset, waiters:1]> to be set",
                "",
                "task 'b_other'",
                "  here.py:N in other async with lock:",
                "  waits to acquire <asyncio.locks.Lock object at 0x [locked, waiters:1]>",
                "  held by task 'a_owner' at here.py:N in owner",
            ],
        )

    def test_lock_within_a_context_manager(self) -> None:
        """A lock that a context manager made of a generator has entered is held by the task that uses the manager."""
        lock = asyncio.Lock()

        @asynccontextmanager
        async def locked() -> AsyncIterator[None]:
            async with lock:
                yield

        async def owner() -> None:
            async with locked():
                await asyncio.sleep(30)

        async def other() -> None:
            await asyncio.sleep(0)
            async with locked():
                pass

        self.assertEqual(
            self.report(other=other(), owner=owner())[1:5],
            [
                "task 'other'",
                "  here.py:N in other async with locked():",
                "  here.py:N in locked async with lock:",
                "  waits to acquire <asyncio.locks.Lock object at 0x [locked, waiters:1]>",
            ],
        )
        self.assertEqual(self.lines()[5], "  held by task 'owner' at here.py:N in owner")

    def test_crossed_locks(self) -> None:
        """Two tasks that hold each other's lock are told apart, though they stand at the same line."""
        first, second = asyncio.Lock(), asyncio.Lock()

        async def both(one: asyncio.Lock, other: asyncio.Lock) -> None:
            async with one:
                await asyncio.sleep(0)
                async with other:
                    pass

        self.assertEqual(
            self.report(task1=both(first, second), task2=both(second, first)),
            [
                "",
                "task 'task1'",
                "  here.py:N in both async with other:",
                "  waits to acquire <asyncio.locks.Lock object at 0x [locked, waiters:1]>",
                "  held by task 'task2' at here.py:N in both",
                "",
                "task 'task2'",
                "  here.py:N in both async with other:",
                "  waits to acquire <asyncio.locks.Lock object at 0x [locked, waiters:1]>",
                "  held by task 'task1' at here.py:N in both",
            ],
        )

    def test_lock_of_nobody(self) -> None:
        """A lock that was acquired without `async with` has no holder that is known."""
        lock = asyncio.Lock()

        async def other() -> None:
            await lock.acquire()
            await lock.acquire()

        self.assertEqual(
            self.report(other=other()),
            [
                "",
                "task 'other'",
                "  here.py:N in other await lock.acquire()",
                "  waits to acquire <asyncio.locks.Lock object at 0x [locked, waiters:1]>",
            ],
        )

    def test_event(self) -> None:
        """An event is waited for until it is set; who else waits there is named."""
        event = asyncio.Event()

        async def one() -> None:
            await event.wait()

        async def other() -> None:
            await event.wait()

        self.assertEqual(
            self.report(one=one(), other=other()),
            [
                "",
                "task 'one'",
                "  here.py:N in one await event.wait()",
                "  waits for <asyncio.locks.Event object at 0x [unset, waiters:2]> to be set",
                "  also waiting there: 'other'",
                "",
                "task 'other'",
                "  here.py:N in other await event.wait()",
                "  waits for <asyncio.locks.Event object at 0x [unset, waiters:2]> to be set",
                "  also waiting there: 'one'",
            ],
        )

    def test_condition(self) -> None:
        """A condition is waited for until it notifies."""
        condition = asyncio.Condition()

        async def waiter() -> None:
            async with condition:
                await condition.wait()

        self.assertEqual(
            self.report(waiter=waiter())[2:],
            [
                "  here.py:N in waiter await condition.wait()",
                "  waits to be notified by <asyncio.locks.Condition object at 0x [unlocked, waiters:1]>",
            ],
        )

    def test_condition_that_has_notified(self) -> None:
        """A task that was notified and wants the lock back waits for the lock, and is told who holds the condition."""
        condition = asyncio.Condition()

        async def notifier() -> None:
            await asyncio.sleep(0)
            async with condition:
                condition.notify()
                await asyncio.sleep(math.inf)

        async def waiter() -> None:
            async with condition:
                await condition.wait()

        self.assertEqual(
            self.report(notifier=notifier(), waiter=waiter())[-4:],
            [
                "task 'waiter'",
                "  here.py:N in waiter await condition.wait()",
                "  waits to acquire <asyncio.locks.Lock object at 0x [locked, waiters:1]>",
                "  held by task 'notifier' at here.py:N in notifier",
            ],
        )

    def test_semaphore(self) -> None:
        """A semaphore is like a lock, and may have several holders."""
        semaphore = asyncio.Semaphore(2)

        async def user() -> None:
            async with semaphore:
                await asyncio.Event().wait()

        self.assertEqual(
            self.report(a=user(), b=user(), c=user())[-4:],
            [
                "task 'c'",
                "  here.py:N in user async with semaphore:",
                "  waits to acquire <asyncio.locks.Semaphore object at 0x [locked, waiters:1]>",
                "  held by task 'a' at here.py:N in user, task 'b' at here.py:N in user",
            ],
        )

    def test_barrier(self) -> None:
        """A barrier is waited for, not the condition inside it."""
        barrier = asyncio.Barrier(2)

        async def party() -> None:
            await barrier.wait()

        self.assertEqual(
            self.report(party=party())[2:],
            [
                "  here.py:N in party await barrier.wait()",
                "  waits for the other parties of <asyncio.locks.Barrier object at 0x [filling, waiters:1/2]>",
            ],
        )

    def test_queue_without_items(self) -> None:
        """An item is waited for."""
        queue: asyncio.Queue[str] = asyncio.Queue()

        async def getter() -> None:
            await queue.get()

        self.assertEqual(
            self.report(getter=getter())[2:],
            [
                "  here.py:N in getter await queue.get()",
                "  waits for an item of <Queue at 0x maxsize=0 qsize=0>",
            ],
        )

    def test_queue_without_room(self) -> None:
        """Room is waited for; what is in the queue is not shown."""
        queue: asyncio.Queue[str] = asyncio.Queue(1)

        async def putter() -> None:
            await queue.put("content")
            await queue.put("more")

        self.assertEqual(
            self.report(putter=putter())[2:],
            [
                '  here.py:N in putter await queue.put("more")',
                "  waits for room in <Queue at 0x maxsize=1 qsize=1>",
            ],
        )

    def test_queue_with_work_left(self) -> None:
        """The end of the work is waited for, not the event inside the queue."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        queue.put_nowait("content")

        async def joiner() -> None:
            await queue.join()

        self.assertEqual(
            self.report(joiner=joiner())[2:],
            [
                "  here.py:N in joiner await queue.join()",
                "  waits until all items of <Queue at 0x maxsize=0 qsize=1> are done",
            ],
        )

    def test_future(self) -> None:
        """A future that nothing else is known of shows itself."""
        future = self.loop.create_future()

        async def waiter() -> None:
            await future

        self.assertEqual(
            self.report(waiter=waiter())[2:],
            ["  here.py:N in waiter await future", "  waits for <Future pending cb=[Task.task_wakeup()]>"],
        )

    def test_sleep(self) -> None:
        """A sleep shows the time that is left of it."""

        async def sleeper() -> None:
            await asyncio.sleep(30)

        self.assertEqual(
            self.report(sleeper=sleeper())[2:],
            ["  here.py:N in sleeper await asyncio.sleep(30)", "  sleeps, N s left"],
        )

    def test_time_limit(self) -> None:
        """The time that `asyncio.timeout` leaves for a wait is shown, however far outside it was entered."""

        async def inner() -> None:
            await asyncio.Event().wait()

        async def outer() -> None:
            async with asyncio.timeout(30):
                await inner()

        self.assertEqual(
            self.report(outer=outer())[2:],
            [
                "  here.py:N in outer await inner()",
                "  here.py:N in inner await asyncio.Event().wait()",
                "  waits for <asyncio.locks.Event object at 0x [unset, waiters:1]> to be set, timeout: N s left",
            ],
        )

    def test_time_limit_of_anyio(self) -> None:
        """The limits of anyio's scopes are shown like those of asyncio."""

        async def scope() -> None:
            with anyio.move_on_after(30):
                await self.loop.create_future()

        async def manager() -> None:
            with anyio.fail_after(30):
                await self.loop.create_future()

        self.assertEqual(
            self.report(manager=manager(), scope=scope())[3::4],
            ["  waits for <Future pending cb=[Task.task_wakeup()]>, timeout: N s left"] * 2,
        )

    def test_turn_given_up(self) -> None:
        """A task that waits for nothing, or for what has happened, is ready."""
        future = self.loop.create_future()

        async def spinner() -> None:
            while True:
                await asyncio.sleep(0)

        async def waiter() -> None:
            await future

        self.start(spinner=spinner(), waiter=waiter())
        self.settle()
        future.set_result(None)
        self.assertEqual(
            self.lines(),
            [
                "",
                "task 'spinner'",
                "  here.py:N in spinner await asyncio.sleep(0)",
                "  is ready to go on",
                "",
                "task 'waiter'",
                "  here.py:N in waiter await future",
                "  is ready to go on: what it waited for is done",
            ],
        )

    def test_task_that_has_not_begun(self) -> None:
        """A task that never ran shows the line where its function begins."""

        async def waiter() -> None: ...

        self.start(waiter=waiter())
        self.assertEqual(
            self.lines(),
            ["", "task 'waiter'", "  here.py:N in waiter async def waiter() -> None: ...", "  has not begun"],
        )

    def test_cancellation_under_way(self) -> None:
        """A task that is being cancelled says so, and how often it was asked."""

        async def stubborn() -> None:
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    if task.cancelling() > 2:
                        raise

        (task,) = self.start(task=stubborn())
        self.settle()
        for _ in range(2):
            task.cancel()
            self.settle()
        heads = [self.lines()[1]]
        task.cancel()
        self.assertEqual(
            [*heads, *self.lines()[1:]],
            [
                "task 'task', being cancelled (2 times)",
                "task 'task', being cancelled (3 times)",
                "  here.py:N in stubborn await asyncio.Event().wait()",
                "  is ready to go on: its wait was cancelled",
            ],
        )

    def test_stream(self) -> None:
        """A stream's reader is named by its peer."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        connected = asyncio.Event()

        async def client() -> None:
            reader, writer = await asyncio.open_connection(*server.getsockname())
            connected.set()
            try:
                await reader.readline()
            finally:
                writer.close()

        self.start(client=client())
        self.loop.run_until_complete(asyncio.wait_for(connected.wait(), 30))
        self.settle()
        self.assertEqual(
            self.lines()[2:],
            [
                "  here.py:N in client await reader.readline()",
                f"  waits for data from <StreamReader of {server.getsockname()}>",
            ],
        )

    def test_subprocess(self) -> None:
        """The end of a process is waited for."""
        started = asyncio.Event()

        async def parent() -> None:
            program = [sys.executable, "-c", "input()"]
            process = await asyncio.create_subprocess_exec(*program, stdin=asyncio.subprocess.PIPE)
            pids.append(process.pid)
            started.set()
            try:
                await process.wait()
            finally:
                process.kill()
                await process.wait()

        pids: list[int] = []
        self.start(parent=parent())
        self.loop.run_until_complete(asyncio.wait_for(started.wait(), 30))
        self.settle()
        self.assertEqual(
            self.lines()[2:],
            ["  here.py:N in parent await process.wait()", f"  waits for the end of <Process {pids[0]}>"],
        )

    def test_thread(self) -> None:
        """A job of the executor shows its thread and where that is."""
        begun, end = threading.Event(), threading.Event()
        self.addCleanup(end.set)

        def block() -> None:
            begun.set()
            end.wait(30)

        async def waiter() -> None:
            try:
                await asyncio.to_thread(block)
            finally:
                end.set()

        self.start(waiter=waiter())
        self.settle()
        begun.wait(30)
        lines = [line for line in self.lines()[2:] if "threading.py" not in line]
        self.assertEqual(
            [line.replace("uvloop_0", "asyncio_0") for line in lines],
            [
                "  here.py:N in waiter await asyncio.to_thread(block)",
                "  waits for thread 'asyncio_0'",
                "    here.py:N in block end.wait(30)",
            ],
        )

    def test_thread_of_anyio(self) -> None:
        """So does a thread of anyio."""
        begun, end = threading.Event(), threading.Event()
        self.addCleanup(end.set)

        def block() -> None:
            begun.set()
            end.wait(30)

        async def waiter() -> None:
            try:
                await anyio.to_thread.run_sync(block, abandon_on_cancel=True)
            finally:
                end.set()

        self.start(waiter=waiter())
        self.settle()
        begun.wait(30)
        self.assertEqual(
            [line for line in self.lines()[2:] if "threading.py" not in line],
            [
                "  here.py:N in waiter await anyio.to_thread.run_sync(block, abandon_on_cancel=True)",
                "  waits for thread 'AnyIO worker thread'",
                "    here.py:N in block end.wait(30)",
            ],
        )

    def test_job_that_waits_for_a_thread(self) -> None:
        """A job that no thread has taken yet shows itself."""
        begun, end = threading.Event(), threading.Event()
        pool = ThreadPoolExecutor(1)
        self.addCleanup(pool.shutdown)
        self.addCleanup(end.set)

        def block() -> None:
            begun.set()
            end.wait(30)

        async def waiter() -> None:
            await self.loop.run_in_executor(pool, len, "")

        pool.submit(block)
        begun.wait(30)
        self.assertEqual(
            self.report(waiter=waiter())[2:],
            [
                '  here.py:N in waiter await self.loop.run_in_executor(pool, len, "")',
                "  waits for another thread: <Future at 0x state=pending>",
            ],
        )

    def test_anyio(self) -> None:
        """What anyio offers for asyncio is named as well."""
        send, receive = anyio.create_memory_object_stream[int]()

        async def receiver() -> None:
            with send, receive:
                await receive.receive()

        lines = self.report(receiver=receiver())[2:]
        self.assertEqual(lines[0], "  here.py:N in receiver await receive.receive()")
        self.assertRegex(lines[1], "  waits for an item of MemoryObjectReceiveStream")


@needs_uvloop
class UvloopWaitTest(WaitTest):
    """The same on uvloop."""

    factory = staticmethod(new_uvloop)

    def test_coroutine_made_by_cython(self) -> None:
        """Behind a coroutine that Cython made the future is found."""
        ours, theirs = socket.socketpair()
        self.addCleanup(theirs.close)
        self.addCleanup(ours.close)
        ours.setblocking(False)

        async def reader() -> None:
            await self.loop.sock_recv(ours, 1)

        self.assertEqual(
            self.report(reader=reader())[2:],
            [
                "  here.py:N in reader await self.loop.sock_recv(ours, 1)",
                "  waits for <_SyncSocketReaderFuture pending cb=[Task.task_wakeup()]>",
            ],
        )


class SocketTest(ReportCase):
    """What only a loop that runs on Python's selectors tells."""

    def test_socket(self) -> None:
        """A read from a socket shows the socket."""
        ours, theirs = socket.socketpair()
        self.addCleanup(theirs.close)
        self.addCleanup(ours.close)
        ours.setblocking(False)

        async def reader() -> None:
            await self.loop.sock_recv(ours, 1)

        lines = self.report(reader=reader())[2:]
        self.assertEqual(lines[0], "  here.py:N in reader await self.loop.sock_recv(ours, 1)")
        self.assertEqual(lines[1][:50], f"  waits for data from {ours!r}"[:50])


if __name__ == "__main__":
    unittest.main()
