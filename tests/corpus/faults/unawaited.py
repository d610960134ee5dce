"""Coroutines that are never awaited."""

from __future__ import annotations

from functools import partial

from tests.corpus.faults.entries import NOWHERE, Faulty

_of = partial(Faulty, kind="unawaited", object="forgotten")

ENTRIES: tuple[Faulty, ...] = (
    _of("coroutine_in_body", body="forgotten()  # made here"),
    _of("coroutine_in_body_that_waits", body="forgotten()  # made here\nawait asyncio.sleep(0)"),
    _of("coroutine_in_plain_test", body="forgotten()  # made here", is_async=False),
    _of("coroutine_in_set_up", set_up="forgotten()  # made here"),
    _of("coroutine_in_tear_down", tear_down="forgotten()  # made here"),
    _of(
        "coroutine_in_cleanup",
        body="def clean_up():\n    forgotten()  # made here\nself.addCleanup(clean_up)",
    ),
    _of(
        "coroutine_in_async_cleanup",
        body="async def clean_up():\n    forgotten()  # made here\nself.addAsyncCleanup(clean_up)",
    ),
    _of(
        "coroutine_in_fixture",
        prelude="@fixture\nasync def careless():\n    forgotten()  # made here\n    return 'value'",
        parameters="careless",
    ),
    _of(
        "coroutine_in_fixture_teardown",
        prelude="@fixture\nasync def careless_late():\n    yield 'value'\n    forgotten()  # made here",
        parameters="careless_late",
    ),
    _of("coroutine_in_cycle", body="ring = [forgotten()]  # made here\nring.append(ring)"),
    _of("coroutine_on_self", body="self.coroutine = forgotten()  # made here"),
    _of("coroutine_in_closure", body="coroutine = forgotten()  # made here\nself.call = lambda: coroutine"),
    _of("coroutine_in_global", body="KEPT.append(forgotten())  # made here"),
    _of("coroutines_in_list", body="self.all = [forgotten() for _ in range(3)]  # made here"),
    _of("coroutine_in_task", body="async def work():\n    forgotten()  # made here\nawait asyncio.create_task(work())"),
    _of(
        "coroutine_in_callback",
        body="def call():\n    forgotten()  # made here\nasyncio.get_running_loop().call_soon(call)\nawait turns()",
    ),
    _of(
        "coroutine_in_helper", prelude="def careless_helper():\n    forgotten()  # made here", body="careless_helper()"
    ),
    _of(
        "coroutine_by_executor", body="await asyncio.get_running_loop().run_in_executor(None, forgotten)", place=NOWHERE
    ),
    _of("coroutine_by_to_thread", body="await asyncio.to_thread(forgotten)", place=NOWHERE),
    _of("method", object="Client.fetch", body="Client().fetch()  # made here"),
    _of("sleep", object="sleep", body="asyncio.sleep(1)  # made here"),
    _of("event_wait", object="Event.wait", body="asyncio.Event().wait()  # made here"),
    _of("lock_acquire", object="acquire", body="asyncio.Lock().acquire()  # made here"),
    _of("queue_put", object="Queue.put", body="asyncio.Queue().put(1)  # made here"),
    _of(
        "wait_for",
        object="wait_for",
        body="asyncio.wait_for(asyncio.get_running_loop().create_future(), 1)  # made here",
    ),
    _of("async_mock", object="_execute_mock_call", body="mock.AsyncMock()()  # made here"),
    _of(
        "async_mock_attribute",
        object="_execute_mock_call",
        body="double = mock.create_autospec(Client, instance=True)\ndouble.fetch()  # made here",
    ),
    _of(
        "as_argument",
        body="def take(coroutine):\n    return None\ntake(forgotten())  # made here",
    ),
)
