"""Where pytest is not as we know it, a run says so: it neither passes nor fails for another reason."""

from __future__ import annotations

import ast
import unittest
from pathlib import Path

import asynctestkit
from tests.pytest_shim.support import PluginTest

HOME = Path(asynctestkit.__file__).parent
PRIVATE = (
    *("_request", "_fixtureinfo", "callspec", "name2fixturedefs", "_explicit_tearDown", "finish"),
    "_setupstate",
)
"""What only `private` may name; of `func` any assignment."""


class GuardTest(unittest.TestCase):
    """The source of the plugin."""

    def test_one_module(self) -> None:
        """Nothing else of the plugin names what pytest does not promise."""
        found = set[str]()
        for path in (HOME / "pytest_plugin.py", *(HOME / "pytest_shim").glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and node.attr in PRIVATE:
                    found.add(path.name)
                if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "_pytest":
                    found.add(path.name)
        self.assertEqual(found, {"private.py"})


class OtherPytestTest(PluginTest):
    """A conftest that makes pytest another one."""

    def test_function_of_a_fixture(self) -> None:
        """An async fixture whose function is not called as we know it fails."""
        conftest = """
            def pytest_fixture_setup(fixturedef, request):
                if fixturedef.argname == "value":
                    fixturedef.cached_result = (3, fixturedef.cache_key(request), None)
                    return 3
        """
        source = """
            @pytest.fixture
            async def value(): pass

            async def test_it(value): pass
        """
        _, said = self.run_pytest(source, conftest=conftest)
        self.assertIn("has no fixturedef.func as asynctestkit knows it", said)
        self.assertIn("1 passed, 1 error", said)

    def test_set_up_functions(self) -> None:
        """Async set-up functions that would not be awaited end the run."""
        conftest = """
            def pytest_collection_modifyitems(items):
                for item in items:
                    item.fixturenames[:] = [name for name in item.fixturenames if "xunit" not in name]
        """
        for source in (
            "async def setup_module(): pass\nasync def test_it(): pass",
            "class TestClass:\n    async def setup_method(self): pass\n    async def test_it(self): pass",
            "class TestClass:\n    @classmethod\n    async def setup_class(cls): pass\n    def test_it(self): pass",
        ):
            with self.subTest(source):
                code, said = self.run_pytest(source, conftest=conftest)
                self.assertEqual(code, 4, said)
                self.assertIn("has no fixtures called _xunit_setup_... as asynctestkit knows it", said)

    def test_params(self) -> None:
        """A parametrised test whose params cannot be found fails."""
        conftest = """
            def pytest_collection_modifyitems(items):
                for item in items:
                    if "number" in item.fixturenames:
                        item.callspec.params.clear()
                        del item.callspec
        """
        source = """
            from asynctestkit import fixture

            @fixture(params=[1, 2])
            async def number(param):
                return param

            async def test_it(number): pass
        """
        _, said = self.run_pytest(source, conftest=conftest)
        self.assertIn("has no item.callspec as asynctestkit knows it", said)
        self.assertNotIn("passed", said)


if __name__ == "__main__":
    unittest.main()
