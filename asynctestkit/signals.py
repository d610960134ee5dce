"""Signal handlers, looked up and set as quickly as can be; and the main thread, which alone may set them.

The public functions of `signal` translate handlers to enums, which on 3.11 and 3.12 costs more than the rest of a
test's phase. What they are built on is a private module, read behind this one guard.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from importlib import import_module
from threading import get_ident
from types import FrameType
from typing import Any, Final

Handler = Callable[[int, FrameType | None], None]

get_handler: Callable[[int], Any] = signal.getsignal
set_handler: Callable[[int, Any], Any] = signal.signal
default: Any = signal.SIG_DFL
try:
    _signal = import_module("_signal")
    get_handler, set_handler, default = _signal.getsignal, _signal.signal, _signal.SIG_DFL
except (ImportError, AttributeError):  # an interpreter that builds its signal module otherwise
    pass

main_thread: Final = threading.main_thread()
_main_ident: Final = main_thread.ident


def take(number: int, handler: Handler, *, only_from: object) -> bool:
    """Put a handler in the place of the one that is there by default; return whether it was there to be taken."""
    if get_ident() != _main_ident or get_handler(number) != only_from:
        return False
    try:
        set_handler(number, handler)
    except ValueError:  # an embedded interpreter, whose main thread cannot set handlers
        return False
    return True


def give_back(number: int, handler: Handler, *, to: Any) -> None:
    """Put back what was there before `take`, unless somebody else has taken the signal meanwhile."""
    if get_handler(number) is handler:
        set_handler(number, to)
