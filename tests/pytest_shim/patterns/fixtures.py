"""pytest-asyncio's decorator, its fixtures, and its guides to fixtures and to isolating what is tested."""

from __future__ import annotations

from typing import Final

from tests.pytest_shim.patterns import Pattern

PATTERNS: Final = (
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
        "fixtures with every pair of a scope and a loop scope",
        """
        from asynctestkit.pytest_plugin import fixture

        made = []

        @fixture
        async def fresh():
            made.append("fresh")
            return asyncio.get_running_loop()

        @fixture(loop_scope="session", scope="module")
        async def session_once():
            made.append("session_once")
            return asyncio.get_running_loop()

        @fixture(loop_scope="module", scope="module")
        async def module_once():
            made.append("module_once")
            return asyncio.get_running_loop()

        @fixture(loop_scope="module")
        async def module_each():
            made.append("module_each")
            return asyncio.get_running_loop()

        @pytest.mark.parametrize("n", range(2))
        async def test_fresh(fresh, n):
            assert fresh is asyncio.get_running_loop()

        @pytest.mark.asyncio(loop_scope="module")
        @pytest.mark.parametrize("n", range(2))
        async def test_module(module_once, module_each, n):
            assert module_once is module_each is asyncio.get_running_loop()

        @pytest.mark.asyncio(loop_scope="session")
        @pytest.mark.parametrize("n", range(2))
        async def test_session(session_once, n):
            assert session_once is asyncio.get_running_loop()

        def test_made():
            assert made == ["fresh"] * 2 + ["module_once", "module_each", "module_each", "session_once"]
        """,
        "7 passed",
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
        "a fixture's wider loop scope, where the test asks for a narrow one: they meet on one loop",
        """
        from asynctestkit.pytest_plugin import fixture

        @fixture(loop_scope="module")
        async def loop_of_fixture():
            return asyncio.get_running_loop()

        @pytest.mark.asyncio(loop_scope="function")
        async def test_same(loop_of_fixture):
            assert loop_of_fixture is asyncio.get_running_loop()
        """,
        "1 passed",
    ),
    Pattern(
        "a default loop scope of fixtures",
        """
        loops = set()

        @pytest.fixture
        async def fixture():
            loops.add(asyncio.get_running_loop())

        @pytest.mark.parametrize("n", range(3))
        async def test_it(fixture, n):
            assert loops == {asyncio.get_running_loop()}
        """,
        "3 passed",
        ini="asyncio_default_fixture_loop_scope = module\n",
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
        "a deadline that a fixture holds open",
        """
        @pytest.fixture(params=[60, 0.01])
        async def deadline(request):
            async with asyncio.timeout(request.param):
                yield request.param

        async def test_it(deadline):
            if deadline < 1:
                await asyncio.Event().wait()
        """,
        "1 failed, 1 passed",
        lines=("FAILED test_it[0.01] - TimeoutError",),
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
        "unused ports",
        """
        import socket

        @pytest.mark.asyncio
        async def test_server(unused_tcp_port):
            async with await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", unused_tcp_port):
                _, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
                writer.close()
                await writer.wait_closed()

        def test_factories(unused_tcp_port_factory, unused_udp_port_factory):
            assert len({unused_tcp_port_factory() for _ in range(3)}) == 3
            assert len({unused_udp_port_factory() for _ in range(3)}) == 3

        async def test_datagrams(unused_udp_port):
            loop, address = asyncio.get_running_loop(), ("127.0.0.1", unused_udp_port)
            transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=address)
            transport.close()
            await asyncio.sleep(0)
        """,
        "3 passed",
    ),
    Pattern(
        "an application imported anew by each test, with a folder of its own",
        """
        import importlib, sys

        @pytest.fixture
        async def app(tmp_path, monkeypatch):
            monkeypatch.delitem(sys.modules, "application", raising=False)
            application = importlib.import_module("application")
            application.folder = tmp_path
            yield application
            assert application.saved == ["a.txt"]

        @pytest.mark.parametrize("n", range(2))
        async def test_saves(app, n):
            assert not list(app.folder.iterdir()) and not app.saved
            path = await app.save("a.txt", b"hello")
            assert path.read_bytes() == b"hello"
        """,
        "2 passed",
        files=(
            (
                "application.py",
                """
                folder, saved = None, []

                async def save(name, data):
                    saved.append(name)
                    path = folder / name
                    path.write_bytes(data)
                    return path
                """,
            ),
        ),
    ),
    Pattern(
        "hooks that ask whether a test is async",
        """
        async def test_async(): pass
        def test_plain(): pass
        """,
        "1 passed, 1 skipped",
        conftest="""
            from asynctestkit.pytest_plugin import is_async_test

            def pytest_collection_modifyitems(items):
                for item in items:
                    if is_async_test(item):
                        item.add_marker(pytest.mark.skip(reason="async"))
        """,
    ),
    Pattern(
        "classes of unittest, which pytest-asyncio leaves to unittest's own async class",
        """
        class IsolatedTest(unittest.IsolatedAsyncioTestCase):
            async def asyncSetUp(self):
                self.loop = asyncio.get_running_loop()

            async def test_it(self):
                assert self.loop is asyncio.get_running_loop()

        async def test_beside(): pass
        """,
        "2 passed",
    ),
)
