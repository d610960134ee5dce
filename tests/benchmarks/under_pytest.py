"""Two thousand trivial tests under pytest, ours beside the peers': `python -m tests.benchmarks.under_pytest`.

Every row is a pytest run of one file in a process of its own; rows are interleaved, round by round, and compared by CPU
time within their round. The peers get a virtual environment of their own, made where it does not exist yet. What a
fixture costs is what a row with it takes longer than the row without it, as a part of an IsolatedAsyncioTestCase test.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from tests.programs import environment
from tests.pytest_shim.environments import python_with

TESTS: Final = 2000
ONLY: Final = ("-p", "no:xdist", "-p", "no:hypothesispytest", "-p", "no:randomly", "-p", "no:cacheprovider")


def _functions(kind: str, head: str = "", arguments: str = "") -> Callable[[int], str]:
    return lambda n: head + "".join(f"{kind}def test_{i}({arguments}):\n    pass\n\n" for i in range(n))


def _methods(head: str, base: str, kind: str, arguments: str = "") -> Callable[[int], str]:
    taken = f", {arguments}" if arguments else ""
    return lambda n: (
        f"{head}class T({base}):\n"
        + "".join(f"    {kind}def test_{i}(self{taken}):\n        pass\n\n" for i in range(n))
    )


def _chain(decorator: str) -> str:
    """Return three async generator fixtures, each of which asks for the one before."""
    head = f"import {decorator.partition('.')[0]}\n\n"
    for name, asks in (("first", ""), ("second", "first"), ("third", "second")):
        head += f"@{decorator}\nasync def {name}({asks}):\n    yield 1\n\n"
    return head


def _fixture(kind: str) -> str:
    return f"import pytest\n\n@pytest.fixture\n{kind}def value():\n    yield 1\n\n"


class Row(NamedTuple):
    """One file, how it is run, what it is held against.

    Attributes:
        source: Makes the file for a number of tests.
        options: Of pytest.
        peers: Whether it runs in the peers' environment.
        against: The row that it is a ratio of.
        over: The row whose time is taken off first; the empty string: none.
        limit: The most that the ratio may be; None: it is for information.
    """

    source: Callable[[int], str]
    options: tuple[str, ...]
    peers: bool = False
    against: str = ""
    over: str = ""
    limit: float | None = None


STOCK: Final = "IsolatedAsyncioTestCase"
WITHOUT: Final = ("-p", "no:asynctestkit", "-p", "no:anyio")
OURS: Final = ("-p", "no:anyio")
ASYNCIO: Final = ("-p", "no:anyio", "-p", "no:asynctestkit", "-o", "asyncio_mode=auto")
ANYIO: Final = ("-p", "no:asyncio", "-p", "no:asynctestkit", "-o", "anyio_mode=auto")
BACKEND: Final = "import pytest\n\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n\n"

ROWS: Final = {
    "sync": Row(_functions(""), WITHOUT),
    "sync, plugin installed": Row(_functions(""), OURS, against="sync", limit=1.02),
    "async": Row(_functions("async "), OURS, against="sync", limit=1.15),
    "async, pytest-asyncio": Row(_functions("async "), ASYNCIO, peers=True, against="sync"),
    "async, anyio": Row(_functions("async ", BACKEND), ANYIO, peers=True, against="sync"),
    "sync generator fixture": Row(_functions("", _fixture(""), "value"), WITHOUT),
    "async generator fixture": Row(
        _functions("async ", _fixture("async "), "value"), OURS, against="sync generator fixture", limit=1.3
    ),
    "async generator fixture, pytest-asyncio": Row(
        _functions("async ", _fixture("async "), "value"), ASYNCIO, peers=True, against="sync generator fixture"
    ),
    "TestCase": Row(_methods("import unittest\n\n", "unittest.TestCase", ""), WITHOUT),
    STOCK: Row(
        _methods("import unittest\n\n", "unittest.IsolatedAsyncioTestCase", "async "), WITHOUT, against="TestCase"
    ),
    "AsyncTestCase": Row(
        _methods("import asynctestkit\n\n", "asynctestkit.AsyncTestCase", "async "),
        OURS,
        against="TestCase",
        limit=1.25,
    ),
    "AsyncTestCase, one async fixture": Row(
        _methods(_chain("asynctestkit.fixture"), "asynctestkit.AsyncTestCase", "async ", "first"),
        OURS,
        against=STOCK,
        over="AsyncTestCase",
        limit=0.15,
    ),
    "AsyncTestCase, a chain of three": Row(
        _methods(_chain("asynctestkit.fixture"), "asynctestkit.AsyncTestCase", "async ", "third"),
        OURS,
        against=STOCK,
        over="AsyncTestCase",
        limit=0.30,
    ),
    "pytest-asyncio": Row(_functions("async "), ASYNCIO, peers=True, against=STOCK),
    "pytest-asyncio, one async fixture": Row(
        _functions("async ", _chain("pytest_asyncio.fixture"), "first"),
        ASYNCIO,
        peers=True,
        against=STOCK,
        over="pytest-asyncio",
    ),
    "pytest-asyncio, a chain of three": Row(
        _functions("async ", _chain("pytest_asyncio.fixture"), "third"),
        ASYNCIO,
        peers=True,
        against=STOCK,
        over="pytest-asyncio",
    ),
}


def peers_python() -> str | None:
    """Return the interpreter of the peers' environment; None if it cannot be made."""
    try:
        return python_with("benchmark")
    except RuntimeError:
        return None


def cpu_time(python: str, file: Path, options: tuple[str, ...]) -> float:
    """Return the CPU seconds of a run; one that does not pass stops the benchmark."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [python, "-m", "pytest", "-q", *ONLY, *options, str(file)]
    done = subprocess.run(command, cwd=file.parent, env=environment({}), capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{file.stem}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(rows: dict[str, Row], *, tests: int, rounds: int, peers: str | None) -> dict[str, list[float]]:
    """Return the CPU seconds of each row in each round."""
    times: dict[str, list[float]] = {name: [] for name in rows}
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder, f"test_{number}.py") for number, name in enumerate(rows)}
        for name, row in rows.items():
            files[name].write_text(row.source(tests), encoding="utf-8")
        for _ in range(rounds + 1):  # the first round writes bytecode and is not counted
            for name, row in rows.items():
                times[name].append(cpu_time(peers if row.peers and peers else sys.executable, files[name], row.options))
    return {name: taken[1:] for name, taken in times.items()}


def ratios(name: str, row: Row, times: dict[str, list[float]]) -> list[float]:
    """Return the ratio of a row in each round."""
    off = times[row.over] if row.over else [0.0] * len(times[name])
    return [(own - without) / other for own, without, other in zip(times[name], off, times[row.against], strict=True)]


def main() -> int:
    """Print all rows; return 1 if one is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=TESTS)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    peers = peers_python()
    rows = {name: row for name, row in ROWS.items() if not row.peers or peers}
    if peers is None:
        print("the peers could not be installed: their rows are left out")
    times = measure(rows, tests=asked.tests, rounds=asked.rounds, peers=peers)
    over = False
    for name, row in rows.items():
        line = f"{name:42} {statistics.median(times[name]) / asked.tests * 1e6:8.0f} us/test"
        if row.against:
            each = ratios(name, row, times)
            ratio = statistics.median(each)
            what = f"adds {ratio:.2f}" if row.over else f"{ratio:9.2f}"
            line += f"   {what} x {row.against}  [{min(each):.2f} to {max(each):.2f}]"
            if row.limit is not None:
                line += f"   limit {row.limit}"
                over = over or ratio > row.limit
        print(line)
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
