"""What reports tell of a callback."""

from __future__ import annotations

from typing import Any, NamedTuple


class About(NamedTuple):
    """What is told of a callback: its package, its name, what it is ignored by, and where it is defined."""

    package: str
    name: str
    names: tuple[str, str]
    defined: list[tuple[str, str]]


def about(callback: Any) -> About:
    """Return what is told of a callback."""
    while hasattr(callback, "func"):
        callback = callback.func
    name = getattr(callback, "__qualname__", repr(callback))
    module = getattr(callback, "__module__", None) or ""
    code = getattr(getattr(callback, "__func__", callback), "__code__", None)
    defined = [] if code is None else [("defined", f"{code.co_filename}:{code.co_firstlineno}")]
    return About(module.partition(".")[0], name, (f"{module}.{name}", name), defined)
