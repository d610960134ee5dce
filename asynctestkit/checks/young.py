"""What a test has made and what is still alive, told by the garbage collector's young generations.

At the end of each test the young objects grow old, so what is young at the end of the next was made since. That is
linear in what the test did, whatever else the process holds. An interpreter without generations tells nothing.
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


NOTHING: Final = Young([], [], [])
"""What most tests leave: hundreds of young objects, and none that counts."""
_KINDS: Final = frozenset((CoroutineType, asyncio.Future, socket.socket))


def young() -> Young:
    """Return what is young; `NOTHING` itself where there is nothing."""
    found = NOTHING
    for generation in range(YOUNG + 1):
        if generation and not gc.get_count()[generation]:
            continue  # nothing has grown that old since the last collection
        things = gc.get_objects(generation)
        try:
            counts = not _KINDS.isdisjoint(map(type, things))
        except Exception:  # a class of the user's that has no hash
            counts = True
        if counts:
            if found is NOTHING:
                found = Young([], [], [])
            _sort(things, found)
        del things
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
