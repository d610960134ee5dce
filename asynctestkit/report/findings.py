"""Findings: faults that a test committed without failing, and how they read.

Each names its kind in the standard words that people search for, the object, where it was made and where it stands now,
and one fix. Several of one test make one report, which is an error like any other: its first line stands alone.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from asynctestkit.report.errors import FindingError, message
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.report.kinds import Kind

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


MOST_ALIKE: Final = 3
"""How many findings of one kind, from one place, are listed each for itself."""
_PLACE: Final = r"\S.*:\d+(?: in |$)"


class Finding(NamedTuple):
    """One fault of one test.

    Attributes:
        kind: What kind it is.
        headline: What happened, with the name of the object, in the words that asyncio itself uses.
        facts: More about it, by name: where it was made, where it waits.
        fix: What to do, in the imperative.
        names: What it is called by those who want to ignore it: `module.qualname`.
        error: The exception that is behind it, None if there is none.
    """

    kind: Kind
    headline: str
    facts: tuple[tuple[str, str], ...]
    fix: str
    names: tuple[str, ...] = ()
    error: BaseException | None = None

    @property
    def place(self) -> str | None:
        """The first of its facts that is a place, `file:line in function`; None if none is."""
        return next((text for _, text in self.facts if re.match(_PLACE, text)), None)

    def text(self) -> str:
        """Return the finding as a block of lines."""
        return message(self.headline, **dict(self.facts), fix=self.fix, see=self.kind.anchor)


class FindingWarning(UserWarning):
    """Tells of a finding that does not fail its test."""


FindingWarning.__module__ = "asynctestkit"


def report_of(findings: Sequence[Finding], test: str) -> str:
    """Return the text that tells of all findings of a test."""
    if len(findings) == 1:
        (only,) = findings
        return message(only.headline, test=test, **dict(only.facts), fix=only.fix, see=only.kind.anchor)
    blocks = [f"{len(findings)} faults in {test}: {_counted(findings)}"]
    for number, (finding, count) in enumerate(_listed(findings), 1):
        first, _, rest = finding.text().partition("\n")
        more = f" ({count - 1} more like it)" if count > 1 else ""
        blocks.append(f"{number}. {first}{more}\n{rest}")
    return "\n".join(blocks)


def _listed(findings: Sequence[Finding]) -> list[tuple[Finding, int]]:
    """Return the findings that are shown, each with how many it stands for; of many that are alike, the first."""
    alike: dict[object, list[Finding]] = {}
    for finding in findings:
        alike.setdefault(_shape(finding), []).append(finding)
    listed: list[tuple[Finding, int]] = []
    for finding in findings:
        group = alike[_shape(finding)]
        if len(group) <= MOST_ALIKE:
            listed.append((finding, 1))
        elif finding is group[0]:
            listed.append((finding, len(group)))
    return listed


def _shape(finding: Finding) -> object:
    return finding.kind, re.sub(r"0x[0-9a-f]+|\d+", "#", finding.headline), finding.place


def _counted(findings: Iterable[Finding]) -> str:
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.kind.value] = counts.get(finding.kind.value, 0) + 1
    return ", ".join(f"{count} {kind}" for kind, count in counts.items())


def error_of(findings: Sequence[Finding], test: str) -> FindingError:
    """Return the error that fails a test for its findings; the exceptions behind them are its cause."""
    failure = FindingError(report_of(findings, test))
    causes = [finding.error for finding in findings if finding.error is not None]
    if len(causes) == 1:
        failure.__cause__ = causes[0]
    elif causes:
        failure.__cause__ = BaseExceptionGroup("unhandled errors", causes)
    failure.__suppress_context__ = True
    return failure


def note_of(findings: Sequence[Finding], test: str) -> str:
    """Return what is added to a test that failed already."""
    lines = [report_of(findings, test)]
    for finding, _ in _listed(findings):
        if finding.error is not None:
            lines.append("".join(traceback.format_exception(finding.error)).rstrip())
    return "\n".join(lines)
