"""What the plugin calls."""

from __future__ import annotations

from asynctestkit.pytest_shim.debugger import show_where_it_waited
from asynctestkit.pytest_shim.faults import kept_from_anyio, look_at_case, refuse
from asynctestkit.pytest_shim.fixtures import take_fixture, take_plain_fixture
from asynctestkit.pytest_shim.foreign import check_loop_scope, follow_loops, parametrise_loops
from asynctestkit.pytest_shim.items import begin_before_fixtures
from asynctestkit.pytest_shim.ours import keep_scopes, offer, parametrise
from asynctestkit.pytest_shim.ports import Ports
from asynctestkit.pytest_shim.private import forget_fixture
from asynctestkit.pytest_shim.running import is_ours, loop_of, runner_of, take_test
from asynctestkit.pytest_shim.settings import check_options
from asynctestkit.pytest_shim.wide import end_late
from asynctestkit.pytest_shim.xunit import take_xunit


def adopt(cls: type) -> None:
    """Prepare a class derived from AsyncTestCase."""
    from asynctestkit.pytest_shim import cases  # whose imports only such classes need

    cases.adopt(cls)


def answer_cases() -> None:
    """Prepare for classes of others with async tests or hooks."""
    from asynctestkit.pytest_shim import cases

    cases.answer()


__all__ = [
    "Ports",
    "adopt",
    "answer_cases",
    "begin_before_fixtures",
    "check_loop_scope",
    "check_options",
    "end_late",
    "follow_loops",
    "forget_fixture",
    "is_ours",
    "keep_scopes",
    "kept_from_anyio",
    "look_at_case",
    "loop_of",
    "offer",
    "parametrise",
    "parametrise_loops",
    "refuse",
    "runner_of",
    "show_where_it_waited",
    "take_fixture",
    "take_plain_fixture",
    "take_test",
    "take_xunit",
]
