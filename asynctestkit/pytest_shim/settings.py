"""What users write as options, ini keys and marks, turned into values once."""

from __future__ import annotations

import enum
from typing import Any, Final, NamedTuple

import pytest

from asynctestkit.loops.managed import LoopFactory, check_factory
from asynctestkit.report.errors import UsageError, message
from asynctestkit.report.frames import TRIM_FRAMES, place_of
from asynctestkit.values import parse_seconds

if TRIM_FRAMES:
    __tracebackhide__ = True


class Reach(enum.IntEnum):
    """How long a loop or a fixture lives under pytest; a wider one compares greater."""

    TEST = 1
    CLASS = 2
    MODULE = 3
    PACKAGE = 4
    SESSION = 5

    @property
    def word(self) -> str:
        """The name users write."""
        return self.name.lower()


REACHES: Final = {reach.word: reach for reach in Reach} | {"function": Reach.TEST}

MARK: Final = "asynctestkit"
ASYNCIO_MARK: Final = "asyncio"
_MARK_OPTIONS: Final = ("loop_scope", "timeout", "loop_factory")


class Settings(NamedTuple):
    """What the options and ini keys of a run say."""

    strict: bool
    timeout: float | None
    debug: bool | None


class Options(NamedTuple):
    """What one test asks for."""

    marked: bool = False
    reach: Reach | None = None
    timeout: float | None = None
    factory: LoopFactory | None = None


_SETTINGS: Final = pytest.StashKey[Settings]()


def settings_of(config: pytest.Config) -> Settings:
    """Return the settings of a run."""
    found = config.stash.get(_SETTINGS, None)
    if found is None:
        found = config.stash[_SETTINGS] = _read(config)
    return found


def check_timeout(config: pytest.Config) -> None:
    """Refuse a timeout that cannot be, before any test runs."""
    try:
        settings_of(config)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def parse_reach(value: object, *, option: str, where: str) -> Reach:
    """Return the scope that a user's word names."""
    if isinstance(value, str) and value in REACHES:
        return REACHES[value]
    valid = ", ".join(repr(reach.word) for reach in Reach)
    raise UsageError(message(f"{option} must be a scope, not {value!r}", where=where, fix=f"use one of {valid}"))


def options_of(item: pytest.Item, settings: Settings) -> Options:
    """Return what the marks of a test ask for, the nearest first."""
    for mark in item.iter_markers():
        if mark.name == MARK:
            return _from_mark(mark, item, settings)
        if mark.name == ASYNCIO_MARK:
            return Options(True, None, settings.timeout, None)
    return Options(False, None, settings.timeout, None)


def _from_mark(mark: pytest.Mark, item: pytest.Item, settings: Settings) -> Options:
    where = f"@pytest.mark.{MARK} on {item.nodeid}, {place_of(getattr(item, 'obj', None))}"
    unknown = [repr(argument) for argument in mark.args]
    unknown += [name for name in mark.kwargs if name not in _MARK_OPTIONS]
    if unknown:
        raise UsageError(
            message(
                f"@pytest.mark.{MARK} does not know {', '.join(unknown)}",
                where=where,
                valid=", ".join(f"{name}=" for name in _MARK_OPTIONS),
                fix="write the options by their names",
            )
        )
    values: dict[str, Any] = dict(mark.kwargs)
    scope, factory = values.get("loop_scope"), values.get("loop_factory")
    reach = None if scope is None else parse_reach(scope, option="loop_scope", where=where)
    if factory is not None:
        check_factory(factory, where=where)
    timeout = settings.timeout
    if "timeout" in values:
        timeout = parse_seconds(values["timeout"], option="timeout", where=where)
    return Options(True, reach, timeout, factory)


def _read(config: pytest.Config) -> Settings:
    written = config.getoption("asynctestkit_timeout") or config.getini("asynctestkit_timeout") or None
    debug = config.getoption("asynctestkit_debug") or config.getini("asynctestkit_debug")
    return Settings(
        strict=config.getini("asynctestkit_mode") == "strict",
        timeout=_seconds(written),
        debug=True if debug else None,
    )


def _seconds(written: Any) -> float | None:
    if written is None or str(written).lower() == "none":
        return None
    try:
        value: object = float(written)
    except (TypeError, ValueError):
        value = written
    try:
        return parse_seconds(value, option="timeout", where="--asynctestkit-timeout or asynctestkit_timeout")
    except UsageError as error:
        raise UsageError(
            message(
                str(error).partition("\n")[0],
                where="--asynctestkit-timeout or asynctestkit_timeout",
                fix="write 5.0 for five seconds, none for no limit",
            )
        ) from None
