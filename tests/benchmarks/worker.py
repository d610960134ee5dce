"""Take one sample of one workload in this process and print it as JSON: `python -m tests.benchmarks.worker NAME N`.

The workload is run small once, so that first-time costs (modules loaded late, caches) are paid before. Then it is
built and timed again and again until `ENOUGH` seconds of CPU are spent, and the medians count: a thousand cheap tests
are over in 20 ms, which one interruption would spoil. The collector empties the heap before each turn and stays on
while the clock runs, since what a test leaves for it is part of what the test costs. CPU is that of the process, all
threads together.

What is left afterwards, compared with the state before anything ran, is counted after one more collection: garbage
that cycles keep for a while is not a leak.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import statistics
import sys
import threading
import time
from typing import Any, Final

from tests.benchmarks.bodies import TimedCall
from tests.benchmarks.workloads import WORKLOADS

WARM_UP: Final = 20
"""Units of the run that does not count."""
ENOUGH: Final = 0.25
MOST_TURNS: Final = 15


def take_sample(name: str, count: int) -> dict[str, Any]:
    """Run the workload with `count` units until it is known well enough; return seconds per unit and what was left."""
    (build,) = [workload.build for workload in WORKLOADS if workload.name == name]
    assert build is not None, f"{name!r} is timed by its statement"
    before = _held()
    build(min(count, WARM_UP))()
    turns: list[tuple[float, float]] = []
    while len(turns) < MOST_TURNS and sum(cpu for cpu, _ in turns) < ENOUGH:
        turns.append(_timed(build(count)))
    gc.collect()
    after = _held()
    left = {kind: after[kind] - before[kind] for kind in after if after[kind] > before[kind]}
    cpu, wall = (statistics.median(column) / count for column in zip(*turns, strict=True))
    return {"cpu": cpu, "wall": wall, "left": left}


def _timed(call: TimedCall) -> tuple[float, float]:
    """Return the seconds of CPU and wall time that the call takes."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.process_time() - cpu, time.perf_counter() - wall


def _held() -> dict[str, int]:
    """Count what a run must not leave behind."""
    things = gc.get_objects()
    return {
        "fd": len(_descriptors()),
        "thread": threading.active_count(),
        "task": sum(isinstance(thing, asyncio.Task) for thing in things),
        "open loop": sum(isinstance(thing, asyncio.AbstractEventLoop) and not thing.is_closed() for thing in things),
    }


def _descriptors() -> list[str]:
    for folder in ("/proc/self/fd", "/dev/fd"):
        if os.path.isdir(folder):
            return os.listdir(folder)
    return []  # a system that does not list them: nothing is counted


if __name__ == "__main__":
    print(json.dumps(take_sample(sys.argv[1], int(sys.argv[2]))))
