"""Constant safety factors found by simulation: what any learnt rule has to beat.

Class constants are one z per stage for a whole population; tuned constants are each product's own.
Both are found by the cross-entropy method (Rubinstein 1999): draw candidates around a mean, keep
the best few, move mean and spread towards them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from brain.lanes import SINGLE, Lanes, imagine
from brain.population import Population
from envs.dynamics import advance
from envs.observation import no_errors
from envs.policies import (
    HIGHEST_Z,
    LOWEST_Z,
    SafetyFactors,
    SafetyStockRule,
    Situation,
    constant,
)
from envs.theory import safety_factor

WARM_UP = 60
"""Periods left out of every mean cost: by then a chain has forgotten how it started [period]."""
OPENING_Z = 1.5


@dataclass(frozen=True)
class Search:
    """How long to search.

    Attributes:
        generations: rounds.
        candidates: z vectors tried per round.
        elite: how many of them the next round is made from.
        lanes: products (class constants) or paths (tuned constants) each is tried on.
        periods: length of each try, the warm-up included [period].
    """

    generations: int = 16
    candidates: int = 20
    elite: int = 5
    lanes: int = 512
    periods: int = 240


def expected_costs(lanes: Lanes, factors: SafetyFactors, paths: int) -> np.ndarray:
    """Mean expected cost a period after the warm-up (P, K) [money/period].

    Lanes with one future lend it to all `paths`, so that candidates meet the same demand.
    """
    shape = (paths, *lanes.demand.shape[1:])
    lanes = replace(
        lanes,
        demand=np.broadcast_to(lanes.demand, shape),
        expected_demand=np.broadcast_to(lanes.expected_demand, shape),
    )
    world, outlook = lanes.world, lanes.outlook
    rule = SafetyStockRule(outlook, factors)
    state = lanes.opening(OPENING_Z, paths)
    errors = no_errors(paths, len(lanes.products), SINGLE)
    total = np.zeros((paths, len(lanes.products)))
    for t in range(lanes.periods):
        demand = lanes.demand[:, t]
        state, flows = advance(state, rule(Situation(state, errors, world)), demand[:, None], world)
        errors = errors.after(demand, outlook.mean[t], outlook.std[t])
        if t >= WARM_UP:
            total += lanes.expected_cost(state, flows)
    return total / (lanes.periods - WARM_UP)


def class_constants(
    cost_ratio: float,
    rng: np.random.Generator,
    population: Population,
    search: Search = Search(),
) -> np.ndarray:
    """The z per stage (M,) [1] that costs a population least, each product's cost weighed
    by what it is likely to cost at best.

    Every generation meets products and futures of its own, so no sample of them is fitted.
    """

    def costs(z: np.ndarray) -> np.ndarray:
        products = population.sample(rng, search.lanes, cost_ratio)
        lanes = imagine(rng, products, 1, search.periods)
        found = expected_costs(lanes, constant(z.astype(SINGLE)), search.candidates)
        return (found / products.likely_cost).mean(axis=1)[:, None]

    return _cross_entropy(costs, _start(cost_ratio, population.stages, 1), rng, search)[:, 0]


def tuned_constants(
    lanes: Lanes, rng: np.random.Generator, search: Search = Search(generations=18)
) -> np.ndarray:
    """Each product's own best z per stage (M, K) [1] on the futures of `lanes`.

    A specialist per product: it knows the product's law from many simulated years, and the
    strongest rule a planner could have without looking at the state.
    """
    paths = len(lanes.demand)
    repeated = replace(
        lanes,
        demand=np.repeat(lanes.demand, search.candidates, axis=0),
        expected_demand=np.repeat(lanes.expected_demand, search.candidates, axis=0),
    )

    def costs(z: np.ndarray) -> np.ndarray:
        every = np.tile(z.astype(SINGLE), (paths, 1, 1))
        found = expected_costs(repeated, constant(every), len(every))
        return found.reshape(paths, search.candidates, -1).mean(axis=0)

    products = lanes.products
    start = _start(products.cost_ratio, products.stages, len(products))
    return _cross_entropy(costs, start, rng, search)


def _start(cost_ratio: float | np.ndarray, stages: int, products: int) -> np.ndarray:
    start = np.full((stages, products), 0.5)
    start[0] = safety_factor(cost_ratio)
    return start


def _cross_entropy(
    costs: Callable[[np.ndarray], np.ndarray],
    mean: np.ndarray,
    rng: np.random.Generator,
    search: Search,
) -> np.ndarray:
    """The mean (M, K) that the search ends at; `costs` maps z (C, M, K) to costs (C, K)."""
    spread = np.ones_like(mean)
    for _ in range(search.generations):
        z = mean + spread * rng.standard_normal((search.candidates, *mean.shape))
        z[0] = mean
        z = np.clip(z, LOWEST_Z, HIGHEST_Z)
        best = np.argsort(costs(z), axis=0)[: search.elite]
        elite = np.take_along_axis(z, best[:, None], axis=0)
        mean = 0.35 * mean + 0.65 * elite.mean(axis=0)
        spread = np.maximum(0.35 * spread + 0.65 * elite.std(axis=0), 0.02)
    return mean
