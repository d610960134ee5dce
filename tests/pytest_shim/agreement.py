"""A suite of more than a hundred tests with every outcome there is, and what tells them under each runner."""

from __future__ import annotations

from typing import Final

SUITE: Final = """
from asynctestkit import AsyncTestCase, async_hook, async_test, fixture, parametrize


@fixture
async def number():
    yield 1


@fixture(scope="module")
async def wide():
    yield asyncio.get_running_loop()


async def act(kind):
    await asyncio.sleep(0)
    if kind == "fail":
        raise AssertionError("failed")
    if kind == "error":
        raise ValueError("broke")
    if kind == "skip":
        raise unittest.SkipTest("not here")


KINDS = ["pass", "fail", "error", "skip"]


class KindsTest(AsyncTestCase):
    @parametrize("kind", KINDS)
    @parametrize("n", range(6))
    async def test_body(self, kind, n):
        await act(kind)

    @parametrize("kind", KINDS)
    @parametrize("n", range(3))
    async def test_fixture(self, kind, n, number, wide):
        self.assertEqual(number, 1)
        await act(kind)

    @parametrize("n", range(6))
    @unittest.expectedFailure
    async def test_expected(self, n):
        await act("fail")

    @unittest.expectedFailure
    async def test_unexpected(self):
        pass

    @unittest.skip("not now")
    async def test_skipped(self):
        raise AssertionError("it ran")

    async def test_returns(self):
        return 1

    async def test_yields(self):
        yield 1


class SetUpTest(AsyncTestCase):
    async def asyncSetUp(self):
        await act(self._testMethodName.rpartition("_")[2])

    async def test_pass(self): pass
    async def test_fail(self): pass
    async def test_error(self): pass
    async def test_skip(self): pass


class TearDownTest(SetUpTest):
    async def asyncSetUp(self): pass

    async def asyncTearDown(self):
        await act(self._testMethodName.rpartition("_")[2])


class CleanupTest(SetUpTest):
    async def asyncSetUp(self):
        self.addAsyncCleanup(act, self._testMethodName.rpartition("_")[2])


class SharedTest(AsyncTestCase):
    @classmethod
    async def asyncSetUpClass(cls):
        cls.loop_of_class = asyncio.get_running_loop()

    @parametrize("kind", KINDS)
    @parametrize("n", range(3))
    async def test_it(self, kind, n):
        self.assertIs(asyncio.get_running_loop(), self.loop_of_class)
        await act(kind)


class PlainTest(unittest.TestCase):
    @async_hook
    async def setUp(self):
        self.task = asyncio.current_task()

    @async_test
    async def test_pass(self):
        self.assertIs(self.task, asyncio.current_task())

    @async_test
    async def test_fail(self):
        await act("fail")

    @async_test
    async def test_error(self):
        await act("error")


@async_test
@parametrize("kind", KINDS)
@parametrize("n", range(7))
async def test_function(kind, n, number):
    assert number == 1
    await act(kind)


@async_test(timeout=0.2)
async def test_overruns():
    await asyncio.Event().wait()


class PlainMethodsTest(AsyncTestCase):
    def setUp(self):
        self.addCleanup(self.end, self._testMethodName.rpartition("_")[2])

    def end(self, kind):
        if kind == "late":
            raise ValueError("at cleanup")

    def test_pass(self): pass
    def test_fail(self): self.assertEqual(1, 2)
    def test_error(self): raise ValueError("broke")
    def test_skip(self): self.skipTest("not here")
    def test_late(self): pass

    @unittest.expectedFailure
    def test_expected(self): raise ValueError("expected")


@unittest.skip("the whole class")
class SkippedTest(AsyncTestCase):
    async def test_a(self): raise AssertionError("it ran")
    def test_b(self): raise AssertionError("it ran")


class BothTest(AsyncTestCase):
    # What fails in the body, and then again in the tear-down.
    async def asyncTearDown(self):
        raise KeyError("torn down")

    async def test_fail(self): self.fail("in the body")
    async def test_skip(self): self.skipTest("in the body")

    @unittest.expectedFailure
    async def test_expected(self): raise ValueError("in the body")


class SubTest(AsyncTestCase):
    @parametrize("kinds", [["pass"], ["pass", "fail"], ["fail", "error", "pass"], ["error", "error"]])
    async def test_some(self, kinds):
        for n, kind in enumerate(kinds):
            with self.subTest("at", n=n):
                await act(kind)

    async def test_then_fails(self):
        with self.subTest(n=1):
            await act("pass")
        await act("fail")

    async def test_nested(self):
        with self.subTest(n=1):
            with self.subTest(z=2):
                await act("error")


class TasksTest(AsyncTestCase):
    async def test_group(self):
        async with asyncio.TaskGroup() as group:
            group.create_task(act("fail"))

    async def test_cancelled(self):
        asyncio.current_task().cancel()
        await asyncio.sleep(0)


@fixture
async def breaks_late():
    yield
    raise ValueError("at close")


@fixture
async def breaks():
    raise ValueError("at open")


@async_test
async def test_breaks(breaks): pass


@async_test
async def test_breaks_late(breaks_late): pass
"""

TELLING: Final = """
import json

QUOTES = chr(34) + chr(39)

def told(found):
    # Failed subtests stand for their test, and else the first thing that happened to it.
    return {name: kinds[1:] or [str(kinds[0])] for name, kinds in found.items()}

def params(values):
    # pytest hands on their repr, and between workers the repr of that.
    return " in " + ", ".join(f"{name}={str(value).strip(QUOTES)}" for name, value in sorted(values.items()))

def of(error):
    return "fail" if issubclass(error, AssertionError) else "error"
"""

UNDER_UNITTEST: Final = """
import unittest
from telling import json, of, params, told

class Result(unittest.TestResult):
    found = {}

    def note(self, test, outcome):
        kinds = self.found.setdefault(test.id(), [None])
        kinds[0] = kinds[0] or outcome

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.found.setdefault(test.id(), [None]).append(of(error[0]) + params(subtest.params))

    def addSuccess(self, test): self.note(test, "pass")
    def addFailure(self, test, error): self.note(test, "fail")
    def addError(self, test, error): self.note(test, "error")
    def addSkip(self, test, reason): self.note(test, f"skip: {reason}")
    def addExpectedFailure(self, test, error): self.note(test, "expected failure")
    def addUnexpectedSuccess(self, test): self.note(test, "unexpected success")

unittest.defaultTestLoader.loadTestsFromName("test_suite").run(Result())
print(json.dumps(told(Result.found)))
"""

UNDER_PYTEST: Final = """
import os
from telling import json, of, params, told

found = {}

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    report.kind = kind_of(report, call)
    return report

def kind_of(report, call):
    if hasattr(report, "wasxfail"):
        return "expected failure" if report.skipped else "unexpected success"
    if report.skipped:
        return "skip: " + report.longrepr[2].removeprefix("Skipped: ")
    if report.failed:
        return "unexpected success" if "Unexpected success" in report.longreprtext else of(call.excinfo.type)

def pytest_runtest_logreport(report):
    name = report.nodeid.replace(".py::", ".", 1).replace("::", ".")
    kinds = found.setdefault(name, [None])
    if hasattr(report, "context"):
        if report.failed:
            kinds.append(report.kind + params(report.context.kwargs))
    else:
        kinds[0] = kinds[0] or report.kind

def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        outcomes = {name: [kinds[0] or "pass", *kinds[1:]] for name, kinds in found.items()}
        with open(os.environ["FOUND"], "w") as file:
            json.dump(told(outcomes), file)
"""
