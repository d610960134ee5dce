"""The differences from the stock class that are meant, by the name of the scenario that shows each.

Only the parts of an observation that differ are written down; the others must be the stock class's. An entry whose
difference is not seen fails, so nothing here outlives its reason.
"""

import sys
import unittest
from collections.abc import Mapping
from dataclasses import dataclass

_TELLS_DURATIONS = hasattr(unittest.TestResult, "addDuration")
_KNOWS_LOOP_FACTORY = hasattr(unittest.IsolatedAsyncioTestCase, "loop_factory")
_STOCK_HINTS = sys.version_info >= (3, 14)


@dataclass(frozen=True)
class Intended:
    """Why ``AsyncTestCase`` differs in a scenario, and the parts of its observation that are not the stock class's.

    ``applies`` is False where the stock class of this Python version does the same.
    """

    reason: str
    changes: Mapping[str, object]
    applies: bool = True


def _ran(*events: str, name: str = "test") -> list[str]:
    """Return the events of a ``run()`` that is written without its first and last, and without the duration."""
    told = [f"addDuration {name}"] if _TELLS_DURATIONS else []
    inside = list(events)
    at = len(inside) - 1 if inside and inside[-1].startswith("addSuccess") else len(inside)
    return [f"startTest {name}", *inside[:at], *told, *inside[at:], f"stopTest {name}"]


def _debugged(*events: str) -> list[str]:
    return [*events, "debug() is over", "doCleanups() is over"]


_PASSED = _ran("addSuccess test")
_AGAIN = _ran("test", "addSuccess test")
_QUIET: dict[str, object] = {"warnings": [], "log": []}
_NOT_ASYNC = "is not an async function"

_LOOPS = {
    "debug_mode_is_on": Intended(
        "points 1 and 18: debug mode is off unless asked for",
        {"outcome": {"debug": False, "slow callback": 0.1, "origin depth": 0}},
    ),
    "inside_a_running_loop_the_phases_error": Intended(
        "point 17: no loop is made that could not be closed, so that run() itself does not raise",
        {
            "outcome": [
                _ran("addError test LoopError: a managed loop cannot be called from a running event loop"),
                [],
            ],
            "warnings": [],
        },
    ),
    "the_loop_that_was_current_before": Intended(
        "point 12: the caller's current loop comes back", {"outcome": {"run": True, "debug": True}}
    ),
    "a_loop_factory_leaves_the_policy_alone": Intended(
        "loop_factory works on every version, and needs no policy",
        {"outcome": [0, ["a policy was made: False"]]},
        applies=not _KNOWS_LOOP_FACTORY,
    ),
    "a_loop_factory_makes_the_loop": Intended(
        "loop_factory works on every version",
        {"outcome": [{"run": _PASSED, "debug": _debugged()}, ["Own", "Own"]]},
        applies=not _KNOWS_LOOP_FACTORY,
    ),
    "with_a_loop_factory_the_current_loop_comes_back": Intended(
        "loop_factory works on every version, and the caller's current loop comes back",
        {"outcome": True},
        applies=not _KNOWS_LOOP_FACTORY,
    ),
    "with_a_loop_factory_the_current_loop_in_sync_phases": Intended(
        "the managed loop is current in sync hooks, whoever made it", {"outcome": True}, applies=_KNOWS_LOOP_FACTORY
    ),
    "system_exit_of_a_leftover": Intended(
        "a leftover task does not end the whole run after its test has passed: it is an error of that test",
        {
            "outcome": [
                *_PASSED,
                "loop closed",
                "addError test LoopError: a leftover task raised SystemExit('on cancel') while its loop was closed",
            ],
            "log": [
                "a leftover task raised SystemExit('on cancel') while its loop was closed",
            ],
        },
    ),
}

_CONTEXT_AND_TASK = {
    "set_up_class_is_seen_in_the_test": Intended(
        "point 6: the context is made in run()",
        {"outcome": ["setUp sees ('setUpClass',)", "test sees ('setUpClass',)"]},
    ),
    "set_up_module_is_seen_in_the_test": Intended(
        "point 6: the context is made in run()", {"outcome": ["test sees ('setUpModule',)"]}
    ),
    "each_phase_is_a_task_of_its_own": Intended("point 7: one task", {"outcome": {"run": 1, "debug": 1}}),
    "a_timeout_entered_in_async_set_up_acts_on_the_body": Intended(
        "point 7: one task", {"outcome": _ran("addError test TimeoutError:")}
    ),
    "a_task_group_entered_in_async_set_up_acts_on_the_body": Intended(
        "point 7: one task",
        {"outcome": _ran("addError test ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)"), "log": []},
    ),
    "a_cancel_that_the_body_swallows": Intended(
        "point 7: one task, which counts the cancel until somebody takes it back",
        {"outcome": _ran("swallowed", "asyncTearDown, cancelling: 1", "addSuccess test")},
    ),
    "a_cancel_in_the_last_step_of_the_body": Intended(
        "point 7: an open scope may answer for a cancel when it is left, so tear-down comes before the report",
        {
            "outcome": {
                "run": _ran("asyncTearDown", "addError test CancelledError:"),
                "debug": _debugged("asyncTearDown", "debug() raised CancelledError: "),
            }
        },
    ),
    "the_test_cancels_itself": Intended(
        "point 7: an open scope may answer for a cancel when it is left, so tear-down comes before the report",
        {
            "outcome": {
                "run": _ran("finally", "asyncTearDown", "addError test CancelledError: by itself"),
                "debug": _debugged("finally", "asyncTearDown", "debug() raised CancelledError: by itself"),
            }
        },
    ),
}

_INTERRUPTS = {
    "a_body_that_swallows_the_cancel": Intended(
        "point 10: KeyboardInterrupt leaves run(), whatever the body makes of its cancel",
        {
            "outcome": {
                "run": ["startTest test", "swallowed", "stopTest test", "run() raised KeyboardInterrupt: "],
                "debug": _debugged("swallowed", "debug() raised KeyboardInterrupt: "),
            }
        },
    ),
    "a_body_that_turns_the_cancel_into_an_error": Intended(
        "point 10: KeyboardInterrupt leaves run(), whatever the body makes of its cancel",
        {
            "outcome": {
                "run": ["startTest test", "stopTest test", "run() raised KeyboardInterrupt: "],
                "debug": _debugged("debug() raised KeyboardInterrupt: "),
            }
        },
    ),
    "a_second_sigint": Intended(
        "the stock class cannot close the loop that a debug() broken by an interrupt left",
        {"a loop stays current": False},
    ),
    "async_cleanup_fails": Intended(
        "the stock class cannot close the loop that a debug() broken by an interrupt left",
        {"a loop stays current": False, **_QUIET},
    ),
}

_INSTANCES = {
    "an_instance_runs_again": Intended("pain 11: instances run again", {"outcome": [*_AGAIN, *_AGAIN]}),
    "an_instance_is_debugged_after_its_run": Intended("pain 11: instances run again", {"outcome": ["test"] * 6}),
    "an_instance_is_pickled": Intended("pain 7: instances pickle", {"outcome": [*_AGAIN, "test"] * 2}),
    "an_instance_is_copied_deep": Intended("pain 7: instances copy", {"outcome": [*_AGAIN, "test"] * 2, "log": []}),
    "names_that_are_no_tests": Intended(
        "the stock class stumbles in __del__ over an instance that was never made", {"log": []}
    ),
    "runner_hooks_that_call_super": Intended(
        "the stock class calls the overridden hook again from __del__, where its runner is closed", {"log": []}
    ),
}


def _refused(test: str, what: str) -> dict[str, object]:
    error = f"SilentPassError: ReturnedValues.test_{test}.<locals>.test {what}"
    warning = "DeprecationWarning at test_silent.py, names the test: True"
    return {"outcome": {"run": [*_ran(f"addFailure test {error}"), warning], "debug": [error, warning]}}


def _wrong_hook(make: str, hook: str, *before: str) -> dict[str, object]:
    place = f"AsyncHooks.test_async_hooks_must_be_coroutine_functions.<locals>.{make}.<locals>.T.{hook}"
    error = f"UsageError: {place} {_NOT_ASYNC}"
    return {"run": _ran(*before, f"addError test {error}"), "debug": _debugged(*before, f"debug() raised {error}")}


_SILENT_PASSES = {
    "an_async_test_returns_a_value": Intended(
        "point 15: a returned value fails",
        _refused("an_async_test_returns_a_value", "returned 42; a test must return None"),
    ),
    "a_sync_test_returns_a_value": Intended(
        "point 15: a returned value fails",
        _refused("a_sync_test_returns_a_value", "returned False; a test must return None"),
    ),
    "a_test_that_is_an_async_generator": Intended(
        "point 15: an async generator fails",
        _refused("a_test_that_is_an_async_generator", "is an async generator: its body did not run"),
    ),
    "a_test_that_is_a_generator": Intended(
        "point 15: a generator fails", _refused("a_test_that_is_a_generator", "is a generator: its body did not run")
    ),
    "a_wrapped_test_returns_its_coroutine": Intended(
        "pain 1: what a test returns is awaited",
        {"outcome": _ran("addFailure test AssertionError: it ran"), "warnings": []},
    ),
    "coroutine_objects_in_truth_assertions": Intended(
        "pain 1: a forgotten await fails",
        {
            "outcome": [
                call
                for name, outcome in zip("abcd", ["addFailure test_{} AssertionError"] * 3 + ["addSuccess test_{}"])
                for call in (f"startTest test_{name}", outcome.format(name), f"stopTest test_{name}")
            ],
            "warnings": [],
        },
    ),
    "awaitables_that_cleanups_return": Intended(
        "pain 1: what a cleanup returns is awaited",
        {
            "outcome": _ran(
                *(f"closed {what}" for what in ("one", "two", "by a callable object", "by a partial", "by a lambda")),
                "addSuccess test",
            ),
            **_QUIET,
        },
    ),
    "a_class_cleanup_that_is_async": Intended(
        "pain 1: what a class cleanup returns is awaited", {"outcome": [*_PASSED, "class cleanup"], "warnings": []}
    ),
    "async_set_up_and_tear_down_under_the_sync_names": Intended(
        "pain 1: async setUp and tearDown run",
        {
            "outcome": _ran("setUp", "asyncSetUp", "test", "asyncTearDown", "tearDown", "addSuccess test"),
            "warnings": [],
        },
    ),
    "async_class_hooks_under_the_sync_names": Intended(
        "pain 1: async setUpClass and tearDownClass run",
        {"outcome": ["setUpClass", *_AGAIN, "tearDownClass"], "warnings": []},
    ),
    "async_hooks_must_be_coroutine_functions": Intended(
        "point 15: an error, not an assertion that failed; it names the function",
        {"outcome": [_wrong_hook("make_set_up", "asyncSetUp"), _wrong_hook("make_tear_down", "asyncTearDown", "test")]},
    ),
    "call_async_refuses_what_is_not_async": Intended(
        "point 15: an error, not an assertion that failed; it names the function",
        {
            "outcome": _ran(
                "3 7",
                "1",
                "addError test UsageError: CallHooks.test_call_async_refuses_what_is_not_async"
                f".<locals>.make.<locals>.plain {_NOT_ASYNC}",
            )
        },
    ),
}

_REPORTS = {
    "a_report_shows_frames_of_the_machinery": Intended(
        "point 28: a report shows the user's frames only",
        {
            "outcome": dict.fromkeys(
                (f"test_{name}" for name in "async asyncSetUp asyncTearDown async_cleanup sync sync_cleanup".split()),
                False,
            )
        },
    ),
    "enter_async_context_hints_at_enter_context": Intended(
        "the hint of Python 3.14 is given on every version",
        {"outcome": [" but it supports the context manager protocol. Did you mean to use enterContext()?"]},
        applies=not _STOCK_HINTS,
    ),
    "enter_context_hints_at_enter_async_context": Intended(
        "the hint of Python 3.14 is given on every version, with the await that it needs",
        {
            "outcome": [
                " but it supports the asynchronous context manager protocol. "
                "Did you mean to use await enterAsyncContext()?"
            ]
        },
    ),
}

INTENDED: dict[str, Intended] = {
    **_LOOPS,
    **_CONTEXT_AND_TASK,
    **_INTERRUPTS,
    **_INSTANCES,
    **_SILENT_PASSES,
    **_REPORTS,
}
