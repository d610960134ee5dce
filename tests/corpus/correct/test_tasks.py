"""Tasks that are ended, awaited or looked at by the time a test is over."""

import asyncio
import contextvars
import weakref
from contextlib import suppress

from tests.corpus.base import CorpusCase, corpus_test, needs_asyncio_loop, since_312, turns


async def add(left, right):
    await asyncio.sleep(0)
    return left + right


async def fail():
    await asyncio.sleep(0)
    raise ValueError("expected")


async def forever():
    await asyncio.Event().wait()


class AwaitedTest(CorpusCase):
    async def test_awaited(self):
        self.assertEqual(await asyncio.create_task(add(1, 2)), 3)

    async def test_named(self):
        task = asyncio.create_task(add(1, 2), name="sum")
        self.assertEqual((task.get_name(), await task), ("sum", 3))

    async def test_result_retrieved_late(self):
        task = asyncio.create_task(add(1, 2))
        await turns(5)
        self.assertTrue(task.done())
        self.assertEqual(task.result(), 3)

    async def test_result_never_asked_for(self):
        task = asyncio.create_task(add(1, 2))
        await turns(5)
        self.assertTrue(task.done())

    async def test_fire_and_forget_that_is_done_before_the_end(self):
        done = asyncio.Event()

        async def work():
            await asyncio.sleep(0)
            done.set()

        kept = asyncio.create_task(work())
        await done.wait()
        del kept

    async def test_ends_a_few_turns_after_the_body(self):
        self.task = asyncio.create_task(turns(3))

    async def test_starts_one_that_ends_a_turn_after_the_body(self):
        async def parent():
            self.child = asyncio.create_task(asyncio.sleep(0))

        self.task = asyncio.create_task(parent())

    async def test_set_of_background_tasks(self):
        background = set()
        for number in range(5):
            task = asyncio.create_task(add(number, number))
            background.add(task)
            task.add_done_callback(background.discard)
        while background:
            await asyncio.sleep(0)

    async def test_gathered(self):
        self.assertEqual(await asyncio.gather(*(add(number, 1) for number in range(3))), [1, 2, 3])

    async def test_as_completed(self):
        sums = [await each for each in asyncio.as_completed([add(1, 1), add(2, 2)])]
        self.assertEqual(sorted(sums), [2, 4])

    async def test_waited_for(self):
        tasks = [asyncio.create_task(add(number, 1)) for number in range(3)]
        done, pending = await asyncio.wait(tasks)
        self.assertEqual((len(done), pending), (3, set()))

    async def test_many_short_ones(self):
        tasks = [asyncio.create_task(asyncio.sleep(0, number)) for number in range(500)]
        self.assertEqual(sum(await asyncio.gather(*tasks)), sum(range(500)))

    async def test_context_of_its_own(self):
        variable = contextvars.ContextVar("variable", default=0)
        context = contextvars.copy_context()
        context.run(variable.set, 7)

        async def read():
            return variable.get()

        self.assertEqual(await asyncio.create_task(read(), context=context), 7)

    async def test_all_tasks_and_current_task(self):
        task = asyncio.create_task(forever())
        self.assertLessEqual({task, asyncio.current_task()}, asyncio.all_tasks())
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def test_weakly_held(self):
        task = asyncio.create_task(add(1, 2))
        seen = weakref.ref(task)
        await task
        self.assertIs(seen(), task)

    @since_312
    async def test_eager(self):
        task = asyncio.Task(asyncio.sleep(0, "value"), loop=asyncio.get_running_loop(), eager_start=True)
        self.assertEqual(await task, "value")

    @since_312
    async def test_eager_that_never_waits(self):
        async def at_once():
            return "value"

        task = asyncio.Task(at_once(), loop=asyncio.get_running_loop(), eager_start=True)
        self.assertEqual(task.result(), "value")

    @since_312
    @needs_asyncio_loop  # whose version for 3.13.0 hands eager factories an argument that they do not take
    async def test_eager_task_factory(self):
        loop = asyncio.get_running_loop()
        before = loop.get_task_factory()
        loop.set_task_factory(asyncio.eager_task_factory)
        self.addCleanup(loop.set_task_factory, before)
        self.assertEqual(await asyncio.create_task(add(1, 2)), 3)

    async def test_task_factory_of_the_test(self):
        loop, made = asyncio.get_running_loop(), []
        before = loop.get_task_factory()

        def factory(loop, coro, **options):
            made.append(coro.__qualname__)
            return asyncio.Task(coro, loop=loop, **options)

        loop.set_task_factory(factory)
        try:
            await asyncio.create_task(add(1, 2))
        finally:
            loop.set_task_factory(before)
        self.assertEqual(made, ["add"])


class CancelledTest(CorpusCase):
    async def test_cancelled_and_awaited(self):
        task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task

    async def test_cancelled_before_it_began(self):
        task = asyncio.create_task(forever())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self.assertTrue(task.cancelled())

    async def test_cancelled_and_suppressed(self):
        task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        task.cancel("no longer needed")
        with suppress(asyncio.CancelledError):
            await task

    async def test_cancelled_and_left(self):
        self.task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        self.task.cancel()

    async def test_cancelled_and_left_before_it_began(self):
        asyncio.create_task(forever()).cancel()

    async def test_tidies_up_for_a_few_turns(self):
        async def work():
            try:
                await forever()
            finally:
                await turns(2)

        self.task = asyncio.create_task(work())
        await asyncio.sleep(0)
        self.task.cancel()

    async def test_returns_when_cancelled(self):
        async def work():
            with suppress(asyncio.CancelledError):
                await forever()
            return "stopped"

        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        self.assertEqual(await task, "stopped")

    async def test_uncancelled(self):
        async def work():
            try:
                await forever()
            except asyncio.CancelledError:
                asyncio.current_task().uncancel()
            await asyncio.sleep(0)
            return "went on"

        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        self.assertEqual(await task, "went on")

    async def test_cancels_itself(self):
        async def work():
            raise asyncio.CancelledError

        task = asyncio.create_task(work())
        await asyncio.wait([task])
        self.assertTrue(task.cancelled())

    async def test_cancelled_gather(self):
        children = [asyncio.create_task(forever()) for _ in range(2)]
        both = asyncio.gather(*children)
        await asyncio.sleep(0)
        both.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await both
        self.assertTrue(all(child.cancelled() for child in children))

    async def test_loser_of_a_race(self):
        tasks = {asyncio.create_task(add(1, 2)), asyncio.create_task(forever())}
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        self.assertEqual(done.pop().result(), 3)


class RetrievedErrorTest(CorpusCase):
    async def test_by_await(self):
        with self.assertRaises(ValueError):
            await asyncio.create_task(fail())

    async def test_by_exception(self):
        task = asyncio.create_task(fail())
        await turns()
        self.assertIsInstance(task.exception(), ValueError)

    async def test_by_result(self):
        task = asyncio.create_task(fail())
        await asyncio.wait([task])
        with self.assertRaises(ValueError):
            task.result()

    async def test_by_gather(self):
        results = await asyncio.gather(fail(), add(1, 2), return_exceptions=True)
        self.assertEqual((str(results[0]), results[1]), ("expected", 3))

    async def test_by_gather_that_raises(self):
        with self.assertRaises(ValueError):
            await asyncio.gather(fail(), add(1, 2))

    async def test_by_gather_of_two_that_fail(self):
        with self.assertRaises(ValueError):
            await asyncio.gather(fail(), fail())

    async def test_by_wait(self):
        done, _ = await asyncio.wait([asyncio.create_task(fail())], return_when=asyncio.FIRST_EXCEPTION)
        self.assertEqual([str(task.exception()) for task in done], ["expected"])

    async def test_by_as_completed(self):
        with self.assertRaises(ValueError):
            for each in asyncio.as_completed([fail()]):
                await each

    async def test_by_done_callback(self):
        errors = []
        task = asyncio.create_task(fail())
        task.add_done_callback(lambda task: errors.append(task.exception()))
        await turns(4)
        self.assertEqual(len(errors), 1)

    async def test_by_another_task(self):
        failing = asyncio.create_task(fail())

        async def watch():
            with suppress(ValueError):
                await failing

        await asyncio.create_task(watch())

    async def test_by_wait_for(self):
        with self.assertRaises(ValueError):
            await asyncio.wait_for(fail(), 10)

    async def test_by_shield(self):
        with self.assertRaises(ValueError):
            await asyncio.shield(fail())

    async def test_while_a_cancelled_one_tidies_up(self):
        async def work():
            try:
                await forever()
            finally:
                raise ValueError("while closing")

        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        with self.assertRaises(ValueError):
            await task


class TeardownTest(CorpusCase):
    """Tasks that set-up starts and tear-down ends."""

    def setUp(self):
        self.seen = []

    async def asyncSetUp(self):
        self.background = asyncio.create_task(forever(), name="background")
        self.failing = asyncio.create_task(fail())

    async def test_uses_them(self):
        await turns()
        self.assertFalse(self.background.done())

    async def test_adds_one_that_a_cleanup_ends(self):
        task = asyncio.create_task(forever())

        async def end():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self.addAsyncCleanup(end)

    async def test_adds_one_that_a_sync_cleanup_cancels(self):
        self.addCleanup(asyncio.create_task(forever()).cancel)

    async def asyncTearDown(self):
        self.background.cancel()
        with suppress(asyncio.CancelledError):
            await self.background
        await turns()

    def tearDown(self):
        self.assertIsInstance(self.failing.exception(), ValueError)


@corpus_test
async def test_function_with_tasks():
    assert await asyncio.gather(add(1, 1), asyncio.create_task(add(2, 2))) == [2, 4]


@corpus_test
async def test_function_that_cancels():
    task = asyncio.create_task(forever())
    await asyncio.sleep(0)
    task.cancel()
