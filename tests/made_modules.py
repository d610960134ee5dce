"""Test modules made from source while a test runs, and loaded as `python -m unittest` loads them."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import tempfile
import textwrap
import types
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.outcomes import outcomes

HEADER = """
import asyncio, unittest
from unittest import mock
from asynctestkit import async_test, fail_on, parametrize

ran = []

"""

_numbers = itertools.count()


class ModuleCase(unittest.TestCase):
    """Makes modules from source."""

    header = HEADER

    def make(self, source: str) -> types.ModuleType:
        """Return a module with the header and `source` in it, importable while the test runs."""
        name = f"made_module_{next(_numbers)}"
        path = Path(self.enterContext(tempfile.TemporaryDirectory())) / f"{name}.py"
        path.write_text(self.header + textwrap.dedent(source), encoding="utf-8")
        # A file and a spec: 3.15 asks modules for them when it tells of an import that failed.
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        self.addCleanup(sys.modules.pop, name, None)
        spec.loader.exec_module(module)
        return module

    def load(self, module: types.ModuleType, *names: str, pattern: str | None = None) -> unittest.TestSuite:
        """Load the tests of a module, or those called by names in it, as `python -m unittest` does."""
        loader = unittest.TestLoader()
        loader.testNamePatterns = [pattern] if pattern else None
        if names:
            return loader.loadTestsFromNames([f"{module.__name__}.{name}" for name in names])
        return loader.loadTestsFromModule(module)

    def run_suite(self, suite: unittest.TestSuite) -> list[str]:
        result = unittest.TestResult()
        suite.run(result)
        return outcomes(result)


def each_test(suite: Any) -> Iterator[unittest.TestCase]:
    """Return the tests of a suite, one after another."""
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from each_test(one)
        else:
            yield one


TWO = """
    @async_test
    async def test_one():
        "Do one thing."
        await asyncio.sleep(0)
        ran.append("one")

    @async_test(timeout=5)
    async def test_two():
        ran.append("two")

    class PlainTest(unittest.TestCase):
        def test_method(self):
            ran.append("method")
"""
