"""What a thread does: its stack, from the user's first frame inwards.

What runs the code is cut off at the outer end, be it a test runner, a loop (whatever stands outside of the callback
that it runs) or a thread's own start; what looks at the stack is cut off at the inner end. With
`ASYNCTESTKIT_FULL_TRACEBACK` all frames are shown.

Stacks of other threads are read while they go on: they may be a moment old.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from types import CodeType, FrameType
from typing import Any, Final

from asynctestkit.report.frames import TRIM_FRAMES, every_frame
from asynctestkit.report.rows import CARRIERS, package_of, rows_of, shown_frames
from asynctestkit.report.text import short

_RUNNERS: Final = frozenset(("unittest", "_pytest", "pytest", "pluggy", "runpy", "asyncio", "asynctestkit", "anyio"))
CALLING: Final[set[CodeType]] = {asyncio.Handle._run.__code__}
"""Code in whose frames a loop calls something: `self` is the handle there, or what takes its place."""
_WORKERS: Final = ("_WorkItem.run", "WorkerThread.run")
_STARTERS: Final = frozenset(("threading", "concurrent", "contextvars"))


def format_stack_of(thread_id: int) -> str:
    """Return the stack of a thread, outermost frame first, one line for each; empty without code of the user's.

    Args:
        thread_id: Its `ident`.
    """
    return "\n".join(rows_of(stack_of(thread_id)))


def stack_of(thread_id: int) -> list[FrameType]:
    """Return the frames that are shown of a thread, outermost first."""
    frame = every_frame().get(thread_id)
    frames = [] if frame is None else _outwards(frame)[::-1]
    if not TRIM_FRAMES:
        return frames
    while frames and _runs_code(frames[-1]):
        frames.pop()
    begin = next((number for number in range(len(frames), 0, -1) if _runs_code(frames[number - 1])), 0)
    while begin < len(frames) and package_of(frames[begin]) in _STARTERS:
        begin += 1
    return frames[begin:]


def stack_inside(coro: object) -> list[FrameType]:
    """Return the frames that are shown of a running coroutine and what it calls; none: no thread runs it any more."""
    own = getattr(coro, "cr_frame", None) or getattr(coro, "gi_frame", None)
    if own is None:
        return []
    for frame in every_frame().values():
        inwards = _outwards(frame, until=own)
        if inwards and inwards[-1] is own:
            return shown_frames(reversed(inwards))
    return []


def callback_of(loop: Any) -> list[str]:
    """Return rows about the callback that a loop is in; none: it is in none, or does not tell.

    Where no code of the user's runs in it (a function written in C, say), it is the callback itself that is shown.
    """
    thread_id = getattr(loop, "_thread_id", None)  # private: nothing public says which thread runs a loop
    frame = None if thread_id is None else every_frame().get(thread_id)
    inside: list[FrameType] = []
    for one in [] if frame is None else _outwards(frame):
        if one.f_code in CALLING:
            looks = any(package_of(frame) == "asynctestkit" for frame in inside)
            return _rows_inside(inside) or ([] if looks else [short(one.f_locals.get("self"))])
        inside.append(one)
    return []


def rows_up_to(frame: FrameType, outermost: FrameType) -> list[str]:
    """Return rows about the user's code between a frame and one of its callers, both of them included."""
    return _rows_inside(_outwards(frame, until=outermost))


def _rows_inside(inwards_first: list[FrameType]) -> list[str]:
    shown = [frame for frame in inwards_first[::-1] if not TRIM_FRAMES or package_of(frame) not in CARRIERS]
    return rows_of(shown)


def worker_of(job: object) -> tuple[str, list[FrameType]] | None:
    """Return the name of the thread, of an executor's or anyio's, that runs a job, and its frames that are shown."""
    known = {thread.ident: thread.name for thread in threading.enumerate()}
    for thread_id, frame in every_frame().items():
        for one in _outwards(frame):
            if one.f_code.co_qualname in _WORKERS and package_of(one) in _STARTERS | CARRIERS:
                if job in _jobs_of(one.f_locals):
                    return known.get(thread_id, str(thread_id)), stack_of(thread_id)
                break
    return None


def _jobs_of(names: Mapping[str, Any]) -> tuple[object, object]:
    """Return what a worker thread's frame may call its job."""
    return names.get("future"), getattr(names.get("self"), "future", None)


def _outwards(frame: FrameType, until: FrameType | None = None) -> list[FrameType]:
    """Return a frame and its callers, as far as `until` if it is among them."""
    frames: list[FrameType] = []
    one: FrameType | None = frame
    while one is not None:
        frames.append(one)
        if one is until:
            break
        one = one.f_back
    return frames


def _runs_code(frame: FrameType) -> bool:
    return package_of(frame) in _RUNNERS or "__unittest" in frame.f_globals
