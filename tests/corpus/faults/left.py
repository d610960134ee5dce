"""What is left when a test is over: tasks, descriptors, children, and what only warns."""

from __future__ import annotations

from functools import partial

from tests.corpus.faults.entries import DEFINITION, NOWHERE, Faulty

_task = partial(Faulty, kind="pending_tasks", object="left_task")

_EATS = """
async def eats_cancellation():
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.sleep(0)
"""

_GROUP = """
async def holds_a_group():
    async with asyncio.TaskGroup() as group:
        group.create_task(forever(), name="child")
"""

PENDING: tuple[Faulty, ...] = (
    _task("pending_sleep", body="self.task = asyncio.create_task(asyncio.sleep(3600), name='left_task')  # made here"),
    _task("pending_dropped", body="asyncio.create_task(forever(), name='left_task')  # made here\nawait turns()"),
    _task(
        "pending_unnamed",
        object="forever",
        body="self.task = asyncio.create_task(forever())  # made here\nawait turns()",
    ),
    _task(
        "pending_lock",
        body="self.lock = asyncio.Lock()\nawait self.lock.acquire()\n"
        "self.task = asyncio.create_task(self.lock.acquire(), name='left_task')  # made here\nawait turns()",
    ),
    _task(
        "pending_queue",
        body="self.queue = asyncio.Queue()\n"
        "self.task = asyncio.create_task(self.queue.get(), name='left_task')  # made here\nawait turns()",
    ),
    _task(
        "pending_event",
        body="self.event = asyncio.Event()\n"
        "self.task = asyncio.create_task(self.event.wait(), name='left_task')  # made here\nawait turns()",
    ),
    _task(
        "pending_future",
        body="self.future = asyncio.get_running_loop().create_future()\n"
        "async def work():\n    await self.future\n"
        "self.task = asyncio.create_task(work(), name='left_task')  # made here\nawait turns()",
    ),
    _task(
        "pending_group",
        prelude=_GROUP.strip(),
        body="self.task = asyncio.create_task(holds_a_group(), name='left_task')  # made here\nawait turns()",
    ),
    _task("pending_gather", object="forever", body="self.both = asyncio.gather(forever(), forever())  # made here"),
    _task(
        "pending_shielded", object="forever", body="self.shield = asyncio.shield(forever())  # made here\nawait turns()"
    ),
    _task("pending_of_set_up", set_up="self.task = asyncio.create_task(forever(), name='left_task')  # made here"),
    _task(
        "pending_of_tear_down", tear_down="self.task = asyncio.create_task(forever(), name='left_task')  # made here"
    ),
    _task(
        "pending_of_cleanup",
        body="async def clean_up():\n    self.task = asyncio.create_task(forever(), name='left_task')  # made here\n"
        "self.addAsyncCleanup(clean_up)",
    ),
    _task(
        "pending_of_helper",
        prelude="def start_left():\n    return asyncio.ensure_future(forever())  # made here",
        object="forever",
        body="start_left()\nawait turns()",
    ),
    _task(
        "pending_of_fixture",
        prelude=(
            "@fixture\nasync def leaves_a_task():\n"
            "    return asyncio.create_task(forever(), name='left_task')  # made here"
        ),
        parameters="leaves_a_task",
    ),
    _task(
        "pending_of_task",
        body="async def parent():\n    self.child = asyncio.create_task(forever(), name='left_task')  # made here\n"
        "await asyncio.create_task(parent())\nawait turns()",
    ),
    _task(
        "pending_of_callback",
        body="def start():\n    self.task = asyncio.create_task(forever(), name='left_task')  # made here\n"
        "asyncio.get_running_loop().call_soon(start)\nawait turns()",
    ),
    _task(
        "pending_by_thread",
        object="forever",
        body="loop = asyncio.get_running_loop()\n"
        "self.future = await asyncio.to_thread(asyncio.run_coroutine_threadsafe, forever(), loop)\nawait turns()",
        place=NOWHERE,
    ),
    _task(
        "pending_that_eats_cancellation",
        prelude=_EATS.strip(),
        body="self.task = asyncio.create_task(eats_cancellation(), name='left_task')  # made here\nawait turns()",
    ),
    _task(
        "pending_that_spins",
        body="async def spin():\n    while True:\n        await asyncio.sleep(0)\n"
        "self.task = asyncio.create_task(spin(), name='left_task')  # made here\nawait turns()",
    ),
)

_open = partial(Faulty, kind="unclosed")

_DATAGRAM = (
    "self.transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(\n"
    "    asyncio.DatagramProtocol, local_addr=('127.0.0.1', 0))  # made here"
)

_SOCKETS = "ours, theirs = socket.socketpair()\nself.addClassCleanup(theirs.close)\n"

UNCLOSED: tuple[Faulty, ...] = (
    _open(
        "socket_dropped", object="socket.socket", body="sock = socket.socket()  # made here\nsock.setblocking(False)"
    ),
    _open("socket_on_self", object="socket.socket", body="self.sock = socket.socket()  # made here"),
    _open("socket_of_set_up", object="socket.socket", set_up="self.sock = socket.socket()  # made here"),
    _open("socket_in_cycle", object="socket.socket", body="ring = [socket.socket()]  # made here\nring.append(ring)"),
    _open("socket_of_plain_test", object="socket.socket", body="sock = socket.socket()  # made here", is_async=False),
    _open(
        "server_on_self",
        object="Server",
        body="async def answer(reader, writer):\n    writer.close()\n"
        "self.server = await asyncio.start_server(answer, '127.0.0.1', 0)  # made here",
    ),
    _open(
        "server_dropped",
        object="Server",
        body="await asyncio.get_running_loop().create_server(asyncio.Protocol, '127.0.0.1', 0)  # made here",
    ),
    _open(
        "transport_on_self",
        object="transport",
        body=_SOCKETS + "self.transport, _ = await asyncio.get_running_loop().create_connection(\n"
        "    asyncio.Protocol, sock=ours)  # made here",
    ),
    _open(
        "transport_dropped",
        object="transport",
        body=_SOCKETS + "await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)  # made here",
    ),
    _open(
        "stream_writer",
        object="transport",
        body=_SOCKETS + "self.reader, self.writer = await asyncio.open_connection(sock=ours)  # made here",
    ),
    _open("datagram_endpoint", object="transport", body=_DATAGRAM),
    _open(
        "child",
        object="subprocess",
        body="self.child = await asyncio.create_subprocess_exec('sleep', '2')  # made here",
        needs="children",
    ),
    _open(
        "child_with_pipe",
        object="subprocess",
        body="self.child = await asyncio.create_subprocess_shell('exec sleep 2', stdout=-1)  # made here",
        needs="children",
    ),
    _open(
        "pipe",
        object="transport",
        body="read, write = os.pipe()\nself.addClassCleanup(os.close, write)\n"
        "self.transport, _ = await asyncio.get_running_loop().connect_read_pipe(\n"
        "    asyncio.Protocol, os.fdopen(read, 'rb', buffering=0))  # made here",
        needs="unix",
    ),
    _open(
        "reader_left",
        object="reader",
        body="read, write = os.pipe()\nKEPT.extend([read, write])\n"
        "asyncio.get_running_loop().add_reader(read, print)  # made here",
        needs="unix",
    ),
)

_NUMBERS = "async def left_open():\n    while True:\n        yield 1"

WARNED: tuple[Faulty, ...] = (
    Faulty(
        "generator_on_self",
        "async_generators",
        "left_open",
        prelude=_NUMBERS,
        body="self.numbers = left_open()  # made here\nasync for _ in self.numbers:\n    break",
    ),
    Faulty(
        "generator_dropped",
        "async_generators",
        "left_open",
        prelude=_NUMBERS,
        body="async for _ in left_open():  # made here\n    break",
    ),
    Faulty(
        "generator_advanced",
        "async_generators",
        "left_open",
        prelude=_NUMBERS,
        body="self.numbers = left_open()  # made here\nawait anext(self.numbers)",
    ),
    Faulty(
        "thread_alive",
        "threads",
        "left_thread",
        body="thread = threading.Thread(target=threading.Event().wait, args=(2,), name='left_thread', daemon=True)"
        "  # made here\nthread.start()",
    ),
    Faulty(
        "thread_of_own_executor",
        "threads",
        "left_pool",
        body="self.pool = concurrent.futures.ThreadPoolExecutor(1, 'left_pool')\n"
        "self.addCleanup(KEPT.append, self.pool)\n"
        "await asyncio.get_running_loop().run_in_executor(self.pool, len, '')  # made here",
    ),
    Faulty(
        "blocked_by_callback",
        "slow_callbacks",
        "block",
        prelude="def block():\n    time.sleep(0.9)  # made here",
        body="asyncio.get_running_loop().call_soon(block)\nawait turns()",
    ),
    Faulty(
        "blocked_by_task",
        "slow_callbacks",
        "blocking_task",
        prelude="async def blocking_task():\n    time.sleep(0.9)  # made here",
        body="await asyncio.create_task(blocking_task())",
    ),
    Faulty("blocked_by_body", "slow_callbacks", "test_blocked_by_body", body="time.sleep(0.9)  # made here"),
    Faulty(
        "blocked_by_computing",
        "slow_callbacks",
        "compute",
        prelude="def compute():\n    end = time.monotonic() + 0.9\n    while time.monotonic() < end: pass  # made here",
        body="compute()",
    ),
    Faulty("timer", "timers", "fail", body="asyncio.get_running_loop().call_later(3600, fail)  # made here"),
    Faulty(
        "timer_at",
        "timers",
        "fail",
        body="loop = asyncio.get_running_loop()\nself.timer = loop.call_at(loop.time() + 3600, fail)  # made here",
    ),
)

_silent = partial(Faulty, kind="silent_pass", place=DEFINITION)

SILENT: tuple[Faulty, ...] = (
    _silent("returns", object="test_returns", body="return 1"),
    _silent("returns_in_plain_test", object="test_returns_in_plain_test", body="return 1", is_async=False),
    _silent("yields", object="test_yields", body="yield 1"),
    _silent("yields_in_plain_test", object="test_yields_in_plain_test", body="yield 1", is_async=False),
    _silent("returns_function", object="test_returns_function", body="return len", is_async=False),
)

ENTRIES: tuple[Faulty, ...] = (*PENDING, *UNCLOSED, *WARNED, *SILENT)
