"""What a test costs: `python -m tests.benchmarks`.

Nothing here is a timed test. The benchmark prints figures and whether they keep the project's targets; it fails
only when a workload did not run as it should. `tests/benchmarks/test_benchmarks.py` checks its output's shape.

    python -m tests.benchmarks                     everything, five rounds
    python -m tests.benchmarks --only import       one group, and what it is compared with
    python -m tests.benchmarks --json              the same figures for a program
    python -m tests.benchmarks.under_pytest        fixtures under pytest, beside pytest-asyncio's

Parts: `bodies` builds what is measured, `workloads` says what that is and which targets hold, `worker` takes one sample
in a process of its own, `runner` interleaves the samples and works out medians, `table` prints.
"""
