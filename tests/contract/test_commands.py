"""Points 22 to 24 and 26: the command lines of unittest and pytest, over one sample."""

import importlib.util
import unittest

from .differential import ContractTest, differential
from .programs import run_sample
from .recording import Base

PYTEST = importlib.util.find_spec("pytest") is not None


class Unittest(ContractTest):
    """``python -m unittest`` with its options."""

    @differential(21)
    def test_verbose(self, base: Base) -> object:
        """Point 21: names, outcomes and counts of a passing class."""
        return run_sample(base, "outcomes", "unittest", "-v", "sample.Passing")

    @differential(24)
    def test_k_selects_by_qualified_name(self, base: Base) -> object:
        """Point 24: ``-k`` with a class, a method, and a pattern."""
        selections = (["-k", "Passing.test_async"], ["-k", "Failing.test_skips", "-k", "*Passing*_sync"])
        return [run_sample(base, "outcomes", "unittest", "-v", *selection, "sample") for selection in selections]

    @differential(23)
    def test_f_stops_at_the_first_failure(self, base: Base) -> object:
        """Point 23: ``-f``."""
        said = run_sample(base, "outcomes", "unittest", "-f", "sample.Failing")
        return [said["exit code"], said["output"], said["errors"][0], said["errors"][-4:]]

    @differential(23)
    def test_b_captures_the_output(self, base: Base) -> object:
        """Point 23: ``-b``: the output of a passing test is dropped, that of a failing one is in its report."""
        passing = run_sample(base, "outcomes", "unittest", "-b", "sample.Passing")
        failing = run_sample(base, "outcomes", "unittest", "-b", "sample.Failing.test_fails")
        start = failing["errors"].index("Stdout:")
        return [passing, failing["exit code"], failing["output"], failing["errors"][start:]]

    @unittest.skipUnless(hasattr(unittest.TestResult, "addDuration"), "this unittest knows no durations")
    @differential(22)
    def test_durations(self, base: Base) -> object:
        """Point 22: ``--durations`` lists every test that ran."""
        said = run_sample(base, "outcomes", "unittest", "-v", "--durations", "0", "sample.Passing")
        return [said["exit code"], said["output"], sorted(said["errors"])]

    @differential(28)
    def test_locals(self, base: Base) -> object:
        """Point 28: ``--locals`` shows the locals of the user's frames."""
        said = run_sample(base, "outcomes", "unittest", "--locals", "sample.Failing.test_fails")
        return [said["exit code"], "    secret = 42" in said["errors"], said["errors"][-5:]]


@unittest.skipUnless(PYTEST, "pytest is not installed for this interpreter")
class Pytest(ContractTest):
    """pytest without our plugin."""

    OPTIONS = ("pytest", "-p", "no:asynctestkit", "-p", "no:cacheprovider", "--tb=line", "-rA", "-q", "sample.py")

    @differential(26)
    def test_outcomes(self, base: Base) -> object:
        """Point 26: every outcome, class fixtures and captured output under pytest."""
        return run_sample(base, "outcomes", *self.OPTIONS)

    @differential(26)
    def test_one_by_its_id(self, base: Base) -> object:
        """Point 26: ``file::Class::method`` and ``-k``."""
        one = "sample.py::Passing::test_async"
        return run_sample(base, "outcomes", *self.OPTIONS[:-1], one, "-k", "Passing and sync", "--setup-show")

    @differential(26)
    def test_under_pdb(self, base: Base) -> object:
        """Point 26: with ``--pdb`` pytest replaces tearDown and calls it later."""
        return run_sample(base, "outcomes", *self.OPTIONS, "-k", "Passing", "--pdb", "-s")
