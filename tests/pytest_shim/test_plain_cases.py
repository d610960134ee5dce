"""Plain `unittest.TestCase` classes with `@async_test` methods under pytest: one life with its fixtures."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest


class OneLifeTest(PluginTest):
    """Async fixtures of pytest, `@async_hook` and `@async_test` share what they run in."""

    def test_narrow(self) -> None:
        """An autouse fixture runs in the test's task, around its hooks and its cleanups."""
        source = """
            from asynctestkit import async_hook, async_test

            events = []

            class PlainTest(unittest.TestCase):
                @pytest.fixture(autouse=True)
                async def around(self):
                    task = asyncio.current_task()
                    events.append(("opened", task))
                    yield
                    events.append(("closed", asyncio.current_task()))

                @async_hook
                async def setUp(self):
                    events.append(("set up", asyncio.current_task()))

                @async_test
                async def test_it(self):
                    events.append(("body", asyncio.current_task()))

                @async_hook
                async def tearDown(self):
                    events.append(("torn down", asyncio.current_task()))

            def test_events():
                assert [what for what, _ in events] == ["opened", "set up", "body", "torn down", "closed"]
                assert len({task for _, task in events}) == 1
        """
        self.assert_pass(source, count=2)

    def test_hook_alone(self) -> None:
        """The hooks of a plain test share them, too; so does its fixture."""
        source = """
            from asynctestkit import async_hook

            class PlainTest(unittest.TestCase):
                @pytest.fixture(autouse=True)
                async def around(self):
                    self.task = asyncio.current_task()
                    yield

                @async_hook
                async def setUp(self):
                    self.found = asyncio.current_task()

                def test_it(self):
                    self.assertIs(self.found, self.task)
        """
        self.assert_pass(source, count=1)

    def test_wide(self) -> None:
        """A test that uses a wider fixture joins its loop, also with hooks of the class or fixtures of ours."""
        source = """
            from asynctestkit import async_hook, async_test, fixture

            @pytest.fixture(scope="module")
            async def wide():
                yield asyncio.get_running_loop()

            @fixture(scope="class")
            async def ours():
                yield asyncio.get_running_loop()

            @pytest.mark.usefixtures("wide")
            class PlainTest(unittest.TestCase):
                @pytest.fixture(autouse=True)
                def keep(self, wide):
                    self.wide = wide

                @async_test
                async def test_it(self):
                    self.assertIs(self.wide, asyncio.get_running_loop())

                @async_test
                async def test_with_ours(self, ours):
                    self.assertIs(self.wide, asyncio.get_running_loop())
                    self.assertIs(ours, self.wide)

            class HookTest(PlainTest):
                @classmethod
                @async_hook
                async def setUpClass(cls):
                    cls.loop = asyncio.get_running_loop()

                @async_test
                async def test_of_class(self):
                    self.assertIs(self.loop, asyncio.get_running_loop())
                    self.assertIs(self.wide, self.loop)
        """
        self.assert_pass(source, count=5)

    def test_scope_that_fires(self) -> None:
        """A timeout that such a fixture holds open ends the test, which fails with its error."""
        source = """
            from asynctestkit import async_test

            class PlainTest(unittest.TestCase):
                @pytest.fixture(autouse=True)
                async def limit(self):
                    async with asyncio.timeout(0.2):
                        yield

                @async_test
                async def test_it(self):
                    await asyncio.Event().wait()
        """
        said = self.outcomes(source)
        self.assertEqual(said[-1], "1 failed", said)
        self.assertIn("FAILED PlainTest::test_it - TimeoutError", said)

    def test_options(self) -> None:
        """The test's own timeout and loop factory count where a fixture has begun its life."""
        source = """
            from asynctestkit import async_test

            class Loop(asyncio.SelectorEventLoop): pass

            class PlainTest(unittest.TestCase):
                @pytest.fixture(autouse=True)
                async def around(self):
                    self.loop = asyncio.get_running_loop()

                @async_test(loop_factory=Loop, timeout=0.2)
                async def test_it(self):
                    self.assertIs(type(self.loop), Loop)
                    self.assertIs(self.loop, asyncio.get_running_loop())
                    await asyncio.Event().wait()
        """
        self.assertEqual(
            self.outcomes(source),
            ["FAILED PlainTest::test_it - TimeoutError: test_it exceeded its limit of 0.2 s in the body", "1 failed"],
        )

    def test_patched(self) -> None:
        """What `mock.patch` passes is no fixture."""
        source = """
            from unittest import mock
            from asynctestkit import async_test, fixture

            @fixture
            async def ours():
                return asyncio.current_task()

            class PlainTest(unittest.TestCase):
                @pytest.fixture(autouse=True)
                async def around(self):
                    self.task = asyncio.current_task()

                @mock.patch("asyncio.sleep")
                @async_test
                async def test_it(self, sleep, ours):
                    self.assertIs(asyncio.sleep, sleep)
                    self.assertIs(ours, self.task)
        """
        self.assert_pass(source, count=1)


if __name__ == "__main__":
    unittest.main()
