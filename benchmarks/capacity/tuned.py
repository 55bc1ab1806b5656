"""A rival: one price of space per stage, never changed, tuned by simulation.

The cross-entropy method (Rubinstein 1999): prices are drawn around the best of the last round, in
logarithms, and played on the futures for calibration, all of a round on the same ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.capacity.trial import OVERFLOW_PRICE
from envs.policies import SafetyFactors, SafetyStockRule, Situation
from planner.lookahead import WEEK
from planner.problem import Problem
from planner.rules import Advice

ROUNDS, DRAWN, BEST = 4, 24, 6
"""Rounds, prices drawn in each, and the best of them that the next round is drawn around."""
FIRST_GUESS, FIRST_SPREAD = 0.1, 1.3
"""Where the first round is drawn: share of the overflow price, spread of its logarithm [1]."""
SMALLEST_SPREAD = 0.08

Costs = Callable[[SafetyStockRule, int], np.ndarray]
"""What a rule costs (C,) that treats C copies of the futures each in its own way."""


@dataclass
class HeldPrices:
    """Safety factors at C constant prices for C copies of the paths, asked once a week.

    Attributes:
        advice: answers prices.
        prices: (C, M) [money/volume/period].
    """

    advice: Advice
    prices: np.ndarray
    _held: np.ndarray | None = None
    _day: int = 0

    def __call__(self, situation: Situation) -> np.ndarray:
        """z (C P, M, K) [1]."""
        if self._day % WEEK == 0:
            self._held = self.advice.at(situation, self.prices)
        self._day += 1
        assert self._held is not None
        return self._held


def at_constant(advice: Advice, price: np.ndarray) -> SafetyFactors:
    """Safety factors at a price (M,) [money/volume/period] that never changes, asked every day."""
    return lambda situation: advice.at(situation, price)


def tuned_prices(
    problem: Problem, advice: Advice, cost: Costs, rng: np.random.Generator
) -> np.ndarray:
    """The constant prices (M,) [money/volume/period] that cost least on the calibration futures."""
    stages = len(problem.scenario.network)
    centre, spread = np.full(stages, np.log(FIRST_GUESS)), np.full(stages, FIRST_SPREAD)
    best, least = np.zeros(stages), np.inf
    for _ in range(ROUNDS):
        drawn = centre + spread * rng.standard_normal((DRAWN, stages))
        drawn[0] = centre
        prices = OVERFLOW_PRICE * np.exp(np.minimum(drawn, np.log(2)))
        paid = cost(SafetyStockRule(problem.outlook, HeldPrices(advice, prices)), DRAWN)
        order = np.argsort(paid)
        if paid[order[0]] < least:
            best, least = prices[order[0]], float(paid[order[0]])
        elite = drawn[order[:BEST]]
        centre, spread = elite.mean(axis=0), np.maximum(elite.std(axis=0), SMALLEST_SPREAD)
    return np.asarray(best)
