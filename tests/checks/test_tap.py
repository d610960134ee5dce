"""How warnings come to the checks: filters that stand in front of all others while a test runs, and leave no trace."""

from __future__ import annotations

import copy
import pickle
import re
import unittest
import warnings
from typing import Any
from unittest import mock

from asynctestkit import AsyncTestCase
from asynctestkit.checks import tap
from tests.checks.faults import forgotten
from tests.outcomes import run_one


class FiltersTest(unittest.TestCase):
    """The list of filters."""

    def test_copied(self) -> None:
        """Filters that a test has copied, and put back as deep copies, are taken out after it."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                filters: Any = warnings.filters
                filters[:] = copy.deepcopy(filters)

        before = list(warnings.filters)
        self.assertEqual(run_one(Case), ["ok"])
        self.assertEqual(list(warnings.filters), before)

    def test_pickled(self) -> None:
        """A pickle of them needs nothing but Python where it is read."""
        (_, pattern, *_), *_ = pickle.loads(pickle.dumps(tap._FILTERS))
        self.assertIs(type(pattern), re.Pattern)
        self.assertEqual(pattern.pattern, tap._FILTERS[0][1].pattern)


class PatchedTest(unittest.TestCase):
    """Tests that replace functions of the module `re`."""

    def test_match(self) -> None:
        """Warnings are told as ever, and the test's own mock sees none of our calls for one that is no finding."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                with mock.patch("re.match") as match, warnings.catch_warnings():
                    warnings.simplefilter("ignore", RuntimeWarning)
                    warnings.warn("harmless", RuntimeWarning, stacklevel=1)
                self.assertEqual(match.mock_calls, [])

            async def test_found(self) -> None:
                with mock.patch("re.match", return_value=None):
                    coroutine = forgotten()
                    del coroutine

        self.assertEqual(run_one(Case), ["ok"])
        (told,) = run_one(Case, "test_found")
        self.assertTrue(told.startswith("failures: test_found: asynctestkit.FindingError: coroutine"), told)


if __name__ == "__main__":
    unittest.main()
