"""Callbacks, timers, futures made by hand, signals, and errors that a test expects the loop to hear of."""

import asyncio
import gc
import logging
import os
import signal

from tests.corpus.base import CorpusCase, changes_process, corpus_test, needs_main_thread, needs_unix, turns


def fail(*_):
    raise ValueError("expected")


class CallbackTest(CorpusCase):
    async def test_soon(self):
        called = []
        asyncio.get_running_loop().call_soon(called.append, 1)
        await asyncio.sleep(0)
        self.assertEqual(called, [1])

    async def test_soon_in_the_last_line(self):
        asyncio.get_running_loop().call_soon(len, "")

    async def test_soon_cancelled(self):
        asyncio.get_running_loop().call_soon(fail).cancel()
        await asyncio.sleep(0)

    async def test_later(self):
        fired = asyncio.Event()
        asyncio.get_running_loop().call_later(0.001, fired.set)
        await fired.wait()

    async def test_later_cancelled(self):
        timer = asyncio.get_running_loop().call_later(3600, fail)
        timer.cancel()
        self.assertTrue(timer.cancelled())

    async def test_at(self):
        loop, fired = asyncio.get_running_loop(), asyncio.Event()
        timer = loop.call_at(loop.time() + 0.001, fired.set)
        await fired.wait()
        self.assertLessEqual(timer.when(), loop.time() + 1)

    async def test_at_cancelled_in_a_cleanup(self):
        loop = asyncio.get_running_loop()
        self.addCleanup(loop.call_at(loop.time() + 3600, fail).cancel)

    async def test_many_timers_cancelled(self):
        loop = asyncio.get_running_loop()
        for timer in [loop.call_later(3600, fail) for _ in range(300)]:
            timer.cancel()

    async def test_chain(self):
        loop, order = asyncio.get_running_loop(), []

        def step(number):
            order.append(number)
            if number:
                loop.call_soon(step, number - 1)

        loop.call_soon(step, 3)
        await turns(5)
        self.assertEqual(order, [3, 2, 1, 0])

    def test_from_plain_code(self):
        called = []
        self.loop.call_soon(called.append, 1)
        self.loop.run_until_complete(asyncio.sleep(0))
        self.assertEqual(called, [1])


class FutureTest(CorpusCase):
    async def test_result(self):
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(future.set_result, 5)
        self.assertEqual(await future, 5)

    async def test_error_awaited(self):
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(future.set_exception, ValueError("expected"))
        with self.assertRaises(ValueError):
            await future

    async def test_error_looked_at(self):
        future = asyncio.get_running_loop().create_future()
        future.set_exception(ValueError("expected"))
        self.assertIsInstance(future.exception(), ValueError)

    async def test_cancelled(self):
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        self.assertTrue(future.cancelled())

    async def test_never_done(self):
        self.future = asyncio.get_running_loop().create_future()
        self.assertFalse(self.future.done())

    async def test_done_callback(self):
        future, called = asyncio.get_running_loop().create_future(), []
        future.add_done_callback(called.append)
        future.set_result(None)
        await asyncio.sleep(0)
        self.assertEqual(called, [future])

    async def test_done_callback_removed(self):
        future = asyncio.get_running_loop().create_future()
        future.add_done_callback(fail)
        self.assertEqual(future.remove_done_callback(fail), 1)
        future.set_result(None)

    async def test_ensured(self):
        future = asyncio.get_running_loop().create_future()
        self.assertIs(asyncio.ensure_future(future), future)
        future.set_result(1)

    async def test_gathered(self):
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in range(2)]
        both = asyncio.gather(*futures)
        for number, future in enumerate(futures):
            future.set_result(number)
        self.assertEqual(await both, [0, 1])


class ExpectedErrorTest(CorpusCase):
    """Errors that the test lets the loop hear of, with a handler of its own."""

    async def asyncSetUp(self):
        self.loop_now, self.heard = asyncio.get_running_loop(), []
        before = self.loop_now.get_exception_handler()
        self.loop_now.set_exception_handler(lambda loop, context: self.heard.append(context))
        self.addCleanup(self.loop_now.set_exception_handler, before)

    async def test_in_a_callback(self):
        self.loop_now.call_soon(fail)
        await asyncio.sleep(0)
        self.assertIsInstance(self.heard[0]["exception"], ValueError)

    async def test_in_a_task_that_nobody_awaits(self):
        async def work():
            raise ValueError("expected")

        task = asyncio.create_task(work())
        await turns()
        del task
        gc.collect()
        self.assertIn("never retrieved", self.heard[0]["message"])

    async def test_in_a_done_callback(self):
        future = self.loop_now.create_future()
        future.add_done_callback(fail)
        future.set_result(None)
        await turns(2)
        self.assertEqual(len(self.heard), 1)

    async def test_reported_by_hand(self):
        self.loop_now.call_exception_handler({"message": "expected"})
        self.assertEqual(self.heard, [{"message": "expected"}])


class LogTest(CorpusCase):
    """Errors that go to asyncio's log, where a test expects them."""

    @changes_process
    async def test_expected_in_the_log(self):
        loop = asyncio.get_running_loop()
        before = loop.get_exception_handler()
        loop.set_exception_handler(None)
        self.addCleanup(loop.set_exception_handler, before)
        with self.assertLogs("asyncio", logging.ERROR) as logged:
            loop.call_exception_handler({"message": "expected"})
        self.assertTrue(logged.output[0].startswith("ERROR:asyncio:expected"))

    @changes_process
    async def test_nothing_in_the_log(self):
        with self.assertNoLogs("asyncio", logging.ERROR):
            await asyncio.create_task(asyncio.sleep(0))

    @changes_process
    async def test_logs_across_awaits(self):
        with self.assertLogs("corpus") as logged:
            await asyncio.create_task(self.log())
        self.assertEqual(logged.output, ["INFO:corpus:hello"])

    async def log(self):
        logging.getLogger("corpus").info("hello")


@needs_unix
@needs_main_thread
class SignalTest(CorpusCase):
    async def test_handled(self):
        loop, received = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, received.set)
        os.kill(os.getpid(), signal.SIGUSR1)
        await received.wait()
        self.assertTrue(loop.remove_signal_handler(signal.SIGUSR1))

    async def test_stops_what_runs(self):
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(asyncio.Event().wait())
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
        self.addCleanup(loop.remove_signal_handler, signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait([task])
        self.assertTrue(task.cancelled())


@corpus_test
async def test_function_with_a_timer():
    fired = asyncio.Event()
    asyncio.get_running_loop().call_later(0.001, fired.set)
    await fired.wait()
