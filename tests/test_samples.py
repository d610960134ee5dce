"""Failing suites, run as programs under unittest and pytest, their whole output compared.

The expected output stands beside each sample as `NAME.RUNNER.out`, with what differs from machine to machine and
version to version masked. `python -m tests.test_samples write` writes the files anew, to be read before they are
committed.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

from tests.support import LIMIT, ROOT, mask

SAMPLES = Path(__file__).parent / "samples"
RUNNERS = {
    "unittest": ["-W", "error", "-m", "unittest", "tests.samples.{name}"],
    "pytest": ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "tests/samples/{name}.py"],
}


def output_of(name: str, runner: str) -> str:
    """Run a sample and return what it prints, masked."""
    arguments = [argument.format(name=name) for argument in RUNNERS[runner]]
    # pytest cuts its summary to the terminal's width, but not where it believes to run on a build server.
    environment = {key: value for key, value in os.environ.items() if key not in ("CI", "BUILD_NUMBER")}
    run = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment | {"COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    text = mask(run.stdout + run.stderr)
    text = re.sub(
        r"(?m)^([ |]*)[~^ ]*\^+[~^ ]*\n", "", text
    )  # markers under code, which differ from version to version
    # Lines of the standard library between the user's.
    text = re.sub(
        r'(?m)^[ |]*File "taskgroups.py".*\n(?:[ |]+(?!File)\S.*\n)+?(?=[ |]*(?:File|ExceptionGroup|\|))', "", text
    )
    text = re.sub(r"(?ms)^[^\n]*taskgroups\.py.*?(?=^\s*\|? *(?:ExceptionGroup|\| ExceptionGroup))", "", text)
    text = re.sub(r"(?m)^[ |]*\.\.\.<\d+ lines>\.\.\.\n[ |]*\).*\n", "", text)
    return re.sub(r"in [\d.]+s", "in N s", text)


def expected_file(name: str, runner: str) -> Path:
    """Return where the expected output of a sample is kept."""
    return SAMPLES / f"{name}.{runner}.out"


class SamplesTest(unittest.TestCase):
    """Each sample says what it is expected to say."""

    maxDiff = None

    def compare(self, runner: str) -> None:
        for sample in sorted(SAMPLES.glob("[a-z]*.py")):
            with self.subTest(sample.stem):
                said = output_of(sample.stem, runner)
                self.assertEqual(said, expected_file(sample.stem, runner).read_text(encoding="utf-8"))
                self.assertNotRegex(said, r"(?m)^(asynctestkit/|.*base_events\.py)")

    def test_unittest(self) -> None:
        """Under python -m unittest."""
        self.compare("unittest")

    @unittest.skipUnless(importlib.util.find_spec("pytest"), "pytest is not installed")
    def test_pytest(self) -> None:
        """Under pytest."""
        self.compare("pytest")


if __name__ == "__main__":
    if sys.argv[1:] == ["write"]:
        for path in sorted(SAMPLES.glob("[a-z]*.py")):
            for runner in RUNNERS:
                expected_file(path.stem, runner).write_text(output_of(path.stem, runner), encoding="utf-8")
    else:
        unittest.main()
