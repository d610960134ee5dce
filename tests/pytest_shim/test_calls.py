"""Who calls an async test function: we do, where nobody else has a hand in that; else pytest, as it calls any test."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import STUBBORN, PluginTest

SOURCE = """
    async def test_passes(tmp_path):
        assert asyncio.get_running_loop()

    async def test_fails():
        await asyncio.sleep(0)
        assert 1 == 2
"""
"""A test that passes and one that fails, on a managed loop."""
OUTCOMES = ["FAILED test_fails - assert 1 == 2", "PASSED test_passes", "1 failed, 1 passed"]


class CallsTest(PluginTest):
    """Hooks of a conftest around and beside the call."""

    def test_hook_beside(self) -> None:
        """A hook that calls nothing itself is called, and finds a plain function in the place of the async one."""
        conftest = """
            import inspect

            def pytest_pyfunc_call(pyfuncitem):
                print("hook:", pyfuncitem.name, inspect.iscoroutinefunction(pyfuncitem.obj))
        """
        _, said = self.run_pytest(SOURCE, "-s", conftest=conftest)
        self.assertIn("hook: test_passes False", said)
        self.assertIn("hook: test_fails False", said)
        self.assertEqual(self.outcomes(SOURCE, conftest=conftest), OUTCOMES)

    def test_hook_that_decorates(self) -> None:
        """One that puts another function in the place of the test's is heeded."""
        conftest = """
            import functools

            def pytest_pyfunc_call(pyfuncitem):
                function = pyfuncitem.obj

                @functools.wraps(function)
                def decorated(*args, **arguments):
                    print("decorated:", pyfuncitem.name)
                    return function(*args, **arguments)

                pyfuncitem.obj = decorated
        """
        _, said = self.run_pytest(SOURCE, "-s", conftest=conftest)
        self.assertIn("decorated: test_passes", said)
        self.assertIn("1 failed, 1 passed", said)

    def test_own_runner(self) -> None:
        """A runner of a suite's own, which takes async functions only, leaves the tests to us."""
        conftest = """
            import asyncio, inspect

            def pytest_pyfunc_call(pyfuncitem):
                if inspect.iscoroutinefunction(pyfuncitem.obj):
                    print("its own runner")
                    asyncio.run(pyfuncitem.obj())
                    return True
        """
        _, said = self.run_pytest(SOURCE, "-s", conftest=conftest)
        self.assertNotIn("its own runner", said)
        self.assertIn("1 failed, 1 passed", said)

    def test_hook_around(self) -> None:
        """A wrapper sees that the test was called, and its error."""
        conftest = """
            import pytest

            @pytest.hookimpl(wrapper=True)
            def pytest_pyfunc_call(pyfuncitem):
                try:
                    called = yield
                    print("called:", pyfuncitem.name, called)
                    return called
                except AssertionError as error:
                    print("failed:", pyfuncitem.name, str(error).split(chr(10))[0])
                    raise
        """
        _, said = self.run_pytest(SOURCE, "-s", conftest=conftest)
        self.assertIn("called: test_passes True", said)
        self.assertIn("failed: test_fails assert 1 == 2", said)
        self.assertIn("1 failed, 1 passed", said)

    def test_arguments_unknown(self) -> None:
        """Where we cannot tell what a function is called with, pytest calls it."""
        conftest = """
            import pytest

            class Without:
                def __init__(self, info):
                    self.__dict__["info"] = info

                def __getattr__(self, name):
                    if name == "argnames" and asked_by_us():
                        raise AttributeError(name)
                    return getattr(self.info, name)

            def asked_by_us():
                import sys
                return sys._getframe(2).f_globals["__name__"].startswith("asynctestkit.")

            def pytest_collection_modifyitems(items):
                for item in items:
                    item._fixtureinfo = Without(item._fixtureinfo)
        """
        self.assertEqual(self.outcomes(SOURCE, conftest=conftest), OUTCOMES)

    def test_tracebacks(self) -> None:
        """A failure shows the test's lines and none of ours, whoever calls."""
        conftest = "def pytest_pyfunc_call(pyfuncitem): pass\n"
        for hooks in ("", conftest):
            with self.subTest(hooks):
                _, said = self.run_pytest(SOURCE, conftest=hooks)
                self.assertIn("test_program.py:11: in test_fails\n    assert 1 == 2\nE   assert 1 == 2\n===", said)
                self.assertNotIn("asynctestkit/", said)
                self.assertNotIn("pluggy", said)

    def test_ends_with_body(self) -> None:
        """A test that has no fixtures ends with its body: what its loop cannot end fails it."""
        source = """
            from conftest import stubborn

            @asynctestkit.fail_on(pending_tasks=False)
            async def test_leaves():
                test_leaves.kept = asyncio.create_task(stubborn(), name="stubborn")
                await asyncio.sleep(0)

            async def test_after(): pass
        """
        self.assertEqual(
            self.outcomes(source, "--asynctestkit-timeout=0.2", conftest=STUBBORN),
            [
                "FAILED test_leaves - asynctestkit.LoopError: task 'stubborn' did not end when it was cancelled",
                "PASSED test_after",
                "1 failed, 1 passed",
            ],
        )


class OtherThreadsTest(PluginTest):
    """Coroutines that plain code would have run by the test's loop while that runs."""

    def test_refused(self) -> None:
        """`run_async`, and an async fixture asked for by name, fail in another thread; the test goes on as it is."""
        source = """
            from concurrent.futures import ThreadPoolExecutor

            async def answer():
                await asyncio.sleep(0.05)
                return 200

            @pytest.fixture
            async def value():
                await asyncio.sleep(0.05)

            async def test_run(run_async):
                assert await asyncio.to_thread(lambda: run_async(answer())) == 200

            async def test_by_name(request):
                await asyncio.to_thread(request.getfixturevalue, "value")

            async def test_goes_on(run_async):
                with pytest.raises(asynctestkit.LoopError, match="of test_goes_on runs in another thread"):
                    await asyncio.to_thread(lambda: run_async(answer()))
                await asyncio.sleep(0)

            def test_many(run_async):
                with ThreadPoolExecutor(2) as pool:
                    list(pool.map(lambda _: run_async(answer()), range(2)))
        """
        lines = self.outcomes(source)
        self.assertEqual(lines[-1], "3 failed, 1 passed")
        for line, name in zip(lines, ("test_by_name", "test_many", "test_run"), strict=False):
            self.assertIn(f"FAILED {name} - asynctestkit.LoopError: the loop of {name} runs in another thread", line)


class ReplacedSleepTest(PluginTest):
    """Tests that replace `asyncio.sleep`, so as not to wait."""

    def test_scopes(self) -> None:
        """A scope that a fixture holds open still ends the test with its error."""
        source = """
            @pytest.fixture
            async def limited():
                async with asyncio.timeout(0.1):
                    yield

            async def test_it(monkeypatch, limited):
                monkeypatch.setattr(asyncio, "sleep", lambda delay, result=None: None)
                await asyncio.Event().wait()
        """
        self.assertEqual(self.outcomes(source), ["FAILED test_it - TimeoutError", "1 failed"])


if __name__ == "__main__":
    unittest.main()
