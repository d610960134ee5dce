"""Hypothesis: `@given` on async tests."""

from __future__ import annotations

import importlib.util
import unittest

from tests.programs import run_program
from tests.pytest_shim.support import HEADER, PluginTest

DRAWING = """
from hypothesis import given, settings, strategies

few = settings(max_examples=5, database=None, deadline=None, derandomize=True)
"""


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

    def test_limit(self) -> None:
        """A limit that is exceeded ends the test with the example that was running; no other one is drawn."""
        source = """
            from hypothesis import given, settings, strategies

            @pytest.mark.asynctestkit(timeout=0.3)
            @settings(database=None)
            @given(strategies.just(7))
            async def test_it(n):
                print("drawn")
                await asyncio.Event().wait()
        """
        code, said = self.run_pytest(source)
        self.assertEqual((code, said.count("drawn\n")), (1, 1), said)
        self.assertIn("TimeoutError: test_it exceeded its limit of 0.3 s", said)
        self.assertIn("example: n=7", said)

    def test_scope_held_open(self) -> None:
        """A timeout that a fixture holds open ends the test, too, with the fixture's own error."""
        source = """
            from hypothesis import HealthCheck, given, settings, strategies

            @pytest.fixture
            async def limited():
                async with asyncio.timeout(0.1):
                    yield

            @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
            @given(n=strategies.integers())
            async def test_it(limited, n):
                print("drawn")
                await asyncio.Event().wait()
        """
        code, said = self.run_pytest(source)
        self.assertEqual((code, said.count("drawn\n")), (1, 1), said)
        self.assertRegex(said, "(?m)^E +TimeoutError$")


@unittest.skipUnless(importlib.util.find_spec("hypothesis"), "hypothesis is not installed")
class CaseTest(PluginTest):
    """`@given` on async tests of test cases, under unittest and under pytest."""

    def assert_runs(self, source: str, *told: str, passed: int, failed: int = 0) -> None:
        """Check how many tests pass and fail, and what is told of those that fail, under both."""
        body = DRAWING + source
        under_pytest = self.run_pytest(body)[1]
        counts = [f"{failed} failed"] * (failed > 0) + [f"{passed} passed"] * (passed > 0)
        self.assertRegex(under_pytest, rf"(?m)^{', '.join(counts)} in ")
        done = run_program(HEADER + body, "-m", "unittest", "test_program")
        self.assertIn(f"Ran {passed + failed} test", done.stderr)
        outcome = rf"(?m)^FAILED \((failures|errors)={failed}\)" if failed else r"(?m)^OK$"
        self.assertRegex(done.stderr, outcome)
        for text in told:
            self.assertIn(text, under_pytest)
            self.assertIn(text, done.stderr)

    def test_one_task(self) -> None:
        """All examples run in the test's task, with its fixtures; set-up and tear-down come once."""
        source = """
@asynctestkit.fixture
async def task():
    yield asyncio.current_task()

class DrawTest(asynctestkit.AsyncTestCase):
    async def asyncSetUp(self):
        self.task, self.drawn = asyncio.current_task(), 0
        self.addAsyncCleanup(self.look)

    @few
    @given(n=strategies.integers())
    async def test_function(self, n, task):
        await asyncio.sleep(0)
        assert asyncio.current_task() is self.task is task
        self.drawn += 1

    @few
    @given(strategies.integers())
    @asynctestkit.async_test
    async def test_decorated(self, n):
        assert asyncio.current_task() is self.task
        self.drawn += 1

    @few
    @given(data=strategies.data())
    async def test_drawing(self, data):
        await asyncio.sleep(0)
        assert data.draw(strategies.integers()) < 2 ** 200
        self.drawn += 1

    @few
    @given(strategies.integers())
    def test_plain(self, n):
        self.drawn += 1

    async def look(self):
        assert 1 < self.drawn < 6
        assert asyncio.current_task() is self.task
"""
        self.assert_runs(source, passed=4)

    def test_failure(self) -> None:
        """A failing example is made smaller and told by Hypothesis."""
        source = """
class DrawTest(asynctestkit.AsyncTestCase):
    @few
    @given(n=strategies.integers())
    async def test_it(self, n):
        await asyncio.sleep(0)
        self.assertLess(n, 1)
"""
        self.assert_runs(source, "1 not less than 1", "n=1,\n", passed=0, failed=1)

    def test_finding(self) -> None:
        """What the examples leave behind fails the test."""
        source = """
class DrawTest(asynctestkit.AsyncTestCase):
    @few
    @given(n=strategies.just(0))
    async def test_it(self, n):
        self.task = asyncio.create_task(asyncio.sleep(60))
"""
        self.assert_runs(source, "task sleep() was still pending", passed=0, failed=1)

    def test_limit(self) -> None:
        """A limit that is exceeded ends the test with the example that was running; no other one is drawn."""
        source = """
drawn = []

class DrawTest(asynctestkit.AsyncTestCase):
    timeout = 0.3

    @given(n=strategies.integers())
    async def test_it(self, n):
        drawn.append(n)
        await asyncio.Event().wait()

    def test_once(self):
        assert len(drawn) == 1
"""
        self.assert_runs(source, "test_it exceeded its limit of 0.3 s in the body", "example: n=0", passed=1, failed=1)

    def test_scope_held_open(self) -> None:
        """A timeout that the set-up holds open ends the test with its own error."""
        source = """
class DrawTest(asynctestkit.AsyncTestCase):
    async def asyncSetUp(self):
        await self.enterAsyncContext(asyncio.timeout(0.1))

    @given(n=strategies.integers())
    async def test_it(self, n):
        await asyncio.Event().wait()
"""
        self.assert_runs(source, "TimeoutError\n", passed=0, failed=1)

    def test_other_case(self) -> None:
        """`@given` above `@async_test` works in any test case and on functions; a hang is told, not tried for ever."""
        source = """
class DrawTest(unittest.TestCase):
    @few
    @given(n=strategies.integers())
    @asynctestkit.async_test
    async def test_it(self, n):
        await asyncio.sleep(0)

    @asynctestkit.timeout(1)
    @given(n=strategies.just(7))
    @asynctestkit.async_test
    async def test_hangs(self, n):
        await asyncio.Event().wait()

@few
@given(n=strategies.integers())
@asynctestkit.async_test
async def test_function(n):
    await asyncio.sleep(0)
"""
        self.assert_runs(source, "test_hangs exceeded its limit of 1 s", passed=2, failed=1)

    def test_order(self) -> None:
        """`@async_test` above `@given` is refused with the order to write them in."""
        source = """
with pytest.raises(asynctestkit.UsageError, match="fix:     write @given above @async_test"):
    @asynctestkit.async_test
    @given(n=strategies.integers())
    async def test_function(n): pass

def test_that_it_was_refused(): pass
"""
        self.assertEqual(self.outcomes(DRAWING + source)[-1], "1 passed")


if __name__ == "__main__":
    unittest.main()
