"""`--pdb`: post-mortem in the user's frame, before anything is torn down."""

from __future__ import annotations

import textwrap
import unittest

from tests.pytest_shim.support import PluginTest, run_pytest


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

    def test_limit(self) -> None:
        """After a limit it is the frame of the user's that waited, in plain tests and in test cases."""
        waits = """
            here = 42
            await asyncio.Event().wait()
        """
        case = "class CaseTest(asynctestkit.AsyncTestCase):\n    async def test_it(self):"
        for head in ("async def test_it():", case):
            with self.subTest(head):
                source = head + textwrap.indent(textwrap.dedent(waits), "        ")
                files = {"test_program.py": source}
                options = ("-q", "-s", "--pdb", "--tb=short", "--asynctestkit-timeout=0.3")
                said = run_pytest(files, *options, given="p here, asyncio._get_running_loop()\nc\n").stdout
                self.assertIn("test_it()\n-> await asyncio.Event().wait()\n(Pdb) (42, None)", said)
                self.assertIn("TimeoutError: test_it exceeded its limit of 0.3 s", said)

    def test_trace(self) -> None:
        """`--trace` stops in the first line of each async test, which then runs."""
        source = """
            class TestMethods:
                async def test_method(self, tmp_path):
                    here = 42
                    await asyncio.sleep(0)
                    print("ran", here)

            @asynctestkit.async_test
            async def test_decorated():
                here = 43
                print("ran", here)

            async def test_function():
                here = 44
                await asyncio.sleep(0)
                print("ran", here)
        """
        files = {"test_program.py": source}
        finished = run_pytest(files, "-q", "-s", "--trace", given="n\np here + 1000\nc\n" * 3)
        for number, name in ((42, "test_method"), (43, "test_decorated"), (44, "test_function")):
            self.assertIn(f"{name}()\n-> here = {number}\n", finished.stdout)
            self.assertIn(f"\n(Pdb) {1000 + number}\n", finished.stdout)
            self.assertIn(f"ran {number}\n", finished.stdout)
        self.assertIn("3 passed", finished.stdout)


if __name__ == "__main__":
    unittest.main()
