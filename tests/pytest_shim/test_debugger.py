"""`--pdb`: post-mortem in the user's frame, before anything is torn down."""

from __future__ import annotations

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


if __name__ == "__main__":
    unittest.main()
