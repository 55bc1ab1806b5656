"""Plays every rule in every cell and world, and writes down what they pay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from benchmarks.capacity.cell import PRODUCTS, TIGHT, Cell, Kind, cells
from benchmarks.capacity.contest import SOLVING, Contest
from benchmarks.capacity.rows import Found, extra_row, rows_of
from benchmarks.capacity.trial import FUTURES, Lives, Trial, sample_trial
from benchmarks.results import Result, Row, result_of
from envs.policies import SafetyStockRule

FIRST_WORLD = 100
"""Worlds of a seed begin after this one; those before were for development."""
WORLDS = 8


@dataclass(frozen=True)
class Effort:
    """How much is played.

    Attributes:
        cells: which.
        worlds: how many of each kind.
        futures: of each world.
        solving: worlds and futures of rules that solve a model every week or day.
    """

    cells: tuple[Cell, ...]
    worlds: int
    futures: int
    solving: tuple[int, int]

    def paths(self, name: str, cell: Cell, world: int) -> int:
        """Futures that a rule lives through in a world; none if it is left out there."""
        worlds, futures = self.solving if name in SOLVING else (self.worlds, self.futures)
        if name in SOLVING and cell.tightness not in TIGHT:
            return 0
        return futures if world < worlds else 0


COMPARED = tuple(f"tg={tightness}" for tightness in TIGHT)
"""Cases in which space is so scarce that its extra cost is worth comparing."""
FULL = Effort(cells(), WORLDS, FUTURES, (4, 1))
QUICK = Effort(cells(products=PRODUCTS // 5)[:2], 2, 2, (1, 1))


def run(quick: bool, seed: int) -> Result:
    """Cost over that of order-up-to without limits, and what each rule costs beyond ours."""
    began = perf_counter()
    effort = QUICK if quick else FULL
    kinds = dict.fromkeys(cell.kind for cell in effort.cells)
    found = [one for kind in kinds for one in played(kind, effort, seed)]
    order = [cell.name for cell in effort.cells]
    rows = list(_rows(sorted(found, key=lambda one: order.index(one.case))))
    return result_of("capacity", rows, seed, perf_counter() - began, quick)


def played(kind: Kind, effort: Effort, seed: int) -> list[Found]:
    """What every rule paid in the cells of one kind of world."""
    mine = [cell for cell in effort.cells if cell.kind == kind]
    free: list[np.ndarray] = []
    paid: dict[Cell, dict[str, list[np.ndarray]]] = {cell: {} for cell in mine}
    for world in range(effort.worlds):
        trial = sample_trial(FIRST_WORLD * seed + 1 + world, kind, effort.futures)
        free.append(_unlimited(trial, trial.tested))
        for cell in mine:
            contest = Contest(trial, cell)
            for name, rule in contest.rules().items():
                if paths := effort.paths(name, cell, world):
                    cost = contest.cost(rule(), trial.tested.first(paths))
                    paid[cell].setdefault(name, []).append(cost)
    return [Found(cell.name, free, paid[cell]) for cell in mine]


def _unlimited(trial: Trial, lives: Lives) -> np.ndarray:
    policy = SafetyStockRule(trial.problem.outlook, trial.advisor)
    return trial.cost(trial.problem, policy, lives)


def _rows(found: Iterable[Found]) -> Iterator[Row]:
    for one in found:
        yield from rows_of(one)
        if one.case in COMPARED:
            yield extra_row(one)
