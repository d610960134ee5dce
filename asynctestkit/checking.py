"""The checks, as users meet them: `@fail_on`, `expect_loop_error`, and how a test case reports what was found."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

from asynctestkit.checks.loop_errors import Expected
from asynctestkit.checks.policy import CHANGES, parse_changes, run_policy
from asynctestkit.checks.watch import watching
from asynctestkit.harness import Life
from asynctestkit.report.errors import UsageError, message
from asynctestkit.report.frames import TRIM_FRAMES, name_of, place_of, place_of_caller

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

T = TypeVar("T", bound=Callable[..., Any])


def fail_on(**options: Any) -> Callable[[T], T]:
    """Say what the checks do for a test or for all tests of a class.

    Keyword Args:
        pending_tasks: Tasks that are still pending at the end of the test.
        unawaited: Coroutines that were never awaited.
        unhandled: Errors in background tasks, callbacks, protocols and finalisers that reach nobody.
        unclosed: Sockets, servers, transports and subprocesses that were left open.
        async_generators: Async generators that were left open.
        threads: Threads that are still alive.
        timers: Timers that have neither fired nor been cancelled.
        slow_callbacks: Callbacks, steps of tasks above all, that block the loop for longer than `max_block`. May also
            be a number of seconds, which stands for `True` and that `max_block`.
        max_block: Seconds, 0.5 by default; None for no limit.
        ignore: Patterns (`"package.module.function*"`) of the names of what is no finding.

    All but the last two take True or `"fail"`, `"warn"`, False or `"ignore"`. By default the first four fail and the
    others warn. What is said on a test adds to what is said on its class, and both to `ASYNCTESTKIT_CHECKS`.

    Raises:
        UsageError: A name or a value is none of the valid ones, or what is decorated is neither test nor class.
    """
    changes = parse_changes(options, where=f"@fail_on(...) at {place_of_caller(inspect.currentframe())}")

    def mark(target: T) -> T:
        if not callable(target):
            raise UsageError(
                message(
                    f"@fail_on is for tests and test classes, and {name_of(target)} is neither",
                    defined=place_of(target),
                    fix="write it above `async def` (over @classmethod and the like), or above the class",
                )
            )
        setattr(target, CHANGES, (*getattr(target, CHANGES, ()), changes))
        return target

    return mark


@contextmanager
def expect_loop_error(pattern: str | re.Pattern[str]) -> Generator[Expected, None, None]:
    """Expect that an error reaches the loop's exception handler inside the block, and take it for no finding.

    It is for the test that runs, of whatever kind, its fixtures and its hooks. The error of a task that somebody keeps
    reaches no handler: where nobody has retrieved it by the end of the block, it is expected, too. Where the run has no
    checks (`ASYNCTESTKIT_CHECKS=ignore`), nobody listens, and nothing is expected.

    Args:
        pattern: Searched for in "Type: text" of the error and in the loop's own message.

    Returns:
        A context manager whose value has the errors in `met`, as the loop's exception handler is told of them.

    Raises:
        AssertionError: At the end of the block, if there was no such error.
        UsageError: The pattern is no regular expression, or no test whose errors are checked is running.
    """
    expected, watch = Expected(pattern), watching()
    if watch is None and run_policy().is_off:
        yield expected
        return
    if watch is None:
        raise UsageError(
            message(
                "expect_loop_error is for a running test whose errors are checked",
                fix="use it in the test, its set-up or its fixtures, and leave the check `unhandled` on",
            )
        )
    watch.expect(expected)
    try:
        yield expected
    finally:
        watch.unexpect(expected)
    if not expected.met:
        raise AssertionError(f"no error that matches {expected.pattern.pattern!r} reached the loop")


def check(case: Any, life: Life, outcome: Any) -> None:
    """Report what the checks have found, as a failure of the test or as a part of its failure.

    Sub-tests that have failed are reported by themselves, which leaves nothing to add to.
    """
    if life.watch is None or life.ends_later:
        return
    if outcome.success or (life.failed_in_subtest and life.failure is None):
        try:
            life.check(instance=case)
        except BaseException:
            from asynctestkit.running import record

            record(case, outcome)
    else:
        amend(case, life.check(failed=True, instance=case))


def amend(case: Any, note: str | None) -> None:
    """Add a note to what a result has recorded of a test that failed before it was found.

    unittest's results keep texts; what keeps the error itself, as pytest does, finds the note on it.
    """
    if note is None:
        return
    result = getattr(getattr(case, "_outcome", None), "result", None)
    for listed in (getattr(result, "errors", None), getattr(result, "failures", None)):
        if isinstance(listed, list) and listed:
            failed, text = listed[-1]
            if failed is case and isinstance(text, str) and note not in text:
                listed[-1] = (failed, f"{text.rstrip()}\n{note}\n")
                return
