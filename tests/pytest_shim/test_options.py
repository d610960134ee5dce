"""The plugin's options, ini keys and marks."""

from __future__ import annotations

import re
import unittest

from tests.programs import ROOT
from tests.pytest_shim.support import PluginTest


class OptionsTest(PluginTest):
    """Options, ini keys and marks."""

    def test_described(self) -> None:
        """`--help` and `--markers` describe what there is."""
        said = self.run_pytest("", "--help")[1]
        for name in ("--asynctestkit-timeout", "--asynctestkit-debug", "asynctestkit_mode (string)"):
            with self.subTest(name):
                self.assertIn(name, said)
        self.assertIn("@pytest.mark.asynctestkit(*, loop_scope=None", self.run_pytest("", "--markers")[1])

    def test_documented(self) -> None:
        """`docs/pytest.md` names all that the plugin adds, and its program passes, with warnings as errors."""
        text = (ROOT / "docs" / "pytest.md").read_text(encoding="utf-8")
        said = self.run_pytest("", "--help")[1] + self.run_pytest("", "--fixtures", "-v")[1]
        added = re.findall(r"^  (--asynctestkit-\w+|asynctestkit_\w+)", said, re.MULTILINE)
        added += re.findall(r"^(\w+).* -- .*asynctestkit/pytest_plugin\.py", said, re.MULTILINE)
        self.assertGreaterEqual(len(added), 10, said)
        self.assertEqual([name for name in added if f"`{name}" not in text], [])
        program = text.partition("```python\n")[2].partition("```")[0]
        self.assert_pass(program, count=3)

    def test_wrong_values(self) -> None:
        """A value that cannot be ends the run with the valid ones, before any test."""
        for option, ini, words in (
            ("--asynctestkit-timeout=0", "", "above 0, or None, not 0.0"),
            ("--asynctestkit-timeout=soon", "", "not 'soon'"),
            ("-q", "asynctestkit_timeout = -1\n", "write 5.0 for five seconds, none for no limit"),
            ("-q", "asynctestkit_mode = automatic\n", "use one of 'auto', 'strict'"),
            ("-q", "asynctestkit_debug = perhaps\n", "write true or false"),
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
