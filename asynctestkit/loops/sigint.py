"""Ctrl-C while a managed loop runs: the running phase is cancelled instead of the loop being torn in the middle.

As in `asyncio.Runner`: a handler is put in place only in the main thread and only where Python's own is, so that
`unittest --catch`, a debugger or the program under test keep theirs; and it stands only while the loop runs, so that
plain code is interrupted as ever.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial
from typing import Final

from asynctestkit import signals
from asynctestkit.signals import Handler

_SIGINT: Final = int(signal.SIGINT)
_PYTHONS: Final = signal.default_int_handler


install: Final[Callable[[Handler], bool]] = partial(signals.take, _SIGINT, only_from=_PYTHONS)
"""Take SIGINT over if it is Python's own to give; return whether it was."""

remove: Final[Callable[[Handler], None]] = partial(signals.give_back, _SIGINT, to=_PYTHONS)
"""Give SIGINT back, unless somebody else has taken it meanwhile."""
