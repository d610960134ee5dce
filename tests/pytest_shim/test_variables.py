"""Context variables between fixtures, plain and async, and tests."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest


class VariablesTest(PluginTest):
    """Context variables."""

    def test_seen(self) -> None:
        """What a fixture sets is seen by later fixtures, the test and the fixture's end, plain or async."""
        source = """
            var = contextvars.ContextVar("var")

            @pytest.fixture
            async def first():
                token = var.set("first")
                yield
                assert var.get() in ("second", "test")
                var.reset(token)

            @pytest.fixture
            def second(first):
                assert var.get() == "first"
                token = var.set("second")
                yield
                assert var.get() in ("second", "test")

            async def test_async(second):
                assert var.get() == "second"
                var.set("test")

            def test_plain(second):
                assert var.get() == "second"

            def test_gone():
                assert var.get(None) is None
        """
        self.assertEqual(self.outcomes(source)[-1:], ["3 passed"])

    def test_wide(self) -> None:
        """What a wide fixture sets holds for the tests of its scope; what a test sets on top does not stay."""
        source = """
            var = contextvars.ContextVar("var")

            class TestInside:
                @pytest.fixture(scope="class", autouse=True)
                @classmethod
                async def wide(cls):
                    var.set("wide")
                    yield
                    assert var.get() == "wide"

                @pytest.mark.parametrize("n", range(2))
                async def test_async(self, n):
                    assert var.get() == "wide"
                    var.set("test")

                def test_plain(self):
                    assert var.get() == "wide"

            def test_outside():
                assert var.get(None) is None
        """
        self.assert_pass(source, count=4)


if __name__ == "__main__":
    unittest.main()
