"""What is told of objects that are used on another loop than theirs, whatever runs the tests."""

from __future__ import annotations

import textwrap
import unittest
from collections.abc import Callable
from importlib.util import find_spec
from typing import Final, NamedTuple

from tests.pytest_shim.support import missing
from tests.report.notes_support import HEADER, Notes, NotesCase


class Case(NamedTuple):
    """Two tests and what is told of the second.

    Attributes:
        first: The body of the first, indented by nothing.
        second: The body of the second, which fails.
        note: Its whole note, `{first}` and `{second}` for how their loops are called; empty for none.
        shares: Whether the fix may be that the tests share a loop.
        setup: Code before them in the module.
    """

    first: str
    second: str
    note: str
    shares: bool = True
    setup: str = ""


_BOUND: Final = """\
the {kind} belongs to the event loop of {{first}}
  object    <{object}>
  kept as   KEPT of module program
  its loop  that of {{first}}, closed; something first had to wait for it there
  used on   that of {{second}}
  see       docs/checks.md#another-loop
  fix:      create KEPT in the test or in a fixture of the test"""

_FUTURE: Final = """\
the {kind} belongs to the event loop of {{first}}
  object    <{object}>
  its loop  that of {{first}}, closed
  used on   that of {{second}}
  see       docs/checks.md#another-loop
  fix:      create the {kind} in the test or in a fixture of the test"""

_FOREIGN: Final = """\
the {kind} belongs to an event loop that asynctestkit has not opened
  object    <{object}>
  kept as   {kept} of module program
  its loop  one that asynctestkit has not opened, closed
  used on   that of {{second}}
  see       docs/checks.md#another-loop
  fix:      create {fix} in the test, or in an async hook or fixture: they run on the test's own loop"""

_LOOP: Final = """\
what is used here belongs to the event loop of {first}
  its loop  that of {first}, closed
  used on   that of {second}
  see       docs/checks.md#another-loop
  fix:      create the object in the test or in a fixture of the test"""


def bound(kind: str, wait: str, text: str, make: str = "") -> Case:
    """Return a case of something that waits on the loop on which something has first waited for it."""
    waiting = f"with contextlib.suppress(TimeoutError):\n    async with asyncio.timeout(0.001):\n        {wait}"
    note = _BOUND.format(kind=kind, object=text)
    return Case(waiting, waiting, note, setup=f"KEPT = {make or f'asyncio.{kind}()'}")


CASES: Final = {
    "lock": bound("Lock", "await KEPT.acquire(); await KEPT.acquire()", "asyncio.locks.Lock object [locked]"),
    "event": bound("Event", "await KEPT.wait()", "asyncio.locks.Event object [unset]"),
    "queue": bound("Queue", "await KEPT.get()", "Queue maxsize=0"),
    "semaphore": bound(
        "Semaphore", "await KEPT.acquire()", "asyncio.locks.Semaphore object [locked]", "asyncio.Semaphore(0)"
    ),
    "condition": bound(
        "Condition",
        "async with KEPT:\n            await KEPT.wait()",
        "asyncio.locks.Condition object [unlocked]",
    ),
    "future": Case(
        "kept.append(asyncio.get_running_loop().create_future())",
        "await kept[0]",
        _FUTURE.format(kind="Future", object="Future pending"),
    ),
    "awaited again": Case(
        "kept.append(asyncio.get_running_loop().create_future())",
        "with contextlib.suppress(RuntimeError):\n    await kept[0]\nawait kept[0]",
        _FUTURE.format(kind="Future", object="Future pending"),
    ),
    "gathered": Case(
        "kept.append(asyncio.get_running_loop().create_future())",
        "other = asyncio.get_running_loop().create_future()\nawait asyncio.gather(other, kept[0])",
        _FUTURE.format(kind="Future", object="Future pending"),
    ),
    "future of a client": Case(
        "client.answer = asyncio.get_running_loop().create_future()",
        "await client.answer",
        _FUTURE.format(kind="Future", object="Future pending")
        .replace("  its loop", "  kept as   client.answer of module program\n  its loop")
        .replace("create the Future", "create client"),
    ),
    "in a group": Case(
        "client.answer = asyncio.get_running_loop().create_future()",
        "async def wait():\n    await client.answer\n"
        "async with asyncio.TaskGroup() as group:\n    group.create_task(wait())",
        _FUTURE.format(kind="Future", object="Future pending")
        .replace("  its loop", "  kept as   client.answer of module program\n  its loop")
        .replace("create the Future", "create client"),
    ),
    "shielded": Case(
        "kept.append(asyncio.get_running_loop().create_future())",
        "await asyncio.shield(kept[0])",
        _LOOP,
    ),
    "client at hand": Case(
        "client._loop = asyncio.get_running_loop()\nkept.append(client._loop.create_future)",
        "held = client\nawait kept[0]()",
        "",
        shares=False,
    ),
    "method of a client": Case(
        "kept.append(Client(asyncio.get_running_loop()))",
        "await kept[0].ping()",
        _FUTURE.format(kind="Client", object="Client"),
        setup="class Client:\n"
        "    def __init__(self, loop):\n        self._loop = loop\n"
        "    def __repr__(self):\n        return '<Client>'\n"
        "    async def ping(self):\n        await self._loop.create_future()",
    ),
    "as a cause": Case(
        "kept.append(asyncio.get_running_loop().create_future())",
        "try:\n    await kept[0]\nexcept RuntimeError as error:\n    raise ConnectionError from error",
        _FUTURE.format(kind="Future", object="Future pending"),
    ),
    "several": Case(
        "kept.extend(asyncio.get_running_loop().create_future() for _ in range(2))",
        "await kept[0]",
        _LOOP,
    ),
    "call_soon": Case("kept.append(asyncio.get_running_loop())", "kept[0].call_soon(print)", _LOOP),
    "create_task": Case(
        "kept.append(asyncio.get_running_loop())",
        "coroutine = asyncio.sleep(0)\ntry:\n    kept[0].create_task(coroutine)\nfinally:\n    coroutine.close()",
        _LOOP,
    ),
    "stream": Case(
        "kept.append(asyncio.StreamReader())",
        "await kept[0].read()",
        _FUTURE.format(kind="StreamReader", object="StreamReader"),
    ),
    "loop of setUpModule": Case(
        "pass",
        "await client.answer",
        _FOREIGN.format(kind="Future", object="Future pending", kept="client.answer", fix="client"),
        shares=False,
        setup="async def prepare():\n    client.answer = asyncio.get_running_loop().create_future()\n"
        "asyncio.run(prepare())",
    ),
    "the test's own": Case(
        "pass",
        "async def wait(future):\n    await future\n"
        "future = asyncio.get_running_loop().create_future()\n"
        "await asyncio.to_thread(lambda: asyncio.run(wait(future)))",
        "the Future belongs to the event loop of {second}\n"
        "  object    <Future pending>\n"
        "  its loop  that of {second}\n"
        "  used on   one that asynctestkit has not opened, closed\n"
        "  see       docs/checks.md#another-loop\n"
        "  fix:      await it in the test itself: asyncio.run() and run_until_complete() run another loop",
        shares=False,
    ),
    "words alone": Case("pass", "raise RuntimeError('Event loop is closed')", "", shares=False),
    "words of another kind": Case("pass", "raise KeyError('attached to a different loop')", "", shares=False),
    "words and things of its own": Case(
        "pass",
        "future = asyncio.get_running_loop().create_future()\nraise RuntimeError('attached to a different loop')",
        "",
        shares=False,
    ),
}


class Door(NamedTuple):
    """Something that runs the tests of a case.

    Attributes:
        source: The module, without its header and the set-up of the case: `{first}` and `{second}` are the bodies.
        depth: By how much they are indented.
        loops: How the loops of the two are called.
        share: What users write to have the two share a loop, empty where they cannot.
    """

    source: str
    depth: int
    loops: tuple[str, str]
    share: str


_METHODS: Final = """
class CaseTest(asynctestkit.AsyncTestCase):
    async def test_1(self):
{first}
    async def test_2(self):
{second}
"""
_FUNCTIONS: Final = "\n{mark}\nasync def test_1():\n{{first}}\n{mark}\nasync def test_2():\n{{second}}\n"
_PLAIN: Final = """
import unittest

class CaseTest(unittest.TestCase):
    @asynctestkit.async_test
    async def test_1(self):
{first}
    @asynctestkit.async_test
    async def test_2(self):
{second}
"""

CASE: Final = Door(
    _METHODS,
    8,
    ("test program.CaseTest.test_1", "test program.CaseTest.test_2"),
    'loop_scope = "class" in CaseTest',
)
PLAIN_CASE: Final = CASE._replace(source=_PLAIN, share="")
DECORATED: Final = Door(
    _FUNCTIONS.format(mark="@asynctestkit.async_test"), 4, ("test program.test_1", "test program.test_2"), ""
)
PYTEST: Final = Door(
    _FUNCTIONS.format(mark=""),
    4,
    ("test program.py::test_1", "test program.py::test_2"),
    'pytestmark = pytest.mark.asynctestkit(loop_scope="module")',
)


def source_of(case: Case, door: Door) -> str:
    """Return the module for a case."""
    first, second = (textwrap.indent(body, " " * door.depth) for body in (case.first, case.second))
    return f"{HEADER}\n{case.setup}\n{door.source.format(first=first, second=second)}"


def expected(case: Case, door: Door) -> list[str]:
    """Return the notes of the second test."""
    if not case.note:
        return []
    first, second = door.loops
    share = f"; to share one among the tests, write {door.share}" if case.shares and door.share else ""
    return [case.note.format(first=first, second=second) + share]


class DoorsTest(NotesCase):
    """Each case is told through each front door."""

    def check(self, run: Callable[[str], Notes], door: Door) -> None:
        for name, case in CASES.items():
            with self.subTest(name):
                self.assertEqual(run(source_of(case, door)), {"test_2": expected(case, door)})

    @unittest.skipIf(find_spec("uvloop") is None, "uvloop is not installed")
    def test_uvloop(self) -> None:
        """AsyncTestCase on loops of uvloop."""
        uvloop = _METHODS.replace(":", ":\n    loop_factory = __import__('uvloop').new_event_loop", 1)
        self.check(self.by_unittest, CASE._replace(source=uvloop))

    def test_case(self) -> None:
        """AsyncTestCase under unittest."""
        self.check(self.by_unittest, CASE)

    def test_plain_case(self) -> None:
        """`@async_test` in a plain test case."""
        self.check(self.by_unittest, PLAIN_CASE)

    def test_functions(self) -> None:
        """`@async_test` at module level."""
        self.check(self.by_unittest, DECORATED)

    @unittest.skipIf(missing(), missing() or "")
    def test_pytest(self) -> None:
        """Plain async tests under pytest."""
        self.check(self.by_pytest, PYTEST)

    @unittest.skipIf(missing(), missing() or "")
    def test_case_by_pytest(self) -> None:
        """AsyncTestCase under pytest."""
        self.check(self.by_pytest, CASE)


if __name__ == "__main__":
    unittest.main()
