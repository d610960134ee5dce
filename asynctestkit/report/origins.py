"""Where a coroutine was made and where it stands: what Python itself keeps of it, read without debug mode.

With `sys.set_coroutine_origin_tracking_depth` the interpreter notes the innermost frame in which a coroutine is made,
at a small fraction of what asyncio's debug mode costs.
"""

from __future__ import annotations

import functools
import os
import sys
from types import CodeType, FrameType
from typing import Any, Final

DEPTH: Final = 1
"""How many frames are noted of the place where a coroutine is made; four would make each task a third dearer."""

_LIBRARY: Final = os.path.join(os.path.dirname(os.__file__), "")
_INSTALLED: Final = tuple(os.path.join(_LIBRARY, name, "") for name in ("site-packages", "dist-packages"))
_RUNNERS: Final = tuple(f"{os.sep}{name}{os.sep}" for name in ("_pytest", "pluggy"))
_OURS: Final = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")

Origin = tuple[tuple[str, int, str], ...]


@functools.lru_cache(maxsize=1024)  # a whole stack is asked for each async generator and each timer
def is_users(filename: str) -> bool:
    """Whether a file is the user's, or a library's: neither Python's own nor ours nor pytest's."""
    if filename.startswith((_OURS, "<")) or any(part in filename for part in _RUNNERS):
        return False
    return not filename.startswith(_LIBRARY) or filename.startswith(_INSTALLED)


def origin_of(coroutine: Any) -> str | None:
    """Return `file:line in function` of the user's code that made a coroutine; None where nothing is known."""
    origin: Origin = getattr(coroutine, "cr_origin", None) or ()
    for filename, line, function in origin:
        if is_users(filename):
            return f"{filename}:{line} in {function}"
    if not origin:
        return None
    filename, line, function = origin[0]
    return f"{filename}:{line} in {function}"


def caller(frame: FrameType | None, outermost: FrameType | None = None) -> str | None:
    """Return `file:line in function` of the innermost frame of the user's, seen from this one; None: there is none.

    Args:
        frame: The innermost frame that is looked at.
        outermost: The last one; None looks at all of the thread.
    """
    while frame is not None:
        code = frame.f_code
        if is_users(code.co_filename):
            return f"{code.co_filename}:{frame.f_lineno} in {code.co_name}"
        frame = None if frame is outermost else frame.f_back
    return None


def stands_at(coroutine: Any) -> str | None:
    """Return `file:line in function` of the innermost place of the user's where a suspended coroutine waits."""
    found = None
    seen = 0
    while coroutine is not None and seen < 1000:
        frame, following = _step(coroutine)
        if frame is not None and (found is None or is_users(frame.f_code.co_filename)):
            found = f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
        coroutine = following
        seen += 1
    return found


def _step(awaited: Any) -> tuple[FrameType | None, Any]:
    for frame, following in (("cr_frame", "cr_await"), ("ag_frame", "ag_await"), ("gi_frame", "gi_yieldfrom")):
        if hasattr(awaited, frame):
            return getattr(awaited, frame), getattr(awaited, following, None)
    return None, None


def code_of(coroutine: Any) -> CodeType | None:
    """Return the code of a coroutine, None where it is none of Python's own."""
    for name in ("cr_code", "ag_code", "gi_code"):
        code = getattr(coroutine, name, None)
        if isinstance(code, CodeType):
            return code
    return None


def label_of(coroutine: Any) -> str:
    """Return the qualified name of a coroutine, or what stands for it."""
    name = getattr(coroutine, "__qualname__", None)
    return name if isinstance(name, str) else type(coroutine).__qualname__


def names_of(coroutine: Any) -> tuple[str, ...]:
    """Return what a coroutine is called by those who want to ignore it: with its module, where known, and without."""
    label = label_of(coroutine)
    frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "ag_frame", None)
    if frame is not None:
        return (f"{frame.f_globals.get('__name__')}.{label}", label)
    code = code_of(coroutine)
    if code is not None:
        for name, module in list(sys.modules.items()):
            if getattr(module, "__file__", None) == code.co_filename:
                return (f"{name}.{label}", label)
    return (label,)
