"""Run all correct tests in two threads at once: `python -m tests.corpus.in_threads`, with `CORPUS_THREADS` set.

Each thread has modules of its own, because what a class or a module opens stands in its attributes. Says on stdout what
came of each thread, and nothing else; the exit code is 1 if a test of either failed.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
import unittest
from pathlib import Path

CORRECT = Path(__file__).parent / "correct"
THREADS = 2


def load(copy: int) -> unittest.TestSuite:
    """Return the tests of a copy of all modules."""
    suite = unittest.TestSuite()
    for path in sorted(CORRECT.glob("test_*.py")):
        name = f"{path.stem}_{copy}"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        suite.addTest(unittest.defaultTestLoader.loadTestsFromModule(module))
    return suite


BOTH_ARE_THERE = threading.Barrier(THREADS)
"""Where the threads meet first: else one of them would be started during a test of the other."""


def run(suite: unittest.TestSuite, result: unittest.TestResult) -> None:
    """Run tests as a runner does."""
    BOTH_ARE_THERE.wait(60)
    result.startTestRun()
    try:
        suite.run(result)
    finally:
        result.stopTestRun()


def main() -> int:
    """Run the copies side by side; return the exit code."""
    suites, results = [load(copy) for copy in range(THREADS)], [unittest.TestResult() for _ in range(THREADS)]
    threads = [threading.Thread(target=run, args=pair) for pair in zip(suites, results, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        print(f"ran {result.testsRun}, failed {len(result.errors) + len(result.failures)}")
        for test, text in result.errors + result.failures:
            print(f"{test.id()}\n{text}")
    return 0 if all(result.wasSuccessful() for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
