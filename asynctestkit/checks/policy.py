"""Which checks are on, and what their findings do: fail the test, warn, or nothing.

`@fail_on` says it for a test or a class, the environment variable `ASYNCTESTKIT_CHECKS` for a whole run:

- `warn`: nothing fails; a summary by kind and place is printed at the end of the run;
- `ignore`: no check runs;
- a list, `unawaited,unhandled=warn`: the checks that are named run, as they say (failing, without a word), no other.

`slow_callbacks` may also be a number of seconds: then it fails the test when one callback blocks the loop that long.

A misspelt name or value is refused at once, with the valid ones.
"""

from __future__ import annotations

import enum
import math
import os
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from asynctestkit.report.errors import UsageError, message
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.report.kinds import KINDS, Kind
from asynctestkit.values import parse_seconds

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

if TYPE_CHECKING:
    from asynctestkit.report.findings import Finding

VARIABLE: Final = "ASYNCTESTKIT_CHECKS"


class Level(enum.IntEnum):
    """What a finding does."""

    IGNORE = 0
    WARN = 1
    FAIL = 2


_LEVELS: Final[Mapping[object, Level]] = {
    "ignore": Level.IGNORE,
    "warn": Level.WARN,
    "fail": Level.FAIL,
    False: Level.IGNORE,
    True: Level.FAIL,
}
_FAILING: Final = frozenset({Kind.PENDING_TASKS, Kind.UNAWAITED, Kind.UNHANDLED, Kind.UNCLOSED})


MAX_BLOCK: Final = 0.5
"""Seconds that one callback may block the loop; asyncio's own 0.1 is reached by correct code on busy machines."""


class _Fields(NamedTuple):
    levels: Mapping[Kind, Level]
    ignored: tuple[str, ...] = ()
    allowed_block: float = MAX_BLOCK
    summarised: bool = False


class Policy(_Fields):
    """What each check does for one test.

    Attributes:
        levels: By kind.
        ignored: Patterns of the names that no finding is made of.
        allowed_block: Seconds that one callback may block the loop.
        summarised: Whether what does not fail is told at the end of the run, not as warnings.
    """

    @cached_property
    def is_off(self) -> bool:
        """Whether no check runs."""
        return not any(self.levels.values())

    @cached_property
    def max_block(self) -> float:
        """Seconds that one callback may block the loop; `math.inf` where nobody wants to know."""
        return self.allowed_block if self.levels[Kind.SLOW_CALLBACKS] else math.inf

    def level_of(self, finding: Finding) -> Level:
        """Return what a finding does."""
        if any(fnmatchcase(name, pattern) for name in finding.names for pattern in self.ignored):
            return Level.IGNORE
        return self.levels[finding.kind]

    def changed(self, changes: Changes) -> Policy:
        """Return the policy with what `@fail_on` says; where a run only warns, that cannot make it fail."""
        levels = {**self.levels, **changes.levels}
        if self.summarised:
            levels = {kind: min(level, Level.WARN) for kind, level in levels.items()}
        return self._replace(
            levels=levels,
            ignored=(*self.ignored, *changes.ignored),
            allowed_block=self.allowed_block if changes.max_block is None else changes.max_block,
        )


class Changes(NamedTuple):
    """What one `@fail_on` says."""

    levels: Mapping[Kind, Level]
    ignored: tuple[str, ...] = ()
    max_block: float | None = None


DEFAULT: Final = Policy({kind: Level.FAIL if kind in _FAILING else Level.WARN for kind in Kind})
OFF: Final = Policy(dict.fromkeys(Kind, Level.IGNORE))


def parse_changes(options: Mapping[str, Any], *, where: str) -> Changes:
    """Return what the options of `@fail_on` say.

    Raises:
        UsageError: A name or a value is none of the valid ones.
    """
    levels: dict[Kind, Level] = {}
    ignored: tuple[str, ...] = ()
    max_block: float | None = None
    for name, value in options.items():
        if name == "ignore":
            ignored = _patterns(value, where=where)
        elif name == "max_block":
            max_block = parse_seconds(value, option=name, where=where) or math.inf
        elif name not in KINDS:
            raise _unknown(name, where=where)
        elif KINDS[name] is Kind.SLOW_CALLBACKS and isinstance(value, int | float) and not isinstance(value, bool):
            levels[Kind.SLOW_CALLBACKS] = Level.FAIL
            max_block = parse_seconds(value, option=name, where=where)
        else:
            levels[KINDS[name]] = _level(value, option=name, where=where)
    return Changes(levels, ignored, max_block)


def _level(value: object, *, option: str, where: str) -> Level:
    if isinstance(value, str | bool) and value in _LEVELS:
        return _LEVELS[value]
    raise UsageError(
        message(
            f"{option} must say what its findings do, not {value!r}",
            where=where,
            fix="use True or 'fail', 'warn', False or 'ignore'",
        )
    )


def _patterns(value: object, *, where: str) -> tuple[str, ...]:
    if not isinstance(value, str) and isinstance(value, Iterable):
        patterns = tuple(value)
        if all(isinstance(pattern, str) and pattern for pattern in patterns):
            return patterns
    raise UsageError(
        message(
            f"ignore must be a tuple of patterns, not {value!r}",
            where=where,
            fix='write ignore=("package.module.function*",)',
        )
    )


def _unknown(name: str, *, where: str) -> UsageError:
    return UsageError(
        message(
            f"there is no check {name!r}",
            where=where,
            valid=", ".join(KINDS),
            fix="correct the name (ignore=(patterns,) and max_block=seconds are options, too)",
        )
    )


def parse_run(text: str) -> Policy:
    """Return what `ASYNCTESTKIT_CHECKS` says for all tests of a run.

    Raises:
        UsageError: It is neither empty, `fail`, `warn`, `ignore` nor a list of checks.
    """
    text = text.strip()
    if text in ("", "fail"):
        return DEFAULT
    if text == "ignore":
        return OFF
    if text == "warn":
        levels = {kind: min(level, Level.WARN) for kind, level in DEFAULT.levels.items()}
        return DEFAULT._replace(levels=levels, summarised=True)
    where = f"{VARIABLE}={text}"
    chosen: dict[str, object] = {}
    for part in text.split(","):
        name, given, value = (word.strip() for word in part.partition("="))
        if name not in KINDS:
            raise UsageError(
                message(
                    f"there is no check {name!r}",
                    where=where,
                    valid=f"fail, warn, ignore, or some of {', '.join(KINDS)}, each with =fail or =warn if need be",
                    fix="correct the name",
                )
            )
        chosen[name] = _number_or_word(value) if given else True
    return OFF.changed(parse_changes(chosen, where=where))


def _number_or_word(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


class _Run:
    """The policy of the run, read from the environment when it is first asked for."""

    text: str | None = None
    policy: Policy = DEFAULT


_run = _Run()


def run_policy() -> Policy:
    """Return what the environment says for all tests."""
    text = os.environ.get(VARIABLE, "")
    if text != _run.text:
        _run.policy, _run.text = parse_run(text), text
    return _run.policy


CHANGES: Final = "__atk_checks__"
"""Where a test or a class keeps what `@fail_on` said of it."""


def policy_of(cls: Any, function: Any) -> Policy | None:
    """Return what the checks do for a test, or a class as a whole; None: what they do in the whole run."""
    said: tuple[Changes, ...] = getattr(cls, CHANGES, ())
    own = getattr(function, "__dict__", None)
    if own and CHANGES in own:
        said = (*said, *own[CHANGES])
    if not said:
        return None
    policy = run_policy()
    for changes in said:
        policy = policy.changed(changes)
    return policy
