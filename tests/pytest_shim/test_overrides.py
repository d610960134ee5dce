"""Fixtures called `event_loop` and `event_loop_policy`, as suites for older versions of pytest-asyncio have them."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest


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
        for _ in range(2):  # a task of ours that the first run has left would be told of in the second
            self.assert_pass(source, *self.quiet, count=4)

    def test_plain_test(self) -> None:
        """A plain test with an async fixture that has nothing to close is over before its loop is closed."""
        source = """
            @pytest.fixture
            def event_loop():
                loop = asyncio.new_event_loop()
                yield loop
                loop.close()

            @pytest.fixture
            async def value():
                return 3

            def test_plain(value):
                assert value == 3

            async def test_async(value):
                assert value == 3
        """
        self.assert_pass(source, *self.quiet, count=2)

    def test_kept_by_plain_fixtures(self) -> None:
        """What a plain fixture has started on a loop that outlives the test is none of the test's, and goes on."""
        source = """
            @pytest.fixture(scope="SCOPE")
            def event_loop():
                loop = asyncio.new_event_loop()
                yield loop
                loop.close()

            @pytest.fixture(scope="SCOPE")
            def worker(event_loop):
                task = event_loop.create_task(asyncio.Event().wait())
                yield task
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    event_loop.run_until_complete(task)

            async def test_a(worker):
                assert not worker.done()

            async def test_b(worker):
                assert not worker.done()

            def test_plain(worker, event_loop):
                assert not worker.done() and not event_loop.is_closed()

            async def test_own_task(worker):
                asyncio.create_task(asyncio.Event().wait())
        """
        for scope in ("module", "session"):
            with self.subTest(scope):
                lines = self.outcomes(source.replace("SCOPE", scope), *self.quiet)
                self.assertEqual(lines[-1], "1 failed, 3 passed")
                self.assertIn("FAILED test_own_task", lines[0])

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

    def test_policy_is_asyncios(self) -> None:
        """What `event_loop_policy` gives is asyncio's policy until it is finished, for plain code and tests."""
        conftest = """
            import warnings
            import asyncio.events as events

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # asyncio's own, from 3.14 on

                class Policy(asyncio.DefaultEventLoopPolicy): pass

            def current_policy():
                return getattr(events, "_event_loop_policy")

            @pytest.fixture(autouse=True, scope="session")
            def watch():
                policy = Policy()
                events._event_loop_policy, before = policy, current_policy()
                policy.set_event_loop(kept := asyncio.new_event_loop())
                yield policy
                assert current_policy() is policy and policy.get_event_loop() is kept
                kept.close()
                events._event_loop_policy = before
        """
        source = """
            from conftest import Policy, current_policy

            @pytest.fixture(scope="SCOPE")
            def event_loop_policy():
                before = current_policy()
                yield Policy()
                assert current_policy() is before

            @pytest.fixture
            async def narrow(event_loop_policy):
                assert current_policy() is event_loop_policy
                yield
                assert current_policy() is event_loop_policy

            @pytest.fixture(scope="SCOPE")
            def plain(event_loop_policy):
                yield
                assert current_policy() is event_loop_policy

            async def test_async(event_loop_policy, narrow):
                assert current_policy() is event_loop_policy

            def test_plain(event_loop_policy, narrow, plain):
                assert current_policy() is event_loop_policy

            def test_alone(event_loop_policy):
                assert current_policy() is event_loop_policy
        """
        for scope in ("function", "module"):
            with self.subTest(scope):
                self.assert_pass(source.replace("SCOPE", scope), *self.quiet, count=3, conftest=conftest)
        wide = source.replace("@pytest.fixture\n", '@pytest.fixture(scope="module")\n').replace("SCOPE", "session")
        self.assert_pass(wide, *self.quiet, count=3, conftest=conftest)

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

    def test_note_tells_the_place(self) -> None:
        """The note stands at the fixture's own line, and a filter by its module finds it."""
        conftest = """
            @pytest.fixture
            def event_loop():
                loop = asyncio.new_event_loop()
                yield loop
                loop.close()
        """
        source = "async def test_it(): pass"
        _, said = self.run_pytest(source, "-W", "default::pytest.PytestDeprecationWarning", conftest=conftest)
        self.assertRegex(said, r"/conftest\.py:6: PytestDeprecationWarning: fixture 'event_loop' is overridden")
        self.assert_pass(source, "-W", "ignore::pytest.PytestDeprecationWarning:conftest", count=1, conftest=conftest)

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


if __name__ == "__main__":
    unittest.main()
