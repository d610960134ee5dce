"""Tests of `asynctestkit.checks`."""
