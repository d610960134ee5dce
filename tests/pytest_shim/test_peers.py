"""Beside other plugins, each matrix in a virtual environment of its own: our tests say the same, theirs are left alone.

Making the environments takes minutes and the package registries, so it is asked for: `ASYNCTESTKIT_PEERS=1`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Final

from tests.programs import PLUGIN, ROOT
from tests.pytest_shim.support import ANYIO_TEST, missing, run_pytest, summary_of

ASKED_FOR: Final = os.environ.get("ASYNCTESTKIT_PEERS", "") not in ("", "0")

# An editable install leaves the entry point beside the package, where a child finds it.
PLUGIN_OPTIONS: Final = () if Path(ROOT, "asynctestkit.egg-info").exists() else ("-p", PLUGIN)

OURS: Final = """
import time
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


def environment(*packages: str) -> str | None:
    """Return the interpreter of a virtual environment with pytest and these packages; None if it cannot be made."""
    name = "-".join([f"{sys.version_info[0]}.{sys.version_info[1]}", *sorted(packages)]).replace("=", "")
    home = Path(tempfile.gettempdir(), "asynctestkit-peers", name)
    python = home / "bin" / "python"
    done = home / "done"
    if done.exists():
        return str(python)
    made = [sys.executable, "-m", "venv", str(home)], [str(python), "-m", "pip", "install", "-q", "pytest", *packages]
    for command in made:
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
    done.touch()
    return str(python)


@unittest.skipIf(missing(), missing() or "")
@unittest.skipUnless(ASKED_FOR, "ASYNCTESTKIT_PEERS=1 makes virtual environments and runs this")
class PeersTest(unittest.TestCase):
    """Our tests beside other plugins."""

    maxDiff = None

    def outcomes(self, packages: list[str], *arguments: str, source: str = OURS, ini: str = "") -> list[str]:
        python = environment(*packages)
        if python is None:
            self.skipTest(f"no environment with {', '.join(packages)} can be made")
        files = {"test_program.py": source, "pytest.ini": f"[pytest]\n{ini}"}
        options = ["-q", "-rA", "--tb=short", *PLUGIN_OPTIONS]
        finished = run_pytest(files, *options, *arguments, python=python)
        lines = [line.partition(" - ")[0].replace("test_program.py::", "") for line in summary_of(finished.stdout)]
        self.assertNotEqual(lines, [], finished.stdout + finished.stderr)
        lines[-1] = re.sub(r", \d+ subtests passed", "", lines[-1])
        return [line for line in lines if not line.startswith("SUBPASSED")]

    def test_each_alone(self) -> None:
        """With each of the plugins that leave async tests alone, and with all of them."""
        each = ["pytest-xdist", "pytest-timeout", "pytest-cov", "pytest-subtests", "anyio"]
        for packages in ([one] for one in each):
            with self.subTest(packages=packages):
                self.assertEqual(self.outcomes(packages), EXPECTED)

    def test_workers_and_random_order(self) -> None:
        """`-n 2` and a random order change nothing."""
        self.assertEqual(self.outcomes(["pytest-xdist"], "-n", "2"), EXPECTED)
        self.assertEqual(self.outcomes(["pytest-randomly"], "-p", "randomly"), EXPECTED)

    def test_with_pytest_asyncio(self) -> None:
        """pytest-asyncio in strict mode runs what has its mark, and nothing else; in auto mode what is a function."""
        quiet = "asyncio_default_fixture_loop_scope = function\n"
        self.assertEqual(self.outcomes(["pytest-asyncio"], ini=quiet), EXPECTED)
        both = self.outcomes(["pytest-asyncio"], source=OURS + THEIRS_ASYNCIO, ini=quiet)
        self.assertIn("PASSED test_marked", both)
        self.assertEqual(both[-1], "2 failed, 9 passed")
        theirs = self.outcomes(["pytest-asyncio"], source=THEIRS_ASYNCIO, ini=f"{quiet}asyncio_mode = auto\n")
        self.assertEqual(theirs, ["PASSED test_marked", "1 passed"])

    def test_with_anyio(self) -> None:
        """anyio runs what has its mark, and nothing else."""
        both = self.outcomes(["anyio"], source=OURS + ANYIO_TEST)
        self.assertIn("PASSED test_marked", both)
        self.assertEqual(both[-1], "2 failed, 9 passed")

    def test_without_the_plugin(self) -> None:
        """`-p no:asynctestkit` leaves AsyncTestCase working, here beside all of them."""
        packages = ["pytest-xdist", "pytest-timeout", "anyio"]
        source = """
            class CaseTest(asynctestkit.AsyncTestCase):
                async def asyncSetUp(self):
                    self.ready = True

                async def test_it(self):
                    self.assertTrue(self.ready)
        """
        python = environment(*packages)
        if python is None:
            self.skipTest("no environment can be made")
        finished = run_pytest({"test_program.py": source}, "-q", "-p", "no:asynctestkit", python=python)
        self.assertIn("1 passed", finished.stdout, finished.stderr)


if __name__ == "__main__":
    unittest.main()
