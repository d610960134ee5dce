"""Which tasks a loop has beside those that are known already, told at a glance where there are none.

`asyncio.all_tasks` looks at every task of every thread. Up to 3.13 they all stand in one weak set, and a set that is no
larger than what is known (and held) holds nothing else: its size answers for most tests. From 3.14 on tasks stand in
lists of the interpreter's own, which tell no size, and `all_tasks` itself is quick. The private sets are read behind
this one guard. Known tasks must be in those sets, which a task that is parked (see `host`) is not.
"""

from __future__ import annotations

import asyncio
import asyncio.tasks as _tasks
import sys
from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import Any, Final

Tasks = AbstractSet[asyncio.Task[Any]]

_NONE: Final[Tasks] = frozenset()
_NAMES: Final = (
    () if sys.version_info >= (3, 14) else ("_all_tasks", "_scheduled_tasks", "_eager_tasks")
)  # as they came
_found: Final[list[Any]] = [held for name in _NAMES if (held := getattr(_tasks, name, None)) is not None]
_everywhere: Final[list[Collection[Any]]] = [getattr(held, "data", held) for held in _found]  # what a WeakSet wraps


def other_tasks(loop: asyncio.AbstractEventLoop, known: Tasks, one: asyncio.Task[Any] | None = None) -> Tasks:
    """Return the loop's unfinished tasks but for `known` ones and `one`, which may be among them."""
    if _everywhere:
        count = len(known)
        for held in _everywhere:
            count -= len(held)
        if count >= 0 or (count == -1 and one is not None and one not in known and any(one in held for held in _found)):
            return _NONE
    return {task for task in asyncio.all_tasks(loop) if task not in known and task is not one}
