"""What is told of an object that was used on another loop than its own: whose loops those are, and what to do.

Python says "attached to a different loop", "is bound to a different event loop" or "Event loop is closed", and does not
say which loops. The note says which test, class or module each belongs to, and which fixture gave the object, where it
can be known (see `strangers`). It is added to the error, whose own words stay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, Protocol

from asynctestkit.report.errors import message
from asynctestkit.report.origins import origin_of
from asynctestkit.report.owners import Owner, owner_of
from asynctestkit.report.strangers import Kept, Stranger, attribute_of, find, is_meant, where_kept
from asynctestkit.report.text import short

SEE: Final = "docs/checks.md#another-loop"
_MOST_ERRORS: Final = 100
_TEST: Final = 1
_BOUND_LATE: Final = (asyncio.Lock, asyncio.Event, asyncio.Condition, asyncio.Semaphore, asyncio.Queue, asyncio.Barrier)


class Provided(NamedTuple):
    """What a fixture gave to the test.

    Attributes:
        name: The fixture's name.
        described: Where it is declared and how long it lives.
        width: How wide its scope is, as numbers compare; 1 is a test.
        value: What it gave.
        narrowed: How its scope is written if it lives for one test.
        is_async: Whether it is opened on a loop.
    """

    name: str
    described: str
    width: int
    value: Any
    narrowed: str
    is_async: bool


class User(Protocol):
    """What has failed: a test, or a hook of something wider."""

    def sharing(self, width: int) -> str | None:
        """Return what users write to have a test share its loop as widely as this; None where they cannot."""
        ...

    def provided(self) -> Iterable[Provided]:
        """Return what fixtures have given to the test."""
        ...


def explain(error: BaseException, running: Any, user: User | None) -> None:
    """Add the note to an error, and to those behind it and in it, wherever one is meant."""
    for one in _all(error):
        if is_meant(one) and not any(SEE in note for note in getattr(one, "__notes__", ())):
            found = find(one, running)
            if found is not None:
                one.add_note(_note(found, running, user))


def _all(error: BaseException) -> Iterator[BaseException]:
    todo, seen = [error], {id(error)}
    while todo and len(seen) < _MOST_ERRORS:
        one = todo.pop()
        yield one
        members: tuple[BaseException, ...] = getattr(one, "exceptions", ()) if _is_group(one) else ()
        for other in (one.__cause__, one.__context__, *members):
            if other is not None and id(other) not in seen:
                seen.add(id(other))
                todo.append(other)


def _is_group(error: BaseException) -> bool:
    return isinstance(error, BaseExceptionGroup)


def _note(found: Stranger, running: Any, user: User | None) -> str:
    giver = None if found.thing is None or user is None else _giver(found.thing, user.provided())
    kept = None if found.thing is None or giver is not None else where_kept(found.thing, found.frames)
    fix = _fix(found, running, user, giver[0] if giver else None, kept)
    return message(_headline(found), **_facts(found, giver, kept), see=SEE, fix=fix)


def _what(found: Stranger, otherwise: str) -> str:
    return otherwise if found.thing is None else type(found.thing).__name__.lstrip("_")


def _headline(found: Stranger) -> str:
    what = _what(found, "what is used here")
    what = what if found.thing is None else f"the {what}"
    theirs = owner_of(found.theirs)
    if theirs is None:
        return f"{what} belongs to an event loop that asynctestkit has not opened"
    return f"{what} belongs to the event loop of {theirs.label}"


def _facts(found: Stranger, giver: tuple[Provided, str | None] | None, kept: Kept | None) -> dict[str, str]:
    facts: dict[str, str] = {}
    thing: Any = found.thing
    if thing is not None:
        facts["object"] = short(thing)
        get_coro = getattr(thing, "get_coro", None) if asyncio.isfuture(thing) else None
        if get_coro is not None and (created := origin_of(get_coro())):
            facts["created"] = created
    if giver is not None:
        fixture, attribute = giver
        held = "" if attribute is None else f" (.{attribute} of what it gives)"
        facts["fixture"] = f"{fixture.name!r}{held}, {fixture.described}"
    elif kept is not None:
        facts["kept_as"] = f"{kept.name} of module {kept.module}"
    # A lock and its kin are of no loop until then, so that what comes second seems to fail at random.
    bound = "; something first had to wait for it there" if isinstance(thing, _BOUND_LATE) else ""
    facts["its_loop"] = _described(found.theirs) + bound
    if found.used_on is not None and found.used_on is not found.theirs:
        facts["used_on"] = _described(found.used_on)
    return facts


def _described(loop: Any) -> str:
    owner = owner_of(loop)
    whose = "one that asynctestkit has not opened" if owner is None else f"that of {owner.label}"
    if _runs_elsewhere(loop):
        return f"{whose}, running in another thread"
    return f"{whose}, closed" if loop.is_closed() else whose


def _runs_elsewhere(loop: Any) -> bool:
    return loop.is_running() and asyncio._get_running_loop() is not loop


def _giver(thing: Any, provided: Iterable[Provided]) -> tuple[Provided, str | None] | None:
    """Return the fixture that gave an object, or gave what has it as an attribute, whose name is returned, too."""
    fixtures = list(provided)
    for fixture in fixtures:
        if fixture.value is thing:
            return fixture, None
    for fixture in fixtures:
        attribute = attribute_of(fixture.value, thing)
        if attribute is not None:
            return fixture, attribute
    return None


def _fix(found: Stranger, running: Any, user: User | None, fixture: Provided | None, kept: Kept | None) -> str:
    theirs, used_on = owner_of(found.theirs), owner_of(found.used_on)
    what = f"the {_what(found, 'object')}" if kept is None else kept.created
    if _runs_elsewhere(found.theirs):
        return "await it on its own loop: asyncio.wrap_future(asyncio.run_coroutine_threadsafe(..., loop))"
    if found.theirs is running:
        if found.theirs is found.used_on:
            return "leave closing the loop to asynctestkit"
        return "await it in the test itself: asyncio.run() and run_until_complete() run another loop"
    if fixture is not None and fixture.width > _TEST and (fix := _fix_of_fixture(fixture, theirs, user)):
        return fix
    if theirs is None:
        return f"create {what} in the test, or in an async hook or fixture: they run on the test's own loop"
    fix = f"create {what} in the test or in a fixture of the test"
    if found.theirs.is_closed() and hasattr(found.thing, "close"):
        fix += ", and close it there"
    share = _sharing(theirs, used_on, user)
    return fix if share is None else f"{fix}; to share one among the tests, write {share}"


def _fix_of_fixture(fixture: Provided, theirs: Owner | None, user: User | None) -> str | None:
    if theirs is None:
        if fixture.is_async:
            return None  # it runs on the right loop, and has the object from elsewhere
        return f"make fixture {fixture.name!r} `async def`, so that it runs on the loop of its tests"
    share = None if user is None else user.sharing(fixture.width)
    narrow = f"make fixture {fixture.name!r} {fixture.narrowed}"
    return narrow if share is None else f"write {share}, or {narrow}"


def _sharing(theirs: Owner, used_on: Owner | None, user: User | None) -> str | None:
    """Return how the tests of one class can share a loop, where both loops belong to such."""
    if user is None or used_on is None or not theirs.group:
        return None
    if theirs.width != _TEST or used_on.width != _TEST or theirs[2:] != used_on[2:]:
        return None
    return user.sharing(_TEST + 1)
