"""What plain code of pytest's ends after the body of a test: it is none of the test's faults."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import STUBBORN, PluginTest


class AfterBodyTest(PluginTest):
    """Tasks and servers that fixtures and tear-down functions end."""

    def test_factory(self) -> None:
        """A plain fixture that ends what was made by it, before and after async ones."""
        source = """
            @pytest.fixture
            def make_task():
                made = []

                def make(coroutine):
                    made.append(asyncio.create_task(coroutine))

                yield make
                for task in made:
                    task.cancel()

            @pytest.fixture
            async def value():
                yield 1

            async def test_first(make_task):
                make_task(asyncio.sleep(100))

            async def test_between(value, make_task):
                make_task(asyncio.sleep(100))

            async def test_around(make_task, value):
                make_task(asyncio.sleep(100))
        """
        self.assert_pass(source, count=3)

    def test_names(self) -> None:
        """Whatever the fixtures are called: names that begin with an underscore, or are those of pytest's own."""
        source = """
            TASKS = []

            @pytest.fixture(autouse=True)
            def _end_tasks():
                yield
                while TASKS:
                    TASKS.pop().cancel()

            @pytest.fixture
            def cache():
                tasks = []
                yield tasks
                for task in tasks:
                    task.cancel()

            @pytest.fixture
            def tmp_path(tmp_path):
                tasks = []
                yield tasks
                for task in tasks:
                    task.cancel()

            async def test_underscore():
                TASKS.append(asyncio.create_task(asyncio.sleep(100)))

            async def test_of_ours(cache):
                cache.append(asyncio.create_task(asyncio.sleep(100)))

            async def test_overridden(tmp_path):
                tmp_path.append(asyncio.create_task(asyncio.sleep(100)))
        """
        self.assert_pass(source, count=3)

    def test_finalisers(self) -> None:
        """What a test or a fixture asks `request` to call."""
        source = """
            @pytest.fixture
            def closing(request):
                return lambda thing: request.addfinalizer(thing.close)

            async def serve():
                return await asyncio.start_server(print, "127.0.0.1", 0)

            async def test_own(request):
                request.addfinalizer((await serve()).close)

            async def test_of_a_fixture(closing):
                closing(await serve())
        """
        self.assert_pass(source, count=2)

    def test_tear_down_functions(self) -> None:
        """Plain ones, of a class and of a module."""
        source = """
            def teardown_function(function):
                if hasattr(function, "task"):
                    function.task.cancel()

            async def test_function():
                test_function.task = asyncio.create_task(asyncio.sleep(100))

            class TestMethod:
                def teardown_method(self):
                    self.task.cancel()

                async def test_it(self):
                    self.task = asyncio.create_task(asyncio.sleep(100))
        """
        self.assert_pass(source, count=2)

    def test_case(self) -> None:
        """A fixture of pytest's around a test of AsyncTestCase."""
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                @pytest.fixture(autouse=True)
                def ending(self):
                    yield
                    self.task.cancel()

                async def test_it(self):
                    self.task = asyncio.create_task(asyncio.sleep(100))
        """
        self.assert_pass(source, count=1)

    def test_params(self) -> None:
        """A plain fixture that has params, of its own or of the test."""
        source = """
            @pytest.fixture(params=[1])
            def own(request):
                found = []
                yield found
                for task in found:
                    task.cancel()

            @pytest.fixture
            def given(request):
                found = []
                yield found
                for task in found:
                    task.cancel()

            async def test_own(own):
                own.append(asyncio.create_task(asyncio.sleep(100)))

            @pytest.mark.parametrize("given", [1], indirect=True)
            async def test_given(given):
                given.append(asyncio.create_task(asyncio.sleep(100)))
        """
        self.assert_pass(source, count=2)

    def test_not_after_it(self) -> None:
        """What outlives the test, and a plain value, ends nothing of it: what it leaves fails the test itself."""
        source = """
            @pytest.fixture(scope="module")
            def module():
                yield

            @pytest.fixture(scope="session", autouse=True)
            def session():
                yield

            async def leave():
                asyncio.create_task(asyncio.sleep(100))

            async def test_it(module):
                await leave()

            @pytest.mark.parametrize("number", [1])
            async def test_params(number):
                await leave()
        """
        lines = self.outcomes(source)
        self.assertEqual(
            [line.partition(" - ")[0] for line in lines], ["FAILED test_it", "FAILED test_params[1]", "2 failed"]
        )

    def test_left(self) -> None:
        """What none of them ends is told when all are over."""
        source = """
            @pytest.fixture
            def nothing():
                yield

            async def test_it(nothing):
                test_it.task = asyncio.create_task(asyncio.sleep(100))
        """
        lines = self.outcomes(source)
        self.assertEqual(lines[-1], "1 passed, 1 error")
        self.assertIn("task sleep() was still pending", lines[0])


class OtherItemsTest(PluginTest):
    """Items that are no test functions, and functions that only look async."""

    def test_docstring(self) -> None:
        """An example in a docstring, with an async fixture that is used everywhere."""
        conftest = """
            @pytest.fixture(autouse=True)
            async def around():
                yield
        """
        source = '''
            def double(number):
                """
                >>> double(2)
                4
                """
                return 2 * number

            async def test_it():
                pass
        '''
        self.assert_pass(source, "--doctest-modules", count=2, conftest=conftest)

    def test_manager(self) -> None:
        """A fixture that gives an async context manager is a plain one."""
        source = """
            import contextlib

            @pytest.fixture
            @contextlib.asynccontextmanager
            async def manager():
                yield 1

            def test_plain(manager):
                assert hasattr(manager, "__aenter__")

            async def test_async(manager):
                async with manager as value:
                    assert value == 1
        """
        self.assert_pass(source, count=2)

    def test_error_of_the_closing(self) -> None:
        """An error that has no line of the user's is shown."""
        source = """
            from conftest import stubborn

            @asynctestkit.fail_on(pending_tasks=False)
            class CaseTest(asynctestkit.AsyncTestCase):
                timeout = 0.5

                async def test_it(self):
                    self.task = asyncio.create_task(stubborn(), name="stubborn")
        """
        _, said = self.run_pytest(source, conftest=STUBBORN)
        self.assertIn("LoopError: task 'stubborn' did not end when it was cancelled", said)

    def test_sections(self) -> None:
        """A plain async test has its await trees, and what was found beside its failure, in sections of its report."""
        source = """
            @pytest.mark.asynctestkit(timeout=0.3)
            async def test_hangs():
                await asyncio.Event().wait()

            async def test_fails():
                asyncio.sleep(0)
                assert False
        """
        _, said = self.run_pytest(source)
        self.assertRegex(said, r"- Captured await trees call -+\n1 task on ")
        self.assertRegex(said, r"- Captured findings call -+\ncoroutine 'sleep' was never awaited\n")


if __name__ == "__main__":
    unittest.main()
