"""The price of space that a rule itself makes true, found by simulating the rule a month ahead.

A price of space is right where it equals the overflow price times the chance that space is
exceeded, lambda_m = rho_m P(V_m > C_m): a unit less stock then saves as much as it costs. The
model's duals estimate that chance from its own account of occupancy; here the rule is played on
sampled futures for a grid of prices at once, the same share of its overflow price at every stage,
and each stage's crossing is read off; then the same again around the prices found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from scipy.special import ndtr

from data.demand import law, sample_paths
from data.outlook import Outlook
from data.scenario import Scenario
from envs.accounting import Rates, charge
from envs.dynamics import State, advance
from envs.observation import ForecastErrors
from envs.policies import Policy, SafetyStockRule, Situation, constant
from envs.world import World
from planner.problem import DAYS_AHEAD
from planner.rules import Advice

GRID = np.array([0.0, 0.005, 0.02, 0.06, 0.15, 0.35, 0.65, 1.0])
"""Prices tried first, as shares of the overflow price: the chance of overflow they stand for."""
NEARBY = np.array([0.0, 0.5, 0.75, 1.0, 1.3, 2.0])
"""Prices tried next, as multiples of those found before."""
SWEEPS = 2
"""How often nearby prices are tried; what one stage uses depends on the prices of the others."""
FAINT = 0.01
"""Share of the overflow price that a stage found free is taken to cost when it is tried again."""
NEGLIGIBLE = 0.005
"""Prices up to this share of the overflow price are none."""
SMALLEST_SPREAD = 1e-9
"""Of the space used between futures [volume]."""
ASKED_EVERY = 7
"""Days between two askings of the advice while a rule is played ahead [period]."""
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

    def prices(self, situation: Situation, advice: Advice) -> np.ndarray:
        """Prices of space (M,) [money/volume/period] for a situation of one or more paths.

        Args:
            situation: where the rule starts.
            advice: what it orders up to; it is asked at every price tried.
        """
        network, paths = self.scenario.network, len(situation.state.on_hand)
        limited = np.isfinite(network.storage_capacity)
        most = np.where(limited, network.overflow_price, 0.0)
        demand = self._futures(situation.state.period, FUTURES if paths == 1 else paths)

        def worth(tried: np.ndarray) -> np.ndarray:
            return most * self._overflow_chance(situation, advice, demand, tried)

        free = np.zeros((1, len(network)))
        if (worth(free) <= NEGLIGIBLE * most).all():
            return free[0]
        tried = GRID[:, None] * most
        price = _crossings(tried, worth(tried))
        for _ in range(SWEEPS):
            tried = np.minimum(NEARBY[:, None] * np.maximum(price, FAINT * most), most)
            price = _crossings(tried, worth(tried))
        return np.where(price <= NEGLIGIBLE * most, 0.0, price)

    def schedule(self, situation: Situation, advice: Advice, periods: int) -> np.ndarray:
        """The price of space per day (T, M) [money/volume/period] over `periods` from a situation.

        The rule is played on sampled futures and looks ahead once a week from where they have
        come to; half of a week's price is that of the week before.
        """
        now = _spread(situation, FUTURES // 2)
        futures = self._futures(now.state.period, len(now.state.on_hand), periods)
        days: list[np.ndarray] = []
        for day in range(periods):
            if day % WEEK == 0:
                found = self.prices(now, advice)
                price = (found + days[-1]) / 2 if days else found
            days.append(price)
            rule = self.in_lots(SafetyStockRule(self.outlook, constant(advice.at(now, price))))
            after, _ = advance(now.state, rule(now), futures[:, day, None], self.world)
            now = self._next(now, after, futures[:, day])
        return np.stack(days)

    def _overflow_chance(
        self, situation: Situation, advice: Advice, demand: np.ndarray, tried: np.ndarray
    ) -> np.ndarray:
        """Chance (C, M) that a stage's space is exceeded on a day, at each set of prices (C, M).

        Space used varies between futures as a normal variable does around its mean of the day:
        that tells the chance from few futures better than counting does.
        """
        each, sets = len(demand) // len(situation.state.on_hand), len(tried)
        now = _spread(_spread(situation, each), sets, whole=True)
        demand = np.tile(demand, (sets, 1, 1))
        days = []
        for day in range(demand.shape[1]):
            if day % ASKED_EVERY == 0:
                z = constant(_at_each(advice, now, tried))
            orders = self.in_lots(SafetyStockRule(self.outlook, z))(now)
            after, flows = advance(now.state, orders, demand[:, day, None], self.world)
            if day >= FIRST_DAY:
                used = charge(after, flows, self.rates, self.world).occupancy
                days.append(used.reshape(sets, -1, used.shape[-1]))
            now = self._next(now, after, demand[:, day])
        mean = np.mean(days, axis=2)
        spread = np.sqrt(np.var(days, axis=2, ddof=1).mean(axis=0))
        over = mean - self.scenario.network.storage_capacity
        return ndtr(over / np.maximum(spread, SMALLEST_SPREAD)).mean(axis=0)

    def _next(self, now: Situation, after: State, demand: np.ndarray) -> Situation:
        """The next morning, the forecast's errors of the day before (P, K) known."""
        mean, std = (part[now.state.period] for part in (self.outlook.mean, self.outlook.std))
        return Situation(after, now.errors.after(demand, mean, std), now.world)

    def _futures(self, period: int, paths: int, length: int = DAYS_AHEAD) -> np.ndarray:
        rng = np.random.default_rng((self.seed, period, length))
        days = slice(period, period + length)
        sampled = law(self.scenario.law)(self.outlook.mean[days], self.outlook.std[days])
        return sample_paths(sampled, rng, paths, self.scenario.products.error_autocorrelation)


def _spread(situation: Situation, copies: int, whole: bool = False) -> Situation:
    """Every path `copies` times, path by path or (`whole`) the whole set again and again."""
    count = len(situation.state.on_hand)
    order = np.tile(np.arange(count), copies) if whole else np.repeat(np.arange(count), copies)
    return on_paths(situation, order)


def on_paths(situation: Situation, paths: slice | np.ndarray) -> Situation:
    """The situation on some of its paths."""
    state, errors = situation.state, situation.errors
    there = State(
        state.period,
        state.on_hand[paths],
        state.pipeline[paths],
        state.backorders[paths],
        state.owed[paths],
    )
    lately = ForecastErrors(*(getattr(errors, kind.name)[paths] for kind in fields(errors)))
    return Situation(there, lately, situation.world)


def _at_each(advice: Advice, situation: Situation, prices: np.ndarray) -> np.ndarray:
    """z (P, M, K) [1] where each of C equal parts of the paths has prices of its own (C, M)."""
    parts = np.split(np.arange(len(situation.state.on_hand)), len(prices))
    z = np.empty(situation.state.on_hand.shape)
    for part, price in zip(parts, prices, strict=True):
        at = slice(part[0], part[-1] + 1)
        z[at] = advice.at(on_paths(situation, at), price)
    return z


def _crossings(price: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """Where worth equals price, stage by stage (M,), among rising prices tried (C, M)."""
    return np.array([_crossing(*stage) for stage in zip(price.T, worth.T, strict=True)])


def _crossing(price: np.ndarray, worth: np.ndarray) -> float:
    """Where worth falls below the price, linear between prices tried (C,); the last if nowhere."""
    below = np.flatnonzero(worth <= price)
    first = int(below[0]) if below.size else len(price) - 1
    if first == 0 or not below.size:
        return float(price[first])
    low, high = price[first - 1], price[first]
    over, under = worth[first - 1] - low, high - worth[first]
    return float(low + (high - low) * over / (over + under))
