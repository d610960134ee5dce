"""Which tests are ours: those that are async and that no other plugin runs; and which async fixtures are."""

from __future__ import annotations

from typing import Any, Final

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


def given_back(fixturedef: Any, item: Any, options: Options | None) -> bool:
    """Whether a fixture that pytest-asyncio has wrapped is ours after all; if so, its function is put back.

    What its own decorator declares stays its own. What its auto mode has taken is ours for the tests that say they are
    ours, which would otherwise wait for an object of another loop, and its own for plain tests.
    """
    inner = getattr(fixturedef.func, "__wrapped__", None)
    if getattr(inner, _WRAPPED, False) or not (hasattr(item.cls, "_atk_plan") or (options and options.marked)):
        return False
    fixturedef.func = inner
    return True


_WRAPPED: Final = "_force_asyncio_fixture"


def is_wrapped(function: object) -> bool:
    """Whether pytest-asyncio calls this function of an async fixture."""
    return getattr(function, _WRAPPED, False) is True
