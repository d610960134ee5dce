"""pytest-asyncio's guides to other event loops: the hook, and the policy fixture that came before it."""

from __future__ import annotations

from typing import Final

from tests.pytest_shim.patterns import Pattern

_OLD: Final = ("-W", "ignore:fixture 'event_loop:pytest.PytestDeprecationWarning")

_CUSTOM: Final = """
            class CustomLoop(asyncio.SelectorEventLoop): pass
"""

_TYPE: Final = """
            def kind():
                return type(asyncio.get_running_loop()).__name__
"""

_TWO_POLICIES: Final = """
        class PlainPolicy:
            def new_event_loop(self):
                return asyncio.new_event_loop()

        class CustomLoop(asyncio.SelectorEventLoop): pass

        class CustomPolicy:
            def new_event_loop(self):
                return CustomLoop()
"""

PATTERNS: Final = (
    Pattern(
        "one custom loop factory for all, which leaves the tests' names alone",
        """
        async def test_it(request):
            assert type(asyncio.get_running_loop()).__name__ == "CustomLoop"
            assert not hasattr(pytest, "HIDDEN_PARAM") or request.node.name == "test_it"
        """,
        "1 passed",
        conftest=f"""{_CUSTOM}
            def pytest_asyncio_loop_factories(config, item):
                return {{"custom": CustomLoop}}
        """,
    ),
    Pattern(
        "several, each test once with each; plain tests once",
        """
        @pytest.mark.asyncio
        async def test_every():
            assert asyncio.get_running_loop().is_running()

        @pytest.mark.asyncio(loop_factories=["custom"])
        async def test_custom_only():
            assert type(asyncio.get_running_loop()).__name__ == "CustomLoop"

        @pytest.mark.asyncio(loop_factories=["absent"])
        async def test_absent(): pass

        def test_plain(): pass
        """,
        "4 passed, 1 skipped",
        conftest=f"""{_CUSTOM}
            def pytest_asyncio_loop_factories(config, item):
                return {{"default": asyncio.new_event_loop, "custom": CustomLoop}}
        """,
        lines=("PASSED test_every[custom]", "PASSED test_every[default]"),
    ),
    Pattern(
        "factories chosen by a test's fixtures",
        """
        async def test_default(kind):
            assert kind() != "CustomLoop"

        async def test_custom(kind, needs_custom_loop):
            assert kind() == "CustomLoop"
        """,
        "2 passed",
        conftest=f"""{_CUSTOM}{_TYPE}
            @pytest.fixture(name="kind")
            def _kind():
                return kind

            @pytest.fixture
            def needs_custom_loop(): pass

            def pytest_asyncio_loop_factories(config, item):
                if "needs_custom_loop" in item.fixturenames:
                    return {{"custom": CustomLoop}}
                return {{"default": asyncio.new_event_loop}}
        """,
    ),
    Pattern(
        "factories chosen by a test's mark, on one shared loop each",
        """
        pytestmark = pytest.mark.asyncio(loop_scope="module")
        loops = {}

        async def test_default():
            loops["default"] = asyncio.get_running_loop()

        @pytest.mark.custom
        async def test_custom():
            assert type(asyncio.get_running_loop()).__name__ == "CustomLoop"

        async def test_default_again():
            assert loops["default"] is asyncio.get_running_loop()
        """,
        "3 passed",
        conftest=f"""{_CUSTOM}
            def pytest_configure(config):
                config.addinivalue_line("markers", "custom: on another loop")

            def pytest_asyncio_loop_factories(config, item):
                custom = item.get_closest_marker("custom") is not None
                return {{"custom": CustomLoop}} if custom else {{"default": asyncio.new_event_loop}}
        """,
    ),
    Pattern(
        "a nested conftest goes first, the first answer counts",
        "async def test_outer(): assert type(asyncio.get_running_loop()).__name__ != 'CustomLoop'",
        "2 passed",
        conftest="""
            def pytest_asyncio_loop_factories(config, item):
                return {"default": asyncio.new_event_loop}
        """,
        arguments=(".",),
        files=(
            (
                "inner/conftest.py",
                f"""{_CUSTOM}
            def pytest_asyncio_loop_factories(config, item):
                return {{"custom": CustomLoop}}
                """,
            ),
            (
                "inner/test_inner.py",
                "async def test_inner(): assert type(asyncio.get_running_loop()).__name__ == 'CustomLoop'",
            ),
        ),
    ),
    Pattern(
        "uvloop, by the hook",
        """
        async def test_it():
            assert type(asyncio.get_running_loop()).__module__.startswith("uvloop")
        """,
        "1 passed",
        conftest="""
            import uvloop

            def pytest_asyncio_loop_factories(config, item):
                return {"uvloop": uvloop.new_event_loop}
        """,
        needs="uvloop",
    ),
    Pattern(
        "uvloop, by our own mark",
        """
        import uvloop

        @pytest.fixture
        async def loop_of_fixture():
            yield asyncio.get_running_loop()

        @pytest.mark.asynctestkit(loop_factory=uvloop.new_event_loop)
        async def test_it(loop_of_fixture):
            assert type(asyncio.get_running_loop()).__module__.startswith("uvloop")
            assert loop_of_fixture is asyncio.get_running_loop()
        """,
        "1 passed",
        needs="uvloop",
    ),
    Pattern(
        "several loops by a policy fixture with params, as older versions had it",
        f"""{_TWO_POLICIES}
        @pytest.fixture(params=[PlainPolicy(), CustomPolicy()], ids=["plain", "custom"])
        def event_loop_policy(request):
            return request.param

        @pytest.mark.asyncio
        async def test_it(request):
            assert ("[custom]" in request.node.name) is (type(asyncio.get_running_loop()) is CustomLoop)
        """,
        "2 passed",
        arguments=_OLD,
    ),
    Pattern(
        "a policy fixture of one class only",
        f"""{_TWO_POLICIES}
        class TestCustom:
            @pytest.fixture
            def event_loop_policy(self):
                return CustomPolicy()

            async def test_custom(self):
                assert type(asyncio.get_running_loop()) is CustomLoop

        async def test_plain():
            assert type(asyncio.get_running_loop()) is not CustomLoop
        """,
        "2 passed",
        arguments=_OLD,
    ),
    Pattern(
        "an overridden event_loop fixture, as 0.21 had it",
        """
        @pytest.fixture(scope="module")
        def event_loop():
            loop = asyncio.new_event_loop()
            yield loop
            loop.close()

        @pytest.fixture(scope="module")
        async def wide(event_loop):
            yield asyncio.get_running_loop()

        @pytest.mark.asyncio
        async def test_async(event_loop, wide):
            assert asyncio.get_running_loop() is event_loop is wide

        def test_plain(event_loop):
            assert event_loop.run_until_complete(asyncio.sleep(0, 3)) == 3
        """,
        "2 passed",
        arguments=_OLD,
    ),
)
