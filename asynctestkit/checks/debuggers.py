"""Whether somebody is debugging: then time does not count.

A trace function may also belong to a tool that measures: coverage, or the standard library's `trace`. Those are known
by name; any other is taken for a debugger's, since a limit that strikes at a prompt is worse than one that never does.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any, Final

_MEASURING: Final = ("coverage", "trace", "pytest_cov", "slipcover", "viztracer", "pyinstrument")
_DEBUGGING: Final = ("bdb", "pdb", "ipdb", "pudb", "pydevd", "_pydevd_bundle", "debugpy", "_pytest.debugging")
_monitoring: Final[Any] = getattr(sys, "monitoring", None)


def is_debugged() -> bool:
    """Whether a debugger is attached to this thread, or to the process by `sys.monitoring`."""
    traced: Any = sys.gettrace()
    if traced is not None and not _belongs(traced, _MEASURING):
        return True
    return _monitoring is not None and _monitoring.get_tool(_monitoring.DEBUGGER_ID) is not None


def stands_in_debugger(frame: FrameType | None) -> bool:
    """Whether a thread whose innermost frame is given stands in a debugger, or is traced by one."""
    while frame is not None:
        traced: Any = frame.f_trace
        if _is_one_of(str(frame.f_globals.get("__name__")), _DEBUGGING):
            return True
        if traced is not None and not _belongs(traced, _MEASURING):
            return True
        frame = frame.f_back
    return _monitoring is not None and _monitoring.get_tool(_monitoring.DEBUGGER_ID) is not None


def _belongs(traced: Any, owners: tuple[str, ...]) -> bool:
    made_by = type(getattr(traced, "__self__", traced)).__module__  # a tracer written in C is the object itself
    return _is_one_of(made_by, owners) or _is_one_of(str(getattr(traced, "__module__", "")), owners)


def _is_one_of(module: str, owners: tuple[str, ...]) -> bool:
    return any(module == owner or module.startswith(f"{owner}.") for owner in owners)
