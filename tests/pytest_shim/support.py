"""Run pytest with the plugin on files that a test writes, and tell what came of them."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from unittest import mock

from asynctestkit import registry
from tests.programs import LIMIT, ROOT, plugin_options

HEADER: Final = """\
import asyncio, contextvars, functools, unittest
import pytest
import asynctestkit

"""

ANYIO_TEST: Final = """
@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.fixture
async def task():
    yield asyncio.current_task()

@pytest.mark.anyio
async def test_marked(task):
    assert task is asyncio.current_task()
    assert "HostTask" not in repr(asyncio.current_task())
"""
"""A test that is anyio's, and a fixture that is its owner's."""

STUBBORN: Final = """
async def stubborn():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass
"""
"""What a task runs that no cancellation ends: for a `conftest.py`."""

_DROPPED: Final = (
    "PYTEST",
    "ASYNCTESTKIT",
    "FORCE_COLOR",
    "CI",
    "BUILD_NUMBER",
)  # pytest prints more where it is in CI
_PLAIN_OUTPUT: Final = {"COLUMNS": "200", "NO_COLOR": "1"}

# Plugins of others may be imported in this process already, by tests that ran before.
_STARTED_LATE: Final = ("-W", "ignore::pytest.PytestAssertRewriteWarning")

# One cache of bytecode for all children, which lives as long as this process.
_CACHE: Final = tempfile.TemporaryDirectory(prefix="plugin-")


def missing() -> str | None:
    """Return why pytest cannot be run here, None if it can."""
    return None if importlib.util.find_spec("pytest") else "pytest is not installed"


def tells_subtests() -> bool:
    """Whether this pytest reports every failed subtest; before version 9 the first one ends and fails its test."""
    return missing() is None and importlib.util.find_spec("_pytest.subtests") is not None


def run_pytest(
    files: dict[str, str],
    *arguments: str,
    python: str = sys.executable,
    environment: dict[str, str] | None = None,
    given: str | None = None,
    with_plugin: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Write files into a folder of their own and run `python -m pytest ARGUMENTS` there.

    Args:
        files: Texts by path; what begins with `test_` gets the usual imports in front.
        arguments: What pytest is called with.
        python: The interpreter.
        environment: Variables to set.
        given: What it reads from its standard input.
        with_plugin: False runs pytest without our plugin.
    """
    variables = {key: value for key, value in os.environ.items() if not key.startswith(_DROPPED)}
    variables |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": _CACHE.name, **_PLAIN_OUTPUT}
    options = _options(python == sys.executable, with_plugin, workers="-n" in arguments)
    with written(files) as folder:
        return subprocess.run(
            [python, "-W", "error", "-m", "pytest", *options, *arguments],
            cwd=folder,
            env=variables | (environment or {}),
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )


def run_here(files: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Do what `run_pytest` does, in this process; return the exit code and what was printed, errors included.

    Everything that pytest and the files leave in the interpreter is taken back.
    """
    import pytest

    said = io.StringIO()
    before, path, hooks = set(sys.modules), sys.path[:], sys.meta_path[:]
    registered = set(registry.fixtures)
    with written(files) as folder, mock.patch.dict(os.environ, _PLAIN_OUTPUT), warnings.catch_warnings():
        for name in [name for name in os.environ if name.startswith(_DROPPED)]:
            del os.environ[name]
        _load_hypothesis_plugin()
        home = os.getcwd()
        os.chdir(folder)
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                code = pytest.main([*_options(True, True), f"--rootdir={folder}", *arguments, *_STARTED_LATE])
        finally:
            os.chdir(home)
            sys.path[:], sys.meta_path[:] = path, hooks
            for name in registry.fixtures.keys() - registered:
                registry.unregister(name)
            for name in set(sys.modules) - before:
                file = getattr(sys.modules[name], "__file__", None)
                if file is not None and file.startswith(str(folder)):
                    del sys.modules[name]
    return int(code), said.getvalue()


def _load_hypothesis_plugin() -> None:
    """Import Hypothesis's plugin, which warns when strategies were used in this process before it: ours were."""
    if importlib.util.find_spec("_hypothesis_pytestplugin") is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module("_hypothesis_pytestplugin")


@contextlib.contextmanager
def written(files: dict[str, str]) -> Iterator[Path]:
    """Write files into a folder of their own, which is there inside the `with` block."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        for relative, text in files.items():
            path = folder / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            header = HEADER if path.name.startswith(("test_", "conftest")) else ""
            path.write_text(header + textwrap.dedent(text), encoding="utf-8")
        yield folder


def _options(this_python: bool, with_plugin: bool, workers: bool = False) -> list[str]:
    options = ["-p", "no:cacheprovider", "-p", "no:randomly", *([] if workers else ["-p", "no:xdist"])]
    if not with_plugin:
        return [*options, "-p", "no:asynctestkit"]
    return [*options, *plugin_options()] if this_python else options


def summary_of(output: str) -> list[str]:
    """Return the lines of pytest's short summary, sorted, without durations; the totals stand last."""
    summary = output.partition("short test summary info")[2]
    lines = re.sub(r" in [\d.]+s.*", "", summary).splitlines()[1:]
    lines = [line for line in lines if not line.startswith("!!")]
    return sorted(lines[:-1]) + lines[-1:]


@unittest.skipIf(missing(), missing() or "")
class PluginTest(unittest.TestCase):
    """Each test writes a module, runs pytest on it, and compares all outcomes."""

    maxDiff = None

    def run_pytest(
        self, source: str, *arguments: str, conftest: str = "", ini: str = "", files: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Run pytest on `test_program.py`, with warnings as errors; return its exit code and what it printed."""
        texts = {"test_program.py": source, "pytest.ini": f"[pytest]\n{textwrap.dedent(ini)}"}
        texts |= files or {}
        if conftest:
            texts["conftest.py"] = conftest
        return run_here(texts, "-q", "-rA", "-W", "error", "--tb=short", *arguments)

    def outcomes(
        self, source: str, *arguments: str, conftest: str = "", ini: str = "", files: dict[str, str] | None = None
    ) -> list[str]:
        """Return the summary's lines, sorted; `source` is the module after its imports."""
        _, said = self.run_pytest(source, *arguments, conftest=conftest, ini=ini, files=files)
        lines = summary_of(said)
        self.assertNotEqual(lines, [], said)
        return [line.replace("test_program.py::", "") for line in lines]

    def assert_pass(
        self,
        source: str,
        *arguments: str,
        count: int,
        conftest: str = "",
        ini: str = "",
        files: dict[str, str] | None = None,
    ) -> None:
        """Check that all tests of the module pass, and how many they are."""
        _, said = self.run_pytest(source, *arguments, conftest=conftest, ini=ini, files=files)
        self.assertEqual(summary_of(said)[-1:], [f"{count} passed"], said)
