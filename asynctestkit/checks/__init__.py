"""What is watched while tests run, one file per fault: what looks for it and makes the finding, and what ends it.

Most tests leave nothing that could be a fault. So what looks at things and tells of them is imported when it is first
asked for as an attribute of this package. That may be in a finaliser: nothing is collected meanwhile, for another one
would find the module half imported.
"""

from __future__ import annotations

import gc
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from asynctestkit.checks import callbacks as callbacks
    from asynctestkit.checks import coroutines as coroutines
    from asynctestkit.checks import handed as handed
    from asynctestkit.checks import keepers as keepers
    from asynctestkit.checks import loop_errors as loop_errors
    from asynctestkit.checks import resources as resources
    from asynctestkit.checks import tasks as tasks
    from asynctestkit.checks import timers as timers

_LATE: Final = frozenset(
    ("callbacks", "coroutines", "handed", "keepers", "loop_errors", "resources", "tasks", "timers")
)


def __getattr__(name: str) -> ModuleType:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    collects = gc.isenabled()
    gc.disable()
    try:
        return import_module(f"{__name__}.{name}")
    finally:
        if collects:
            gc.enable()
