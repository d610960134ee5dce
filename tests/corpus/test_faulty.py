"""The faulty tests: the table says what is so, and the modules made of it run to their end under both runners.

That each fault is real is found out here by means that cost too much for a check: collecting all garbage after each
test, and looking at what Python says then.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import io
import logging
import os
import re
import sys
import tempfile
import threading
import types
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from tests.corpus.faults.entries import KINDS, MARKER, NOWHERE, Correct, Faulty
from tests.corpus.faulty import CORRECT, FAULTY, HANDED, Made, class_name, mix_of, module_of, random_mixes
from tests.outcomes import complaints
from tests.programs import plugin_options, run_program

NEVER_SAID = ("reader_left", "child", "child_with_pipe")
"""Entries about what Python itself says nothing of, or not in the same process."""


@contextmanager
def imported(made: Made, name: str = "made_of_faults") -> Iterator[types.ModuleType]:
    """Import a module that was made, for the block."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.py"
        path.write_text(made.source, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
            yield module
        finally:
            del sys.modules[name]


def watched(cls: Any, left: list[str]) -> Any:
    """Return a subclass that notes the tasks that are left when all else is over."""

    class Watched(cls):  # type: ignore[misc]  # its base is made while the test runs
        def setUp(self) -> None:
            self.addAsyncCleanup(self.note)

        async def note(self) -> None:
            for _ in range(5):
                await asyncio.sleep(0)
            left.extend(repr(task) for task in asyncio.all_tasks() - {asyncio.current_task()})

    return Watched


@contextmanager
def logged() -> Iterator[list[str]]:
    """Collect what asyncio logs in the block, and of the children that are left after it; nobody else hears of it."""
    logger, stream = logging.getLogger("asyncio"), io.StringIO()
    messages: list[str] = []
    with (
        mock.patch.object(logger, "handlers", [logging.StreamHandler(stream)]),
        mock.patch.object(logger, "propagate", False),
    ):
        yield messages
        join_watchers()
    messages += stream.getvalue().splitlines()


def join_watchers() -> None:
    """Wait for the threads in which asyncio waits for children (3.11 has them), since they log when a child ends."""
    for thread in threading.enumerate():
        if thread.name.startswith("asyncio-waitpid-"):
            thread.join()


def observe(entry: Faulty | Correct) -> tuple[unittest.TestResult, str, list[str]]:
    """Run an entry alone; return its result, what was said aside, and the tasks that were left."""
    result, left = unittest.TestResult(), list[str]()
    quiet = mock.patch.dict(os.environ, ASYNCTESTKIT_CHECKS="ignore")  # what Python itself says is what is wanted
    with quiet, imported(module_of(entry)) as module, logged() as log, complaints() as said:
        cls = getattr(module, class_name(entry))
        if not entry.name.startswith("yields") and entry.is_async:
            cls = watched(cls, left)
        cls(f"test_{entry.name}").run(result)
        cls.doClassCleanups()
        vars(module).clear()  # lets go of what the test kept there
        del cls
    return result, "\n".join(said + log), left


class TableTest(unittest.TestCase):
    """The table is whole."""

    def test_names(self) -> None:
        """Every entry has a name of its own, which is an identifier."""
        names = [entry.name for entry in (*FAULTY, *HANDED)] + [entry.name for entry in CORRECT]
        self.assertEqual([name for name in names if not name.isidentifier() or names.count(name) > 1], [])

    def test_kinds(self) -> None:
        """There are entries of every kind and of no other."""
        self.assertEqual({entry.kind for entry in FAULTY}, set(KINDS))

    def test_places(self) -> None:
        """Every entry that has a place has one line, and one only, that is it."""
        for entry in FAULTY:
            parts = (entry.prelude, entry.set_up, entry.body, entry.tear_down)
            marked = [line for part in parts for line in part.splitlines() if MARKER in line]
            if entry.place == MARKER:
                self.assertEqual([line.endswith(MARKER) for line in marked], [True], entry.name)
            (placed,) = module_of(entry).tests.values()
            self.assertEqual(placed.line is None, entry.place == NOWHERE, entry.name)

    def test_lines(self) -> None:
        """The line of a test among many is that of its own marker."""
        made = mix_of([*FAULTY, *HANDED, *CORRECT])
        lines = made.source.splitlines()
        for name, (entry, line) in made.tests.items():
            if line is not None:
                self.assertRegex(lines[line - 1], f"{MARKER}$|def {name.partition('.')[2]}", entry.name)

    def test_mixes_are_what_the_seed_says(self) -> None:
        """The same seed gives the same mixes, another gives others."""
        first, same, other = (list(random_mixes(seed, 5)) for seed in (1, 1, 2))
        self.assertEqual(first, same)
        self.assertNotEqual(first, other)
        self.assertEqual({len(made.tests) for made in first}, {8})


class FaultTest(unittest.TestCase):
    """The faults are real, and the correct tests have none."""

    def setUp(self) -> None:
        """Let what others have left die here, where nobody listens."""
        with logged(), complaints():
            gc.collect()

    def test_said(self) -> None:
        """Python says sooner or later what is never awaited, unhandled or unclosed."""
        words = {"unawaited": "never awaited", "unhandled": "", "unclosed": "unclosed"}
        for entry in FAULTY:
            if entry.kind in words and entry.name not in NEVER_SAID:
                with self.subTest(entry.name):
                    _, said, _ = observe(entry)
                    self.assertIn(words[entry.kind], said)
                    if entry.object != "Server":  # of which its sockets speak
                        self.assertIn(entry.object.removeprefix("ValueError: "), said)

    def test_left(self) -> None:
        """Tasks that are called pending are, when all else is over."""
        for entry in FAULTY:
            if entry.kind == "pending_tasks":
                with self.subTest(entry.name):
                    _, _, left = observe(entry)
                    self.assertRegex("\n".join(left), entry.object)

    def test_silent(self) -> None:
        """What would pass in silence fails."""
        for entry in FAULTY:
            if entry.kind == "silent_pass":
                with self.subTest(entry.name):
                    result, _, _ = observe(entry)
                    self.assertEqual([entry.object in text for _, text in result.failures], [True])

    def test_correct(self) -> None:
        """A correct test passes, leaves nothing and nothing is said."""
        for entry in CORRECT:
            with self.subTest(entry.name):
                result, said, left = observe(entry)
                self.assertEqual((result.errors, result.failures, said, left), ([], [], "", []))


class RunTest(unittest.TestCase):
    """Modules of them run to their end, as programs."""

    def test_unittest(self) -> None:
        """Each in a class of its own, under unittest."""
        said = run_program(module_of(*FAULTY).source, "-m", "unittest").stderr
        self.assertIn(f"\nRan {len(FAULTY)} tests in ", said)

    def test_unittest_mixed(self) -> None:
        """All in one class, with the correct ones, under unittest."""
        said = run_program(mix_of([*FAULTY, *CORRECT]).source, "-m", "unittest").stderr
        self.assertIn(f"\nRan {len(FAULTY) + len(CORRECT)} tests in ", said)

    @unittest.skipIf(sys.version_info < (3, 12), "the parser of 3.11 fails where it meets garbage with finalisers")
    @unittest.skipUnless(importlib.util.find_spec("pytest"), "pytest is not installed")
    def test_pytest(self) -> None:
        """All of both kinds of module, under pytest with the plugin."""
        for made in (module_of(*FAULTY), mix_of([*FAULTY, *CORRECT])):
            # Garbage with finalisers, of which there is much here, breaks Python 3.11's parser, which this plugin sets
            # to work at the end of a run.
            options = ("-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *plugin_options())
            finished = run_program(made.source, "-m", "pytest", *options)
            (summary,) = re.findall(r"(?m)^\d+ failed, .* in [\d.]+s.*$", finished.stdout) or [finished.stderr]
            counts = re.findall(r"(\d+) (?:passed|failed|error)", summary)
            self.assertEqual(sum(map(int, counts)), len(made.tests), summary)

    def test_random_mixes(self) -> None:
        """Whatever is mixed, each test runs."""
        for made in random_mixes(seed=7, count=20):
            with imported(made) as module, logged(), complaints():
                result = unittest.TestResult()
                unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
                vars(module).clear()  # lets go of what the tests kept there
            self.assertEqual(result.testsRun, len(made.tests))


if __name__ == "__main__":
    unittest.main()
