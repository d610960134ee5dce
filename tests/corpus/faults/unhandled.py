"""Errors that nobody is told of: of tasks, callbacks, protocols, futures and generators."""

from __future__ import annotations

from functools import partial

from tests.corpus.faults.entries import NOWHERE, Faulty

_of = partial(Faulty, kind="unhandled", object="ValueError: lost")

_CONNECTED = """
loop = asyncio.get_running_loop()
ours, theirs = socket.socketpair()
self.addCleanup(theirs.close)
transport, _ = await loop.create_connection({protocol}, sock=ours)  # made here
self.addCleanup(transport.close)
theirs.send(b"x")
await until(lambda: {protocol}.called)
await turns()
"""

_PROTOCOL = """
class {name}(asyncio.Protocol):
    called = False

    def {method}(self, *args):
        {name}.called = True
        raise ValueError("lost")
"""


def _of_protocol(name: str, method: str) -> Faulty:
    protocol = "".join(part.title() for part in name.split("_"))
    return _of(
        name, prelude=_PROTOCOL.format(name=protocol, method=method), body=_CONNECTED.format(protocol=protocol).strip()
    )


_TASKS = (
    _of("task_dropped", body="asyncio.create_task(failing())  # made here\nawait turns()"),
    _of("task_on_self", body="self.task = asyncio.create_task(failing())  # made here\nawait turns()"),
    _of("task_in_global", body="KEPT.append(asyncio.create_task(failing()))  # made here\nawait turns()"),
    _of("task_in_local", body="task = asyncio.create_task(failing())  # made here\nawait turns()\nassert task.done()"),
    _of("task_in_cycle", body="ring = [asyncio.create_task(failing())]  # made here\nring.append(ring)\nawait turns()"),
    _of("task_of_set_up", set_up="self.task = asyncio.create_task(failing())  # made here", body="await turns()"),
    _of("task_of_tear_down", tear_down="self.task = asyncio.create_task(failing())  # made here\nawait turns()"),
    _of("task_that_fails_after_the_body", body="self.task = asyncio.create_task(failing())  # made here"),
    _of(
        "task_that_fails_when_cancelled",
        prelude=(
            "async def fails_when_cancelled():\n    try:\n        await asyncio.Event().wait()\n"
            "    finally:\n        raise ValueError('lost')"
        ),
        body="task = asyncio.create_task(fails_when_cancelled())  # made here\nawait turns()\n"
        "task.cancel()\nawait turns()",
    ),
    _of(
        "task_of_task",
        body=(
            "async def parent():\n    self.child = asyncio.create_task(failing())  # made here\n"
            "await asyncio.create_task(parent())\nawait turns()"
        ),
    ),
    _of(
        "task_of_helper",
        prelude="def start_failing():\n    return asyncio.create_task(failing())  # made here",
        body="start_failing()\nawait turns()",
    ),
    _of("task_waited_for", body="await asyncio.wait([asyncio.create_task(failing())])  # made here"),
    _of("gather_dropped", body="asyncio.gather(failing())  # made here\nawait turns(6)"),
    _of(
        "future_dropped",
        body="loop = asyncio.get_running_loop()\nloop.create_future().set_exception(ValueError('lost'))  # made here",
    ),
    _of(
        "future_on_self",
        body="self.future = asyncio.get_running_loop().create_future()  # made here\n"
        "self.future.set_exception(ValueError('lost'))",
    ),
)

_CALLBACKS = (
    _of("call_soon", body="asyncio.get_running_loop().call_soon(fail)  # made here\nawait turns()"),
    _of("call_soon_in_last_line", body="asyncio.get_running_loop().call_soon(fail)  # made here"),
    _of("call_later", body="asyncio.get_running_loop().call_later(0, fail)  # made here\nawait asyncio.sleep(0.002)"),
    _of(
        "call_at",
        body="loop = asyncio.get_running_loop()\nloop.call_at(loop.time(), fail)  # made here\n"
        "await asyncio.sleep(0.002)",
    ),
    _of(
        "call_from_a_thread",
        body="loop = asyncio.get_running_loop()\n"
        "await asyncio.to_thread(loop.call_soon_threadsafe, fail)  # made here\nawait turns()",
        place=NOWHERE,
    ),
    _of(
        "done_callback",
        body="future = asyncio.get_running_loop().create_future()\nfuture.add_done_callback(fail)  # made here\n"
        "future.set_result(1)\nawait turns()",
    ),
    _of(
        "done_callback_of_task",
        body="task = asyncio.create_task(asyncio.sleep(0))\ntask.add_done_callback(fail)  # made here\n"
        "await task\nawait turns()",
    ),
    _of(
        "reader",
        body="loop = asyncio.get_running_loop()\nleft, right = socket.socketpair()\n"
        "self.addCleanup(left.close)\nself.addCleanup(right.close)\nself.addCleanup(loop.remove_reader, left)\n"
        "def read():\n    loop.remove_reader(left)\n    done.set()\n    raise ValueError('lost')\n"
        "done = asyncio.Event()\nloop.add_reader(left, read)  # made here\nright.send(b'x')\nawait done.wait()",
    ),
    _of(
        "signal_handler",
        body="loop, done = asyncio.get_running_loop(), asyncio.Event()\n"
        "def handle():\n    done.set()\n    raise ValueError('lost')\n"
        "loop.add_signal_handler(signal.SIGUSR1, handle)  # made here\n"
        "self.addCleanup(loop.remove_signal_handler, signal.SIGUSR1)\n"
        "os.kill(os.getpid(), signal.SIGUSR1)\nawait done.wait()",
        needs="main_thread",
    ),
    _of(
        "reported_by_library",
        object="the library lost it",
        body="asyncio.get_running_loop().call_exception_handler({'message': 'the library lost it'})",
        place=NOWHERE,
    ),
)

_HANDLER = """
async def handler(reader, writer):
    try:
        await reader.readline()
        raise ValueError("lost")
    finally:
        writer.close()
        done.set()
done = asyncio.Event()
async with await asyncio.start_server(handler, "127.0.0.1", 0) as server:  # made here
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"x\\n")
    await done.wait()
    await reader.read()
    writer.close()
    await writer.wait_closed()
"""

_DATAGRAM = """
class FailingDatagram(asyncio.DatagramProtocol):
    called = False

    def datagram_received(self, data, address):
        FailingDatagram.called = True
        raise ValueError("lost")
"""

_GENERATOR = """
async def fails_when_closed():
    try:
        yield 1
    finally:
        raise ValueError("lost")
"""

_OTHERS = (
    _of_protocol("protocol_data_received", "data_received"),
    _of_protocol("protocol_connection_made", "connection_made"),
    _of(
        "protocol_connection_lost",
        prelude=_PROTOCOL.format(name="ProtocolConnectionLost", method="connection_lost"),
        body="loop = asyncio.get_running_loop()\nours, theirs = socket.socketpair()\nself.addCleanup(theirs.close)\n"
        "transport, _ = await loop.create_connection(ProtocolConnectionLost, sock=ours)  # made here\n"
        "transport.close()\nawait until(lambda: ProtocolConnectionLost.called)\nawait turns()",
    ),
    _of(
        "datagram_received",
        prelude=_DATAGRAM.strip(),
        body="loop = asyncio.get_running_loop()\n"
        "server, _ = await loop.create_datagram_endpoint(FailingDatagram, local_addr=('127.0.0.1', 0))  # made here\n"
        "self.addCleanup(server.close)\n"
        "with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:\n"
        "    client.sendto(b'x', server.get_extra_info('sockname'))\n"
        "    await until(lambda: FailingDatagram.called)\nawait turns()",
    ),
    _of("stream_handler", body=_HANDLER.strip()),
    _of(
        "generator_finaliser",
        prelude=_GENERATOR.strip(),
        body="async for _ in fails_when_closed():  # made here\n    break\nawait turns(6)",
    ),
    _of(
        "finaliser",
        prelude="class FailsWhenDeleted:\n    def __del__(self):\n        raise ValueError('lost')",
        body="FailsWhenDeleted()",
        place=NOWHERE,
    ),
)

ENTRIES: tuple[Faulty, ...] = (*_TASKS, *_CALLBACKS, *_OTHERS)
