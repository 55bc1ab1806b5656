"""How long the programme of so many products takes, one way or another."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from math import inf
from pathlib import Path
from statistics import median

from benchmarks.results import Row
from benchmarks.scale.child import OURS, Solved
from benchmarks.scale.watched import Watched, watched
from milp.effort import gap_of

ROOT = Path(__file__).parents[2]
CHILD = "benchmarks.scale.child"


@dataclass(frozen=True)
class Programme:
    """One problem, solved one way.

    Attributes:
        tables: the folder of its tables.
        periods: T.
        way: one of `benchmarks.scale.child.WAYS`.
        alike: whether all products have their network's lead times.
        limit: after which a run is ended [s].
    """

    tables: Path
    periods: int
    way: str
    alike: bool = False
    limit: float = inf

    def run(self) -> Run:
        """One run, in a process of its own."""
        options = [str(self.tables), str(self.periods), *(["alike"] if self.alike else [])]
        command = [sys.executable, "-m", CHILD, self.way, *options]
        seen = watched(command, ROOT, self.limit)
        if seen.stopped:
            return Run(None, seen)
        return Run(Solved(**json.loads(seen.output.splitlines()[-1])), seen)


@dataclass(frozen=True)
class Run:
    """How one run went.

    Attributes:
        solved: what it came to; None where it was ended because it took too long.
        seen: its memory, and its time, reading included.
    """

    solved: Solved | None
    seen: Watched


def programme_rows(case: str, way: str, runs: list[Run], limit: float = inf) -> tuple[Row, Row]:
    """Seconds and memory of the runs; of one that was ended, the time it was given."""
    solved = [run.solved for run in runs if run.solved is not None]
    ended = len(solved) < len(runs)
    seconds = [limit] if ended else [found.seconds for found in solved]
    memory = [run.seen.memory for run in runs]
    gap = None if ended or way != OURS else max(gap_of(one.lower, one.upper) for one in solved)
    policy = f"{way}, ended at {limit:.0f} s" if ended else way

    def row(case: str, values: list[float], unit: str, gap: float | None = None) -> Row:
        middle, low, high = median(values), min(values), max(values)
        return Row(case, policy, middle, low, high, unit, n=len(values), gap=gap)

    return row(case, seconds, "s", gap), row(f"{case}/memory", memory, "MB")
