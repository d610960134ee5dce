"""Runs programs in interpreters of their own: a scenario, or a sample from the command line."""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from tests.programs import run

from .recording import Base, Observation, scrub

SAMPLES = Path(__file__).resolve().parent / "samples"

STOCK_LINE = "from unittest import IsolatedAsyncioTestCase as Base\n"
_TIMES = (
    (re.compile(r"\bin \d+\.\d+s"), "in TIME"),
    (re.compile(r"^\d+\.\d+s\b", re.MULTILINE), "TIME"),
)


def observe_in_child(module: str, qualified_name: str, extra: dict[str, str], side: str) -> Observation:
    """Return the observation of one scenario, made by ``child.py`` in a fresh interpreter."""
    finished = run("-P", "-m", "tests.contract.child", module, qualified_name, side, variables=extra)
    if finished.returncode != 0:
        raise AssertionError(f"the child ended with {finished.returncode}:\n{finished.stdout}{finished.stderr}")
    observation: Observation = json.loads(finished.stdout)
    return observation


def run_sample(base: Base, sample: str, *arguments: str) -> dict[str, Any]:
    """Run ``python -m ARGUMENTS`` beside ``sample.py``, a copy of a sample built on *base*; return what it said."""
    source = (SAMPLES / f"{sample}.py").read_text(encoding="utf-8")
    if STOCK_LINE not in source:
        raise ValueError(f"the sample {sample} lacks the line that names its base")
    package = "unittest" if base.__module__.startswith("unittest") else "asynctestkit"
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        changed = source.replace(STOCK_LINE, f"from {package} import {base.__name__} as Base\n")
        (place / "sample.py").write_text(changed, encoding="utf-8")
        (place / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        finished = run("-m", *arguments, cwd=place, variables={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
        return {
            "exit code": finished.returncode,
            "output": _lines(finished.stdout, place),
            "errors": _lines(finished.stderr, place),
        }


def _lines(text: str, place: Path) -> list[str]:
    text = scrub(text.replace(str(place.resolve()), "PLACE").replace(str(place), "PLACE"))
    for pattern, replacement in _TIMES:
        text = pattern.sub(replacement, text)
    return text.splitlines()
