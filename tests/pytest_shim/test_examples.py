"""The example suite under pytest with the plugin: whole, on two workers, and in the debugger."""

from __future__ import annotations

import importlib.util
import re
import unittest
from typing import Final

from tests.programs import ROOT, plugin_options, run
from tests.pytest_shim.support import missing, run_pytest

EXAMPLES: Final = ROOT / "docs" / "examples"
OPTIONS: Final = ("-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error")


def failing(name: str, line: str) -> dict[str, str]:
    """Return the example suite's files, with a failure in front of the one place where a line stands in a module."""
    files = {str(path.relative_to(EXAMPLES)): path.read_text(encoding="utf-8") for path in EXAMPLES.rglob("*.py")}
    marked, places = re.subn(rf"(?m)^( +){re.escape(line)}$", r"\1raise ValueError('stop here')\n\g<0>", files[name])
    assert places == 1, places
    return {**files, name: marked}


@unittest.skipIf(missing(), missing() or "")
class WholeSuiteTest(unittest.TestCase):
    """All examples pass, with warnings as errors."""

    def passed(self, *options: str) -> int:
        finished = run(*OPTIONS, *plugin_options(), *options, "docs/examples")
        found = re.search(r"^(\d+) passed(, \d+ subtests passed)? in", finished.stdout, re.MULTILINE)
        self.assertIsNotNone(found, finished.stdout + finished.stderr)
        assert found is not None
        return int(found[1])

    @unittest.skipUnless(importlib.util.find_spec("xdist"), "pytest-xdist is not installed")
    def test_two_workers(self) -> None:
        """`-n 2` passes as many as a run without."""
        alone = self.passed()
        self.assertGreater(alone, 20)
        self.assertEqual(self.passed("-n", "2"), alone)


@unittest.skipIf(missing(), missing() or "")
class DebuggerTest(unittest.TestCase):
    """`--pdb`, fed from standard input, on an example made to fail."""

    def check(self, name: str, line: str, test: str, *alive: str) -> None:
        """Fail in front of a line; check where the debugger stops, what is alive there, and how the run ends."""
        commands = "".join(
            f"p {expression}\n" for expression in ("asyncio.get_event_loop().is_closed() or 'open'", *alive)
        )
        finished = run_pytest(
            failing(name, line),
            "-q",
            "-s",
            "--pdb",
            "--tb=short",
            "-W",
            "error",
            name,
            "-k",
            test,
            given=f"{commands}c\n",
        )
        said = finished.stdout
        self.assertRegex(said, rf"(?m)^> .*{name}\(\d+\){test}\(\)\n-> raise ValueError\('stop here'\)$")
        shown = said.partition("-> raise ValueError('stop here')\n")[2].replace("(Pdb) ", "").splitlines()
        self.assertEqual(shown[: 1 + len(alive)], ["'open'", *["True"] * len(alive)], said)
        self.assertRegex(said, r"(?m)^1 failed, \d+ deselected in")
        self.assertEqual((finished.returncode, finished.stderr), (1, ""), said)

    def test_case(self) -> None:
        """A test of AsyncTestCase: the server and the connection of its set-up are open."""
        self.check(
            "test_server.py",
            r'self.assertEqual(await self.peer.reader.read(), b"= 1\nOK\n= 2\nOK\n= 3\nOK\n")',
            "test_requests_may_be_sent_ahead",
            "self.server.address[1] > 0",
            "not self.peer.reader.at_eof()",
        )

    def test_fixtures(self) -> None:
        """A test with fixtures: the class's server and the test's client are open."""
        self.check(
            "test_with_fixtures.py",
            "async with Client(*server.address) as another:",
            "test_two_clients",
            "server.address[1] > 0",
            "client._streams is not None",
        )

    def test_function(self) -> None:
        """A test function: the module's server, which a hook has started, is open."""
        self.check(
            "test_many_clients.py",
            "_, writer = await asyncio.open_connection(*server.address)",
            "test_clients_do_not_wait_for_each_other",
            "server.address[1] > 0",
        )


if __name__ == "__main__":
    unittest.main()
