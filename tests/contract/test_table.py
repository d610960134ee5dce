"""The table of intended differences, and the list of points, are complete and current."""

import importlib
import pkgutil
import unittest
from pathlib import Path

from .differential import SCENARIOS
from .intended import INTENDED

POINTS = range(1, 31)


class Table(unittest.TestCase):
    """Holds for all modules of this package together."""

    def setUp(self) -> None:
        for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
            if module.name.startswith("test_"):
                importlib.import_module(f"{__package__}.{module.name}")

    def test_every_entry_names_a_scenario(self) -> None:
        """An entry without its scenario is stale."""
        self.assertEqual(set(), set(INTENDED) - set(SCENARIOS))

    def test_every_point_has_a_scenario(self) -> None:
        """The contract has 30 points."""
        stated = {point for entry in SCENARIOS.values() for point in entry.points}
        self.assertEqual(set(POINTS), stated)
