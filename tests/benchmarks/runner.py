"""Measure workloads so that they can be compared.

Every sample is a fresh process. In one process the heaps would mix: the cycles one workload leaves are collected on
the next one's time, and loops closed, modules imported and caches warmed by one change the figures of another. A
process costs a tenth of a second, which is little beside what it buys.

Samples are interleaved: a round takes one of each workload, what is compared close together, so that a machine that
grows slow for a while slows both alike; every other round goes backwards, so that no row is always the later one. A row
shows the medians; a comparison is the median over the rounds of the ratio (or difference) within one round, which drift
disturbs less than the ratio of two medians.

Bytecode goes to a folder of its own that is thrown away, and every statement is run once before it counts: import
cost is that of a second start, whatever the checkout's caches hold.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.benchmarks.workloads import Against, Workload

ROOT: Final = Path(__file__).resolve().parents[2]

Advance = Callable[[int, int], None]
"""Told after each sample how many of how many are taken."""

DISTURBING: Final = (
    "PYTHONASYNCIODEBUG",
    "PYTHONDEVMODE",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONTRACEMALLOC",
    "PYTHONMALLOC",
)
"""Environment variables that change what is measured; the samples run without them."""

STATEMENT_PROGRAM: Final = """\
import sys, time
source = compile(sys.argv[1], "statement", "exec")
wall, cpu = time.perf_counter(), time.process_time()
exec(source, {})
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
print('{"cpu": %r, "wall": %r, "left": {}}' % (cpu, wall))
"""


class WorkloadError(Exception):
    """Say that a workload did not run as it should, with what its process printed."""


@dataclass(frozen=True)
class Sample:
    """Seconds per unit in one process, and what it left behind."""

    cpu: float
    wall: float
    left: Mapping[str, int]


@dataclass(frozen=True)
class Comparison:
    """A workload's figure against another's."""

    baseline: str
    value: float
    """A ratio, or a difference in seconds where `added`."""
    limit: float | None
    """In the same measure as `value`; None: no target."""
    added: bool

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        return None if self.limit is None else self.value <= self.limit


@dataclass(frozen=True)
class Row:
    """The medians of one workload, in seconds per unit."""

    workload: Workload
    units: int
    cpu: float
    wall: float
    left: Mapping[str, int]
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class Report:
    """One run of the benchmark."""

    python: str
    rounds: int
    rows: tuple[Row, ...]


def selected(workloads: Sequence[Workload], groups: Iterable[str] | None) -> tuple[Workload, ...]:
    """Return the workloads of `groups` (None: all) and those that they are compared with, in their own order."""
    if groups is None:
        return tuple(workloads)
    wanted = set(groups)
    names = {workload.name for workload in workloads if workload.group in wanted}
    baselines = {entry.baseline for workload in workloads if workload.name in names for entry in workload.against}
    return tuple(workload for workload in workloads if workload.name in names | baselines)


def measure(workloads: Sequence[Workload], *, rounds: int, tests: int, progress: Advance | None = None) -> Report:
    """Take all samples and work out the rows.

    Raises:
        WorkloadError: A workload's process failed.
    """
    samples: dict[str, list[Sample]] = {workload.name: [] for workload in workloads}
    turns = [list(turn) for turn in schedule(workloads, rounds)]
    total = sum(map(len, turns))
    with tempfile.TemporaryDirectory() as cache:
        environment = _environment(cache)
        for workload in workloads:
            if workload.statement is not None:
                _sample(workload, tests, environment)
        for workload in (workload for turn in turns for workload in turn):
            samples[workload.name].append(_sample(workload, tests, environment))
            if progress is not None:
                progress(sum(map(len, samples.values())), total)
    rows = tuple(_row(workload, tests, samples) for workload in workloads)
    return Report(python=f"{platform.python_implementation()} {platform.python_version()}", rounds=rounds, rows=rows)


def schedule(workloads: Sequence[Workload], rounds: int) -> Iterable[Iterable[Workload]]:
    """Yield the turns: workloads with several samples to a round take one in each of as many turns."""
    near = _beside_baselines(workloads)
    most = max((workload.samples for workload in workloads), default=1)
    for number in range(rounds * most):
        turn = [workload for workload in near if number % most < workload.samples]
        yield reversed(turn) if number % 2 else turn


def _beside_baselines(workloads: Sequence[Workload]) -> list[Workload]:
    """Return the workloads so that each follows what it is first of all compared with."""
    places = {workload.name: place for place, workload in enumerate(workloads)}

    def path(workload: Workload) -> tuple[int, ...]:
        above = path(workloads[places[workload.against[0].baseline]]) if workload.against else ()
        return (*above, places[workload.name])

    return sorted(workloads, key=path)


def _environment(cache: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in DISTURBING}
    return kept | {"PYTHONPYCACHEPREFIX": cache, "PYTHONHASHSEED": "0"}


def _sample(workload: Workload, tests: int, environment: Mapping[str, str]) -> Sample:
    if workload.statement is not None:
        arguments = ["-c", STATEMENT_PROGRAM, workload.statement]
    else:
        arguments = ["-m", "tests.benchmarks.worker", workload.name, str(_units(workload, tests))]
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise WorkloadError(f"{workload.name}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return Sample(**json.loads(done.stdout))


def _units(workload: Workload, tests: int) -> int:
    return 1 if workload.statement is not None else workload.scale * tests


def _row(workload: Workload, tests: int, samples: Mapping[str, Sequence[Sample]]) -> Row:
    mine = samples[workload.name]
    return Row(
        workload=workload,
        units=_units(workload, tests),
        cpu=statistics.median(sample.cpu for sample in mine),
        wall=statistics.median(sample.wall for sample in mine),
        left=mine[-1].left,
        comparisons=tuple(_compare(mine, samples[entry.baseline], entry, workload) for entry in workload.against),
    )


def _compare(mine: Sequence[Sample], theirs: Sequence[Sample], entry: Against, workload: Workload) -> Comparison:
    pairs = [(one.cpu, other.cpu) for one, other in zip(mine, theirs, strict=True)]
    value = statistics.median(one - other if entry.added else one / other for one, other in pairs)
    seconds = 1e-3 if workload.milliseconds else 1e-6
    limit = entry.limit * seconds if entry.added and entry.limit is not None else entry.limit
    return Comparison(baseline=entry.baseline, value=value, limit=limit, added=entry.added)
