"""What a test leaves that cannot be a fault is known at a glance; whatever could be one is collected and looked at."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import io
import os
import socket
import threading
import unittest
import weakref
from collections.abc import Callable, Generator
from typing import Any

from asynctestkit import AsyncTestCase
from asynctestkit.checks import harmless
from asynctestkit.checks.young import YOUNG, made_since
from tests.outcomes import run_class


class Plain:
    """Something without a finaliser."""


class Told(Exception):
    """An error of a suite's own."""


class Finalised:
    """Something with a finaliser."""

    def __del__(self) -> None: ...


class Unhashable(type):
    """The type of classes that cannot be in a set."""

    __hash__: Any = None


class Odd(metaclass=Unhashable):
    """One of them."""


def generator() -> Generator[None]:
    """Give nothing, once."""
    yield


def begun() -> Generator[None]:
    """Return a generator that has begun."""
    made = generator()
    next(made)
    return made


async def forgotten() -> None:
    """Do nothing, if ever."""


class Marker:
    """Something that is made before all that is looked at."""


class HarmlessTest(unittest.TestCase):
    """`is_harmless_since`, of things that are alive."""

    def setUp(self) -> None:
        """Have no collection come between."""
        gc.collect()
        self.addCleanup(gc.collect)

    def is_harmless(self, make: Callable[[], Any]) -> bool:
        """Whether what a function returns is harmless."""
        marker = Marker()
        kept = make()
        try:
            return harmless.is_harmless_since(marker, ())
        finally:
            close = getattr(kept, "close", None)
            if close is not None:
                close()

    def untracked(self) -> Any:
        """Return something that the collector does not track, and that says so if it is not closed."""
        opened = os.scandir("/")
        self.addCleanup(opened.close)
        return opened

    def test_harmless(self) -> None:
        """What cannot tell of anything: containers, functions, contexts."""
        var = contextvars.ContextVar[object]("var")

        def set_many() -> contextvars.Context:
            context = contextvars.copy_context()
            for _ in range(40):
                context.run(contextvars.ContextVar[object]("other").set, [])
            context.run(var.set, [])
            return context

        makes: list[Callable[[], Any]] = [
            lambda: [{}, set[int](), ([],), ("x", 1.0, (b"x", None))],
            lambda: lambda: None,
            lambda: weakref.ref(Plain),
            lambda: [threading.Lock(), threading.RLock()],
            lambda: io.StringIO("x"),
            lambda: vars(threading.local()),
            set_many,
        ]
        for number, make in enumerate(makes):
            with self.subTest(number):
                self.assertTrue(self.is_harmless(make))

    def test_not_harmless(self) -> None:
        """What is looked at, has a finaliser, calls back, runs code, is made in C, or cannot be told."""
        loop = asyncio.new_event_loop()
        self.addCleanup(loop.close)
        makes: list[Callable[[], Any]] = [
            forgotten,
            begun,
            loop.create_future,
            socket.socket,
            Plain,
            lambda: Told([]),
            Finalised,
            lambda: [self.untracked()],
            lambda: ({"x": (self.untracked(),)}, []),
            lambda: weakref.ref(Plain, print),
            lambda: [thing := Plain(), weakref.finalize(thing, generator)],
            lambda: open("/dev/null", "rb"),  # it is closed by whoever asks
            Odd,
        ]
        for number, make in enumerate(makes):
            with self.subTest(number):
                self.assertFalse(self.is_harmless(make))

    def test_besides(self) -> None:
        """Some things are harmless because whoever asks says so."""
        marker, kept = Marker(), Finalised()
        self.assertFalse(harmless.is_harmless_since(marker, ()))
        self.assertTrue(harmless.is_harmless_since(marker, (kept,)))

    def test_before(self) -> None:
        """What was made before does not count, whatever it is."""
        kept, marker = Finalised(), Marker()
        self.assertTrue(harmless.is_harmless_since(marker, ()))
        del kept

    def test_collected_meanwhile(self) -> None:
        """A collection of the youngest meanwhile loses nothing that is young; after one of all, all that is counts."""
        marker, kept = Marker(), Finalised()
        gc.collect(0)
        self.assertEqual([thing for thing in made_since(marker) if thing is kept], [kept] if YOUNG else [])
        gc.collect()
        self.assertEqual([thing for thing in made_since(marker) if thing is kept], [])
        kept = Finalised()
        self.assertEqual([thing for thing in made_since(marker) if thing is kept], [kept])
        self.assertFalse(harmless.is_harmless_since(marker, ()))

    def test_many(self) -> None:
        """Where more have come together than Python should find due in the middle of a test, they are collected."""
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        gc.set_threshold(10 * harmless.MOST[0])
        marker = Marker()
        kept: list[list[object]] = [[] for _ in range(2 * harmless.MOST[0])]
        self.assertTrue(harmless.is_harmless_since(marker, ()))
        self.assertLess(gc.get_count()[0], harmless.MOST[0])
        self.assertEqual([thing for thing in made_since(None) if thing is kept], [])


class Holder:
    """Something that keeps itself."""

    def __init__(self, kept: object) -> None:
        self.itself, self.kept = self, kept


class BlameTest(unittest.TestCase):
    """Whose fault it is, beside tests whose garbage is left alone."""

    def test_after_harmless_tests(self) -> None:
        """Each is told what it left, in a cycle or kept, and those before and after it are told nothing."""

        class Case(AsyncTestCase):
            kept: Any

            async def test_a(self) -> None:
                kept: list[object] = []
                kept.append(kept)

            async def test_b(self) -> None:
                Holder(forgotten())

            async def test_c(self) -> None:
                Holder(Plain())

            async def test_d(self) -> None:
                Holder(socket.socket())

            async def test_e(self) -> None:
                self.kept = forgotten()

            async def test_f(self) -> None:
                Holder(os.scandir("/"))

            async def test_g(self) -> None:
                kept: list[object] = [os.scandir("/")]
                kept.append(kept)

            async def test_h(self) -> None:
                kept: list[object] = [{"x": (os.scandir("/"),)}]
                kept.append(kept)

            async def test_i(self) -> None:
                kept: list[object] = []
                kept.append(kept)

        self.assertEqual(
            [line.split(":")[1].strip() for line in run_class(Case)],
            ["test_b", "test_d", "test_e", "test_f", "test_g", "test_h"],
        )

    def test_finaliser_that_fails(self) -> None:
        """An error in a finaliser is the test's that left the object in a cycle."""

        class Failing:
            def __del__(self) -> None:
                raise ValueError("in a finaliser")

        class Case(AsyncTestCase):
            async def test_a(self) -> None:
                Holder(Plain())

            async def test_b(self) -> None:
                Holder(Failing())

            async def test_c(self) -> None: ...

        (said,) = run_class(Case)
        self.assertIn("test_b", said)
        self.assertIn("in a finaliser", said)


if __name__ == "__main__":
    unittest.main()
