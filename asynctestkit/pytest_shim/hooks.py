"""What the plugin's hooks call."""

from __future__ import annotations

from asynctestkit.pytest_shim.fixtures import take_fixture
from asynctestkit.pytest_shim.running import take_test
from asynctestkit.pytest_shim.settings import check_timeout
from asynctestkit.pytest_shim.xunit import take_xunit

__all__ = ["check_timeout", "take_fixture", "take_test", "take_xunit"]
