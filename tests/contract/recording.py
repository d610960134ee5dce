"""Records what happens: to a test result, around a run, and in the process while a scenario runs.

Everything recorded is plain data (text, lists, dicts), with what differs from run to run (addresses, task numbers)
taken out, so that two observations can be compared whole.
"""

import asyncio
import contextlib
import gc
import logging
import os
import re
import sys
import threading
import unittest
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, TypeAlias
from unittest import IsolatedAsyncioTestCase, mock

Base: TypeAlias = type[IsolatedAsyncioTestCase]
Events: TypeAlias = list[str]
Observation: TypeAlias = dict[str, object]
ExceptionInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]

_NOISE = (
    (re.compile(r"0x[0-9a-fA-F]+"), "0x"),
    (re.compile(r"\bTask-\d+"), "Task-N"),
    (re.compile(r" created at [^>]*"), ""),
    (re.compile(r"\n(Coroutine|Object) (created|allocated) at[\s\S]*"), ""),
)
_SLOW_CALLBACK = "Executing "


def scrub(text: str) -> str:
    """Return *text* without what differs between two equal runs."""
    for pattern, replacement in _NOISE:
        text = pattern.sub(replacement, text)
    return text


def told(error: BaseException) -> str:
    """Return an exception as its type and first line."""
    return scrub(f"{type(error).__name__}: {error}").split("\n")[0]


def plain(value: object) -> Any:
    """Return *value* as data that compares equal after a trip through JSON."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, BaseException):
        return told(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise TypeError(f"an outcome holds plain data only, not {value!r}")


class RecordingResult(unittest.TestResult):
    """Writes every call it gets into ``events``, which may be shared with the test that runs."""

    def __init__(self, events: Events | None = None) -> None:
        super().__init__()
        self.events: Events = [] if events is None else events

    def _record(self, call: str, test: unittest.TestCase, detail: str = "") -> None:
        name = getattr(test, "_testMethodName", None) or test.id()
        self.events.append(scrub(f"{call} {name} {detail}".rstrip()))

    def startTestRun(self) -> None:
        self.events.append("startTestRun")

    def stopTestRun(self) -> None:
        self.events.append("stopTestRun")

    def startTest(self, test: unittest.TestCase) -> None:
        self._record("startTest", test)
        super().startTest(test)

    def stopTest(self, test: unittest.TestCase) -> None:
        self._record("stopTest", test)
        super().stopTest(test)

    def addSuccess(self, test: unittest.TestCase) -> None:
        self._record("addSuccess", test)

    def addError(self, test: unittest.TestCase, err: ExceptionInfo) -> None:
        self._record("addError", test, _error(err))
        super().addError(test, err)

    def addFailure(self, test: unittest.TestCase, err: ExceptionInfo) -> None:
        self._record("addFailure", test, _error(err))
        super().addFailure(test, err)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self._record("addSkip", test, reason)
        super().addSkip(test, reason)

    def addExpectedFailure(self, test: unittest.TestCase, err: ExceptionInfo) -> None:
        self._record("addExpectedFailure", test, _error(err))
        super().addExpectedFailure(test, err)

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        self._record("addUnexpectedSuccess", test)
        super().addUnexpectedSuccess(test)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: ExceptionInfo | None) -> None:
        self._record("addSubTest", test, f"{subtest} {'' if err is None else _error(err)}")
        super().addSubTest(test, subtest, err)

    def addDuration(self, test: unittest.TestCase, elapsed: float) -> None:
        # unittest calls it from 3.12 on, and only there has the base class something to do.
        self._record("addDuration", test, "" if elapsed >= 0.0 else f"of {elapsed} s")


def _error(err: ExceptionInfo) -> str:
    return told(err[1]) if err[1] is not None else "nothing"


@contextlib.contextmanager
def noting(events: Events, call: str) -> Iterator[None]:
    """Write into *events* what *call* raised, and let it go no further."""
    try:
        yield
    except BaseException as error:
        events.append(f"{call} raised {told(error)}")


async def leftover(events: Events) -> None:
    """Be a task that a test leaves behind, and write into *events* that it came to its end."""
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        events.append("leftover ended")


Maker: TypeAlias = Callable[[Events], unittest.TestCase]


def run_events(make: Maker) -> Events:
    """Return the events of ``run()`` on the case that *make* builds."""

    def way(case: unittest.TestCase, events: Events) -> None:
        with noting(events, "run()"):
            case.run(RecordingResult(events))

    return _events(make, way)


def debug_events(make: Maker) -> Events:
    """Return the events of ``debug()``, and of the ``doCleanups()`` that a caller does after a failure."""

    def way(case: unittest.TestCase, events: Events) -> None:
        with noting(events, "debug()"):
            case.debug()
        events.append("debug() is over")
        with noting(events, "doCleanups()"):
            case.doCleanups()
        events.append("doCleanups() is over")

    return _events(make, way)


def _events(make: Maker, way: Callable[[unittest.TestCase, Events], None]) -> Events:
    events: Events = []
    case = make(events)
    way(case, events)
    # The stock class tears its runner down once more when the case is collected. That is no event of the run, and it
    # must happen here, not inside another test.
    seen = list(events)
    alive = weakref.ref(case)
    del case
    if alive() is not None:
        gc.collect()
    return seen


def both_ways(make: Maker) -> dict[str, Events]:
    """Return the events of a fresh case under ``run()`` and of another under ``debug()``."""
    return {"run": run_events(make), "debug": debug_events(make)}


def suite_events(test_class: type[unittest.TestCase], *, debug: bool = False) -> Events:
    """Return the events of a suite of all tests of a class that keeps its own events in ``events``."""
    events: Events = getattr(test_class, "events")
    events.clear()
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(test_class)
    with noting(events, "suite"):
        if debug:
            suite.debug()
        else:
            suite.run(RecordingResult(events))
    return list(events)


@contextlib.contextmanager
def loops_made() -> Iterator[list[asyncio.AbstractEventLoop]]:
    """Collect the event loops that are made inside the block, in a list that grows."""
    made: list[asyncio.AbstractEventLoop] = []
    original = asyncio.BaseEventLoop.__init__

    def counting(self: asyncio.BaseEventLoop) -> None:
        made.append(self)
        original(self)

    with mock.patch.object(asyncio.BaseEventLoop, "__init__", counting):
        yield made


class _Log(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        # How long a callback took is the machine's doing, and only a loop in debug mode tells it.
        if not message.startswith(_SLOW_CALLBACK):
            self.lines.append(scrub(message).split("\n")[0])


@contextlib.contextmanager
def _listening(lines: list[str]) -> Iterator[None]:
    logger = logging.getLogger("asyncio")
    handler = _Log(lines)

    def unraisable(event: "sys.UnraisableHookArgs") -> None:
        lines.append(f"unraisable {told(event.exc_value or BaseException())}")

    logger.addHandler(handler)
    try:
        with mock.patch.object(logger, "propagate", False), mock.patch.object(sys, "unraisablehook", unraisable):
            yield
    finally:
        logger.removeHandler(handler)


def _collected(caught: list[warnings.WarningMessage]) -> list[str]:
    lines: list[str] = []
    # A warning on a coroutine keeps the coroutine, and so the case, alive: what its end tells is there the second time.
    for _ in range(2):
        gc.collect()
        lines += [scrub(f"{entry.category.__name__}: {entry.message}").split("\n")[0] for entry in caught]
        caught.clear()
    return lines


@contextlib.contextmanager
def _collecting_by_hand() -> Iterator[None]:
    # What the collector finds must not depend on when it comes, nor cost what the whole process costs to look through.
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


@contextlib.contextmanager
def _closing_what_is_left() -> Iterator[None]:
    # The stock class leaves loops open after some failures. They are observed by then, and must not be found by the
    # collector in the middle of another test.
    loops: weakref.WeakSet[asyncio.AbstractEventLoop] = weakref.WeakSet()
    original = asyncio.BaseEventLoop.__init__

    def noting_it(self: asyncio.BaseEventLoop) -> None:
        original(self)
        loops.add(self)

    try:
        with mock.patch.object(asyncio.BaseEventLoop, "__init__", noting_it):
            yield
    finally:
        asyncio.set_event_loop(None)
        gc.collect()
        for loop in list(loops):
            loop.close()
        gc.collect()


def current_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that is current in this thread, or None."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that there is none: just what is asked here
            return asyncio.get_event_loop()
    except RuntimeError:
        return None


def observe(base: Base, scenario: Callable[[Base], object]) -> Observation:
    """Run *scenario* on *base*, and return its outcome with the warnings, the log and what it left behind."""
    log: list[str] = []
    threads = set(threading.enumerate())
    asyncio.set_event_loop(None)
    try:
        with (
            _collecting_by_hand(),
            warnings.catch_warnings(record=True) as caught,
            _listening(log),
            _closing_what_is_left(),
            mock.patch.dict(os.environ, ASYNCTESTKIT_CHECKS="ignore"),  # what the stock class does not look for
        ):
            warnings.simplefilter("always")
            outcome = plain(scenario(base))
            lines = _collected(caught)
            return {
                "outcome": outcome,
                "warnings": sorted(lines),
                "log": sorted(log),
                "a loop stays current": current_loop() is not None,
                "threads left": len(set(threading.enumerate()) - threads),
            }
    finally:
        asyncio.set_event_loop(None)
