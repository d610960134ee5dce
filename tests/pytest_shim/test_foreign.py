"""Suites written for pytest-asyncio, where that plugin is not loaded."""

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


class OverrideTest(PluginTest):
    """Fixtures called `event_loop` and `event_loop_policy`, which older versions let suites override."""

    quiet = ("-W", "ignore:fixture 'event_loop:pytest.PytestDeprecationWarning")

    def test_loop(self) -> None:
        """Tests and fixtures run on the loop that `event_loop` gives, which stays open for as long as it says."""
        source = """
            @pytest.fixture(scope="module")
            def event_loop():
                loop = asyncio.new_event_loop()
                yield loop
                assert not loop.is_closed()
                loop.close()

            @pytest.fixture(scope="module")
            async def wide(event_loop):
                assert asyncio.get_running_loop() is event_loop
                yield asyncio.get_running_loop()

            @pytest.fixture
            async def narrow():
                yield asyncio.get_running_loop()

            async def test_a(event_loop):
                assert asyncio.get_running_loop() is event_loop

            async def test_b(event_loop, wide, narrow):
                assert asyncio.get_running_loop() is event_loop is wide is narrow

            def test_plain(event_loop, wide, narrow):
                assert event_loop is wide is narrow
                assert event_loop.run_until_complete(asyncio.sleep(0, 3)) == 3

            class TestClass:
                async def test_c(self, event_loop):
                    assert asyncio.get_running_loop() is event_loop
        """
        self.assert_pass(source, *self.quiet, count=4)

    def test_conftest(self) -> None:
        """An override in a conftest holds for the tests beside and below it, also for one that does not ask for it."""
        conftest = """
            class Loop(asyncio.SelectorEventLoop): pass

            @pytest.fixture
            def event_loop():
                loop = Loop()
                yield loop
                loop.close()
        """
        source = """
            async def test_it():
                assert type(asyncio.get_running_loop()).__name__ == "Loop"

            @pytest.fixture
            async def narrow():
                yield asyncio.get_running_loop()

            def test_plain(narrow):
                assert type(narrow).__name__ == "Loop"
        """
        self.assert_pass(source, *self.quiet, count=2, conftest=conftest)

    def test_policy(self) -> None:
        """`event_loop_policy` gives the loops that tests run on."""
        source = """
            class Loop(asyncio.SelectorEventLoop): pass

            class Policy:
                def new_event_loop(self):
                    return Loop()

            @pytest.fixture(scope="module")
            def event_loop_policy():
                return Policy()

            async def test_it():
                assert type(asyncio.get_running_loop()) is Loop
        """
        self.assert_pass(source, *self.quiet, count=1)

    def test_noted(self) -> None:
        """It is noted once that this is an old way, and what replaces it."""
        source = """
            @pytest.fixture
            def event_loop():
                loop = asyncio.new_event_loop()
                yield loop
                loop.close()

            async def test_a(): pass
            async def test_b(): pass
        """
        _, said = self.run_pytest(source, "-W", "default::pytest.PytestDeprecationWarning")
        self.assertIn("2 passed, 1 warning", said)
        self.assertIn("fixture 'event_loop' is overridden, as older versions of pytest-asyncio allowed", said)
        self.assertIn("@pytest.mark.asynctestkit(loop_factory=...)", said)

    def test_no_loop(self) -> None:
        """One that gives something else is refused."""
        source = """
            @pytest.fixture
            def event_loop():
                return 3

            async def test_it(): pass
        """
        self.assertEqual(
            self.outcomes(source, *self.quiet),
            [
                "FAILED test_it - asynctestkit.UsageError: fixture 'event_loop' gave 3, which is no event loop",
                "1 failed",
            ],
        )


class ImportsTest(PluginTest):
    """What suites import from pytest-asyncio, from our plugin."""

    def test_fixture(self) -> None:
        """`fixture` takes what `pytest.fixture` takes, and a loop scope that its tests follow."""
        source = """
            from asynctestkit.pytest_plugin import fixture

            loops = set()

            @fixture
            async def plain():
                yield 1

            @fixture(loop_scope="module", params=[1, 2], ids=["one", "two"])
            async def wide(request):
                loops.add(asyncio.get_running_loop())
                return request.param

            @fixture(scope="module", name="named")
            async def other():
                return 4

            async def test_plain(plain, named):
                assert (plain, named) == (1, 4)

            async def test_wide(wide):
                assert loops == {asyncio.get_running_loop()}

            def test_sync(plain):
                assert plain == 1
        """
        self.assert_pass(source, count=4)
        strict = source.replace("async def test", "@pytest.mark.asyncio\nasync def test", 0)
        self.assertIn("PASSED test_sync", self.outcomes(strict, ini="asynctestkit_mode = strict\n"))

    def test_wrong_loop_scope(self) -> None:
        """A loop scope that cannot be is refused where it is written."""
        source = """
            from asynctestkit.pytest_plugin import fixture

            @fixture(loop_scope="modul")
            async def wide(): pass
        """
        _, said = self.run_pytest(source)
        self.assertIn("UsageError: loop_scope must be a scope, not 'modul'", said)

    def test_is_async_test(self) -> None:
        """`is_async_test` tells async tests that we run from others."""
        conftest = """
            from asynctestkit.pytest_plugin import is_async_test

            def pytest_collection_modifyitems(items):
                for item in items:
                    if is_async_test(item):
                        item.add_marker(pytest.mark.xfail(strict=True))
        """
        source = """
            async def test_async():
                raise ValueError

            def test_plain():
                pass
        """
        self.assertEqual(self.outcomes(source, conftest=conftest)[-1], "1 passed, 1 xfailed")

    def test_ports(self) -> None:
        """The ports are free, and a factory gives no number twice."""
        source = """
            import socket

            async def test_tcp(unused_tcp_port, unused_tcp_port_factory):
                server = await asyncio.start_server(lambda *_: None, "127.0.0.1", unused_tcp_port)
                server.close()
                await server.wait_closed()
                assert len({unused_tcp_port, *(unused_tcp_port_factory() for _ in range(9))}) == 10

            def test_udp(unused_udp_port, unused_udp_port_factory):
                with socket.socket(type=socket.SOCK_DGRAM) as one:
                    one.bind(("127.0.0.1", unused_udp_port))
                assert unused_udp_port != unused_udp_port_factory()
        """
        self.assert_pass(source, count=2)


class RunAsyncTest(PluginTest):
    """The fixture `run_async`."""

    def test_plain_code(self) -> None:
        """Plain fixtures and tests run coroutines in the test's task, on its loop, one after another."""
        source = """
            async def where():
                return asyncio.get_running_loop(), asyncio.current_task()

            @pytest.fixture
            async def there():
                yield await where()

            @pytest.fixture
            def here(run_async):
                yield run_async(where())
                assert run_async(where())[0] is not None

            def test_plain(run_async, here, there):
                assert run_async(where()) == here == there

            async def test_async(here):
                assert here == await where()
        """
        self.assert_pass(source, count=2)

    def test_errors(self) -> None:
        """What the coroutine raises is raised; in a running test it says to await."""
        source = """
            async def fail():
                raise ValueError("inside")

            def test_raises(run_async):
                with pytest.raises(ValueError, match="inside"):
                    run_async(fail())

            async def test_running(run_async):
                run_async(fail())
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "FAILED test_running - asynctestkit.UsageError: run_async() cannot be called from a running event loop",
                "PASSED test_raises",
                "1 failed, 1 passed",
            ],
        )

    def test_described(self) -> None:
        """`--fixtures` describes it and the ports."""
        _, said = self.run_pytest("", "--fixtures")
        for name in ("run_async", "unused_tcp_port", "unused_udp_port_factory [session scope]"):
            with self.subTest(name):
                self.assertRegex(said, rf"(?m)^{name.replace('[', '.')[:24]}")
        ours = said.partition("asynctestkit.pytest_plugin")[2].partition("fixtures defined from")[0]
        self.assertNotIn("no docstring available", ours)


if __name__ == "__main__":
    unittest.main()
