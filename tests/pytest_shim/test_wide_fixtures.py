"""Async functions under `@pytest.fixture` that outlive a test, and the loop that their users share."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest


class WideScopesTest(PluginTest):
    """Fixtures that outlive a test, and the tests that join their loop."""

    def test_asked_for_by_a_wider_one(self) -> None:
        """Who uses a plain fixture that has asked for it by name runs on its loop, the second test, too."""
        source = """
            @pytest.fixture(scope="session")
            async def memory():
                yield asyncio.get_running_loop()

            @pytest.fixture(scope="module")
            def database(request):
                return request.getfixturevalue("memory")

            @pytest.fixture
            def session(database):
                return database

            async def test_first(database):
                assert database is asyncio.get_running_loop()

            async def test_second(session):
                assert session is asyncio.get_running_loop()
        """
        self.assert_pass(source, count=2)

    def test_another_of_its_name(self) -> None:
        """A test whose class, or params, have another one of the name does not use it; who overrides it by it does."""
        source = """
            @pytest.fixture(scope="module")
            async def value():
                async with asyncio.timeout(0.1):
                    yield asyncio.get_running_loop()

            class TestOverrides:
                @pytest.fixture
                def value(self, value):
                    return value

                async def test_it(self, value):
                    assert value is asyncio.get_running_loop()

            async def test_fires(value):
                await asyncio.sleep(10)

            class TestOther:
                @pytest.fixture
                def value(self):
                    return 3

                async def test_it(self, value):
                    assert value == 3

            @pytest.mark.parametrize("value", [3])
            async def test_params(value):
                assert value == 3
        """
        lines = self.outcomes(source)
        self.assertEqual(lines[-1], "1 failed, 3 passed")
        self.assertEqual(lines[0], "FAILED test_fires - TimeoutError")

    def test_loops(self) -> None:
        """Users of wider fixtures share one loop whatever the scope; other tests have their own."""
        files = {
            "pkg/__init__.py": "",
            "pkg/test_inner.py": """
                LOOPS = set()

                async def test_package(package, session):
                    LOOPS.add(session)
                    assert package is session is asyncio.get_running_loop()

                class TestClass:
                    async def test_all(self, session, package, module, klass):
                        assert session is package is module is klass is asyncio.get_running_loop()

                    async def test_fresh(self):
                        assert asyncio.get_running_loop() not in LOOPS
            """,
        }
        conftest = """
            def fixture_of(scope, name):
                @pytest.fixture(scope=scope, name=name)
                async def fixture():
                    loop = asyncio.get_running_loop()
                    yield loop
                    assert asyncio.get_running_loop() is loop
                return fixture

            session = fixture_of("session", "session")
            package = fixture_of("package", "package")
            module = fixture_of("module", "module")
            klass = fixture_of("class", "klass")
        """
        source = """
            async def test_module(module):
                assert module is asyncio.get_running_loop()

            async def test_again(module, klass):
                assert module is klass is asyncio.get_running_loop()

            async def test_fresh(request):
                loop = asyncio.get_running_loop()
                assert loop is not request.getfixturevalue("module")

            def test_plain(session):
                assert not session.is_running() and not session.is_closed()
        """
        self.assert_pass(source, ".", count=7, conftest=conftest, files=files)

    def test_objects_of_a_wide_fixture(self) -> None:
        """A server that a module's fixture started, with its task, answers its tests."""
        source = """
            @pytest.fixture(scope="module")
            async def worker():
                queue, answers = asyncio.Queue(), asyncio.Queue()

                async def work():
                    while True:
                        await answers.put(await queue.get() * 2)

                task = asyncio.create_task(work())
                yield queue, answers
                task.cancel()

            @pytest.mark.parametrize("n", range(3))
            async def test_it(worker, n):
                queue, answers = worker
                await queue.put(n)
                async with asyncio.timeout(5):
                    assert await answers.get() == 2 * n
        """
        self.assert_pass(source, count=3)

    def test_life(self) -> None:
        """They are opened once, closed by their scope's end, dependencies last, and the loop after them."""
        source = """
            events = []

            @pytest.fixture(scope="module")
            async def base():
                events.append("open base")
                yield asyncio.get_running_loop()
                events.append("close base")

            @pytest.fixture(scope="class")
            async def derived(base):
                events.append("open derived")
                yield base
                events.append("close derived")

            class TestOne:
                async def test_a(self, derived): pass
                async def test_b(self, derived): pass

            class TestTwo:
                async def test_c(self, derived):
                    TestTwo.loop = derived

            def test_last():
                assert events == ["open base", *["open derived", "close derived"] * 2]
                assert not TestTwo.loop.is_closed()
        """
        conftest = """
            @pytest.fixture(scope="session", autouse=True)
            def around():
                yield
                import sys
                module = sys.modules["test_program"]
                assert module.events[-1] == "close base" and module.TestTwo.loop.is_closed()
        """
        self.assert_pass(source, count=4, conftest=conftest)

    def test_params(self) -> None:
        """A parametrised wide fixture is closed before it is opened with the next value."""
        source = """
            events = []

            @pytest.fixture(scope="module", params=[1, 2])
            async def number(request):
                events.append(("open", request.param))
                yield request.param
                events.append(("close", request.param))

            @pytest.fixture(scope="module", autouse=True)
            def around():
                yield
                assert events == [("open", 1), ("close", 1), ("open", 2), ("close", 2)]

            async def test_a(number): pass
            async def test_b(number): pass
        """
        self.assert_pass(source, count=4)

    def test_narrow_loop(self) -> None:
        """A test that insists on a loop of its own cannot use a wide fixture, and is told so."""
        source = """
            @pytest.fixture(scope="module")
            async def wide():
                yield

            class Loop(asyncio.SelectorEventLoop): pass

            @pytest.mark.asynctestkit(loop_scope="test")
            async def test_own(wide): pass

            async def test_default(wide): pass

            @pytest.mark.asynctestkit(loop_factory=Loop)
            async def test_other(wide): pass
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "FAILED test_other - asynctestkit.FixtureError: "
                "module fixture 'wide' lives on another loop than the running test",
                "FAILED test_own - asynctestkit.ScopeError: "
                "loop_scope 'test' cannot hold fixture 'wide', which lives for a module",
                "PASSED test_default",
                "2 failed, 1 passed",
            ],
        )


if __name__ == "__main__":
    unittest.main()
