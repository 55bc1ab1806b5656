"""The price of space that a rule itself makes true, found by simulating the rule a month ahead.

A price of space is right where it equals the overflow price times the chance that space is
exceeded, lambda_m = rho_m P(V_m > C_m): a unit less stock then saves as much as it costs. The
model's duals estimate that chance from its own account of occupancy; here the rule is played on
sampled futures for a grid of prices at once and the crossing is read off, stage by stage from the
shelf up, first on a coarse grid and then on a finer one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data.demand import law, sample_paths
from data.outlook import Outlook
from data.scenario import Scenario
from envs.accounting import Rates
from envs.dynamics import State, advance
from envs.observation import no_errors
from envs.policies import Policy, SafetyFactors, SafetyStockRule, Situation, constant
from envs.simulator import play
from envs.world import World
from planner.problem import DAYS_AHEAD
from planner.rules import answered

GRID = np.array([0.0, 0.005, 0.02, 0.06, 0.15, 0.35, 0.65, 1.0])
"""Prices tried first, as shares of the overflow price: the chance of overflow they stand for."""
FINER = 5
"""Prices tried between the two that enclose the crossing."""
FIRST_DAY = 5
"""Days before are settled by what is on its way already."""
FUTURES = 8
"""Sampled from a single path; each of several paths has one future of its own."""
WEEK = 7
"""Prices keep for a week; levels go stale in days."""


@dataclass(frozen=True)
class LookAhead:
    """What is needed to play a rule ahead.

    Attributes:
        scenario: products, capacities.
        outlook: the forecast.
        world, rates: how stock moves and what it costs.
        in_lots: turns a rule into one that orders whole lots.
        seed: of the sampled futures; the same ones for every price.
    """

    scenario: Scenario
    outlook: Outlook
    world: World
    rates: Rates
    in_lots: Callable[[Policy], Policy]
    seed: int

    def prices(self, situation: Situation, z: np.ndarray) -> np.ndarray:
        """Prices of space (M,) [money/volume/period] for a situation of one or more paths.

        Args:
            situation: where the rule starts.
            z: safety factors if space were free (P, M, K) or (M, K) [1].
        """
        state = situation.state
        starts = _spread(state, FUTURES if len(state.on_hand) == 1 else 1)
        z = np.broadcast_to(z, state.on_hand.shape)
        z = np.repeat(z, len(starts.on_hand) // len(z), axis=0)
        demand = self._futures(state.period, len(starts.on_hand))
        network = self.scenario.network
        price = np.zeros(len(network))
        for stage in np.flatnonzero(np.isfinite(network.storage_capacity)):
            if not self._overflow_chance(starts, z, demand, (price, int(stage), GRID[:1])).any():
                continue
            grid = GRID * network.overflow_price[stage]
            for _ in range(2):
                chance = self._overflow_chance(starts, z, demand, (price, int(stage), grid))
                low, high = _bracket(grid, chance * network.overflow_price[stage])
                if low == high:
                    break
                grid = np.linspace(low, high, FINER)
            price[stage] = _crossing(grid, chance * network.overflow_price[stage])
        return price

    def schedule(self, situation: Situation, advice: SafetyFactors, periods: int) -> np.ndarray:
        """The price of space per day (T, M) [money/volume/period] over `periods` from a situation.

        The rule is played on sampled futures and looks ahead once a week from where they have
        come to; half of a week's price is that of the week before.
        """
        state = _spread(situation.state, FUTURES // 2)
        errors = no_errors(len(state.on_hand), state.on_hand.shape[2])
        futures = self._futures(state.period, len(state.on_hand), periods)
        days: list[np.ndarray] = []
        for day in range(periods):
            now = Situation(state, errors, situation.world)
            z = advice(now)
            if day % WEEK == 0:
                found = self.prices(now, z)
                price = (found + days[-1]) / 2 if days else found
            days.append(price)
            priced = answered(self.scenario, self.outlook, state.period, z, price)
            rule = self.in_lots(SafetyStockRule(self.outlook, constant(priced)))
            demand = futures[:, day, None]
            errors = errors.after(
                demand[:, 0], self.outlook.mean[state.period], self.outlook.std[state.period]
            )
            state, _ = advance(state, rule(now), demand, self.world)
        return np.stack(days)

    def _overflow_chance(
        self,
        starts: State,
        z: np.ndarray,
        demand: np.ndarray,
        trial: tuple[np.ndarray, int, np.ndarray],
    ) -> np.ndarray:
        """Share of days and futures on which one stage's space is exceeded, per price tried."""
        price, stage, grid = trial
        futures = len(z)
        priced = []
        for candidate in grid:
            tried = np.where(np.arange(len(price)) == stage, candidate, price)
            priced.append(answered(self.scenario, self.outlook, starts.period, z, tried))
        rule = self.in_lots(SafetyStockRule(self.outlook, constant(np.concatenate(priced))))
        lanes = _spread(starts, len(grid), whole=True)
        periods = play(self.world, self.rates, lanes, rule, np.tile(demand, (len(grid), 1, 1)))
        used = np.stack([p.costs.occupancy[:, stage] for p in periods][FIRST_DAY:])
        over = used > self.scenario.network.storage_capacity[stage]
        return over.reshape(len(over), len(grid), futures).mean(axis=(0, 2))

    def _futures(self, period: int, paths: int, length: int = DAYS_AHEAD) -> np.ndarray:
        rng = np.random.default_rng((self.seed, period, length))
        days = slice(period, period + length)
        sampled = law(self.scenario.law)(self.outlook.mean[days], self.outlook.std[days])
        return sample_paths(sampled, rng, paths, self.scenario.products.error_autocorrelation)


def _spread(state: State, copies: int, whole: bool = False) -> State:
    """Every path `copies` times, path by path or (`whole`) the whole set again and again."""

    def again(values: np.ndarray) -> np.ndarray:
        if whole:
            return np.tile(values, (copies, *(1,) * (values.ndim - 1)))
        return np.repeat(values, copies, axis=0)

    return State(
        state.period,
        again(state.on_hand),
        again(state.pipeline),
        again(state.backorders),
        again(state.owed),
    )


def _bracket(grid: np.ndarray, worth: np.ndarray) -> tuple[float, float]:
    """The two neighbouring prices between which the worth of space falls below the price."""
    below = np.flatnonzero(worth <= grid)
    if not below.size:
        return float(grid[-1]), float(grid[-1])
    first = int(below[0])
    return (float(grid[first - 1]), float(grid[first])) if first else (0.0, 0.0)


def _crossing(grid: np.ndarray, worth: np.ndarray) -> float:
    """Where worth equals price, linear between grid points."""
    low, high = _bracket(grid, worth)
    if low == high:
        return low
    first = int(np.searchsorted(grid, high))
    over, under = worth[first - 1] - low, high - worth[first]
    return low + (high - low) * float(over / (over + under)) if over + under > 0 else high
