"""What the documentation of pytest-asyncio and anyio shows how to write runs as it stands, as a user expects."""

from __future__ import annotations

import importlib.util
import unittest
from collections.abc import Iterable

from tests.pytest_shim.patterns import Pattern, factories, fixtures, of_anyio, scopes
from tests.pytest_shim.support import PluginTest


class PatternsTest(PluginTest):
    """Each pattern gives what a user expects; one run each."""

    def check(self, patterns: Iterable[Pattern]) -> None:
        for pattern in patterns:
            with self.subTest(pattern.name):
                if pattern.needs and importlib.util.find_spec(pattern.needs) is None:
                    self.skipTest(f"{pattern.needs} is not installed")
                lines = self.outcomes(
                    pattern.source,
                    *pattern.arguments,
                    conftest=pattern.conftest,
                    ini=pattern.ini,
                    files=dict(pattern.files),
                )
                self.assertEqual(lines[-1], pattern.expected, lines)
                self.assertLessEqual(set(pattern.lines), set(lines))

    def test_scopes(self) -> None:
        """pytest-asyncio: loops that tests share, marks, modes."""
        self.check(scopes.PATTERNS)

    def test_factories(self) -> None:
        """pytest-asyncio: other event loops."""
        self.check(factories.PATTERNS)

    def test_fixtures(self) -> None:
        """pytest-asyncio: async fixtures, ports, isolation."""
        self.check(fixtures.PATTERNS)

    def test_anyio(self) -> None:
        """anyio: its tests, and the same as plain ones."""
        self.check(of_anyio.PATTERNS)


if __name__ == "__main__":
    unittest.main()
