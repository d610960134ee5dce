"""Warnings that a test records itself are its own: it sees what it would see without us, and they are no findings."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest

FAULTS = """
import gc, socket, warnings

async def forgotten(): pass

def fault():
    forgotten()
    socket.socket()
    gc.collect(0)

BOTH = ["RuntimeWarning", "ResourceWarning"]

def names(recorded):
    return [one.category.__name__ for one in recorded]

"""


class RecordedTest(PluginTest):
    """Async tests that commit faults on purpose, and look at the warnings."""

    def test_recwarn(self) -> None:
        """`recwarn` has them in plain tests, in test cases and for fixtures that look at it later."""
        source = """
async def test_function(recwarn):
    fault()
    assert names(recwarn) == BOTH

class TestIt(asynctestkit.AsyncTestCase):
    @pytest.fixture(autouse=True)
    def record(self, recwarn):
        self.recorded = recwarn
        yield
        assert names(recwarn) == BOTH

    async def test_method(self):
        fault()
        assert names(self.recorded) == BOTH

    async def test_parameter(self, recwarn):
        fault()
        assert names(recwarn) == BOTH
"""
        self.assert_pass(FAULTS + source, count=3)

    def test_block(self) -> None:
        """So has a block that records, also where what it has recorded outlives the test's body."""
        source = """
class TestIt(asynctestkit.AsyncTestCase):
    async def test_method(self):
        with self.assertWarns(RuntimeWarning):
            forgotten()
        with warnings.catch_warnings(record=True) as self.recorded:
            warnings.simplefilter("always")
            fault()
        assert names(self.recorded) == BOTH

async def test_function(request):
    with pytest.warns(ResourceWarning), pytest.warns(RuntimeWarning, match="never awaited"):
        fault()
    with warnings.catch_warnings(record=True) as recorded:
        fault()
    request.node.recorded = recorded
    assert names(recorded) == BOTH
"""
        self.assert_pass(FAULTS + source, count=2)

    def test_not_expected(self) -> None:
        """What a block gives back, and what comes when the body is over, is found."""
        source = """
async def test_other_warning():
    with pytest.warns(UserWarning):
        warnings.warn("mine")
        fault()

async def test_left(recwarn):
    test_left.task = asyncio.create_task(asyncio.sleep(60))
    test_left.coroutine = forgotten()
"""
        _, said = self.run_pytest(FAULTS + source)
        self.assertIn("2 failed", said)
        self.assertIn("2 faults in test_program.py::test_other_warning: 1 unawaited, 1 unclosed", said)
        self.assertIn("2 faults in test_program.py::test_left: 1 unawaited, 1 pending_tasks", said)


if __name__ == "__main__":
    unittest.main()
