"""Run test cases that a test defines, and programs that a test writes, and tell what came of them."""

from __future__ import annotations

import importlib.metadata
import io
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parent.parent
LIMIT = 60.0
PLUGIN = "asynctestkit.pytest_plugin"


def outcomes(result: unittest.TestResult) -> list[str]:
    """Return what a result holds, a line each: `ok`, or the kind and the last line of what was reported."""
    lines: list[str] = []
    for kind in ("errors", "failures", "expectedFailures"):
        for test, text in getattr(result, kind):
            last = [line for line in text.strip().splitlines() if line and not line.startswith((" ", "+", "|"))]
            lines.append(f"{kind}: {_name(test)}: {last[-1] if last else text.strip().splitlines()[-1]}")
    lines += [f"skipped: {_name(test)}: {reason}" for test, reason in result.skipped]
    lines += [f"unexpected success: {_name(test)}" for test in result.unexpectedSuccesses]
    return lines or ["ok"]


def _name(test: unittest.TestCase) -> str:
    return getattr(test, "_testMethodName", None) or test.id()


def run_one(cls: type[unittest.TestCase], name: str = "test") -> list[str]:
    """Run one test of a class without its class's set-up, as `case.run()` does."""
    result = unittest.TestResult()
    cls(name).run(result)
    return outcomes(result)


def run_class(*classes: type[unittest.TestCase], runner: bool = False) -> list[str]:
    """Run all tests of classes in a suite, with their class's set-up."""
    loader = unittest.TestLoader()
    suite = unittest.TestSuite([loader.loadTestsFromTestCase(cls) for cls in classes])
    if runner:
        return outcomes(unittest.TextTestRunner(stream=io.StringIO()).run(suite))
    result = unittest.TestResult()
    suite.run(result)
    return outcomes(result)


def run_debug(cls: type[unittest.TestCase], name: str = "test") -> list[str]:
    """Run one test through `debug()`, and its cleanups after an error."""
    case = cls(name)
    try:
        case.debug()
    except BaseException as error:
        case.doCleanups()
        return [f"{type(error).__name__}: {error}".splitlines()[0]]
    return ["ok"]


def plugin_options() -> list[str]:
    """Return what pytest is called with to have our plugin, which it finds by itself only where it is installed."""
    return [] if importlib.metadata.entry_points(group="pytest11", name="asynctestkit") else ["-p", PLUGIN]


def mask(text: str) -> str:
    """Take out of a text what differs from machine to machine and run to run."""
    text = re.sub(r"\S*/(\w+\.py):\d+", r"\1:N", text)
    text = re.sub(r'File "[^"]*/(\w+\.py)", line \d+', r'File "\1", line N', text)
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def run_program(
    source: str, *arguments: str, name: str = "test_program", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Write a module into a folder of its own and run `python -W error ARGUMENTS` there."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "ASYNCTESTKIT"))}
    variables |= {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"} | (environment or {})
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{name}.py").write_text(source, encoding="utf-8")
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
