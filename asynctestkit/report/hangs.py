"""What is said of something that does not end: what every task waits for, and where a thread stands.

What reads tasks is imported by the first that hangs. What reads stacks is not, though no test that passes needs it
either: the watchdog's thread and signal handlers tell by it what a test does that may have anything in its hands.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection, Iterator
from types import FrameType
from typing import Any, Final, NamedTuple

from asynctestkit.report.frames import TRIM_FRAMES, every_frame
from asynctestkit.report.rows import rows_of, shown_frames


class Part(NamedTuple):
    """What stands over a part of a report: as a note of an exception, and as a section of pytest's."""

    headline: str
    section: str


WAITS: Final = Part("what the tasks were waiting for", "await trees")
BLOCKED: Final = Part("where the loop was blocked", "blocking stack")


def waits_of(loop: asyncio.AbstractEventLoop, also: Collection[asyncio.Task[Any]] = ()) -> str | None:
    """Return what each unfinished task of a loop, and those of `also`, wait for; None where there is none."""
    try:
        from asynctestkit.report.tasks import format_tasks, tasks_of  # no test that passes needs it
    except ImportError:  # a signal has come in the middle of just that import
        return None
    if all(task.done() for task in (*also, *tasks_of(loop))):
        return None
    return format_tasks(loop, also=also)


def rows_of_task(task: asyncio.Task[Any]) -> list[str]:
    """Return the rows of the chain of awaits of a task, the innermost last."""
    from asynctestkit.report.awaits import chain_of  # no test that passes needs it

    return rows_of(shown_frames(link.frame for link in chain_of(task.get_coro()).links))


def awaited_by(coro: Any) -> Iterator[Any]:
    """Yield a coroutine, what it awaits, and so on."""
    while coro is not None:
        yield coro
        coro = getattr(coro, "cr_await", None) or getattr(coro, "gi_yieldfrom", None)


def _row(frame: FrameType) -> str:
    module = str(frame.f_globals.get("__name__"))
    place = module if _is_stdlib(frame) else f"{frame.f_code.co_filename}:{frame.f_lineno}"
    return f"{frame.f_code.co_qualname}  {place}"


def _is_stdlib(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] in sys.stdlib_module_names - {"__main__"}


def describe_stack(frame: FrameType | None) -> str:
    """Return where a thread stands: the frames of the user's, the innermost last."""
    inside: list[FrameType] = []
    while frame is not None:
        if not _is_ours(frame):
            inside.append(frame)
        elif inside:
            break  # who runs the tests is of no interest
        frame = frame.f_back
    return "\n".join(rows_of(shown_frames(reversed(inside))))


def place_of_frame(frame: FrameType | None) -> str:
    """Return `function  file:line` of the innermost frame that is neither ours nor the standard library's, if any."""
    found = inner = frame
    while found is not None and (_is_ours(found) or _is_stdlib(found)):
        found = found.f_back
    shown = found or inner
    return "(nowhere)" if shown is None else _row(shown)


def thread_frame(ident: int | None) -> FrameType | None:
    """Return the innermost frame of a thread, None if it runs none."""
    return None if ident is None else every_frame().get(ident)


def _is_ours(frame: FrameType) -> bool:
    return TRIM_FRAMES and "__unittest" in frame.f_globals


def note(headline: str, text: str) -> str:
    """Lay out a note for an exception: a headline, and a text of several lines indented below it."""
    return "\n".join([f"  {headline}:", *(f"    {line}".rstrip() for line in text.splitlines())])
