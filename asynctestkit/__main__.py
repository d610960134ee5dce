"""`python -m asynctestkit`: the command line of `python -m unittest`, and the place for options of our own.

python -m asynctestkit [--timeout SECONDS] [what unittest takes]
python -m asynctestkit --fixtures MODULE ...    list the fixtures that tests there can ask for
"""

from __future__ import annotations

import argparse
import sys
import unittest
from typing import Any, cast

from asynctestkit import limits
from asynctestkit.checks.policy import run_policy
from asynctestkit.report.errors import UsageError

PROGRAM = "python -m asynctestkit"


class Program(unittest.TestProgram):
    """unittest's program under the name it was called by; exit codes are unittest's."""

    test: unittest.TestSuite  # which the type stubs leave out
    timeout: Any = limits.UNSET

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

    def runTests(self) -> None:
        """Run the tests within the limit that was given."""
        limits.run.set(command_line=self.timeout)
        super().runTests()

    def _getParentArgParser(self) -> argparse.ArgumentParser:
        made = super()._getParentArgParser()  # type: ignore[misc]  # private, the way to options
        parser = cast(argparse.ArgumentParser, made)
        text = "real seconds that a test may take unless it says more (default: 60); 'none' for no limit"
        parser.add_argument("--timeout", type=_seconds, default=limits.UNSET, metavar="SECONDS", help=text)
        return parser

    def _print_help(self, *args: Any, **kwargs: Any) -> None:
        self.progName = PROGRAM
        super()._print_help(*args, **kwargs)  # type: ignore[misc]  # private, and the only way to the examples it prints


def main() -> None:
    """Run the tests that the command line names, or list the fixtures of the modules after `--fixtures`."""
    if sys.argv[0].endswith("__main__.py"):
        sys.argv[0] = PROGRAM
    if "--fixtures" in sys.argv[1:]:
        sys.exit(_list_fixtures([name for name in sys.argv[1:] if name != "--fixtures"]))
    try:
        limits.run.limit()
        run_policy()
    except UsageError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        sys.exit(2)
    Program(module=None)


def _seconds(text: str) -> float | None:
    try:
        return limits.parse_written(text, where="--timeout")
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error).partition("\n")[0]) from None


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
