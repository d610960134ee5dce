"""What a test has made and what is still alive, told by the garbage collector's young generations.

The lists of the young generations have objects in the order in which they were made, so that what stands behind the
checks of a test was made since they began. At the end of the test it is collected and grows old. That is linear in what
the test did, whatever else the process holds. An interpreter without generations tells nothing.

Most tests make nothing that the checks look at, and nothing that could tell of anything when it dies (see `harmless`):
that is not collected, and what an object from before the test tells when such a test lets go of it in a cycle, is told
when Python collects it.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from types import CoroutineType
from typing import Any, Final, NamedTuple

YOUNG: Final = 0 if sys.version_info[:2] == (3, 14) else 1
"""The last generation of what a test made: on 3.14 the second one is the old garbage's, by increments."""


class Young(NamedTuple):
    """The young objects of the kinds that are looked at."""

    coroutines: list[Any]
    futures: list[Any]
    sockets: list[socket.socket]


_KINDS: Final = frozenset((CoroutineType, asyncio.Future, socket.socket))


def made_since(marker: object) -> list[Any]:
    """Return what is young and was made since an object was; where that is old by now, all that is young was.

    Args:
        marker: The object, which is tracked by the garbage collector; None: return what is young.
    """
    things = gc.get_objects(0)
    since = _after(things, marker)
    if since is not None or not YOUNG:
        return things if since is None else since
    older = gc.get_objects(YOUNG)
    since = _after(older, marker)
    return (older if since is None else since) + things


def ids_from_before(marker: object) -> frozenset[int]:
    """Return the ids of what is young and was made before an object was; none where that is old by now."""
    things = gc.get_objects(0)
    since = _after(things, marker)
    older = gc.get_objects(YOUNG) if YOUNG else []
    if since is None:
        things, older = older, []
        since = _after(things, marker)
    if since is None:
        return frozenset()
    return frozenset(map(id, (*older, *things[: len(things) - len(since)])))


def _after(things: list[Any], marker: object) -> list[Any] | None:
    """Return what stands behind an object in a list of a generation, which is in the order of making; None: no such."""
    for index in range(len(things) - 1, -1, -1):
        if things[index] is marker:
            return things[index + 1 :]
    return None


def young(since: object = None) -> Young:
    """Return what is young, and was made since some object was."""
    found = Young([], [], [])
    things = made_since(since)
    try:
        if _KINDS.isdisjoint(map(type, things)):
            return found
    except Exception:  # a class of the user's that has no hash
        pass
    _sort(things, found)
    return found


def _sort(things: list[Any], found: Young) -> None:
    for thing in things:
        cls = type(thing)
        if cls is CoroutineType:
            if thing.cr_origin:  # made while a test's checks were on
                found.coroutines.append(thing)
        elif cls is asyncio.Future:
            found.futures.append(thing)
        elif cls is socket.socket:
            found.sockets.append(thing)


def set_apart() -> None:
    """Make old what is young, before a test begins where nothing is collected by itself: it may be all there is.

    It is not collected for that, which the suite has switched off, unless there are frozen objects: they would thaw.
    """
    if gc.get_freeze_count():
        gc.collect(YOUNG)
    else:
        gc.freeze()
        gc.unfreeze()


def grow_old() -> None:
    """Collect the garbage among the young objects; what is alive is old from now on."""
    gc.collect(YOUNG)
