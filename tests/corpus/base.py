"""What the correct tests derive from, and on which loops they run.

`CORPUS_LOOP` in the environment says it: nothing for the loop that a user gets who asks for none, `debug` for one in
debug mode, `eager` for one that starts tasks eagerly (Python 3.12+), `uvloop` for one of uvloop's. `CORPUS_THREADS`
says that other threads run the same tests at the same time, so that tests which change what a process has but once
are left out.
"""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import os
import signal
import ssl
import sys
import unittest
from pathlib import Path
from typing import Any

from asynctestkit import AsyncTestCase, async_test

KIND = os.environ.get("CORPUS_LOOP", "")
ON_UVLOOP = KIND == "uvloop"
THREADED = "CORPUS_THREADS" in os.environ
LOCALHOST = "127.0.0.1"
CERTIFICATE = Path(__file__).parent / "localhost.pem"


def new_loop() -> asyncio.AbstractEventLoop:
    """Return a loop of the kind that the environment asks for."""
    if ON_UVLOOP:
        import uvloop

        return uvloop.new_event_loop()
    loop = asyncio.new_event_loop()
    if KIND == "eager":
        factory: Any = asyncio.eager_task_factory  # type: ignore[attr-defined,unused-ignore]  # new in Python 3.12
        loop.set_task_factory(factory)
    elif KIND == "debug":
        loop.set_debug(True)
    loop.slow_callback_duration = 60.0  # a machine that is busy elsewhere is no fault of a test
    return loop


FACTORY = new_loop if KIND else None


class CorpusCase(AsyncTestCase):
    """The base of all correct tests."""

    loop_factory = FACTORY


corpus_test = functools.partial(async_test, loop_factory=FACTORY)()
"""`@async_test`, on the kind of loop that the environment asks for."""

changes_process = unittest.skipIf(THREADED, "changes what other threads see")
needs_main_thread = unittest.skipIf(THREADED, "signals belong to the main thread")
needs_asyncio_loop = unittest.skipIf(ON_UVLOOP, "uvloop does not offer this")
needs_children = unittest.skipIf(THREADED and ON_UVLOOP, "uvloop watches children from the main thread only")
needs_unix = unittest.skipUnless(hasattr(signal, "SIGUSR1"), "needs Unix")
needs_uvloop = unittest.skipUnless(importlib.util.find_spec("uvloop"), "uvloop is not installed")
needs_anyio = unittest.skipUnless(importlib.util.find_spec("anyio"), "anyio is not installed")
since_312 = unittest.skipIf(sys.version_info < (3, 12), "new in Python 3.12")
since_313 = unittest.skipIf(sys.version_info < (3, 13), "new in Python 3.13")
since_314 = unittest.skipIf(sys.version_info < (3, 14), "new in Python 3.14")

PYTHON = sys.executable
CHILD_FLAGS = ("-I", "-S", "-c")
"""Options with which a child interpreter starts fast."""


async def turns(count: int = 3) -> None:
    """Let the loop turn."""
    for _ in range(count):
        await asyncio.sleep(0)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer lines with themselves until the client is done."""
    try:
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
    finally:
        writer.close()


def server_tls() -> ssl.SSLContext:
    """Return the context of a server that calls itself localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def client_tls() -> ssl.SSLContext:
    """Return the context of a client that trusts that server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(CERTIFICATE)
    return context
