"""Async code that nobody would run, or that cannot work: each is told with its cause and its fix."""

from __future__ import annotations

import textwrap
import unittest

from tests.pytest_shim.support import ANYIO_TEST, STUBBORN, PluginTest


class StrictModeTest(PluginTest):
    """What strict mode leaves alone."""

    ini = "asynctestkit_mode = strict\n"

    def test_unmarked_test(self) -> None:
        """An async test without a mark fails, and is told about the mark and the mode."""
        code, said = self.run_pytest("async def test_it(): pass", ini=self.ini)
        self.assertEqual(code, 1, said)
        self.assertIn("async test 'test_it' is not marked, so that in strict mode nobody runs it", said)
        self.assertIn("fix:  mark it @pytest.mark.asynctestkit, or set asynctestkit_mode = auto", said)
        self.assertNotIn("install", said)

    def test_unresolved_fixture(self) -> None:
        """So is a plain test that asks for an async fixture; one declared with our `fixture` is opened."""
        source = """
            from asynctestkit.pytest_plugin import fixture

            @pytest.fixture
            async def theirs():
                yield 3

            @fixture
            async def ours():
                yield 3

            def test_theirs(theirs): pass

            def test_ours(ours):
                assert ours == 3
        """
        lines = self.outcomes(source, ini=self.ini)
        self.assertEqual(lines[-1], "1 passed, 1 error")
        self.assertRegex(lines[0], "^ERROR test_theirs - Failed: async fixture 'theirs' is asked for by a test that is")

    def test_next_user_of_a_fixture(self) -> None:
        """A test that is marked gets the fixture that one before it was refused, whatever its scope."""
        source = """
            @pytest.fixture(params=[1])
            async def narrow(wide):
                return wide

            @pytest.fixture(scope="module")
            async def wide():
                return 3

            async def test_unmarked(narrow): pass

            @pytest.mark.asynctestkit
            async def test_marked(narrow):
                assert narrow == 3
        """
        self.assertEqual(self.outcomes(source, ini=self.ini)[-1], "1 passed, 1 error")

    def test_marked_by_its_module(self) -> None:
        """A mark on the module or class is a mark."""
        source = """
            pytestmark = pytest.mark.asynctestkit

            @pytest.fixture
            async def fixture():
                yield 3

            async def test_it(fixture):
                assert fixture == 3

            def test_plain(fixture):
                assert fixture == 3
        """
        self.assert_pass(source, count=2, ini=self.ini)


class PlainCaseTest(PluginTest):
    """`async def` in a plain `unittest.TestCase`."""

    def test_methods(self) -> None:
        """An async test or hook that unittest would never await fails the tests it concerns, and no other."""
        source = """
            class MethodsTest(unittest.TestCase):
                async def test_async(self):
                    self.fail("it ran")

                def test_plain(self):
                    pass

                @unittest.skip("not now")
                async def test_skipped(self): pass

            class HookTest(unittest.TestCase):
                async def setUp(self): pass

                def test_plain(self): pass

            class InheritsTest(MethodsTest):
                pass
        """
        lines = self.outcomes(source)
        self.assertEqual(
            [line.partition(" - ")[0] for line in lines if not line.startswith("SKIPPED")],
            [
                "ERROR HookTest::test_plain",
                "ERROR InheritsTest::test_async",
                "ERROR MethodsTest::test_async",
                "PASSED InheritsTest::test_plain",
                "PASSED MethodsTest::test_plain",
                "2 passed, 2 skipped, 3 errors",
            ],
        )
        self.assertIn("MethodsTest.test_async is async, and unittest.TestCase never awaits it", lines[2])

    def test_class_hooks(self) -> None:
        """So does an async hook of the class, of unittest's own async class, too; `@async_hook` awaits it."""
        source = """
            class HookTest(unittest.TestCase):
                @classmethod
                async def setUpClass(cls): pass

                def test_it(self): pass

            class IsolatedTest(unittest.IsolatedAsyncioTestCase):
                @classmethod
                async def tearDownClass(cls): pass

                async def test_it(self): pass

            class DecoratedTest(unittest.TestCase):
                @classmethod
                @asynctestkit.async_hook
                async def setUpClass(cls):
                    cls.value = 3

                def test_it(self):
                    self.assertEqual(self.value, 3)
        """
        _, said = self.run_pytest(source, "-W", "ignore")  # Python says, too, that the coroutine was never awaited
        self.assertIn("1 passed, 2 errors", said)
        self.assertIn("HookTest.setUpClass is async, and unittest.TestCase never awaits it", said)
        self.assertIn("IsolatedTest.tearDownClass is async, and unittest.IsolatedAsyncioTestCase never awaits it", said)

    def test_cases_that_await(self) -> None:
        """Decorated methods, unittest's own async class, and classes that run their methods themselves are fine."""
        source = """
            from asynctestkit import async_test

            class DecoratedTest(unittest.TestCase):
                @async_test
                async def test_it(self):
                    await asyncio.sleep(0)

            class IsolatedTest(unittest.IsolatedAsyncioTestCase):
                async def test_it(self):
                    await asyncio.sleep(0)

            class OwnTest(unittest.TestCase):
                def _callTestMethod(self, method):
                    asyncio.run(method())

                async def test_it(self):
                    await asyncio.sleep(0)
        """
        self.assertIn("3 passed", self.run_pytest(source, "-W", "default")[1])


class FindingsTest(PluginTest):
    """What is found in a test that has not passed."""

    def test_once(self) -> None:
        """It is a section of the test's report, once, whatever pytest's own outcome is that ended it."""
        source = """
            async def forgotten(): pass

            @pytest.fixture
            async def value():
                yield 3

            async def test_error(value):
                forgotten()
                raise ValueError

            async def test_fail():
                forgotten()
                pytest.fail("on purpose")

            async def test_raises(value):
                with pytest.raises(ValueError):
                    forgotten()

            async def test_skip():
                forgotten()
                pytest.skip("on purpose")
        """
        _, said = self.run_pytest(source)
        self.assertIn("3 failed, 1 skipped", said)
        self.assertEqual(said.count("coroutine 'forgotten' was never awaited"), 3, said)

    def test_set_up(self) -> None:
        """In a fixture that fails it is an error of its own: pytest shows nothing that comes after the first."""
        source = """
            async def forgotten(): pass

            @pytest.fixture
            async def fails():
                forgotten()
                raise ValueError

            async def test_it(fails): pass
        """
        lines = self.outcomes(source)
        self.assertEqual(lines[-1], "2 errors")
        self.assertIn("coroutine 'forgotten' was never awaited", lines[1])


class GroupTest(PluginTest):
    """Several errors at once, none of which has a line of the user's."""

    def test_run_goes_on(self) -> None:
        """They are one error of their test, whatever pytest makes of a group of which it shows no frame."""
        source = """
            from conftest import stubborn

            async def test_two():
                global TASKS
                TASKS = [asyncio.create_task(stubborn()) for _ in range(2)]
                await asyncio.sleep(0)

            async def test_next(): pass
        """
        lines = self.outcomes(source, "--asynctestkit-timeout=0.5", conftest=STUBBORN)
        self.assertEqual(lines[-1], "1 failed, 1 passed, 1 error")
        self.assertRegex(lines[0], "^ERROR test_two - ExceptionGroup: 2 steps failed at the end of test")


class NestedLoopTest(PluginTest):
    """A loop that is run inside the running one."""

    def test_in_a_fixture(self) -> None:
        """It is told in an async fixture, too, and where another loop is run."""
        source = """
            @pytest.fixture
            async def nested():
                asyncio.new_event_loop().run_until_complete(None)

            async def test_it(nested): pass
        """
        _, said = self.run_pytest(source, "-W", "ignore")
        self.assertIn("Cannot run the event loop while another loop is running\n", said)
        self.assertIn("fix: write `await ...` instead of running a loop here", said)

    def test_told(self) -> None:
        """`asyncio.run` and `run_until_complete` in an async test fail as ever, with the fix beside it."""
        source = """
            async def test_run():
                coroutine = asyncio.sleep(0)
                try:
                    asyncio.run(coroutine)
                finally:
                    coroutine.close()

            async def test_other():
                raise RuntimeError("something else")
        """
        _, said = self.run_pytest(source)
        self.assertIn("asyncio.run() cannot be called from a running event loop", said)
        self.assertEqual(said.count("fix: write `await ...` instead of running a loop here"), 1, said)


class AnyioTest(PluginTest):
    """anyio's plugin, which is installed wherever anyio is."""

    def setUp(self) -> None:
        try:
            import anyio
        except ImportError:
            self.skipTest("anyio is not installed")
        self.assertTrue(anyio)

    def test_marked_cases(self) -> None:
        """Its mark on a class or a module does not take our classes away; its own tests are its."""
        source = """
            pytestmark = pytest.mark.anyio

            @pytest.fixture(params=["asyncio"])
            def anyio_backend(request):
                return request.param

            @pytest.mark.anyio
            class CaseTest(asynctestkit.AsyncTestCase):
                async def asyncSetUp(self):
                    self.ready = True

                async def test_it(self):
                    self.assertTrue(self.ready)

            async def test_theirs(anyio_backend_name):
                assert anyio_backend_name == "asyncio"
                assert "TestRunner" in repr(asyncio.current_task())
        """
        self.assertEqual(self.outcomes(source), ["PASSED CaseTest::test_it", "PASSED test_theirs[asyncio]", "2 passed"])

    def test_fixtures(self) -> None:
        """Async fixtures of its tests are its own; ours beside them are ours."""
        ours = """
            async def test_ours(task):
                assert task is asyncio.current_task() and "HostTask" in repr(task)
        """
        self.assert_pass(ANYIO_TEST + textwrap.dedent(ours), count=2)


if __name__ == "__main__":
    unittest.main()
