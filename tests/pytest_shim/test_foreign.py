"""Suites written for pytest-asyncio, where that plugin is not loaded: its mark, configuration and hook."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest


class MarkTest(PluginTest):
    """`@pytest.mark.asyncio`."""

    def test_everywhere(self) -> None:
        """On functions, classes and modules, with and without a loop scope."""
        source = """
            pytestmark = pytest.mark.asyncio(loop_scope="module")
            loops = []

            async def test_module():
                loops.append(asyncio.get_running_loop())

            class TestClass:
                async def test_module(self):
                    assert loops == [asyncio.get_running_loop()]

                @pytest.mark.asyncio
                async def test_own(self):
                    assert asyncio.get_running_loop() not in loops

            @pytest.mark.asyncio(loop_scope="class")
            class TestShared:
                loop = None

                async def test_a(self):
                    TestShared.loop = asyncio.get_running_loop()

                async def test_b(self):
                    assert TestShared.loop is asyncio.get_running_loop()

            def test_plain():
                pass
        """
        self.assert_pass(source, count=6)

    def test_narrow_scope(self) -> None:
        """`loop_scope="function"`, which is its default, forbids no wider fixture."""
        source = """
            @pytest.fixture(scope="module")
            async def wide():
                yield asyncio.get_running_loop()

            @pytest.mark.asyncio(loop_scope="function")
            async def test_it(wide):
                assert wide is asyncio.get_running_loop()
        """
        self.assert_pass(source, count=1)

    def test_wrong_arguments(self) -> None:
        """What it does not know is refused in the words that people search for."""
        source = """
            @pytest.mark.asyncio("module")
            async def test_position(): pass

            @pytest.mark.asyncio(loop_scope="modul")
            async def test_scope(): pass

            @pytest.mark.asyncio(scope="module", loop_scope="module")
            async def test_both(): pass
        """
        self.assertEqual(
            [line.replace(" - asynctestkit.UsageError:", ":") for line in self.outcomes(source)],
            [
                "FAILED test_both: @pytest.mark.asyncio got both 'scope' and 'loop_scope'",
                "FAILED test_position: "
                "@pytest.mark.asyncio accepts only keyword arguments 'loop_scope' and 'loop_factories'",
                "FAILED test_scope: loop_scope must be a scope, not 'modul'",
                "3 failed",
            ],
        )


class ConfigurationTest(PluginTest):
    """Ini keys and options."""

    def test_default_test_loop_scope(self) -> None:
        """`asyncio_default_test_loop_scope` makes tests share a loop without a mark."""
        source = """
            loops = set()

            @pytest.mark.parametrize("n", range(3))
            async def test_it(n):
                loops.add(asyncio.get_running_loop())
                assert len(loops) == 1
        """
        self.assert_pass(source, count=3, ini="asyncio_default_test_loop_scope = session\n")

    def test_default_fixture_loop_scope(self) -> None:
        """`asyncio_default_fixture_loop_scope` makes fixtures, and so their tests, share a loop."""
        source = """
            loops = set()

            @pytest.fixture
            async def fixture():
                loops.add(asyncio.get_running_loop())

            @pytest.fixture(scope="module")
            async def wide():
                return asyncio.get_running_loop()

            @pytest.mark.parametrize("n", range(2))
            async def test_it(fixture, n):
                assert loops == {asyncio.get_running_loop()}

            async def test_wide(wide):
                assert wide is asyncio.get_running_loop()
        """
        self.assert_pass(source, count=3, ini="asyncio_default_fixture_loop_scope = session\n")
        for harmless in ("function", "fixture-scope"):
            with self.subTest(harmless):
                wide = source.replace("assert loops == ", "assert loops >= ")
                self.assert_pass(wide, count=3, ini=f"asyncio_default_fixture_loop_scope = {harmless}\n")

    def test_debug(self) -> None:
        """`--asyncio-debug` and `asyncio_debug` turn debug mode on."""
        source = "async def test_it():\n    assert asyncio.get_running_loop().get_debug()\n"
        self.assert_pass(source, "--asyncio-debug", count=1)
        self.assert_pass(source, count=1, ini="asyncio_debug = true\n")

    def test_mode(self) -> None:
        """In strict mode, ours or its, only marked tests are run; our key goes before its."""
        source = """
            @pytest.fixture
            async def fixture():
                return 3

            @pytest.mark.asyncio
            async def test_marked(fixture):
                assert fixture == 3

            @pytest.mark.asynctestkit
            async def test_ours(fixture):
                assert fixture == 3

            async def test_unmarked():
                pass
        """
        expected = ["FAILED test_unmarked", "PASSED test_marked", "PASSED test_ours", "1 failed, 2 passed"]
        for options, ini in (
            ([], "asyncio_mode = strict\n"),
            (["--asyncio-mode=strict"], ""),
            ([], "asynctestkit_mode = strict\n"),
        ):
            with self.subTest(options=options, ini=ini):
                lines = self.outcomes(source, *options, ini=ini)
                self.assertEqual([line.partition(" - ")[0] for line in lines], expected)
        self.assert_pass(source, count=3, ini="asyncio_mode = auto\n")
        self.assert_pass(source, count=3, ini="asyncio_mode = strict\nasynctestkit_mode = auto\n")

    def test_wrong_values(self) -> None:
        """A value that cannot be ends the run and lists the valid ones."""
        for options, ini, words in (
            (["--asyncio-mode=fast"], "", "use one of 'auto', 'strict'"),
            ([], "asyncio_default_test_loop_scope = modul\n", "'package', 'session'"),
            ([], "asyncio_default_fixture_loop_scope = modul\n", "'package', 'session'"),
        ):
            with self.subTest(options=options, ini=ini):
                code, said = self.run_pytest("async def test_it(): pass", *options, ini=ini)
                self.assertEqual(code, 4, said)
                self.assertIn(words, said)


class LoopFactoriesTest(PluginTest):
    """The hook `pytest_asyncio_loop_factories`."""

    conftest = """
        class One(asyncio.SelectorEventLoop): pass
        class Two(asyncio.SelectorEventLoop): pass

        def pytest_asyncio_loop_factories(config, item):
            return {"one": One, "two": Two}
    """

    def test_each(self) -> None:
        """Async tests run once with each factory, under its name; plain ones run once."""
        source = """
            async def test_async(request):
                assert type(asyncio.get_running_loop()).__name__.lower() in request.node.name

            @pytest.fixture
            async def fixture():
                return type(asyncio.get_running_loop())

            async def test_fixture(fixture):
                assert type(asyncio.get_running_loop()) is fixture

            def test_plain(): pass
        """
        self.assertEqual(
            self.outcomes(source, conftest=self.conftest),
            [
                "PASSED test_async[one]",
                "PASSED test_async[two]",
                "PASSED test_fixture[one]",
                "PASSED test_fixture[two]",
                "PASSED test_plain",
                "5 passed",
            ],
        )

    def test_of_a_folder(self) -> None:
        """Where a folder's conftest has the hook, it is for the tests of that folder."""
        files = {"sub/conftest.py": self.conftest, "sub/test_sub.py": "async def test_sub(): pass"}
        self.assertEqual(
            self.outcomes("async def test_root(): pass", files=files),
            [*(f"PASSED sub/test_sub.py::test_sub[{one}]" for one in ("one", "two")), "PASSED test_root", "3 passed"],
        )

    def test_chosen(self) -> None:
        """A mark picks some of them; one that is not there skips the test."""
        source = """
            @pytest.mark.asyncio(loop_factories=["two"])
            async def test_two():
                assert type(asyncio.get_running_loop()).__name__ == "Two"

            @pytest.mark.asyncio(loop_factories=["three", "one"])
            async def test_three():
                assert type(asyncio.get_running_loop()).__name__ == "One"
        """
        lines = self.outcomes(source, conftest=self.conftest)
        self.assertEqual(lines[-1], "2 passed, 1 skipped")
        self.assertIn("Loop factory 'three' is not available. Available factories: one, two.", lines[-2])

    def test_wide_fixtures(self) -> None:
        """A wider fixture is opened anew where the factory changes, with all that depends on it; its tests go by it."""
        source = """
            pytestmark = pytest.mark.asyncio(loop_scope="module")

            EVENTS = []

            @pytest.fixture(scope="module")
            async def wide():
                name = type(asyncio.get_running_loop()).__name__
                EVENTS.append(f"open {name}")
                yield asyncio.get_running_loop()
                assert type(asyncio.get_running_loop()).__name__ == name
                EVENTS.append(f"close {name}")

            @pytest.fixture(scope="module")
            def plain(wide):
                EVENTS.append("open plain")
                yield wide
                EVENTS.append("close plain")

            async def test_a(wide):
                assert wide is asyncio.get_running_loop()

            async def test_b(plain):
                assert plain is asyncio.get_running_loop()

            async def test_c():
                EVENTS.append("test_c")

            def test_plain(wide):
                assert EVENTS == [
                    *("open One", "open plain", "test_c", "close plain", "close One"),
                    *("open Two", "open plain", "test_c"),
                ]
                assert type(wide).__name__ == "Two"
        """
        self.assert_pass(source, conftest=self.conftest, count=7)

    def test_wide_fixtures_of_other_loops(self) -> None:
        """So is one that a plain test, which has no factory, has opened, and one that a test asks for by name."""
        source = """
            EVENTS = []

            @pytest.fixture(scope="session")
            async def wide():
                yield asyncio.get_running_loop()
                EVENTS.append(type(asyncio.get_running_loop()).__name__)

            @pytest.fixture
            def by_name(request):
                return request.getfixturevalue("wide")

            def test_first(wide):
                pass

            async def test_async(wide):
                assert wide is asyncio.get_running_loop()

            async def test_by_name(by_name):
                assert by_name is asyncio.get_running_loop()

            def test_last():
                assert EVENTS[1:] == ["One", "Two", "One"]
        """
        self.assert_pass(source, conftest=self.conftest, count=6)

    def test_wide_set_up_functions(self) -> None:
        """Async set-up functions of a module run once with each factory that its tests have."""
        source = """
            pytestmark = pytest.mark.asyncio(loop_scope="module")

            EVENTS = []

            async def setup_module():
                EVENTS.append(type(asyncio.get_running_loop()).__name__)

            async def teardown_module():
                EVENTS.append(type(asyncio.get_running_loop()).__name__)

            async def test_a():
                assert type(asyncio.get_running_loop()).__name__ == EVENTS[-1]

            async def test_b():
                assert EVENTS in (["One"], ["One", "One", "Two"])
        """
        self.assert_pass(source, conftest=self.conftest, count=4)

    def test_end_of_wide_fixtures(self) -> None:
        """One that fails to close where the factory changes is an error of the test that follows, as pytest has it."""
        source = """
            pytestmark = pytest.mark.asyncio(loop_scope="module")

            @pytest.fixture(scope="module")
            async def first():
                yield

            @pytest.fixture(scope="module")
            async def second():
                yield
                raise ValueError(type(asyncio.get_running_loop()).__name__)

            async def test_it(first, second):
                pass
        """
        self.assertEqual(
            self.outcomes(source, conftest=self.conftest),
            [
                "ERROR test_it[two] - ValueError: One",
                "PASSED test_it[one]",
                "1 passed, 1 error",
            ],
        )


if __name__ == "__main__":
    unittest.main()
