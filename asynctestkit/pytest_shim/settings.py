"""What users write as options, ini keys and marks, turned into values once."""

from __future__ import annotations

import enum
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple

import pytest

from asynctestkit import limits
from asynctestkit.checks.policy import run_policy
from asynctestkit.checks.watchdog import watchdog
from asynctestkit.loops.managed import LoopFactory, check_factory
from asynctestkit.pytest_shim.notes import note
from asynctestkit.pytest_shim.options import MODES, value_of
from asynctestkit.pytest_shim.private import stderr_of
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
    debug: bool | None
    test_reach: Reach | None = None
    fixture_reach: Reach | None = None


class Options(NamedTuple):
    """What one test asks for."""

    marked: bool = False
    reach: Reach | None = None
    timeout: float | None = None
    factory: LoopFactory | None = None


_PLAIN: Final = Options()
_MARKS: Final = (MARK, ASYNCIO_MARK, "asyncio_event_loop")
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
        run_policy()
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


def is_marked(item: Any) -> bool:
    """Whether a test has our mark itself, not by what is around it."""
    return any(mark.name == MARK for mark in item.own_markers)


def says_for_itself(item: Any, function: Any) -> bool:
    """Whether a test has marks of its own, or a decorator, that say what it asks for; else its parents' marks do."""
    for mark in item.own_markers:
        if mark.name in (MARK, ASYNCIO_MARK):
            return True
    return hasattr(function, "__atk_options__") or hasattr(function, limits.MARK)


def options_of(item: pytest.Item, settings: Settings) -> Options:
    """Return what a test asks for: by its marks, the nearest that says it, by `@async_test`, or else by the run."""
    options = _from_marks(item, settings)._replace(timeout=timeout_of(item))
    if hasattr(getattr(item, "cls", None), "_atk_plan"):
        options = options._replace(marked=True)
    loop = getattr(getattr(item, "obj", None), "__atk_options__", None)
    return options if loop is None else options._replace(marked=True, factory=loop.factory or options.factory)


def options_of_case(item: pytest.Item) -> Options:
    """Return what `options_of` does for a test of a test case class."""
    options = _PLAIN
    for mark in reversed([*item.iter_markers(MARK)]):
        options = _with_mark(options, mark, item)
    return options._replace(timeout=timeout_of(item))


def timeout_of(item: Any) -> float | None:
    """Return the limit of a test: of its own decorators and marks, its class's, its module's, the run's."""
    return _timeout_of(item, Reach.TEST)


def timeout_of_scope(item: Any, reach: Reach) -> float | None:
    """Return the limit of what is as wide as `reach` and is set up for a test: its class's, its module's, the run's."""
    return limits.run.limit() if reach > Reach.MODULE else _timeout_of(item, reach)


def _timeout_of(item: Any, reach: Reach) -> float | None:
    marks = [(node, mark) for node, mark in item.iter_markers_with_node(MARK) if "timeout" in mark.kwargs]
    test, cls = getattr(item, "obj", None), getattr(item, "cls", None)

    def marked(kind: Any) -> Any:
        found = next((mark for node, mark in marks if isinstance(node, kind)), None)
        if found is None:
            return limits.UNSET
        return parse_seconds(found.kwargs["timeout"], option="timeout", where=_where(found, item))

    said: tuple[tuple[Reach, Callable[[], Any]], ...] = (
        (Reach.TEST, lambda: limits.limit_of_test(test)),
        (Reach.TEST, lambda: marked(pytest.Item)),
        (Reach.CLASS, lambda: marked(pytest.Class)),
        (Reach.CLASS, lambda: limits.UNSET if cls is None else limits.limit_of_class(cls)),
        (Reach.MODULE, lambda: marked(pytest.Collector if reach is Reach.TEST else pytest.Module)),
    )
    for of, say in said:
        limit = say() if of >= reach else limits.UNSET
        if limit is not limits.UNSET:
            return limit  # type: ignore[no-any-return]  # parsed by whoever said it
    module = getattr(getattr(item, "module", None), "__name__", "") if cls is None else cls.__module__
    return limits.limit_of_module(module)


def _from_marks(item: pytest.Item, settings: Settings) -> Options:
    options = _PLAIN._replace(reach=settings.test_reach)
    marks = [mark for mark in item.iter_markers() if mark.name in _MARKS]
    foreign = next((mark for mark in marks if mark.name == ASYNCIO_MARK), None)  # of these the nearest counts alone
    for mark in reversed(marks):
        if mark.name == MARK:
            options = _with_mark(options, mark, item)
        elif mark is foreign:
            options = _with_foreign_mark(options, mark, item)
        elif mark.name != ASYNCIO_MARK:  # pytest-asyncio 0.22 alone
            note(item.config, f"@pytest.mark.{mark.name}", "write @pytest.mark.asyncio(loop_scope=...) to share a loop")
    return options


def _with_mark(options: Options, mark: pytest.Mark, item: pytest.Item) -> Options:
    """Return the options of the marks around a mark of ours with what it says itself."""
    where = _where(mark, item)
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
    reach = options.reach if scope is None else parse_reach(scope, option="loop_scope", where=where)
    if factory is not None:
        check_factory(factory, where=where)
    return Options(True, reach, None, factory or options.factory)


def _where(mark: pytest.Mark, item: pytest.Item) -> str:
    return f"@pytest.mark.{mark.name} on {item.nodeid}, {place_of(getattr(item, 'obj', None))}"


def _with_foreign_mark(options: Options, mark: pytest.Mark, item: pytest.Item) -> Options:
    """Return the options of the marks around a mark of pytest-asyncio's with what it says itself."""
    where = _where(mark, item)
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
    reach = options.reach if scope is None else _as_default(parse_reach(scope, option="loop_scope", where=where))
    return options._replace(marked=True, reach=reach)


def _as_default(reach: Reach) -> Reach | None:
    """Return what a scope of pytest-asyncio means here: the narrowest one forbids no wider fixture."""
    return None if reach is Reach.TEST else reach


def _read(config: pytest.Config) -> Settings:
    _take_timeout(config)
    return Settings(
        strict=_mode(config) == "strict",
        debug=True if _given(config, "asynctestkit_debug") or _given(config, "asyncio_debug") else None,
        test_reach=_default_reach(config, "asyncio_default_test_loop_scope"),
        fixture_reach=_default_reach(config, "asyncio_default_fixture_loop_scope", also=("fixture-scope",)),
    )


def _given(config: pytest.Config, name: str) -> Any:
    """Return what `options.value_of` finds, and say what to write where it cannot be read."""
    try:
        return value_of(config, name)
    except pytest.UsageError as error:
        where = "pytest's ini file, or -o on the command line"
        raise UsageError(message(f"{name}: {error}", where=where, fix="write true or false")) from None


def _mode(config: pytest.Config) -> str:
    name = next((name for name in ("asynctestkit_mode", "asyncio_mode") if _given(config, name)), None)
    if name is None:
        return MODES[0]
    mode = str(_given(config, name))
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
    value = _given(config, name)
    if value is None or value in also:
        return None
    return _as_default(parse_reach(value, option=name, where="the ini file"))


def _take_timeout(config: pytest.Config) -> None:
    """Tell which limit the command line or the ini file gives the tests of this run."""
    option, key = config.getoption("asynctestkit_timeout", None), config.getini("asynctestkit_timeout")
    undo = limits.run.set(
        command_line=limits.UNSET if option is None else limits.parse_written(option, where="--asynctestkit-timeout"),
        ini_file=limits.parse_written(key, where="asynctestkit_timeout in the ini file") if key else limits.UNSET,
    )
    config.add_cleanup(undo)
    _share_faulthandler(config)
    limits.run.limit()


def _share_faulthandler(config: pytest.Config) -> None:
    """Leave the timer of `faulthandler` to pytest where it uses it, and print where pytest does not capture it."""
    with suppress(KeyError, ValueError, TypeError):
        if float(config.getini("faulthandler_timeout") or 0) > 0:
            watchdog.stacks = False
    stderr = stderr_of(config)
    if stderr is not None:
        before, watchdog.stderr = watchdog.stderr, stderr

        def undo() -> None:
            watchdog.stderr = before

        config.add_cleanup(undo)
