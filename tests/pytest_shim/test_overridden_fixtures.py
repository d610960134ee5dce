"""`@asynctestkit.fixture` in plain pytest suites: classes in pytest's style, and `@pytest.mark.parametrize`."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest


class ClassTest(PluginTest):
    """Methods of a class without a base."""

    def test_of_the_module(self) -> None:
        """Its async methods take fixtures of the module, in their own task."""
        source = """
            from asynctestkit import fixture

            @fixture
            async def task():
                yield asyncio.current_task()

            @fixture(scope="module")
            async def wide():
                yield asyncio.get_running_loop()

            class TestClass:
                async def test_async(self, task):
                    assert task is asyncio.current_task()

                async def test_wide(self, wide, task):
                    assert wide is asyncio.get_running_loop()
                    assert task is asyncio.current_task()

                def test_plain(self, task):
                    assert not task.done()

                @staticmethod
                async def test_static(task):
                    assert task is asyncio.current_task()
        """
        self.assert_pass(source, count=4)

    def test_of_the_class(self) -> None:
        """A fixture that is a method gets the test's own instance; a subclass may override it, or ask for it."""
        source = """
            from asynctestkit import fixture

            events = []

            @fixture
            async def name():
                return "module"

            class TestBase:
                @fixture
                async def name(self, name):
                    self.task = asyncio.current_task()
                    yield f"{name}.base"
                    events.append(type(self).__name__)

                async def test_it(self, name):
                    assert name == "module.base"
                    assert self.task is asyncio.current_task()

            class TestSub(TestBase):
                @fixture
                async def name(self, name):
                    return f"{name}.sub"

                async def test_it(self, name):
                    assert name == "module.base.sub"
                    assert self.task is asyncio.current_task()

            async def test_outside(name):
                assert name == "module"
                assert events == ["TestBase", "TestSub"]
        """
        self.assert_pass(source, count=3)

    def test_of_the_class_for_all_tests(self) -> None:
        """One with `autouse`, and one that lives as long as the class, are opened for its tests and no others."""
        source = """
            from asynctestkit import fixture

            events = []

            class TestClass:
                @fixture(autouse=True)
                async def around(self):
                    events.append("around")
                    yield

                @fixture(scope="class")
                @classmethod
                async def shared(cls):
                    events.append("open")
                    yield asyncio.get_running_loop()
                    events.append("close")

                async def test_a(self, shared):
                    assert shared is asyncio.get_running_loop()

                async def test_b(self, shared):
                    assert shared is asyncio.get_running_loop()

            async def test_after():
                assert sorted(events) == ["around", "around", "close", "open"]
        """
        self.assert_pass(source, count=3)


class ParametrizeTest(PluginTest):
    """`@pytest.mark.parametrize` with the name of a fixture goes before the fixture, as before pytest's own."""

    fixtures = """
        from asynctestkit import async_test, fixture

        @fixture(params=[1, 2])
        async def number(param):
            return param * 10

        @fixture
        async def plain():
            return 0

        @fixture
        async def more(number):
            return number + 1
    """

    def names(self, source: str) -> list[str]:
        lines = self.outcomes(self.fixtures + source)
        self.assertEqual(lines[-1], f"{len(lines) - 1} passed", lines)
        return [line.removeprefix("PASSED ") for line in lines[:-1]]

    def test_direct(self) -> None:
        """The test is run for the mark's values only, whether the fixture has params or not."""
        source = """
        @pytest.mark.parametrize("number", ["a", "b"])
        async def test_async(number):
            assert number in "ab"

        @pytest.mark.parametrize("number, plain", [("a", "b")])
        def test_plain(number, plain):
            assert (number, plain) == ("a", "b")

        class TestClass:
            @pytest.mark.parametrize("more", [7])
            async def test_method(self, more):
                assert more == 7

        @pytest.mark.parametrize("plain", [8])
        @async_test
        async def test_decorated(plain):
            assert plain == 8

        async def test_none(number):
            assert number in (10, 20)
        """
        self.assertEqual(
            self.names(source),
            [
                "TestClass::test_method[7]",
                "test_async[a]",
                "test_async[b]",
                "test_decorated[8]",
                "test_none[1]",
                "test_none[2]",
                "test_plain[a-b]",
            ],
        )

    def test_below(self) -> None:
        """Fixtures that ask for that name get the mark's value, too."""
        source = """
        @pytest.mark.parametrize("number", [100, 200])
        async def test_it(number, more):
            assert more == number + 1
        """
        self.assertEqual(self.names(source), ["test_it[100]", "test_it[200]"])

    def test_beside(self) -> None:
        """A parametrised fixture beside it still has all its params."""
        source = """
        @pytest.mark.parametrize("plain", [5])
        async def test_it(plain, number):
            assert plain == 5
            assert number in (10, 20)
        """
        self.assertEqual(self.names(source), ["test_it[1-5]", "test_it[2-5]"])

    def test_indirect(self) -> None:
        """With `indirect` the fixture is made with the mark's values as its params."""
        source = """
        @pytest.mark.parametrize("number", [5, 6], indirect=True)
        async def test_all(number, request):
            assert number == 10 * int(request.node.callspec.id)

        @pytest.mark.parametrize(("number", "plain"), [(5, "b")], indirect=["number"])
        async def test_some(number, plain, more):
            assert (number, plain, more) == (50, "b", 51)
        """
        self.assertEqual(self.names(source), ["test_all[5]", "test_all[6]", "test_some[5-b]"])


if __name__ == "__main__":
    unittest.main()
