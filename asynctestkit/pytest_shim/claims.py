"""Which tests are ours: those that are async and that no other plugin runs."""

from __future__ import annotations

from typing import Final

import pytest

from asynctestkit.pytest_shim.settings import Options, Settings

_OTHERS: Final = {"asyncio": "asyncio", "trio": "trio", "twisted": "pytest_twisted", "curio": "curio"}
"""Marks by which other plugins claim tests, and what those plugins are registered as."""


def other_claims(item: pytest.Item) -> bool:
    """Whether another plugin runs this test, or provides for it."""
    if "anyio_backend" in getattr(item, "fixturenames", ()):
        return True
    if type(item).__module__.startswith("pytest_asyncio"):
        return True
    manager = item.config.pluginmanager
    return any(
        manager.has_plugin(plugin) and item.get_closest_marker(mark) is not None for mark, plugin in _OTHERS.items()
    )


def is_wanted(options: Options, settings: Settings) -> bool:
    """Whether the mode lets us run an async test that nobody else claims."""
    return options.marked or not settings.strict
