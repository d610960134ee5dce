"""What is done around each test of a run once it has async fixtures wider than a test.

The requests of plain fixtures are kept, too, for they may ask for async ones by name. And plain code of a test that is
given such a fixture, set-up and tear-down included, finds the loop on which the fixture lives as the current one, so
that it can have coroutines run there: `asyncio.get_event_loop().run_until_complete(client.get())`. Where the suite has
made a loop of its own current, that stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Final

import pytest

from asynctestkit.loops import current
from asynctestkit.loops.shared import SharedLoop
from asynctestkit.pytest_shim.current import item_of
from asynctestkit.pytest_shim.wide import WideFixture, listed_in, used_by
from asynctestkit.report.errors import may_hide_all

__tracebackhide__ = may_hide_all  # pytest makes a group of several errors of a tear-down, which passes through here

_LENT: Final = pytest.StashKey[asyncio.AbstractEventLoop]()
"""The loop that was made current for a test."""


class Follower:
    """The hooks."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Have plain fixtures find the loop, be they set up or finished for a test that changes their params."""
        _lend(item, used_by(item))

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, request: pytest.FixtureRequest) -> None:
        """Keep the request, and have a plain fixture find the loop."""
        item = item_of(request)
        _lend(item, used_by(item))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Have a plain test find the loop."""
        _lend(item, used_by(item))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Have plain fixtures find the loop when they are finished, also with others' tests; then take it back."""
        stays = set() if nextitem is None else set(nextitem.listchain())
        used = used_by(item) or [fixture for fixture in listed_in(item.config) if fixture.node not in stays]
        shared = _lend(item, used)
        try:
            return (yield)
        finally:
            lent = item.stash.get(_LENT, None)
            if lent is not None:
                del item.stash[_LENT]
                current.take_back(lent)
            if shared is not None and not shared.loop.is_closed():
                shared.note_plain_code()


def _lend(item: pytest.Item, fixtures: list[WideFixture]) -> SharedLoop | None:
    """Make the loop of wide fixtures current, unless the suite has one of its own; return it if there is one."""
    shared = fixtures[0].scope.shared if fixtures else None  # all that one test uses lives on one
    if shared is not None and not shared.loop.is_closed() and current.lend(shared.loop):
        item.stash[_LENT] = shared.loop
    return shared
