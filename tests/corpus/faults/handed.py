"""What a test leaves to its class or module on their loop: a finding of the end of the class, not of the test."""

from __future__ import annotations

from functools import partial

from tests.corpus.faults.entries import NOWHERE, Faulty

_left = partial(Faulty, left_to_class=True)

ENTRIES: tuple[Faulty, ...] = (
    _left(
        "task_of_class",
        kind="pending_tasks",
        object="left_task",
        body="type(self).left_task = asyncio.create_task(forever(), name='left_task')  # made here\nawait turns()",
    ),
    _left(
        "task_of_module",
        kind="pending_tasks",
        object="left_task",
        body="KEPT.append(asyncio.create_task(forever(), name='left_task'))  # made here",
    ),
    _left(
        "server_of_class",
        kind="unclosed",
        object="unclosed Server on 127.0.0.1",
        body="type(self).server = await asyncio.start_server(print, '127.0.0.1', 0)  # made here",
    ),
    _left(
        "transport_of_class",
        kind="unclosed",
        object="unclosed transport",
        body="type(self).endpoints = [\n"
        "    await asyncio.get_running_loop().create_datagram_endpoint(  # made here\n"
        "        asyncio.DatagramProtocol, local_addr=('127.0.0.1', 0)\n"
        "    )\n"
        "]",
    ),
    _left(
        "socket_of_class",
        kind="unclosed",
        object="unclosed <socket.socket",
        body="type(self).socket = socket.socket()",
        place=NOWHERE,
    ),
    _left(
        "future_of_class",
        kind="unhandled",
        object="Future exception was never retrieved: ValueError: lost",
        body="type(self).future = asyncio.get_running_loop().create_future()\n"
        "self.future.set_exception(ValueError('lost'))",
        place=NOWHERE,
    ),
    _left(
        "future_of_module",
        kind="unhandled",
        object="Future exception was never retrieved: OSError: lost",
        body="KEPT.append(asyncio.get_running_loop().create_future())\nKEPT[-1].set_exception(OSError('lost'))",
        place=NOWHERE,
    ),
)
