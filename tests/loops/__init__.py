"""Tests of the managed loops."""
