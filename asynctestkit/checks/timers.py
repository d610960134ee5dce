"""Timers that a test leaves: neither fired nor cancelled.

asyncio's loops list their timers, each of which knows its callback. Other loops keep both to themselves: of those, what
was heard as each timer was set is all there is.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any, NamedTuple

from asynctestkit.checks.callbacks import About, about
from asynctestkit.checks.resources import Left
from asynctestkit.report.findings import Finding
from asynctestkit.report.kinds import Kind


class Set(NamedTuple):
    """How a timer was set: where, and for which callback if the timer does not tell."""

    place: str | None
    about: About | None


def timers_left(handles: Iterable[tuple[Any, Set | None]], now: float) -> list[Left]:
    """Return timers that have neither fired nor been cancelled; a sleeping task's is the task's affair."""
    left: list[Left] = []
    for handle, how in handles:
        if handle.cancelled() or (callback := _callback_of(handle, how, now)) is None:
            continue
        if callback.package in ("asyncio", "asynctestkit"):
            continue
        facts = [("created", how.place)] if how is not None and how.place is not None else []
        facts += [("due", f"in {handle.when() - now:.1f} s"), *callback.defined]
        fix = "cancel() the handle that call_later or call_at returned"
        finding = Finding(Kind.TIMERS, f"timer {callback.name} was left", tuple(facts), fix, callback.names)
        left.append(Left(finding, weakref.ref(handle)))
    return left


def _callback_of(handle: Any, how: Set | None, now: float) -> About | None:
    """Return what a timer is to call; None if it has fired."""
    if how is not None and how.about is not None:
        return how.about if handle.when() > now else None
    callback = getattr(handle, "_callback", None)
    return None if callback is None else about(callback)
