"""Which loop a plain async test runs on, and what is left on it when the test is over."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest


class LoopsTest(PluginTest):
    """Which loop a test runs on."""

    def test_fresh_loops(self) -> None:
        """Each test has a loop of its own, closed when it is over; no loop is current between tests."""
        source = """
            loops = []

            @pytest.mark.parametrize("n", range(3))
            async def test_fresh(n):
                assert all(loop.is_closed() for loop in loops)
                loops.append(asyncio.get_running_loop())

            def test_all_differ():
                assert len(set(loops)) == 3
                assert all(loop.is_closed() for loop in loops)
        """
        self.assert_pass(source, count=4)

    def test_leftover_tasks(self) -> None:
        """Tasks that a test leaves behind are cancelled and awaited when it is over."""
        source = """
            ended = []

            async def linger():
                try:
                    await asyncio.Event().wait()
                finally:
                    ended.append(True)

            @asynctestkit.fail_on(pending_tasks=False)
            async def test_leaves():
                loop = asyncio.get_running_loop()
                test_leaves.task = loop.create_task(linger())
                await asyncio.sleep(0)

            def test_ended():
                assert ended == [True] and test_leaves.task.cancelled()
        """
        self.assert_pass(source, count=2)

    def test_package_outside_of_packages(self) -> None:
        """Where there is no package, the session stands for it, as for pytest's own fixtures."""
        source = """
            loops = []

            @pytest.mark.asynctestkit(loop_scope="package")
            @pytest.mark.parametrize("n", range(2))
            async def test_it(n):
                loops.append(asyncio.get_running_loop())
                assert loops[0] is loops[-1]
        """
        self.assert_pass(source, count=2)

    def test_loop_scope(self) -> None:
        """`loop_scope` makes the tests of a class, module, package or session share a loop."""
        source = """
            loops = {}

            class TestClass:
                pytestmark = pytest.mark.asynctestkit(loop_scope="class")

                async def test_a(self):
                    loops["class"] = asyncio.get_running_loop()

                async def test_b(self):
                    assert loops["class"] is asyncio.get_running_loop()

            @pytest.mark.asynctestkit(loop_scope="module")
            async def test_module_a():
                assert loops["class"].is_closed()
                loops["module"] = asyncio.get_running_loop()

            async def test_fresh():
                assert asyncio.get_running_loop() is not loops["module"]

            @pytest.mark.asynctestkit(loop_scope="session")
            async def test_session():
                assert loops["module"] is asyncio.get_running_loop()
        """
        self.assert_pass(source, count=5)

    def test_leftovers_on_a_shared_loop(self) -> None:
        """What a test leaves running on a shared loop ends with the test."""
        source = """
            pytestmark = pytest.mark.asynctestkit(loop_scope="module")
            ended = []

            @asynctestkit.fail_on(pending_tasks=False)
            async def test_leaves():
                loop = asyncio.get_running_loop()
                task = loop.create_task(asyncio.sleep(60))
                task.add_done_callback(lambda task: ended.append(task.cancelled()))
                await asyncio.sleep(0)

            async def test_ended():
                assert ended == [True]
                assert asyncio.all_tasks() == {asyncio.current_task()}
        """
        self.assert_pass(source, count=2)

    def test_loop_outlives_fixtures(self) -> None:
        """What plain code of a class or module set up before the loop was opened is taken down before it is closed."""
        source = """
            class TestClass:
                @classmethod
                def teardown_class(cls):
                    assert not cls.loop.is_closed()

                def test_plain(self):
                    pass

                @pytest.mark.asynctestkit(loop_scope="class")
                async def test_it(self):
                    type(self).loop = asyncio.get_running_loop()

            def test_closed():
                assert TestClass.loop.is_closed()

            @pytest.fixture(scope="module")
            def wide():
                loops = []
                yield loops
                assert not loops[0].is_closed()

            def test_before(wide):
                pass

            @pytest.mark.asynctestkit(loop_scope="module")
            async def test_module(wide):
                wide.append(asyncio.get_running_loop())
        """
        self.assert_pass(source, count=5)

    def test_loop_factory(self) -> None:
        """`loop_factory` makes the loop, once for each test, or once for those who share it."""
        source = """
            class Loop(asyncio.SelectorEventLoop):
                pass

            seen = []

            @pytest.mark.asynctestkit(loop_factory=Loop)
            class TestOwn:
                async def test_a(self):
                    assert type(asyncio.get_running_loop()) is Loop

            @pytest.mark.asynctestkit(loop_factory=Loop, loop_scope="module")
            class TestShared:
                async def test_a(self):
                    seen.append(asyncio.get_running_loop())

                async def test_b(self):
                    assert seen == [asyncio.get_running_loop()] and type(seen[0]) is Loop
        """
        self.assert_pass(source, count=3)

    def test_timeout(self) -> None:
        """A mark's timeout goes before the option's, None lifts it; the test ends and says how long it had."""
        source = """
            @pytest.mark.asynctestkit(timeout=0.2)
            async def test_own():
                await asyncio.Event().wait()

            async def test_of_the_run():
                await asyncio.Event().wait()

            @pytest.mark.asynctestkit(timeout=None)
            async def test_none():
                await asyncio.sleep(0.1)
        """
        self.assertEqual(
            self.outcomes(source, "--asynctestkit-timeout=0.5"),
            [
                "FAILED test_of_the_run - TimeoutError: test_of_the_run exceeded its limit of 0.5 s in the body",
                "FAILED test_own - TimeoutError: test_own exceeded its limit of 0.2 s in the body",
                "PASSED test_none",
                "2 failed, 1 passed",
            ],
        )

    def test_debug(self) -> None:
        """Debug mode is off unless the option or the ini key turns it on."""
        source = "async def test_it():\n    assert asyncio.get_running_loop().get_debug() is {}\n"
        self.assert_pass(source.format(False), count=1)
        self.assert_pass(source.format(True), "--asynctestkit-debug", count=1)
        self.assert_pass(source.format(True), count=1, ini="asynctestkit_debug = true\n")

    def test_context_of_tests(self) -> None:
        """What a test sets in a context variable dies with it, also on a shared loop."""
        source = """
            var = contextvars.ContextVar("var")

            @pytest.mark.parametrize("n", range(2))
            async def test_own(n):
                assert var.get(None) is None
                var.set(n)

            @pytest.mark.asynctestkit(loop_scope="module")
            @pytest.mark.parametrize("n", range(2))
            async def test_shared(n):
                assert var.get(None) is None
                var.set(n)

            def test_plain():
                assert var.get(None) is None
        """
        self.assert_pass(source, count=5)


if __name__ == "__main__":
    unittest.main()
