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

    def test_limit_of_plain_ones(self) -> None:
        """A plain function beside an async one has the test's limit; what either sets in context variables is seen."""
        source = """
            import contextvars, threading

            VAR = contextvars.ContextVar("var")

            class TestPlainTearDown:
                async def setup_method(self):
                    VAR.set("async")

                async def test_it(self):
                    assert VAR.get() == "async"

                def teardown_method(self):
                    threading.Event().wait()

            class TestPlainSetUp:
                def setup_method(self):
                    VAR.set("plain")
                    asyncio.run(asyncio.sleep(0))

                async def test_it(self):
                    assert VAR.get() == "plain"

                async def teardown_method(self):
                    assert VAR.get() == "plain"
        """
        lines = self.outcomes(source, "--asynctestkit-timeout=0.5")
        self.assertEqual(lines[-1], "2 passed, 1 error")
        self.assertIn("TimeoutError: test_it exceeded its limit of 0.5 s in tear-down", lines[0])

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
