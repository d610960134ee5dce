"""Whether what a test has made can neither be found by the checks nor tell of anything when it dies.

So it is with most tests, and then their garbage need not be collected at once: nothing in it could be blamed on a later
test. Whoever is not known to be harmless is not: a class with a finaliser or made in C, a weak reference that calls
back, a generator, which may run code when it is closed.
"""

from __future__ import annotations

import functools
import gc
import io
import sys
import types
import weakref
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable
from contextvars import Context
from typing import Any, Final

from asynctestkit.checks.young import made_since

MOST: Final = 1000
"""How many young objects there may be for looking through them to cost less than collecting them."""

_BUILT_IN: Final[frozenset[type]] = frozenset(
    (
        *(
            object,
            dict,
            list,
            set,
            tuple,
            frozenset,
            deque,
            defaultdict,
            OrderedDict,
            type,
            functools.partial,
            property,
        ),
        *(
            bool,
            bytes,
            complex,
            float,
            int,
            str,
            slice,
            map,
            filter,
            zip,
            enumerate,
            reversed,
            staticmethod,
            classmethod,
        ),
        *(types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.CellType, types.ModuleType),
        *(types.MappingProxyType, types.SimpleNamespace, types.GenericAlias, types.TracebackType, types.FrameType),
        *(type(iter([])), type(reversed([])), type(iter(())), type(iter({})), Context, io.StringIO, io.BytesIO),
        *(types.GetSetDescriptorType, types.MemberDescriptorType, types.WrapperDescriptorType),
        *(types.MethodDescriptorType, types.ClassMethodDescriptorType, types.MethodWrapperType, weakref.ReferenceType),
    )
)
"""Kinds of the interpreter's own whose objects say nothing when they die."""
_IN_CONTEXTS: Final = ("hamt", "hamt_bitmap_node", "hamt_array_node", "hamt_collision_node")
"""What the values of context variables are kept in."""
_RUNNERS: Final = ("_pytest.", "pluggy.", "unittest.", "asynctestkit.")
"""Whose generators are not the test's affair."""
_OF_THREADS: Final = "_localdummy_destroyed"
"""What is called when a thread dies that has values of its own in a `threading.local`."""
_IN_PYTHON: Final = 1 << 9
"""The flag of classes that were made at run time, by a class statement above all."""
_IN_ORDER: Final = "t" not in getattr(sys, "abiflags", "")
"""Whether objects are listed in the order of their making: not where threads run without a lock."""

_known: Final[set[type]] = set(_BUILT_IN) - {weakref.ReferenceType}
"""Those of which an object needs no second look, and classes that were seen to be like them."""


def is_harmless_since(marker: object, besides: Iterable[object]) -> bool:
    """Whether nothing that was made since an object was, but for some things, is found or tells of anything as it dies.

    What a collection has made old meanwhile is not seen: it was looked through, and is not what `young` returns either.
    """
    if gc.get_count()[0] > MOST or not (_IN_ORDER and gc.isenabled()):
        return False
    known, ids = _known, set(map(id, besides))
    try:
        for thing in made_since(marker):
            if type(thing) not in known and id(thing) not in ids and not _is_harmless(thing):
                return False
    except Exception:  # a class of the user's that has no hash, say
        return False
    return True


def _is_harmless(thing: Any) -> bool:
    cls: Any = type(thing)
    if issubclass(cls, weakref.ReferenceType):
        return thing.__callback__ is None or getattr(thing.__callback__, "__name__", "") == _OF_THREADS
    if cls is types.GeneratorType:
        frame = thing.gi_frame
        return frame is None or str(frame.f_globals.get("__name__")).startswith(_RUNNERS)
    if not (cls.__module__ == "builtins" and (cls.__name__ in _IN_CONTEXTS or issubclass(cls, BaseException))):
        for klass in cls.__mro__:
            if klass not in _BUILT_IN and ("__del__" in vars(klass) or not _is_plain(klass)):
                return False
    if "<locals>" not in cls.__qualname__:  # a class of a test's own would be kept by this
        _known.add(cls)
    return True


def _is_plain(cls: type) -> bool:
    return bool(cls.__flags__ & _IN_PYTHON) or (cls.__module__ == "builtins" and issubclass(cls, BaseException))
