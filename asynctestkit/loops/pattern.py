"""What a new event loop is made of, read off the first one, so that others are made after it at a fraction of the cost.

A loop that nobody has used looks like any other of its kind. What all have in common is copied, and containers are made
anew. Where the pattern has something that could be neither, where debug mode may be asked for, where asyncio would log
the making, and where a suite has replaced the constructor, loops are made as asyncio makes them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import weakref
from asyncio.log import logger
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple


class Pattern(NamedTuple):
    """What a loop of asyncio's is made of that nobody has used.

    Attributes:
        common: What all such loops have in common, by name.
        containers: Empty containers, each loop's own.
        later: Such that are made when they are first asked for.
        closed: What closing changes in such a loop.
    """

    common: Mapping[str, Any]
    containers: tuple[tuple[str, Callable[[], Any]], ...]
    later: Mapping[str, Callable[[], Any]]
    closed: Mapping[str, Any]


_SAME: Final = (type(None), bool, int, float)
_PLAIN_CONTAINERS: Final = (deque, dict, list)
_COSTLY_CONTAINERS: Final = (weakref.WeakSet, weakref.WeakValueDictionary)
_WATCHERS: Final = ("PidfdChildWatcher", "ThreadedChildWatcher")  # of child processes, in each loop from 3.14 on


def read_pattern(loop: asyncio.AbstractEventLoop) -> Pattern | None:
    """Return what a loop that nobody has used is made of, and close it; None where loops cannot be made after it."""
    state: dict[str, Any] = dict(vars(loop))
    common: dict[str, Any] = {}
    containers: list[tuple[str, Callable[[], Any]]] = []
    later: dict[str, Callable[[], Any]] = {}
    state.pop("_selector", None)
    for name, value in state.items():
        kind: Any = type(value)
        if kind in _SAME:
            common[name] = value
        elif kind in _PLAIN_CONTAINERS and not value:
            containers.append((name, kind))
        elif (kind in _COSTLY_CONTAINERS and not len(value)) or kind.__name__.lstrip("_") in _WATCHERS:
            later[name] = kind
        else:
            break
    else:
        loop.close()
        closed = {name: value for name, value in vars(loop).items() if value is not state.get(name, common)}
        if all(type(value) in _SAME for value in closed.values()):
            return Pattern(common, tuple(containers), later, closed)
    loop.close()
    return None


class Patterns:
    """The pattern, once it was read.

    Args:
        make: Returns a loop that asyncio makes.
    """

    def __init__(self, make: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self._make = make
        self.found: Pattern | None = None
        self.is_read = False

    def of_now(self) -> Pattern | None:
        """Return the pattern of a loop that is made now; None where asyncio has to make it."""
        # Whether the environment asks for debug mode, asyncio looks at for each loop; and a suite may want to see each.
        if os.environ is not _ENVIRONMENT or _DEBUG in _VARIABLES:
            return None
        if logger.isEnabledFor(logging.DEBUG):
            return None
        for names, name, was in _MADE_BY:
            if names[name] is not was:
                return None
        if not self.is_read:
            self.is_read = True
            self.found = read_pattern(self._make())
        return self.found


_MADE_BY: Final = tuple(
    (vars(cls), name, vars(cls)[name])
    for cls in asyncio.SelectorEventLoop.__mro__
    for name in ("__init__", "set_debug")
    if cls is not object and name in vars(cls)
)
"""What makes a loop, for a suite may replace it."""
_ENVIRONMENT: Final[Any] = os.environ
_VARIABLES: Final[Any] = getattr(_ENVIRONMENT, "_data", _ENVIRONMENT)
"""What is in the environment as the system writes it, which is quick to look at."""
_DEBUG: Final[Any] = getattr(_ENVIRONMENT, "encodekey", str)("PYTHONASYNCIODEBUG")
