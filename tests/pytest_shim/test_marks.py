"""pytest's marks on async tests, and their effect through async fixtures."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest, summary_of


class MarksTest(PluginTest):
    """Marks count for async tests, and through async fixtures, as they do for plain ones."""

    def test_skip(self) -> None:
        """skip, skipif and pytest.skip: nothing of the test is run, its async fixtures are not opened."""
        source = """
            @pytest.fixture
            async def opened():
                raise AssertionError("it was opened")

            @pytest.fixture
            async def skips():
                await asyncio.sleep(0)
                pytest.skip("in a fixture")

            @pytest.mark.skip(reason="not now")
            async def test_skip(opened): pass

            @pytest.mark.skipif(True, reason="not so")
            async def test_skipif(opened): pass

            @pytest.mark.skipif(False, reason="so")
            async def test_not_skipped(): pass

            async def test_inside():
                pytest.skip("not here")

            async def test_fixture(skips): pass

            @pytest.mark.usefixtures("skips")
            def test_plain(): pass
        """
        lines = self.outcomes(source)
        reasons = {line.rpartition(": ")[2] for line in lines if line.startswith("SKIPPED")}
        self.assertEqual(reasons, {"in a fixture", "not here", "not now", "not so"})
        self.assertEqual(lines[-1], "1 passed, 5 skipped")

    def test_xfail(self) -> None:
        """xfail with `strict`, `raises` and `run`; what fails in an async fixture is expected, too."""
        source = """
            @pytest.fixture
            async def broken():
                raise ValueError("in a fixture")

            @pytest.mark.xfail(reason="expected")
            async def test_fails():
                raise ValueError("in the body")

            @pytest.mark.xfail
            async def test_passes(): pass

            @pytest.mark.xfail(strict=True, reason="it passes")
            async def test_strict(): pass

            @pytest.mark.xfail(raises=ValueError)
            async def test_raises():
                raise ValueError("that one")

            @pytest.mark.xfail(raises=ValueError)
            async def test_raises_another():
                raise KeyError("another")

            @pytest.mark.xfail(run=False)
            async def test_not_run():
                raise SystemExit("it ran")

            async def test_inside():
                pytest.xfail("said inside")

            @pytest.mark.xfail
            async def test_fixture(broken): pass

            @pytest.mark.xfail
            def test_plain(broken): pass
        """
        self.assertEqual(
            sorted(line.partition(" - ")[0].replace(" at setup of", "") for line in self.outcomes(source)),
            [
                "2 failed, 6 xfailed, 1 xpassed",
                "FAILED test_raises_another",
                "FAILED test_strict",
                "XFAIL test_fails",
                "XFAIL test_fixture",
                "XFAIL test_inside",
                "XFAIL test_not_run",
                "XFAIL test_plain",
                "XFAIL test_raises",
                "XPASS test_passes",
            ],
        )

    def test_marks_around_marks(self) -> None:
        """What a mark does not say is said by the marks around it, on functions, methods and test cases alike."""
        source = """
            class Loop(asyncio.SelectorEventLoop): pass

            pytestmark = pytest.mark.asynctestkit(loop_scope="module")

            SEEN = []

            @pytest.mark.asynctestkit(loop_factory=Loop)
            class TestClass:
                @pytest.mark.asynctestkit(timeout=3)
                async def test_method(self):
                    SEEN.append(asyncio.get_running_loop())

                @pytest.mark.asyncio
                async def test_other(self):
                    SEEN.append(asyncio.get_running_loop())

            @pytest.mark.asynctestkit(loop_factory=Loop)
            class CaseTest(asynctestkit.AsyncTestCase):
                @pytest.mark.asynctestkit(timeout=3)
                async def test_case(self):
                    SEEN.append(asyncio.get_running_loop())

            def test_seen():
                assert {type(loop) for loop in SEEN} == {Loop}
                assert SEEN == SEEN[:1] * 3
        """
        self.assert_pass(source, count=4)

    def test_wrong_on_one_test(self) -> None:
        """A mark with a wrong value is an error of its test; others that use the same fixture run."""
        source = """
            @pytest.fixture(scope="module")
            async def value():
                return 3

            @pytest.mark.asynctestkit(timeout="5")
            async def test_wrong(value): pass

            async def test_right(value):
                assert value == 3
        """
        _, said = self.run_pytest(source)
        self.assertEqual(summary_of(said)[-1], "1 passed, 1 error")
        self.assertNotRegex(said, r"\basynctestkit/")  # no lines of ours

    def test_usefixtures(self) -> None:
        """On functions, classes and modules, the nearest mark's first, with plain and async fixtures."""
        source = """
            pytestmark = pytest.mark.usefixtures("of_module")
            used = []

            @pytest.fixture
            async def of_module():
                used.append("module")

            @pytest.fixture
            def plain(of_module):
                used.append("plain")

            @pytest.fixture
            async def of_class():
                used.append("class")
                yield
                used.clear()

            @pytest.mark.usefixtures("plain")
            async def test_function():
                assert used == ["module", "plain"]
                used.clear()

            @pytest.mark.usefixtures("of_class")
            class TestClass:
                async def test_async(self):
                    assert used == ["class", "module"]

                def test_plain(self):
                    assert used == ["class", "module"]
        """
        self.assert_pass(source, count=3)

    def test_parametrize(self) -> None:
        """Stacked, on classes, with ids and marks; params of async fixtures; indirect with and without names."""
        source = """
            @pytest.fixture(params=[1, 2], ids=["one", "two"])
            async def number(request):
                yield request.param

            @pytest.fixture
            async def doubled(request):
                await asyncio.sleep(0)
                return request.param * 2

            @pytest.mark.parametrize("a", [1, pytest.param(2, id="b", marks=pytest.mark.xfail(strict=True))])
            @pytest.mark.parametrize("b", "x")
            async def test_stacked(a, b):
                assert a == 1

            @pytest.mark.parametrize("n", [3])
            class TestClass:
                async def test_it(self, n, number):
                    assert n == 3 and number in (1, 2)

            @pytest.mark.parametrize("doubled", [1], indirect=True)
            async def test_indirect(doubled):
                assert doubled == 2

            @pytest.mark.parametrize(("doubled", "plain"), [(1, 1)], indirect=["doubled"])
            def test_some_indirect(doubled, plain):
                assert (doubled, plain) == (2, 1)

            @pytest.mark.parametrize("number", [7])
            async def test_overridden(number):
                assert number == 7
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "PASSED TestClass::test_it[one-3]",
                "PASSED TestClass::test_it[two-3]",
                "PASSED test_indirect[1]",
                "PASSED test_overridden[7]",
                "PASSED test_some_indirect[1-1]",
                "PASSED test_stacked[x-1]",
                "XFAIL test_stacked[x-b]",
                "6 passed, 1 xfailed",
            ],
        )


if __name__ == "__main__":
    unittest.main()
