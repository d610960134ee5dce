"""Timeouts, task groups and cancel scopes that async fixtures hold open over their `yield`."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest


class ScopesThatFireTest(PluginTest):
    """Timeouts and task groups that fixtures hold open over their `yield`."""

    def test_of_a_test(self) -> None:
        """They end the test, whose failure is their own error; what is left of the fixtures is closed once."""
        source = """
            closed = []

            @pytest.fixture
            async def limit():
                async with asyncio.timeout(0.02):
                    yield

            @pytest.fixture
            def between(limit):
                yield
                closed.append("between")

            @pytest.fixture
            async def beside(between):
                yield
                closed.append("beside")

            async def fail():
                raise ValueError("child")

            @pytest.fixture
            async def group():
                async with asyncio.TaskGroup() as group:
                    yield group

            async def test_timeout(beside):
                await asyncio.Event().wait()

            async def test_child(group):
                group.create_task(fail())
                await asyncio.Event().wait()

            async def test_in_time(limit, group):
                group.create_task(asyncio.sleep(0))

            def test_closed_once():
                assert closed == ["beside", "between"]
        """
        child, *others = self.outcomes(source)
        self.assertRegex(child, "^FAILED test_child - .*ExceptionGroup")
        self.assertEqual(
            others,
            [
                "FAILED test_timeout - TimeoutError",
                "PASSED test_closed_once",
                "PASSED test_in_time",
                "2 failed, 2 passed",
            ],
        )

    def test_in_set_up(self) -> None:
        """One that fires while a later fixture is opened is that fixture's error, with its cause."""
        source = """
            @pytest.fixture
            async def limit():
                async with asyncio.timeout(0.02):
                    yield

            @pytest.fixture
            async def slow(limit):
                await asyncio.Event().wait()

            async def test_it(slow): pass
        """
        self.assertEqual(self.outcomes(source), ["ERROR test_it - TimeoutError", "1 error"])

    def test_of_a_module(self) -> None:
        """One of a wide fixture ends the running test, and fails each later one that uses it, at once."""
        source = """
            @pytest.fixture(scope="module")
            async def limit():
                async with asyncio.timeout(0.02):
                    yield

            async def test_running(limit):
                await asyncio.Event().wait()

            async def test_later(limit):
                raise AssertionError("it ran")

            async def test_other():
                pass
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "FAILED test_later - TimeoutError",
                "FAILED test_running - TimeoutError",
                "PASSED test_other",
                "2 failed, 1 passed",
            ],
        )

    def test_anyio(self) -> None:
        """anyio's cancel scopes and task groups may be held open, too."""
        try:
            import anyio
        except ImportError:
            self.skipTest("anyio is not installed")
        self.assertTrue(anyio)
        source = """
            import anyio

            @pytest.fixture
            async def limit():
                with anyio.fail_after(0.02):
                    yield

            @pytest.fixture
            async def group():
                async with anyio.create_task_group() as group:
                    yield group
                    group.cancel_scope.cancel()

            async def test_limit(limit):
                await anyio.sleep_forever()

            async def test_group(group):
                group.start_soon(anyio.sleep_forever)
                await anyio.sleep(0)
        """
        self.assertEqual(
            self.outcomes(source), ["FAILED test_limit - TimeoutError", "PASSED test_group", "1 failed, 1 passed"]
        )


if __name__ == "__main__":
    unittest.main()
