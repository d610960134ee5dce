"""Faults and limits of what outlives a test under pytest: async fixtures, set-up functions, fixtures of ours."""

from __future__ import annotations

import textwrap
import time
import unittest

from tests.pytest_shim.support import PluginTest

LIMIT = "0.2"
HELPERS = """
async def forgotten():
    pass

async def forever():
    await asyncio.Event().wait()

async def fail_soon():
    await asyncio.sleep(0.001)
    raise ValueError("lost")
"""
LOST = "coroutine 'forgotten' was never awaited"


class WideChecksTest(PluginTest):
    """Each is told where it happened: at the set-up of the test that asked, or at the tear-down of the last one."""

    def said(self, source: str, *arguments: str) -> tuple[list[str], str]:
        """Return the summary's lines, and all that was said."""
        whole = HELPERS + textwrap.dedent(source)
        _, said = self.run_pytest(whole, *arguments)
        lines = said.partition("short test summary info")[2].splitlines()[1:-1]
        return sorted(line.partition(" - ")[0].replace("test_program.py::", "") for line in lines), said

    def test_opening(self) -> None:
        """A fixture that forgets an await while it is set up is an error of all that use it, and is finished."""
        summary, said = self.said(
            """
            EVENTS = []

            @pytest.fixture(scope="module")
            async def wide():
                forgotten()
                yield
                EVENTS.append("finished")

            async def test_a(wide):
                pass

            def test_b():
                assert EVENTS == ["finished"]
            """
        )
        self.assertEqual(summary, ["ERROR test_a", "PASSED test_b"])
        self.assertIn(LOST, said)
        self.assertIn("module fixture 'wide'", said)

    def test_left_to_a_class(self) -> None:
        """What a test leaves to its class, or its module, on their loop is an error of the last test's tear-down."""
        summary, said = self.said(
            """
            TASKS = []

            @pytest.mark.asynctestkit(loop_scope="class")
            class TestKept:
                async def test_a(self):
                    type(self).task = asyncio.create_task(forever())
                    type(self).future = asyncio.get_running_loop().create_future()
                    self.future.set_exception(ValueError("lost"))

                async def test_b(self):
                    pass

            @pytest.mark.asynctestkit(loop_scope="class")
            class TestEnded:
                async def test_c(self):
                    type(self).task = asyncio.create_task(forever())

                @classmethod
                def teardown_class(cls):
                    cls.task.cancel()

            @pytest.mark.asynctestkit(loop_scope="module")
            async def test_d():
                TASKS.append(asyncio.create_task(forever()))

            def test_e():
                pass
            """
        )
        self.assertEqual(
            [line for line in summary if not line.startswith("PASSED")], ["ERROR TestKept::test_b", "ERROR test_e"]
        )
        self.assertIn("2 faults in end of class TestKept: 1 pending_tasks, 1 unhandled", said)
        self.assertRegex(said, r"made in +test_program.py::TestKept::test_a\n")
        self.assertRegex(said, r"kept by +TestKept\.future until the end of the class\n")
        self.assertRegex(said, r"kept by +test_program\.TASKS until the end of the module\n")

    def test_closing(self) -> None:
        """One that does so while it is finished is an error of the last test's tear-down, whatever its scope."""
        for scope in ("class", "module", "package", "session"):
            with self.subTest(scope=scope):
                summary, said = self.said(
                    f"""
                    @pytest.fixture(scope="{scope}")
                    async def wide():
                        yield
                        forgotten()

                    class TestIt:
                        async def test_a(self, wide):
                            pass

                        async def test_b(self, wide):
                            pass
                    """
                )
                self.assertEqual(summary, ["ERROR TestIt::test_b", "PASSED TestIt::test_a", "PASSED TestIt::test_b"])
                self.assertIn("ERROR at teardown of TestIt.test_b", said)
                self.assertIn(LOST, said)
                self.assertIn(f"{scope} fixture 'wide'", said)

    def test_left(self) -> None:
        """What it leaves, and errors of its tasks while tests run, are told in one report when it is finished."""
        summary, said = self.said(
            """
            @pytest.fixture(scope="module")
            async def wide():
                tasks = [asyncio.create_task(forever()), asyncio.create_task(fail_soon())]
                yield tasks

            async def test_a(wide):
                await asyncio.sleep(0.01)

            async def test_b(wide):
                pass
            """
        )
        self.assertEqual(summary, ["ERROR test_b", "PASSED test_a", "PASSED test_b"])
        self.assertIn("2 faults in module fixture 'wide': 1 unhandled, 1 pending_tasks", said)
        self.assertIn("task forever() was still pending at the end of the module", said)
        self.assertIn("ValueError: lost", said)

    def test_correct(self) -> None:
        """A server and a task that its tear-down ends are no findings, nor is what tests do with them."""
        self.assert_pass(
            HELPERS
            + textwrap.dedent(
                """
                @pytest.fixture(scope="module")
                async def address():
                    async def echo(reader, writer):
                        writer.write(await reader.readline())
                        writer.close()

                    worker = asyncio.create_task(forever())
                    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
                        yield server.sockets[0].getsockname()
                    worker.cancel()

                @pytest.mark.parametrize("number", range(3))
                async def test_echo(address, number):
                    reader, writer = await asyncio.open_connection(*address)
                    writer.write(b"x\\n")
                    assert await reader.read() == b"x\\n"
                    writer.close()
                    await writer.wait_closed()
                """
            ),
            count=3,
        )

    def test_set_up_functions(self) -> None:
        """Async `setup_class` and its like are checked like fixtures."""
        summary, said = self.said(
            """
            class TestSetUp:
                @classmethod
                async def setup_class(cls):
                    forgotten()

                async def test(self):
                    pass

            class TestTearDown:
                @classmethod
                async def teardown_class(cls):
                    forgotten()

                async def test(self):
                    pass

            async def teardown_module():
                forgotten()
            """
        )
        # The tear-downs of class and module are both the last test's, and pytest makes one group of them.
        self.assertEqual(summary, ["ERROR TestSetUp::test", "ERROR TestTearDown::test", "PASSED TestTearDown::test"])
        for name in ("class TestSetUp", "class TestTearDown", "module test_program"):
            self.assertRegex(said, rf"{LOST}\n[E| ]+test +{name}\n")

    def test_ours(self) -> None:
        """Fixtures of ours that plain tests use are told of with the scope that pytest ends."""
        summary, said = self.said(
            """
            @asynctestkit.fixture(scope="module")
            async def wide():
                yield
                forgotten()

            async def test_a(wide):
                pass

            async def test_b(wide):
                pass
            """
        )
        self.assertEqual(summary, ["ERROR test_b", "PASSED test_a", "PASSED test_b"])
        self.assertIn(LOST, said)
        self.assertIn("module fixture 'wide'", said)

    def test_limits(self) -> None:
        """Each set-up and tear-down has the limit of the run, or of its class or module, and is named."""
        for scope in ("class", "module", "session"):
            for place in ("set-up", "tear-down"):
                steps = ("await forever()", "pass") if place == "set-up" else ("pass", "await forever()")
                with self.subTest(scope=scope, place=place):
                    begun = time.monotonic()
                    _, said = self.said(
                        f"""
                        EVENTS = []

                        @pytest.fixture(scope="{scope}")
                        async def outer():
                            yield
                            print("outer is closed")

                        @pytest.fixture(scope="{scope}")
                        async def wide(outer):
                            try:
                                {steps[0]}
                                yield
                                {steps[1]}
                            finally:
                                print("wide is closed")

                        class TestIt:
                            async def test_a(self, wide):
                                pass
                        """,
                        f"--asynctestkit-timeout={LIMIT}",
                        "-s",
                    )
                    self.assertLess(time.monotonic() - begun, 30)
                    told = f"TimeoutError: {scope} fixture 'wide' exceeded its limit of {LIMIT} s in its {place}"
                    self.assertIn(told, said)
                    self.assertIn("await forever()", said)
                    self.assertEqual((said.count("wide is closed"), said.count("outer is closed")), (1, 1), said)

    def test_own_limits(self) -> None:
        """A mark above the class or in the module says it for what is as wide; the test's own is none of its."""
        _, said = self.said(
            """
            pytestmark = pytest.mark.asynctestkit(timeout=0.3)

            @pytest.fixture(scope="module")
            async def module():
                yield
                await forever()

            @pytest.mark.asynctestkit(timeout=0.2)
            class TestIt:
                @classmethod
                async def teardown_class(cls):
                    await forever()

                @pytest.mark.asynctestkit(timeout=7)
                async def test(self, module):
                    pass
            """
        )
        self.assertIn("class TestIt exceeded its limit of 0.2 s in teardown_class", said)
        self.assertIn("module fixture 'module' exceeded its limit of 0.3 s in its tear-down", said)

    enders = {
        "one that depends on it": """
            @pytest.fixture(scope="module")
            async def wide():
                yield STARTED

            @pytest.fixture(scope="module", autouse=True)
            def ender(wide):
                yield
                END(wide)
        """,
        "one that it depends on": """
            @pytest.fixture(scope="module")
            def ender():
                found = []
                yield found
                END(found[0])

            @pytest.fixture(scope="module")
            async def wide(ender):
                ender.append(STARTED)
                yield
        """,
        "one that was there before": """
            found = []

            @pytest.fixture(scope="module", autouse=True)
            def ender():
                yield
                END(found[0])

            @pytest.fixture(scope="module")
            async def wide():
                found.append(STARTED)
                yield
        """,
        "a function that was there before": """
            found = []

            def teardown_module():
                END(found[0])

            @pytest.fixture(scope="module")
            async def wide():
                found.append(STARTED)
                yield
        """,
        "its own finaliser": """
            @pytest.fixture(scope="module")
            async def wide(request):
                found = STARTED
                request.addfinalizer(lambda: END(found))
                yield found
        """,
    }
    uses = """
        def test_plain(): pass

        async def test_a(wide): pass

        async def test_b(wide): pass
    """

    def test_ended_by_plain_fixtures(self) -> None:
        """What an async fixture has started is no finding where a plain one ends it, finished before it or after it."""
        things = {
            "a task": ("asyncio.create_task(forever())", "task.cancel()"),
            "a task, awaited": ("asyncio.create_task(forever())", "task.cancel(); run(task)"),
            "a server": ("await asyncio.start_server(print, '127.0.0.1', 0)", "task.close()"),
            "a socket": ("socket.socket()", "task.close()"),
        }
        helpers = """
            import contextlib, socket

            def run(task):
                with contextlib.suppress(asyncio.CancelledError):
                    task.get_loop().run_until_complete(task)
        """
        for who, fixtures in self.enders.items():
            for what, (started, end) in things.items():
                with self.subTest(who=who, what=what):
                    source = "\n".join(textwrap.dedent(text) for text in (HELPERS, helpers, fixtures, self.uses))
                    source += f"\ndef END(task): {end}\n"
                    self.assert_pass(source.replace("STARTED", started), count=3)

    def test_not_ended_by_plain_fixtures(self) -> None:
        """What none of them ends is a finding, once, beside what else was found, and is told with its fixture."""
        for who, fixtures in self.enders.items():
            with self.subTest(who=who):
                source = "\n".join(textwrap.dedent(text) for text in (fixtures, self.uses))
                started = "(asyncio.create_task(forever()), asyncio.create_task(fail_soon()))"
                summary, said = self.said(source.replace("STARTED", started).replace("END", "print"))
                self.assertEqual(summary, ["ERROR test_b", "PASSED test_a", "PASSED test_b", "PASSED test_plain"])
                self.assertIn("2 faults in module fixture 'wide': 1 unhandled, 1 pending_tasks", said)
                self.assertEqual(said.count("task forever() was still pending at the end of the module"), 1)

    def test_closed_and_left(self) -> None:
        """What fails to close and has left something tells both, also where plain fixtures may end that."""
        summary, said = self.said(
            """
            @pytest.fixture(scope="module", autouse=True)
            def before():
                yield

            @pytest.fixture(scope="module")
            async def wide():
                task = asyncio.create_task(forever())
                yield task
                raise ValueError("in the tear-down")

            async def test_a(wide):
                pass
            """
        )
        self.assertEqual(summary, ["ERROR test_a", "PASSED test_a"])
        self.assertIn("ValueError: in the tear-down", said)
        self.assertIn("task forever() was still pending at the end of the module", said)


if __name__ == "__main__":
    unittest.main()
