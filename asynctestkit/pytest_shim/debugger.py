"""What pytest's debugger options need for async tests: `--pdb` shows the user's frame, `--trace` stops in the test."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
from types import FrameType
from typing import Any, Final

import pytest

from asynctestkit.pytest_shim.private import debugger_of
from asynctestkit.report.frames import TRIM_FRAMES, entries_of, joined, module_of

if TRIM_FRAMES:
    __tracebackhide__ = True

_MACHINERY: Final = ("asynctestkit.", "asyncio.")


def show_where_it_waited(call: pytest.CallInfo[Any]) -> None:
    """Have the debugger stop where a test waited when it was ended by its limit, an error that stands nowhere in it.

    The report is made already, and shows the place as the cause of the error.
    """
    error = None if call.excinfo is None else call.excinfo.value
    cause = None if error is None else error.__cause__
    if error is None or not isinstance(cause, asyncio.CancelledError) or not _ends_in(error, _MACHINERY[:1]):
        return
    kept = entries_of(cause.__traceback__)
    while kept and module_of(kept[-1]).startswith(_MACHINERY):
        kept.pop()
    trace = joined(kept)
    if trace is not None:
        error.__traceback__ = trace
        call.excinfo = pytest.ExceptionInfo[BaseException].from_exception(error)


def _ends_in(error: BaseException, modules: tuple[str, ...]) -> bool:
    entries = entries_of(error.__traceback__)
    return not entries or module_of(entries[-1]).startswith(modules)


def trace(item: Any) -> None:
    """Have the debugger stop in the first line of an async test, which runs long after pytest has called it."""
    debugger, function = debugger_of(item.obj, item.nodeid), item.obj.__wrapped__
    code = inspect.unwrap(_inner(function)).__code__

    def start(frame: FrameType, event: str, arg: object) -> Any:
        if frame.f_code is not code:
            return None
        debugger.reset()
        sys.settrace(debugger.trace_dispatch)
        return debugger.trace_dispatch(frame, event, arg)  # as the first call in what `runcall` runs

    @functools.wraps(function)
    def traced(*args: Any, **arguments: Any) -> Any:
        sys.settrace(start)
        item.addfinalizer(functools.partial(sys.settrace, None))
        return function(*args, **arguments)

    item.obj = traced


def _inner(function: Any) -> Any:
    handle = getattr(function, "hypothesis", None)
    return function if handle is None else handle.inner_test
