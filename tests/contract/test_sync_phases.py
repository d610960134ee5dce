"""Points 3 and 4: plain functions run outside the running loop, which is current and theirs to run."""

# Test classes are built on a parameter, which mypy cannot take for a base class.
# mypy: disable-error-code="valid-type, misc"

import asyncio
import unittest

from .differential import ContractTest, differential
from .recording import Base, Events, both_ways, current_loop


async def answer() -> int:
    """Return 42 after a turn of the loop."""
    await asyncio.sleep(0)
    return 42


class SyncPhases(ContractTest):
    """Points 3 and 4."""

    @differential(3, 4)
    def test_one_loop_is_current_in_every_phase_and_runs_in_async_ones(self, base: Base) -> object:
        """Points 3 and 4: the same loop everywhere; no loop runs in sync phases."""

        def make(events: Events) -> unittest.TestCase:
            loops: list[asyncio.AbstractEventLoop | None] = []

            def look(phase: str) -> None:
                loops.append(current_loop())
                running = asyncio._get_running_loop()
                events.append(f"{phase}: same={loops[0] is loops[-1] is not None} running={running is loops[-1]}")

            async def look_async(phase: str) -> None:
                look(phase)

            class T(base):
                def setUp(self) -> None:
                    self.addCleanup(look, "sync cleanup 1")
                    self.addAsyncCleanup(look_async, "async cleanup")
                    self.addCleanup(look, "sync cleanup 2")
                    look("setUp")

                async def asyncSetUp(self) -> None:
                    look("asyncSetUp")

                async def test_async(self) -> None:
                    look("test")

                def test_sync(self) -> None:
                    look("test")

                async def asyncTearDown(self) -> None:
                    look("asyncTearDown")

                def tearDown(self) -> None:
                    look("tearDown")

            return T(name)

        outcome: dict[str, object] = {}
        for name in ("test_async", "test_sync"):
            outcome[name] = both_ways(make)
        return outcome

    @differential(4)
    def test_sync_phases_may_run_the_loop(self, base: Base) -> object:
        """Point 4: ``run_until_complete`` works in setUp, in a sync test, in tearDown and in sync cleanups."""

        def make(events: Events) -> unittest.TestCase:
            def use(phase: str) -> None:
                events.append(f"{phase} {asyncio.get_event_loop().run_until_complete(answer())}")

            async def turn() -> None:
                events.append(f"async cleanup {await answer()}")

            class T(base):
                def setUp(self) -> None:
                    self.addCleanup(use, "cleanup 1")
                    self.addAsyncCleanup(turn)
                    self.addCleanup(use, "cleanup 2")
                    use("setUp")

                async def asyncSetUp(self) -> None:
                    events.append(f"asyncSetUp {await answer()}")

                def test(self) -> None:
                    use("test")
                    use("test again")

                async def asyncTearDown(self) -> None:
                    events.append(f"asyncTearDown {await answer()}")

                def tearDown(self) -> None:
                    use("tearDown")

            return T("test")

        return both_ways(make)

    @differential(4)
    def test_tasks_live_on_from_phase_to_phase(self, base: Base) -> object:
        """Point 4: a task made in a sync or async phase goes on in the later ones, whoever runs the loop."""

        def make(events: Events) -> unittest.TestCase:
            async def worker(name: str, gate: asyncio.Event) -> str:
                await gate.wait()
                return name

            class T(base):
                def setUp(self) -> None:
                    self.gate = asyncio.Event()
                    self.first = asyncio.get_event_loop().create_task(worker("from setUp", self.gate))

                async def asyncSetUp(self) -> None:
                    self.second = asyncio.create_task(worker("from asyncSetUp", self.gate))

                def test(self) -> None:
                    self.gate.set()
                    events.append(asyncio.get_event_loop().run_until_complete(self.second))

                async def asyncTearDown(self) -> None:
                    events.append(await self.first)

            return T("test")

        return both_ways(make)

    @differential(4)
    def test_a_sync_test_may_run_the_loop_forever(self, base: Base) -> object:
        """Point 4: ``run_forever`` until ``stop``, as callback code does."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                def test(self) -> None:
                    loop = asyncio.get_event_loop()
                    loop.call_soon(events.append, "callback")
                    loop.call_soon(loop.stop)
                    loop.run_forever()
                    events.append("stopped")

                async def asyncTearDown(self) -> None:
                    events.append(f"asyncTearDown {await answer()}")

            return T("test")

        return both_ways(make)

    @differential(4)
    def test_a_sync_test_may_use_the_runner_of_asyncio(self, base: Base) -> object:
        """Point 4: ``asyncio.run`` in a sync test runs on a loop of its own; the async phases after it still run."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                async def asyncSetUp(self) -> None:
                    self.its = asyncio.get_running_loop()

                def test(self) -> None:
                    async def main() -> None:
                        events.append(f"own loop: {asyncio.get_running_loop() is not self.its} {await answer()}")

                    asyncio.run(main())

                async def asyncTearDown(self) -> None:
                    events.append(f"back: {asyncio.get_running_loop() is self.its} {await answer()}")

            return T("test")

        return both_ways(make)

    @differential(4)
    def test_a_sync_test_may_use_the_runner_of_the_case(self, base: Base) -> object:
        """Points 4 and 19: ``_asyncioRunner.run`` in a sync test runs on the test's loop."""

        def make(events: Events) -> unittest.TestCase:
            class T(base):
                def test(self) -> None:
                    async def main() -> object:
                        await answer()
                        return asyncio.get_running_loop() is loop

                    loop = asyncio.get_event_loop()
                    events.append(f"run: {self._asyncioRunner.run(main())}")

            return T("test")

        return both_ways(make)
