"""Every fault of the corpus is found, in the test that committed it and in no other."""

from __future__ import annotations

import gc
import os
import re
import unittest
import warnings
from typing import Any

from asynctestkit import AsyncTestCase, FindingWarning
from tests.corpus.faults.entries import Faulty
from tests.corpus.faulty import CORRECT, FAULTY, HANDED, Made, Placed, mix_of, module_of, random_mixes
from tests.corpus.test_faulty import imported, logged
from tests.outcomes import complaints

DEFINED_ONLY = frozenset(
    (
        *("call_soon", "call_soon_in_last_line", "call_later", "call_at", "done_callback", "done_callback_of_task"),
        *("reader", "signal_handler", "protocol_data_received", "protocol_connection_made", "protocol_connection_lost"),
        *("datagram_received", "stream_handler", "generator_finaliser", "gather_dropped", "future_dropped"),
        *("future_on_self", "socket_dropped", "socket_on_self", "socket_of_set_up", "socket_in_cycle"),
        *("socket_of_plain_test", "reader_left", "thread_alive", "thread_of_own_executor"),
        *("generator_on_self", "generator_advanced"),  # where it is begun is told
    )
)
"""Entries whose object does not tell where it was made: callbacks, futures, sockets and threads keep no record."""

RUNS = int(os.environ.get("ASYNCTESTKIT_MIXES", "60"))
"""How many random mixes are run; `ASYNCTESTKIT_MIXES` says another number."""


def run(made: Made) -> dict[str, list[str]]:
    """Run a module; return what was said of each test, by `Class.test_name`."""
    said: dict[str, list[str]] = {}
    with imported(made) as module, logged(), complaints(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
        for test, text in [*result.errors, *result.failures]:
            said.setdefault(".".join(test.id().split(".")[-2:]), []).append(text)
        for one in caught:
            if issubclass(one.category, FindingWarning):
                text = str(one.message)
                name = re.search(r"(?m)^  test +\S+\.(\w+\.\w+)$", text)
                assert name is not None, text
                said.setdefault(name[1], []).append(text)
        vars(module).clear()
    return said


class FoundTest(unittest.TestCase):
    """What is said of each test."""

    maxDiff = None

    def tearDown(self) -> None:
        """Let what the faults have left die here, not in a test that listens for such things."""
        with logged(), complaints():
            gc.collect()

    def check(self, made: Made) -> None:
        """Check that each faulty test is told its own fault and that nothing is said of correct ones."""
        said = run(made)
        self.check_classes(made, said)
        for name, (entry, line) in made.tests.items():
            texts = said.pop(name, [])
            if isinstance(entry, Faulty) and not entry.left_to_class:
                with self.subTest(entry.name):
                    # A generator that fails when it is closed was left open, too.
                    self.assertEqual(len(texts), 2 if entry.name == "generator_finaliser" else 1, texts)
                    self.check_text(texts[0], entry, line)
            else:
                with self.subTest(entry.name):
                    self.assertEqual(texts, [])
        self.assertEqual(said, {})

    def check_classes(self, made: Made, said: dict[str, list[str]]) -> None:
        """Check that the end of each class is told what its tests have left to it, of each of them once."""
        left: dict[str, dict[str, Placed]] = {}
        for name, placed in made.tests.items():
            if isinstance(placed.entry, Faulty) and placed.entry.left_to_class:
                left.setdefault(name.partition(".")[0], {})[name] = placed
        for cls, tests in left.items():
            (text,) = said.pop(f"tearDownClass (made_of_faults.{cls})")
            told = {
                match[1]: block
                for block in re.split(r"(?m)^(?=\d+\. )", text[text.index("FindingError:") :])
                if (match := re.search(r"made in +made_of_faults\.(\S+)", block)) is not None
            }
            self.assertEqual(sorted(told), sorted(tests), text)
            self.assertEqual(text.count("  made in "), len(tests), text)
            for name, (entry, line) in tests.items():
                with self.subTest(entry.name):
                    assert isinstance(entry, Faulty)
                    self.check_text(told[name], entry, line)

    def check_text(self, text: str, entry: Faulty, line: int | None) -> None:
        """Check that a report names the object, its kind and its place."""
        self.assertRegex(text, entry.object if entry.kind == "pending_tasks" else re.escape(entry.object))
        if entry.kind != "silent_pass":
            self.assertIn(f"docs/checks.md#{entry.kind.replace('_', '-')}", text)
        if line is not None and entry.name not in DEFINED_ONLY:
            self.assertRegex(text, rf"made_of_faults\.py:(?:{line}|{line - 1})\b")  # a statement may begin before it

    def test_alone(self) -> None:
        """Each in a class of its own, on a loop of its own."""
        for entry in FAULTY:
            self.check(module_of(entry))

    def test_correct(self) -> None:
        """Nothing is said of the correct ones."""
        self.check(module_of(*CORRECT))

    def test_together(self) -> None:
        """All of them on one loop of one class."""
        self.check(mix_of([*FAULTY, *CORRECT, *HANDED]))

    def test_told_once(self) -> None:
        """A coroutine that was told of, and is kept by who records the warning of its death, is not told of again."""
        kept: list[Any] = []

        class Case(AsyncTestCase):
            loop_scope = "class"

            async def test_a(self) -> None:
                async def forgotten() -> None: ...

                kept.append(forgotten())

            async def test_b(self) -> None:
                pass

        result = unittest.TestResult()
        with warnings.catch_warnings(record=True) as recorded:
            warnings.simplefilter("always")
            Case("test_a").run(result)
            kept.clear()
            Case("test_b").run(result)
        self.assertEqual([test.id().rpartition(".")[2] for test, _ in result.failures], ["test_a"])
        self.assertEqual(len(recorded), 1)

    def test_mixes(self) -> None:
        """Random mixes on one loop: each finding is its own test's, or its class's if that is where it was left."""
        for made in random_mixes(seed=11, count=RUNS, handed=2):
            self.check(made)


if __name__ == "__main__":
    unittest.main()
