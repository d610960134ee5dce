"""asyncio's own selector loop, except that what it needs to wait for I/O is made when it first waits for I/O.

A new loop of asyncio opens three descriptors: a selector, and a pair of sockets through which threads and signals wake
it. That is most of what a loop costs, and most tests are over without having waited for anything (see `turn`). So
the loop begins with a stand-in for its selector. The first time that it is asked to watch a descriptor or to wait, the
stand-in puts the real selector in its place, with the sockets.

Rules:

1. What a test can see is that of asyncio's loop, the name of the class included; only the class is another.
2. A wake-up from another thread is never lost: the first wait returns at once, so what was called before the sockets
   were there is found by the turn that follows.
3. Where `asyncio.new_event_loop` would give something else than asyncio's own selector loop (another policy, a patched
   function, a proactor), or that loop lacks what is replaced here, `new_event_loop` gives just that.
"""

from __future__ import annotations

import asyncio
import asyncio.events as _events
import selectors
from asyncio import selector_events
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVarTuple, Unpack

_STOCK: Any = asyncio.SelectorEventLoop
_NEW: Final = asyncio.new_event_loop
_REPLACED: Final = ("_make_self_pipe", "_close_self_pipe", "_write_to_self", "add_signal_handler")
_CAN_BE_LAZY: Final = all(hasattr(selector_events.BaseSelectorEventLoop, name) for name in _REPLACED) and issubclass(
    _STOCK, selector_events.BaseSelectorEventLoop
)

_Ts = TypeVarTuple("_Ts")


class StockLoop(asyncio.SelectorEventLoop):
    """asyncio's selector loop, lazily equipped; see the module."""

    _csock: Any = None
    _ssock: Any = None
    _selector: Any

    def __init__(self) -> None:
        super().__init__(_STAND_IN(self._equip))

    def _equip(self) -> selectors.BaseSelector:
        """Make the selector and the sockets that wake it; return the selector."""
        self._selector = selector = selectors.DefaultSelector()
        _STOCK._make_self_pipe(self)
        return selector

    def _make_self_pipe(self) -> None:
        """Leave it to `_equip`."""

    def _close_self_pipe(self) -> None:
        if self._ssock is not None:
            _STOCK._close_self_pipe(self)

    def add_signal_handler(self, sig: int, callback: Callable[[Unpack[_Ts]], object], *args: *_Ts) -> None:
        """Have signals wake the loop, which takes its sockets."""
        if self._csock is None and not self.is_closed():
            self._equip()
        super().add_signal_handler(sig, callback, *args)


StockLoop.__name__ = StockLoop.__qualname__ = _STOCK.__name__  # which messages and reprs show


class _StandIn(selectors.BaseSelector):
    """The selector of a loop that has not waited for I/O yet."""

    def __init__(self, equip: Callable[[], selectors.BaseSelector]) -> None:
        self._equip = equip

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._equip().register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        raise KeyError(f"{fileobj!r} is not registered")

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        raise KeyError(f"{fileobj!r} is not registered")

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return {}

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._equip()
        return []


_STAND_IN: Final = type(selectors.DefaultSelector.__name__, (_StandIn,), {"__module__": __name__})
"""Named like what it stands for, which asyncio writes to its log."""


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return what `asyncio.new_event_loop` returns, lazily equipped if that is asyncio's own selector loop."""
    if _CAN_BE_LAZY and asyncio.new_event_loop is _NEW and _gives_stock(getattr(_events, "_event_loop_policy", _NEW)):
        return StockLoop()
    return asyncio.new_event_loop()


def _gives_stock(policy: Any) -> bool:
    """Whether a policy makes asyncio's selector loops; where asyncio has no policies any more, it is `_NEW`."""
    if policy is _NEW:
        return getattr(asyncio, "EventLoop", None) is _STOCK
    made_by = getattr(type(policy), "new_event_loop", None)
    return getattr(made_by, "__module__", None) == _events.__name__ and policy._loop_factory is _STOCK
