"""What the documentation of other async plugins shows how to write, written anew: one table of cases a subject."""

from __future__ import annotations

from typing import NamedTuple


class Pattern(NamedTuple):
    """One documented pattern.

    Args:
        name: What a user wants.
        source: The test module, after the usual imports.
        expected: pytest's totals.
        conftest: The text of `conftest.py`.
        ini: Keys of `pytest.ini`.
        arguments: What pytest is called with.
        files: More files, by path.
        needs: A package without which the pattern cannot be written.
        lines: What stands in pytest's summary, too.
    """

    name: str
    source: str
    expected: str
    conftest: str = ""
    ini: str = ""
    arguments: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    needs: str = ""
    lines: tuple[str, ...] = ()
