"""Async `setup_method`, `setup_class`, `setup_module` and their kin."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest


class XunitTest(PluginTest):
    """Set-up and tear-down functions in the style of xunit."""

    def test_all_levels(self) -> None:
        """Async ones are awaited where fixtures of their scope live; plain and async ones mix."""
        source = """
            events = []

            async def setup_module(module):
                events.append("setup_module")
                module.loop = asyncio.get_running_loop()

            def teardown_module():
                events.append("teardown_module")
                assert not loop.is_running()
                assert events == [
                    "setup_module", "test_function", "teardown_function", "test_plain", "teardown_function",
                    "setup_class", "setup_method", "teardown_method", "setup_method", "teardown_method",
                    "teardown_class", "teardown_module",
                ]

            async def setup_function(function):
                events.append(function.__name__)

            async def teardown_function():
                events.append("teardown_function")

            async def test_function():
                assert loop is asyncio.get_running_loop()

            def test_plain():
                assert not loop.is_running()

            class TestClass:
                @classmethod
                async def setup_class(cls):
                    events.append("setup_class")
                    assert loop is asyncio.get_running_loop()

                @classmethod
                async def teardown_class(cls):
                    events.append("teardown_class")

                async def setup_method(self, method):
                    events.append("setup_method")
                    self.task = asyncio.current_task()

                async def teardown_method(self):
                    events.append("teardown_method")
                    assert self.task is asyncio.current_task()

                async def test_method(self):
                    assert self.task is asyncio.current_task()

                def test_plain(self):
                    assert not self.task.done()
        """
        self.assert_pass(source, count=4)

    def test_failures(self) -> None:
        """What fails in one is an error at set-up or tear-down, as for plain ones."""
        source = """
            class TestSetUp:
                async def setup_method(self):
                    raise ValueError("at set-up")

                async def teardown_method(self):
                    raise AssertionError("it ran")

                async def test_it(self): pass

            class TestTearDown:
                async def teardown_class(cls):
                    raise ValueError("at tear-down")

                def test_it(self): pass
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "ERROR TestSetUp::test_it - ValueError: at set-up",
                "ERROR TestTearDown::test_it - ValueError: at tear-down",
                "PASSED TestTearDown::test_it",
                "1 passed, 2 errors",
            ],
        )


if __name__ == "__main__":
    unittest.main()
