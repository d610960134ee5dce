"""Failing suites, run as programs by `tests.test_samples`."""
