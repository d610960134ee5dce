"""`@async_test` under pytest without any plugin for async tests, and the same with ours."""

from __future__ import annotations

import re
import textwrap
import unittest

from tests import samples_support
from tests.programs import plugin_options, run_program

HEADER = (
    "import asyncio, unittest\nfrom unittest import mock\n"
    "import pytest\nfrom asynctestkit import async_hook, async_test\n"
)
OPTIONS = ("-W", "error", "-m", "pytest", "-q", "-rA", "-W", "error", "-p", "no:cacheprovider")


@unittest.skipIf(samples_support.pytest_fault() == "pytest is not installed", "pytest is not installed")
class PytestTest(unittest.TestCase):
    """Each test writes a module, runs pytest on it, and compares all outcomes."""

    maxDiff = None
    plugin: tuple[str, ...] = ("-p", "no:asynctestkit")

    def outcomes(self, source: str, *selection: str) -> list[str]:
        """Return the summary's lines, sorted, without durations; `source` is the module after its imports."""
        options = (*OPTIONS, *self.plugin)
        finished = run_program(HEADER + textwrap.dedent(source), *options, *(selection or ("test_program.py",)))
        summary = finished.stdout.partition("short test summary info")[2]
        self.assertNotEqual(summary, "", finished.stdout + finished.stderr)
        lines = re.sub(r" in [\d.]+s", "", summary).replace("test_program.py::", "").splitlines()[1:]
        return sorted(lines[:-1]) + lines[-1:]

    def test_functions(self) -> None:
        """A function is collected as itself, once, and reported as such."""
        source = """
            @async_test
            async def test_passes():
                await asyncio.sleep(0)

            @async_test
            async def test_fails():
                assert await asyncio.sleep(0, 1) == 2

            @async_test(timeout=0.1)
            async def test_overruns():
                await asyncio.Event().wait()
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "FAILED test_fails - assert 1 == 2",
                "FAILED test_overruns - TimeoutError: test_overruns exceeded ...",
                "PASSED test_passes",
                "2 failed, 1 passed",
            ],
        )
        self.assertEqual(self.outcomes(source, "test_program.py::test_passes"), ["PASSED test_passes", "1 passed"])
        self.assertEqual(
            self.outcomes(source, "-k", "passes", "test_program.py"), ["PASSED test_passes", "1 passed, 2 deselected"]
        )

    def test_fixtures(self) -> None:
        """pytest's fixtures fill the parameters: its own, plain ones, and those with a scope and a teardown."""
        source = """
            events = []

            @pytest.fixture
            def number():
                events.append("open")
                yield 3
                events.append("close")

            @pytest.fixture(scope="module", autouse=True)
            def around():
                yield
                assert events == ["open", "test", "close"]

            @async_test
            async def test_one(number, tmp_path, monkeypatch):
                await asyncio.sleep(0)
                events.append("test")
                assert (number, tmp_path.is_dir()) == (3, True)

            @async_test(timeout=5)
            async def test_output(capsys):
                print("said")
                assert capsys.readouterr().out == "said\\n"
        """
        self.assertEqual(self.outcomes(source), ["PASSED test_one", "PASSED test_output", "2 passed"])

    def test_marks(self) -> None:
        """Marks above and below the decorator count: parametrize, skip, xfail."""
        source = """
            @pytest.mark.parametrize("n", [1, 2])
            @async_test
            async def test_above(n):
                assert n < 3

            @async_test
            @pytest.mark.parametrize("n, m", [(1, 2), (2, 2)], ids=["less", "same"])
            async def test_below(n, m):
                assert n < m

            @async_test
            @pytest.mark.skip(reason="not now")
            async def test_skipped():
                raise AssertionError("it ran")

            @pytest.mark.xfail(strict=True)
            @async_test
            async def test_expected():
                raise AssertionError("as expected")
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "FAILED test_below[same] - assert 2 < 2",
                "PASSED test_above[1]",
                "PASSED test_above[2]",
                "PASSED test_below[less]",
                "SKIPPED [1] test_program.py:16: not now",
                "XFAIL test_expected",
                "1 failed, 3 passed, 1 skipped, 1 xfailed",
            ],
        )

    def test_unittests_decorators(self) -> None:
        """`skip` and `mock.patch`, above and below, with the mock as an argument beside a fixture."""
        source = """
            @pytest.fixture
            def number():
                return 3

            @mock.patch("asyncio.sleep")
            @async_test
            async def test_above(sleep, number):
                assert asyncio.sleep is sleep and number == 3

            @async_test
            @mock.patch("asyncio.sleep")
            async def test_below(sleep, number):
                assert asyncio.sleep is sleep and number == 3

            @unittest.skip("not now")
            @async_test
            async def test_skipped():
                raise AssertionError("it ran")
        """
        outcomes = self.outcomes(source)
        self.assertEqual(outcomes[:2] + outcomes[3:], ["PASSED test_above", "PASSED test_below", "2 passed, 1 skipped"])
        self.assertRegex(outcomes[2], r"^SKIPPED \[1\] .*: not now$")

    def test_parameters_of_ours(self) -> None:
        """`@parametrize` of ours makes a test for each row, under the ids that unittest shows as well."""
        source = """
            from asynctestkit import parametrize

            @async_test
            @parametrize("n", [1, 2])
            async def test_many(n):
                assert n < 3
        """
        self.assertEqual(self.outcomes(source), ["PASSED test_many[1]", "PASSED test_many[2]", "2 passed"])

    def test_plain_classes(self) -> None:
        """Methods of a class in pytest's style, with fixtures, parameters, and pytest's own set-up methods."""
        source = """
            class TestPlain:
                def setup_method(self):
                    self.value = 3

                @pytest.fixture
                def number(self):
                    return self.value

                @async_test
                async def test_one(self, number):
                    await asyncio.sleep(0)
                    assert number == self.value

                @pytest.mark.parametrize("n", [1, 2])
                @async_test(timeout=5)
                async def test_many(self, n):
                    assert n < self.value
        """
        passed = ["PASSED TestPlain::test_many[1]", "PASSED TestPlain::test_many[2]", "PASSED TestPlain::test_one"]
        self.assertEqual(self.outcomes(source), [*passed, "3 passed"])

    def test_cases(self) -> None:
        """Plain test cases and their hooks, module hooks included, share one loop under pytest as well."""
        source = """
            loops = set()

            def note():
                loops.add(asyncio.get_running_loop())

            @async_hook
            async def setUpModule():
                note()

            class CaseTest(unittest.TestCase):
                @async_hook
                @classmethod
                async def setUpClass(cls):
                    note()

                @async_hook
                async def setUp(self):
                    note()

                @async_test
                async def test_method(self):
                    note()

                @pytest.fixture(autouse=True)
                def value(self):
                    self.value = 3

                @async_test
                async def test_value(self):
                    assert self.value == 3

            @async_test
            async def test_function():
                note()

            @async_hook
            async def tearDownModule():
                note()
                assert len(loops) == 1
        """
        passed = ["PASSED CaseTest::test_method", "PASSED CaseTest::test_value", "PASSED test_function"]
        self.assertEqual(self.outcomes(source), [*passed, "3 passed"])

    def test_hypothesis(self) -> None:
        """`@given` above the decorator draws for functions and for methods."""
        try:
            import hypothesis
        except ImportError:
            self.skipTest("hypothesis is not installed")
        self.assertTrue(hypothesis)
        source = """
            from hypothesis import given, settings, strategies

            drawn = []
            few = settings(max_examples=5, database=None, deadline=None)

            @few
            @given(strategies.integers())
            @async_test
            async def test_function(n):
                await asyncio.sleep(0)
                drawn.append(n)

            class CaseTest(unittest.TestCase):
                @few
                @given(strategies.integers())
                @async_test
                async def test_method(self, n):
                    await asyncio.sleep(0)
                    self.assertIsInstance(n, int)

            def test_that_it_drew():
                assert 1 < len(drawn) < 6
        """
        passed = ["PASSED CaseTest::test_method", "PASSED test_function", "PASSED test_that_it_drew"]
        self.assertEqual(self.outcomes(source), [*passed, "3 passed"])


class WithPluginTest(PytestTest):
    """The same with the plugin."""

    plugin = tuple(plugin_options())


if __name__ == "__main__":
    unittest.main()
