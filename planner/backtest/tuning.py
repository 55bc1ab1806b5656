"""Base-stock tuned on the past: safety factors per product and stage, found by playing candidates.

Every candidate is one path of the same walk, so a grid is played for all products at once. What a
product's own past prefers is drawn towards what its group prefers, for half a year of one product's
days is little to choose by; how strongly is chosen on months left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from data.engine import Alone, Engine
from envs.policies import Policy, SafetyStockRule, constant
from planner.backtest.past import Month, Span
from planner.backtest.walk import Rule, lived
from planner.problem import Problem

FACTORS = ((-0.5, 0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0, 7.0), (-1.0, -0.4, 0.2, 0.9, 1.8))
"""Safety factors tried at the shelf and at every stage above [1]."""
POOLING = (100.0, 10.0, 3.0, 1.0, 0.3, 0.0)
"""Weights of the group beside the product itself [1]."""
STEPS = (-0.5, 0.0, 0.5)
"""Tried around the best of the grid afterwards, in steps of it [1]."""
AT_A_TIME = 15
"""Candidates that are played at a time, for memory's sake."""
MOST_CANDIDATES = 1_200


Player = Callable[[np.ndarray], Rule]
"""From candidates (G, M, K), or (G, M, 1) for all products alike, to a rule on G paths."""


@dataclass(frozen=True)
class Tuned:
    """Base-stock as tuned.

    Attributes:
        z: safety factors (M, K) [1].
        pooling: weight of the group that did best on months left out [1].
        candidates: how many were played.
    """

    z: np.ndarray
    pooling: float
    candidates: int


@dataclass(frozen=True)
class Tuning:
    """What candidates are played on.

    Attributes:
        months: in a chain with room for everything.
        judged: the days that count; those before bring stock to where a rule leads it.
        group: which products are alike, by number (K,).
    """

    months: Sequence[Month]
    judged: Span
    group: np.ndarray

    @property
    def counted(self) -> list[Month]:
        """The months that count."""
        return [month for month in self.months if month.span.first in self.judged]


@dataclass(frozen=True)
class Played:
    """Some candidates, and who plays them.

    Attributes:
        player: a record of a module, so that other processes find it.
        values: candidates (G, M, K) or (G, M, 1).
    """

    player: Player
    values: np.ndarray


@dataclass(frozen=True)
class BaseStocks:
    """Base-stock: safety factors that stay the same in every month."""

    def __call__(self, values: np.ndarray) -> Rule:
        """Plays candidates (G, M, K) on G paths."""
        return _Constant(values)


@dataclass(frozen=True)
class _Constant:
    z: np.ndarray

    def __call__(self, problem: Problem) -> Policy:
        """The rule of a month."""
        return SafetyStockRule(problem.outlook, constant(self.z))


def tuned_base_stock(tuning: Tuning, engine: Engine | None = None) -> Tuned:
    """The base-stock that would have cost least.

    Args:
        tuning: what candidates are played on.
        engine: plays them; this process if not given.
    """
    stages = len(tuning.months[0].problem.scenario.network)
    grid = grid_of(*FACTORS, stages)
    paid = played(tuning, BaseStocks(), grid[:, :, None], engine)
    scale = _scale(paid, tuning.group)
    pooling = _best_pooling(paid / scale, tuning.group, scale)
    chosen = grid[_choice(paid.sum(axis=0) / scale, tuning.group, pooling)].T
    step = np.array([_step(FACTORS[min(stage, 1)], z) for stage, z in enumerate(chosen)])
    steps = grid_of(STEPS, STEPS, min(stages, 3))
    steps = np.concatenate([steps, np.repeat(steps[:, -1:], stages - steps.shape[1], axis=1)], 1)
    nearby = chosen[None] + steps[:, :, None] * step[None]
    paid = played(tuning, BaseStocks(), nearby, engine)
    best = _choice(paid.sum(axis=0) / scale, tuning.group, pooling)
    z = np.take_along_axis(nearby, best[None, None, :], axis=0)[0]
    return Tuned(z, pooling, len(grid) + len(steps))


def played(
    tuning: Tuning, player: Player, values: np.ndarray, engine: Engine | None = None
) -> np.ndarray:
    """What candidates (G, M, K) cost, by month that counts (N, G, K) [money]."""
    parts = [Played(player, values[n : n + AT_A_TIME]) for n in range(0, len(values), AT_A_TIME)]
    return np.concatenate(list((engine or Alone()).map(_paid, tuning, parts)), axis=1)


def grid_of(shelf: Sequence[float], upstream: Sequence[float], stages: int) -> np.ndarray:
    """Candidates (G, M); of a long chain the upper stages share one value."""
    if len(shelf) * len(upstream) ** (stages - 1) <= MOST_CANDIDATES:
        return np.array(list(product(shelf, *([upstream] * (stages - 1)))))
    return np.array([(low, *([high] * (stages - 1))) for low, high in product(shelf, upstream)])


def _step(tried: Sequence[float], chosen: np.ndarray) -> np.ndarray:
    """How far apart the values around those chosen are (K,)."""
    known = np.array(tried)
    apart = np.gradient(known) if len(known) > 1 else np.ones(1)
    return np.asarray(apart[np.abs(known[:, None] - chosen).argmin(axis=0)])


def _paid(tuning: Tuning, part: Played) -> np.ndarray:
    paths = len(part.values)
    place = {id(month): number for number, month in enumerate(tuning.counted)}
    paid = np.zeros((len(place), paths, len(tuning.group)))
    for day in lived(tuning.months, part.player(part.values), paths):
        number = place.get(id(day.month))
        if number is not None:
            cost = day.costs.holding + day.costs.shortage
            paid[number] += np.where(day.month.counts[day.number], cost, 0.0)
    return paid


def _scale(paid: np.ndarray, group: np.ndarray) -> np.ndarray:
    """About what each product costs (K,) [money]: with the candidate that is best for its group."""
    total = paid.sum(axis=0)
    scale = np.empty(total.shape[1])
    for own in np.unique(group):
        members = np.flatnonzero(group == own)
        best = total[:, members].sum(axis=1).argmin()
        scale[members] = total[best, members]
    return np.maximum(scale, 1e-3 * max(float(scale.mean()), np.finfo(float).tiny))


def _choice(relative: np.ndarray, group: np.ndarray, pooling: float) -> np.ndarray:
    """The best candidate of every product (K,), by its own cost and its group's.

    Args:
        relative: cost / scale of candidates (G, K) [1].
        group: which products are alike (K,).
        pooling: weight of the group's mean [1].
    """
    weighed = relative.copy()
    for own in np.unique(group):
        members = group == own
        weighed[:, members] += pooling * relative[:, members].mean(axis=1, keepdims=True)
    return np.asarray(weighed.argmin(axis=0))


def _best_pooling(relative: np.ndarray, group: np.ndarray, scale: np.ndarray) -> float:
    """The weight of the group that costs least on every other month, chosen on the rest."""
    if len(relative) < 2:
        return POOLING[len(POOLING) // 2]
    even = np.arange(len(relative)) % 2 == 0
    missed = []
    for pooling in POOLING:
        cost = 0.0
        for chosen_on, judged_on in ((even, ~even), (~even, even)):
            best = _choice(relative[chosen_on].sum(axis=0), group, pooling)
            kept = np.take_along_axis(relative[judged_on].sum(axis=0), best[None], axis=0)[0]
            cost += float(kept @ scale)
        missed.append(cost)
    return POOLING[int(np.argmin(missed))]
