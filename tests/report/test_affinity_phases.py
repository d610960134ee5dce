"""What is told of objects on another loop in every phase of a test, and beside loops of all kinds."""

from __future__ import annotations

import textwrap
import unittest

from tests.outcomes import complaints
from tests.pytest_shim.support import missing
from tests.report.notes_support import HEAD, HEADER, HERE, KEPT, WAIT, NotesCase, foreign, note


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


if __name__ == "__main__":
    unittest.main()
