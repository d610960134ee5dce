"""`AsyncTestCase`, `@async_test` and our fixtures under pytest with the plugin."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest, run_pytest


class PytestFixturesTest(PluginTest):
    """pytest's fixtures in tests of AsyncTestCase."""

    def test_parameters(self) -> None:
        """A parameter that our lookup does not find is pytest's: of the module, a conftest, a plugin; ours go first."""
        conftest = """
            @pytest.fixture
            def letter():
                return "a"
        """
        source = """
            from asynctestkit import AsyncTestCase, fixture, parametrize

            @pytest.fixture
            async def number():
                yield asyncio.current_task()

            @fixture
            async def ours():
                return asyncio.current_task()

            class CaseTest(AsyncTestCase):
                async def test_async(self, number, tmp_path, letter, ours):
                    self.assertIs(number, asyncio.current_task())
                    self.assertIs(ours, number)
                    self.assertTrue(tmp_path.is_dir())
                    self.assertEqual(letter, "a")

                def test_plain(self, number, letter):
                    self.assertEqual(letter, "a")
                    self.assertFalse(number.done())

                @parametrize("n", [1, 2])
                async def test_many(self, n, letter):
                    self.assertEqual(letter, "a")

                async def test_none(self):
                    pass
        """
        self.assert_pass(source, count=5, conftest=conftest)

    def test_unknown(self) -> None:
        """A name that nobody knows is our own error, as under unittest."""
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                async def test_it(self, nowhere): pass
        """
        _, said = self.run_pytest(source)
        self.assertIn("FixtureError: no fixture is called 'nowhere'", said)

    def test_autouse(self) -> None:
        """Async fixtures that the class uses run in the test's task, around set-up and tear-down."""
        source = """
            events = []

            class CaseTest(asynctestkit.AsyncTestCase):
                @pytest.fixture(autouse=True)
                async def around(self):
                    self.task = asyncio.current_task()
                    yield
                    events.append("closed")
                    assert asyncio.current_task() is self.task

                async def asyncSetUp(self):
                    self.assertIs(self.task, asyncio.current_task())

                async def test_it(self):
                    self.assertIs(self.task, asyncio.current_task())

                async def asyncTearDown(self):
                    events.append("torn down")

            def test_order():
                assert events == ["torn down", "closed"]
        """
        self.assert_pass(source, count=2)

    def test_wide(self) -> None:
        """A test that uses a wider fixture of pytest's joins its loop, also beside our own wider fixtures."""
        source = """
            from asynctestkit import AsyncTestCase, fixture

            @pytest.fixture(scope="module")
            async def wide():
                yield asyncio.get_running_loop()

            @fixture(scope="module")
            async def ours():
                yield asyncio.get_running_loop()

            class CaseTest(AsyncTestCase):
                async def test_a(self, wide):
                    self.assertIs(wide, asyncio.get_running_loop())

                async def test_b(self, wide, ours):
                    self.assertIs(wide, asyncio.get_running_loop())
                    self.assertIs(ours, wide)
        """
        self.assert_pass(source, count=2)

    def test_scope_that_fires(self) -> None:
        """A timeout that such a fixture holds open ends the test, which fails with its error."""
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                @pytest.fixture(autouse=True)
                async def limit(self):
                    async with asyncio.timeout(0.02):
                        yield

                async def test_it(self):
                    await asyncio.Event().wait()
        """
        said = self.outcomes(source)
        self.assertEqual(said[-1], "1 failed", said)
        self.assertIn("FAILED CaseTest::test_it - TimeoutError", said)


class OurFixturesTest(PluginTest):
    """Our fixtures in plain pytest tests."""

    def test_names(self) -> None:
        """Plain and async tests get them, from the class, the module, its package or the registry, in any mix."""
        package = """
            from asynctestkit import fixture

            @fixture
            async def of_package():
                return "package"
        """
        source = """
            from asynctestkit import fixture, registry

            @fixture
            async def ours():
                yield asyncio.current_task()

            @fixture
            def plain(ours):
                return ours

            @registry.register
            @fixture
            async def registered():
                return "registered"

            @pytest.fixture
            async def mixed(ours):
                assert ours is asyncio.current_task()
                return ours

            async def test_async(ours, plain, mixed):
                assert ours is plain is mixed is asyncio.current_task()

            def test_plain(ours, of_package, registered, tmp_path):
                assert not ours.done()
                assert (of_package, registered) == ("package", "registered")

            class TestClass:
                @fixture
                async def value(self):
                    return type(self).__name__

                async def test_method(self, value, ours):
                    assert value == "TestClass" and ours is asyncio.current_task()
        """
        files = {"pkg/__init__.py": package, "pkg/test_inner.py": source, "test_program.py": ""}
        self.assert_pass("", "pkg", count=3, files=files)

    def test_closed(self) -> None:
        """They are closed after the test, last first, and a failure in that is an error at tear-down."""
        source = """
            from asynctestkit import fixture

            events = []

            @fixture
            async def first():
                yield
                events.append("first")

            @fixture
            async def second(first):
                yield
                events.append("second")

            @fixture
            async def breaks():
                yield
                raise ValueError("at close")

            async def test_it(second):
                events.append("test")

            def test_closed():
                assert events == ["test", "second", "first"]

            async def test_breaks(breaks): pass
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "ERROR test_breaks - ValueError: at close",
                "PASSED test_breaks",
                "PASSED test_closed",
                "PASSED test_it",
                "3 passed, 1 error",
            ],
        )

    def test_params_and_autouse(self) -> None:
        """Params make one test each; a fixture that every test uses is used by plain tests, too."""
        source = """
            from asynctestkit import fixture

            used = []

            @fixture(autouse=True)
            async def always():
                used.append(1)

            @fixture(params=["a", "b"])
            async def letter(param):
                return param

            @fixture
            async def doubled(letter):
                return letter * 2

            async def test_letter(letter):
                assert letter in "ab"

            def test_doubled(doubled):
                assert doubled in ("aa", "bb")

            def test_used():
                assert len(used) == 5
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "PASSED test_doubled[a]",
                "PASSED test_doubled[b]",
                "PASSED test_letter[a]",
                "PASSED test_letter[b]",
                "PASSED test_used",
                "5 passed",
            ],
        )

    def test_wide_ones_end_with_pytests_scopes(self) -> None:
        """Module and class fixtures are shared by all kinds of tests, and end when pytest leaves the module, class."""
        source = """
            from asynctestkit import AsyncTestCase, fixture

            events = []

            def wide(scope):
                @fixture(scope=scope, name=scope + "_wide")
                async def give():
                    events.append("open " + scope)
                    yield asyncio.get_running_loop()
                    events.append("close " + scope)
                return give

            session_wide, module_wide, class_wide = wide("session"), wide("module"), wide("class")

            class CaseTest(AsyncTestCase):
                async def test_it(self, module_wide, session_wide):
                    self.assertIs(module_wide, asyncio.get_running_loop())

            async def test_async(module_wide):
                assert module_wide is asyncio.get_running_loop()

            class TestClass:
                async def test_a(self, class_wide, module_wide):
                    assert class_wide is module_wide is asyncio.get_running_loop()

                def test_b(self, class_wide):
                    assert not class_wide.is_running()

            def test_class_is_closed():
                assert events == ["open module", "open session", "open class", "close class"]
        """
        other = """
            import sys
            import test_program

            def test_module_is_closed():
                assert test_program.events[-1:] == ["close module"]
        """
        conftest = """
            def pytest_unconfigure():
                import sys
                print("last:", sys.modules["test_program"].events[-1])
        """
        said = self.run_pytest(
            source, "test_program.py", "test_zother.py", conftest=conftest, files={"test_zother.py": other}
        )[1]
        self.assertIn("6 passed", said)
        self.assertIn("last: close session", said)


class DecoratedTest(PluginTest):
    """`@async_test` functions under the plugin."""

    def test_one_life(self) -> None:
        """They run in the item's life: with async fixtures of pytest's and ours, in one task."""
        source = """
            from asynctestkit import async_test, fixture, parametrize
            from unittest import mock

            @pytest.fixture
            async def theirs():
                yield asyncio.current_task()

            @fixture(params=[1, 2])
            async def ours(param):
                return asyncio.current_task()

            @pytest.fixture(scope="module")
            async def wide():
                yield asyncio.get_running_loop()

            @async_test
            async def test_both(theirs, ours):
                assert theirs is ours is asyncio.current_task()

            @async_test
            async def test_wide(wide):
                assert wide is asyncio.get_running_loop()

            @async_test
            @parametrize("n", [1, 2])
            async def test_many(n, theirs):
                assert theirs is asyncio.current_task()

            @mock.patch("asyncio.sleep")
            @async_test
            async def test_patched(sleep, theirs):
                assert asyncio.sleep is sleep
                assert theirs is asyncio.current_task()

            def twice(function):
                @functools.wraps(function)
                def run(*args, **arguments):
                    variable.set("plain")
                    for _ in range(2):
                        function(*args, **arguments)
                    assert variable.get() == "plain, async, async"
                return run

            variable = contextvars.ContextVar("variable")

            @twice
            @async_test
            async def test_twice(theirs):
                variable.set(variable.get() + ", async")
                assert theirs is asyncio.current_task()

            @async_test
            async def test_other():
                pass

            @async_test
            async def test_calls_another():
                with pytest.raises(asynctestkit.LoopError):
                    test_other()

            @async_test(timeout=0.02)
            async def test_timeout():
                await asyncio.Event().wait()

            @async_test
            async def test_returns():
                return 3
        """
        outcomes = self.outcomes(source)
        self.assertEqual(outcomes[-1], "2 failed, 9 passed", outcomes)  # test_both runs once for each of two params
        self.assertEqual(
            [line.partition(" - ")[0] for line in outcomes[:2]], ["FAILED test_returns", "FAILED test_timeout"]
        )


class DebuggerTest(PluginTest):
    """`--pdb`."""

    def debug(self, source: str, commands: str) -> str:
        files = {"test_program.py": source}
        return run_pytest(files, "-q", "-s", "--pdb", "--tb=short", given=commands).stdout

    def test_case(self) -> None:
        """Post-mortem is in the user's frame, before any tear-down, with the loop open; then it is torn down once."""
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                async def asyncSetUp(self):
                    self.addCleanup(print, "cleanup")
                    self.addAsyncCleanup(asyncio.sleep, 0)

                async def test_it(self):
                    here = 42
                    raise ValueError("wrong")

                async def asyncTearDown(self):
                    print("torn down", asyncio.get_running_loop() is self.loop)

                async def tearDown(self):
                    print("tearDown")

            def test_next():
                print("next")
        """
        said = self.debug(source, "p here, self.loop.is_closed()\nc\n")
        self.assertIn("(42, False)", said)
        self.assertRegex(said, r"(?s)\(42, False\).*torn down True.*tearDown.*cleanup.*next")
        self.assertEqual((said.count("torn down True"), said.count("cleanup\n")), (1, 1), said)

    def test_plain_method_of_a_case(self) -> None:
        """The same for a plain test method, whose tear-down may be async."""
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                def test_it(self):
                    here = 42
                    raise ValueError("wrong")

                async def tearDown(self):
                    print("torn down", asyncio.get_running_loop() is self.loop)
        """
        said = self.debug(source, "p here, self.loop.is_closed()\nc\n")
        self.assertRegex(said, r"(?s)\(42, False\).*torn down True")
        self.assertEqual(said.count("torn down True"), 1, said)

    def test_function(self) -> None:
        """A plain async test is met before its fixtures are closed."""
        source = """
            @pytest.fixture
            async def fixture():
                yield asyncio.get_running_loop()
                print("closed")

            async def test_it(fixture):
                here = 42
                assert here == 43
        """
        said = self.debug(source, "p here, fixture.is_closed()\nc\n")
        self.assertRegex(said, r"(?s)\(42, False\).*closed")

    def test_tear_down_fails(self) -> None:
        """What fails in the postponed tear-down is an error at tear-down; what passes is torn down at once."""
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                async def test_fails(self):
                    raise ValueError("wrong")

                async def test_passes(self):
                    pass

                async def asyncTearDown(self):
                    raise KeyError("torn down")
        """
        said = self.debug(source, "c\nc\nc\n")
        self.assertIn("2 failed, 1 error", said)


if __name__ == "__main__":
    unittest.main()
