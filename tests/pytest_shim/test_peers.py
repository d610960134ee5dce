"""Beside other plugins, each in a virtual environment of its own: our tests say the same, theirs are left alone."""

from __future__ import annotations

import re
import sys
import unittest
from typing import Final

from tests.pytest_shim.environments import ASKED_FOR, extras, python_with
from tests.pytest_shim.support import ANYIO_TEST, missing, run_pytest, summary_of

_NOT_ASKED: Final = "made for ASYNCTESTKIT_PEERS=1 only: virtual environments with other plugins"


def setUpModule() -> None:
    """Say aloud what is left out, also where only dots are printed."""
    if not ASKED_FOR:
        print(f"\n{__name__} is skipped: {_NOT_ASKED}", file=sys.__stderr__, flush=True)
        raise unittest.SkipTest(_NOT_ASKED)
    if missing():
        raise unittest.SkipTest(missing() or "")


OURS: Final = """
from asynctestkit import AsyncTestCase, async_test, fixture

@pytest.fixture
async def narrow():
    yield asyncio.current_task()

@pytest.fixture(scope="module")
async def wide():
    yield asyncio.get_running_loop()

@fixture
async def ours():
    return asyncio.get_running_loop()

async def test_narrow(narrow):
    assert narrow is asyncio.current_task()

async def test_wide(wide):
    assert wide is asyncio.get_running_loop()

async def test_fails():
    assert await asyncio.sleep(0, 1) == 2

@pytest.mark.parametrize("n", [1, 2])
async def test_many(n):
    await asyncio.sleep(0)

def test_plain(narrow):
    asyncio.run(asyncio.sleep(0))

class CaseTest(AsyncTestCase):
    async def asyncSetUp(self):
        self.loop_of_set_up = asyncio.get_running_loop()

    async def test_it(self, narrow, ours, tmp_path):
        self.assertIs(narrow, asyncio.current_task())
        self.assertIs(ours, self.loop_of_set_up)

    async def test_sub(self):
        with self.subTest(n=1):
            await asyncio.sleep(0)

    async def test_fails(self):
        self.assertEqual(await asyncio.sleep(0, 1), 2)

@async_test
async def test_decorated(narrow):
    assert narrow is asyncio.current_task()
"""

EXPECTED: Final = [
    "FAILED CaseTest::test_fails",
    "FAILED test_fails",
    "PASSED CaseTest::test_it",
    "PASSED CaseTest::test_sub",
    "PASSED test_decorated",
    "PASSED test_many[1]",
    "PASSED test_many[2]",
    "PASSED test_narrow",
    "PASSED test_plain",
    "PASSED test_wide",
    "2 failed, 8 passed",
]

THEIRS_ASYNCIO: Final = """
import pytest_asyncio

@pytest_asyncio.fixture
async def value():
    yield asyncio.get_running_loop()

@pytest.mark.asyncio
async def test_marked(value):
    assert value is asyncio.get_running_loop()
    assert "HostTask" not in repr(asyncio.current_task())
"""

BESIDE_AUTO: Final = """
import pytest_asyncio
from asynctestkit import AsyncTestCase, async_test, fixture

runs = []

@pytest.fixture(autouse=True)
def count(request):
    runs.append(request.node.nodeid)

@pytest.fixture
async def narrow():
    yield asyncio.get_running_loop()

@pytest_asyncio.fixture
async def theirs():
    yield asyncio.get_running_loop()

def runner():
    return "ours" if "HostTask" in repr(asyncio.current_task()) else "theirs"

async def test_function(narrow, theirs):
    assert narrow is theirs is asyncio.get_running_loop()
    assert runner() == UNMARKED

@pytest.mark.asyncio
async def test_marked(theirs):
    assert theirs is asyncio.get_running_loop()
    assert runner() == "theirs"

class TestClass:
    async def test_method(self, narrow):
        assert narrow is asyncio.get_running_loop()
        assert runner() == UNMARKED

def test_plain(narrow, theirs):
    assert not narrow.is_running()
    assert not theirs.is_running()

@fixture
async def ours():
    return asyncio.get_running_loop()

@async_test
async def test_decorated(narrow, theirs, ours):
    assert narrow is theirs is ours is asyncio.get_running_loop()
    assert runner() == "ours"

class CaseTest(AsyncTestCase):
    @pytest.fixture(autouse=True)
    async def around(self):
        self.loop_around = asyncio.get_running_loop()
        yield

    async def test_it(self, narrow, theirs, ours):
        assert narrow is theirs is ours is self.loop_around is asyncio.get_running_loop()
        assert runner() == "ours"

class PlainTest(unittest.TestCase):
    @pytest.fixture(autouse=True)
    async def around(self):
        self.loop = asyncio.get_running_loop()
        yield

    @async_test
    async def test_it(self):
        assert self.loop is asyncio.get_running_loop()
        assert runner() == "ours"

def test_that_each_ran_once():
    assert len(runs) == len(set(runs))
"""

FIXTURES_OF_BOTH: Final = """
@pytest.fixture
async def taken():
    yield asyncio.get_running_loop()

def test_plain(value, taken):
    assert value is taken and not taken.is_running()

class CaseTest(asynctestkit.AsyncTestCase):
    async def test_declared(self, value, taken):
        self.assertIs(taken, asyncio.get_running_loop())
        self.assertIs(value, taken)
"""

QUIET: Final = "asyncio_default_fixture_loop_scope = function\n"
"""Without it, pytest-asyncio 1.x warns in every run."""

ANYIO_EVERYWHERE: Final = """
pytestmark = pytest.mark.anyio

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
class CaseTest(asynctestkit.AsyncTestCase):
    async def asyncSetUp(self):
        self.task = asyncio.current_task()

    async def test_ours(self):
        self.assertIs(self.task, asyncio.current_task())

@asynctestkit.async_test
async def test_decorated():
    assert "TestRunner" not in repr(asyncio.current_task())

class TestTheirs:
    async def test_theirs(self):
        assert "TestRunner" in repr(asyncio.current_task())

def test_plain(): pass
"""

TIMES_OUT: Final = """
@pytest.fixture
async def fixture():
    yield
    print("closed")

@pytest.mark.timeout(0.2)
async def test_hangs(fixture):
    await asyncio.Event().wait()

class CaseTest(asynctestkit.AsyncTestCase):
    @pytest.mark.timeout(0.2)
    async def test_hangs(self):
        await asyncio.Event().wait()

async def test_next(fixture):
    await asyncio.sleep(0)
"""

SUBTESTS: Final = """
@pytest.fixture
async def limit():
    yield 1

async def test_function(subtests, limit):
    for n in range(3):
        with subtests.test(n=n):
            await asyncio.sleep(0)
            assert n < limit

class CaseTest(asynctestkit.AsyncTestCase):
    async def test_case(self):
        for n in range(3):
            with self.subTest(n=n):
                await asyncio.sleep(0)
                self.assertLess(n, 1)
"""


class PeersTest(unittest.TestCase):
    """Our tests beside other plugins."""

    maxDiff = None

    def run_with(self, peer: str, *arguments: str, source: str = OURS, ini: str = "") -> str:
        """Run a module in an environment and return what pytest printed."""
        files = {"test_program.py": source, "pytest.ini": f"[pytest]\n{ini}"}
        finished = run_pytest(files, "-q", "-rA", "--tb=short", *arguments, python=python_with(peer))
        self.assertNotEqual(summary_of(finished.stdout), [], finished.stdout + finished.stderr)
        return finished.stdout

    def outcomes(self, peer: str, *arguments: str, source: str = OURS, ini: str = "") -> list[str]:
        """Return the outcomes of a module's tests; passed subtests, which some versions tell, do not count."""
        said = self.run_with(peer, *arguments, source=source, ini=ini)
        lines = [line.partition(" - ")[0].replace("test_program.py::", "") for line in summary_of(said)]
        lines[-1] = re.sub(r", \d+ subtests passed", "", lines[-1])
        return [line for line in lines if not re.match(r"SUBPASSED|.* SUBPASS |\[.*\] SUBPASS", line)]

    def test_all_can_be_made(self) -> None:
        """Each environment holds the plugin as an installation brings it: by its entry point."""
        for peer in extras():
            with self.subTest(peer):
                said = self.run_with(peer, "--trace-config", source="def test_it(): pass", ini=QUIET)
                self.assertIn("PLUGIN registered: <module 'asynctestkit.pytest_plugin'", said)

    def test_asyncio_strict(self) -> None:
        """pytest-asyncio in strict mode runs what has its mark, and nothing else."""
        ini = f"{QUIET}asyncio_mode = strict\n"
        self.assertEqual(self.outcomes("asyncio", ini=ini), EXPECTED)
        both = self.outcomes("asyncio", source=OURS + THEIRS_ASYNCIO, ini=ini)
        self.assertEqual(both, [*sorted([*EXPECTED[:-1], "PASSED test_marked"]), "2 failed, 9 passed"])

    def test_asyncio_auto(self) -> None:
        """In auto mode async functions are pytest-asyncio's; classes of ours and decorated functions stay ours.

        So do the fixtures that those use, whoever declares them.
        """
        ini = f"{QUIET}asyncio_mode = auto\n"
        ours = self.outcomes("asyncio", "-k", "CaseTest or decorated", ini=ini)
        expected = [line for line in EXPECTED if "CaseTest" in line or "decorated" in line]
        self.assertEqual(ours[:-1], expected)
        theirs = THEIRS_ASYNCIO.replace("@pytest.mark.asyncio\n", "") + FIXTURES_OF_BOTH
        passed = ["CaseTest::test_declared", "test_marked", "test_plain"]
        self.assertEqual(
            self.outcomes("asyncio", source=theirs, ini=ini), [*(f"PASSED {name}" for name in passed), "3 passed"]
        )

    def test_whose_each_test_is(self) -> None:
        """Beside pytest-asyncio each test is run once, by one plugin, with fixtures of either on its loop."""
        for mode, unmarked in (("strict", "ours"), ("auto", "theirs")):
            with self.subTest(mode):
                source = f"{BESIDE_AUTO}\nUNMARKED = {unmarked!r}\n"
                said = self.outcomes("asyncio", "-W", "error", source=source, ini=f"{QUIET}asyncio_mode = {mode}\n")
                self.assertEqual(said[-1], "8 passed", said)

    def test_loop_factories(self) -> None:
        """The hook that pytest-asyncio has for loop factories is left to it, and its tests run once with each."""
        hook = """
            def pytest_asyncio_loop_factories(config, item):
                return {"one": asyncio.SelectorEventLoop, "two": asyncio.SelectorEventLoop}
        """
        files = {
            "test_program.py": "@pytest.mark.asyncio\nasync def test_theirs(): pass",
            "conftest.py": hook,
            "pytest.ini": f"[pytest]\n{QUIET}asyncio_mode = strict\n",
        }
        said = run_pytest(files, "-q", "-rA", python=python_with("asyncio")).stdout
        self.assertEqual(summary_of(said)[-1], "2 passed", said)

    def test_a_mark_that_is_not_heeded(self) -> None:
        """Our mark on a test that pytest-asyncio runs is said to have no effect."""
        source = "@pytest.mark.asynctestkit(timeout=1)\nasync def test_it(): pass"
        said = self.run_with("asyncio", source=source, ini=f"{QUIET}asyncio_mode = auto\n")
        self.assertIn("asynctestkit: accepted, without an effect", said)
        self.assertIn("@pytest.mark.asynctestkit: another plugin runs some of the tests", said)

    def test_anyio(self) -> None:
        """anyio runs what has its mark, and nothing else; ours stay ours in classes and modules that have it."""
        self.assertEqual(self.outcomes("anyio"), EXPECTED)
        both = self.outcomes("anyio", source=OURS + ANYIO_TEST)
        self.assertEqual(both, [*sorted([*EXPECTED[:-1], "PASSED test_marked"]), "2 failed, 9 passed"])
        everywhere = ["CaseTest::test_ours", "TestTheirs::test_theirs", "test_decorated", "test_plain"]
        for ini, source in (
            ("", ANYIO_EVERYWHERE),
            ("anyio_mode = auto\n", ANYIO_EVERYWHERE.replace("pytestmark =", "_ =")),
        ):
            with self.subTest(ini):
                passed = self.outcomes("anyio", source=source, ini=ini)
                self.assertEqual(passed, [*(f"PASSED {name}" for name in everywhere), "4 passed"])

    def test_xdist(self) -> None:
        """Two workers change nothing."""
        self.assertEqual(self.outcomes("xdist", "-n", "2"), EXPECTED)

    def test_timeout(self) -> None:
        """pytest-timeout changes nothing where nothing hangs; what hangs fails, and the run goes on."""
        self.assertEqual(self.outcomes("timeout", "--timeout=60"), EXPECTED)
        expected = ["FAILED CaseTest::test_hangs", "FAILED test_hangs", "PASSED test_next", "2 failed, 1 passed"]
        self.assertEqual(self.outcomes("timeout", source=TIMES_OUT), expected)
        self.assertEqual(self.run_with("timeout", "-s", source=TIMES_OUT).count("closed\n"), 2)

    def test_randomly(self) -> None:
        """A random order changes nothing, whatever it is."""
        for seed in ("1", "2", "3"):
            with self.subTest(seed=seed):
                self.assertEqual(self.outcomes("randomly", "-p", "randomly", f"--randomly-seed={seed}"), EXPECTED)

    def test_cov(self) -> None:
        """pytest-cov changes nothing, and counts the lines of async tests and fixtures."""
        self.assertEqual(self.outcomes("cov", "--cov=.", "--cov-report="), EXPECTED)
        said = self.run_with("cov", "--cov=.", "--cov-report=term-missing", "-k", "not fails")
        counted = re.search(r"(?m)^test_program.py +\d+ +(\d+) +\d+%", said)
        assert counted is not None, said
        self.assertEqual(counted[1], "2")  # the two lines of the tests that were left out

    def test_subtests(self) -> None:
        """pytest-subtests, which pytest 8 needs, tells the failed subtests of functions and classes."""
        self.assertEqual(self.outcomes("subtests"), EXPECTED)
        said = self.run_with("subtests", source=SUBTESTS)
        for test in ("test_function", "CaseTest::test_case"):
            for n in (1, 2):
                with self.subTest(test, n=n):
                    self.assertRegex(said, rf"(?m)^.*\(n={n}\).*SUBFAIL.* test_program.py::{test} |SUBFAIL.*{test}")

    def test_all_together(self) -> None:
        """All of them at once, on two workers, in a random order, with a limit and coverage."""
        options = ("-n", "2", "-p", "randomly", "--timeout=60", "--cov=.", "--cov-report=")
        self.assertEqual(self.outcomes("all", *options, ini=QUIET), EXPECTED)

    def test_without_the_plugin(self) -> None:
        """`-p no:asynctestkit` leaves AsyncTestCase working, here beside all of them."""
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                async def asyncSetUp(self):
                    self.ready = True

                async def test_it(self):
                    self.assertTrue(self.ready)
        """
        passed = self.outcomes("all", "-p", "no:asynctestkit", source=source, ini=QUIET)
        self.assertEqual(passed, ["PASSED CaseTest::test_it", "1 passed"])


if __name__ == "__main__":
    unittest.main()
