"""`python -m asynctestkit`: the command line of `python -m unittest`, and the place for options of our own."""

from __future__ import annotations

import sys
import unittest
from typing import Any

PROGRAM = "python -m asynctestkit"


class Program(unittest.TestProgram):
    """unittest's program under the name it was called by; exit codes are unittest's."""

    def createTests(self, *args: Any, **kwargs: Any) -> None:
        """Load the tests; a bracket in `-k test_x[a]` means itself, as in the names of parametrised tests."""
        patterns: list[str] | None = self.testNamePatterns
        if patterns:
            self.testNamePatterns = [pattern.replace("[", "[[]") for pattern in patterns]
        super().createTests(*args, **kwargs)

    def _print_help(self, *args: Any, **kwargs: Any) -> None:
        self.progName = PROGRAM
        super()._print_help(*args, **kwargs)  # type: ignore[misc]  # private, and the only way to the examples it prints


def main() -> None:
    """Run the tests that the command line names."""
    if sys.argv[0].endswith("__main__.py"):
        sys.argv[0] = PROGRAM
    Program(module=None)


if __name__ == "__main__":
    main()
