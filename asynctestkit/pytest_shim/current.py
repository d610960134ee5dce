"""Which test item a run is at, and by which request it is set up.

A request for a wider fixture does not tell who asks, and an item does not tell its request.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from asynctestkit.pytest_plugin import CURRENT

_REQUEST: Final = pytest.StashKey[pytest.FixtureRequest]()


def item_of(request: Any) -> pytest.Item:
    """Return the item for which a fixture is set up; its requests are kept."""
    node: pytest.Item = request.node
    if hasattr(node, "runtest"):  # which all items have and no collector; it is asked for each async fixture
        node.stash[_REQUEST] = request
        return node
    item: pytest.Item = request.config.stash[CURRENT]
    item.stash.setdefault(_REQUEST, request)
    return item


def request_of(item: pytest.Item) -> pytest.FixtureRequest | None:
    """Return the latest request known for the item, rather one for its own fixtures; None if there was none yet."""
    return item.stash.get(_REQUEST, None)
