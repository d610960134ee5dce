"""Faulty tests, one for each kind and way of each fault, and the modules that are made of them.

`FAULTY` is the table, `CORRECT` holds tests to mix with them, and `HANDED` faults that only mixes can have.
`module_of` gives each entry a class of its own, `mix_of` puts entries into one class on one loop, `random_mixes`
draws such mixes. All return a `Made`: the source of a module, and for each test its entry and the line that a finding
has to name.
"""

from __future__ import annotations

import random
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from tests.corpus.faults import correct, handed, left, unawaited, unhandled
from tests.corpus.faults.entries import DEFINITION, MARKER, Correct, Faulty

FAULTY: Final[tuple[Faulty, ...]] = (*unawaited.ENTRIES, *unhandled.ENTRIES, *left.ENTRIES)
CORRECT: Final[tuple[Correct, ...]] = correct.ENTRIES
HANDED: Final[tuple[Faulty, ...]] = handed.ENTRIES
"""Faults of classes whose tests share a loop, for mixes."""

HEADER: Final = '''\
import asyncio
import concurrent.futures
import gc
import os
import signal
import socket
import sys
import threading
import time
import unittest
from unittest import mock

from asynctestkit import AsyncTestCase, fixture

KEPT = []


async def forgotten():
    """Do nothing, if it is awaited."""


async def failing():
    await asyncio.sleep(0)
    raise ValueError("lost")


async def forever():
    await asyncio.Event().wait()


def fail(*_):
    raise ValueError("lost")


class Client:
    async def fetch(self):
        return "value"


async def turns(count=4):
    for _ in range(count):
        await asyncio.sleep(0)


async def until(condition):
    while not condition():
        await asyncio.sleep(0.001)
'''
"""What stands at the top of each module: what the entries use."""

SKIPS: Final = {
    "unix": '@unittest.skipIf(sys.platform == "win32", "needs Unix")',
    "children": '@unittest.skipIf(sys.platform == "win32", "needs Unix")',
    "main_thread": '@unittest.skipUnless(threading.current_thread() is threading.main_thread(), "needs signals")',
}


class Placed(NamedTuple):
    """A test in a module that was made."""

    entry: Faulty | Correct
    line: int | None
    """Where the object of its finding was created; None where no line of the module did it, or nothing is at fault."""


class Made(NamedTuple):
    """A module that was made."""

    source: str
    tests: dict[str, Placed]
    """By `Class.test_name`, in the order in which they stand there."""


class _Writer:
    """Lines, with a note of which test owns the marker among them."""

    def __init__(self) -> None:
        self.lines = HEADER.splitlines()
        self.tests: dict[str, Placed] = {}
        self._preludes: set[str] = set()

    def prelude(self, entry: Faulty | Correct) -> dict[str, int]:
        """Write what an entry needs at module level, once; return the line of its marker, if it is there."""
        if not entry.prelude or entry.prelude in self._preludes:
            return {}
        self._preludes.add(entry.prelude)
        self.lines += ["", ""]
        return self.block(entry.prelude, indent="")

    def block(self, text: str, *, indent: str) -> dict[str, int]:
        """Write statements; return the line of the marker, if it is among them."""
        found = {}
        for line in textwrap.indent(text, indent).splitlines():
            self.lines.append(line)
            if line.endswith(MARKER):
                found[MARKER] = len(self.lines)
        return found

    def method(self, head: str, text: str) -> dict[str, int]:
        """Write a method; return the lines of its definition and its marker."""
        self.lines += ["", f"    {head}"]
        return {DEFINITION: len(self.lines), **self.block(text, indent="        ")}

    def test(self, cls: str, entry: Faulty | Correct, marks: dict[str, int]) -> None:
        """Write a test and note where its object is made."""
        if entry.needs:
            self.lines += ["", f"    {SKIPS[entry.needs]}"]
        parameters = ", ".join(filter(None, ("self", entry.parameters)))
        head = f"{'async ' if entry.is_async else ''}def test_{entry.name}({parameters}):"
        marks = {**marks, **self.method(head, entry.body)}
        self.tests[f"{cls}.test_{entry.name}"] = Placed(entry, marks.get(entry.place))

    def made(self) -> Made:
        """Return the module."""
        return Made("\n".join(self.lines) + "\n", self.tests)


def class_name(entry: Faulty | Correct) -> str:
    """Return the name of the class that `module_of` gives an entry."""
    return "".join(part.title() for part in entry.name.split("_")) + "Test"


def module_of(*entries: Faulty | Correct) -> Made:
    """Return a module with a class for each entry, each of whose tests has a loop of its own."""
    writer = _Writer()
    marks = [writer.prelude(entry) for entry in entries]
    for entry, found in zip(entries, marks, strict=True):
        cls = class_name(entry)
        writer.lines += ["", "", f"class {cls}(AsyncTestCase):", "    pass"]
        if entry.set_up:
            found |= writer.method("async def asyncSetUp(self):", entry.set_up)
        if entry.tear_down:
            found |= writer.method("async def asyncTearDown(self):", entry.tear_down)
        writer.test(cls, entry, found)
    return writer.made()


def mix_of(entries: Sequence[Faulty | Correct], *, name: str = "MixTest", loop_scope: str = "class") -> Made:
    """Return a module with one class of all entries, on one loop.

    unittest runs its tests by name, pytest in the order of the entries.
    """
    writer = _Writer()
    marks = {entry.name: writer.prelude(entry) for entry in entries}
    writer.lines += ["", "", f"class {name}(AsyncTestCase):", f"    loop_scope = {loop_scope!r}"]
    for hook in ("set_up", "tear_down"):
        writer.method(
            f"async def {'asyncSetUp' if hook == 'set_up' else 'asyncTearDown'}(self):",
            f"own = getattr(self, self._testMethodName.replace('test_', '{hook}_', 1), None)\n"
            "if own is not None:\n    await own()",
        )
    for entry in entries:
        found = marks[entry.name]
        for hook, text in (("set_up", entry.set_up), ("tear_down", entry.tear_down)):
            if text:
                found |= writer.method(f"async def {hook}_{entry.name}(self):", text)
        writer.test(name, entry, found)
    return writer.made()


def random_mixes(seed: int, count: int, *, faulty: int = 4, correct: int = 4, handed: int = 0) -> Iterator[Made]:
    """Give random mixes of different entries, each one class on one loop.

    Args:
        seed: The same seed gives the same mixes.
        count: How many mixes.
        faulty: How many faulty tests are in each.
        correct: How many correct ones.
        handed: How many that leave something to their class.
    """
    chance = random.Random(seed)
    for _ in range(count):
        entries: list[Faulty | Correct] = [*chance.sample(FAULTY, faulty), *chance.sample(CORRECT, correct)]
        entries += chance.sample(HANDED, handed)
        chance.shuffle(entries)
        yield mix_of(entries)
