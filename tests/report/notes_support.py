"""Run modules under unittest and pytest, and collect the notes of what fails in them; say which are expected."""

from __future__ import annotations

import json
import re
import unittest
from typing import Any, Final

from tests.made_modules import ModuleCase
from tests.outcomes import mask
from tests.pytest_shim.support import run_here

Notes = dict[str, list[str]]
"""The notes of what failed, by the names of tests."""


HEADER: Final = """
import asyncio, contextlib, types
import asynctestkit

kept = []
client = types.SimpleNamespace()
"""


def all_notes(error: BaseException) -> list[str]:
    """Return the notes of an error, of what is in it and of what is behind it."""
    members: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    behind = [error.__cause__] if error.__cause__ is not None else []
    return [*getattr(error, "__notes__", ()), *(note for one in (*members, *behind) for note in all_notes(one))]


CONFTEST: Final = """
import json

def all_notes(error):
    behind = [error.__cause__] if error.__cause__ is not None else []
    members = getattr(error, "exceptions", ())
    return [*getattr(error, "__notes__", ()), *(note for one in (*members, *behind) for note in all_notes(one))]

def pytest_exception_interact(node, call):
    told = json.dumps([node.name, all_notes(call.excinfo.value)])
    node.config.get_terminal_writer().line(f"NOTES {told}")
"""


WAIT: Final = """
async def use(event):
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.001):
            await event.wait()

def foreign():
    async def make():
        return asyncio.get_running_loop().create_future()
    return asyncio.run(make())
"""

HEAD: Final = "the Future belongs to an event loop that asynctestkit has not opened"


def note(*lines: str) -> list[str]:
    """Return the one note that these lines make."""
    first, *rows, fix = lines
    return [
        "\n".join(
            [first, *(f"  {row}" for row in rows), "  see       docs/checks.md#another-loop", f"  fix:      {fix}"]
        )
    ]


def foreign(used_on: str, fix: str, *rows: str) -> list[str]:
    """Return the note on a future of no loop of ours."""
    return note(
        HEAD,
        "object    <Future pending>",
        *rows,
        "its loop  one that asynctestkit has not opened, closed",
        *([f"used on   that of {used_on}"] if used_on else []),
        fix,
    )


HERE: Final = "create KEPT in the test, or in an async hook or fixture: they run on the test's own loop"
KEPT: Final = "kept as   KEPT of module program"


class _Result(unittest.TestResult):
    def __init__(self) -> None:
        super().__init__()
        self.notes: Notes = {}

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        super().addError(test, err)
        self.notes[test.id().rpartition(".")[2]] = all_notes(err[1])

    addFailure = addError


class NotesCase(ModuleCase):
    """Runs the two tests of a case and compares what is told of the second."""

    header = ""
    maxDiff = None

    def by_unittest(self, source: str) -> Notes:
        """Return the notes of what fails under unittest."""
        module = self.make(source)
        result = _Result()
        self.load(module).run(result)
        return {
            name: [mask(note.replace(module.__name__, "program")) for note in notes]
            for name, notes in result.notes.items()
        }

    def by_pytest(self, source: str) -> Notes:
        """Return the notes of what fails under pytest, with the plugin."""
        _, said = run_here({"test_program.py": source, "conftest.py": CONFTEST}, "-q", "-W", "error")
        told = [json.loads(line[1]) for line in re.finditer(r"NOTES (.*)", said)]
        return {name: [mask(note).replace("test_program", "program") for note in notes] for name, notes in told}
