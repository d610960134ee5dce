"""The current loop, as plain code finds it that uses async fixtures wider than a test."""

from __future__ import annotations

import unittest
from typing import Final

from tests.pytest_shim.support import PluginTest

CONFTEST: Final = """\
import warnings

@pytest.fixture(scope="module")
async def client():
    loop = asyncio.get_running_loop()
    class Client:
        def __init__(self):
            self.loop = loop
        async def get(self, value):
            assert asyncio.get_running_loop() is loop
            return value
    yield Client()

def current():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return asyncio.get_event_loop()
        except RuntimeError:
            return None

def strangers():
    loop = current()
    if loop is not None:  # up to 3.13 one is made where none was ever set
        loop.close()
        asyncio.set_event_loop(None)
    return loop

@pytest.fixture
def given(client):
    run = current().run_until_complete
    yield run(client.get(1))
    assert current() is client.loop and run(client.get(2)) == 2
"""
"""A module's async client, how to look for the current loop, and a plain fixture that uses both."""


class CurrentLoopTest(PluginTest):
    """Plain code that uses an async fixture wider than a test finds its loop as the current one."""

    def test_tests(self) -> None:
        """A plain test does; one that does not ask for the fixture finds no loop of ours."""
        source = """
            import asyncio, warnings
            from conftest import current, strangers

            def test_first(client):
                assert current() is client.loop
                assert current().run_until_complete(client.get(3)) == 3

            def test_runs_another(client):
                assert asyncio.run(asyncio.sleep(0, 4)) == 4

            def test_after_that(client):
                assert current() is client.loop

            def test_stranger():
                assert strangers() not in LOOPS

            @pytest.mark.usefixtures("client")
            class TestClass:
                def test_marked(self, client):
                    LOOPS.append(client.loop)
                    assert current() is client.loop

                async def test_async(self, client):
                    assert asyncio.get_running_loop() is client.loop

            def test_last_stranger():
                assert strangers() not in LOOPS

            LOOPS = []
        """
        self.assert_pass(source, count=7, conftest=CONFTEST)

    def test_fixtures(self) -> None:
        """A plain fixture of a test does, set up and taken down, whether the test is plain or async."""
        source = """
            def test_plain(given):
                assert given == 1

            async def test_async(given):
                assert given == 1

            class TestClass:
                def test_plain(self, given, client):
                    assert given == 1

            class CaseTest(asynctestkit.AsyncTestCase):
                @pytest.fixture(autouse=True)
                def _given(self, given):
                    self.given = given

                async def test_async(self):
                    self.assertEqual(self.given, 1)
        """
        self.assert_pass(source, count=4, conftest=CONFTEST)

    def test_own_loops(self) -> None:
        """A loop that the suite has made current itself stays, whoever has made it: a fixture, a hook, the test."""
        source = """
            from conftest import current

            def new_loop():
                loop = asyncio.new_event_loop()
                asyncio.set_event_loop(loop)
                return loop

            @pytest.fixture
            def own():
                loop = new_loop()
                yield loop
                assert current() is loop
                asyncio.set_event_loop(None)
                loop.close()

            def test_given(client, own):
                assert current() is own

            class TestHook:
                def setup_method(self):
                    self.loop = new_loop()

                def teardown_method(self):
                    assert current() is self.loop
                    asyncio.set_event_loop(None)
                    self.loop.close()

                def test_hook(self, client):
                    assert current() is self.loop

            def test_itself(client):
                loop = new_loop()
                loop.close()

            def test_after_that(client):
                assert current() is client.loop
        """
        self.assert_pass(source, count=4, conftest=CONFTEST)

    def test_wide_plain_fixtures(self) -> None:
        """A plain fixture as wide as the async one finds the loop when it is finished, with whatever test."""
        source = """
            from conftest import current

            @pytest.fixture(scope="module")
            def wide(client):
                yield
                assert current().run_until_complete(client.get(1)) == 1

            def test_one(wide):
                pass

            def test_stranger():
                pass
        """
        self.assert_pass(source, count=2, conftest=CONFTEST)

    def test_tasks_of_plain_code(self) -> None:
        """A task that a plain test leaves on the loop is no fault of the async test after it, which leaves it alone."""
        source = """
            from conftest import current

            tasks = []

            async def forever():
                await asyncio.Event().wait()

            def test_plain(client):
                tasks.append(current().create_task(forever()))

            async def test_async(client):
                await asyncio.sleep(0)

            def test_last(client):
                assert not tasks[0].done()
        """
        self.assert_pass(source, count=3, conftest=CONFTEST)

    def test_items_of_others(self) -> None:
        """Items that know nothing of fixtures run beside open ones."""
        conftest = """
            class Item(pytest.Item):
                def runtest(self):
                    pass

            class File(pytest.File):
                def collect(self):
                    yield Item.from_parent(self, name="item")

            def pytest_collect_file(parent, file_path):
                return File.from_parent(parent, path=file_path) if file_path.suffix == ".yaml" else None

            @pytest.fixture(scope="session")
            async def session():
                yield 1
        """
        source = """
            async def test_async(session):
                assert session == 1
        """
        self.assert_pass(source, ".", count=2, conftest=conftest, files={"z.yaml": ""})


if __name__ == "__main__":
    unittest.main()
