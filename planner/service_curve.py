"""Service against stock: what comes of today's safety stock, scaled up and down at every stage.

All scales are played at once on the same futures as the plan, so that what sets two of them apart
is the stock and not the luck. Safety factors are held at today's; the plan's own rule asks for
them anew every day and answers to prices of space, so its point may lie off the curve.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from envs.metrics import Estimate, Kpis, Tally, estimate, share
from envs.policies import SafetyStockRule, constant
from envs.simulator import Period, play
from planner.problem import Problem
from planner.replay import OURS

if TYPE_CHECKING:
    from planner.pipeline import Outcome

FACTORS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
"""Scales of the safety stock that are tried [1]; 1 is the plan's."""
MOST_FUTURES = 6
"""Of the plan's futures that the curve is played on."""
LANES = 60_000
"""Products times futures times scales that are played; of many products fewer futures."""


@dataclass(frozen=True)
class ServicePoint:
    """What comes of one scale.

    Attributes:
        factor: safety stock / the plan's [1].
        futures: it was played on.
        fill_rate: units served at once / units demanded [1].
        stock_value: mean stock on hand at cost, all stages [money]; NaN where no cost is known.
        stock_days: mean units on hand, all stages / units demanded a day [period].
        holding, shortage, overflow: mean over futures [money].
        fullest: mean space used / space there is at the fullest stage [1]; NaN without limits.
    """

    factor: float
    futures: int
    fill_rate: Estimate
    stock_value: float
    stock_days: float
    holding: float
    shortage: float
    overflow: float
    fullest: float

    @property
    def total(self) -> float:
        """All the money [money]."""
        return self.holding + self.shortage + self.overflow


def service_curve(outcome: Outcome) -> tuple[ServicePoint, ...]:
    """A point per scale of the plan's safety stock, the smallest first."""
    problem, futures = outcome.problem, futures_of(outcome)
    rng = np.random.default_rng(outcome.config.seed)
    demand = problem.sampled_demand(outcome.futures, rng)[:futures]
    together = max(1, LANES // (futures * len(problem.scenario.products)))
    points: list[ServicePoint] = []
    for first in range(0, len(FACTORS), together):
        scales = FACTORS[first : first + together]
        points += _played(problem, outcome.z_reconciled, scales, demand)
    return tuple(points)


def _played(
    problem: Problem, z: np.ndarray, scales: Sequence[float], demand: np.ndarray
) -> Iterator[ServicePoint]:
    """Several scales of the safety factors z (M, K), side by side on the same futures (P, T, K)."""
    futures = len(demand)
    factors = np.repeat(np.array(scales), futures)[:, None, None] * z
    policy = problem.in_lots(SafetyStockRule(problem.outlook, constant(factors)))
    opening = problem.situation(len(factors)).state
    tally = Tally(problem.world, problem.rates, unit_cost=problem.scenario.products.unit_cost)
    sums = _Sums(len(factors))
    repeated = np.tile(demand, (len(scales), 1, 1))
    periods = play(problem.world, problem.rates, opening, policy, repeated, problem.outlook)
    for period in sums.watching(periods):
        tally.add(period)
    kpis = tally.kpis()
    for n, factor in enumerate(scales):
        yield _point(problem, factor, kpis, sums, slice(n * futures, (n + 1) * futures))


def futures_of(outcome: Outcome) -> int:
    """As many futures as the curve is played on."""
    fit = LANES // (len(FACTORS) * len(outcome.problem.scenario.products))
    return int(np.clip(fit, 1, min(MOST_FUTURES, outcome.futures)))


def where_we_are(outcome: Outcome) -> tuple[float, float]:
    """Stock [money at cost, or days of demand where no cost is known] and fill rate of the plan."""
    kpis = outcome.happened[OURS]
    value = kpis.capital_tied_up.value
    if isfinite(value):
        return value, kpis.fill_rate().value
    return days_of_stock(kpis), kpis.fill_rate().value


def days_of_stock(kpis: Kpis) -> float:
    """Mean units on hand at all stages / units demanded a day, mean over futures [period]."""
    daily = kpis.demanded.sum(axis=1).mean() / kpis.periods
    return float(share(kpis.on_hand.sum(), np.asarray(daily)))


class _Sums:
    """What a tally pools over paths, path by path: units on hand (P,) and space used (P, M)."""

    def __init__(self, paths: int) -> None:
        self.on_hand = np.zeros(paths)
        self.occupancy = np.zeros(())

    def watching(self, periods: Iterator[Period]) -> Iterator[Period]:
        """The same periods, counted as they pass."""
        for period in periods:
            self.on_hand += period.after.on_hand.sum(axis=(1, 2))
            self.occupancy = self.occupancy + period.costs.occupancy
            yield period


def _point(problem: Problem, factor: float, kpis: Kpis, sums: _Sums, paths: slice) -> ServicePoint:
    """The figures of the paths of one scale."""
    costs, demanded = kpis.costs, kpis.demanded[paths].sum(axis=1)
    space = problem.scenario.network.storage_capacity
    used = sums.occupancy[paths].mean(axis=0) / kpis.periods
    limited = np.isfinite(space) & (space > 0)
    full = used[limited] / space[limited]
    number = len(demanded)
    return ServicePoint(
        factor=factor,
        futures=number,
        fill_rate=estimate(kpis.served_at_once[paths].sum(axis=1), demanded),
        stock_value=float(kpis.stock_value[paths].mean()),
        stock_days=float(share(sums.on_hand[paths].sum(), demanded.sum())),
        holding=float(costs.holding[paths].sum()) / number,
        shortage=float(costs.shortage[paths].sum()) / number,
        overflow=float(costs.overflow[paths].sum()) / number,
        fullest=float(full.max(initial=0.0)) if full.size else np.nan,
    )
