"""Which tests see the fixtures by which older versions of pytest-asyncio let suites choose loops.

Loads nothing else.
"""

from __future__ import annotations

import os
from typing import Any, Final

import pytest

from asynctestkit.pytest_shim.options import stands_in

_OVERRIDES: Final = pytest.StashKey[tuple[str, ...]]()
AUTOUSED: Final = "event_loop_policy"  # by plain tests, too
OVERRIDES: Final = ("event_loop", AUTOUSED)


def overrides_seen_from(node: Any) -> tuple[str, ...]:
    """Return which fixtures of pytest-asyncio are defined by a class, its module or a conftest."""
    found: tuple[str, ...] | None = node.stash.get(_OVERRIDES, None)
    if found is None:
        if isinstance(node, pytest.Class):
            found = (*_defined_by(*node.obj.__mro__), *overrides_seen_from(node.parent))
        else:
            path, conftests = str(node.path), _overriding_conftests(node.config.pluginmanager)
            above = [plugin for folder, plugin in conftests if path.startswith(folder)]
            found = _defined_by(getattr(node, "obj", None), *above)
            if found and not stands_in(node.config.pluginmanager):
                found = ()
        found = node.stash[_OVERRIDES] = tuple(dict.fromkeys(found))
    return found


def _overriding_conftests(manager: pytest.PytestPluginManager) -> list[tuple[str, object]]:
    plugins = [plugin for plugin in manager.get_plugins() if _defined_by(plugin)]
    files = [(plugin, getattr(plugin, "__file__", None) or "") for plugin in plugins]
    conftests = [(plugin, file) for plugin, file in files if os.path.basename(file) == "conftest.py"]
    return [(os.path.join(os.path.dirname(file), ""), plugin) for plugin, file in conftests]


def _defined_by(*holders: Any) -> tuple[str, ...]:
    return tuple(name for holder in holders for name in OVERRIDES if name in getattr(holder, "__dict__", ()))
