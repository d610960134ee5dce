"""The contract of ``unittest.IsolatedAsyncioTestCase``, held by differential tests.

Each scenario is written once, run on the stock class and on ``AsyncTestCase``, and the two observations are compared
whole. The differences that are meant are listed by name in ``intended.py``; any other difference fails, and so does a
listed one that is not seen.
"""
