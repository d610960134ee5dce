"""Runs one scenario on the two base classes and compares what was observed.

A scenario is a method ``(self, base) -> outcome`` of a ``ContractTest``, marked with the points of the contract that it
states. It builds its test classes on *base*, runs them, and returns plain data.
"""

import functools
import unittest
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar
from unittest import IsolatedAsyncioTestCase

from asynctestkit import AsyncTestCase

from .intended import INTENDED
from .programs import observe_in_child
from .recording import Base, Observation, observe, plain

BASES: dict[str, Base] = {"stock": IsolatedAsyncioTestCase, "ours": AsyncTestCase}


@dataclass(frozen=True)
class Entry:
    """Where a scenario lives, and the points that it states."""

    place: str
    points: tuple[int, ...]


SCENARIOS: dict[str, Entry] = {}

Test = TypeVar("Test", bound="ContractTest")


def differential(
    *points: int, fresh: bool = False, environment: dict[str, str] | None = None
) -> Callable[[Callable[[Test, Base], object]], Callable[[Test], None]]:
    """Make a test of a scenario: both bases must show the same, but for what ``INTENDED`` says.

    *fresh* runs each side in an interpreter of its own, for what concerns the whole process (signals, the environment).
    """

    def mark(scenario: Callable[[Test, Base], object]) -> Callable[[Test], None]:
        name = scenario.__name__.removeprefix("test_")
        place = f"{scenario.__module__}.{scenario.__qualname__}"
        if SCENARIOS.setdefault(name, Entry(place, points)).place != place:
            raise ValueError(f"two scenarios are called {name}: {SCENARIOS[name].place} and {place}")

        @functools.wraps(scenario)
        def test(self: Test) -> None:
            if fresh:
                child = functools.partial(
                    observe_in_child, scenario.__module__, scenario.__qualname__, environment or {}
                )
                with ThreadPoolExecutor(len(BASES)) as pool:
                    stock, ours = pool.map(child, BASES)
            else:
                stock, ours = (observe(base, functools.partial(scenario, self)) for base in BASES.values())
            self.compare(name, stock, ours)

        return test

    return mark


class ContractTest(unittest.TestCase):
    """Base of the differential tests."""

    maxDiff = None

    def compare(self, name: str, stock: Observation, ours: Observation) -> None:
        """Fail unless *ours* is *stock*, or just what the table of intended differences says of *name*."""
        entry = INTENDED.get(name)
        if entry is None or not entry.applies:
            self.assertEqual(stock, ours, "AsyncTestCase (+) differs from the stock class (-)")
            return
        self.assertNotEqual(stock, ours, f"stale entry of INTENDED: nothing differs ({entry.reason})")
        expected = {**stock, **{key: plain(value) for key, value in entry.changes.items()}}
        self.assertEqual(expected, ours, f"AsyncTestCase (+) is not as intended (-): {entry.reason}")
