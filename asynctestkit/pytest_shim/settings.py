"""What users write as options, ini keys and marks, turned into values once."""

from __future__ import annotations

import enum
from typing import Any, Final, NamedTuple

import pytest

from asynctestkit.loops.managed import LoopFactory, check_factory
from asynctestkit.pytest_shim.notes import note
from asynctestkit.pytest_shim.options import MODES, stands_in
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
_LEGACY: Final = "legacy"  # pytest-asyncio 0.17 and 0.18
_MARK_OPTIONS: Final = ("loop_scope", "timeout", "loop_factory")


class Settings(NamedTuple):
    """What the options and ini keys of a run say."""

    strict: bool
    timeout: float | None
    debug: bool | None
    test_reach: Reach | None = None
    fixture_reach: Reach | None = None


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


def check_options(config: pytest.Config) -> None:
    """Refuse options that cannot be, before any test runs."""
    try:
        settings = settings_of(config)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    if settings.strict:
        from asynctestkit.pytest_shim.faults import Strict  # which imports this module

        config.pluginmanager.register(Strict())


def parse_reach(value: object, *, option: str, where: str) -> Reach:
    """Return the scope that a user's word names."""
    if isinstance(value, str) and value in REACHES:
        return REACHES[value]
    valid = ", ".join(repr(reach.word) for reach in Reach)
    raise UsageError(message(f"{option} must be a scope, not {value!r}", where=where, fix=f"use one of {valid}"))


def says_for_itself(item: Any) -> bool:
    """Whether a test has marks of its own, or a decorator, that say what it asks for; else its parents' marks do."""
    for mark in item.own_markers:
        if mark.name in (MARK, ASYNCIO_MARK):
            return True
    return hasattr(item.obj, "__atk_options__")


def options_of(item: pytest.Item, settings: Settings) -> Options:
    """Return what a test asks for by `@async_test`, or else by its marks, the nearest first, or else by the run."""
    options = _from_marks(item, settings)
    if hasattr(getattr(item, "cls", None), "_atk_plan"):
        options = options._replace(marked=True)
    decorated = getattr(getattr(item, "obj", None), "__atk_options__", None)
    if decorated is None:
        return options
    loop, timeout = decorated
    return options._replace(
        marked=True,
        timeout=options.timeout if timeout is None else timeout,
        factory=loop.factory or options.factory,
    )


def options_of_case(item: pytest.Item, settings: Settings) -> Options | None:
    """Return what `options_of` does for a test of a test case class, None where neither run nor mark says anything."""
    if settings.timeout is None and settings.debug is None and MARK not in item.keywords:
        return None
    options = Options(False, None, settings.timeout, None)
    mark = item.get_closest_marker(MARK)
    return options if mark is None else _from_mark(mark, item, settings._replace(test_reach=None))


def _from_marks(item: pytest.Item, settings: Settings) -> Options:
    for mark in item.iter_markers():
        if mark.name == MARK:
            return _from_mark(mark, item, settings)
        if mark.name == "asyncio_event_loop":  # pytest-asyncio 0.22 alone
            note(
                item.config,
                "@pytest.mark.asyncio_event_loop",
                "write @pytest.mark.asyncio(loop_scope=...) to share a loop",
            )
        if mark.name == ASYNCIO_MARK:
            return _from_foreign_mark(mark, item, settings)
    return Options(False, settings.test_reach, settings.timeout, None)


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
    reach = settings.test_reach if scope is None else parse_reach(scope, option="loop_scope", where=where)
    if factory is not None:
        check_factory(factory, where=where)
    timeout = settings.timeout
    if "timeout" in values:
        timeout = parse_seconds(values["timeout"], option="timeout", where=where)
    return Options(True, reach, timeout, factory)


def _from_foreign_mark(mark: pytest.Mark, item: pytest.Item, settings: Settings) -> Options:
    where = f"@pytest.mark.{ASYNCIO_MARK} on {item.nodeid}, {place_of(getattr(item, 'obj', None))}"
    if "forbid_global_loop" in mark.kwargs:  # up to pytest-asyncio 0.10
        note(item.config, "@pytest.mark.asyncio(forbid_global_loop=...)", "async tests always have a current loop")
    if mark.args or set(mark.kwargs) - {"loop_scope", "scope", "loop_factories", "forbid_global_loop"}:
        raise UsageError(
            message(
                f"@pytest.mark.{ASYNCIO_MARK} accepts only keyword arguments 'loop_scope' and 'loop_factories'",
                where=where,
                fix="write them by their names",
            )
        )
    if "scope" in mark.kwargs and "loop_scope" in mark.kwargs:
        raise UsageError(
            message(
                f"@pytest.mark.{ASYNCIO_MARK} got both 'scope' and 'loop_scope'",
                where=where,
                fix="use 'loop_scope' alone",
            )
        )
    if mark.kwargs.get("loop_factories") is not None and not item.ihook.pytest_asyncio_loop_factories.get_hookimpls():
        raise UsageError(
            message(
                f"@pytest.mark.{ASYNCIO_MARK} got 'loop_factories', and no hook says what they are",
                where=where,
                fix="define the hook pytest_asyncio_loop_factories in a conftest.py, or leave the argument out",
            )
        )
    scope = mark.kwargs.get("loop_scope") or mark.kwargs.get("scope")
    reach = settings.test_reach if scope is None else _as_default(parse_reach(scope, option="loop_scope", where=where))
    return Options(True, reach, settings.timeout, None)


def _as_default(reach: Reach) -> Reach | None:
    """Return what a scope of pytest-asyncio means here: the narrowest one forbids no wider fixture."""
    return None if reach is Reach.TEST else reach


def _read(config: pytest.Config) -> Settings:
    written = _first(config, "asynctestkit_timeout")
    return Settings(
        strict=_mode(config) == "strict",
        timeout=_seconds(written),
        debug=True if _first(config, "asynctestkit_debug") or _first(config, "asyncio_debug") else None,
        test_reach=_default_reach(config, "asyncio_default_test_loop_scope"),
        fixture_reach=_default_reach(config, "asyncio_default_fixture_loop_scope", also=("fixture-scope",)),
    )


def _first(config: pytest.Config, name: str) -> Any:
    """Return an option's value, or else the ini key's of the same name, or None; also where there is no such thing.

    What begins with `asyncio_` is pytest-asyncio's own where that plugin is loaded.
    """
    if name.startswith("asyncio_") and not stands_in(config.pluginmanager):
        return None
    if config.getoption(name, None):
        return config.getoption(name)
    try:
        return config.getini(name) or None
    except (KeyError, ValueError):
        return None


def _mode(config: pytest.Config) -> str:
    name = next((name for name in ("asynctestkit_mode", "asyncio_mode") if _first(config, name)), None)
    if name is None:
        return MODES[0]
    mode = str(_first(config, name))
    if name == "asyncio_mode" and mode == _LEGACY:
        note(config, "asyncio_mode = legacy", "it is auto here, as pytest-asyncio's own replacement for it was")
        return MODES[0]
    if mode not in MODES:
        raise UsageError(
            message(
                f"{name} must be a mode, not {mode!r}",
                where="the command line or the ini file",
                fix=f"use one of {', '.join(map(repr, MODES))}",
            )
        )
    return mode


def _default_reach(config: pytest.Config, name: str, also: tuple[str, ...] = ()) -> Reach | None:
    value = _first(config, name)
    if value is None or value in also:
        return None
    return _as_default(parse_reach(value, option=name, where="the ini file"))


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
