"""What the run's options and `@pytest.mark.asynctestkit` say, for test case classes and `@async_test`."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest, run_pytest


class TimeoutTest(PluginTest):
    """`asynctestkit_timeout`, `--asynctestkit-timeout` and the mark's `timeout=`."""

    source = """
        from asynctestkit import AsyncTestCase, async_test

        class CaseTest(AsyncTestCase):
            async def test_run(self):
                await asyncio.Event().wait()

            @pytest.fixture
            async def value(self):
                return 1

            async def test_with_fixture(self, value):
                await asyncio.Event().wait()

            @pytest.mark.asynctestkit(timeout=0.2)
            async def test_marked(self):
                await asyncio.Event().wait()

            @pytest.mark.asynctestkit(timeout=0.1)
            @async_test(timeout=0.3)
            async def test_own(self):
                await asyncio.Event().wait()

        @async_test
        async def test_run():
            await asyncio.Event().wait()

        @pytest.mark.asynctestkit(timeout=0.1)
        @async_test(timeout=0.3)
        async def test_own():
            await asyncio.Event().wait()

        class PlainTest(unittest.TestCase):
            @async_test
            async def test_run(self):
                await asyncio.Event().wait()

            @pytest.mark.asynctestkit(timeout=0.2)
            @async_test
            async def test_marked(self):
                await asyncio.Event().wait()

            @async_test(timeout=0.3)
            async def test_own(self):
                await asyncio.Event().wait()
    """

    def limits(self, *arguments: str, ini: str = "") -> dict[str, str]:
        lines = self.outcomes(self.source, *arguments, ini=ini)
        self.assertEqual(lines[-1], "9 failed")
        parted = [line.removeprefix("FAILED ").partition(" - TimeoutError: ") for line in lines[:-1]]
        return {name: said.rpartition("limit of ")[2] for name, _, said in parted}

    expected = {
        "CaseTest::test_run": "0.4 s in the body",
        "CaseTest::test_with_fixture": "0.4 s in the body",
        "CaseTest::test_marked": "0.2 s in the body",
        "CaseTest::test_own": "0.3 s in the body",
        "test_run": "0.4 s in the body",
        "test_own": "0.3 s in the body",
        "PlainTest::test_run": "0.4 s in the body",
        "PlainTest::test_marked": "0.2 s in the body",
        "PlainTest::test_own": "0.3 s in the body",
    }

    def test_option(self) -> None:
        """The option counts unless the test's mark, or `@async_test` before that, says something else."""
        self.assertEqual(self.limits("--asynctestkit-timeout=0.4"), self.expected)

    def test_ini_key(self) -> None:
        """The ini key counts as the option does."""
        self.assertEqual(self.limits(ini="asynctestkit_timeout = 0.4\n"), self.expected)

    def test_of_a_class(self) -> None:
        """A class's own limit goes before the run's, its mark before that, what stands on a test before both."""
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                timeout = 0.3

                async def test_class(self):
                    await asyncio.Event().wait()

                @asynctestkit.timeout(0.1)
                async def test_test(self):
                    await asyncio.Event().wait()

            @pytest.mark.asynctestkit(timeout=0.2)
            class MarkedTest(CaseTest):
                pass
        """
        said = [line.rpartition("limit of ")[2] for line in self.outcomes(source, "--asynctestkit-timeout=0.4")]
        limits = [f"{seconds} s in the body" for seconds in (0.3, 0.1, 0.2, 0.1)]
        self.assertEqual(said, [*limits, "4 failed"])

    def test_of_a_module(self) -> None:
        """`set_module_timeout` goes before the run's limit, for cases and functions."""
        source = """
            asynctestkit.set_module_timeout(0.2)

            class CaseTest(asynctestkit.AsyncTestCase):
                async def test_it(self):
                    await asyncio.Event().wait()

            async def test_it():
                await asyncio.Event().wait()
        """
        said = [line.rpartition("limit of ")[2] for line in self.outcomes(source, "--asynctestkit-timeout=0.4")]
        self.assertEqual(said, ["0.2 s in the body"] * 2 + ["2 failed"])

    def test_environment(self) -> None:
        """`ASYNCTESTKIT_TIMEOUT` goes before the ini key; a variable that cannot be ends the run."""
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                async def test_it(self):
                    await asyncio.Event().wait()
        """
        files = {"test_program.py": source, "pytest.ini": "[pytest]\nasynctestkit_timeout = 0.4\n"}
        for name, value, code, words in (
            ("TIMEOUT", "0.2", 1, "TimeoutError: test_it exceeded its limit of 0.2 s in the body"),
            ("TIMEOUT", "soon", 4, "the environment variable ASYNCTESTKIT_TIMEOUT"),
            ("CHECKS", "pending", 4, "ERROR: there is no check 'pending'\n  where  ASYNCTESTKIT_CHECKS=pending\n"),
        ):
            with self.subTest(value):
                done = run_pytest(files, environment={f"ASYNCTESTKIT_{name}": value})
                self.assertEqual(done.returncode, code, done.stdout)
                self.assertIn(words, done.stdout + done.stderr)

    def test_no_limit(self) -> None:
        """A mark with `timeout=None` takes the run's limit off."""
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                @pytest.mark.asynctestkit(timeout=None)
                async def test_it(self):
                    await asyncio.sleep(0.5)
        """
        self.assert_pass(source, "--asynctestkit-timeout=0.1", count=1)

    def test_wrong_mark(self) -> None:
        """A mark that cannot be fails the test that has it."""
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                @pytest.mark.asynctestkit(timeout=-1)
                async def test_it(self): pass

                async def test_other(self): pass
        """
        lines = self.outcomes(source)
        self.assertEqual(lines[1:], ["PASSED CaseTest::test_other", "1 failed, 1 passed"])
        self.assertIn("FAILED CaseTest::test_it - asynctestkit.UsageError: timeout must be", lines[0])


class LoopTest(PluginTest):
    """The rest of the mark, and debug mode."""

    def test_debug(self) -> None:
        """`--asynctestkit-debug` counts for classes that do not say `debug` themselves."""
        source = """
            from asynctestkit import AsyncTestCase, async_test

            class CaseTest(AsyncTestCase):
                async def test_it(self):
                    self.assertTrue(asyncio.get_running_loop().get_debug())

            class QuietTest(AsyncTestCase):
                debug = False

                async def test_it(self):
                    self.assertFalse(asyncio.get_running_loop().get_debug())

            class PlainTest(unittest.TestCase):
                @async_test
                async def test_it(self):
                    self.assertTrue(asyncio.get_running_loop().get_debug())
        """
        self.assert_pass(source, "--asynctestkit-debug", count=3)

    def test_mark_of_a_case(self) -> None:
        """`loop_scope=` and `loop_factory=` of the mark choose the loop of an AsyncTestCase, too."""
        source = """
            from asynctestkit import AsyncTestCase

            class Loop(asyncio.SelectorEventLoop): pass

            @pytest.mark.asynctestkit(loop_scope="module")
            class SharedTest(AsyncTestCase):
                loops = set()

                async def test_a(self):
                    self.loops.add(asyncio.get_running_loop())

                async def test_b(self):
                    self.assertEqual(self.loops, {asyncio.get_running_loop()})

            class FactoryTest(AsyncTestCase):
                @pytest.mark.asynctestkit(loop_factory=Loop)
                async def test_it(self):
                    self.assertIs(type(asyncio.get_running_loop()), Loop)
        """
        self.assert_pass(source, count=3)


if __name__ == "__main__":
    unittest.main()
