"""What a suite imports from the plugin or asks it for: `fixture`, `is_async_test`, `run_async`, unused ports."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest


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
