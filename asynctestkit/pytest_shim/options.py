"""The options, ini keys, markers and the hook that the plugin declares in every run. Loads nothing else.

What they mean is told in `settings`, which is imported when something async, or a value, is met.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any, Final

import pytest

MODES: Final = ("auto", "strict")


def stands_in(pluginmanager: pytest.PytestPluginManager) -> bool:
    """Whether pytest-asyncio is absent or switched off, so that what is its own is ours to accept."""
    return pluginmanager.is_blocked("asyncio") or find_spec("pytest_asyncio") is None


def add(parser: pytest.Parser) -> None:
    """Add our own."""
    group = parser.getgroup("asynctestkit", "asynctestkit: async tests and fixtures")
    group.addoption(
        "--asynctestkit-timeout",
        metavar="SECONDS",
        default=None,
        help="real seconds that an async test may take unless it says more (default: 60); 'none' for no limit",
    )
    group.addoption(
        "--asynctestkit-debug",
        action="store_true",
        default=None,
        help="run async tests in asyncio's debug mode",
    )
    parser.addini("asynctestkit_timeout", "default value for --asynctestkit-timeout", default=None)
    parser.addini("asynctestkit_debug", "default value for --asynctestkit-debug", type="bool", default=False)
    parser.addini(
        "asynctestkit_mode",
        "auto: async tests that no other plugin claims are ours; strict: only those marked asynctestkit or asyncio",
        default=None,
    )


def add_foreign(parser: pytest.Parser) -> None:
    """Accept the options and ini keys of pytest-asyncio."""
    group = parser.getgroup("asyncio", "asyncio: options of pytest-asyncio, which asynctestkit stands in for")
    group.addoption("--asyncio-mode", metavar="MODE", default=None, help="auto or strict, as asynctestkit_mode")
    group.addoption("--asyncio-debug", action="store_true", default=None, help="as --asynctestkit-debug")
    parser.addini("asyncio_mode", "default value for --asyncio-mode", default=None)
    parser.addini("asyncio_debug", "default value for --asyncio-debug", type="bool", default=False)
    parser.addini(
        "asyncio_default_fixture_loop_scope",
        "how long the loop must live that async fixtures run on, unless they say so; always at least as long as they",
        default=None,
    )
    parser.addini(
        "asyncio_default_test_loop_scope", "how long the loop must live that async tests run on", default=None
    )


class ForeignHooks:
    """Hooks of pytest-asyncio."""

    @pytest.hookspec(firstresult=True)
    def pytest_asyncio_loop_factories(self, config: pytest.Config, item: pytest.Item) -> Any:
        """Return the loop factories that async tests run with, by name; with several, each test runs once for each."""


def describe_markers(config: pytest.Config) -> None:
    """Say what our marker is for."""
    config.addinivalue_line(
        "markers",
        "asynctestkit(*, loop_scope=None, timeout=None, loop_factory=None): run the async test on a managed loop. "
        "loop_scope is 'test', 'class', 'module', 'package' or 'session'; None is the smallest that fits. timeout is "
        "in real seconds. loop_factory is called with nothing to make the loop.",
    )


def describe_foreign_markers(config: pytest.Config) -> None:
    """Accept the markers of pytest-asyncio."""
    config.addinivalue_line(
        "markers",
        "asyncio(*, loop_scope=None, loop_factories=None): run the async test as pytest-asyncio would; "
        "asynctestkit stands in for it.",
    )
    config.addinivalue_line("markers", "asyncio_event_loop(*, loop_policies=None): accepted, without a meaning.")


_CHECKED: Final = (
    "asynctestkit_timeout",
    "asynctestkit_debug",
    "asynctestkit_mode",
    "asyncio_debug",
    "asyncio_mode",
    "asyncio_default_fixture_loop_scope",
    "asyncio_default_test_loop_scope",
)


def are_given(config: pytest.Config) -> bool:
    """Whether there is a value that could be wrong."""
    said = os.environ.get("ASYNCTESTKIT_TIMEOUT") or os.environ.get("ASYNCTESTKIT_CHECKS")
    return bool(said) or any(_is_given(config, name) for name in _CHECKED)


def _is_given(config: pytest.Config, name: str) -> bool:
    try:
        return value_of(config, name) is not None
    except pytest.UsageError:  # it has one that cannot be
        return True


def value_of(config: pytest.Config, name: str) -> Any:
    """Return an option's value, or else the ini key's of the same name, or None; also where there is no such thing.

    What begins with `asyncio_` is pytest-asyncio's own where that plugin is loaded. A key that should be true or false
    and is neither raises pytest.UsageError.
    """
    if name.startswith("asyncio_") and not stands_in(config.pluginmanager):
        return None
    if config.getoption(name, None):
        return config.getoption(name)
    try:
        return config.getini(name) or None
    except (KeyError, ValueError) as error:
        if "unknown configuration value" in str(error):
            return None
        raise pytest.UsageError(str(error)) from None  # before pytest 9, a bool that is none is a ValueError too
