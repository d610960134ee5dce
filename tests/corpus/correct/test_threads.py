"""Threads, executors, and loops in other threads."""

import asyncio
import concurrent.futures
import contextvars
import threading

from tests.corpus.base import CorpusCase, corpus_test

variable = contextvars.ContextVar("variable", default="unset")


def add(left, right):
    return left + right


def fail():
    raise ValueError("expected")


class ThreadTest(CorpusCase):
    async def test_default_executor(self):
        self.assertEqual(await asyncio.get_running_loop().run_in_executor(None, add, 1, 2), 3)

    async def test_to_thread(self):
        variable.set("set")
        self.assertEqual(await asyncio.to_thread(variable.get), "set")

    async def test_to_thread_fails(self):
        with self.assertRaises(ValueError):
            await asyncio.to_thread(fail)

    async def test_several_at_once(self):
        self.assertEqual(await asyncio.gather(*(asyncio.to_thread(add, n, n) for n in range(5))), [0, 2, 4, 6, 8])

    async def test_executor_of_its_own(self):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            self.assertEqual(await asyncio.get_running_loop().run_in_executor(pool, add, 1, 2), 3)

    async def test_executor_as_the_default(self):
        loop = asyncio.get_running_loop()
        loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(1, "own"))
        name = await asyncio.to_thread(lambda: threading.current_thread().name)
        self.assertTrue(name.startswith("own"))

    async def test_executor_shut_down_by_the_test(self):
        await asyncio.to_thread(add, 1, 2)
        await asyncio.get_running_loop().shutdown_default_executor()

    async def test_called_from_a_thread(self):
        loop, called = asyncio.get_running_loop(), asyncio.Event()
        thread = threading.Thread(target=loop.call_soon_threadsafe, args=(called.set,))
        thread.start()
        await called.wait()
        thread.join()

    async def test_many_calls_from_a_thread(self):
        loop, queue = asyncio.get_running_loop(), asyncio.Queue()

        def produce():
            for number in range(50):
                loop.call_soon_threadsafe(queue.put_nowait, number)

        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.to_thread(produce))
            self.assertEqual([await queue.get() for _ in range(50)], list(range(50)))

    async def test_coroutine_from_a_thread(self):
        loop = asyncio.get_running_loop()

        async def work():
            await asyncio.sleep(0)
            return "from the loop"

        def ask():
            return asyncio.run_coroutine_threadsafe(work(), loop).result(60)

        self.assertEqual(await asyncio.to_thread(ask), "from the loop")

    async def test_coroutine_from_a_thread_fails(self):
        loop = asyncio.get_running_loop()

        async def work():
            raise ValueError("expected")

        def ask():
            return asyncio.run_coroutine_threadsafe(work(), loop).exception(60)

        self.assertIsInstance(await asyncio.to_thread(ask), ValueError)

    async def test_future_of_another_kind(self):
        future = concurrent.futures.Future()
        threading.Thread(target=future.set_result, args=(5,)).start()
        self.assertEqual(await asyncio.wrap_future(future), 5)

    async def test_waits_no_longer_than_the_thread(self):
        gate = threading.Event()
        task = asyncio.create_task(asyncio.to_thread(gate.wait, 60))
        await asyncio.sleep(0)
        gate.set()
        self.assertTrue(await task)

    async def test_thread_whose_result_is_not_awaited(self):
        gate = threading.Event()
        with self.assertRaises(TimeoutError):
            await asyncio.wait_for(asyncio.to_thread(gate.wait, 60), 0.002)
        gate.set()

    async def test_thread_of_its_own_joined_in_a_cleanup(self):
        gate = threading.Event()
        thread = threading.Thread(target=gate.wait, args=(60,), name="worker")
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(gate.set)
        await asyncio.sleep(0)


class OtherLoopTest(CorpusCase):
    async def test_run_in_a_thread(self):
        async def main():
            await asyncio.sleep(0)
            return asyncio.get_running_loop()

        other = await asyncio.to_thread(lambda: asyncio.run(main()))
        self.assertTrue(other.is_closed())
        self.assertIsNot(other, asyncio.get_running_loop())

    async def test_cancelled_tasks_in_a_thread(self):
        async def main():
            self.left = asyncio.create_task(asyncio.Event().wait())
            await asyncio.sleep(0)

        await asyncio.to_thread(lambda: asyncio.run(main()))
        self.assertTrue(self.left.cancelled())

    async def test_both_talk(self):
        ours, answers = asyncio.get_running_loop(), asyncio.Queue()

        async def main():
            ours.call_soon_threadsafe(answers.put_nowait, "hello")

        thread = threading.Thread(target=lambda: asyncio.run(main()))
        thread.start()
        self.assertEqual(await answers.get(), "hello")
        await asyncio.to_thread(thread.join)

    def test_run_in_a_plain_test_in_a_thread(self):
        results = []
        thread = threading.Thread(target=lambda: results.append(asyncio.run(asyncio.sleep(0, 1))))
        thread.start()
        thread.join()
        self.assertEqual(results, [1])

    async def test_loop_that_is_made_and_closed(self):
        other = asyncio.new_event_loop()
        other.close()
        self.assertTrue(other.is_closed())


@corpus_test
async def test_function_with_a_thread():
    assert await asyncio.to_thread(add, 1, 2) == 3
