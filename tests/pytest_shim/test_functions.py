"""Plain `async def` tests: functions and methods, their marks, their loops, what they may not do."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest


class FunctionsTest(PluginTest):
    """Async tests that ask for nothing."""

    def test_functions_and_methods(self) -> None:
        """Functions, methods, static and class methods run; what fails in them fails them, with its own error."""
        source = """
            async def test_passes():
                await asyncio.sleep(0)

            async def test_fails():
                assert await asyncio.sleep(0, 1) == 2

            def test_plain():
                asyncio.run(asyncio.sleep(0))

            class TestMethods:
                async def test_method(self):
                    await asyncio.sleep(0)

                @staticmethod
                async def test_static():
                    assert asyncio.get_running_loop()

                @classmethod
                async def test_class(cls):
                    assert asyncio.get_running_loop() and cls is TestMethods
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "FAILED test_fails - assert 1 == 2",
                "PASSED TestMethods::test_class",
                "PASSED TestMethods::test_method",
                "PASSED TestMethods::test_static",
                "PASSED test_passes",
                "PASSED test_plain",
                "1 failed, 5 passed",
            ],
        )

    def test_marks(self) -> None:
        """parametrize, skip, skipif, xfail and usefixtures count as they do for plain tests."""
        source = """
            used = []

            @pytest.fixture
            def fixture():
                used.append("fixture")

            @pytest.mark.parametrize("n", [1, 2])
            async def test_many(n):
                assert n < 2

            @pytest.mark.skip(reason="not now")
            async def test_skipped():
                raise AssertionError("it ran")

            async def test_skips():
                pytest.skip("not here")

            @pytest.mark.xfail(strict=True, raises=ValueError)
            async def test_expected():
                raise ValueError("as expected")

            @pytest.mark.usefixtures("fixture")
            async def test_uses():
                assert used == ["fixture"]
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "FAILED test_many[2] - assert 2 < 2",
                "PASSED test_many[1]",
                "PASSED test_uses",
                "SKIPPED [1] test_program.py:16: not now",
                "SKIPPED [1] test_program.py:21: not here",
                "XFAIL test_expected",
                "1 failed, 2 passed, 2 skipped, 1 xfailed",
            ],
        )

    def test_wrappers(self) -> None:
        """A plain wrapper that returns a coroutine, a partial and mocks: what they stand for is awaited."""
        source = """
            from unittest import mock

            ran = []

            def logged(function):
                @functools.wraps(function)
                def wrapper(*args, **kwargs):
                    return function(*args, **kwargs)
                return wrapper

            @logged
            async def test_wrapped(tmp_path):
                await asyncio.sleep(0)
                ran.append(tmp_path)

            @mock.patch("asyncio.sleep")
            async def test_patched(sleep):
                assert asyncio.sleep is sleep
                ran.append(sleep)

            def test_both_ran():
                assert len(ran) == 2
        """
        self.assert_pass(source, count=3)

    def test_one_line_per_failure(self) -> None:
        """A failure shows the user's lines and none of the machinery; the switch shows all."""
        source = "async def test_fails():\n    assert await asyncio.sleep(0, 1) == 2\n"
        said = self.run_pytest(source)[1]
        self.assertIn("test_program.py:6: in test_fails", said)
        self.assertNotIn("asynctestkit/", said)

    def test_values(self) -> None:
        """A test that yields or returns something proves nothing, and fails."""
        source = """
            async def test_yields():
                yield 1

            async def test_returns():
                return 1
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "FAILED test_returns - asynctestkit.SilentPassError: test_returns returned 1; a test must return None",
                "FAILED test_yields - asynctestkit.SilentPassError: "
                "test_yields is an async generator: its body did not run",
                "2 failed",
            ],
        )

    def test_hypothesis(self) -> None:
        """`@given` draws for async functions and methods, all examples of one test on one loop."""
        try:
            import hypothesis
        except ImportError:
            self.skipTest("hypothesis is not installed")
        self.assertTrue(hypothesis)
        source = """
            from hypothesis import given, settings, strategies

            few = settings(max_examples=5, database=None, deadline=None, derandomize=True)
            loops = set()
            drawn = []

            @pytest.fixture(scope="module")
            async def fixture():
                yield asyncio.get_running_loop()

            @few
            @given(n=strategies.integers())
            async def test_function(n, fixture):
                await asyncio.sleep(0)
                drawn.append(n)
                loops.add(fixture)
                loops.add(asyncio.get_running_loop())

            class TestMethods:
                @few
                @given(strategies.integers(min_value=1))
                async def test_method(self, n):
                    await asyncio.sleep(0)
                    assert n < 1

            def test_that_it_drew():
                assert 1 < len(drawn) < 6
                assert len(loops) == 1
        """
        self.assertEqual(
            [line.partition(" - ")[0] for line in self.outcomes(source)],
            [
                "FAILED TestMethods::test_method",
                "PASSED test_function",
                "PASSED test_that_it_drew",
                "1 failed, 2 passed",
            ],
        )

    def test_pytests_own_fixtures(self) -> None:
        """capsys, caplog, monkeypatch, tmp_path, request, recwarn see the test as they see plain ones."""
        source = """
            import logging, os, warnings

            async def test_all(capsys, caplog, monkeypatch, request, tmp_path):
                await asyncio.sleep(0)
                print("said")
                logging.getLogger().warning("logged")
                monkeypatch.setenv("SET_HERE", "yes")
                await asyncio.sleep(0)
                assert capsys.readouterr().out == "said\\n"
                assert caplog.messages == ["logged"]
                assert request.node.name == "test_all"

            async def test_gone():
                assert "SET_HERE" not in os.environ

            async def test_warns(recwarn):
                warnings.warn("careful")
                assert [str(one.message) for one in recwarn] == ["careful"]
        """
        self.assert_pass(source, count=3)

    def test_subtests(self) -> None:
        """The `subtests` fixture reports inside an async test."""
        source = """
            async def test_some(subtests):
                for n in range(3):
                    with subtests.test(n=n):
                        await asyncio.sleep(0)
                        assert n < 2
        """
        _, said = self.run_pytest(source)
        if "fixture 'subtests' not found" in said:
            self.skipTest("this pytest has no subtests")
        outcomes = self.outcomes(source)
        self.assertRegex("\n".join(outcomes), r"(?m)^(SUBFAILED\(n=2\)|\(n=2\) SUBFAIL) test_some - assert 2 < 2$")

    def test_selection_and_junit(self) -> None:
        """`-k`, node ids, `-x`, `--lf` and junit XML work."""
        source = """
            async def test_a():
                assert False

            async def test_b(record_property):
                record_property("key", "value")
        """
        self.assertEqual(self.outcomes(source, "test_program.py::test_b"), ["PASSED test_b", "1 passed"])
        self.assertEqual(self.outcomes(source, "-k", "b"), ["PASSED test_b", "1 passed, 1 deselected"])
        self.assertEqual(self.outcomes(source, "-x")[0], "FAILED test_a - assert False")
        self.assertEqual(
            self.outcomes(source, "-k", "b", "--junit-xml=junit.xml", ini="junit_family = xunit1")[0], "PASSED test_b"
        )


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

            async def test_leaves():
                loop = asyncio.get_running_loop()
                test_leaves.task = loop.create_task(linger())
                await asyncio.sleep(0)

            def test_ended():
                assert ended == [True] and test_leaves.task.cancelled()
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

            async def test_leaves():
                loop = asyncio.get_running_loop()
                test_leaves.task = loop.create_task(asyncio.sleep(60))
                await asyncio.sleep(0)

            async def test_ended():
                assert test_leaves.task.cancelled()
                assert asyncio.all_tasks() == {asyncio.current_task()}
        """
        self.assert_pass(source, count=2)

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
            @pytest.mark.asynctestkit(timeout=0.02)
            async def test_own():
                await asyncio.Event().wait()

            async def test_of_the_run():
                await asyncio.Event().wait()

            @pytest.mark.asynctestkit(timeout=None)
            async def test_none():
                await asyncio.sleep(0.1)
        """
        self.assertEqual(
            self.outcomes(source, "--asynctestkit-timeout=0.05"),
            [
                "FAILED test_of_the_run - TimeoutError: test_of_the_run ran longer than its limit of 0.05 s",
                "FAILED test_own - TimeoutError: test_own ran longer than its limit of 0.02 s",
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


class OptionsTest(PluginTest):
    """Options, ini keys and marks."""

    def test_described(self) -> None:
        """`--help` and `--markers` describe what there is."""
        said = self.run_pytest("", "--help")[1]
        for name in ("--asynctestkit-timeout", "--asynctestkit-debug", "asynctestkit_mode (string)"):
            with self.subTest(name):
                self.assertIn(name, said)
        self.assertIn("@pytest.mark.asynctestkit(*, loop_scope=None", self.run_pytest("", "--markers")[1])

    def test_wrong_values(self) -> None:
        """A value that cannot be ends the run with the valid ones, before any test."""
        for option, ini, words in (
            ("--asynctestkit-timeout=0", "", "above 0, or None, not 0.0"),
            ("--asynctestkit-timeout=soon", "", "not 'soon'"),
            ("-q", "asynctestkit_timeout = -1\n", "write 5.0 for five seconds, none for no limit"),
            ("-q", "asynctestkit_mode = automatic\n", "use one of 'auto', 'strict'"),
        ):
            with self.subTest(option=option, ini=ini):
                code, said = self.run_pytest("async def test_it(): pass", option, ini=ini)
                self.assertEqual(code, 4, said)
                self.assertIn(words, said)

    def test_wrong_marks(self) -> None:
        """A wrong mark fails the test, and says what is valid and where it stands."""
        source = """
            @pytest.mark.asynctestkit(loop_scope="modul")
            async def test_scope(): pass

            @pytest.mark.asynctestkit("module")
            async def test_position(): pass

            @pytest.mark.asynctestkit(speed=3)
            async def test_unknown(): pass

            @pytest.mark.asynctestkit(timeout="soon")
            async def test_timeout(): pass

            @pytest.mark.asynctestkit(loop_factory=3)
            async def test_factory(): pass

            @pytest.mark.asynctestkit(loop_scope="class")
            async def test_no_class(): pass
        """
        self.assertEqual(
            [line.replace(" - asynctestkit.UsageError:", ":") for line in self.outcomes(source)],
            [
                "FAILED test_factory: loop_factory must be a plain callable that returns a new event loop, not 3",
                "FAILED test_no_class: loop_scope 'class' needs a class, and the test is in none",
                "FAILED test_position: @pytest.mark.asynctestkit does not know 'module'",
                "FAILED test_scope: loop_scope must be a scope, not 'modul'",
                "FAILED test_timeout: timeout must be a number of seconds above 0, or None, not 'soon'",
                "FAILED test_unknown: @pytest.mark.asynctestkit does not know speed",
                "6 failed",
            ],
        )
        said = self.run_pytest(source, "-k", "test_scope")[1]
        self.assertIn("use one of 'test', 'class', 'module', 'package', 'session'", said)
        self.assertRegex(said, r"where +@pytest.mark.asynctestkit on test_program.py::test_scope, .*test_program.py:6")


if __name__ == "__main__":
    unittest.main()
