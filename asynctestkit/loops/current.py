"""Which event loop is current in this thread: read it, replace it, put it back exactly as it was.

`asyncio.get_event_loop()` cannot be used to read it: outside a running loop it may create a loop, warn or raise,
depending on the version and on what was called before. What it would return lives in the default policy's
thread-local state, so that state is read here, behind one guard, and nowhere else. Where the policy is one of asyncio's
own, the state is written here too, as `asyncio.set_event_loop` would write it at many times the cost; for any other
policy `set_event_loop`, which is public and stays, is what changes the loop. Without the private state (another policy,
a later Python) the previous loop is taken to be none, which is what `asyncio.run` leaves behind too.

A suite may want a policy of its own for a while: that is replaced here, too, as `set_event_loop_policy` would do it
without a warning, on Pythons that have policies.
"""

from __future__ import annotations

import asyncio
import asyncio.events as _events
from typing import Any, Final

_STOCK_MODULES: Final = frozenset({"asyncio.events", "asyncio.unix_events", "asyncio.windows_events"})

_POLICY: Final = "_event_loop_policy"
_LOOP: Final = "_loop"
_WATCHER: Final = "_watcher"  # of child processes, up to 3.13
_SET_CALLED: Final = "_set_called"  # up to 3.13; later nobody reads it

_stock_policies: dict[type, bool] = {}


PreviousLoop = tuple[Any, asyncio.AbstractEventLoop | None, bool | None, dict[str, Any] | None]
"""What was current before a managed loop was; hand it to `restore`.

It is the policy, its loop, whether one was ever set, and where asyncio's own policies keep both for this thread.
"""


def replace(loop: asyncio.AbstractEventLoop) -> PreviousLoop:
    """Make `loop` current in this thread and return what was."""
    policy: Any = getattr(_events, _POLICY, None)
    if _is_stock(policy):
        state = policy._local.__dict__
        previous = (policy, state.get(_LOOP), state.get(_SET_CALLED), state)
        state[_LOOP] = loop
        state[_SET_CALLED] = True
        return previous
    state = _state(policy)
    previous = (policy, state.get(_LOOP), state.get(_SET_CALLED), None)
    asyncio.set_event_loop(loop)
    return previous


def make_current(loop: asyncio.AbstractEventLoop | None) -> None:
    """Make `loop` current in this thread."""
    policy: Any = getattr(_events, _POLICY, None)
    if _is_stock(policy):
        state = policy._local.__dict__
        state[_LOOP], state[_SET_CALLED] = loop, True
    else:
        asyncio.set_event_loop(loop)


def lend(loop: asyncio.AbstractEventLoop) -> bool:
    """Make `loop` current in this thread unless another one that is open is; return whether that is for `take_back`.

    Whether one was ever set, which `get_event_loop` looks at up to 3.13, stays for plain code to say.
    """
    policy: Any = getattr(_events, _POLICY, None)
    if policy is None:  # asyncio makes one
        asyncio.set_event_loop(loop)
        _state(getattr(_events, _POLICY, None))[_SET_CALLED] = False
        return True
    state = _state(policy)
    found = state.get(_LOOP, policy)
    if found is loop or found is policy or (found is not None and not found.is_closed()):
        return False  # the last but one: a policy that does not tell may have one
    if _is_stock(policy):
        state[_LOOP] = loop
    else:
        policy.set_event_loop(loop)
    return True


def take_back(loop: asyncio.AbstractEventLoop) -> None:
    """Have no loop current any more, if it is still the one that was lent."""
    policy: Any = getattr(_events, _POLICY, None)
    state = _state(policy)
    if state.get(_LOOP) is not loop:
        return
    if _is_stock(policy):
        state[_LOOP] = None
    else:
        policy.set_event_loop(None)


def restore(previous: PreviousLoop, *, leave_no_policy: bool = False) -> None:
    """Make what was current before current again, unless it has been closed meanwhile: then none is.

    With `leave_no_policy` a default policy that came into being meanwhile goes too, as long as no other thread has
    a loop in it: a test whose loop comes from a factory leaves no trace in asyncio's global state.
    """
    before, loop, set_called, state = previous
    was_set = loop is not None or bool(set_called)
    if loop is not None and loop.is_closed():
        loop = None
    if state is not None and before.__dict__.get(_WATCHER) is None:
        state[_LOOP] = loop
    else:
        # Where another policy is asyncio's by now, the loop is still the earlier one's.
        policy: Any = getattr(_events, _POLICY, None) if before is None else before
        state = _state(policy)
        if _is_stock(policy):
            state[_LOOP] = loop
        elif policy is None:
            asyncio.set_event_loop(loop)
        else:
            policy.set_event_loop(loop)
    # Up to 3.13 `get_event_loop` makes a loop in the main thread unless `set_event_loop` was ever called; code that
    # still leans on that should find it as it was.
    state[_SET_CALLED] = was_set
    if leave_no_policy and before is None:
        replace_policy(None)


def replace_policy(policy: object) -> object:
    """Make a policy asyncio's and return what was; None: asyncio makes its own when it is first asked.

    Where asyncio has no policies, nothing is done.
    """
    if not hasattr(_events, _POLICY):
        return None
    previous: object = getattr(_events, _POLICY)
    setattr(_events, _POLICY, policy)
    return previous


def _state(policy: Any) -> dict[str, Any]:
    """Return what a policy knows of this thread, to be changed at will where the policy is asyncio's own."""
    try:
        found: dict[str, Any] = policy._local.__dict__
    except AttributeError:
        return {}
    return found


def _is_stock(policy: Any) -> bool:
    """Whether a policy keeps the current loop as asyncio's own do, and has no child watcher to tell of it."""
    cls = type(policy)
    found = _stock_policies.get(cls)
    if found is None:
        written_by = getattr(getattr(cls, "set_event_loop", None), "__module__", None)
        found = _stock_policies[cls] = written_by in _STOCK_MODULES and hasattr(policy, "_local")
    return found and policy.__dict__.get(_WATCHER) is None
