"""Correct tests of every feature of asyncio pass, and nothing is said about them.

They stand in `correct/` as users write them, and run as programs: on every kind of loop, in debug mode, with warnings
as errors, in two threads, beside a process that keeps the machine busy, and under pytest. Whatever a program says
beyond what its runner says of tests that pass is a fault.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.programs import environment, plugin_options, run

CORRECT: Final = Path(__file__).parent / "correct"
MODULES: Final = [f"tests.corpus.correct.{path.stem}" for path in sorted(CORRECT.glob("test_*.py"))]
STRICT: Final = ("-W", "error")
LEAST: Final = 290
"""How many tests there are at least, on each kind of loop. (Python 3.12.1 does not count those that are skipped.)"""

UNITTEST_SAYS: Final = re.compile(r"[.sx\n]+-{70}\nRan (\d+) tests in [\d.]+s\n\nOK \([\w ,=]+\)\n")
THREADS_SAY: Final = re.compile(r"(?:ran (\d+), failed 0\n){2}")
PYTEST_SAYS: Final = re.compile(r"[.sxu\s]+(\d+) passed, [\w ,]+ in [\d.]+s\n")

STREAMS_SAY: Final = re.compile(
    r"Exception in callback [^\n]*StreamReaderProtocol\.connection_made.*?"
    r"\nasyncio\.exceptions\.CancelledError[^\n]*\n",
    re.DOTALL,
)
"""What Python before 3.12.2 says of a stream handler that is cancelled, for whatever reason."""

UNSETTLED: Final = re.compile(
    r"Exception ignored [^\n]*(?:socket\.socket|_SelectorTransport|StreamWriter)[^\n]*\n"
    r"(?:Traceback[^\n]*\n)?(?:(?:  [^\n]*)?\n)*?ResourceWarning: (?:unclosed|loop is closed)[^\n]*\n"
    r"|\S+:\d+: ResourceWarning: (?:unclosed (?:transport|<socket)|loop is closed)[^\n]*\n(?:  [^\n]*\n)*"
    r"(?:ResourceWarning: Enable tracemalloc[^\n]*\n)?"
)
"""What is said of transports that were closed a turn before their loop; it goes once a loop is closed after that."""

SLOW: Final = re.compile(r"Executing <(?:Task|Handle|TimerHandle)[^\n]* took [\d.]+ seconds\n")
"""What debug mode says of loops that tests make themselves where the machine is busy elsewhere."""


def unexplained(text: str) -> str:
    """Return an output without what Python itself says there of tests that have no fault."""
    known = (UNSETTLED, SLOW, STREAMS_SAY) if sys.version_info < (3, 12, 2) else (UNSETTLED, SLOW)
    for pattern in known:
        text = pattern.sub("", text)
    return text


@contextmanager
def busy_machine() -> Iterator[None]:
    """Keep two cores busy in the block."""
    burners = [
        subprocess.Popen([sys.executable, "-I", "-S", "-c", "while True: pass"], env=environment({})) for _ in range(2)
    ]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


class CorrectTest(unittest.TestCase):
    """All of them pass in silence."""

    maxDiff = None

    def check(self, *options: str, least: int = LEAST, **variables: str) -> None:
        """Check the corpus under `python OPTIONS -m unittest`."""
        finished = run(*options, "-m", "unittest", *MODULES, variables=variables)
        said = unexplained(finished.stderr)
        found = UNITTEST_SAYS.fullmatch(said)
        self.assertIsNotNone(found, said)
        assert found is not None
        self.assertGreaterEqual(int(found[1]), least)
        self.assertEqual((finished.stdout, finished.returncode), ("", 0))

    def test_as_they_are(self) -> None:
        """With Python's own warnings."""
        self.check()

    def test_warnings_are_errors(self) -> None:
        """Under `-W error`."""
        self.check(*STRICT)

    def test_debug_mode(self) -> None:
        """In asyncio's debug mode, which the environment switches on."""
        self.check(*STRICT, PYTHONASYNCIODEBUG="1", CORPUS_LOOP="debug")

    @unittest.skipUnless(importlib.util.find_spec("uvloop"), "uvloop is not installed")
    def test_uvloop(self) -> None:
        """On uvloop's loop."""
        self.check(*STRICT, CORPUS_LOOP="uvloop")

    @unittest.skipIf(sys.version_info < (3, 12), "new in Python 3.12")
    def test_eager_tasks(self) -> None:
        """With tasks that start eagerly."""
        self.check(*STRICT, CORPUS_LOOP="eager")

    def test_busy_machine(self) -> None:
        """While other processes want all cores."""
        with busy_machine():
            self.check(*STRICT)

    def test_two_threads(self) -> None:
        """In two threads at once, each of which runs all of them."""
        finished = run(*STRICT, "-m", "tests.corpus.in_threads", variables={"CORPUS_THREADS": "1"})
        found = THREADS_SAY.fullmatch(finished.stdout)
        self.assertIsNotNone(found, finished.stdout + finished.stderr)
        assert found is not None
        self.assertGreaterEqual(int(found[1]), LEAST)
        self.assertEqual((unexplained(finished.stderr), finished.returncode), ("", 0))

    @unittest.skipUnless(importlib.util.find_spec("pytest"), "pytest is not installed")
    def test_pytest(self) -> None:
        """Under pytest with the plugin; its own plugins that would keep to themselves what is said are off."""
        quiet = (
            "-q",
            "-s",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:unraisableexception",
            "-p",
            "no:logging",
            "-o",
            "console_output_style=classic",
        )
        finished = run("-m", "pytest", *STRICT, *quiet, *plugin_options(), str(CORRECT))
        found = PYTEST_SAYS.fullmatch(finished.stdout)
        self.assertIsNotNone(found, finished.stdout + finished.stderr)
        assert found is not None
        self.assertGreaterEqual(int(found[1]), LEAST)
        self.assertEqual((unexplained(finished.stderr), finished.returncode), ("", 0))


if __name__ == "__main__":
    unittest.main()
