"""Brain and optimiser together against each alone, as sigma, cost ratio and product count grow.

Problems are drawn anew for every cell; what is tuned is tuned on others of the same course, and
what is learnt has learnt on others still. All rules of a cell live through the same demand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from benchmarks.results import Result, Row, result_of
from benchmarks.serial_hybrid.drawings import draw_all
from benchmarks.serial_hybrid.found import Trial, found_in
from benchmarks.serial_hybrid.plan import FULL, QUICK, Effort
from brain.reference.net_policy import NetPolicy
from brain.reference.serial_hybrid import teach
from planner.engine import engine_of

TRAINING = 1000
"""Seeds of trainings are this times the run's seed, and their number."""


@dataclass(frozen=True)
class Findings:
    """All that a run found, for tables and drawings.

    Attributes:
        result: the record.
        learnt: the policies that have learnt this problem, one per training.
    """

    result: Result
    learnt: tuple[NetPolicy, ...]


def run(quick: bool, seed: int) -> Result:
    """What every rule costs in every cell, with 95 % intervals over products."""
    return find(quick, seed).result


def find(quick: bool, seed: int) -> Findings:
    """The same, and what was learnt on the way."""
    began = perf_counter()
    effort = QUICK if quick else FULL
    with engine_of("alone" if quick else "local", few=1) as engine:
        seeds = [TRAINING * seed + number for number in range(effort.trainings)]
        learnt = tuple(engine.map(_taught, effort, seeds))
        found = engine.map(found_in, Trial(seed, learnt), effort.cells())
        rows = [row for rows in found for row in rows]
    result = result_of("serial-hybrid", _ordered(rows), seed, perf_counter() - began, quick)
    return Findings(result, learnt)


def kept(found: Findings, folder: Path) -> None:
    """Write a run's drawings and nets to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, drawn in draw_all(found.result).items():
        (folder / f"serial-hybrid-{name}.svg").write_text(drawn, encoding="utf-8")
    for number, policy in enumerate(found.learnt, 1):
        policy.save(folder / "nets" / f"serial-hybrid-{number}")


def _taught(effort: Effort, seed: int) -> NetPolicy:
    return teach(effort.steps, seed, lesson=effort.lesson)


def _ordered(rows: list[Row]) -> Iterator[Row]:
    """Small worlds first; the longest are played first only because they take longest."""

    def size(row: Row) -> int:
        head = row.case.split()[0]
        return int(head) if head.isdigit() else 10**6

    return iter(sorted(rows, key=size))
