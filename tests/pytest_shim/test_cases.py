"""`AsyncTestCase` and `@async_test` under pytest with the plugin."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest


class PytestFixturesTest(PluginTest):
    """pytest's fixtures in tests of AsyncTestCase."""

    def test_parameters(self) -> None:
        """A parameter that our lookup does not find is pytest's: of the module, a conftest, a plugin; ours go first."""
        conftest = """
            @pytest.fixture
            def letter():
                return "a"
        """
        source = """
            from asynctestkit import AsyncTestCase, fixture, parametrize

            @pytest.fixture
            async def number():
                yield asyncio.current_task()

            @fixture
            async def ours():
                return asyncio.current_task()

            class CaseTest(AsyncTestCase):
                async def test_async(self, number, tmp_path, letter, ours):
                    self.assertIs(number, asyncio.current_task())
                    self.assertIs(ours, number)
                    self.assertTrue(tmp_path.is_dir())
                    self.assertEqual(letter, "a")

                def test_plain(self, number, letter):
                    self.assertEqual(letter, "a")
                    self.assertFalse(number.done())

                @parametrize("n", [1, 2])
                async def test_many(self, n, letter):
                    self.assertEqual(letter, "a")

                async def test_none(self):
                    pass
        """
        self.assert_pass(source, count=5, conftest=conftest)

    def test_unknown(self) -> None:
        """A name that nobody knows is our own error, as under unittest."""
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                async def test_it(self, nowhere): pass
        """
        _, said = self.run_pytest(source)
        self.assertIn("FixtureError: no fixture is called 'nowhere'", said)

    def test_autouse(self) -> None:
        """Async fixtures that the class uses run in the test's task, around set-up and tear-down."""
        source = """
            events = []

            class CaseTest(asynctestkit.AsyncTestCase):
                @pytest.fixture(autouse=True)
                async def around(self):
                    self.task = asyncio.current_task()
                    yield
                    events.append("closed")
                    assert asyncio.current_task() is self.task

                async def asyncSetUp(self):
                    self.assertIs(self.task, asyncio.current_task())

                async def test_it(self):
                    self.assertIs(self.task, asyncio.current_task())

                async def asyncTearDown(self):
                    events.append("torn down")

            def test_order():
                assert events == ["torn down", "closed"]
        """
        self.assert_pass(source, count=2)

    def test_wide(self) -> None:
        """A test that uses a wider fixture of pytest's joins its loop, also beside our own wider fixtures."""
        source = """
            from asynctestkit import AsyncTestCase, fixture

            @pytest.fixture(scope="module")
            async def wide():
                yield asyncio.get_running_loop()

            @fixture(scope="module")
            async def ours():
                yield asyncio.get_running_loop()

            class CaseTest(AsyncTestCase):
                async def test_a(self, wide):
                    self.assertIs(wide, asyncio.get_running_loop())

                async def test_b(self, wide, ours):
                    self.assertIs(wide, asyncio.get_running_loop())
                    self.assertIs(ours, wide)
        """
        self.assert_pass(source, count=2)

    def test_scope_that_fires(self) -> None:
        """A timeout that such a fixture holds open ends the test, which fails with its error."""
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                @pytest.fixture(autouse=True)
                async def limit(self):
                    async with asyncio.timeout(0.2):
                        yield

                async def test_it(self):
                    await asyncio.Event().wait()
        """
        said = self.outcomes(source)
        self.assertEqual(said[-1], "1 failed", said)
        self.assertIn("FAILED CaseTest::test_it - TimeoutError", said)


class DecoratedTest(PluginTest):
    """`@async_test` functions under the plugin."""

    def test_one_life(self) -> None:
        """They run in the item's life: with async fixtures of pytest's and ours, in one task."""
        source = """
            from asynctestkit import async_test, fixture, parametrize
            from unittest import mock

            @pytest.fixture
            async def theirs():
                yield asyncio.current_task()

            @fixture(params=[1, 2])
            async def ours(param):
                return asyncio.current_task()

            @pytest.fixture(scope="module")
            async def wide():
                yield asyncio.get_running_loop()

            @async_test
            async def test_both(theirs, ours):
                assert theirs is ours is asyncio.current_task()

            @async_test
            async def test_wide(wide):
                assert wide is asyncio.get_running_loop()

            @async_test
            @parametrize("n", [1, 2])
            async def test_many(n, theirs):
                assert theirs is asyncio.current_task()

            @mock.patch("asyncio.sleep")
            @async_test
            async def test_patched(sleep, theirs):
                assert asyncio.sleep is sleep
                assert theirs is asyncio.current_task()

            def twice(function):
                @functools.wraps(function)
                def run(*args, **arguments):
                    variable.set("plain")
                    for _ in range(2):
                        function(*args, **arguments)
                    assert variable.get() == "plain, async, async"
                return run

            variable = contextvars.ContextVar("variable")

            @twice
            @async_test
            async def test_twice(theirs):
                variable.set(variable.get() + ", async")
                assert theirs is asyncio.current_task()

            @async_test
            async def test_other():
                pass

            @async_test
            async def test_calls_another():
                with pytest.raises(asynctestkit.LoopError):
                    test_other()

            @async_test(timeout=0.2)
            async def test_timeout():
                await asyncio.Event().wait()

            @async_test
            async def test_returns():
                return 3
        """
        outcomes = self.outcomes(source)
        self.assertEqual(outcomes[-1], "2 failed, 9 passed", outcomes)  # test_both runs once for each of two params
        self.assertEqual(
            [line.partition(" - ")[0] for line in outcomes[:2]], ["FAILED test_returns", "FAILED test_timeout"]
        )


if __name__ == "__main__":
    unittest.main()
