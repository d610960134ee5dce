"""Stack frames as the rows of a report: where, in which function, and the line of source.

Frames that only carry a user's code are left out: our own and those of asyncio, uvloop, anyio, contextlib and unittest.
With `ASYNCTESTKIT_FULL_TRACEBACK` all are shown. If nothing else is left, the outermost is shown, if possible of those
that are not ours, so that a task is never without a place.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterable, Sequence
from types import FrameType
from typing import Final

from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.report.text import cut, place

_OURS: Final = "asynctestkit"
CARRIERS: Final = frozenset((_OURS, "asyncio", "anyio", "contextlib", "unittest", "uvloop"))
"""Packages whose frames say nothing about what the user's code does."""
WIDEST_PLACE: Final = 48
WIDEST_NAME: Final = 32
MOST_ALIKE: Final = 3
"""So many rows that are the same are shown, as tracebacks do."""


def package_of(frame: FrameType) -> str:
    """Return the name of the package that a frame's code belongs to."""
    name = frame.f_globals.get("__name__")
    if name is None:  # a coroutine that Cython made has no module, but the path of its source
        name = frame.f_code.co_filename.partition("/")[0]
    return str(name).partition(".")[0]


def shown_frames(frames: Iterable[FrameType]) -> list[FrameType]:
    """Return the frames that a report shows."""
    every = list(frames)
    kept = [frame for frame in every if package_of(frame) not in CARRIERS] if TRIM_FRAMES else every
    return kept or [frame for frame in every if package_of(frame) != _OURS][:1] or every[:1]


def function_of(frame: FrameType) -> str:
    """Return the name of a frame's function, with its class but without the functions around it."""
    return frame.f_code.co_qualname.rpartition("<locals>.")[2]


def rows_of(frames: Sequence[FrameType]) -> list[str]:
    """Return one aligned line for each frame."""
    cells = [
        (
            place(frame.f_code.co_filename, frame.f_lineno),
            function_of(frame),
            linecache.getline(frame.f_code.co_filename, frame.f_lineno or 0, frame.f_globals).strip(),
        )
        for frame in _without_repeats(frames)
    ]
    width = min(max((len(where) for where, _, _ in cells), default=0), WIDEST_PLACE)
    wide = min(max((len(name) for _, name, _ in cells), default=0), WIDEST_NAME)
    lines = [f"{where:<{width}}  in {name:<{wide}}  {cut(source, 100)}".rstrip() for where, name, source in cells]
    return _with_counts(lines, frames)


def _runs(frames: Sequence[FrameType]) -> list[tuple[FrameType, int]]:
    """Return each frame with the number of times it follows itself at the same line."""
    runs: list[tuple[FrameType, int]] = []
    for frame in frames:
        if runs and runs[-1][0].f_code is frame.f_code and runs[-1][0].f_lineno == frame.f_lineno:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((frame, 1))
    return runs


def _without_repeats(frames: Sequence[FrameType]) -> list[FrameType]:
    return [frame for frame, times in _runs(frames) for _ in range(min(times, MOST_ALIKE))]


def _with_counts(lines: list[str], frames: Sequence[FrameType]) -> list[str]:
    counted: list[str] = []
    rest = iter(lines)
    for _, times in _runs(frames):
        counted += [next(rest) for _ in range(min(times, MOST_ALIKE))]
        if times > MOST_ALIKE:
            counted.append(f"(the same line {times - MOST_ALIKE} times more)")
    return counted
