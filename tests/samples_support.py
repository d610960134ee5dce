"""Run a sample as a program and mask what differs between machines and versions, by rule.

The rules, in order:

1. The repository's folder is cut off paths, so that places read `tests/samples/NAME.py`. Line numbers in samples stay.
2. Neighbouring frames of one file of the standard library, and of any in site-packages, become one line without line
   number and source, because their number and their text change from version to version. So do places of warnings.
3. Lines that hold only the markers under code (`~~~^^^`) are dropped.
4. Durations become `N s`, numbers that the system gives (ports, processes, descriptors) `N`; addresses vanish.
5. Of a task that a message shows no more is left than that it is one: what it shows changes from version to version.
6. Exit code 5, which unittest gives since Python 3.12 where errors left no test to run, is written as the 1 before.

What pytest says of its own version and surroundings is not asked for (`-q`).
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.programs import ROOT, run

SAMPLES: Final = Path(__file__).parent / "samples"

COMMANDS: Final = {
    "unittest": ("-m", "unittest", "tests.samples.{name}"),
    "pytest": ("-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "tests/samples/{name}.py"),
}

WITHOUT_PLUGIN: Final = ("-p", "no:asynctestkit")
"""What is added to pytest's command to run it without ours, which says the same but for the sections of functions."""

FULL_TRACEBACK: Final = {"ASYNCTESTKIT_FULL_TRACEBACK": "1"}

MACHINERY: Final = re.compile(r"(?m)^.*\b(?:asynctestkit/[\w/]*\.py|asyncio/(?:base_events|events|runners)\.py).*$")
"""Lines that name a frame no failure of a user shows."""

_PYTEST_OF_THE_FILES: Final = 9

_UNITTEST_FRAME: Final = re.compile(r'^[ |]*File "(?P<path>[^"]+)", line \d+, in .*$')
_PYTEST_FRAME: Final = re.compile(r"^(?P<path>(?:\S*/)?[\w.-]+\.py):\d+: in .*$")


def names() -> list[str]:
    """Return the names of all samples."""
    return sorted(path.stem for path in SAMPLES.glob("[a-z]*.py"))


def expected_file(name: str, runner: str, *options: str) -> Path:
    """Return where the expected output of a sample is kept; without the plugin it is another for some of them."""
    own = own_file(name, runner) if options == WITHOUT_PLUGIN else None
    return own if own is not None and own.exists() else SAMPLES / f"{name}.{runner}.out"


def own_file(name: str, runner: str) -> Path:
    """Return where the output without the plugin is kept of a sample that shows sections of its reports with it."""
    return SAMPLES / f"{name}.{runner}-alone.out"


def pytest_fault() -> str | None:
    """Return why the samples cannot be compared under pytest here, None if they can."""
    if importlib.util.find_spec("pytest") is None:
        return "pytest is not installed"
    version = importlib.metadata.version("pytest")
    if int(version.partition(".")[0]) != _PYTEST_OF_THE_FILES:
        return f"the expected output was written by pytest {_PYTEST_OF_THE_FILES}, this is {version}"
    return None


def run_sample(name: str, runner: str, *options: str, **extra: str) -> str:
    """Run a sample from the repository's root; return what it prints, masked, and its exit code."""
    finished = run(*(part.format(name=name) for part in COMMANDS[runner]), *options, variables=extra)
    parts = [
        f"--- {stream}\n{text}" for stream, text in (("stdout", finished.stdout), ("stderr", finished.stderr)) if text
    ]
    code = 1 if finished.returncode == 5 and "FAILED (errors=" in finished.stderr else finished.returncode
    return mask(f"{''.join(parts)}--- exit code {code}\n")


def mask(text: str) -> str:
    """Apply the rules to an output."""
    text = text.replace(f"{ROOT}{os.sep}", "").replace(os.sep.join(["tests", "samples", ""]), "tests/samples/")
    text = re.sub(r"(?m)(?:\.ci|\.venv)?/\S+/(unittest/\w+\.py):\d+: (\w+Warning: .*)\n  .*$", r"STDLIB/\1: \2", text)
    lines = _collapse(line for line in text.splitlines() if not re.fullmatch(r"[ |]*[~^][~^ ]*", line))
    text = "\n".join(lines) + "\n"
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", text)
    text = re.sub(r"(127\.0\.0\.1(?::|', )|\bsubprocess |\bfd=)\d+", r"\1N", text)
    text = re.sub(r"\bTask <Task .*> got ", "Task <Task> got ", text)
    return re.sub(r"\b(in|at least|sleeps,) \d+(?:\.\d+)? ?s\b", r"\1 N s", text)


def without_oddities(text: str) -> str:
    """Take out what is otherwise on Python 3.12.1 alone, where tests are run by unittest's own `run`.

    It does not count skipped tests, and pytest shows its frames where there are none of the user's.
    """
    text = re.sub(r"Ran \d+ tests?", "Ran N tests", text)
    text = re.sub(r"(?m)^(frames of STDLIB/unittest/case\.py|All traceback entries are hidden\..*)\n", "", text)
    return re.sub(r"(?m)^E? +", "", text)


def _collapse(lines: Iterable[str]) -> list[str]:
    """Put one line for neighbouring frames of one foreign file, and drop the source that follows each of them."""
    kept: list[str] = []
    foreign = ""
    for line in lines:
        found = _UNITTEST_FRAME.match(line) or _PYTEST_FRAME.match(line)
        if found is None:
            if foreign and _is_source(line, kept[-1]):
                continue
            foreign = ""
            kept.append(line)
            continue
        path = _foreign(found["path"])
        if path and path == foreign:
            continue
        foreign = path
        start = line[: len(line) - len(line.lstrip(" |"))]
        kept.append(f"{start}frames of {path}" if path else line)
    return kept


def _foreign(path: str) -> str:
    """Return what to call a file outside the repository, the empty string for one inside."""
    parts = Path(path).parts
    # Virtual environments, and interpreters made for one, may stand in the repository's folder.
    if not Path(path).is_absolute() and parts[0] not in ("..", ".venv", ".ci"):
        return ""
    if "site-packages" in parts:
        return "site-packages"
    package = next((folder for folder in ("asyncio", "unittest", "concurrent") if folder in parts), parts[-1])
    return "/".join(("STDLIB", *parts[parts.index(package) :]))


def _is_source(line: str, frame: str) -> bool:
    """Whether a line is the source of the frame before it: it is indented more."""
    return bool(line.strip(" |")) and _indent(line) > _indent(frame)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" |"))
