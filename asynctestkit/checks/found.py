"""What the checks of one test have found, and how it is told: by an error, a warning, a note, or in a summary."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from asynctestkit.checks import summary
from asynctestkit.checks.policy import Level, Policy
from asynctestkit.report.errors import FindingError
from asynctestkit.report.findings import Finding, FindingWarning, error_of, note_of, report_of
from asynctestkit.report.frames import TRIM_FRAMES

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


class Found:
    """The findings of one test.

    Args:
        policy: What they do.
        test: What reports call the test.
    """

    __slots__ = ("_beside", "_found", "policy", "test")

    def __init__(self, policy: Policy, test: str) -> None:
        self.policy = policy
        self.test = test
        self._found: list[Finding] = []
        self._beside: tuple[tuple[Finding, str], ...] = ()
        """What others are told that was found meanwhile, and who they are."""

    def _add(self, finding: Finding) -> bool:
        level = self.policy.level_of(finding)
        if level is not Level.IGNORE:
            self._found.append(finding)
        return level is not Level.IGNORE

    def _add_all(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self._add(finding)

    def failure(self) -> FindingError | None:
        """Return the error that fails the test, None if nothing does; what only warns is told."""
        if not self._found:
            return None
        found, self._found = self._found, []
        failing = [finding for finding in found if self.policy.level_of(finding) is Level.FAIL]
        raised: list[tuple[Finding, FindingWarning]] = []
        for finding in found:
            if finding not in failing:
                try:
                    self._tell(finding)
                except FindingWarning as warning:  # warnings are errors in this run
                    raised.append((finding, warning))
        if raised and not failing:
            raise raised[0][1] if len(raised) == 1 else error_of([finding for finding, _ in raised], self.test)
        failing += [finding for finding, _ in raised]
        return error_of(failing, self.test) if failing else None

    def note(self) -> str | None:
        """Return what is added to a test that failed already, None if nothing was found."""
        found, self._found = self._found, []
        notes = [note_of(found, self.test)] if found else []
        notes += [note_of([finding], of) for finding, of in self._beside]
        return "\n".join(notes) or None

    def _tell(self, finding: Finding) -> None:
        if self.policy.summarised:
            summary.add([finding], self.test)
        else:
            warnings.warn_explicit(report_of([finding], self.test), FindingWarning, *_place_of(finding, self.test))


def _place_of(finding: Finding, test: str) -> tuple[str, int]:
    """Return file and line that a warning of a finding is shown at; the test where no place is known."""
    if finding.place is None:
        return test, 1
    file, _, line = finding.place.partition(" in ")[0].rpartition(":")
    return file, int(line)
