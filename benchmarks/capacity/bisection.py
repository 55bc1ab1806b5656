"""A rival: prices of space by formula, lambda_m = rho_m P(V_m > C_m), solved anew every week.

Space used is taken to be normal around sum v (c_m flow + sigma_m E[(z'_m + Z)^+]), with c_m the
days of flow that a stage always holds, and a bias measured on futures for calibration: what the
rule without prices used beyond the formula. No future is simulated when prices are set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from benchmarks.capacity.days import days
from benchmarks.capacity.trial import ADAPT, PASSES, Trial
from data.demand import loss_function
from data.outlook import Outlook
from data.scenario import Scenario
from envs.policies import SafetyStockRule, Situation
from planner.problem import Problem
from planner.rules import Advice
from planner.situations import copied

POOLED = 0.7
"""Share of the independent sum of errors that the space used shows."""
TRIED, NARROWED = 12, 3
"""Prices tried at a time between the bounds of every stage, and how often."""


@dataclass(frozen=True)
class ChancePrices:
    """Prices at which the formula's chance of overflow makes them true.

    Attributes:
        problem: capacities and overflow prices.
        bias: space used beyond the formula (M,) [volume].
    """

    problem: Problem
    bias: np.ndarray

    def __call__(
        self, situation: Situation, advice: Advice, last: np.ndarray | None = None
    ) -> np.ndarray:
        """Prices (P, M) [money/volume/period]; every stage's bounds are narrowed side by side."""
        scenario, outlook = self.problem.scenario, self.problem.outlook
        paths, period = len(situation.state.on_hand), situation.state.period
        capacity = scenario.network.storage_capacity
        most = np.where(np.isfinite(capacity), scenario.network.overflow_price, 0.0)
        low, high = (np.tile(bound, (paths, 1)) for bound in (0 * most, most))
        spread = np.square(outlook.windows(period).std * scenario.products.volume)
        deviation = POOLED * np.sqrt(spread.sum(axis=1))
        every = copied(situation, TRIED)
        for _ in range(NARROWED):
            tried = np.linspace(low, high, TRIED, axis=1)
            z = advice.at(every, tried.reshape(paths * TRIED, -1))
            z = np.broadcast_to(z, every.state.on_hand.shape)
            used = expected_use(scenario, outlook, period, z).reshape(tried.shape) + self.bias
            worth = most * ndtr((used - capacity) / deviation)
            above = np.maximum((worth > tried).sum(axis=1, keepdims=True) - 1, 0)
            low = np.take_along_axis(tried, above, axis=1)[:, 0]
            high = np.take_along_axis(tried, np.minimum(above + 1, TRIED - 1), axis=1)[:, 0]
        return np.asarray((low + high) / 2)


def expected_use(scenario: Scenario, outlook: Outlook, period: int, z: np.ndarray) -> np.ndarray:
    """Space used by formula (P, M) [volume] with safety factors z (P, M, K)."""
    windows, volume = outlook.windows(period), scenario.products.volume
    flow = (windows.mean / outlook.protection_interval) @ volume
    return np.asarray(PASSES * flow + ((loss_function(-z) * windows.std) @ volume))


def bias_of(trial: Trial) -> np.ndarray:
    """Space that order-up-to without prices uses beyond the formula (M,) [volume]."""
    problem, lives = trial.problem, trial.calibrated
    rule = problem.in_lots(SafetyStockRule(problem.outlook, trial.advisor))
    lived = days(lives.start, rule, lives.demand, problem.outlook, problem.rates)
    before, beyond = lives.start, []
    for day in lived:
        formula = expected_use(
            problem.scenario, problem.outlook, before.state.period, trial.advisor(before)
        )
        beyond.append(day.used(problem.rates) - formula)
        before = day.after
    return np.asarray(np.mean(beyond[ADAPT:], axis=(0, 1)))
