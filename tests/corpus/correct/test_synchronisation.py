"""Locks, events, conditions, semaphores, barriers and queues."""

import asyncio
from contextlib import suppress

from tests.corpus.base import CorpusCase, since_313, turns


class LockTest(CorpusCase):
    async def test_contended(self):
        lock, order = asyncio.Lock(), []

        async def work(name):
            async with lock:
                order.append(name)
                await asyncio.sleep(0)

        await asyncio.gather(*map(work, "abc"))
        self.assertEqual(order, ["a", "b", "c"])

    async def test_waiter_cancelled(self):
        lock = asyncio.Lock()
        async with lock:
            waiter = asyncio.create_task(lock.acquire())
            await asyncio.sleep(0)
            waiter.cancel()
            with suppress(asyncio.CancelledError):
                await waiter
        self.assertFalse(lock.locked())

    async def test_still_held_at_the_end(self):
        self.lock = asyncio.Lock()
        await self.lock.acquire()

    async def test_event(self):
        event = asyncio.Event()
        waiters = [asyncio.create_task(event.wait()) for _ in range(3)]
        await asyncio.sleep(0)
        event.set()
        self.assertEqual(await asyncio.gather(*waiters), [True] * 3)

    async def test_event_that_is_never_set(self):
        self.event = asyncio.Event()
        with self.assertRaises(TimeoutError):
            await asyncio.wait_for(self.event.wait(), 0.002)

    async def test_condition(self):
        condition, ready = asyncio.Condition(), []

        async def consume():
            async with condition:
                await condition.wait_for(lambda: bool(ready))
                return ready[0]

        consumer = asyncio.create_task(consume())
        await asyncio.sleep(0)
        async with condition:
            ready.append("value")
            condition.notify_all()
        self.assertEqual(await consumer, "value")

    async def test_semaphore(self):
        semaphore, running, most = asyncio.Semaphore(2), 0, 0

        async def work():
            nonlocal running, most
            async with semaphore:
                running += 1
                most = max(most, running)
                await asyncio.sleep(0)
                running -= 1

        await asyncio.gather(*(work() for _ in range(6)))
        self.assertEqual(most, 2)

    async def test_bounded_semaphore(self):
        semaphore = asyncio.BoundedSemaphore(1)
        async with semaphore:
            self.assertTrue(semaphore.locked())
        with self.assertRaises(ValueError):
            semaphore.release()

    async def test_barrier(self):
        barrier = asyncio.Barrier(3)
        self.assertEqual(sorted(await asyncio.gather(*(barrier.wait() for _ in range(3)))), [0, 1, 2])

    async def test_barrier_aborted(self):
        barrier = asyncio.Barrier(2)
        waiter = asyncio.create_task(barrier.wait())
        await asyncio.sleep(0)
        await barrier.abort()
        with self.assertRaises(asyncio.BrokenBarrierError):
            await waiter


class QueueTest(CorpusCase):
    async def test_first_in_first_out(self):
        queue = asyncio.Queue(maxsize=1)

        async def produce():
            for number in range(3):
                await queue.put(number)

        async with asyncio.TaskGroup() as group:
            group.create_task(produce())
            self.assertEqual([await queue.get() for _ in range(3)], [0, 1, 2])

    async def test_priority(self):
        queue = asyncio.PriorityQueue()
        for number in (3, 1, 2):
            queue.put_nowait(number)
        self.assertEqual([queue.get_nowait() for _ in range(3)], [1, 2, 3])

    async def test_last_in_first_out(self):
        queue = asyncio.LifoQueue()
        for number in (1, 2):
            await queue.put(number)
        self.assertEqual([await queue.get(), await queue.get()], [2, 1])

    async def test_workers_until_joined(self):
        queue, done = asyncio.Queue(), []

        async def work():
            while True:
                done.append(await queue.get())
                await asyncio.sleep(0)
                queue.task_done()

        workers = [asyncio.create_task(work()) for _ in range(2)]
        for number in range(5):
            queue.put_nowait(number)
        await queue.join()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        self.assertEqual(sorted(done), [0, 1, 2, 3, 4])

    async def test_left_full(self):
        self.queue = asyncio.Queue()
        self.queue.put_nowait("unread")

    async def test_getter_cancelled(self):
        queue = asyncio.Queue()
        getter = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        getter.cancel()
        await asyncio.wait([getter])
        self.assertTrue(queue.empty())

    async def test_full_and_empty(self):
        queue = asyncio.Queue(1)
        with self.assertRaises(asyncio.QueueEmpty):
            queue.get_nowait()
        queue.put_nowait(1)
        with self.assertRaises(asyncio.QueueFull):
            queue.put_nowait(2)

    async def test_stopped_by_a_value(self):
        queue, seen = asyncio.Queue(), []

        async def consume():
            while (item := await queue.get()) is not None:
                seen.append(item)

        consumer = asyncio.create_task(consume())
        for item in (1, 2, None):
            await queue.put(item)
        await consumer
        self.assertEqual(seen, [1, 2])

    @since_313
    async def test_shut_down(self):
        queue = asyncio.Queue()
        getter = asyncio.create_task(queue.get())
        await turns()
        queue.shutdown()
        with self.assertRaises(asyncio.QueueShutDown):
            await getter


class MadeInSetUpTest(CorpusCase):
    """Primitives that plain set-up makes, outside of any loop."""

    def setUp(self):
        self.lock, self.queue, self.event = asyncio.Lock(), asyncio.Queue(), asyncio.Event()

    async def test_used_on_the_loop(self):
        async with self.lock:
            await self.queue.put(1)
            self.event.set()
        self.assertEqual((await self.queue.get(), await self.event.wait()), (1, True))

    def test_not_used_at_all(self):
        self.assertFalse(self.lock.locked())
