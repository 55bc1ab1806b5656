"""`planner bench scale`: how the programme and a whole plan grow with products, and rivals' ways.

The same problem is also given to modelling layers as one would write it there: to Pyomo one rule
per row, to linopy whole arrays at a time (`pip install linopy`), both solved by the same HiGHS.
Every run is a process of its own, one after the other; reading tables is not timed unless the whole
plan is. Low and high are the fastest and the slowest run, the value is the median.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.results import Result, Row, result_of
from benchmarks.scale.child import OURS
from benchmarks.scale.programme import Programme, programme_rows
from benchmarks.scale.tables import Tables
from benchmarks.scale.ways import way_rows
from benchmarks.scale.whole import plan_rows

SHORT = 14
"""Days of most problems [period]."""


@dataclass(frozen=True)
class Size:
    """How much is timed.

    Attributes:
        programmes: products and periods of the programmes.
        runs: of each of them.
        plans: products and modes of whole plans, each made once.
        alike: products of the problems given to modelling layers, and how often.
        limit: after which one of these is ended [s].
        settled: growth is that from so many products on.
    """

    programmes: tuple[tuple[int, int], ...]
    runs: int
    plans: tuple[tuple[int, str], ...]
    alike: tuple[tuple[int, int], ...]
    limit: float
    settled: int


FULL = Size(
    programmes=((500, 14), (5_000, 14), (20_000, 14), (500, 30), (5_000, 30)),
    runs=3,
    plans=((100_000, "levels"), (100_000, "prices")),
    alike=((500, 1), (2_000, 1)),
    limit=100.0,
    settled=5_000,
)
QUICK = Size(
    programmes=((300, 14), (1_000, 14)),
    runs=1,
    plans=((1_000, "prices"),),
    alike=((100, 1),),
    limit=30.0,
    settled=0,
)


def run(quick: bool, seed: int) -> Result:
    """Seconds, memory and gaps by number of products."""
    start, size = perf_counter(), QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as scratch:
        tables = Tables(Path(scratch), seed)
        rows = [
            *_programmes(size, tables),
            *(
                row
                for products, mode in size.plans
                for row in plan_rows(tables.of(products), products, mode, SHORT)
            ),
            *(
                row
                for products, runs in size.alike
                for row in way_rows(tables.of(products), products, SHORT, (runs, size.limit))
            ),
        ]
    rows += [growth(rows, size.settled)]
    return result_of("scale", rows, seed, perf_counter() - start, quick)


def growth(rows: list[Row], settled: int) -> Row:
    """The exponent b of seconds = a N^b, by least squares of the logarithms.

    Of a whole plan by levels the seconds of reconciling count, look-ahead included; where the
    programme itself was timed on as many products, only that does.

    Args:
        rows: programmes and plans.
        settled: fewer products than these do not count.
    """
    seconds: dict[int, float] = {}
    for pattern in (rf"plan/(\d+)/T={SHORT}/reconcile", rf"lp/(\d+)/T={SHORT}"):
        for row in rows:
            found = re.fullmatch(pattern, row.case)
            if found is not None:
                seconds[int(found[1])] = row.value
    kept = {products: value for products, value in seconds.items() if products >= settled}
    slope = float(np.polyfit(np.log(list(kept)), np.log(list(kept.values())), 1)[0])
    return Row(f"growth/T={SHORT}", OURS, slope, slope, slope, "log s / log N", n=len(kept))


def _programmes(size: Size, tables: Tables) -> Iterator[Row]:
    """The programme alone, as a plan solves it."""
    for products, periods in size.programmes:
        programme = Programme(tables.of(products), periods, OURS)
        runs = [programme.run() for _ in range(size.runs)]
        yield from programme_rows(f"lp/{products}/T={periods}", OURS, runs)
