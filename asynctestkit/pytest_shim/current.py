"""Which test item a run is at: a request for a wider fixture does not tell who asks."""

from __future__ import annotations

from typing import Any

import pytest

from asynctestkit.pytest_plugin import CURRENT


def item_of(request: Any) -> pytest.Item:
    """Return the item for which a fixture is set up."""
    item: pytest.Item = request.node if isinstance(request.node, pytest.Item) else request.config.stash[CURRENT]
    return item
