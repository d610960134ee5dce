"""Whether what a test has made can neither be found by the checks nor tell of anything when it dies.

So it is with most tests, and then their garbage need not be collected at once: nothing in it could be blamed on a later
test. Harmless are containers and functions of the interpreter's own, and objects of ours and of the runners' classes
that have no finaliser. Nothing else is: no object of a class of the user's, nor one that the garbage collector does not
track and that stands in a container, for it may tell when it dies.

Where that is left uncollected for long, Python's own collections would fall into the middle of tests and make old what
these have made, which nobody then looks at. So it is collected, at the end of a test, before they are due (`MOST`).
"""

from __future__ import annotations

import _thread
import contextlib
import functools
import gc
import io
import sys
import types
import weakref
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable
from contextvars import Context
from itertools import filterfalse
from typing import Any, Final

from asynctestkit.checks.young import YOUNG, grow_old, made_since

MOST: Final = (400, 7)
"""How many young objects, and collections of the youngest, are let come together: about half of what Python lets."""

_CONTAINERS: Final[frozenset[type]] = frozenset(
    (
        *(dict, list, set, tuple, frozenset, deque, defaultdict, OrderedDict, functools.partial, property, slice),
        *(types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.CellType, types.SimpleNamespace),
        *(types.MappingProxyType, types.GenericAlias, types.TracebackType, types.FrameType, staticmethod, classmethod),
        *(type(iter([])), type(reversed([])), type(iter(())), type(iter({})), map, filter, zip, enumerate, reversed),
        *(weakref.WeakSet, getattr(contextlib, "_GeneratorContextManager", weakref.WeakSet)),
    )
)
"""Kinds of the interpreter's own that hold other objects and say nothing when they die."""
_ATOMS: Final[frozenset[type]] = frozenset(
    (
        *(bool, bytes, complex, float, int, str, type(None), type(...), type(NotImplemented), range, types.CodeType),
        type,  # those that are not tracked are the interpreter's own
        *(type(_thread.allocate_lock()), type(_thread.RLock())),
    )
)
"""Such that hold none."""
_UNTRACKED_CONTAINERS: Final[frozenset[type]] = frozenset((tuple, dict))
"""Such that are not tracked if nothing in them is."""
_IN_CONTEXTS: Final = ("hamt", "hamt_bitmap_node", "hamt_array_node", "hamt_collision_node")
"""What the values of context variables are kept in."""
_RUNNERS: Final = ("_pytest.", "pluggy.", "unittest.", "asynctestkit.")
"""Whose objects are not the test's affair."""
_OF_THREADS: Final = "_localdummy_destroyed"
"""What is called when a thread dies that has values of its own in a `threading.local`."""
_IN_ORDER: Final = "t" not in getattr(sys, "abiflags", "")
"""Whether objects are listed in the order of their making: not where threads run without a lock."""

_known: Final[set[type]] = {*_CONTAINERS, *_ATOMS, Context, io.StringIO, io.BytesIO}
"""Those of which an object needs no second look, and classes that were seen to be like them."""


def is_harmless_since(marker: object, besides: Iterable[object]) -> bool:
    """Whether nothing that was made since an object was, but for some things, is found or tells of anything as it dies.

    What a collection has made old meanwhile is not seen: it was looked through, and is not what `young` returns either.
    Where much that is harmless has come together it is collected.
    """
    if not (_IN_ORDER and gc.isenabled()):
        return False
    ids = set(map(id, besides))
    containers: list[Any] = []
    try:
        for thing in made_since(marker):
            kind = type(thing)
            if kind in _CONTAINERS:
                containers.append(thing)
            elif kind not in _known and id(thing) not in ids and not _is_harmless(thing):
                return False
        if not _hold_nothing_untracked(containers):
            return False
    except Exception:  # a class of the user's that has no hash, say
        return False
    counts = gc.get_count()
    if counts[0] > MOST[0] or (YOUNG and counts[1] > MOST[1]):
        grow_old()
    return True


def _is_harmless(thing: Any) -> bool:
    cls: Any = type(thing)
    if cls is weakref.ReferenceType:
        return thing.__callback__ is None or getattr(thing.__callback__, "__name__", "") == _OF_THREADS
    if cls is types.GeneratorType:
        frame = thing.gi_frame
        return frame is None or str(frame.f_globals.get("__name__")).startswith(_RUNNERS)
    is_known = str(cls.__module__).startswith(_RUNNERS) and not any("__del__" in vars(klass) for klass in cls.__mro__)
    if is_known or (cls.__module__ == "builtins" and cls.__name__ in _IN_CONTEXTS):
        _known.add(cls)
        return True
    return False


def _hold_nothing_untracked(containers: list[Any]) -> bool:
    """Whether all that stands in some containers is tracked, or says nothing when it dies."""
    while True:
        untracked = [
            thing for thing in filterfalse(gc.is_tracked, gc.get_referents(*containers)) if type(thing) not in _ATOMS
        ]
        if not untracked:
            return True
        if not _UNTRACKED_CONTAINERS.issuperset(map(type, untracked)):
            return False
        containers = untracked
