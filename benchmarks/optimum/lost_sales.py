"""One stage whose sales are lost: solved exactly by dynamic programming, for short lead times.

Receive, order (arrives L periods later), meet demand, pay (Zipkin 2008, "Old and new methods for
lost-sales inventory systems", Operations Research 56(5)). In our sequence of events the order comes
before the receipt, which is known all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from benchmarks.optimum.chains import Chains
from benchmarks.optimum.search import found_by_simulation
from benchmarks.optimum.suite import (
    BASE_STOCK,
    CAPPED,
    TEXTBOOK,
    Effort,
    Optimum,
    RuleFactory,
    Suite,
    always,
    textbook,
)
from brain.population import Law
from data.demand import DemandLaw, Poisson
from envs.policies import BaseStock, Situation

PERIODS, WARM_UP = 1100, 100
STEPS = (2.0, 1.0)
MEAN = 5.0
LEAD_TIMES, SHORTAGE_COSTS = (1, 2, 3, 4), (4.0, 9.0, 19.0, 39.0)


@dataclass(frozen=True, eq=False)
class LostSales:
    """The solution of one problem.

    Attributes:
        cost: least average cost [money/period], right to within the tolerance of `solve`.
        orders: the best order by the stock after receipt and by what arrives in 1, .. L - 1
            periods, all in whole units; L dimensions [unit].
    """

    cost: float
    orders: np.ndarray


def solve(
    demand: DemandLaw,
    lead_time: int,
    shortage_cost: float,
    holding_cost: float = 1.0,
    tolerance: float = 1e-6,
) -> LostSales:
    """The least average cost and the orders that reach it, by relative value iteration.

    With x_0 on hand after receipt and x_1, .. x_{L-1} under way,

        g + V(x) = c(x_0) + min_q E[V((x_0 - D)^+ + x_1, x_2, .., x_{L-1}, q)].

    No best order takes stock and orders under way above what demand over L + 1 periods exceeds with
    a chance of h / (h + p), nor is it above the same quantile of one period's demand (Morton 1969;
    Zipkin 2008, section 3). The change of V in one step bounds g from both sides (Odoni 1969).

    Args:
        demand: of a period, Poisson.
        lead_time: L, at least 1 [period].
        shortage_cost: p [money/unit].
        holding_cost: h [money/unit/period].
        tolerance: width of those bounds at which to stop [money/period].
    """
    covered = shortage_cost / (shortage_cost + holding_cost)
    most = int(Poisson(demand.mean * (lead_time + 1)).quantile(covered))
    largest = int(demand.quantile(covered))
    stock = np.arange(most + 1)
    left = _left_over(demand, most)
    mean_left = left @ stock
    cost = holding_cost * mean_left + shortage_cost * (demand.mean - stock + mean_left)
    cost = cost.reshape(-1, *[1] * (lead_time - 1))
    # What is left and what arrives make the next stock; beyond the bound nobody goes.
    arrived = np.minimum(stock[:, None] + np.arange(largest + 1), most)
    value = np.zeros((most + 1, *[largest + 1] * (lead_time - 1)))
    while True:
        after = value[arrived]
        by_order = (left @ after.reshape(most + 1, -1)).reshape(after.shape)
        renewed = cost + by_order.min(axis=-1)
        change = renewed - value
        if np.ptp(change) < tolerance:
            middle = (change.min() + change.max()) / 2
            return LostSales(float(middle), by_order.argmin(axis=-1))
        value = renewed - renewed.flat[0]


def _left_over(demand: DemandLaw, most: int) -> np.ndarray:
    """Chance that x units shrink to y when demand has come (x, y), 0 to `most` each."""
    stock = np.arange(most + 1.0)
    short = stock[:, None] - stock
    at_least = np.where(short > 0, demand.survival(short - 1), 1.0)
    chance = np.where(short >= 0, at_least - demand.survival(short), 0.0)
    chance[:, 0] = np.where(stock > 0, demand.survival(stock - 1), 1.0)
    return chance


@dataclass(frozen=True, eq=False)
class Solved:
    """The best orders of each row, looked up."""

    solutions: tuple[LostSales, ...]
    lead_time: np.ndarray

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, 1, K) [unit]."""
        state = situation.state
        orders = np.zeros_like(state.on_hand)
        for row, solution in enumerate(self.solutions):
            known = state.pipeline[:, 0, row, : self.lead_time[row]].copy()
            known[:, 0] += state.on_hand[:, 0, row]
            table = solution.orders
            place = tuple(np.minimum(known, np.array(table.shape) - 1).T.astype(int))
            orders[:, 0, row] = table[place]
        return orders


@dataclass(frozen=True)
class CappedBaseStock:
    """Order up to `level`, but never more than `cap` (P, M, K) or (M, K) [unit].

    Nearly the best that is known for lost sales (Xin 2021, "Understanding the performance of
    capped base-stock policies in lost-sales inventory models", Operations Research 69(1)).
    """

    level: np.ndarray
    cap: np.ndarray

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        return np.clip(self.level - situation.local_position, 0, self.cap)


def lost_sales() -> Suite:
    """Sixteen problems of Zipkin (2008): Poisson demand of 5, L of 1 to 4, p / h of 4 to 39."""
    cases = list(product(LEAD_TIMES, SHORTAGE_COSTS))
    lead_time = np.array([periods for periods, _ in cases])
    count = len(cases)
    chains = Chains(
        law=np.full(count, int(Law.COUNT)),
        mean=np.full(count, MEAN),
        std=np.full(count, np.sqrt(MEAN)),
        lead_time=lead_time[None],
        holding_cost=np.ones((1, count)),
        shortage_cost=np.array([cost for _, cost in cases]),
        backordered=np.zeros(count, dtype=bool),
    )
    solutions = tuple(solve(Poisson(MEAN), periods, cost) for periods, cost in cases)
    return Suite(
        "lost-sales",
        tuple(f"lost-sales/L={periods},p={cost:g}" for periods, cost in cases),
        chains,
        PERIODS,
        WARM_UP,
        Optimum(np.array([solution.cost for solution in solutions]), Solved(solutions, lead_time)),
    )


def rivals(suite: Suite, rng: np.random.Generator, effort: Effort) -> dict[str, RuleFactory]:
    """The textbook's level, and the best whole levels and caps found on futures of their own."""
    chains = suite.chains
    demand = chains.demand(rng, effort.tuning_paths, effort.tuning_periods)
    windows = chains.outlook(effort.tuning_periods).windows(0)
    start = np.rint(windows.mean + windows.std)
    level = found_by_simulation(suite, BaseStock, start, demand, STEPS)

    def capped(constants: np.ndarray) -> CappedBaseStock:
        return CappedBaseStock(constants[..., :1, :], constants[..., 1:, :])

    start = np.concatenate([level, np.rint(chains.mean + chains.std)[None]])
    pair = found_by_simulation(suite, capped, start, demand, STEPS)
    return {
        TEXTBOOK: textbook,
        BASE_STOCK: always(BaseStock(level)),
        CAPPED: always(capped(pair)),
    }
