"""Print a report: as one aligned table for people, as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TextIO

from tests.benchmarks.runner import Comparison, Report, Row

HEADINGS: Final = ("", "units", "CPU", "wall", "", "left", "compared", "with", "target", "met")
NUMBERS: Final = frozenset((1, 2, 3, 6, 8))
"""The columns that are aligned to the right."""
GAP: Final = "  "
NO_TARGET: Final = ""


class Progress:
    """Counts samples on one line of a terminal; on anything else it says nothing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = stream.isatty()

    def __call__(self, taken: int, total: int) -> None:
        """Show how many of how many samples are taken."""
        if self._shown:
            self._stream.write(f"\r{taken}/{total} samples" + ("\r\033[K" if taken == total else ""))
            self._stream.flush()


def as_text(report: Report) -> str:
    """Return the table, one line per workload and one more for every further comparison."""
    lines: list[tuple[str, ...]] = [HEADINGS]
    group = None
    for row in report.rows:
        if row.workload.group != group:
            group = row.workload.group
            lines.append(())
        lines.extend(_lines(row))
    verdicts = [entry.met for row in report.rows for entry in row.comparisons if entry.met is not None]
    title = f"{report.python}, medians of {report.rounds} interleaved rounds, every sample in a fresh process"
    summary = f"{sum(verdicts)} of {len(verdicts)} targets met" if verdicts else "no targets among these"
    return "\n".join([title, "", *_aligned(lines), "", summary])


def as_json(report: Report) -> str:
    """Return the figures as JSON; times are seconds per unit."""
    document = {"python": report.python, "rounds": report.rounds, "rows": [_fields(row) for row in report.rows]}
    return json.dumps(document, indent=2)


def _fields(row: Row) -> dict[str, Any]:
    return {
        "group": row.workload.group,
        "name": row.workload.name,
        "unit": row.workload.unit,
        "units": row.units,
        "cpu": row.cpu,
        "wall": row.wall,
        "left": dict(row.left),
        "comparisons": [
            {
                "baseline": entry.baseline,
                "kind": "added" if entry.added else "ratio",
                "value": entry.value,
                "limit": entry.limit,
                "met": entry.met,
            }
            for entry in row.comparisons
        ],
    }


def _lines(row: Row) -> list[tuple[str, ...]]:
    factor, symbol = (1e3, "ms") if row.workload.milliseconds else (1e6, "us")
    own = (
        row.workload.name,
        f"{row.units:,}",
        f"{row.cpu * factor:,.1f}",
        f"{row.wall * factor:,.1f}",
        f"{symbol}/{row.workload.unit}",
        _left(row.left),
    )
    compared = [_compared(entry, factor, symbol) for entry in row.comparisons] or [("",) * 4]
    return [(own if number == 0 else ("",) * len(own)) + cells for number, cells in enumerate(compared)]


def _compared(entry: Comparison, factor: float, symbol: str) -> tuple[str, str, str, str]:
    value = f"{entry.value * factor:+.1f} {symbol}" if entry.added else f"{entry.value:.3f} x"
    if entry.limit is None:
        return value, entry.baseline, NO_TARGET, NO_TARGET
    limit = f"<= {entry.limit * factor:g} {symbol}" if entry.added else f"<= {entry.limit:g} x"
    return value, entry.baseline, limit, "yes" if entry.met else "NO"


def _left(left: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in left.items()) or "-"


def _aligned(lines: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(line[column]) for line in lines if line) for column in range(len(HEADINGS))]
    return [
        GAP.join(
            cell.rjust(width) if column in NUMBERS else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=False))
        ).rstrip()
        for line in lines
    ]
