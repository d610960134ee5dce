"""Which stack frames a failure shows, and where in the source something stands; the frames of all threads.

Every module whose frames can lie between a test runner and the user's code starts with

    if TRIM_FRAMES:
        __unittest = True
        __tracebackhide__ = True

`unittest` drops the frames of modules that define `__unittest`, pytest those of modules that define
`__tracebackhide__`, so a failure begins with the user's own line. Setting the environment variable
`ASYNCTESTKIT_FULL_TRACEBACK` to anything but the empty string or `0` leaves the markers out, so that
trimming can never hide a fault of ours.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import Any, Final

FULL_TRACEBACK_VARIABLE: Final = "ASYNCTESTKIT_FULL_TRACEBACK"

TRIM_FRAMES: Final = os.environ.get(FULL_TRACEBACK_VARIABLE, "") in ("", "0")


def trim(error: BaseException) -> None:
    """Cut the frames of the machinery off the front of a traceback that will be shown in the middle of another."""
    trace = error.__traceback__
    while trace is not None and "__unittest" in trace.tb_frame.f_globals:
        trace = trace.tb_next
    if trace is not None:
        error.__traceback__ = trace


def clean(error: BaseException) -> None:
    """Take the frames of asynctestkit out of all tracebacks of an error that will be reported, wherever they stand."""
    todo, seen = [error], {id(error)}
    while TRIM_FRAMES and todo:
        one = todo.pop()
        one.__traceback__ = _without_ours(one.__traceback__)
        members: tuple[BaseException, ...] = (
            getattr(one, "exceptions", ()) if isinstance(one, BaseExceptionGroup) else ()
        )
        for other in (one.__cause__, one.__context__, *members):
            if other is not None and id(other) not in seen:
                seen.add(id(other))
                todo.append(other)


def _without_ours(trace: TracebackType | None) -> TracebackType | None:
    entries = entries_of(trace)
    kept = [entry for entry in entries if not module_of(entry).startswith(_OURS)]
    return trace if len(kept) == len(entries) else joined(kept)


def entries_of(trace: TracebackType | None) -> list[TracebackType]:
    """Return the entries of a traceback, the outermost first."""
    entries: list[TracebackType] = []
    while trace is not None:
        entries.append(trace)
        trace = trace.tb_next
    return entries


def joined(entries: Sequence[TracebackType]) -> TracebackType | None:
    """Return a traceback of some entries of others, None if there are none."""
    made: TracebackType | None = None
    for entry in reversed(entries):
        made = TracebackType(made, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return made


def module_of(entry: TracebackType) -> str:
    """Return the module whose code an entry of a traceback shows."""
    return str(entry.tb_frame.f_globals.get("__name__"))


_OURS: Final = "asynctestkit."
_LOOP_MODULES: Final = frozenset({"asyncio.base_events", "asyncio.events", "asyncio.unix_events"})


def skip_loop(error: BaseException) -> None:
    """Cut the frames of the running loop off the front of an error that it let out (KeyboardInterrupt, SystemExit)."""
    trace = error.__traceback__
    while TRIM_FRAMES and trace is not None and _is_loop(trace.tb_frame.f_globals):
        trace = trace.tb_next
    if trace is not None:
        error.__traceback__ = trace


def _is_loop(names: dict[str, Any]) -> bool:
    return names.get("__name__") in _LOOP_MODULES or "__unittest" in names


def every_frame() -> dict[int, FrameType]:
    """Return the innermost frame of every thread, by its `ident`."""
    return sys._current_frames()  # pyright: ignore[reportPrivateUsage]  # documented, its underscore is a warning


def place_of(thing: object) -> str:
    """Return `file:line` of a function, method or class, or `(no source)` where Python knows none."""
    source: Any = getattr(thing, "__func__", thing)
    if callable(source):
        source = inspect.unwrap(source)
    code = getattr(source, "__code__", None) or getattr(source, "cr_code", None) or getattr(source, "ag_code", None)
    if code is not None:
        return f"{code.co_filename}:{code.co_firstlineno}"
    try:
        return f"{inspect.getsourcefile(source)}:{inspect.getsourcelines(source)[1]}"
    except (TypeError, OSError):
        return "(no source)"


def place_of_caller(frame: FrameType | None) -> str:
    """Return `file:line` of what called the function of a frame."""
    caller = None if frame is None else frame.f_back
    return "(no source)" if caller is None else f"{caller.f_code.co_filename}:{caller.f_lineno}"


def name_of(thing: object) -> str:
    """Return the name a user knows something by: its qualified name where it has one, else its repr."""
    return getattr(thing, "__qualname__", None) or repr(thing)
