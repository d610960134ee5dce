"""Coroutines, generators, context managers, context variables, and mocks of them."""

import asyncio
import contextlib
import contextvars
import gc
import warnings
import weakref
from unittest import mock

from tests.corpus.base import CorpusCase, changes_process, corpus_test

variable = contextvars.ContextVar("variable", default="unset")


async def numbers(count, closed=None):
    try:
        for number in range(count):
            yield number
            await asyncio.sleep(0)
    finally:
        if closed is not None:
            closed.append("closed")


class GeneratorTest(CorpusCase):
    async def test_exhausted(self):
        self.assertEqual([number async for number in numbers(3)], [0, 1, 2])

    async def test_closed(self):
        closed = []
        generator = numbers(3, closed)
        self.assertEqual(await anext(generator), 0)
        await generator.aclose()
        self.assertEqual(closed, ["closed"])

    async def test_closing(self):
        closed = []
        async with contextlib.aclosing(numbers(3, closed)) as generator:
            async for _ in generator:
                break
        self.assertEqual(closed, ["closed"])

    async def test_left_by_break_and_then_closed(self):
        generator = numbers(3)
        async for _ in generator:
            break
        await generator.aclose()

    async def test_never_begun(self):
        self.assertTrue(hasattr(numbers(3), "aclose"))

    async def test_never_begun_and_closed(self):
        await numbers(3).aclose()

    async def test_sent_and_thrown(self):
        async def averages():
            total = count = 0
            value = None
            while True:
                try:
                    value = yield value
                except ValueError:
                    return
                total, count = total + value, count + 1
                value = total / count

        generator = averages()
        await anext(generator)
        self.assertEqual([await generator.asend(10), await generator.asend(20)], [10, 15])
        with self.assertRaises(StopAsyncIteration):
            await generator.athrow(ValueError("expected"))

    async def test_fails(self):
        async def failing():
            yield 1
            raise ValueError("expected")

        with self.assertRaises(ValueError):
            async for _ in failing():
                pass

    async def test_comprehensions(self):
        self.assertEqual({n: n * n async for n in numbers(3)}, {0: 0, 1: 1, 2: 4})
        self.assertEqual([n async for n in (n + 1 async for n in numbers(3))], [1, 2, 3])

    async def test_anext_with_default(self):
        generator = numbers(0)
        self.assertEqual(await anext(generator, "nothing"), "nothing")

    async def test_consumed_by_a_task_that_is_cancelled(self):
        closed, begun = [], asyncio.Event()

        async def endless():
            try:
                while True:
                    yield
                    begun.set()
                    await asyncio.sleep(0)
            finally:
                closed.append("closed")

        async def consume():
            async with contextlib.aclosing(endless()) as generator:
                async for _ in generator:
                    pass

        task = asyncio.create_task(consume())
        await begun.wait()
        task.cancel()
        await asyncio.wait([task])
        self.assertEqual(closed, ["closed"])


class ContextManagerTest(CorpusCase):
    async def test_exit_stack(self):
        events = []
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self.note, events, "async")
            stack.callback(events.append, "sync")
        self.assertEqual(events, ["sync", "async"])

    @staticmethod
    async def note(events, event):
        events.append(event)

    async def test_made_of_a_generator(self):
        @contextlib.asynccontextmanager
        async def managed():
            await asyncio.sleep(0)
            try:
                yield "value"
            finally:
                await asyncio.sleep(0)

        async with managed() as value:
            self.assertEqual(value, "value")
        with self.assertRaises(ValueError):
            async with managed():
                raise ValueError("expected")

    async def test_entered_by_the_test(self):
        value = await self.enterAsyncContext(contextlib.nullcontext("value"))
        self.assertEqual(value, "value")

    async def test_cleanups_of_both_kinds(self):
        events = []
        self.addCleanup(self.assertEqual, events, ["async"])
        self.addAsyncCleanup(self.note, events, "async")

    async def test_awaitable_of_its_own(self):
        class Twice:
            def __await__(self):
                yield from asyncio.sleep(0).__await__()
                yield from asyncio.sleep(0).__await__()
                return "twice"

        self.assertEqual(await Twice(), "twice")

    async def test_async_iterator_of_its_own(self):
        class Countdown:
            left = 3

            def __aiter__(self):
                return self

            async def __anext__(self):
                if not self.left:
                    raise StopAsyncIteration
                self.left -= 1
                return self.left

        self.assertEqual([number async for number in Countdown()], [2, 1, 0])


class ContextVariableTest(CorpusCase):
    def setUp(self):
        variable.set("by setUp")

    async def asyncSetUp(self):
        self.token = variable.set("by asyncSetUp")

    async def test_seen(self):
        self.assertEqual(variable.get(), "by asyncSetUp")

    async def test_reset(self):
        variable.reset(self.token)
        self.assertEqual(variable.get(), "by setUp")

    async def test_tasks_have_copies(self):
        async def change():
            variable.set("by a task")

        await asyncio.create_task(change())
        self.assertEqual(variable.get(), "by asyncSetUp")

    async def test_of_a_callback(self):
        seen, context = [], contextvars.copy_context()
        context.run(variable.set, "by hand")
        asyncio.get_running_loop().call_soon(lambda: seen.append(variable.get()), context=context)
        await asyncio.sleep(0)
        self.assertEqual(seen, ["by hand"])

    async def test_empty_context(self):
        async def read():
            return variable.get()

        task = asyncio.create_task(read(), context=contextvars.Context())
        self.assertEqual(await task, "unset")


class UnawaitedOnPurposeTest(CorpusCase):
    async def test_closed_without_being_begun(self):
        coroutine = asyncio.sleep(1)
        coroutine.close()

    async def test_closed_half_way(self):
        async def work():
            await asyncio.Event().wait()

        coroutine = work()
        coroutine.send(None)
        coroutine.close()

    async def test_driven_by_hand(self):
        async def work():
            return 5

        with self.assertRaises(StopIteration) as stopped:
            work().send(None)
        self.assertEqual(stopped.exception.value, 5)

    @changes_process
    async def test_warning_expected(self):
        async def work():
            pass

        with self.assertWarnsRegex(RuntimeWarning, "never awaited"):
            work()
            gc.collect()

    @changes_process
    async def test_warning_recorded(self):
        async def work():
            pass

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            work()
            gc.collect()
        self.assertEqual([each.category for each in caught], [RuntimeWarning])

    @changes_process
    async def test_warning_ignored(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            asyncio.sleep(1)
            gc.collect()

    @changes_process
    async def test_resource_warning_expected(self):
        import socket

        sock = socket.socket()
        with self.assertWarns(ResourceWarning):
            del sock
            gc.collect()

    async def test_passed_on_and_awaited_by_another(self):
        async def work():
            return 5

        async def run(coroutine):
            return await coroutine

        self.assertEqual(await run(work()), 5)


class MockTest(CorpusCase):
    async def test_awaited(self):
        double = mock.AsyncMock(return_value=5)
        self.assertEqual(await double(1), 5)
        double.assert_awaited_once_with(1)

    async def test_side_effects(self):
        double = mock.AsyncMock(side_effect=[1, ValueError("expected")])
        self.assertEqual(await double(), 1)
        with self.assertRaises(ValueError):
            await double()

    async def test_context_manager_and_iterator(self):
        double = mock.MagicMock()
        double.__aenter__.return_value = "entered"
        double.__aiter__.return_value = [1, 2]
        async with double as value:
            self.assertEqual(value, "entered")
        self.assertEqual([item async for item in double], [1, 2])

    async def test_never_called(self):
        mock.AsyncMock().assert_not_awaited()

    @changes_process
    async def test_patched_asyncio(self):
        with mock.patch("asyncio.sleep", new=mock.AsyncMock()) as sleep:
            await asyncio.sleep(3600)
        sleep.assert_awaited_once_with(3600)

    @changes_process
    @mock.patch("asyncio.open_connection", new_callable=mock.AsyncMock)
    async def test_patched_by_decorator(self, connect):
        connect.return_value = ("reader", "writer")
        self.assertEqual(await asyncio.open_connection("host", 1), ("reader", "writer"))

    async def test_autospec(self):
        class Client:
            async def fetch(self, key):
                raise NotImplementedError

        double = mock.create_autospec(Client, instance=True)
        double.fetch.return_value = "value"
        self.assertEqual(await double.fetch("key"), "value")


class GarbageTest(CorpusCase):
    async def test_collected_inside(self):
        gc.collect()
        await asyncio.sleep(0)

    @changes_process  # a collection that another thread has begun is not waited for
    async def test_cycle_without_fault(self):
        class Node:
            pass

        node = Node()
        node.itself, node.task = node, asyncio.create_task(asyncio.sleep(0))
        await node.task
        seen = weakref.ref(node)
        del node
        gc.collect()
        self.assertIsNone(seen())

    async def test_cycle_left_to_the_collector(self):
        ring = [asyncio.get_running_loop().create_future()]
        ring.append(ring)

    async def test_bound_coroutine_in_a_cycle_that_is_awaited(self):
        class Worker:
            async def run(self):
                return self

        worker = Worker()
        worker.coroutine = worker.run()
        self.assertIs(await worker.coroutine, worker)


@corpus_test
async def test_function_with_a_generator():
    assert [number async for number in numbers(2)] == [0, 1]
