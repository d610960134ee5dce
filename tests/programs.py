"""Run this interpreter as a program, in an environment that changes neither Python nor pytest nor the tests."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
LIMIT: Final = 120.0
PLUGIN: Final = "asynctestkit.pytest_plugin"

# Children share one cache of bytecode, which lives as long as this process: they neither lack one nor leave any behind.
_CACHE: Final = tempfile.TemporaryDirectory(prefix="programs-")
_DROPPED: Final = ("PYTEST", "PYTHON", "PY_COLORS", "ASYNCTESTKIT", "COV_", "FORCE_COLOR", "NO_COLOR", "COLUMNS", "CI")


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without switches that change how programs behave, the package importable."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_DROPPED)}
    inherited = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    path = os.pathsep.join([str(ROOT), *inherited])
    own = {"PYTHONPATH": path, "PYTHONPYCACHEPREFIX": _CACHE.name, "NO_COLOR": "1", "COLUMNS": "80"}
    return {**kept, **own, **extra}


def plugin_options() -> list[str]:
    """Return what pytest is called with to have our plugin, which it finds by itself only where it is installed."""
    # As pytest looks for it: in all distributions, for one in the working directory may just be written anew.
    found = (one.entry_points.select(group="pytest11") for one in importlib.metadata.distributions(name="asynctestkit"))
    return [] if any(found) else ["-p", PLUGIN]


def run(
    *arguments: str, cwd: Path = ROOT, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `python ARGUMENTS` in a folder, with environment variables of its own beside the usual ones."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment(variables or {}),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def run_program(
    source: str, *arguments: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Write `test_program.py` into a folder of its own and run `python ARGUMENTS` there, as `run` does."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_program.py").write_text(source, encoding="utf-8")
        return run(*arguments, cwd=Path(folder), variables=variables)
