"""Warnings that are findings: a coroutine that was never awaited, a resource that nobody closed.

Python tells of both when the object dies, by a warning that may be filtered, shown once per place, or lost. While a
test runs, such warnings come here first, whatever the filters of the run say: `warnings.showwarning` is ours, and
filters in front of all others let them through. A test that catches warnings itself (`assertWarns`,
`catch_warnings(record=True)`, `pytest.warns`) puts its own in front again, so what it expects is its own.

What dies in a collection of the oldest garbage may be from any test before: that is left to be a warning. So is what is
young, but was made before the test: a plain test before it has left it.

The tap is the process's, and open while any test runs; whose a warning is is for the listener to say.
"""

from __future__ import annotations

import functools
import gc
import inspect
import re
import sys
import threading
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, Protocol

from asynctestkit.checks.young import ids_from_before

_compile: Final = re.compile  # which tests replace, where they replace functions of a module named re


class _Pattern:
    """A pattern for the module of warnings that is compiled when first used: few runs come to that.

    Copies are the pattern itself, as those of a compiled one are; pickled it is one.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.match: Callable[[str], re.Match[str] | None] = self._first_match

    def _first_match(self, text: str) -> re.Match[str] | None:
        self.match = _compile(self.pattern).match
        return self.match(text)

    def __copy__(self) -> _Pattern:
        return self

    def __deepcopy__(self, memo: object) -> _Pattern:
        return self

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return re.compile, (self.pattern,)


_UNAWAITED: Final = _Pattern(r"coroutine (method )?'.*' (of '.*' )?was never awaited")
_UNCLOSED: Final = _Pattern(r"(?i)unclosed (?!file\b|<_io\.)|subprocess \S+ is still running")
_FILTERS: Final[tuple[tuple[str, _Pattern, type[Warning], None, int], ...]] = (
    ("always", _UNAWAITED, RuntimeWarning, None, 0),
    ("always", _UNCLOSED, ResourceWarning, None, 0),
)
_FILTERS_IN_FRONT: Final = list(_FILTERS)
_OLDEST: Final = 1 if sys.version_info[:2] == (3, 14) else 2
"""The first generation whose collection may find what earlier tests left; on 3.14 all but the young one are old."""


class Listener(Protocol):
    """Whoever wants to know of such warnings."""

    def unawaited(self, text: str, source: object, place: str) -> bool:
        """Learn that a coroutine was never awaited, which died at a place; return whether that is its affair."""
        ...

    def unclosed(self, text: str, source: object, place: str) -> bool:
        """Learn that a resource died unclosed; return whether that is its affair."""
        ...

    def unraisable(self, error: BaseException, told: str, thing: object) -> None:
        """Learn that an error came up where nobody can catch it."""
        ...


class Tap:
    """The one way by which such warnings come; `choose` returns whose a warning is, None if nobody's."""

    def __init__(self, choose: Callable[[], Listener | None]) -> None:
        self._choose = choose
        self._showing: Any = self._show  # one object, to be known again by
        self._lock = threading.Lock()
        self._users = 0
        self._filters: list[list[Any]] = []
        """Lists of filters that ours were put into."""
        self._raised: Any = None
        self._unraisable_hook: Any = self._hear
        self._collecting = -1
        self._from_before: frozenset[int] = frozenset()
        """What is young, and is being collected, but was made before the test that runs."""

    def open(self) -> None:
        """Let warnings come here until `close`; for every `open` there is one."""
        with self._lock:
            self._users += 1
            if self._users == 1:
                gc.callbacks.append(self._note_collection)
            self._come_in_front()

    def renew(self) -> None:
        """Come in front again of what others, fixtures say, have put there since `open`, for as long as they last."""
        with self._lock:
            self._come_in_front()

    def _come_in_front(self) -> None:
        shown: Any = warnings.showwarning
        if type(shown) is not functools.partial or shown.func is not self._showing:
            # Else a test in another thread has seen to it.
            warnings.showwarning = functools.partial(self._showing, shown)
            filters: list[Any] = warnings.filters  # type: ignore[assignment]  # a list, whatever stubs call it
            filters[0:0] = _FILTERS
            self._filters.append(filters)
            if _mutated is not None:  # have places at which a warning was shown, or ignored, looked at anew
                _mutated()
        if sys.unraisablehook is not self._unraisable_hook:
            self._raised, sys.unraisablehook = sys.unraisablehook, self._unraisable_hook

    def close(self) -> None:
        """Take one `open` back."""
        with self._lock:
            self._users -= 1
            if self._users:
                return
            gc.callbacks.remove(self._note_collection)
            # What the test runs in may have put other filters in place meanwhile, and taken ours away.
            while self._filters:
                _take_out(self._filters.pop())
            shown: Any = warnings.showwarning
            while type(shown) is functools.partial and shown.func is self._showing:
                warnings.showwarning = shown = shown.args[0]
            if sys.unraisablehook is self._unraisable_hook:
                sys.unraisablehook = self._raised
            self._raised = None

    def _hear(self, unraisable: Any) -> None:
        listener = self._choose() if self._collecting < _OLDEST else None
        error = unraisable.exc_value
        if listener is None or not isinstance(error, Exception):
            self._raised(unraisable)
            return
        listener.unraisable(error, unraisable.err_msg or "Exception ignored in", unraisable.object)

    def _note_collection(self, phase: str, info: dict[str, int]) -> None:
        self._collecting = info["generation"] if phase == "start" else -1
        self._from_before = ids_from_before(self._choose()) if 0 <= self._collecting < _OLDEST else frozenset()

    def _show(  # noqa: PLR0917  # it takes what the module of warnings passes
        self,
        before: Callable[..., None],
        text: Warning | str,
        category: type[Warning],
        filename: str,
        line: int,
        file: Any = None,
        source_line: str | None = None,
    ) -> None:
        unawaited = issubclass(category, RuntimeWarning) and _UNAWAITED.match(str(text))
        if (unawaited or (issubclass(category, ResourceWarning) and _UNCLOSED.match(str(text)))) and (
            self._collecting < _OLDEST
        ):
            listener = self._choose()
            if listener is not None:
                source = _source(inspect.currentframe())
                tell = listener.unawaited if unawaited else listener.unclosed
                if id(source) not in self._from_before and tell(str(text), source, f"{filename}:{line}"):
                    return
        before(text, category, filename, line, file, source_line)


def _take_out(filters: list[Any]) -> None:
    """Remove our filters, which stand in front unless others were put there meanwhile."""
    if filters[: len(_FILTERS)] == _FILTERS_IN_FRONT:
        del filters[: len(_FILTERS)]
        return
    for one in _FILTERS:
        if one in filters:
            filters.remove(one)


def _source(frame: FrameType | None) -> object:
    """Return the object that a warning is about, which the public hook is not told: its caller knows it."""
    caller = None if frame is None else frame.f_back
    return None if caller is None else getattr(caller.f_locals.get("msg"), "source", None)


_mutated: Final[Any] = getattr(warnings, "_filters_mutated", None) or getattr(
    warnings, "_filters_mutated_lock_held", None
)
