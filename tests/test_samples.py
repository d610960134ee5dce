"""Failing suites, run as programs under unittest and pytest, their whole output compared.

What a sample is expected to print stands beside it as `NAME.unittest.out` and `NAME.pytest.out`, masked by the rules in
`tests.samples_support`. After a change that is meant to change them,

    python -m tests.test_samples write [NAME ...]

writes the files anew, prints what changed, and leaves it to you to read that before you commit it. Nothing else writes
them. Run it on a Python other than 3.12.1, which does not count skipped tests.
"""

from __future__ import annotations

import difflib
import sys
import unittest
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests import samples_support as samples
from tests.programs import ROOT, run

WORKERS = 2


def difference(expected: str, said: str) -> str:
    """Return what changed with some lines around it, for the log of a machine that we cannot look at."""
    return "\n".join(difflib.unified_diff(expected.splitlines(), said.splitlines(), "expected", "said", lineterm=""))


def run_all(runner: str, *options: str) -> Iterator[tuple[str, str]]:
    """Run all samples, some side by side; give the name and the output of each."""
    names = samples.names()
    with ThreadPoolExecutor(WORKERS) as pool:
        yield from zip(names, pool.map(lambda name: samples.run_sample(name, runner, *options), names), strict=True)


class SamplesTest(unittest.TestCase):
    """Each sample says what it is expected to say."""

    def compare(self, runner: str, *options: str) -> None:
        for name, said in run_all(runner, *options):
            with self.subTest(sample=name):
                expected = samples.expected_file(name, runner, *options).read_text(encoding="utf-8")
                if sys.version_info[:3] == (3, 12, 1):
                    said, expected = samples.without_oddities(said), samples.without_oddities(expected)
                if said != expected:
                    self.fail("\n" + difference(expected, said))
            with self.subTest("no frame of ours or of asyncio's loop", sample=name):
                self.assertEqual(samples.MACHINERY.findall(said), [])

    def test_unittest(self) -> None:
        """Under `python -m unittest`."""
        self.compare("unittest")

    @unittest.skipIf(samples.pytest_fault(), samples.pytest_fault() or "")
    def test_pytest(self) -> None:
        """Under pytest, with the plugin where it is installed."""
        self.compare("pytest")

    @unittest.skipIf(samples.pytest_fault(), samples.pytest_fault() or "")
    def test_pytest_alone(self) -> None:
        """Under pytest without the plugin, which is told the same; only functions have no sections in their reports."""
        self.compare("pytest", *samples.WITHOUT_PLUGIN)


class FullTracebackTest(unittest.TestCase):
    """`ASYNCTESTKIT_FULL_TRACEBACK` shows all frames."""

    def test_unittest(self) -> None:
        """Under `python -m unittest` our frames lead to each failure; with 0, as without the variable, none does."""
        for sample, frames in (("plain_case", ("plain", "loops/host")), ("user_frames", ("case", "loops/host"))):
            with self.subTest(sample):
                said = samples.run_sample(sample, "unittest", **samples.FULL_TRACEBACK)
                for frame in frames:
                    self.assertIn(f'File "asynctestkit/{frame}.py"', said)
                said = samples.run_sample(sample, "unittest", ASYNCTESTKIT_FULL_TRACEBACK="0")
                self.assertEqual(samples.MACHINERY.findall(said), [])

    @unittest.skipIf(samples.pytest_fault(), samples.pytest_fault() or "")
    def test_pytest(self) -> None:
        """Under pytest as well."""
        said = samples.run_sample("plain_case", "pytest", **samples.FULL_TRACEBACK)
        self.assertRegex(said, r"(?m)^asynctestkit/plain\.py:\d+: in run_test$")


class CollectionTest(unittest.TestCase):
    """The samples are run by these tests alone."""

    def test_unittest(self) -> None:
        """Discovery from the root does not find them."""
        program = (
            "import unittest\n"
            "def ids(suite):\n"
            "    for test in suite:\n"
            "        yield from ids(test) if isinstance(test, unittest.TestSuite) else [test.id()]\n"
            "print(*ids(unittest.defaultTestLoader.discover('.')), sep='\\n')\n"
        )
        finished = run("-c", program)
        found = finished.stdout.splitlines()
        self.assertIn("tests.test_samples.CollectionTest.test_unittest", found, finished.stderr)
        self.assertEqual([name for name in found if name.startswith("tests.samples.")], [])

    @unittest.skipIf(samples.pytest_fault(), samples.pytest_fault() or "")
    def test_pytest(self) -> None:
        """pytest, which finds its folders in the project's configuration, does not find them."""
        finished = run("-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests")
        found = finished.stdout.splitlines()
        self.assertIn("tests/test_samples.py::CollectionTest::test_pytest", found, finished.stdout)
        self.assertEqual([name for name in found if name.startswith("tests/samples/")], [])


class MaskTest(unittest.TestCase):
    """The rules of masking, on made-up outputs."""

    def test_foreign_frames(self) -> None:
        """Neighbouring frames of one foreign file are one line, whatever their number and source; ours stay whole."""
        text = (
            f'  | File "{ROOT}/tests/samples/x.py", line 3, in test\n'
            "  |   await group\n"
            "  |   ~~~~~~^^^^^\n"
            '  | File "/usr/lib/python3/asyncio/taskgroups.py", line 71, in __aexit__\n'
            "  |   return await self._aexit(et, exc)\n"
            '  | File "/usr/lib/python3/asyncio/taskgroups.py", line 173, in _aexit\n'
            "  |   raise BaseExceptionGroup(\n"
            "  |   ...<2 lines>...\n"
            "  | ValueError: <x at 0xABC>\n"
        )
        expected = (
            '  | File "tests/samples/x.py", line 3, in test\n'
            "  |   await group\n"
            "  | frames of STDLIB/asyncio/taskgroups.py\n"
            "  | ValueError: <x>\n"
        )
        self.assertEqual(samples.mask(text), expected)

    def test_times(self) -> None:
        """A duration is masked, a number like it is not."""
        self.assertEqual(samples.mask("Ran 2 tests in 0.013s, limit 0.01 s\n"), "Ran 2 tests in N s, limit 0.01 s\n")


def write(names: list[str]) -> None:
    """Write the expected output of samples anew and print what changed."""
    for runner in samples.COMMANDS:
        if runner == "pytest" and (fault := samples.pytest_fault()):
            print(f"{runner}: left alone, {fault}")
            continue
        for name in names:
            said = samples.run_sample(name, runner)
            _write(samples.expected_file(name, runner), said)
            if runner == "pytest":
                alone = samples.run_sample(name, runner, *samples.WITHOUT_PLUGIN)
                if alone == said:
                    samples.own_file(name, runner).unlink(missing_ok=True)
                else:
                    _write(samples.own_file(name, runner), alone)


def _write(path: Path, said: str) -> None:
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if said != before:
        path.write_text(said, encoding="utf-8")
        print(path.name, difference(before, said), sep="\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write(sys.argv[2:] or samples.names())
    else:
        unittest.main()
