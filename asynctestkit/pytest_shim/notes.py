"""What a run accepts though it has no meaning here: said once, at the end of the run, and never as a warning."""

from __future__ import annotations

import pytest

from asynctestkit.pytest_plugin import NOTES


def note(config: pytest.Config, what: str, meaning: str) -> None:
    """Have the run's summary say what was accepted, and what it means instead."""
    config.stash.setdefault(NOTES, {})[what] = meaning
