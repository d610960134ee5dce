"""Async functions under `@pytest.fixture` that live as long as one test: one task, any mix, their faults."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest


class FunctionScopeTest(PluginTest):
    """Fixtures that live as long as one test."""

    def test_one_task(self) -> None:
        """Fixtures, the test and the fixtures' ends run in one task on one loop, in pytest's order."""
        source = """
            events = []

            def note(what):
                events.append(what)
                return asyncio.current_task()

            @pytest.fixture
            async def outer():
                task = note("open outer")
                yield task
                assert note("close outer") is task

            @pytest.fixture
            def plain(outer):
                events.append("open plain")
                yield outer
                events.append("close plain")

            @pytest.fixture
            async def inner(plain):
                assert note("open inner") is plain
                return plain

            async def test_it(inner, outer):
                assert note("test") is inner is outer

            def test_order():
                assert events == ["open outer", "open plain", "open inner", "test", "close plain", "close outer"]
        """
        self.assert_pass(source, count=2)

    def test_plain_users(self) -> None:
        """A plain test and a plain fixture get an async fixture's value, and no loop runs around them."""
        source = """
            @pytest.fixture
            async def number():
                yield 3

            @pytest.fixture
            def more(number):
                asyncio.run(asyncio.sleep(0))
                return number + 1

            def test_plain(number, more):
                asyncio.run(asyncio.sleep(0))
                assert (number, more) == (3, 4)
                with pytest.raises(RuntimeError):
                    asyncio.get_running_loop()

            async def test_async(more):
                assert more == 4

            @pytest.mark.usefixtures("number")
            def test_used():
                pass
        """
        self.assert_pass(source, count=3)

    def test_kinds(self) -> None:
        """Methods get the test's own instance; autouse, params, indirect, wrappers and None values work."""
        source = """
            log = []

            def logged(function):
                @functools.wraps(function)
                def wrapper(*args, **kwargs):
                    return function(*args, **kwargs)
                return wrapper

            @pytest.fixture(params=["a", "b"])
            async def letter(request):
                yield request.param

            @pytest.fixture
            async def doubled(request):
                return request.param * 2

            @pytest.fixture
            @logged
            async def wrapped():
                return "wrapped"

            @pytest.fixture
            async def nothing():
                log.append("nothing")

            async def test_params(letter):
                assert letter in "ab"

            @pytest.mark.parametrize("doubled", [1, 2], indirect=True)
            async def test_indirect(doubled):
                assert doubled in (2, 4)

            async def test_wrapped(wrapped):
                assert wrapped == "wrapped"

            async def test_nothing(nothing):
                assert nothing is None and log == ["nothing"]

            class TestMethods:
                @pytest.fixture(autouse=True)
                async def set_up(self):
                    self.value = 3
                    yield
                    assert self.value == 4

                @pytest.fixture
                async def value(self):
                    return self.value

                async def test_method(self, value):
                    assert value == self.value == 3
                    self.value = 4
        """
        self.assert_pass(source, count=7)

    def test_overridden_by_name(self) -> None:
        """A fixture that overrides one of its name further out gets that one's value."""
        source = """
            @pytest.fixture
            async def value(value):
                return value + 1

            async def test_it(value):
                assert value == 2
        """
        conftest = """
            @pytest.fixture
            async def value():
                yield 1
        """
        self.assert_pass(source, count=1, conftest=conftest)

    def test_errors(self) -> None:
        """What fails in a fixture is an error at set-up or tear-down; skipping in one skips the test."""
        source = """
            @pytest.fixture
            async def broken():
                raise ValueError("at set-up")

            @pytest.fixture
            async def breaks():
                yield
                raise ValueError("at tear-down")

            @pytest.fixture
            async def skips():
                pytest.skip("not here")

            @pytest.fixture
            async def never():
                if False:
                    yield

            @pytest.fixture
            async def twice():
                yield
                yield

            async def test_broken(broken): pass
            async def test_breaks(breaks): pass
            async def test_skips(skips): pass
            async def test_never(never): pass
            async def test_twice(twice): pass
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "ERROR test_breaks - ValueError: at tear-down",
                "ERROR test_broken - ValueError: at set-up",
                "ERROR test_never - asynctestkit.UsageError: "
                "fixture 'never' yielded nothing; it must yield exactly once",
                "ERROR test_twice - asynctestkit.UsageError: fixture 'twice' yielded twice; it must yield exactly once",
                "PASSED test_breaks",
                "PASSED test_twice",
                "SKIPPED [1] test_program.py:31: not here",
                "2 passed, 1 skipped, 4 errors",
            ],
        )


if __name__ == "__main__":
    unittest.main()
