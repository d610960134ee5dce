"""What plain set-up of plain async tests does wrong before anything is awaited is told of the test it is for."""

from __future__ import annotations

import re
import unittest

from tests.pytest_shim.support import PluginTest

FORGOTTEN = """
    async def forgotten():
        pass

"""


class PlainSetUpTest(PluginTest):
    """Faults of plain fixtures and set-up functions."""

    def assert_told(self, source: str, *expected: str, arguments: tuple[str, ...] = (), conftest: str = "") -> str:
        """Check which tests are told of the forgotten coroutine; return what pytest printed."""
        _, said = self.run_pytest(FORGOTTEN + source, *arguments, conftest=conftest)
        told = re.findall(r"(?m)^ +test +test_program\.py::(.*)$", said)
        self.assertEqual(told, list(expected), said)
        return said

    def test_fixture(self) -> None:
        """A coroutine that a plain fixture forgets, its value or its generator; in tests that use it, and no other."""
        said = self.assert_told(
            """
    @pytest.fixture
    def value():
        forgotten()

    @pytest.fixture
    def generated():
        forgotten()
        yield

    async def test_value(value):
        pass

    async def test_correct():
        pass

    async def test_generated(generated):
        await asyncio.sleep(0)

    async def test_after():
        pass
            """,
            "test_value",
            "test_generated",
        )
        self.assertIn("test_program.py:12 in value", said)

    def test_functions(self) -> None:
        """So with plain set-up functions."""
        self.assert_told(
            """
    def setup_function(function):
        forgotten()

    async def test_function():
        pass

    class TestMethod:
        def setup_method(self):
            forgotten()

        async def test_it(self):
            pass
            """,
            "test_function",
            "TestMethod::test_it",
        )

    def test_before_async_fixtures(self) -> None:
        """So where an async fixture follows."""
        self.assert_told(
            """
    @pytest.fixture
    def plain():
        forgotten()

    @pytest.fixture
    async def later(plain):
        yield

    async def test_it(later):
        pass
            """,
            "test_it",
        )

    def test_awaited(self) -> None:
        """What a fixture makes and the test awaits is no fault; nor is what a wider fixture has made before."""
        self.assert_pass(
            """
            async def work():
                return 1

            @pytest.fixture(scope="module")
            def wide():
                made = work()
                yield made
                made.close()

            @pytest.fixture
            def made():
                return work()

            async def test_it(made):
                assert await made == 1

            async def test_wide(wide, made):
                assert await made == 1
            """,
            count=2,
        )

    def test_caught(self) -> None:
        """A fixture that catches warnings before the test is called hears of no coroutine that the test forgets."""
        said = self.assert_told(
            """
    import warnings

    @pytest.fixture
    def caught():
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            yield heard

    async def test_it(caught):
        forgotten()
        warnings.warn("heard")
        assert [str(one.message) for one in caught] == ["heard"]
            """,
            "test_it",
        )
        self.assertIn("ERROR test_program.py::test_it - asynctestkit.FindingError: coroutine", said)

    def test_warnings_go_on(self) -> None:
        """Other warnings go where they would without the checks, during and after such a fixture."""
        code, said = self.run_pytest(
            """
            import warnings

            @pytest.fixture
            def first():
                yield
                warnings.warn("after")

            async def test_it(first, recwarn):
                warnings.warn("within")
                assert len(recwarn) == 1

            def test_plain():
                assert "asynctestkit" not in repr(warnings.showwarning)
            """,
            "-W",
            "always::UserWarning",
        )
        self.assertEqual(code, 0, said)
        self.assertIn("UserWarning: after", said)
        self.assertNotIn("UserWarning: within", said)

    def test_failed_set_up(self) -> None:
        """Where the set-up fails it is an error beside that, and told once."""
        said = self.assert_told(
            """
    @pytest.fixture
    def broken():
        forgotten()
        raise OSError("no")

    async def test_it(broken):
        pass

    async def test_after():
        pass
            """,
            "test_it",
        )
        self.assertIn("OSError: no", said)
        self.assertIn("1 passed, 2 errors", said)

    def test_skipped(self) -> None:
        """A test that its set-up skips stays skipped."""
        code, said = self.run_pytest(
            """
            @pytest.fixture
            def skipping():
                pytest.skip("not now")

            async def test_it(skipping):
                pass
            """
        )
        self.assertEqual(code, 0, said)
        self.assertIn("1 skipped", said)

    def test_others(self) -> None:
        """Nothing watches the fixtures of plain tests, nor those of tests that are not ours to run."""
        code, said = self.run_pytest(
            """
            from asynctestkit.checks.watch import running

            @pytest.fixture
            def watched():
                return list(running.watches)

            @pytest.mark.asynctestkit
            async def test_ours(watched):
                assert watched == running.watches

            def test_plain(watched):
                assert watched == running.watches == []

            class CaseTest(unittest.TestCase):
                def test_case(self):
                    assert running.watches == []

            async def test_unmarked(watched):
                pass

            def test_last(watched):
                assert watched == running.watches == []
            """,
            ini="asynctestkit_mode = strict",
        )
        self.assertIn("4 passed", said)
        self.assertEqual(code, 1, said)  # for the unmarked one

    def test_expected(self) -> None:
        """A plain fixture may expect an error of the loop for the test that uses it."""
        self.assert_pass(
            """
            @pytest.fixture
            def expecting():
                with asynctestkit.expect_loop_error("ValueError"):
                    yield

            async def test_it(expecting):
                asyncio.get_running_loop().call_soon(int, "x")
                await asyncio.sleep(0)
            """,
            count=1,
        )


class LimitTest(PluginTest):
    """Plain fixtures that block for longer than the limit of an async test."""

    def test_others_go_on(self) -> None:
        """The fixture's test has an error; its other fixtures are finished, and other tests get them anew."""
        source = """
            import time

            asynctestkit.set_module_timeout(0.3)
            EVENTS = []

            @pytest.fixture
            async def first():
                return []

            @pytest.fixture
            def opened(first):
                EVENTS.append("open")
                yield first
                EVENTS.append("close")

            @pytest.fixture
            def slow_to_open(opened, request):
                if "first" in request.node.name:
                    time.sleep(30)

            @pytest.fixture
            def slow_to_close(opened):
                yield
                time.sleep(30)

            @pytest.fixture
            def slow_to_finish(opened, request):
                request.addfinalizer(lambda: time.sleep(30))

            async def test_first(slow_to_open): pass

            async def test_second(slow_to_open): pass

            async def test_third(slow_to_close): pass

            async def test_fourth(slow_to_finish): pass

            def test_plain(opened):
                assert opened == []
                assert EVENTS == ["open", "close"] * 4 + ["open"]
        """
        lines = self.outcomes(source)
        over = "TimeoutError: test_{} exceeded its limit of 0.3 s in a fixture"
        self.assertEqual(
            lines[:3], [f"ERROR test_{name} - {over.format(name)}" for name in ("first", "fourth", "third")]
        )
        self.assertEqual(lines[-1], "4 passed, 3 errors")


if __name__ == "__main__":
    unittest.main()
