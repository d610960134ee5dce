"""The command line of the benchmark."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.benchmarks import table
from tests.benchmarks.runner import WorkloadError, measure, selected
from tests.benchmarks.workloads import GROUPS, WORKLOADS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print its figures; return the exit code."""
    options = _parser().parse_args(arguments)
    workloads = selected(WORKLOADS, options.only)
    try:
        report = measure(workloads, rounds=options.rounds, tests=options.tests, progress=_progress(options.quiet))
    except WorkloadError as error:
        print(error, file=sys.stderr)
        return 1
    print(table.as_json(report) if options.json else table.as_text(report))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Print what a test costs.")
    parser.add_argument("--rounds", type=_positive, default=5, help="how often everything is measured (default: 5)")
    parser.add_argument("--tests", type=_positive, default=1000, help="tests in one suite (default: 1000)")
    parser.add_argument("--only", choices=GROUPS, action="append", help="measure this group alone; may be repeated")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--quiet", action="store_true", help="say nothing on stderr while measuring")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {number}")
    return number


def _progress(quiet: bool) -> table.Progress | None:
    return None if quiet else table.Progress(sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
