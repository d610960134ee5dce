"""Plain `async def` tests: functions and methods, what they wrap, what they may not do."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest


class FunctionsTest(PluginTest):
    """Async tests that ask for nothing."""

    def test_functions_and_methods(self) -> None:
        """Functions, methods, static and class methods run; what fails in them fails them, with its own error."""
        source = """
            async def test_passes():
                await asyncio.sleep(0)

            async def test_fails():
                assert await asyncio.sleep(0, 1) == 2

            def test_plain():
                asyncio.run(asyncio.sleep(0))

            class TestMethods:
                async def test_method(self):
                    await asyncio.sleep(0)

                @staticmethod
                async def test_static():
                    assert asyncio.get_running_loop()

                @classmethod
                async def test_class(cls):
                    assert asyncio.get_running_loop() and cls is TestMethods
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "FAILED test_fails - assert 1 == 2",
                "PASSED TestMethods::test_class",
                "PASSED TestMethods::test_method",
                "PASSED TestMethods::test_static",
                "PASSED test_passes",
                "PASSED test_plain",
                "1 failed, 5 passed",
            ],
        )

    def test_marks(self) -> None:
        """parametrize, skip, skipif, xfail and usefixtures count as they do for plain tests."""
        source = """
            used = []

            @pytest.fixture
            def fixture():
                used.append("fixture")

            @pytest.mark.parametrize("n", [1, 2])
            async def test_many(n):
                assert n < 2

            @pytest.mark.skip(reason="not now")
            async def test_skipped():
                raise AssertionError("it ran")

            async def test_skips():
                pytest.skip("not here")

            @pytest.mark.xfail(strict=True, raises=ValueError)
            async def test_expected():
                raise ValueError("as expected")

            @pytest.mark.usefixtures("fixture")
            async def test_uses():
                assert used == ["fixture"]
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "FAILED test_many[2] - assert 2 < 2",
                "PASSED test_many[1]",
                "PASSED test_uses",
                "SKIPPED [1] test_program.py:16: not now",
                "SKIPPED [1] test_program.py:21: not here",
                "XFAIL test_expected",
                "1 failed, 2 passed, 2 skipped, 1 xfailed",
            ],
        )

    def test_wrappers(self) -> None:
        """A plain wrapper that returns a coroutine, a partial and mocks: what they stand for is awaited."""
        source = """
            from unittest import mock

            ran = []

            def logged(function):
                @functools.wraps(function)
                def wrapper(*args, **kwargs):
                    return function(*args, **kwargs)
                return wrapper

            @logged
            async def test_wrapped(tmp_path):
                await asyncio.sleep(0)
                ran.append(tmp_path)

            @mock.patch("asyncio.sleep")
            async def test_patched(sleep):
                assert asyncio.sleep is sleep
                ran.append(sleep)

            def test_both_ran():
                assert len(ran) == 2
        """
        self.assert_pass(source, count=3)

    def test_one_line_per_failure(self) -> None:
        """A failure shows the user's lines and none of the machinery; the switch shows all."""
        source = "async def test_fails():\n    assert await asyncio.sleep(0, 1) == 2\n"
        said = self.run_pytest(source)[1]
        self.assertIn("test_program.py:6: in test_fails", said)
        self.assertNotIn("asynctestkit/", said)

    def test_values(self) -> None:
        """A test that yields or returns something proves nothing, and fails."""
        source = """
            async def test_yields():
                yield 1

            async def test_returns():
                return 1
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "FAILED test_returns - asynctestkit.SilentPassError: test_returns returned 1; a test must return None",
                "FAILED test_yields - asynctestkit.SilentPassError: "
                "test_yields is an async generator: its body did not run",
                "2 failed",
            ],
        )

    def test_hypothesis(self) -> None:
        """`@given` draws for async functions and methods, all examples of one test on one loop."""
        try:
            import hypothesis
        except ImportError:
            self.skipTest("hypothesis is not installed")
        self.assertTrue(hypothesis)
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

    def test_pytests_own_fixtures(self) -> None:
        """capsys, caplog, monkeypatch, tmp_path, request, recwarn see the test as they see plain ones."""
        source = """
            import logging, os, warnings

            async def test_all(capsys, caplog, monkeypatch, request, tmp_path):
                await asyncio.sleep(0)
                print("said")
                logging.getLogger().warning("logged")
                monkeypatch.setenv("SET_HERE", "yes")
                await asyncio.sleep(0)
                assert capsys.readouterr().out == "said\\n"
                assert caplog.messages == ["logged"]
                assert request.node.name == "test_all"

            async def test_gone():
                assert "SET_HERE" not in os.environ

            async def test_warns(recwarn):
                warnings.warn("careful")
                assert [str(one.message) for one in recwarn] == ["careful"]
        """
        self.assert_pass(source, count=3)

    def test_subtests(self) -> None:
        """The `subtests` fixture reports inside an async test."""
        source = """
            async def test_some(subtests):
                for n in range(3):
                    with subtests.test(n=n):
                        await asyncio.sleep(0)
                        assert n < 2
        """
        outcomes = self.outcomes(source)
        if "fixture 'subtests' not found" in str(outcomes):
            self.skipTest("this pytest has no subtests")
        self.assertRegex("\n".join(outcomes), r"(?m)^(SUBFAILED\(n=2\)|\(n=2\) SUBFAIL) test_some - assert 2 < 2$")

    def test_selection_and_junit(self) -> None:
        """`-k`, node ids, `-x`, `--lf` and junit XML work."""
        source = """
            async def test_a():
                assert False

            async def test_b(record_property):
                record_property("key", "value")
        """
        self.assertEqual(self.outcomes(source, "test_program.py::test_b"), ["PASSED test_b", "1 passed"])
        self.assertEqual(self.outcomes(source, "-k", "b"), ["PASSED test_b", "1 passed, 1 deselected"])
        self.assertEqual(self.outcomes(source, "-x")[0], "FAILED test_a - assert False")
        self.assertEqual(
            self.outcomes(source, "-k", "b", "--junit-xml=junit.xml", ini="junit_family = xunit1")[0], "PASSED test_b"
        )


if __name__ == "__main__":
    unittest.main()
