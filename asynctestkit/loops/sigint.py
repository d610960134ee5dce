"""Ctrl-C while a managed loop runs: the running phase is cancelled instead of the loop being torn in the middle.

As in `asyncio.Runner`: a handler is put in place only in the main thread and only where Python's own is, so that
`unittest --catch`, a debugger or the program under test keep theirs; and it stands only while the loop runs, so that
plain code is interrupted as ever.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from importlib import import_module
from types import FrameType

Handler = Callable[[int, FrameType | None], None]

_SIGINT = int(signal.SIGINT)

_main_thread = threading.main_thread()

_get_handler = signal.getsignal
_set_handler = signal.signal
try:
    # The public functions translate handlers to enums, which on 3.11 and 3.12 costs more than the rest of a phase.
    _signal = import_module("_signal")
    _get_handler, _set_handler = _signal.getsignal, _signal.signal
except (ImportError, AttributeError):  # an interpreter that builds its signal module otherwise
    pass


def install(handler: Handler) -> bool:
    """Take SIGINT over if it is Python's own to give; return whether it was."""
    if threading.current_thread() is not _main_thread:
        return False
    if _get_handler(_SIGINT) is not signal.default_int_handler:
        return False
    try:
        _set_handler(_SIGINT, handler)
    except ValueError:  # an embedded interpreter, whose main thread cannot set handlers
        return False
    return True


def remove(handler: Handler) -> None:
    """Give SIGINT back, unless somebody else has taken it meanwhile."""
    if _get_handler(_SIGINT) is handler:
        _set_handler(_SIGINT, signal.default_int_handler)
