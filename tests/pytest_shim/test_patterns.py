"""What the documentation of pytest-asyncio and anyio shows how to write, written anew: each pattern runs as it stands.

A case is a name, a module and the outcomes a user expects: how many pass, and which fail.
"""

from __future__ import annotations

import unittest
from typing import Final, NamedTuple

from tests.pytest_shim.support import PluginTest


class Pattern(NamedTuple):
    """One documented pattern."""

    name: str
    source: str
    expected: str


PATTERNS: Final = (
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
        "a fixture with a loop scope wider than its own",
        """
        from asynctestkit.pytest_plugin import fixture

        @fixture(loop_scope="module", scope="function")
        async def loop_of_fixture():
            return asyncio.get_running_loop()

        @pytest.mark.asyncio(loop_scope="module")
        async def test_same(loop_of_fixture):
            assert loop_of_fixture is asyncio.get_running_loop()
        """,
        "1 passed",
    ),
    Pattern(
        "a fixture that yields, and one that returns",
        """
        @pytest.fixture
        async def generator():
            await asyncio.sleep(0)
            yield "a value"

        @pytest.fixture(scope="module")
        async def coroutine():
            return await asyncio.sleep(0, "a value")

        @pytest.mark.asyncio
        async def test_both(generator, coroutine):
            assert generator == coroutine
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
        "unused ports",
        """
        @pytest.mark.asyncio
        async def test_server(unused_tcp_port):
            async with await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", unused_tcp_port):
                _, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
                writer.close()
                await writer.wait_closed()
        """,
        "1 passed",
    ),
    Pattern(
        "a task group that a fixture holds open",
        """
        @pytest.fixture
        async def group():
            async with asyncio.TaskGroup() as group:
                yield group

        async def test_it(group):
            assert await group.create_task(asyncio.sleep(0, 3)) == 3
        """,
        "1 passed",
    ),
    Pattern(
        "a fixture around each test of a class",
        """
        class TestAround:
            @pytest.fixture(autouse=True)
            async def around(self):
                self.resource = "open"
                yield
                assert self.resource == "used"

            async def test_it(self):
                assert self.resource == "open"
                self.resource = "used"
        """,
        "1 passed",
    ),
    Pattern(
        "a session fixture beside function fixtures",
        """
        @pytest.fixture(scope="session")
        async def pool():
            yield asyncio.Queue()

        @pytest.fixture
        async def connection(pool):
            await pool.put(1)
            yield await pool.get()

        async def test_it(connection, pool):
            assert connection == 1 and pool.empty()
        """,
        "1 passed",
    ),
    Pattern(
        "a context variable set by a fixture",
        """
        var = contextvars.ContextVar("var")

        @pytest.fixture
        async def value():
            token = var.set("value")
            yield
            var.reset(token)

        async def test_it(value):
            assert var.get() == "value"
        """,
        "1 passed",
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
)


class PatternsTest(PluginTest):
    """Each pattern gives what a user expects."""

    def test_patterns(self) -> None:
        """One run each."""
        for pattern in PATTERNS:
            with self.subTest(pattern.name):
                lines = self.outcomes(pattern.source)
                self.assertEqual(lines[-1], pattern.expected, lines)

    def test_marks_from_a_hook(self) -> None:
        """A hook that marks every async test, as documented for sharing the session's loop."""
        conftest = """
            from asynctestkit.pytest_plugin import is_async_test

            def pytest_collection_modifyitems(items):
                mark = pytest.mark.asyncio(loop_scope="session")
                for item in (item for item in items if is_async_test(item)):
                    item.add_marker(mark, append=False)
        """
        source = """
            loops = set()

            @pytest.mark.parametrize("n", range(3))
            async def test_it(n):
                loops.add(asyncio.get_running_loop())
                assert len(loops) == 1
        """
        self.assert_pass(source, count=3, conftest=conftest)


if __name__ == "__main__":
    unittest.main()
