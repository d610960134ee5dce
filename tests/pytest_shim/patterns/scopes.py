"""pytest-asyncio's concepts, its guides to sharing a loop, its markers and its configuration."""

from __future__ import annotations

from typing import Final

from tests.pytest_shim.patterns import Pattern

_COUNTED: Final = """
    loops = set()

    @pytest.mark.parametrize("n", range(3))
    async def test_shared(n):
        loops.add(asyncio.get_running_loop())
        assert len(loops) == 1
"""

_STRICT: Final = """
    from asynctestkit.pytest_plugin import fixture

    @fixture
    async def declared():
        return 3

    @pytest.mark.asyncio
    async def test_marked(declared):
        assert declared == 3

    async def test_unmarked(): pass
"""

PATTERNS: Final = (
    Pattern(
        "a marked test runs in a loop",
        """
        @pytest.mark.asyncio
        async def test_it():
            assert asyncio.get_running_loop().is_running()
        """,
        "1 passed",
    ),
    Pattern(
        "mark every test of a module",
        """
        pytestmark = pytest.mark.asyncio

        async def test_a(): await asyncio.sleep(0)
        async def test_b(): await asyncio.sleep(0)
        """,
        "2 passed",
    ),
    Pattern(
        "two tests that name the same loop scope share its loop",
        """
        loop = None

        @pytest.mark.asyncio(loop_scope="module")
        async def test_remember():
            global loop
            loop = asyncio.get_running_loop()

        @pytest.mark.asyncio(loop_scope="module")
        async def test_same():
            assert asyncio.get_running_loop() is loop

        async def test_own():
            assert asyncio.get_running_loop() is not loop
        """,
        "3 passed",
    ),
    Pattern(
        "all tests of a class in one loop",
        """
        @pytest.mark.asyncio(loop_scope="class")
        class TestInOneLoop:
            loop: asyncio.AbstractEventLoop

            async def test_remember(self):
                TestInOneLoop.loop = asyncio.get_running_loop()

            async def test_same(self):
                assert asyncio.get_running_loop() is TestInOneLoop.loop
        """,
        "2 passed",
    ),
    Pattern(
        "a fixture in the loop of the class",
        """
        from asynctestkit.pytest_plugin import fixture

        @pytest.mark.asyncio(loop_scope="class")
        class TestInOneLoop:
            loop: asyncio.AbstractEventLoop

            @fixture(loop_scope="class")
            async def remember(self):
                TestInOneLoop.loop = asyncio.get_running_loop()

            async def test_same(self, remember):
                assert asyncio.get_running_loop() is TestInOneLoop.loop
        """,
        "1 passed",
    ),
    Pattern(
        "all tests of a module in one loop",
        """
        pytestmark = pytest.mark.asyncio(loop_scope="module")
        loop = None

        async def test_remember():
            global loop
            loop = asyncio.get_running_loop()

        async def test_same():
            assert asyncio.get_running_loop() is loop

        class TestClass:
            async def test_same(self):
                assert asyncio.get_running_loop() is loop
        """,
        "3 passed",
    ),
    Pattern(
        "all tests of a package in one loop",
        "",
        "2 passed",
        arguments=("pkg",),
        files=(
            # The guide marks the package in its __init__, which no pytest since 8.0 reads, with any plugin.
            ("pkg/__init__.py", "loops = set()"),
            *(
                (
                    f"pkg/test_{name}.py",
                    """
                    from pkg import loops

                    pytestmark = pytest.mark.asyncio(loop_scope="package")

                    async def test_shared():
                        loops.add(asyncio.get_running_loop())
                        assert len(loops) == 1
                    """,
                )
                for name in "ab"
            ),
        ),
    ),
    Pattern(
        "all tests of a run in one loop, by a hook that marks them",
        _COUNTED,
        "3 passed",
        conftest="""
            from asynctestkit.pytest_plugin import is_async_test

            def pytest_collection_modifyitems(items):
                mark = pytest.mark.asyncio(loop_scope="session")
                for item in (item for item in items if is_async_test(item)):
                    item.add_marker(mark, append=False)
        """,
    ),
    Pattern(
        "all tests of a run in one loop, by the ini file",
        _COUNTED,
        "3 passed",
        ini="asyncio_default_test_loop_scope = session\n",
    ),
    Pattern("strict mode", _STRICT, "1 failed, 1 passed", ini="asyncio_mode = strict\n"),
    Pattern("auto mode", _STRICT, "2 passed", ini="asyncio_mode = auto\n"),
    Pattern(
        "the command line goes before the ini file",
        _STRICT,
        "1 failed, 1 passed",
        ini="asyncio_mode = auto\n",
        arguments=("--asyncio-mode=strict",),
    ),
    Pattern(
        "debug mode",
        """
        async def test_it():
            assert asyncio.get_running_loop().get_debug()
        """,
        "1 passed",
        ini="asyncio_debug = true\n",
    ),
    Pattern(
        "tests that run one after another, not side by side",
        """
        running = 0

        @pytest.mark.parametrize("n", range(3))
        async def test_alone(n):
            global running
            running += 1
            await asyncio.sleep(0)
            assert running == 1
            running -= 1
        """,
        "3 passed",
    ),
    Pattern(
        "things that run side by side inside one test",
        """
        @pytest.mark.asyncio
        async def test_together():
            met = asyncio.Barrier(2)
            async with asyncio.timeout(5):
                await asyncio.gather(met.wait(), met.wait())
        """,
        "1 passed",
    ),
    Pattern(
        "parametrise with marks",
        """
        @pytest.mark.parametrize(
            "x", [1, pytest.param(2, marks=pytest.mark.xfail), pytest.param(3, marks=pytest.mark.skip)]
        )
        @pytest.mark.asyncio
        async def test_it(x):
            assert x == 1
        """,
        "1 passed, 1 skipped, 1 xfailed",
    ),
    Pattern(
        "the loop scope by its old name, which 0.23 had",
        """
        pytestmark = pytest.mark.asyncio(scope="module")
        """
        + _COUNTED.replace("\n    ", "\n        "),
        "3 passed",
    ),
)
