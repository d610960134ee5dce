"""Point 12: the loop that is current after the run, and the loop factory."""

# Test classes are built on a parameter, which mypy cannot take for a base class.
# mypy: disable-error-code="valid-type, misc"

import asyncio

from .differential import ContractTest, differential
from .programs import run_sample
from .recording import Base, RecordingResult, both_ways, current_loop, run_events


class CurrentLoopAfterwards(ContractTest):
    """Point 12: the loop that is current after the run."""

    @differential(12)
    def test_none_is_current_when_none_was(self, base: Base) -> object:
        """Point 12: no loop before, no loop after."""

        class T(base):
            async def test(self) -> None:
                pass

        return [run_events(lambda events: T("test")), current_loop() is None]

    @differential(12)
    def test_the_loop_that_was_current_before(self, base: Base) -> object:
        """Point 12: what becomes of the caller's current loop, through run() and debug()."""

        class T(base):
            async def test(self) -> None:
                pass

        previous = asyncio.new_event_loop()
        seen: dict[str, bool] = {}
        try:
            for way in ("run", "debug"):
                asyncio.set_event_loop(previous)
                getattr(T("test"), way)()
                seen[way] = current_loop() is previous
        finally:
            asyncio.set_event_loop(None)
            previous.close()
        return seen

    @differential(12)
    def test_a_closed_loop_does_not_come_back(self, base: Base) -> object:
        """Point 12: the caller's current loop is closed by the test; afterwards no loop is current."""

        class T(base):
            async def test(self) -> None:
                previous.close()

        seen: dict[str, bool] = {}
        for way in ("run", "debug"):
            previous = asyncio.new_event_loop()
            asyncio.set_event_loop(previous)
            getattr(T("test"), way)()
            seen[way] = current_loop() is None
        return seen

    @differential(12)
    def test_a_loop_factory_leaves_the_policy_alone(self, base: Base) -> object:
        """Point 12: a program that sets ``loop_factory`` and never asks for the current loop makes no policy."""
        said = run_sample(base, "policy", "unittest", "sample")
        return [said["exit code"], said["output"]]

    @differential(12)
    def test_a_loop_factory_makes_the_loop(self, base: Base) -> object:
        """Points 1 and 12: the class attribute ``loop_factory``, where the stock class knows it."""

        class Own(asyncio.SelectorEventLoop):
            pass

        class T(base):
            loop_factory = Own

            async def test(self) -> None:
                kinds.append(type(asyncio.get_running_loop()).__name__)

        kinds: list[str] = []
        with_factory = both_ways(lambda events: T("test"))
        return [with_factory, ["Own" if kind == "Own" else "the policy's" for kind in kinds]]

    @differential(12)
    def test_with_a_loop_factory_the_current_loop_comes_back(self, base: Base) -> object:
        """Point 12: with a factory the caller's current loop is what it was, after the run."""

        class T(base):
            loop_factory = asyncio.SelectorEventLoop

            async def test(self) -> None:
                pass

        previous = asyncio.new_event_loop()
        asyncio.set_event_loop(previous)
        try:
            T("test").run(RecordingResult())
            return current_loop() is previous
        finally:
            asyncio.set_event_loop(None)
            previous.close()

    @differential(12)
    def test_with_a_loop_factory_the_current_loop_in_sync_phases(self, base: Base) -> object:
        """Point 12: with a factory, is the test's loop current in setUp?"""

        class T(base):
            loop_factory = asyncio.SelectorEventLoop

            def setUp(self) -> None:
                seen.append(current_loop())

            async def test(self) -> None:
                seen.append(asyncio.get_running_loop())

        seen: list[asyncio.AbstractEventLoop | None] = []
        T("test").run(RecordingResult())
        return seen[0] is seen[1]
