"""One problem, solved every way that can be had here, each in a process of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from benchmarks.results import Row
from benchmarks.scale.child import LINOPY, OURS, WAYS, Solved
from benchmarks.scale.programme import Programme, Run, programme_rows
from data.errors import PlannerError

ROUNDING = 1e-6
"""By which solvers' optima may differ, as a share of the cost [1]."""


def way_rows(tables: Path, products: int, periods: int, often: tuple[int, float]) -> Iterator[Row]:
    """Seconds and memory of every way, and how many times ours they are.

    Args:
        tables: the folder of the tables.
        products: how many they are of; all are given their network's lead times.
        periods: T.
        often: how many runs of each way there are, and after how many seconds, reading included,
            one is ended; a way that was is not tried again.

    Raises:
        PlannerError: an optimum lies outside our bounds.
    """
    case = f"same-model/{products}/T={periods}"
    runs, limit = often
    ours: list[Run] = []
    for way in ways_here():
        programme = Programme(tables, periods, way, alike=True, limit=limit)
        found = [programme.run()]
        while len(found) < runs and found[-1].solved is not None:
            found.append(programme.run())
        ours = ours or found
        for one in found:
            check_agreement(way, one.solved, ours[0].solved)
        references = programme_rows(case, OURS, ours, limit)
        for row, reference in zip(programme_rows(case, way, found, limit), references, strict=True):
            yield replace(row, reference=OURS, ratio=row.value / reference.value)


def check_agreement(way: str, solved: Solved | None, ours: Solved | None) -> None:
    """Refuses figures of a model that is not the same as ours: its optimum must lie in our bounds.

    Raises:
        PlannerError: it does not.
    """
    if solved is None or ours is None:
        return
    off = ROUNDING * max(abs(ours.lower), abs(ours.upper))
    if solved.upper < ours.lower - off or solved.lower > ours.upper + off:
        raise PlannerError(
            f"the optimum by {way} is {solved.lower}, expected {ours.lower} to {ours.upper}: "
            "the models differ"
        )


def ways_here() -> list[str]:
    """The ways that can be timed; a warning says which cannot."""
    if find_spec(LINOPY) is None:
        logging.getLogger(__name__).warning(
            "linopy was not timed: it is not installed here (pip install linopy)"
        )
        return [way for way in WAYS if way != LINOPY]
    return list(WAYS)
