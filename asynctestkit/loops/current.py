"""Which event loop is current in this thread: read it, replace it, put it back exactly as it was.

`asyncio.get_event_loop()` cannot be used to read it: outside a running loop it may create a loop, warn or raise,
depending on the version and on what was called before. What it would return lives in the default policy's
thread-local state, so that state is read here, behind one guard, and nowhere else. Only `asyncio.set_event_loop`,
which is public and stays, ever changes the loop. Without the private state (another policy, a later Python) the
previous loop is taken to be none, which is what `asyncio.run` leaves behind too.
"""

from __future__ import annotations

import asyncio
import asyncio.events as _events
from typing import Any, NamedTuple


class PreviousLoop(NamedTuple):
    """What was current before a managed loop was; hand it to `restore`."""

    had_policy: bool
    loop: asyncio.AbstractEventLoop | None
    set_called: bool | None


def replace(loop: asyncio.AbstractEventLoop) -> PreviousLoop:
    """Make `loop` current in this thread and return what was."""
    policy = getattr(_events, "_event_loop_policy", None)
    state = getattr(policy, "_local", None)
    previous = PreviousLoop(policy is not None, getattr(state, "_loop", None), getattr(state, "_set_called", None))
    asyncio.set_event_loop(loop)
    return previous


def restore(previous: PreviousLoop, *, leave_no_policy: bool = False) -> None:
    """Make what was current before current again, unless it has been closed meanwhile: then none is.

    With `leave_no_policy` a default policy that came into being meanwhile goes too, as long as no other thread has
    a loop in it: a test whose loop comes from a factory leaves no trace in asyncio's global state.
    """
    loop = previous.loop
    asyncio.set_event_loop(loop if loop is None or not loop.is_closed() else None)
    # Up to 3.13 `get_event_loop` makes a loop in the main thread unless `set_event_loop` was ever called; code that
    # still leans on that should find it as it was.
    if previous.loop is None and not previous.set_called:
        state: Any = getattr(getattr(_events, "_event_loop_policy", None), "_local", None)
        if getattr(state, "_set_called", None):
            state._set_called = False
    if leave_no_policy and not previous.had_policy and hasattr(_events, "_event_loop_policy"):
        setattr(_events, "_event_loop_policy", None)  # noqa: B010  # private: type checkers do not know it
