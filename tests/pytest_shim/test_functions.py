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


if __name__ == "__main__":
    unittest.main()
