"""Which tests are ours: those that are async and that no other plugin runs; and which async fixtures are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pytest

from asynctestkit.pytest_plugin import is_async
from asynctestkit.pytest_shim.settings import Options, Settings

_OTHERS: Final = {"asyncio": "asyncio", "trio": "trio", "twisted": "pytest_twisted", "curio": "curio"}
"""Marks by which other plugins claim tests, and what those plugins are registered as."""


_THEIR_MODULE: Final = "pytest_asyncio.plugin"


def other_claims(item: pytest.Item, marks: Sequence[str] | None = None) -> bool:
    """Whether another plugin runs this test, or provides for it.

    Args:
        item: The test.
        marks: What `marks_of_others` returns, where that is known.
    """
    if "anyio_backend" in getattr(item, "fixturenames", ()):
        return True
    if type(item) is not pytest.Function and type(item).__module__.startswith("pytest_asyncio"):
        return True
    for mark in marks_of_others(item.config) if marks is None else marks:
        if item.get_closest_marker(mark) is not None:
            return True
    return False


def marks_of_others(config: pytest.Config) -> list[str]:
    """Return the marks by which plugins that are present claim tests."""
    found = config.stash.get(_MARKS, None)
    if found is None:
        manager = config.pluginmanager
        found = config.stash[_MARKS] = [mark for mark, plugin in _OTHERS.items() if manager.has_plugin(plugin)]
    return found


_MARKS: Final = pytest.StashKey[list[str]]()


def is_surely_ours(item: Any) -> bool:
    """Whether a test that nobody else claims runs in a life of ours whatever fixtures it has."""
    return hasattr(getattr(item, "cls", None), "_atk_plan") or is_async(item.obj)


def before_theirs(function: Any) -> Any:
    """Return an async fixture's function as it was before pytest-asyncio wrapped it, which it does for any test."""
    while getattr(function, "__globals__", {}).get("__name__") == _THEIR_MODULE:
        function = function.__wrapped__
    return function


def is_wanted(options: Options, settings: Settings) -> bool:
    """Whether the mode lets us run an async test that nobody else claims."""
    return options.marked or not settings.strict
