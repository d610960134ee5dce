"""`python -m asynctestkit`: the command line of `python -m unittest`, and the place for options of our own.

python -m asynctestkit [what unittest takes]
python -m asynctestkit --fixtures MODULE ...    list the fixtures that tests there can ask for
"""

from __future__ import annotations

import sys
import unittest
from typing import Any

PROGRAM = "python -m asynctestkit"


class Program(unittest.TestProgram):
    """unittest's program under the name it was called by; exit codes are unittest's."""

    test: unittest.TestSuite  # which the type stubs leave out

    def createTests(self, *args: Any, **kwargs: Any) -> None:
        """Load the tests; a bracket in `-k test_x[a]` means itself where a test has that name, else a set of them."""
        patterns: list[str] | None = self.testNamePatterns
        if patterns and any("[" in pattern for pattern in patterns):
            self.testNamePatterns = [self._as_meant(pattern, *args, **kwargs) for pattern in patterns]
        super().createTests(*args, **kwargs)

    def _as_meant(self, pattern: str, *args: Any, **kwargs: Any) -> str:
        """Return a pattern with its brackets taken for themselves, if any test is called so."""
        literal = pattern.replace("[", "[[]")
        self.testNamePatterns = [literal]
        super().createTests(*args, **kwargs)
        return literal if self.test.countTestCases() else pattern

    def _print_help(self, *args: Any, **kwargs: Any) -> None:
        self.progName = PROGRAM
        super()._print_help(*args, **kwargs)  # type: ignore[misc]  # private, and the only way to the examples it prints


def main() -> None:
    """Run the tests that the command line names, or list the fixtures of the modules after `--fixtures`."""
    if sys.argv[0].endswith("__main__.py"):
        sys.argv[0] = PROGRAM
    if "--fixtures" in sys.argv[1:]:
        sys.exit(_list_fixtures([name for name in sys.argv[1:] if name != "--fixtures"]))
    Program(module=None)


def _list_fixtures(modules: list[str]) -> int:
    if not modules or any(name.startswith("-") for name in modules):
        print(f"usage: {PROGRAM} --fixtures MODULE [MODULE ...]", file=sys.stderr)
        return 2
    from asynctestkit.fixtures.listing import list_fixtures

    for name in modules:
        try:
            print(list_fixtures(name))
        except ImportError as error:
            print(f"{PROGRAM}: cannot import {name!r}: {error}", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    main()
