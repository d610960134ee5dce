"""What is told of objects on another loop that fixtures gave: the fixture, and how to change it."""

from __future__ import annotations

import textwrap
import unittest

from tests.pytest_shim.support import missing
from tests.report.notes_support import HEADER, WAIT, NotesCase, foreign, note


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


if __name__ == "__main__":
    unittest.main()
