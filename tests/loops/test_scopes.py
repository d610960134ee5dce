"""Scopes wider than a test: who holds a shared loop, and when scopes end."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import unittest
from typing import Any
from unittest import mock

from asynctestkit.loops import scopes
from asynctestkit.loops.managed import LoopOptions
from asynctestkit.loops.shared import SharedLoop
from asynctestkit.loops.wide_scope import WideScope
from asynctestkit.values import Scope
from tests.outcomes import Events

COLOUR: contextvars.ContextVar[str] = contextvars.ContextVar("COLOUR", default="none")

# A kind of loop that no other test shares.
OPTIONS = LoopOptions(factory=asyncio.SelectorEventLoop)


class Test:
    """A test that runs on a shared loop."""

    owner = unittest.TestCase
    name = "test"

    def interrupt(self, error: BaseException) -> None:
        """Be ended: these tests never are."""
        raise AssertionError(error)


def new_scope(name: str = "Case") -> WideScope:
    """Return a class scope that nobody else has entered."""
    return scopes.enter(Scope.CLASS, object(), name)


class HoldingTest(unittest.TestCase):
    """A shared loop lives for as long as somebody holds or uses it."""

    def setUp(self) -> None:
        self.first, self.second = new_scope("First"), new_scope("Second")
        self.addCleanup(self.first.end)
        self.addCleanup(self.second.end)

    def test_opened_when_needed(self) -> None:
        """A scope has no loop until it needs one."""
        self.assertFalse(self.first.holds_loop)
        self.first.hold(OPTIONS)
        self.assertTrue(self.first.holds_loop)

    def test_one_for_all(self) -> None:
        """Scopes that want the same kind of loop share one."""
        self.assertIs(self.first.hold(OPTIONS), self.second.hold(OPTIONS))

    def test_one_per_kind(self) -> None:
        """Scopes that want loops of different factories have different ones."""
        other = LoopOptions(factory=asyncio.new_event_loop)
        self.assertIsNot(self.first.hold(OPTIONS), self.second.hold(other))

    def test_closed_with_the_last_holder(self) -> None:
        """The last holder that ends closes it."""
        loop = self.first.hold(OPTIONS).managed.loop
        self.second.hold(OPTIONS)
        self.first.end()
        self.assertFalse(loop.is_closed())
        self.second.end()
        self.assertTrue(loop.is_closed())

    def test_open_while_used(self) -> None:
        """A test that runs on it keeps it open, also where its holders have ended."""
        shared: SharedLoop = self.first.hold(OPTIONS)
        shared.use(test := Test(), None)
        self.first.end()
        self.assertFalse(shared.managed.loop.is_closed())
        shared.leave(test)
        self.assertTrue(shared.managed.loop.is_closed())

    def test_new_one_after_the_last(self) -> None:
        """A scope that comes later has a new one."""
        before = self.first.hold(OPTIONS)
        self.first.end()
        self.assertIsNot(self.second.hold(OPTIONS), before)

    def test_loop_for_each_kind_is_let_go(self) -> None:
        """A scope that held loops of two kinds lets go of both when it ends."""
        loops = [
            self.first.hold(options).managed.loop for options in (OPTIONS, LoopOptions(factory=asyncio.new_event_loop))
        ]
        self.first.end()
        self.assertEqual([loop.is_closed() for loop in loops], [True, True])

    def test_threads(self) -> None:
        """Scopes of another thread have loops of their own."""
        found: list[Any] = []

        def other() -> None:
            scope = new_scope()
            found.append(scope.hold(OPTIONS))
            scope.end()

        mine = self.first.hold(OPTIONS)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(20)
        self.assertIsNot(found[0], mine)


class EndTest(unittest.TestCase):
    """When scopes end."""

    def test_at_end(self) -> None:
        """What was asked for at the end comes last in, first out, once."""
        events: Events = []
        scope = new_scope()
        scope.at_end(lambda: events.append("first"))
        scope.at_end(lambda: events.append("last"))
        scope.end()
        scope.end()
        self.assertEqual(events, ["last", "first"])

    def test_at_end_that_fails(self) -> None:
        """Where one of them fails the loop is closed all the same."""
        scope = new_scope()
        loop = scope.hold(OPTIONS).managed.loop
        scope.at_end(lambda: 1 // 0)  # type: ignore[arg-type]  # it returns a number
        with self.assertRaises(ZeroDivisionError):
            scope.end()
        self.assertTrue(loop.is_closed())

    def test_every_step_is_tried(self) -> None:
        """What is to be done at the end is done, newest first, though some of it fails; the errors make a group."""
        events: Events = []
        scope = new_scope()

        def step(name: str, error: Exception | None = None) -> None:
            events.append(name)
            if error is not None:
                raise error

        scope.at_end(lambda: step("first", ValueError("first")))
        scope.at_end(lambda: step("second"))
        scope.at_end(lambda: step("third", ValueError("third")))
        with self.assertRaises(ExceptionGroup) as caught:
            scope.end()
        self.assertEqual(events, ["third", "second", "first"])
        self.assertEqual(
            repr(caught.exception),
            "ExceptionGroup('2 steps failed at the end of class Case', [ValueError('third'), ValueError('first')])",
        )

    def test_modules_that_are_over(self) -> None:
        """A class of another module ends the scopes of modules in which no test runs."""
        module = scopes.enter(Scope.MODULE, "a.module.that.is.over", "a.module.that.is.over")
        scopes.enter_class(type("Case", (), {})).end()
        self.assertIsNone(scopes.entered(Scope.MODULE, module.owner))

    def test_modules_in_use(self) -> None:
        """A module whose test runs it, as a nested run, is left open."""
        module = scopes.enter(Scope.MODULE, "a.module.in.use", "a.module.in.use")
        self.addCleanup(module.end)
        shared = module.hold(OPTIONS)
        shared.use(test := Test(), None)
        scopes.enter_class(type("Case", (), {})).end()
        self.assertIs(scopes.entered(Scope.MODULE, module.owner), module)
        shared.leave(test)

    @mock.patch("unittest.case._module_cleanups", [])
    def test_module_cleanups_of_another_thread(self) -> None:
        """A module that ends in another thread runs the cleanups of all threads, and ends no scope of this one."""
        scope = scopes.enter_module("a module of this thread")
        self.addCleanup(scope.end)
        loop = scope.hold(OPTIONS).loop
        thread = threading.Thread(target=unittest.doModuleCleanups)
        thread.start()
        thread.join()
        self.assertIs(scopes.entered(Scope.MODULE, "a module of this thread"), scope)
        self.assertFalse(loop.is_closed())

    @mock.patch("unittest.case._module_cleanups", [])
    def test_module_cleanups(self) -> None:
        """A module ends with unittest's cleanups of modules."""
        scope = scopes.enter_module("a module")
        loop = scope.hold(OPTIONS).loop
        unittest.doModuleCleanups()
        self.assertIsNone(scopes.entered(Scope.MODULE, "a module"))
        self.assertTrue(loop.is_closed())


class PhasesTest(unittest.TestCase):
    """Hooks of a scope."""

    def setUp(self) -> None:
        self.scope = new_scope()
        self.scope.options = OPTIONS
        self.addCleanup(self.scope.end)

    async def set_colour(self, colour: str) -> asyncio.Task[Any] | None:
        COLOUR.set(colour)
        return asyncio.current_task()

    def test_one_task(self) -> None:
        """Async hooks of a scope run in one task."""
        self.assertIs(
            self.scope.call_hook(self.set_colour, "red"),
            self.scope.call_hook(self.set_colour, "blue"),
        )

    def test_changes(self) -> None:
        """What the hooks set is what tests take over; the caller sees nothing of it."""
        self.scope.call_hook(self.set_colour, "red")
        self.assertEqual(self.scope.changes(), [(COLOUR, "red")])
        self.assertEqual(COLOUR.get(), "none")

    def test_name(self) -> None:
        """A scope says whose it is."""
        self.assertEqual(repr(self.scope), "<scope of class Case>")


if __name__ == "__main__":
    unittest.main()
