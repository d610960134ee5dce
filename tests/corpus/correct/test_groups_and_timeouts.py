"""Task groups, time limits and shields, kept and broken."""

import asyncio
from contextlib import suppress

from tests.corpus.base import CorpusCase, corpus_test, since_313, turns

SHORT = 0.002


async def fail(error):
    await asyncio.sleep(0)
    raise error


async def forever():
    await asyncio.Event().wait()


class TaskGroupTest(CorpusCase):
    async def test_fine(self):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(asyncio.sleep(0, number)) for number in range(3)]
        self.assertEqual([task.result() for task in tasks], [0, 1, 2])

    async def test_named_and_nested(self):
        async with asyncio.TaskGroup() as outer:
            outer.create_task(asyncio.sleep(0), name="outer")
            async with asyncio.TaskGroup() as inner:
                inner.create_task(asyncio.sleep(0), name="inner")

    async def test_failing_child_is_caught(self):
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(forever())
                group.create_task(fail(ValueError("expected")))
        except* ValueError as caught:
            self.assertEqual(len(caught.exceptions), 1)

    async def test_two_failing_children_are_caught(self):
        with self.assertRaises(ExceptionGroup) as caught:
            async with asyncio.TaskGroup() as group:
                group.create_task(fail(ValueError("expected")))
                group.create_task(fail(KeyError("expected")))
        self.assertEqual(len(caught.exception.exceptions), 2)

    async def test_body_fails(self):
        with self.assertRaises(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                group.create_task(forever())
                await fail(ValueError("expected"))

    async def test_child_cancelled_alone(self):
        async with asyncio.TaskGroup() as group:
            child = group.create_task(forever())
            await asyncio.sleep(0)
            child.cancel()
        self.assertTrue(child.cancelled())

    async def test_cancelled_from_outside(self):
        async def work():
            async with asyncio.TaskGroup() as group:
                group.create_task(forever())

        task = asyncio.create_task(work())
        await turns()
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task

    async def test_children_start_children(self):
        done = []

        async def work(group, depth):
            if depth:
                group.create_task(work(group, depth - 1))
            done.append(depth)

        async with asyncio.TaskGroup() as group:
            group.create_task(work(group, 3))
        self.assertEqual(sorted(done), [0, 1, 2, 3])


class GroupInSetUpTest(CorpusCase):
    """A task group that set-up enters and the cleanups leave."""

    async def asyncSetUp(self):
        self.group = await self.enterAsyncContext(asyncio.TaskGroup())
        self.stop = asyncio.Event()
        self.group.create_task(self.stop.wait())
        self.addCleanup(self.stop.set)

    async def test_adds_children(self):
        task = self.group.create_task(asyncio.sleep(0, 1))
        self.assertEqual(await task, 1)

    async def test_leaves_children_to_the_group(self):
        self.group.create_task(asyncio.sleep(SHORT))


class TimeoutTest(CorpusCase):
    async def test_kept(self):
        async with asyncio.timeout(60):
            await asyncio.sleep(0)

    async def test_expired(self):
        with self.assertRaises(TimeoutError):
            async with asyncio.timeout(SHORT):
                await forever()

    async def test_expired_at_once(self):
        with self.assertRaises(TimeoutError):
            async with asyncio.timeout(0):
                await forever()

    async def test_expired_at_a_time(self):
        with self.assertRaises(TimeoutError):
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + SHORT):
                await forever()

    async def test_rescheduled(self):
        async with asyncio.timeout(None) as limit:
            limit.reschedule(asyncio.get_running_loop().time() + 60)
            await asyncio.sleep(0)
        self.assertFalse(limit.expired())

    async def test_nested(self):
        with suppress(TimeoutError):
            async with asyncio.timeout(60), asyncio.timeout(SHORT):
                await forever()

    async def test_ends_a_group(self):
        with self.assertRaises(TimeoutError):
            async with asyncio.timeout(SHORT), asyncio.TaskGroup() as group:
                group.create_task(forever())

    async def test_wait_for_in_time(self):
        self.assertEqual(await asyncio.wait_for(asyncio.sleep(0, 5), 60), 5)

    async def test_wait_for_too_long(self):
        with self.assertRaises(TimeoutError):
            await asyncio.wait_for(forever(), SHORT)

    async def test_wait_for_a_task_too_long(self):
        task = asyncio.create_task(forever())
        with self.assertRaises(TimeoutError):
            await asyncio.wait_for(task, SHORT)
        self.assertTrue(task.cancelled())

    async def test_wait_with_timeout(self):
        task = asyncio.create_task(forever())
        done, pending = await asyncio.wait([task], timeout=SHORT)
        self.assertEqual((done, pending), (set(), {task}))
        task.cancel()
        await asyncio.wait([task])

    async def test_as_completed_too_late(self):
        task = asyncio.create_task(forever())
        with self.assertRaises(TimeoutError):
            for each in asyncio.as_completed([task], timeout=SHORT):
                await each
        task.cancel()

    async def test_entered_in_the_test(self):
        await self.enterAsyncContext(asyncio.timeout(60))
        await asyncio.sleep(0)


class ShieldTest(CorpusCase):
    async def test_inner_goes_on(self):
        release = asyncio.Event()

        async def work():
            await release.wait()
            return "done"

        inner = asyncio.create_task(work())
        with self.assertRaises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(inner), SHORT)
        release.set()
        self.assertEqual(await inner, "done")

    async def test_outer_cancelled(self):
        release = asyncio.Event()
        inner = asyncio.create_task(release.wait())

        async def work():
            await asyncio.shield(inner)

        outer = asyncio.create_task(work())
        await turns()
        outer.cancel()
        with suppress(asyncio.CancelledError):
            await outer
        release.set()
        self.assertTrue(await inner)

    async def test_inner_cancelled(self):
        inner = asyncio.create_task(forever())
        outer = asyncio.shield(inner)
        await asyncio.sleep(0)
        inner.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await outer


class StaggeredTest(CorpusCase):
    @since_313
    async def test_as_completed_async_iteration(self):
        tasks = [asyncio.create_task(asyncio.sleep(0, number)) for number in range(3)]
        seen = [await task async for task in asyncio.as_completed(tasks)]
        self.assertEqual(sorted(seen), [0, 1, 2])


@corpus_test
async def test_function_with_an_expired_timeout():
    try:
        async with asyncio.timeout(SHORT):
            await forever()
    except TimeoutError:
        return
    raise AssertionError("no timeout")
