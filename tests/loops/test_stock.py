"""asyncio's own loop, lazily equipped: nothing of it shows but its cost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import signal
import socket
import threading
import unittest
import warnings
from collections.abc import Callable
from typing import Any
from unittest import mock

from asynctestkit.loops import stock
from asynctestkit.loops.pattern import read_pattern
from tests.programs import run


@unittest.skipUnless(os.name == "posix", "new loops are proactors here")
class StockLoopTest(unittest.TestCase):
    """What a loop does before and after it has its selector and sockets."""

    def setUp(self) -> None:
        self.loop: Any = self.make()
        self.addCleanup(self.loop.close)

    def make(self) -> Any:
        """Return a new loop, as asyncio makes it."""
        return stock.StockLoop()

    def is_equipped(self) -> bool:
        """Whether the loop has its sockets."""
        return self.loop._csock is not None

    def test_is_asyncios(self) -> None:
        """It is one of asyncio's loops by its type."""
        self.assertIsInstance(self.loop, asyncio.SelectorEventLoop)

    def test_opens_nothing(self) -> None:
        """A loop that was only opened and closed has made neither selector nor socket."""
        with mock.patch("socket.socketpair") as pair, mock.patch("selectors.DefaultSelector") as selector:
            loop = self.make()
            loop.close()
        self.assertEqual((pair.call_count, selector.call_count), (0, 0))

    def test_log_names_selector(self) -> None:
        """What asyncio writes to its log when a loop is made names the selector that it will have."""
        with self.assertLogs("asyncio", "DEBUG") as logged:
            self.make().close()
        self.assertEqual(logged.output, [f"DEBUG:asyncio:Using selector: {selectors.DefaultSelector.__name__}"])

    def test_waits_for_timer(self) -> None:
        """The first wait equips it; timers fire."""
        self.assertFalse(self.is_equipped())
        self.assertEqual(self.loop.run_until_complete(asyncio.sleep(0.001, "slept")), "slept")
        self.assertTrue(self.is_equipped())

    def test_watches_descriptor(self) -> None:
        """A reader that is added before the loop ever ran is called."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self.loop.add_reader(ours, self.loop.stop)
            theirs.send(b"x")
            self.loop.run_forever()
            self.assertTrue(self.loop.remove_reader(ours))

    def test_removes_unknown_descriptor(self) -> None:
        """Removing a reader or writer that nobody added is told so, and makes nothing."""
        self.assertEqual((self.loop.remove_reader(0), self.loop.remove_writer(0)), (False, False))
        self.assertFalse(self.is_equipped())

    def test_is_woken(self) -> None:
        """A call from another thread ends the loop's very first wait, whenever it comes."""
        for _ in range(200):
            loop = self.make()
            other = threading.Thread(target=loop.call_soon_threadsafe, args=(loop.stop,))
            other.start()
            loop.run_forever()
            other.join()
            loop.close()

    def test_is_called_from_thread_before_waiting(self) -> None:
        """What another thread called before there were sockets is found by the first turn after the wait began."""
        seen: list[str] = []
        equip: Callable[[], selectors.BaseSelector] = self.loop.equip

        def equip_late() -> selectors.BaseSelector:
            other = threading.Thread(target=self.loop.call_soon_threadsafe, args=(seen.append, "called"))
            other.start()
            other.join()
            self.loop.call_soon(self.loop.stop)
            return equip()

        with mock.patch.object(self.loop, "equip", equip_late):
            self.loop.run_forever()
        self.assertEqual(seen, ["called"])

    def test_handles_signals(self) -> None:
        """A signal handler wakes the loop, and is gone when the loop is."""
        before = signal.getsignal(signal.SIGUSR1)
        self.loop.add_signal_handler(signal.SIGUSR1, self.loop.stop)
        os.kill(os.getpid(), signal.SIGUSR1)
        self.loop.run_forever()
        self.loop.close()
        self.assertEqual(signal.getsignal(signal.SIGUSR1), before)

    def test_closed(self) -> None:
        """A closed loop says so, equipped or not, and can be closed again."""
        self.loop.close()
        self.loop.close()
        for call in (
            lambda: self.loop.call_soon(print),
            lambda: self.loop.add_signal_handler(signal.SIGUSR1, print),
            lambda: self.loop.add_reader(0, print),
            self.loop.run_forever,
        ):
            with self.assertRaisesRegex(RuntimeError, "Event loop is closed"):
                call()

    def test_thread_calls_after_close(self) -> None:
        """A wake-up that comes late is harmless, as it is for asyncio's loop."""
        self.loop.close()
        self.loop._write_to_self()

    def test_attributes(self) -> None:
        """It has what asyncio's loop has, new and closed, and each loop its own containers."""
        stock_loop, other = asyncio.SelectorEventLoop(), self.make()
        self.addCleanup(other.close)
        with contextlib.closing(stock_loop):
            self.assertEqual(attributes(self.loop, stock_loop), attributes(stock_loop))
            for name in ("_ready", "_scheduled", "_asyncgens", "_transports", "_signal_handlers"):
                self.assertIs(getattr(self.loop, name), getattr(self.loop, name), name)
                self.assertIsNot(getattr(self.loop, name), getattr(other, name), name)
        self.loop.close()
        self.assertEqual(attributes(self.loop, stock_loop), attributes(stock_loop))

    def test_unknown_attribute(self) -> None:
        """An attribute that there is not is an AttributeError, as ever."""
        with self.assertRaisesRegex(AttributeError, "object has no attribute '_unknown'"):
            self.loop._unknown  # it is looked up

    def test_debug_mode(self) -> None:
        """Debug mode is asked of the environment for each loop, as asyncio does it."""
        with mock.patch.dict(os.environ, {"PYTHONASYNCIODEBUG": "1"}):
            loop = self.make()
            self.addCleanup(loop.close)
        self.assertEqual((loop.get_debug(), self.loop.get_debug()), (True, False))

    def test_unclosed(self) -> None:
        """A loop that dies open says so; a closed one does not."""
        with self.assertWarnsRegex(ResourceWarning, "unclosed event loop"):
            self.make().__del__()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.loop.close()
            self.loop.__del__()
        self.assertEqual(caught, [])


def attributes(loop: Any, named_as: Any = None) -> dict[str, tuple[str, object]]:
    """Return what a loop's attributes are, called as those of another; of what each loop has of its own, the kind."""
    found: dict[str, tuple[str, object]] = {}
    for name in vars(loop if named_as is None else named_as):
        if name not in ("_selector", "_ssock", "_csock", "_internal_fds"):  # which one of ours has not yet
            value = getattr(loop, name)
            found[name] = type(value).__name__, value if isinstance(value, int | float | list | dict) else None
    return found


@unittest.skipUnless(os.name == "posix", "new loops are proactors here")
class PatternedLoopTest(StockLoopTest):
    """The same of loops that are made after the pattern of the first."""

    def make(self) -> Any:
        """Return a new loop as tests get it."""
        return stock.new_event_loop()

    def test_pattern(self) -> None:
        """Asyncio's loops have one on every Python that is supported, so that most loops are made after it."""
        self.make().close()
        with mock.patch.object(stock, "StockLoop", wraps=stock.StockLoop) as made:
            self.make().close()
        self.assertEqual((made.call_count, made.like.call_count), (0, 1))

    def test_constructor_replaced(self) -> None:
        """A suite that watches how asyncio makes loops sees those of its tests."""
        for cls in (asyncio.BaseEventLoop, asyncio.SelectorEventLoop):
            with self.subTest(cls):
                made: list[Any] = []
                init: Any = cls.__init__

                def watched(loop: Any, *args: Any, init: Any = init, made: list[Any] = made) -> None:
                    made.append(loop)
                    init(loop, *args)

                with mock.patch.object(cls, "__init__", watched):
                    loop = self.make()
                self.addCleanup(loop.close)
                self.assertEqual(made, [loop])

    def test_first_in_debug_mode(self) -> None:
        """What the environment says while the first loop is made, is not said of those after it."""
        program = (
            "import os\n"
            "from asynctestkit.loops import stock\n"
            "os.environ['PYTHONASYNCIODEBUG'] = '1'\n"
            "first = stock.new_event_loop()\n"
            "del os.environ['PYTHONASYNCIODEBUG']\n"
            "second = stock.new_event_loop()\n"
            "print(first.get_debug(), second.get_debug())\n"
            "first.close()\n"
            "second.close()\n"
        )
        self.assertEqual(run("-c", program).stdout, "True False\n")

    def test_unknown_part(self) -> None:
        """Loops with something that can be neither copied nor made anew have no pattern."""
        loop: Any = stock.StockLoop()
        loop._unknown = object()
        self.assertIsNone(read_pattern(loop))
        self.assertTrue(loop.is_closed())


class NewLoopTest(unittest.TestCase):
    """When `new_event_loop` gives the lazy loop."""

    def setUp(self) -> None:
        asyncio.new_event_loop().close()  # asyncio makes its policy when it is first asked for a loop

    def test_stock(self) -> None:
        """By default it is asyncio's selector loop that is asked for."""
        loop = stock.new_event_loop()
        self.addCleanup(loop.close)
        self.assertEqual(isinstance(loop, stock.StockLoop), os.name == "posix")

    @unittest.skipUnless(os.name == "posix", "new loops are proactors here")
    def test_first(self) -> None:
        """So it is before asyncio has made its policy."""
        program = (
            "from asynctestkit.loops import stock\n"
            "loop = stock.new_event_loop()\n"
            "print(isinstance(loop, stock.StockLoop))\n"
            "loop.close()\n"
        )
        self.assertEqual(run("-c", program).stdout, "True\n")

    def test_patched_function(self) -> None:
        """Where `asyncio.new_event_loop` was replaced, its loop is used."""
        given = asyncio.SelectorEventLoop()
        self.addCleanup(given.close)
        with mock.patch("asyncio.new_event_loop", return_value=given):
            self.assertIs(stock.new_event_loop(), given)

    @unittest.skipUnless(hasattr(asyncio.events, "_event_loop_policy"), "this Python has no policies")
    def test_other_policy(self) -> None:
        """Where a policy makes loops of its own, they are used."""
        given = asyncio.SelectorEventLoop()
        self.addCleanup(given.close)
        policy = mock.Mock()
        policy.new_event_loop.return_value = given
        with mock.patch("asyncio.events._event_loop_policy", policy):
            self.assertIs(stock.new_event_loop(), given)

    @unittest.skipUnless(hasattr(asyncio.events, "_event_loop_policy"), "this Python has no policies")
    def test_other_factory(self) -> None:
        """Where asyncio's policy was told another class of loops, that is used."""

        class Other(asyncio.SelectorEventLoop):
            pass

        with mock.patch.object(asyncio.events._event_loop_policy, "_loop_factory", Other):  # type: ignore[attr-defined]  # private
            loop = stock.new_event_loop()
        self.addCleanup(loop.close)
        self.assertIs(type(loop), Other)


if __name__ == "__main__":
    unittest.main()
