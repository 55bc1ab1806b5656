"""One way to solve one problem, in a process of its own, which says how long it took.

    python -m benchmarks.scale.child WAY FOLDER PERIODS [alike]

The last line it prints is JSON. Reading and advising are not timed; building the model and reading
its solution are.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

from benchmarks.scale.subject import task_in
from milp.model import Model
from milp.reconcile import reconcile
from milp.solver import solve
from milp.task import Task
from planner.engine import engine_of

OURS, ONE = "ours", "ours, one programme"
PYOMO, LINOPY = "pyomo", "linopy"


@dataclass(frozen=True)
class Solved:
    """What a way came to.

    Attributes:
        seconds: wall time of building and solving [s].
        lower, upper: between which the least cost lies; equal where it is solved exactly [money].
    """

    seconds: float
    lower: float
    upper: float


def solved(way: str, task: Task) -> Solved:
    """The task solved one way; what the plain models leave out of the cost is added."""
    find = WAYS[way](task)
    start = perf_counter()
    lower, upper = find()
    seconds = perf_counter() - start
    without = 0.0 if way == OURS else Model(task).constant
    return Solved(seconds, lower + without, upper + without)


def _reconcile(task: Task) -> Callable[[], tuple[float, float]]:
    """As a plan does it: in batches, on every core."""

    def find() -> tuple[float, float]:
        with engine_of() as engine:
            answer = reconcile(task, engine=engine)
        return answer.lower, answer.upper

    return find


def _one_programme(task: Task) -> Callable[[], tuple[float, float]]:
    """The tiled matrix of all products, on one core: what modelling costs without batches."""

    def find() -> tuple[float, float]:
        model = Model(task)
        cost = solve(model.programme()).objective * model.money
        return cost, cost

    return find


def _pyomo(task: Task) -> Callable[[], tuple[float, float]]:
    from benchmarks.scale.plain import ask

    def find() -> tuple[float, float]:
        return (ask(task).objective,) * 2

    return find


def _linopy(task: Task) -> Callable[[], tuple[float, float]]:
    from benchmarks.scale.with_linopy import ask

    def find() -> tuple[float, float]:
        return (ask(task).objective,) * 2

    return find


WAYS: dict[str, Callable[[Task], Callable[[], tuple[float, float]]]] = {
    OURS: _reconcile,
    ONE: _one_programme,
    PYOMO: _pyomo,
    LINOPY: _linopy,
}
"""Each loads what it needs and returns what is timed."""


def main() -> None:
    """Solve what the command line says."""
    way, folder, periods, *alike = sys.argv[1:]
    task = task_in(Path(folder), int(periods), bool(alike))
    print(json.dumps(asdict(solved(way, task))))


if __name__ == "__main__":
    main()
