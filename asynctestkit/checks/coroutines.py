"""Coroutines that were never awaited: those that Python warns of as they die, and those that a test keeps on itself."""

from __future__ import annotations

import gc
import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from asynctestkit.report.findings import Finding
from asynctestkit.report.frames import place_of
from asynctestkit.report.kinds import Kind
from asynctestkit.report.origins import is_users, label_of, names_of, origin_of

# Compiled, and kept by `re`, when one is needed: few runs ever do.
_NAMED: Final = r"coroutine (?:method )?'(?P<name>[^']*)'(?: of '(?P<of>[^']*)')?"
_MADE: Final = r'File "(?P<file>[^"]*)", line (?P<line>\d+), in (?P<function>\S+)'
_MOCKED: Final = "AsyncMockMixin._execute_mock_call"


def never_awaited(text: str, source: object, place: str) -> Finding:
    """Return the finding of a warning.

    Args:
        text: The warning's.
        source: The coroutine; None where the interpreter keeps it to itself.
        place: Where it died, which is where it was made if nobody has kept it.
    """
    named = re.match(_NAMED, text)
    name = named["name"] if named else "?"
    if named and named["of"]:
        name = f"{named['of']}.{name}"
    facts: list[tuple[str, str]] = []
    origin = origin_of(source)
    if origin is None and (made := re.findall(_MADE, text)):
        file, line, function = made[-1]
        origin = f"{file}:{line} in {function}"
    if (origin is None or not is_users(origin)) and is_users(place):
        origin = place
    facts.append(("created", origin or "(unknown)"))
    if name == _MOCKED:
        return Finding(
            Kind.UNAWAITED,
            f"coroutine {name!r} was never awaited: a call of an AsyncMock",
            tuple(facts),
            "await the call",
            (name,),
        )
    if source is not None and (place := place_of(source)) != "(no source)":
        facts.append(("defined", place))
    return Finding(
        Kind.UNAWAITED,
        f"coroutine {name!r} was never awaited",
        tuple(facts),
        f"write `await {name.rpartition('.')[2]}(...)`, or close() the coroutine if it is not to run",
        names_of(source) if source is not None else (name,),
    )


def is_unstarted(coroutine: Any) -> bool:
    """Whether a coroutine was never begun."""
    return inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED


_told: Final[dict[int, object]] = {}
"""What coroutines that were told of, and are alive, know of where they were made; each has its own, by its id."""


def is_told(coroutine: object) -> bool:
    """Whether a coroutine that dies was told of before; once."""
    return _told.pop(id(getattr(coroutine, "cr_origin", None)), None) is not None


def is_of_nobody(coroutine: object) -> bool:
    """Whether a coroutine was made while no checks were on, or in a thread, of which Python keeps no origin."""
    return getattr(coroutine, "cr_origin", ()) is None


def _is_back(coroutine: Any) -> bool:
    """Whether a coroutine was told of before and is young again: who records the warning of its death keeps it."""
    return gc.is_finalized(coroutine) or id(coroutine.cr_origin) in _told


def kept(unstarted: Iterable[Any], instance: Mapping[str, Any], *, close: bool, holder: str = "self") -> list[Finding]:
    """Return findings of coroutines that a test has made, never begun, and somebody still keeps.

    Args:
        unstarted: The coroutines.
        instance: The attributes of the test case, or of its class.
        close: Whether nobody can begin them any more: they are closed. What the test itself keeps always is.
        holder: What code of a test calls whose attributes those are.
    """
    findings: list[Finding] = []
    for coroutine in unstarted:
        if _is_back(coroutine):
            continue
        name = label_of(coroutine)
        facts = [("created", origin_of(coroutine) or "(unknown)"), ("defined", place_of(coroutine))]
        attributes = [attribute for attribute, value in instance.items() if value is coroutine]
        facts += [("kept in", f"{holder}.{attribute}") for attribute in attributes]
        findings.append(
            Finding(
                Kind.UNAWAITED,
                f"coroutine {name!r} was never awaited",
                tuple(facts),
                f"write `await {name.rpartition('.')[2]}(...)`, or close() the coroutine if it is not to run",
                names_of(coroutine),
            )
        )
        if close or attributes:
            coroutine.close()
        else:
            _told[id(coroutine.cr_origin)] = coroutine.cr_origin
    return findings
