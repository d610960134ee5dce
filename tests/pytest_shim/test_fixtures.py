"""Async functions under `@pytest.fixture`: every scope, any mix, one task, context variables, scopes that fire."""

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

    def test_getfixturevalue(self) -> None:
        """A plain fixture may ask by name; a running test may not, and is told what to do instead."""
        source = """
            @pytest.fixture
            async def number():
                yield asyncio.current_task()

            @pytest.fixture
            def by_name(request):
                return request.getfixturevalue("number")

            async def test_by_name(by_name):
                assert by_name is asyncio.current_task()

            def test_plain(request):
                assert request.getfixturevalue("number") is not None

            async def test_running(request):
                request.getfixturevalue("number")
        """
        outcomes = self.outcomes(source)
        self.assertEqual(outcomes[1:], ["PASSED test_by_name", "PASSED test_plain", "1 failed, 2 passed"])
        self.assertRegex(
            outcomes[0],
            r"FAILED test_running - asynctestkit.FixtureError: "
            r"async fixture 'number' cannot be opened by getfixturevalue\(\) in a running test",
        )


class WideScopesTest(PluginTest):
    """Fixtures that outlive a test, and the tests that join their loop."""

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


class VariablesTest(PluginTest):
    """Context variables."""

    def test_seen(self) -> None:
        """What a fixture sets is seen by later fixtures, the test and the fixture's end, plain or async."""
        source = """
            var = contextvars.ContextVar("var")

            @pytest.fixture
            async def first():
                token = var.set("first")
                yield
                assert var.get() in ("second", "test")
                var.reset(token)

            @pytest.fixture
            def second(first):
                assert var.get() == "first"
                token = var.set("second")
                yield
                assert var.get() in ("second", "test")

            async def test_async(second):
                assert var.get() == "second"
                var.set("test")

            def test_plain(second):
                assert var.get() == "second"

            def test_gone():
                assert var.get(None) is None
        """
        self.assertEqual(self.outcomes(source)[-1:], ["3 passed"])

    def test_wide(self) -> None:
        """What a wide fixture sets holds for the tests of its scope; what a test sets on top does not stay."""
        source = """
            var = contextvars.ContextVar("var")

            class TestInside:
                @pytest.fixture(scope="class", autouse=True)
                @classmethod
                async def wide(cls):
                    var.set("wide")
                    yield
                    assert var.get() == "wide"

                @pytest.mark.parametrize("n", range(2))
                async def test_async(self, n):
                    assert var.get() == "wide"
                    var.set("test")

                def test_plain(self):
                    assert var.get() == "wide"

            def test_outside():
                assert var.get(None) is None
        """
        self.assert_pass(source, count=4)


class ScopesThatFireTest(PluginTest):
    """Timeouts and task groups that fixtures hold open over their `yield`."""

    def test_of_a_test(self) -> None:
        """They end the test, whose failure is their own error; what is left of the fixtures is closed once."""
        source = """
            closed = []

            @pytest.fixture
            async def limit():
                async with asyncio.timeout(0.02):
                    yield

            @pytest.fixture
            def between(limit):
                yield
                closed.append("between")

            @pytest.fixture
            async def beside(between):
                yield
                closed.append("beside")

            async def fail():
                raise ValueError("child")

            @pytest.fixture
            async def group():
                async with asyncio.TaskGroup() as group:
                    yield group

            async def test_timeout(beside):
                await asyncio.Event().wait()

            async def test_child(group):
                group.create_task(fail())
                await asyncio.Event().wait()

            async def test_in_time(limit, group):
                group.create_task(asyncio.sleep(0))

            def test_closed_once():
                assert closed == ["beside", "between"]
        """
        child, *others = self.outcomes(source)
        self.assertRegex(child, "^FAILED test_child - .*ExceptionGroup")
        self.assertEqual(
            others,
            [
                "FAILED test_timeout - TimeoutError",
                "PASSED test_closed_once",
                "PASSED test_in_time",
                "2 failed, 2 passed",
            ],
        )

    def test_in_set_up(self) -> None:
        """One that fires while a later fixture is opened is that fixture's error, with its cause."""
        source = """
            @pytest.fixture
            async def limit():
                async with asyncio.timeout(0.02):
                    yield

            @pytest.fixture
            async def slow(limit):
                await asyncio.Event().wait()

            async def test_it(slow): pass
        """
        self.assertEqual(self.outcomes(source), ["ERROR test_it - TimeoutError", "1 error"])

    def test_of_a_module(self) -> None:
        """One of a wide fixture ends the running test, and fails each later one that uses it, at once."""
        source = """
            @pytest.fixture(scope="module")
            async def limit():
                async with asyncio.timeout(0.02):
                    yield

            async def test_running(limit):
                await asyncio.Event().wait()

            async def test_later(limit):
                raise AssertionError("it ran")

            async def test_other():
                pass
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "FAILED test_later - TimeoutError",
                "FAILED test_running - TimeoutError",
                "PASSED test_other",
                "2 failed, 1 passed",
            ],
        )

    def test_anyio(self) -> None:
        """anyio's cancel scopes and task groups may be held open, too."""
        try:
            import anyio
        except ImportError:
            self.skipTest("anyio is not installed")
        self.assertTrue(anyio)
        source = """
            import anyio

            @pytest.fixture
            async def limit():
                with anyio.fail_after(0.02):
                    yield

            @pytest.fixture
            async def group():
                async with anyio.create_task_group() as group:
                    yield group
                    group.cancel_scope.cancel()

            async def test_limit(limit):
                await anyio.sleep_forever()

            async def test_group(group):
                group.start_soon(anyio.sleep_forever)
                await anyio.sleep(0)
        """
        self.assertEqual(
            self.outcomes(source), ["FAILED test_limit - TimeoutError", "PASSED test_group", "1 failed, 1 passed"]
        )


class XunitTest(PluginTest):
    """Set-up and tear-down functions in the style of xunit."""

    def test_all_levels(self) -> None:
        """Async ones are awaited where fixtures of their scope live; plain and async ones mix."""
        source = """
            events = []

            async def setup_module(module):
                events.append("setup_module")
                module.loop = asyncio.get_running_loop()

            def teardown_module():
                events.append("teardown_module")
                assert not loop.is_running()
                assert events == [
                    "setup_module", "test_function", "teardown_function", "test_plain", "teardown_function",
                    "setup_class", "setup_method", "teardown_method", "setup_method", "teardown_method",
                    "teardown_class", "teardown_module",
                ]

            async def setup_function(function):
                events.append(function.__name__)

            async def teardown_function():
                events.append("teardown_function")

            async def test_function():
                assert loop is asyncio.get_running_loop()

            def test_plain():
                assert not loop.is_running()

            class TestClass:
                @classmethod
                async def setup_class(cls):
                    events.append("setup_class")
                    assert loop is asyncio.get_running_loop()

                @classmethod
                async def teardown_class(cls):
                    events.append("teardown_class")

                async def setup_method(self, method):
                    events.append("setup_method")
                    self.task = asyncio.current_task()

                async def teardown_method(self):
                    events.append("teardown_method")
                    assert self.task is asyncio.current_task()

                async def test_method(self):
                    assert self.task is asyncio.current_task()

                def test_plain(self):
                    assert not self.task.done()
        """
        self.assert_pass(source, count=4)

    def test_failures(self) -> None:
        """What fails in one is an error at set-up or tear-down, as for plain ones."""
        source = """
            class TestSetUp:
                async def setup_method(self):
                    raise ValueError("at set-up")

                async def teardown_method(self):
                    raise AssertionError("it ran")

                async def test_it(self): pass

            class TestTearDown:
                async def teardown_class(cls):
                    raise ValueError("at tear-down")

                def test_it(self): pass
        """
        self.assertEqual(
            self.outcomes(source),
            [
                "ERROR TestSetUp::test_it - ValueError: at set-up",
                "ERROR TestTearDown::test_it - ValueError: at tear-down",
                "PASSED TestTearDown::test_it",
                "1 passed, 2 errors",
            ],
        )


if __name__ == "__main__":
    unittest.main()
