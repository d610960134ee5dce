"""What a class says of its checks and its limit holds for its hooks, and costs nothing without any."""

from __future__ import annotations

import asyncio
import os
import unittest
from typing import Any, cast
from unittest import mock

from asynctestkit import (
    AsyncTestCase,
    FindingWarning,
    UsageError,
    fail_on,
)
from tests.checks.faults import forever, forgotten
from tests.checks.hooks_support import HookCase, name_of, report_of
from tests.outcomes import Events, run_class


class ControlTest(HookCase):
    """What the checks do for hooks."""

    def test_fail_on(self) -> None:
        """What `@fail_on` says on a class holds for its hooks."""

        @fail_on(pending_tasks="warn", unawaited=False)
        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.create_task(forever())
                forgotten()  # type: ignore[unused-coroutine]  # that is the fault

            async def test(self) -> None:
                pass

            task: asyncio.Task[None]

        with self.assertWarns(FindingWarning) as caught:
            self.assertEqual(run_class(Case), ["ok"])
        self.assertEqual(len(caught.warnings), 1)
        self.assertIn(f"tearDownClass ({name_of(Case)})", str(caught.warning))

    def test_environment(self) -> None:
        """So does `ASYNCTESTKIT_CHECKS`."""

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                cls.task = asyncio.create_task(forever())

            async def test(self) -> None:
                pass

            task: asyncio.Task[None]

        for said in ("ignore", "unawaited"):
            with self.subTest(said), mock.patch.dict(os.environ, ASYNCTESTKIT_CHECKS=said):
                self.assertEqual(run_class(Case), ["ok"])

    def test_nothing_is_paid(self) -> None:
        """A class without hooks gets no guard."""
        from asynctestkit.loops import scopes
        from asynctestkit.values import Scope

        found: list[object] = []

        class Case(AsyncTestCase):
            async def test(self) -> None:
                scope = scopes.entered(Scope.CLASS, cast("Any", type(self)))
                found.append(scope is not None and scope.guard)

        self.assertEqual(run_class(Case), ["ok"])
        self.assertEqual(found, [None])

    def test_wrong_limit(self) -> None:
        """A limit that cannot be is refused before the hook runs."""
        events: Events = []

        class Case(AsyncTestCase):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                events.append("asyncSetUpClass")

            async def test(self) -> None:
                pass

        setattr(Case, "timeout", -1.0)  # which the class does not declare
        ((name, text),) = report_of(Case)
        self.assertEqual(name, f"setUpClass ({name_of(Case)})")
        self.assertIn(UsageError.__name__, text)
        self.assertEqual(events, [])


if __name__ == "__main__":
    unittest.main()
