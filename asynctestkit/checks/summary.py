"""The summary of a run in which nothing fails for its findings: how many of which kind, where, in which tests.

It is what a big suite begins with: `ASYNCTESTKIT_CHECKS=warn`. It is printed once, at the end of the run, by whoever
knows when that is; at the end of the process at the latest.
"""

from __future__ import annotations

import atexit
import re
import sys
import threading
from collections.abc import Iterable
from typing import Final, TextIO

from asynctestkit.report.findings import Finding

_NUMBER: Final = r"0x[0-9a-fA-F]+|(?<![\w.])\d+\b(?!\.\d)|(?<=[:=])\d+"
MOST_PLACES: Final = 20
"""How many places are listed of one kind."""


Counts = dict[str, dict[str, tuple[int, str]]]
"""How many findings there were and in which test the first one, by kind and place."""


class _Summary:
    """Counts by kind and place, with the first test of each."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counts: Counts = {}


_summary = _Summary()


def add(findings: Iterable[Finding], test: str) -> None:
    """Count findings of a test."""
    with _summary.lock:
        for finding in findings:
            # Ports, descriptors and addresses differ each time.
            place = f"{finding.place or '(unknown)'}   {re.sub(_NUMBER, 'N', finding.headline)}"
            _count(finding.kind.value, place, 1, test)


def add_counts(counts: Counts) -> None:
    """Count what was found in another process of the run, where `take_counts` has returned it."""
    with _summary.lock:
        for kind, places in counts.items():
            for place, (count, test) in places.items():
                _count(kind, place, count, test)


def _count(kind: str, place: str, more: int, test: str) -> None:
    if not _summary.counts:
        atexit.register(print_at_end)
    places = _summary.counts.setdefault(kind, {})
    count, first = places.get(place, (0, test))
    places[place] = count + more, first


def take_counts() -> Counts:
    """Return what was found since it was taken last."""
    with _summary.lock:
        counts, _summary.counts = _summary.counts, {}
    return counts


def take() -> str | None:
    """Return the summary, once; None if nothing was found."""
    counts = take_counts()
    if not counts:
        return None
    total = sum(count for places in counts.values() for count, _ in places.values())
    lines = [f"asynctestkit: {total} findings, which fail no test (ASYNCTESTKIT_CHECKS=warn)"]
    for kind, places in sorted(counts.items()):
        lines.append(f"{kind}: {sum(count for count, _ in places.values())}")
        listed = sorted(places.items(), key=lambda item: (-item[1][0], item[0]))
        lines += [f"  {count:5} x  {place}   first in {test}" for place, (count, test) in listed[:MOST_PLACES]]
        if len(listed) > MOST_PLACES:
            lines.append(f"         and {len(listed) - MOST_PLACES} more places")
    return "\n".join(lines)


def print_at_end(stream: TextIO | None = None) -> None:
    """Print the summary, if anything was found; None: where errors go."""
    text = take()
    if text is not None:
        print(f"\n{text}", file=sys.stderr if stream is None else stream)


class _Ends(threading.local):
    """The result whose run will print the summary when it ends."""

    result: object = None


_ends = _Ends()


def is_new(result: object) -> bool:
    """Whether nobody has said yet that the summary is to be printed when the run of a result ends; now somebody has."""
    if result is None or result is _ends.result:
        return False
    _ends.result = result
    return True
