"""What options accept, and the whole message where they do not."""

from __future__ import annotations

import math
import unittest

from asynctestkit import UsageError
from asynctestkit.values import Scope, parse_scope, parse_seconds, parse_switch
from tests.outcomes import refusal


class ScopeTest(unittest.TestCase):
    """Scopes by their words."""

    def test_words(self) -> None:
        """Each scope has one word, and `function` is pytest's for `test`."""
        words = ("test", "class", "module", "session", "function")
        self.assertEqual(
            [parse_scope(word, option="loop_scope", where="here") for word in words],
            [Scope.TEST, Scope.CLASS, Scope.MODULE, Scope.SESSION, Scope.TEST],
        )

    def test_scope_itself(self) -> None:
        """A scope is taken as it is."""
        self.assertIs(parse_scope(Scope.MODULE, option="loop_scope", where="here"), Scope.MODULE)

    def test_wider_is_greater(self) -> None:
        """Scopes compare by how long they live."""
        self.assertEqual(sorted(Scope, reverse=True), [Scope.SESSION, Scope.MODULE, Scope.CLASS, Scope.TEST])

    def test_word(self) -> None:
        """A scope knows its word."""
        self.assertEqual([scope.word for scope in Scope], ["test", "class", "module", "session"])

    def test_refused(self) -> None:
        """Anything else is answered with the valid words."""
        for value in ("Class", "", 2, True, b"class", object):
            with self.subTest(value):
                self.assertEqual(
                    refusal(UsageError, parse_scope, value, option="loop_scope", where="here"),
                    f"loop_scope must be a scope, not {value!r}\n"
                    "  where  here\n"
                    "  fix:   use one of 'test', 'class', 'module', 'session'",
                )


class SecondsTest(unittest.TestCase):
    """Durations."""

    def test_accepted(self) -> None:
        """Numbers above 0 are seconds; None and infinity are no limit."""
        for value, expected in ((5, 5.0), (0.25, 0.25), (None, None), (math.inf, None)):
            with self.subTest(value):
                self.assertEqual(parse_seconds(value, option="timeout", where="here"), expected)

    def test_refused(self) -> None:
        """Text, switches, nothing, less than nothing and no number at all are refused."""
        for value in ("5", True, False, 0, 0.0, -1, -math.inf, math.nan, b"5", 1j):
            with self.subTest(value):
                self.assertEqual(
                    refusal(UsageError, parse_seconds, value, option="timeout", where="here"),
                    f"timeout must be a number of seconds above 0, or None, not {value!r}\n"
                    "  where  here\n"
                    "  fix:   write timeout = 5.0 for five seconds, timeout = None for no limit",
                )

    def test_huge(self) -> None:
        """A whole number that no float can hold is refused like any other wrong value."""
        with self.assertRaises(UsageError):
            parse_seconds(10**400, option="timeout", where="here")


class SwitchTest(unittest.TestCase):
    """Switches."""

    def test_accepted(self) -> None:
        """True, False, and None for what the environment says."""
        for value in (True, False, None):
            self.assertIs(parse_switch(value, option="debug", where="here"), value)

    def test_refused(self) -> None:
        """Words and numbers are no switches."""
        for value in ("yes", "", 0, 1, b"on"):
            with self.subTest(value):
                self.assertEqual(
                    refusal(UsageError, parse_switch, value, option="debug", where="here"),
                    f"debug must be True, False or None, not {value!r}\n  where  here\n  fix:   write debug = True",
                )


if __name__ == "__main__":
    unittest.main()
