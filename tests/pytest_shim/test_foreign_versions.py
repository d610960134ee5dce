"""What older versions of pytest-asyncio offered, where that plugin is not loaded: honoured, or accepted and said."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest

SECTION = "asynctestkit: accepted, without an effect"


class AcceptedTest(PluginTest):
    """What has no meaning here: said in the summary, never as a warning."""

    source = """
        @pytest.mark.asyncio(forbid_global_loop=True)
        async def test_a(): pass

        @pytest.mark.asyncio(forbid_global_loop=True)
        async def test_b(): pass

        @pytest.mark.asyncio_event_loop
        class TestClass:
            async def test_c(self): pass
    """

    def test_said_once(self) -> None:
        """Each thing has one line, however often it stands in the suite."""
        _, said = self.run_pytest(self.source, "--strict-markers", "--asyncio-mode=legacy")
        self.assertIn("3 passed", said)
        self.assertEqual(said.count(SECTION), 1, said)
        for what in (
            "asyncio_mode = legacy: it is auto here",
            "@pytest.mark.asyncio(forbid_global_loop=...): async tests always have a current loop",
            "@pytest.mark.asyncio_event_loop: write @pytest.mark.asyncio(loop_scope=...)",
        ):
            with self.subTest(what):
                self.assertEqual(said.count(what), 1, said)

    def test_silent(self) -> None:
        """A suite that has nothing of the kind is told nothing."""
        _, said = self.run_pytest("@pytest.mark.asyncio\nasync def test_it(): pass", "--asyncio-mode=auto")
        self.assertNotIn("accepted", said)

    def test_legacy_mode(self) -> None:
        """`asyncio_mode = legacy` runs what has no mark, as auto does."""
        self.assert_pass("async def test_it(): pass", count=1, ini="asyncio_mode = legacy\n")

    def test_loop_factories_without_the_hook(self) -> None:
        """Names of factories that nobody gives fail the test, as there."""
        source = """
            @pytest.mark.asyncio(loop_factories=["uvloop"])
            async def test_it(): pass
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "FAILED test_it - asynctestkit.UsageError: @pytest.mark.asyncio got 'loop_factories', "
                "and no hook says what they are",
                "1 failed",
            ],
        )


class EventLoopTest(PluginTest):
    """The fixture `event_loop`, which every suite had up to version 0.26."""

    def test_given(self) -> None:
        """It is the test's managed loop, for async tests, plain ones and plain fixtures."""
        source = """
            @pytest.fixture
            def value(event_loop):
                return event_loop.run_until_complete(asyncio.sleep(0, 4))

            async def test_async(event_loop, value):
                assert event_loop is asyncio.get_running_loop()
                assert value == 4

            def test_plain(event_loop, value):
                assert event_loop is asyncio.get_event_loop()
                assert event_loop.run_until_complete(event_loop.create_task(asyncio.sleep(0, value))) == 4
        """
        self.assert_pass(source, count=2)

    def test_overridden_by_itself(self) -> None:
        """An override may ask for the one that it overrides."""
        source = """
            @pytest.fixture
            def event_loop(event_loop):
                event_loop.slow_callback_duration = 9
                return event_loop

            async def test_it():
                assert asyncio.get_running_loop().slow_callback_duration == 9
        """
        self.assert_pass(source, "-W", "ignore::pytest.PytestDeprecationWarning", count=1)


class CurrentLoopTest(PluginTest):
    """`asyncio.get_event_loop()` in plain fixtures: under our plugin's `fixture` it is the tests' loop."""

    def test_plain_fixtures(self) -> None:
        """Of a test and of a module, functions and generators, before anything async was met."""
        source = """
            from asynctestkit.pytest_plugin import fixture

            pytestmark = pytest.mark.asyncio

            def run(value):
                return asyncio.get_event_loop().run_until_complete(asyncio.sleep(0, value))

            @fixture
            def narrow():
                return asyncio.get_event_loop(), run(1)

            @fixture
            def generator():
                yield asyncio.get_event_loop(), run(2)
                assert run(3) == 3

            async def test_async(narrow, generator):
                assert narrow == (asyncio.get_running_loop(), 1)
                assert generator == (asyncio.get_running_loop(), 2)

            def test_plain(narrow, generator):
                assert narrow[0] is generator[0] is asyncio.get_event_loop()

            class TestWide:
                @fixture(scope="class")
                def wide(self):
                    return asyncio.get_event_loop(), run(4)

                @fixture(scope="class")
                def wide_generator(self):
                    yield asyncio.get_event_loop(), run(5)
                    assert run(6) == 6

                async def test_a(self, wide, wide_generator):
                    assert wide == (asyncio.get_running_loop(), 4)
                    assert wide_generator == (asyncio.get_running_loop(), 5)

                async def test_b(self, wide, narrow):
                    assert wide[0] is narrow[0] is asyncio.get_running_loop()
        """
        for mode in ("auto", "strict"):
            with self.subTest(mode):
                self.assert_pass(source, count=4, ini=f"asyncio_mode = {mode}\n")

    def test_beside_async_ones(self) -> None:
        """A fixture of pytest's own finds the loop once the test has an async fixture, to its end."""
        source = """
            @pytest.fixture
            async def narrow():
                return asyncio.get_running_loop()

            @pytest.fixture
            def later(narrow):
                assert asyncio.get_event_loop() is narrow
                yield
                assert asyncio.get_event_loop() is narrow

            async def test_async(later): pass

            def test_plain(later, narrow):
                assert asyncio.get_event_loop() is narrow
        """
        self.assert_pass(source, count=2)


class PolicyTest(PluginTest):
    """A parametrised `event_loop_policy`."""

    def test_each(self) -> None:
        """Each test, plain ones too, runs once with each policy, and so do fixtures of every scope."""
        source = """
            class One(asyncio.SelectorEventLoop): pass
            class Two(asyncio.SelectorEventLoop): pass

            class Policy:
                def __init__(self, new_event_loop):
                    self.new_event_loop = new_event_loop

            @pytest.fixture(scope="session", params=[Policy(One), Policy(Two)], ids=["One", "Two"])
            def event_loop_policy(request):
                return request.param

            events = []

            @pytest.fixture(scope="module")
            async def wide():
                loop = asyncio.get_running_loop()
                yield loop
                events.append(type(loop).__name__)

            @pytest.fixture
            async def narrow():
                return asyncio.get_running_loop()

            def used(request, *loops):
                return {type(loop).__name__ for loop in loops} == {request.node.callspec.id}

            async def test_async(request, narrow):
                assert used(request, asyncio.get_running_loop(), narrow)

            async def test_wide(request, wide):
                assert wide is asyncio.get_running_loop()
                assert used(request, wide)

            class TestClass:
                async def test_method(self, request):
                    assert used(request, asyncio.get_running_loop())

            def test_plain(request, narrow):
                assert used(request, narrow)

            @pytest.mark.parametrize("n", [1])
            def test_closed(n):
                assert events in ([], ["One"])
        """
        lines = self.outcomes(source, "-W", "ignore::pytest.PytestDeprecationWarning")
        names = ("TestClass::test_method", "test_async", "test_plain", "test_wide")
        expected = [f"PASSED {name}[{policy}]" for name in names for policy in ("One", "Two")]
        self.assertEqual([line for line in lines if "test_closed" not in line], [*expected, "10 passed"])

    def test_of_a_base_class(self) -> None:
        """One that a class inherits counts for its tests."""
        source = """
            class Loop(asyncio.SelectorEventLoop): pass

            class Base:
                @pytest.fixture
                def event_loop_policy(self):
                    class Policy:
                        new_event_loop = Loop
                    return Policy

            class TestClass(Base):
                async def test_it(self):
                    assert type(asyncio.get_running_loop()) is Loop
        """
        self.assert_pass(source, "-W", "ignore::pytest.PytestDeprecationWarning", count=1)


if __name__ == "__main__":
    unittest.main()
