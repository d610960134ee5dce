"""Assertions and sub-tests, where async code makes unittest's own say the wrong thing.

A coroutine object is always true and never None: an assertion about one proves nothing, and fails here. A sub-test
collects what its block raises; a cancellation by an open scope is the whole test's, and goes on.
"""

from __future__ import annotations

import asyncio
import re
import unittest
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from asynctestkit.checking import expect_loop_error
from asynctestkit.checks.loop_errors import Expected
from asynctestkit.report import mistakes
from asynctestkit.report.frames import TRIM_FRAMES

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

_NO_MESSAGE: Final[Any] = object()


class Assertions(unittest.TestCase):
    """What AsyncTestCase asserts otherwise than TestCase."""

    def expect_loop_error(self, pattern: str | re.Pattern[str]) -> AbstractContextManager[Expected]:
        """Expect an error that reaches nobody but the loop inside the block; see `asynctestkit.expect_loop_error`."""
        return expect_loop_error(pattern)

    def assertTrue(self, expr: Any, msg: Any = None) -> None:
        """Check that the expression is true; a coroutine object is neither, and fails."""
        self._atk_refuse_coroutine(expr, "assertTrue")
        super().assertTrue(expr, msg)

    def assertFalse(self, expr: Any, msg: Any = None) -> None:
        """Check that the expression is false; a coroutine object is neither, and fails."""
        self._atk_refuse_coroutine(expr, "assertFalse")
        super().assertFalse(expr, msg)

    def assertIsNotNone(self, obj: Any, msg: Any = None) -> None:
        """Check that the object is not None; a coroutine object proves nothing, and fails."""
        self._atk_refuse_coroutine(obj, "assertIsNotNone")
        super().assertIsNotNone(obj, msg)

    def _atk_refuse_coroutine(self, value: object, assertion: str) -> None:
        fault = mistakes.coroutine_fault(value, assertion)
        if fault is not None:
            raise self.failureException(fault)

    @contextmanager
    def subTest(self, msg: Any = _NO_MESSAGE, **params: Any) -> Generator[None]:
        """As on TestCase, but the cancellation by an open scope is not the sub-test's: it ends the test."""
        cut: asyncio.CancelledError | None = None
        with super().subTest(**params) if msg is _NO_MESSAGE else super().subTest(msg, **params):
            try:
                yield
            except Exception as error:
                life: Any = getattr(self, "_atk_life", None)
                if life is not None and not isinstance(error, unittest.SkipTest):
                    life.failed_in_subtest = True
                raise
            except asyncio.CancelledError as error:
                task = None if asyncio._get_running_loop() is None else asyncio.current_task()
                if task is None or not task.cancelling():
                    raise
                cut = error
        if cut is not None:
            raise cut
