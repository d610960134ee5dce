"""Our fixtures in plain pytest tests."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest


class OurFixturesTest(PluginTest):
    """Our fixtures in plain pytest tests."""

    def test_names(self) -> None:
        """Plain and async tests get them, from the class, the module, its package or the registry, in any mix."""
        package = """
            from asynctestkit import fixture

            @fixture
            async def of_package():
                return "package"
        """
        source = """
            from asynctestkit import fixture, registry

            @fixture
            async def ours():
                yield asyncio.current_task()

            @fixture
            def plain(ours):
                return ours

            @registry.register
            @fixture
            async def registered():
                return "registered"

            @pytest.fixture
            async def mixed(ours):
                assert ours is asyncio.current_task()
                return ours

            async def test_async(ours, plain, mixed):
                assert ours is plain is mixed is asyncio.current_task()

            def test_plain(ours, of_package, registered, tmp_path):
                assert not ours.done()
                assert (of_package, registered) == ("package", "registered")

            class TestClass:
                @fixture
                async def value(self):
                    return type(self).__name__

                async def test_method(self, value, ours):
                    assert value == "TestClass" and ours is asyncio.current_task()
        """
        files = {"pkg/__init__.py": package, "pkg/test_inner.py": source, "test_program.py": ""}
        self.assert_pass("", "pkg", count=3, files=files)

    def test_closed(self) -> None:
        """They are closed after the test, last first, and a failure in that is an error at tear-down."""
        source = """
            from asynctestkit import fixture

            events = []

            @fixture
            async def first():
                yield
                events.append("first")

            @fixture
            async def second(first):
                yield
                events.append("second")

            @fixture
            async def breaks():
                yield
                raise ValueError("at close")

            async def test_it(second):
                events.append("test")

            def test_closed():
                assert events == ["test", "second", "first"]

            async def test_breaks(breaks): pass
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "ERROR test_breaks - ValueError: at close",
                "PASSED test_breaks",
                "PASSED test_closed",
                "PASSED test_it",
                "3 passed, 1 error",
            ],
        )

    def test_fails_to_open(self) -> None:
        """One that fails to open is one error; what was opened before it is closed."""
        source = """
            from asynctestkit import fixture

            events = []

            @fixture
            async def first():
                yield
                events.append("first is closed")

            @fixture
            async def breaks(first):
                raise ValueError("at open")

            async def test_it(breaks): pass

            def test_closed():
                assert events == ["first is closed"]
        """
        self.assertEqual(
            self.outcomes(source),
            ["ERROR test_it - ValueError: at open", "PASSED test_closed", "1 passed, 1 error"],
        )

    def test_params_and_autouse(self) -> None:
        """Params make one test each; a fixture that every test uses is used by plain tests, too."""
        source = """
            from asynctestkit import fixture

            used = []

            @fixture(autouse=True)
            async def always():
                used.append(1)

            @fixture(params=["a", "b"])
            async def letter(param):
                return param

            @fixture
            async def doubled(letter):
                return letter * 2

            async def test_letter(letter):
                assert letter in "ab"

            def test_doubled(doubled):
                assert doubled in ("aa", "bb")

            def test_used():
                assert len(used) == 5
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "PASSED test_doubled[a]",
                "PASSED test_doubled[b]",
                "PASSED test_letter[a]",
                "PASSED test_letter[b]",
                "PASSED test_used",
                "5 passed",
            ],
        )

    def test_wide_ones_end_with_pytests_scopes(self) -> None:
        """Module and class fixtures are shared by all kinds of tests, and end when pytest leaves the module, class."""
        source = """
            from asynctestkit import AsyncTestCase, fixture

            events = []

            def wide(scope):
                @fixture(scope=scope, name=scope + "_wide")
                async def give():
                    events.append("open " + scope)
                    yield asyncio.get_running_loop()
                    events.append("close " + scope)
                return give

            session_wide, module_wide, class_wide = wide("session"), wide("module"), wide("class")

            class CaseTest(AsyncTestCase):
                async def test_it(self, module_wide, session_wide):
                    self.assertIs(module_wide, asyncio.get_running_loop())

            async def test_async(module_wide):
                assert module_wide is asyncio.get_running_loop()

            class TestClass:
                async def test_a(self, class_wide, module_wide):
                    assert class_wide is module_wide is asyncio.get_running_loop()

                def test_b(self, class_wide):
                    assert not class_wide.is_running()

            def test_class_is_closed():
                assert events == ["open module", "open session", "open class", "close class"]
        """
        other = """
            import sys
            import test_program

            def test_module_is_closed():
                assert test_program.events[-1:] == ["close module"]
        """
        conftest = """
            def pytest_unconfigure():
                import sys
                print("last:", sys.modules["test_program"].events[-1])
        """
        said = self.run_pytest(
            source, "test_program.py", "test_zother.py", conftest=conftest, files={"test_zother.py": other}
        )[1]
        self.assertIn("6 passed", said)
        self.assertIn("last: close session", said)


if __name__ == "__main__":
    unittest.main()
