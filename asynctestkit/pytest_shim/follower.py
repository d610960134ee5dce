"""What is done around each test of a run once it has async fixtures wider than a test.

The requests of plain fixtures are kept, too, for they may ask for async ones by name. And plain code of a test that is
given such a fixture, set-up and tear-down included, finds the loop on which the fixture lives as the current one, so
that it can have coroutines run there: `asyncio.get_event_loop().run_until_complete(client.get())`.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

import pytest

from asynctestkit.loops.managed import ManagedLoop
from asynctestkit.pytest_shim.current import item_of
from asynctestkit.pytest_shim.wide import used_by

_TAKEN: Final = pytest.StashKey[ManagedLoop]()
"""The loop that was made current for a test, and that was not before."""


class Follower:
    """The hooks."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, request: pytest.FixtureRequest) -> None:
        """Keep the request, and have a plain fixture find the loop."""
        _make_current(item_of(request))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Have a plain test find the loop."""
        _make_current(item)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """Take it back when the last of the test's fixtures is finished."""
        _make_current(item)
        try:
            return (yield)
        finally:
            taken = item.stash.get(_TAKEN, None)
            if taken is not None:
                del item.stash[_TAKEN]
                taken.give_back()


def _make_current(item: Any) -> None:
    used = used_by(item)
    if used:
        managed = used[0].managed  # all that one test uses lives on one loop
        if managed.make_current():
            item.stash[_TAKEN] = managed
