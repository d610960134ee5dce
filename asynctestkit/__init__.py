"""Test asyncio code with unittest and pytest by changing one base class.

    from asynctestkit import AsyncTestCase

The names are imported when they are first used, so that `import asynctestkit` costs nothing where it is not.

pytest need not rewrite anything here: it may be started where this is imported already (PYTEST_DONT_REWRITE).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asynctestkit.case import AsyncTestCase as AsyncTestCase
    from asynctestkit.checking import expect_loop_error as expect_loop_error
    from asynctestkit.checking import fail_on as fail_on
    from asynctestkit.checks.tasks import background_task as background_task
    from asynctestkit.decorators import async_hook as async_hook
    from asynctestkit.decorators import async_test as async_test
    from asynctestkit.fixtures.definition import fixture as fixture
    from asynctestkit.fixtures.params import parametrize as parametrize
    from asynctestkit.fixtures.registry import FixtureRegistry as FixtureRegistry
    from asynctestkit.fixtures.registry import registry as registry
    from asynctestkit.fixtures.requests import uses as uses
    from asynctestkit.limits import set_module_timeout as set_module_timeout
    from asynctestkit.limits import timeout as timeout
    from asynctestkit.report.errors import AsyncTestKitError as AsyncTestKitError
    from asynctestkit.report.errors import FindingError as FindingError
    from asynctestkit.report.errors import FixtureError as FixtureError
    from asynctestkit.report.errors import LoopError as LoopError
    from asynctestkit.report.errors import ScopeError as ScopeError
    from asynctestkit.report.errors import SilentPassError as SilentPassError
    from asynctestkit.report.errors import UsageError as UsageError
    from asynctestkit.report.findings import FindingWarning as FindingWarning
    from asynctestkit.report.tasks import format_tasks as format_tasks

_HOMES = {
    "AsyncTestCase": "asynctestkit.case",
    "AsyncTestKitError": "asynctestkit.report.errors",
    "FindingError": "asynctestkit.report.errors",
    "FindingWarning": "asynctestkit.report.findings",
    "FixtureError": "asynctestkit.report.errors",
    "FixtureRegistry": "asynctestkit.fixtures.registry",
    "LoopError": "asynctestkit.report.errors",
    "ScopeError": "asynctestkit.report.errors",
    "SilentPassError": "asynctestkit.report.errors",
    "UsageError": "asynctestkit.report.errors",
    "async_hook": "asynctestkit.decorators",
    "async_test": "asynctestkit.decorators",
    "background_task": "asynctestkit.checks.tasks",
    "expect_loop_error": "asynctestkit.checking",
    "fail_on": "asynctestkit.checking",
    "fixture": "asynctestkit.fixtures.definition",
    "format_tasks": "asynctestkit.report.tasks",
    "parametrize": "asynctestkit.fixtures.params",
    "registry": "asynctestkit.fixtures.registry",
    "set_module_timeout": "asynctestkit.limits",
    "timeout": "asynctestkit.limits",
    "uses": "asynctestkit.fixtures.requests",
}

__all__ = [
    "AsyncTestCase",
    "AsyncTestKitError",
    "FindingError",
    "FindingWarning",
    "FixtureError",
    "FixtureRegistry",
    "LoopError",
    "ScopeError",
    "SilentPassError",
    "UsageError",
    "async_hook",
    "async_test",
    "background_task",
    "expect_loop_error",
    "fail_on",
    "fixture",
    "format_tasks",
    "parametrize",
    "registry",
    "set_module_timeout",
    "timeout",
    "uses",
]


def __getattr__(name: str) -> object:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({name for name in globals() if name.startswith("__")}.union(__all__))
