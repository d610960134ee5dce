"""What is told of objects on another loop that fixtures gave, in every phase of a test, and beside other loops."""

from __future__ import annotations

import asyncio
import textwrap
import unittest
import weakref
from typing import Any

from asynctestkit import AsyncTestCase
from asynctestkit.report.owners import Owner, explain, own, owner_of
from tests.outcomes import complaints, run_one
from tests.pytest_shim.support import missing
from tests.report.notes_support import HEADER, NotesCase

WAIT = """
async def use(event):
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.001):
            await event.wait()

def foreign():
    async def make():
        return asyncio.get_running_loop().create_future()
    return asyncio.run(make())
"""

HEAD = "the Future belongs to an event loop that asynctestkit has not opened"


def note(*lines: str) -> list[str]:
    """Return the one note that these lines make."""
    first, *rows, fix = lines
    return [
        "\n".join(
            [first, *(f"  {row}" for row in rows), "  see       docs/checks.md#another-loop", f"  fix:      {fix}"]
        )
    ]


def foreign(used_on: str, fix: str, *rows: str) -> list[str]:
    """Return the note on a future of no loop of ours."""
    return note(
        HEAD,
        "object    <Future pending>",
        *rows,
        "its loop  one that asynctestkit has not opened, closed",
        *([f"used on   that of {used_on}"] if used_on else []),
        fix,
    )


HERE = "create KEPT in the test, or in an async hook or fixture: they run on the test's own loop"
KEPT = "kept as   KEPT of module program"


class FixturesTest(NotesCase):
    """The fixture that gave the object is named, and the fix is about it."""

    def source(self, text: str) -> str:
        return HEADER + WAIT + textwrap.dedent(text)

    def test_value(self) -> None:
        """A plain fixture of a class whose tests have loops of their own."""
        source = """
            @asynctestkit.fixture(scope="class")
            def event():
                return asyncio.Event()

            class CaseTest(asynctestkit.AsyncTestCase):
                async def test_1(self, event):
                    await use(event)
                async def test_2(self, event):
                    await use(event)
        """
        expected = note(
            "the Event belongs to the event loop of test program.CaseTest.test_1",
            "object    <asyncio.locks.Event object [unset]>",
            "fixture   'event', program.py:N   scope=class",
            "its loop  that of test program.CaseTest.test_1, closed; something first had to wait for it there",
            "used on   that of test program.CaseTest.test_2",
            "write loop_scope = \"class\" in CaseTest, or make fixture 'event' scope=test",
        )
        self.assertEqual(self.by_unittest(self.source(source)), {"test_2": expected})

    def test_attribute(self) -> None:
        """What a fixture gave has the object as an attribute; functions of `@async_test` cannot share a loop."""
        source = """
            @asynctestkit.fixture(scope="module")
            def server():
                return types.SimpleNamespace(stopped=foreign())

            @asynctestkit.async_test
            async def test_1(server):
                await server.stopped
        """
        expected = foreign(
            "test program.test_1",
            "make fixture 'server' `async def`, so that it runs on the loop of its tests",
            "fixture   'server' (.stopped of what it gives), program.py:N   scope=module",
        )
        self.assertEqual(self.by_unittest(self.source(source)), {"test_1": expected})

    def test_async_fixture(self) -> None:
        """An async fixture runs on the right loop already: it has the object from elsewhere."""
        source = """
            LATER = foreign()

            @asynctestkit.fixture(scope="class")
            async def answer():
                return LATER

            class CaseTest(asynctestkit.AsyncTestCase):
                async def test(self, answer):
                    await answer
        """
        expected = foreign(
            "class CaseTest",
            "create the Future in the test, or in an async hook or fixture: they run on the test's own loop",
            "fixture   'answer', program.py:N   scope=class",
        )
        self.assertEqual(self.by_unittest(self.source(source)), {"test": expected})

    def test_fetched(self) -> None:
        """A fixture that the test asks for by name is named as well."""
        source = """
            @asynctestkit.fixture(scope="class")
            def answer():
                loop = asyncio.new_event_loop()
                loop.close()
                return loop.create_future()

            class CaseTest(asynctestkit.AsyncTestCase):
                async def test_1(self):
                    answer = await self.get_fixture("answer")
                    await answer
        """
        expected = foreign(
            "test program.CaseTest.test_1",
            "make fixture 'answer' `async def`, so that it runs on the loop of its tests",
            "fixture   'answer', program.py:N   scope=class",
        )
        self.assertEqual(self.by_unittest(self.source(source)), {"test_1": expected})

    @unittest.skipIf(missing(), missing() or "")
    def test_pytests(self) -> None:
        """Fixtures of pytest's, for functions, classes and test cases of ours."""
        source = """
            import pytest

            @pytest.fixture(scope="module")
            def event():
                return asyncio.Event()

            async def test_1(event):
                await use(event)

            async def test_2(event):
                await use(event)

            class TestMethods:
                async def test_3(self, event):
                    await use(event)

            class CaseTest(asynctestkit.AsyncTestCase):
                async def test_4(self, event):
                    await use(event)
        """
        notes = self.by_pytest(self.source(source))
        for name, test, share in (
            ("test_2", "program.py::test_2", 'pytestmark = pytest.mark.asynctestkit(loop_scope="module")'),
            (
                "test_3",
                "program.py::TestMethods::test_3",
                '@pytest.mark.asynctestkit(loop_scope="module") above TestMethods',
            ),
            ("test_4", "program.CaseTest.test_4", 'loop_scope = "module" in CaseTest'),
        ):
            expected = note(
                "the Event belongs to the event loop of test program.py::test_1",
                "object    <asyncio.locks.Event object [unset]>",
                "fixture   'event', program.py:N   scope=module",
                "its loop  that of test program.py::test_1, closed; something first had to wait for it there",
                f"used on   that of test {test}",
                f"write {share}, or make fixture 'event' scope=\"function\"",
            )
            with self.subTest(name):
                self.assertEqual(notes.pop(name), expected)
        self.assertEqual(notes, {})


class PhasesTest(NotesCase):
    """Every phase that fails with such an error is told."""

    def source(self, text: str) -> str:
        return f"{HEADER}{WAIT}\nKEPT = foreign()\n{textwrap.dedent(text)}"

    def test_case(self) -> None:
        """The hooks, fixtures and cleanups of a test case, and its plain methods."""
        for name, body in {
            "set-up": "async def asyncSetUp(self):\n    await KEPT",
            "plain set-up": "def setUp(self):\n    KEPT.get_loop().call_soon(print)",
            "tear-down": "async def asyncTearDown(self):\n    await KEPT",
            "cleanup": "async def asyncSetUp(self):\n    self.addAsyncCleanup(self.wait)",
            "fixture": "test = uses('opened')(lambda self: None)",
            "end of fixture": "test = uses('closed')(lambda self: None)",
        }.items():
            source = f"""
from asynctestkit import uses

@asynctestkit.fixture
async def opened():
    await KEPT

@asynctestkit.fixture
async def closed():
    yield
    await KEPT

class CaseTest(asynctestkit.AsyncTestCase):
    async def wait(self):
        await KEPT
    async def test(self):
        pass
{textwrap.indent(body, "    ")}
"""
            with self.subTest(name):
                (told,) = self.by_unittest(self.source(source)).values()
                self.assertEqual(told, foreign("test program.CaseTest.test", HERE, KEPT))

    def test_task(self) -> None:
        """A task whose error reaches nobody but the checks."""
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                async def wait(self):
                    await KEPT
                async def test(self):
                    self.task = asyncio.create_task(self.wait())
                    await asyncio.sleep(0.001)
        """
        self.assertEqual(
            self.by_unittest(self.source(source)), {"test": foreign("test program.CaseTest.test", HERE, KEPT)}
        )

    def test_class_hooks(self) -> None:
        """The hooks of a class run on the class's loop."""
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                async def asyncSetUpClass(cls):
                    await KEPT
                asyncSetUpClass = classmethod(asyncSetUpClass)
                async def test(self):
                    pass
        """
        ((told),) = self.by_unittest(self.source(source)).values()
        self.assertEqual(told, foreign("class CaseTest", HERE, KEPT))

    def test_class_attribute(self) -> None:
        """What a class keeps is to be created elsewhere, the class is not."""
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                @classmethod
                def setUpClass(cls):
                    cls.answer = foreign()
                async def test(self):
                    await self.answer
        """
        expected = foreign(
            "test program.CaseTest.test",
            HERE.replace("KEPT", "CaseTest.answer"),
            KEPT.replace("KEPT", "CaseTest.answer"),
        )
        self.assertEqual(self.by_unittest(self.source(source)), {"test": expected})

    def test_class_is_over(self) -> None:
        """The loop of a class that is over belongs to the class."""
        source = """
            class FirstTest(asynctestkit.AsyncTestCase):
                loop_scope = "class"
                async def test_1(self):
                    client.answer = self.loop.create_future()
            class SecondTest(asynctestkit.AsyncTestCase):
                async def test_2(self):
                    await client.answer
        """
        expected = note(
            "the Future belongs to the event loop of class FirstTest",
            "object    <Future pending>",
            "kept as   client.answer of module program",
            "its loop  that of class FirstTest, closed",
            "used on   that of test program.SecondTest.test_2",
            "create client in the test or in a fixture of the test",
        )
        self.assertEqual(self.by_unittest(self.source(source)), {"test_2": expected})

    def test_thread(self) -> None:
        """What belongs to a loop that runs in another thread is to be awaited there."""
        source = """
            import threading

            class CaseTest(asynctestkit.AsyncTestCase):
                async def test(self):
                    loop = asyncio.new_event_loop()
                    thread = threading.Thread(target=loop.run_forever)
                    thread.start()
                    self.addCleanup(loop.close)
                    self.addCleanup(thread.join)
                    self.addCleanup(loop.call_soon_threadsafe, loop.stop)
                    future = loop.create_future()
                    await future
        """
        expected = note(
            HEAD,
            "object    <Future pending>",
            "its loop  one that asynctestkit has not opened, running in another thread",
            "used on   that of test program.CaseTest.test",
            "await it on its own loop: asyncio.wrap_future(asyncio.run_coroutine_threadsafe(..., loop))",
        )
        self.assertEqual(self.by_unittest(self.source(source)), {"test": expected})

    def test_transport(self) -> None:
        """A transport whose loop is closed is named, and is to be closed where it is opened."""
        source = """
            import socket

            class CaseTest(asynctestkit.AsyncTestCase):
                async def test_1(self):
                    client.one, client.other = socket.socketpair()
                    client.transport, _ = await self.loop.create_connection(asyncio.Protocol, sock=client.one)
                async def test_2(self):
                    # The transport dies here, in a test that expects it.
                    self.addCleanup(client.one.close)
                    self.addCleanup(client.other.close)
                    self.addCleanup(vars(client).clear)
                    client.transport.abort()
            CaseTest = asynctestkit.fail_on(unclosed=False)(CaseTest)
        """
        with complaints():
            notes = self.by_unittest(self.source(source))
            (told,) = notes.pop("test_2")
        lines = told.splitlines()
        self.assertEqual(notes, {})
        self.assertRegex(lines.pop(1), r"^  object    <_SelectorSocketTransport .*>$")
        self.assertEqual(
            ["\n".join(lines)],
            note(
                "the SelectorSocketTransport belongs to the event loop of test program.CaseTest.test_1",
                "kept as   client.transport of module program",
                "its loop  that of test program.CaseTest.test_1, closed",
                "used on   that of test program.CaseTest.test_2",
                "create client in the test or in a fixture of the test, and close it there; to share one among the "
                'tests, write loop_scope = "class" in CaseTest',
            ),
        )

    @unittest.skipIf(missing(), missing() or "")
    def test_pytest(self) -> None:
        """Fixtures of pytest's, async ones of a test and of a module, and what plain tests run."""
        source = """
            import pytest

            @pytest.fixture
            async def opened():
                await KEPT

            @pytest.fixture(scope="module")
            async def wide():
                await KEPT

            @pytest.fixture
            async def closed():
                yield
                await KEPT

            def test_opened(opened):
                pass

            async def test_wide(wide):
                pass

            async def test_closed(closed):
                pass

            def test_run(run_async):
                async def wait():
                    await KEPT
                run_async(wait())
        """
        used_on = {
            "test_opened": "test program.py::test_opened",
            "test_wide": "module fixture 'wide'",
            "test_closed": "test program.py::test_closed",
            "test_run": "test program.py::test_run",
        }
        self.assertEqual(
            self.by_pytest(self.source(source)), {name: foreign(loop, HERE, KEPT) for name, loop in used_on.items()}
        )


class OwnersTest(unittest.TestCase):
    """Whose a loop is stays known, and keeps nothing alive."""

    def test_after_the_test(self) -> None:
        """The loop of a test that is over tells the test's name, and the test is gone."""
        loops: list[asyncio.AbstractEventLoop] = []

        class Case(AsyncTestCase):
            async def test(self) -> None:
                loops.append(self.loop)

        case: Any = Case("test")
        case.run(unittest.TestResult())
        alive = weakref.ref(case)
        del case
        (loop,) = loops
        owner = owner_of(loop)
        self.assertEqual(owner, Owner(f"test {__name__}.{Case.__qualname__}.test", 1, __name__, Case.__qualname__))
        self.assertIsNone(alive())

    def test_none_of_ours(self) -> None:
        """A loop that the suite makes itself belongs to nobody, and neither does one that takes no attributes."""

        class Bare:
            __slots__ = ()

        loop = Bare()
        own(loop, "nobody", 1)
        self.assertIsNone(owner_of(loop))
        self.assertIsNone(owner_of(None))

    def test_given_loop(self) -> None:
        """A loop that a runner of the suite brings is not called the test's."""
        seen: list[object] = []

        class Case(AsyncTestCase):
            def _setupAsyncioRunner(self) -> None:
                self._asyncioRunner = asyncio.Runner()

            async def test(self) -> None:
                seen.append(owner_of(asyncio.get_running_loop()))

        self.assertEqual(run_one(Case), ["ok"])
        self.assertEqual(seen, [None])


class HarmlessTest(unittest.TestCase):
    """Telling never is what fails."""

    def test_objects_that_raise(self) -> None:
        """What raises whatever it is asked is passed over."""

        class Evil:
            def __getattribute__(self, name: str) -> Any:
                raise LookupError(name)

            def __repr__(self) -> str:
                raise LookupError("repr")

        def fail(evil: object) -> None:
            raise RuntimeError("attached to a different loop")

        try:
            fail(Evil())
        except RuntimeError as error:
            explain(error, None)
            self.assertFalse(hasattr(error, "__notes__"))

    def test_several_loops(self) -> None:
        """Where objects of two foreign loops are at hand, nothing is said of either."""

        def fail(*things: object) -> None:
            raise RuntimeError("attached to a different loop")

        loops = [asyncio.new_event_loop() for _ in range(3)]
        for loop in loops:
            self.addCleanup(loop.close)
        try:
            fail(loops[0].create_future(), loops[1].create_future())
        except RuntimeError as error:
            explain(error, loops[2])
            self.assertFalse(hasattr(error, "__notes__"))

    def test_once(self) -> None:
        """An error that goes through several phases is told once."""
        loop = asyncio.new_event_loop()
        self.addCleanup(loop.close)

        def fail(future: object) -> None:
            raise RuntimeError("attached to a different loop")

        try:
            fail(loop.create_future())
        except RuntimeError as error:
            explain(error, None)
            explain(error, None)
            self.assertEqual(len(error.__notes__), 1)


if __name__ == "__main__":
    unittest.main()
