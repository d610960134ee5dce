"""Hypothesis: `@given` on async tests."""

from __future__ import annotations

import importlib.util
import unittest

from tests.pytest_shim.support import PluginTest


@unittest.skipUnless(importlib.util.find_spec("hypothesis"), "hypothesis is not installed")
class HypothesisTest(PluginTest):
    """`@given` on async tests."""

    def test_given(self) -> None:
        """It draws for functions and methods; all examples of one test run on one loop, with one wide fixture."""
        source = """
            from hypothesis import given, settings, strategies

            few = settings(max_examples=5, database=None, deadline=None, derandomize=True)
            loops = set()
            drawn = []

            @pytest.fixture(scope="module")
            async def fixture():
                yield asyncio.get_running_loop()

            @few
            @given(n=strategies.integers())
            async def test_function(n, fixture):
                await asyncio.sleep(0)
                drawn.append(n)
                loops.add(fixture)
                loops.add(asyncio.get_running_loop())

            class TestMethods:
                @few
                @given(strategies.integers(min_value=1))
                async def test_method(self, n):
                    await asyncio.sleep(0)
                    assert n < 1

            def test_that_it_drew():
                assert 1 < len(drawn) < 6
                assert len(loops) == 1
        """
        self.assertEqual(
            [line.partition(" - ")[0] for line in self.outcomes(source)],
            [
                "FAILED TestMethods::test_method",
                "PASSED test_function",
                "PASSED test_that_it_drew",
                "1 failed, 2 passed",
            ],
        )

    def test_fixtures_of_one_test(self) -> None:
        """Fixtures of one test are Hypothesis's own health check; where that is off, examples share them."""
        source = """
            from hypothesis import HealthCheck, given, settings, strategies

            few = dict(max_examples=3, database=None, deadline=None, derandomize=True)
            opened = []

            @pytest.fixture
            async def fixture():
                opened.append(asyncio.current_task())
                yield opened[-1]

            @settings(**few)
            @given(n=strategies.integers())
            async def test_refused(n, fixture): pass

            @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], **few)
            @given(n=strategies.integers())
            async def test_shared(n, fixture):
                assert asyncio.current_task() is fixture

            def test_opened_once():
                assert len(opened) == 2
        """
        lines = self.outcomes(source)
        self.assertEqual(lines[-1], "1 failed, 2 passed", lines)
        self.assertIn("FailedHealthCheck", lines[0])


if __name__ == "__main__":
    unittest.main()
