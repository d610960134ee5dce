"""Which loop is current comes back exactly as it was, on every version."""

from __future__ import annotations

import asyncio
import asyncio.events as events
import sys
import threading
import unittest
import warnings
from collections.abc import Callable
from typing import Any

from asynctestkit import AsyncTestCase
from asynctestkit.loops import current
from tests.support import run_class, run_one, run_program


class KeptLoop(asyncio.SelectorEventLoop):
    """A loop of the caller's."""


def answer() -> str:
    """Return what `get_event_loop` does in this thread, with a loop that it may make closed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            loop = asyncio.get_event_loop()
        except RuntimeError:
            return "raises"
    if isinstance(loop, KeptLoop):
        return "kept"
    loop.close()
    return "another"


def in_new_thread(function: Callable[[], Any], *, kept: bool = False) -> Any:
    """Return what a function returns in a thread where no loop, or a `KeptLoop`, was ever set."""
    answers: list[Any] = []

    def run() -> None:
        loop = KeptLoop()
        if kept:
            asyncio.set_event_loop(loop)
        answers.append(function())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    return answers[0]


class ReplaceTest(unittest.TestCase):
    """`replace` and `restore` themselves."""

    def replaced(self) -> tuple[bool, str]:
        loop = asyncio.new_event_loop()
        previous = current.replace(loop)
        is_current = asyncio.get_event_loop() is loop
        current.restore(previous)
        loop.close()
        return is_current, answer()

    def test_none_ever_set(self) -> None:
        """In a thread that never had a loop there is none afterwards."""
        self.assertEqual(in_new_thread(self.replaced), (True, "raises"))

    def test_earlier_loop(self) -> None:
        """The loop that was current is current again."""
        self.assertEqual(in_new_thread(self.replaced, kept=True), (True, "kept"))

    def test_closed_meanwhile(self) -> None:
        """A loop that was closed meanwhile does not come back."""

        def both() -> str:
            loop = asyncio.new_event_loop()
            previous = current.replace(loop)
            _, kept, *_ = previous
            assert kept is not None
            kept.close()
            current.restore(previous)
            loop.close()
            return answer()

        self.assertEqual(in_new_thread(both, kept=True), "raises")

    def test_without_private_state(self) -> None:
        """Under a policy without the state that is read, none is taken to have been current."""

        class Policy:
            mine: asyncio.AbstractEventLoop | None = None

            def get_event_loop(self) -> asyncio.AbstractEventLoop:
                if self.mine is None:
                    raise RuntimeError
                return self.mine

            def set_event_loop(self, loop: asyncio.AbstractEventLoop | None) -> None:
                self.mine = loop

            def new_event_loop(self) -> asyncio.AbstractEventLoop:
                return asyncio.SelectorEventLoop()

        before = getattr(events, "_event_loop_policy", None)
        setattr(events, "_event_loop_policy", Policy())
        try:
            self.assertEqual(in_new_thread(self.replaced, kept=True), (True, "raises"))
        finally:
            setattr(events, "_event_loop_policy", before)

    def test_policy_changed_meanwhile(self) -> None:
        """The loop comes back in the policy it was current in, also where another one is asyncio's by then."""

        def both() -> str:
            loop = asyncio.new_event_loop()
            previous = current.replace(loop)
            before = current.replace_policy(type(previous[0])())
            current.restore(previous)
            answers = [answer()]
            current.replace_policy(before)
            loop.close()
            return " ".join([*answers, answer()])

        self.assertEqual(in_new_thread(both, kept=True), "raises kept")


PROGRAM = """
import asyncio, unittest, warnings
from asynctestkit import AsyncTestCase

class Case(AsyncTestCase):
    {options}
    def test_sync(self):
        assert asyncio.get_event_loop() is self.loop
    async def test_async(self):
        pass

if {run}:
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
    assert result.wasSuccessful() and result.testsRun == 2, result.errors
warnings.simplefilter("ignore")
try:
    asyncio.get_event_loop().close()
    print("makes one")
except RuntimeError:
    print("raises")
"""


class MainThreadTest(unittest.TestCase):
    """The main thread, where up to 3.13 `get_event_loop` makes a loop if none was ever set."""

    def test_as_if_nothing_had_run(self) -> None:
        """What `get_event_loop` does is the same whether tests have run or not."""
        untouched = run_program(PROGRAM.format(options="", run=False), "test_program.py")
        self.assertEqual(untouched.stdout, "makes one\n" if sys.version_info < (3, 14) else "raises\n")
        for options in ("", "loop_scope = 'class'", "loop_factory = asyncio.SelectorEventLoop"):
            with self.subTest(options):
                outcome = run_program(PROGRAM.format(options=options, run=True), "test_program.py")
                self.assertEqual((outcome.stderr, outcome.stdout), ("", untouched.stdout))


class AfterTestsTest(unittest.TestCase):
    """The current loop after tests that do as they like."""

    def assert_kept(self, run: Callable[[], object]) -> None:
        self.assertEqual(in_new_thread(lambda: (run(), answer())[1], kept=True), "kept")

    def test_test_that_sets_another(self) -> None:
        """A test that makes another loop current does not keep the caller's from coming back."""

        class Case(AsyncTestCase):
            def test(self) -> None:
                other = asyncio.new_event_loop()
                self.addCleanup(other.close)
                asyncio.set_event_loop(other)

        self.assert_kept(lambda: run_one(Case))

    def test_failing_set_up(self) -> None:
        """Nor does a test that fails in its set-up, or a class that does."""

        class Case(AsyncTestCase):
            async def asyncSetUp(self) -> None:
                raise OSError("no")

            async def test(self) -> None:
                pass

        class WholeCase(Case):
            @classmethod
            async def asyncSetUpClass(cls) -> None:
                raise OSError("no")

        self.assert_kept(lambda: run_one(Case))
        self.assert_kept(lambda: run_class(WholeCase))

    def test_between_tests(self) -> None:
        """Between the tests of a shared loop the caller's is current."""
        seen: list[str] = []

        class Case(AsyncTestCase):
            loop_scope = "class"

            async def test_a(self) -> None:
                pass

            async def test_b(self) -> None:
                pass

        class Result(unittest.TestResult):
            def startTest(self, test: unittest.TestCase) -> None:
                seen.append(answer())
                super().startTest(test)

        self.assert_kept(lambda: unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(Result()))
        self.assertEqual(seen, ["kept", "kept"])

    def test_debug(self) -> None:
        """A `debug()` that passes gives the loop back, too."""

        class Case(AsyncTestCase):
            async def test(self) -> None:
                pass

        self.assert_kept(lambda: Case("test").debug())


if __name__ == "__main__":
    unittest.main()
