"""Tests of `asynctestkit.report`: whole texts, on the stock loop and on uvloop."""
