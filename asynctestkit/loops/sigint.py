"""Ctrl-C while a managed loop runs: the running phase is cancelled instead of the loop being torn in the middle.

As in `asyncio.Runner`: a handler is put in place only in the main thread and only where Python's own is, so that
`unittest --catch`, a debugger or the program under test keep theirs; and it stands only while the loop runs, so that
plain code is interrupted as ever.
"""

from __future__ import annotations

import signal
from typing import Final

from asynctestkit import signals
from asynctestkit.signals import Handler

_SIGINT: Final = int(signal.SIGINT)
_PYTHONS: Final = signal.default_int_handler


def install(handler: Handler) -> bool:
    """Take SIGINT over if it is Python's own to give; return whether it was."""
    return signals.take(_SIGINT, handler, only_from=_PYTHONS)


def remove(handler: Handler) -> None:
    """Give SIGINT back, unless somebody else has taken it meanwhile."""
    signals.give_back(_SIGINT, handler, to=_PYTHONS)
