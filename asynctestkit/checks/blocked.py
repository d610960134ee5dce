"""Raise an exception in code that blocks its thread, in the line where it stands.

In the main thread a signal does that, one that is ignored by default: it ends system calls that wait, and its handler
raises on the spot. Other threads get an exception that Python raises at their next instruction; there a system call
that waits cannot be ended.

Rules:

1. The handler is put in place only where nobody else has one, when something is armed in the main thread. It stays from
   test to test, for setting it costs more than all else here, and goes when nothing was armed for a while.
2. Nothing is raised into the machinery around the user's code, which would leave it half done: it is asked again a
   moment later (`Striker.may_strike`).
3. After `withdraw` nothing is raised any more: a signal that is under way is seen to its end first.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
from types import FrameType
from typing import Any, Final, Protocol

from asynctestkit import signals
from asynctestkit.checks.watchdog import watchdog
from asynctestkit.report.errors import Interruption
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.report.hangs import thread_frame
from asynctestkit.report.stacks import CALLING

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

_SIGNAL: Final[Any] = getattr(signal, "SIGURG", None) or getattr(signal, "SIGBREAK", None)  # Windows has no SIGURG
_OURS: Final = "asynctestkit."
_LOOP: Final = "asyncio.base_events"
_DRIVERS: Final = ("_drive", "run_to_end")
"""Functions of ours that run a loop; those of a loop without frames of its own call callbacks in C right from there."""
_MAIN: Final = signals.main_thread


class Striker(Protocol):
    """What raises."""

    ident: int

    def may_strike(self, frame: FrameType) -> bool:
        """Whether an exception may be raised in this frame of its thread, the innermost one."""
        ...

    def exception(self, frame: FrameType) -> type[Interruption]:
        """Return what to raise in the frame."""
        ...


_wanted: Final[set[Striker]] = set()
"""Those that are to raise in the main thread when the signal arrives."""
_lock: Final = threading.Lock()
_ident: Final = _MAIN.ident
_AT_ONCE: Final = 100_000
"""Instructions within which an exception comes that the thread asked for itself; it is among the first."""
in_place: Final[list[bool]] = []
"""Holds something while the handler is in place."""


def _on_signal(number: int, frame: FrameType | None) -> None:
    """Raise what is to be raised, in the main thread; where nothing is armed any more, give the signal back."""
    for striker in tuple(_wanted):
        if frame is not None and striker.may_strike(frame):
            _wanted.discard(striker)
            raise striker.exception(frame)
    if not watchdog.armed:
        in_place.clear()
        signals.give_back(_SIGNAL, _on_signal, to=signals.default)


def make_ready(ident: int) -> None:
    """Make ready to raise in this thread."""
    if ident == _ident and not in_place:
        _take_signal()


def _take_signal() -> None:
    in_place.append(True)
    if _SIGNAL is not None:
        signals.take(_SIGNAL, _on_signal, only_from=signals.default)


def _have_given_back() -> None:
    """Have the handler give the signal back, since only the main thread can: nothing is armed any more."""
    if in_place and _SIGNAL is not None and signals.get_handler(_SIGNAL) is _on_signal:
        _send()


watchdog.when_idle = _have_given_back


def _send() -> None:
    if hasattr(signal, "pthread_kill") and _ident is not None:
        signal.pthread_kill(_ident, _SIGNAL)
    else:
        _thread.interrupt_main(_SIGNAL)


def withdraw(striker: Striker) -> None:
    """Take back what `strike` has asked for and what has not been raised yet; called in the striker's thread."""
    try:
        with _lock:
            _wanted.discard(striker)
            os.getppid()  # what was sent arrives at the latest at the end of a system call, and the handler lets it go
            if striker.ident != _ident:
                # Raised instead, not taken back: after that Python 3.11 would look for it for ever, in every thread,
                # and would then hang in the first function that a debugger or coverage traces.
                _set_async(striker.ident, Interruption)
                for _ in range(_AT_ONCE):
                    pass
    except Interruption:  # this one, or what was asked for
        pass


def strike(striker: Striker, ended: Any) -> bool:
    """Raise in the thread of a striker, from another thread; return whether that is under way.

    Args:
        striker: What raises; nothing is done where its thread may not be struck now.
        ended: Asked under the lock: whether the striker has stopped.
    """
    frame = thread_frame(striker.ident)
    if frame is None or not striker.may_strike(frame):
        return False
    with _lock:
        if ended():
            return False
        if striker.ident == _ident and _SIGNAL is not None and signals.get_handler(_SIGNAL) is _on_signal:
            _wanted.add(striker)
            _send()
        else:
            _set_async(striker.ident, striker.exception(frame))
        return True


def _set_async(ident: int, exception: type[Interruption]) -> None:
    import ctypes  # slow to import, and seldom needed

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(exception))


def callback_frame(ident: int) -> FrameType | None:
    """Return the frame of the callback that the loop in a thread runs now; None where it waits, or none runs."""
    frame, inner = thread_frame(ident), None
    while frame is not None:
        code, module = frame.f_code, str(frame.f_globals.get("__name__"))
        if code in CALLING:
            return frame
        if module == _LOOP:
            return None
        if module.startswith(_OURS) and not code.co_flags & _COROUTINE:
            return inner or frame  # a loop without frames of its own
        frame, inner = frame.f_back, frame
    return None


_COROUTINE: Final = 0x80  # inspect.CO_COROUTINE


_RUNNERS: Final = ("unittest.", "_pytest.", "pluggy.", _OURS)
_FIXTURE: Final = "a fixture"
_CALLERS: Final = {
    ("unittest.case", "_callSetUp"): "set-up",
    ("unittest.case", "_callTestMethod"): "the body",
    ("unittest.case", "_callTearDown"): "tear-down",
    ("unittest.case", "_callCleanup"): "a cleanup",
    ("_pytest.python", "pytest_pyfunc_call"): "the body",
    ("_pytest.fixtures", "call_fixture_func"): _FIXTURE,
    ("_pytest.fixtures", "_teardown_yield_fixture"): _FIXTURE,
    ("_pytest.fixtures", "finish"): _FIXTURE,
}
"""Which functions of test runners call the user's, and what those are called.

They record whatever comes out of them; but out of fixtures only what is of certain kinds (see `recorded_kinds`).
"""


def called_by_runner(frame: FrameType | None) -> str | None:
    """Return what a plain function is called that unittest or pytest runs in a frame; None if none of them does."""
    if frame is None or str(frame.f_globals.get("__name__")).startswith(_RUNNERS):
        return None
    outer: FrameType | None = frame
    while outer is not None:
        module = str(outer.f_globals.get("__name__"))
        if module.startswith(_OURS):
            return None
        found = _CALLERS.get((module, outer.f_code.co_name))
        if found is not None:
            return found
        outer = outer.f_back
    return None


def recorded_kinds(frame: FrameType) -> tuple[type[BaseException], ...]:
    """Return what an exception that is raised in a plain function has to be besides, to be recorded by who runs it.

    pytest goes on setting up and finishing fixtures after an `Exception`, or an outcome of its own, and leaves all the
    rest open after anything else. An `Exception` might be eaten by the user's code.
    """
    if called_by_runner(frame) != _FIXTURE:
        return ()
    outcome = getattr(sys.modules.get("_pytest.outcomes"), "OutcomeException", Exception)
    return (outcome,)


def is_in_user_code(frame: FrameType, *, running: bool) -> bool:
    """Whether code of the user's is what runs in a frame: neither ours nor, if a loop is `running`, the loop's."""
    if running and (frame.f_code in CALLING or frame.f_code.co_name in _DRIVERS):
        return True  # it calls something in C
    if str(frame.f_globals.get("__name__")).startswith(_OURS):
        return False
    outer: FrameType | None = frame
    while running and outer is not None:
        module = str(outer.f_globals.get("__name__"))
        if outer.f_code in CALLING:
            return True
        if module == _LOOP:
            return False
        if module.startswith(_OURS) and not outer.f_code.co_flags & _COROUTINE:
            return True  # a loop without frames of its own
        outer = outer.f_back
    return True
