"""anyio's page on testing: with its mark the tests are its own; without, what it promises holds for plain tests."""

from __future__ import annotations

from typing import Final

from tests.pytest_shim.patterns import Pattern

_ASYNCIO: Final = """
            @pytest.fixture
            def anyio_backend():
                return "asyncio"
"""

_THEIRS: Final = """
            def is_theirs():
                return "TestRunner" in repr(asyncio.current_task())
"""

_ECHO: Final = """
            from anyio import connect_tcp, create_task_group, create_tcp_listener

            async def test_echo(free_tcp_port):
                async def answer(stream):
                    async with stream:
                        await stream.send((await stream.receive())[::-1])

                async with await create_tcp_listener(local_host="127.0.0.1", local_port=free_tcp_port) as listener:
                    async with create_task_group() as group:
                        group.start_soon(listener.serve, answer)
                        async with await connect_tcp("127.0.0.1", free_tcp_port) as stream:
                            await stream.send(b"hello")
                            assert await stream.receive() == b"olleh"
                        group.cancel_scope.cancel()
"""

_SERVER: Final = """
            @pytest.fixture
            async def server():
                async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
                    yield server.sockets[0].getsockname()

            async def answer(reader, writer):
                writer.write(b"foo")
                writer.close()
                await writer.wait_closed()

            async def test_server(server):
                reader, writer = await asyncio.open_connection(*server)
                assert await reader.read() == b"foo"
                writer.close()
                await writer.wait_closed()
"""

_VARIABLE: Final = """
            var = contextvars.ContextVar("var")

            @pytest.fixture
            async def first():
                var.set("first")
                yield
                assert var.get() == "test"

            @pytest.fixture
            async def second(first):
                assert var.get() == "first"
                yield

            async def test_it(second):
                assert var.get() == "first"
                var.set("test")
"""

_MARKED: Final = f"""{_ASYNCIO}{_THEIRS}
            pytestmark = pytest.mark.anyio
"""

WITH_ITS_MARK: Final = (
    Pattern(
        "mark every test of a module; plain tests are not affected",
        f"""{_MARKED}
            async def test_async():
                assert is_theirs()

            def test_plain(): pass
        """,
        "2 passed",
        lines=("PASSED test_async", "PASSED test_plain"),
    ),
    Pattern(
        "mark a class; the module's other tests are ours",
        f"""{_ASYNCIO}{_THEIRS}
            @pytest.mark.anyio
            class TestTheirs:
                async def test_it(self):
                    assert is_theirs()

            async def test_ours():
                assert not is_theirs()
        """,
        "2 passed",
    ),
    Pattern(
        "ask for the backend's fixture instead",
        f"""{_ASYNCIO}{_THEIRS}
            async def test_direct(anyio_backend):
                assert is_theirs() and anyio_backend == "asyncio"

            @pytest.fixture
            def through(anyio_backend): pass

            async def test_through(through):
                assert is_theirs()
        """,
        "2 passed",
    ),
    Pattern(
        "auto mode of anyio",
        f"""{_ASYNCIO}{_THEIRS}
            async def test_it():
                assert is_theirs()
        """,
        "1 passed",
        ini="anyio_mode = auto\n",
    ),
    Pattern(
        "several backends with options",
        """
            pytestmark = pytest.mark.anyio

            @pytest.fixture(
                params=[
                    pytest.param(("asyncio", {"debug": True}), id="debug"),
                    pytest.param(("asyncio", {}), id="quiet"),
                ]
            )
            def anyio_backend(request):
                return request.param

            async def test_it(request, anyio_backend_name, anyio_backend_options):
                assert anyio_backend_name == "asyncio"
                debug = asyncio.get_running_loop().get_debug()
                assert debug is ("debug" in request.node.name) is bool(anyio_backend_options)
        """,
        "2 passed",
    ),
    Pattern(
        "one test on one backend",
        """
            @pytest.mark.parametrize("anyio_backend", ["asyncio"])
            async def test_it(anyio_backend):
                assert anyio_backend == "asyncio"
        """,
        "1 passed",
    ),
    Pattern("an async fixture of a marked test", f"{_MARKED}{_SERVER}", "1 passed"),
    Pattern(
        "an async fixture that every test uses",
        f"""{_ASYNCIO}{_THEIRS}
            served = []

            @pytest.fixture(autouse=True)
            async def server(anyio_backend):
                served.append(is_theirs())
                yield

            async def test_async():
                assert served == [True] and is_theirs()
        """,
        "1 passed",
    ),
    Pattern(
        "async fixtures of the session",
        f"""{_THEIRS}
            @pytest.fixture(scope="session")
            def anyio_backend():
                return "asyncio"

            @pytest.fixture(scope="session")
            async def server(anyio_backend):
                assert is_theirs()
                yield asyncio.get_running_loop()

            async def test_it(server):
                assert server is asyncio.get_running_loop() and is_theirs()
        """,
        "1 passed",
    ),
    Pattern("free ports", f"{_MARKED}{_ECHO}", "1 passed"),
    Pattern("context variables of fixtures and tests", f"{_MARKED}{_VARIABLE}", "1 passed"),
)

WITHOUT_ITS_MARK: Final = (
    Pattern("an async fixture", _SERVER, "1 passed"),
    Pattern(
        "an async fixture that every test uses",
        """
            served = []

            @pytest.fixture(autouse=True)
            async def server():
                served.append(asyncio.current_task())
                yield

            async def test_async():
                assert served == [asyncio.current_task()]

            def test_plain():
                assert len(served) == 2
        """,
        "2 passed",
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
        "async fixtures of the session, whose loop and task live on between tests",
        """
            @pytest.fixture(scope="session")
            async def ticks():
                queue = asyncio.Queue(1)

                async def tick():
                    for n in range(10):
                        await queue.put(n)

                task = asyncio.create_task(tick())
                yield queue
                task.cancel()

            @pytest.mark.parametrize("n", range(3))
            async def test_it(ticks, n):
                assert await ticks.get() == n
        """,
        "3 passed",
    ),
    Pattern("free ports", _ECHO, "1 passed"),
    Pattern("context variables of fixtures and tests", _VARIABLE, "1 passed"),
    Pattern(
        "context variables do not reach tests that do not use the fixture",
        f"""{_VARIABLE}
            async def test_other():
                assert var.get(None) is None

            def test_plain():
                assert var.get(None) is None
        """,
        "3 passed",
    ),
    Pattern(
        "task groups and cancel scopes that fixtures hold open",
        """
            import anyio

            @pytest.fixture
            async def group():
                async with anyio.create_task_group() as group:
                    yield group
                    group.cancel_scope.cancel()

            @pytest.fixture
            async def scope():
                with anyio.CancelScope() as scope:
                    yield scope
                assert scope.cancelled_caught

            async def test_group(group):
                started = await group.start(work)
                assert started == 3

            async def work(*, task_status):
                task_status.started(3)
                await anyio.sleep_forever()

            async def test_fails(group):
                group.start_soon(fail)
                await anyio.sleep_forever()

            async def fail():
                raise ValueError("child")
        """,
        "1 failed, 1 passed",
    ),
    Pattern(
        "one loop for all tests that a wider fixture joins, a fresh one for others",
        """
            loops = []

            @pytest.fixture(scope="module")
            async def wide():
                yield asyncio.get_running_loop()

            @pytest.mark.parametrize("n", range(2))
            async def test_joined(wide, n):
                loops.append(wide)
                assert asyncio.get_running_loop() is wide is loops[0]

            async def test_fresh():
                assert asyncio.get_running_loop() not in loops
        """,
        "3 passed",
    ),
)

PATTERNS: Final = tuple(pattern._replace(needs="anyio") for pattern in (*WITH_ITS_MARK, *WITHOUT_ITS_MARK))
