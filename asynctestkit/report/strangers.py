"""Find the object that was used on another loop than its own, from the traceback of the error that it led to.

Rules:

1. Nothing is guessed. Looked at is the frame that raised, and outwards no further than the first of the user's: there
   stands what was used. Objects of one foreign loop tell whose loop it is; one alone is named.
2. The error of a task written in C keeps neither task nor future. What its text shows is looked for in the frame in
   which the future was awaited; of futures that it does not show, as those behind `shield`, only the loop is told.
3. No property of an object is called, save what asyncio's own objects tell of their loops.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import types
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any, Final, NamedTuple

from asynctestkit.report.errors import AsyncTestKitError
from asynctestkit.report.origins import is_users

CLOSED: Final = "Event loop is closed"
_AWAITED_AGAIN: Final = "await wasn't used with future"
"""What is said of a future of another loop that was awaited before, and was told of then."""
_WORDS: Final = (
    CLOSED,
    "attached to a different loop",
    "is bound to a different event loop",
    "The future belongs to a different loop",  # ValueError of gather() and the like
    _AWAITED_AGAIN,
)

Loop = asyncio.AbstractEventLoop

_DEPTH: Final = 3
"""How many dots are followed from a name of a frame: `self.client.reader`."""
_MOST: Final = 500
"""How many objects of one frame are looked at, for each dot."""
_MOST_FRAMES: Final = 200
_COMPILED: Final = (".pyx", ".pxi", ".so")
"""How files are called whose frames show nothing."""
_RUNNING: Final = frozenset(("run_until_complete", "run_forever"))


class Stranger(NamedTuple):
    """What was found.

    Attributes:
        thing: The object; None where it cannot be told.
        theirs: Its loop.
        used_on: The loop that it was used on, None where it cannot be told.
        frames: The frames of the traceback, the innermost first.
    """

    thing: Any
    theirs: Loop
    used_on: Loop | None
    frames: tuple[FrameType, ...]


class _Seen(NamedTuple):
    thing: Any
    loop: Loop
    depth: int


def is_meant(error: BaseException) -> bool:
    """Whether an error is one of those that an object on another loop leads to; our own say all themselves."""
    if not isinstance(error, RuntimeError | ValueError) or isinstance(error, AsyncTestKitError):
        return False
    text = str(error)
    return any(words in text for words in _WORDS)


def find(error: BaseException, running: Loop | None) -> Stranger | None:
    """Return what was used on another loop than its own.

    Args:
        error: One that `is_meant`.
        running: The loop that the test runs on, None where it is not known.
    """
    frames, text = _frames(error), str(error)
    if CLOSED in text:
        return _find_closed(frames, running)
    used_on = _loop_asked_for(frames) or _used_on(frames, running)
    for frame in _near(frames):
        found = [seen for seen in _things(frame) if seen.loop is not (used_on or running)]
        if found:
            chosen = [seen for seen in found if _is_told_of(seen.thing, text)] or _surely_meant(found, frame)
            if chosen:
                return _only(chosen, used_on, frames)
            only = _only([seen for seen in found if asyncio.isfuture(seen.thing)], used_on, frames)
            return None if only is None else only._replace(thing=None)
    return None


def _surely_meant(found: list[_Seen], frame: FrameType) -> list[_Seen]:
    """Return what must have been used: in asyncio's own code what it works with, in the user's the `self` of a method.

    A client that is at hand in a test need not be what the test has awaited.
    """
    if not is_users(frame.f_code.co_filename):
        return found
    return [seen for seen in found if seen.thing is frame.f_locals.get("self")]


def _frames(error: BaseException) -> tuple[FrameType, ...]:
    found: list[FrameType] = []
    trace = error.__traceback__
    while trace is not None:
        found.append(trace.tb_frame)
        trace = trace.tb_next
    return tuple(found[: -_MOST_FRAMES - 1 : -1])


def _near(frames: Iterable[FrameType]) -> Iterator[FrameType]:
    """Return the frames from that which raised to the first of the user's."""
    for frame in frames:
        yield frame
        filename = frame.f_code.co_filename
        if is_users(filename) and not filename.endswith(_COMPILED):
            return


def _find_closed(frames: tuple[FrameType, ...], running: Loop | None) -> Stranger | None:
    theirs = frames[0].f_locals.get("self") if frames and frames[0].f_code.co_name == "_check_closed" else None
    if not isinstance(theirs, asyncio.AbstractEventLoop):
        theirs = _closed_nearby(frames)
    if theirs is None:
        return None
    # It may be that the closed loop itself was to be run.
    used_on = _used_on((frame for frame in frames if frame.f_locals.get("self") is not theirs), running)
    for frame in _near(frames):
        found = [seen for seen in _things(frame) if seen.loop is theirs]
        if found:
            return _only(found, used_on, frames)
    return Stranger(None, theirs, used_on, frames)


def _closed_nearby(frames: Iterable[FrameType]) -> Loop | None:
    """Return the one closed loop that is at hand where the error arose."""
    for frame in _near(frames):
        loops = [*_loops(frame), *(seen.loop for seen in _things(frame))]
        closed = {id(loop): loop for loop in loops if loop.is_closed()}
        if closed:
            return next(iter(closed.values())) if len(closed) == 1 else None
    return None


def _only(found: list[_Seen], used_on: Loop | None, frames: tuple[FrameType, ...]) -> Stranger | None:
    """Return the nearest of what was found, without the object if several are as near; None if they differ in loops."""
    if len({id(seen.loop) for seen in found}) != 1:
        return None
    nearest = min(seen.depth for seen in found)
    things = {id(seen.thing): seen.thing for seen in found if seen.depth == nearest}
    thing = next(iter(things.values())) if len(things) == 1 else None
    return Stranger(thing, found[0].loop, used_on, frames)


def _used_on(frames: Iterable[FrameType], running: Loop | None) -> Loop | None:
    """Return the innermost loop that is run in a traceback; where none is, that is what the test runs on."""
    for frame in frames:
        if frame.f_code.co_name.rpartition(".")[2] in _RUNNING:
            loop = frame.f_locals.get("self")
            return loop if isinstance(loop, asyncio.AbstractEventLoop) else None
    return running


def _loop_asked_for(frames: tuple[FrameType, ...]) -> Loop | None:
    """Return the running loop as asyncio's locks and queues have found it."""
    if not frames or frames[0].f_code.co_name != "_get_loop":
        return None
    loop = frames[0].f_locals.get("loop")
    return loop if isinstance(loop, asyncio.AbstractEventLoop) else None


def _is_told_of(thing: Any, text: str) -> bool:
    """Whether an error shows an object, or is what a future leads to that was awaited in vain before."""
    try:
        if _AWAITED_AGAIN in text:
            return asyncio.isfuture(thing) and thing._asyncio_future_blocking
        return repr(thing) in text
    except Exception:  # whatever a user's __repr__ does
        return False


# What a frame has at hand.


def loop_of(thing: Any) -> Loop | None:
    """Return the loop that an object belongs to, None if it belongs to none."""
    if isinstance(thing, asyncio.AbstractEventLoop | type | types.ModuleType):
        return None
    try:
        loop: Any = thing.get_loop() if asyncio.isfuture(thing) else getattr(thing, "_loop", None)
    except Exception:  # whatever a user's __getattr__ does
        return None
    return loop if isinstance(loop, asyncio.AbstractEventLoop) else None


def _things(frame: FrameType) -> list[_Seen]:
    """Return the objects of a frame that belong to loops."""
    names = frame.f_code.co_names
    level = _named(frame)
    found: list[_Seen] = []
    for depth in range(_DEPTH + 1):
        found += [_Seen(thing, loop, depth) for thing in level if (loop := loop_of(thing)) is not None]
        level = list(itertools.islice((part for thing in level for part in _parts(thing, names)), _MOST))
    return found


def _loops(frame: FrameType) -> list[Loop]:
    names = frame.f_code.co_names
    level = _named(frame)
    level += [part for thing in level for part in _parts(thing, names)]
    return [thing for thing in level if isinstance(thing, asyncio.AbstractEventLoop)]


def _named(frame: FrameType) -> list[Any]:
    code, names = frame.f_code, frame.f_globals
    return [*frame.f_locals.values(), *(names[name] for name in code.co_names if name in names)][:_MOST]


def _parts(thing: Any, names: Iterable[str]) -> Iterator[Any]:
    """Return what an object holds: items, and those attributes that the code of a frame names."""
    if isinstance(thing, dict):
        yield from itertools.islice(list(thing.values()), 50)
    elif isinstance(thing, list | tuple | set | frozenset):
        yield from itertools.islice(list(thing), 50)
    elif not isinstance(thing, str | bytes | int | float | None):
        for name in names:
            value = inspect.getattr_static(thing, name, None)
            if isinstance(value, types.MemberDescriptorType) and not isinstance(thing, type):
                value = getattr(thing, name, None)  # a slot
            if value is not None:
                yield value


class Kept(NamedTuple):
    """By which name a module keeps an object.

    Attributes:
        name: The name, with a dot where something that the module keeps has it as an attribute.
        module: The name of the module.
        created: What has to be created in another place for the object to be: a client with all it holds, but no class.
    """

    name: str
    module: str
    created: str


def where_kept(thing: Any, frames: Iterable[FrameType]) -> Kept | None:
    """Return the name, with a dot or without, by which a module keeps an object.

    Looked at are modules of the user's that the error went through. None: no such module keeps it.
    """
    seen: set[int] = set()
    for frame in frames:
        if not is_users(frame.f_code.co_filename) or id(frame.f_globals) in seen:
            continue
        seen.add(id(frame.f_globals))
        module, values = frame.f_globals.get("__name__"), list(frame.f_globals.items())
        for name, value in values:
            if value is thing:
                return Kept(name, str(module), name)
        for name, value in values:
            attribute = attribute_of(value, thing)
            if attribute is not None:
                dotted = f"{name}.{attribute}"
                return Kept(dotted, str(module), dotted if isinstance(value, type) else name)
    return None


def attribute_of(holder: Any, thing: Any) -> str | None:
    """Return under which of its own attributes an object or a class keeps something, None if it does not."""
    try:
        own = {} if isinstance(holder, types.ModuleType) else dict(vars(holder))
    except Exception:  # most objects have none, some proxies raise
        return None
    return next((name for name, value in own.items() if value is thing), None)
