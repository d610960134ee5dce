"""Whether something that a test has made is kept by what outlives the test: then it is not left behind.

Rules:

1. Who holds a thing is asked of the garbage collector, and then who holds that, until something that outlives a test is
   met: a wider fixture, or, where these count, a module, a class, a task of a wider scope.
2. The test itself, and what runs it, lead nowhere: its test case, calls, the loop, the machinery of asyncio and pytest.
3. Where there are too many to ask, the thing counts as kept: nobody is blamed for what is not known.

All objects of the process are looked at for each step, which takes milliseconds: it is asked only of what was left.
"""

from __future__ import annotations

import asyncio
import gc
import operator
import selectors
from collections.abc import Sequence
from types import FrameType, MappingProxyType, TracebackType
from typing import Any, Final, TypeVar

from asynctestkit.report.contexts import TEST, context_of

T = TypeVar("T")

MOST_STEPS: Final = 20
MOST_HOLDERS: Final = 20_000
_MACHINERY: Final = frozenset(
    (
        *("asyncio", "_asyncio", "concurrent", "contextvars", "selectors", "threading", "uvloop", "weakref"),
        *("_pytest", "asynctestkit", "pluggy", "pytest", "unittest"),
        *("atexit", "builtins", "gc", "importlib", "logging", "signal", "sys", "warnings"),
    )
)
"""Packages whose objects and modules do not keep what a test has made on purpose."""


def unkept(things: Sequence[T], watch: object, **options: Any) -> list[T]:
    """Return those of many things that nothing that outlives the test holds; see `_is_any_kept`.

    All are asked of together, and halves of them where one is held: many that are left cost hardly more than one.
    """
    if not things or not _is_any_kept(things, watch, **options):
        return list(things)
    if len(things) == 1:
        return []
    middle = len(things) // 2
    return unkept(things[:middle], watch, **options) + unkept(things[middle:], watch, **options)


def _is_any_kept(
    things: Sequence[object],
    watch: object,
    *,
    besides: object = None,
    by_fixtures: bool = True,
    by_others: bool = True,
    within: str | None = None,
) -> bool:
    """Whether something that outlives a test holds any of some things.

    Args:
        things: What the test has made.
        watch: The checks of the test, which mark what is its own.
        besides: The test case, or the class, that holds it without keeping it.
        by_fixtures: Whether wider fixtures count.
        by_others: Whether modules, classes and the tasks of others do.
        within: The name of a module that does not, nor do its classes.
    """
    own: Any = getattr(besides, "__dict__", None)
    own = gc.get_referents(own)[0] if isinstance(own, MappingProxyType) else own  # a class shows its names, no more
    frontier: list[Any] = list(things)
    seen = {id(things), id(besides), id(own), *map(id, frontier)}
    for _ in range(MOST_STEPS):
        found: list[Any] = []
        seen.update((id(seen), id(frontier), id(found)))
        holders = gc.get_referrers(*frontier)
        seen.add(id(holders))
        for holder in holders:
            if id(holder) in seen or (type(holder) is tuple and _are_same(holder, frontier)):
                continue  # the arguments of the call among them
            seen.add(id(holder))
            if (by_fixtures and _is_fixture(holder)) or (by_others and _outlives(holder, watch, within)):
                return True
            if not _leads_nowhere(holder):
                found.append(holder)
        del holders
        if not found:
            return False
        frontier = found
        if len(seen) > MOST_HOLDERS:
            break
    return True


def _are_same(these: tuple[Any, ...], those: list[Any]) -> bool:
    return len(these) == len(those) and all(map(operator.is_, these, those))


def _is_fixture(holder: Any) -> bool:
    """Whether something is what keeps the value of a fixture wider than a test: ours, or pytest's."""
    cls = type(holder)
    if cls.__name__ == "FixtureDef" and cls.__module__.startswith("_pytest."):
        return bool(holder.scope != "function")
    return getattr(cls, "outlives_tests", False) is True


def _outlives(holder: Any, watch: object, within: str | None) -> bool:
    if isinstance(holder, dict):
        names: dict[str, Any] = holder
        return "__spec__" in names and _keeps(names.get("__name__"), within)
    if isinstance(holder, asyncio.Task):
        context = context_of(holder)
        return context is not None and context.get(TEST) is not watch
    return isinstance(holder, type) and _keeps(holder.__module__, within)


def _keeps(module: object, within: str | None) -> bool:
    """Whether what a module has is kept by it."""
    return _package(module) not in _MACHINERY and (within is None or module != within)


def _leads_nowhere(holder: Any) -> bool:
    """Whether something holds others only as long as it runs, or as machinery."""
    if isinstance(holder, FrameType | TracebackType | BaseException | asyncio.AbstractEventLoop | type):
        return True
    if isinstance(holder, dict):  # a module's, or a loop's own
        return "__spec__" in holder or "_scheduled" in holder
    if isinstance(holder, selectors.SelectorKey):
        return True
    package = _package(type(holder).__module__)
    if package == "asynctestkit":
        return not getattr(type(holder), "holds_for_fixtures", False)
    return package in ("_contextvars", "_pytest", "pluggy", "unittest")


def _package(name: object) -> str:
    return str(name).partition(".")[0]
