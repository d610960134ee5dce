"""mypy --strict and pyright, strict too, over `tests/typing`: right uses pass, wrong ones are refused.

Neither is needed to run the rest of the suite: one that is not installed is skipped, and said so.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tempfile
import unittest
from pathlib import Path

from tests.programs import ROOT, run

TYPING = ROOT / "tests" / "typing"

PYRIGHT_SETTINGS = {
    "typeCheckingMode": "strict",
    "pythonVersion": "3.11",
    "enableTypeIgnoreComments": False,  # those are mypy's
    "reportUnnecessaryTypeIgnoreComment": "error",
    "reportDeprecated": "none",
}


def checked(*arguments: str) -> tuple[int, str]:
    """Run a checker with this interpreter at the repository's root; return exit code and output."""
    finished = run("-m", *arguments, variables={"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"})
    return finished.returncode, finished.stdout + finished.stderr


def pyright_fault() -> str | None:
    """Return why pyright cannot be run without fetching anything, None if it can."""
    found = importlib.util.find_spec("pyright")
    if found is None or found.origin is None:
        return "pyright is not installed"
    if not (Path(found.origin).parent / "dist" / "index.js").exists():
        return "this pyright would fetch its program first"
    return None


class TypingTest(unittest.TestCase):
    """Each type checker agrees with the files."""

    @unittest.skipIf(importlib.util.find_spec("mypy") is None, "mypy is not installed")
    def test_mypy(self) -> None:
        """mypy --strict, which also refuses an ignore that is not needed."""
        with tempfile.TemporaryDirectory() as cache:
            code, said = checked("mypy", "--strict", f"--cache-dir={cache}", str(TYPING))
        self.assertEqual(code, 0, said)

    @unittest.skipIf(pyright_fault(), pyright_fault() or "")
    def test_pyright(self) -> None:
        """pyright in strict mode, with the same refusal."""
        with tempfile.TemporaryDirectory() as folder:
            include, extra = (os.path.relpath(path, os.path.realpath(folder)) for path in (TYPING, ROOT))
            settings = {**PYRIGHT_SETTINGS, "include": [include], "extraPaths": [extra]}
            (Path(folder) / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
            code, said = checked("pyright", "--project", folder, "--pythonpath", sys.executable)
        self.assertEqual(code, 0, said)
        self.assertNotIn("No source files found", said)


if __name__ == "__main__":
    unittest.main()
