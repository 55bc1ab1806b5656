"""The price of space that a rule itself makes true, found by simulating the rule a month ahead.

A price of space is right where it equals the overflow price times the chance that space is
exceeded, lambda_m = rho_m P(V_m > C_m): a unit less stock then saves as much as it costs. The
model's duals estimate that chance from its own account of occupancy; here the rule is played on
sampled futures at several prices at once. Where nothing is known, prices are tried from nothing to
all of the overflow price, the same share at every stage. Then, or from last week's prices on, each
stage's price is moved by itself: what that does to the space used at every stage tells where all
prices make themselves true together (`planner/settling.py`). Of many products a sample is played
(`planner/sample.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from data.demand import law, sample_paths
from data.outlook import Outlook
from data.scenario import Scenario
from envs.accounting import Rates
from envs.dynamics import State, advance
from envs.policies import Policy, SafetyStockRule, Situation, constant
from envs.world import World
from planner.problem import DAYS_AHEAD, Problem
from planner.rules import Advice
from planner.sample import Sample, sample_of
from planner.settling import Use, crossings, settled
from planner.situations import copied, of_products, on_paths

GRID = np.array([0.005, 0.02, 0.06, 0.15, 0.35, 0.65, 1.0])
"""Prices tried first, as shares of the overflow price: the chance of overflow they stand for."""
NEARBY = (1.5, 1.25)
"""By how much each stage's price is moved to see what that does; last week's are moved once."""
FAINT = 0.01
"""Share of the overflow price that a stage found free is taken to cost when it is tried again."""
NEGLIGIBLE = 0.005
"""Prices up to this share of the overflow price are none."""
ASKED_EVERY = 2
"""Days between two askings of the advice while a rule is played ahead [period]."""
FIRST_DAY = 14
"""Days before are settled by what is on its way already."""
FUTURES = 6
"""Sampled from a single path; each of several paths priced together has one future of its own."""
PATHS = 4
"""That a schedule is played on."""
WEEK = 7
"""Prices keep for a week; levels go stale in days."""
LARGEST_SAMPLE = 1000
"""Of more products than these a sample is played."""


@dataclass(frozen=True)
class LookAhead:
    """What is needed to play a rule ahead.

    Attributes:
        scenario: products, capacities.
        outlook: the forecast.
        world, rates: how stock moves and what it costs.
        in_lots: turns a rule into one that orders whole lots.
        seed: of the sampled futures; the same ones for every price.
        sample: which products these are, if not all that situations and advice are about.
    """

    scenario: Scenario
    outlook: Outlook
    world: World
    rates: Rates
    in_lots: Callable[[Policy], Policy]
    seed: int
    sample: Sample | None = None

    def prices(
        self, situation: Situation, advice: Advice, last: np.ndarray | None = None
    ) -> np.ndarray:
        """Prices of space (P, M) [money/volume/period], of every path by itself.

        Args:
            situation: where the rule starts, P paths.
            advice: what it orders up to; it is asked at every price tried.
            last: prices found a while ago (P, M), if any.
        """
        unknown = np.zeros((len(situation.state.on_hand), len(self.scenario.network)))
        return self._found(*self._sampled(situation, advice), unknown if last is None else last)

    def schedule(self, situation: Situation, advice: Advice, periods: int) -> np.ndarray:
        """The price of space per day (T, M) [money/volume/period] over `periods` from a situation.

        The rule is played on sampled futures and looks ahead once a week from where they have
        come to, one price for all of them; half of a week's price is that of the week before.
        """
        now, advice = self._sampled(situation, advice)
        now = copied(now, PATHS)
        futures = self._futures(now.state.period, len(now.state.on_hand), periods)
        days: list[np.ndarray] = []
        for day in range(periods):
            if day % WEEK == 0:
                last = days[-1] if days else np.zeros(len(self.scenario.network))
                found = self._found(now, advice, last[None])[0]
                price = (found + last) / 2 if days else found
            days.append(price)
            rule = self.in_lots(SafetyStockRule(self.outlook, constant(advice.at(now, price))))
            after, _ = advance(now.state, rule(now), futures[:, day, None], self.world)
            now = self._next(now, after, futures[:, day])
        return np.stack(days)

    def _sampled(self, situation: Situation, advice: Advice) -> tuple[Situation, Advice]:
        """The products that are played."""
        if self.sample is None:
            return situation, advice
        products = self.sample.products
        there = replace(of_products(situation, products), world=self.world)
        return there, advice.take(products)

    def _found(self, situation: Situation, advice: Advice, last: np.ndarray) -> np.ndarray:
        """Prices (G, M) of paths in G groups of equal size, from those found before (G, M).

        Where these are 0, all that may be true are tried.
        """
        price, new = last.copy(), np.asarray(~last.any(axis=1))
        if new.any():
            price[new] = self._first(_groups(situation, new), advice, int(new.sum()))
        paid = np.asarray(price.any(axis=1))
        for step, moved in zip(NEARBY, (paid, paid & new), strict=True):
            if moved.any():
                there = _groups(situation, moved)
                price[moved] = self._moved(there, advice, price[moved], step)
        return np.where(price <= NEGLIGIBLE * self._most, 0.0, price)

    def _first(self, situation: Situation, advice: Advice, groups: int) -> np.ndarray:
        """The best (G, M) of prices from nothing to all of the overflow price, alike for stages."""
        capacity, most = self.scenario.network.storage_capacity, self._most
        free = np.zeros((groups, 1, len(most)))
        unpaid = most * [seen.chance(capacity) for seen in self._use(situation, advice, free)]
        price, scarce = free[:, 0], (unpaid > NEGLIGIBLE * most).any(axis=(1, 2))
        if scarce.any():
            tried = np.tile(GRID[:, None] * most, (int(scarce.sum()), 1, 1))
            seen = self._use(_groups(situation, scarce), advice, tried)
            worth = most * [one.chance(capacity) for one in seen]
            every = np.concatenate([free[scarce], tried], axis=1)
            worth = np.concatenate([unpaid[scarce], worth], axis=1)
            price[scarce] = [crossings(*group) for group in zip(every, worth, strict=True)]
        return price

    def _moved(
        self, situation: Situation, advice: Advice, price: np.ndarray, step: float
    ) -> np.ndarray:
        """Prices (G, M) by what moving each stage's by itself from `price` (G, M) does."""
        capacity, most = self.scenario.network.storage_capacity, self._most
        limited = np.flatnonzero(most)
        base = np.clip(price, FAINT * most, most)
        tried = np.repeat(base[:, None], 1 + len(limited), axis=1)
        tried[:, np.arange(len(limited)) + 1, limited] *= step
        seen = self._use(situation, advice, tried)
        return np.array([settled(t, s, capacity, most) for t, s in zip(tried, seen, strict=True)])

    def _use(self, situation: Situation, advice: Advice, tried: np.ndarray) -> list[Use]:
        """What each of G groups of paths uses at C prices of its own (G, C, M), group by group."""
        groups, sets = tried.shape[:2]
        paths = len(situation.state.on_hand) // groups
        futures = FUTURES if paths == 1 else paths
        own = np.arange(groups * futures).reshape(groups, 1, futures)
        lane = np.broadcast_to(own, (groups, sets, futures)).ravel()
        now = on_paths(situation, lane // (futures // paths))
        demand = self._futures(now.state.period, futures)[lane % futures]
        volume = self.rates.volume
        apart = volume if self.sample is None else volume / np.sqrt(self.sample.weight)
        mean, variance = [], []
        for day in range(demand.shape[1]):
            if day % ASKED_EVERY == 0:
                z = constant(advice.at(now, tried.reshape(groups * sets, -1)))
            orders = self.in_lots(SafetyStockRule(self.outlook, z))(now)
            after, flows = advance(now.state, orders, demand[:, day, None], self.world)
            if day >= FIRST_DAY:
                used = flows.occupied @ np.stack([volume, apart], axis=1)
                used = used.reshape(groups, sets, futures, -1, 2)
                mean.append(used[..., 0].mean(axis=2))
                variance.append(used[..., 1].var(axis=2, ddof=1))
            now = self._next(now, after, demand[:, day])
        spread = np.sqrt(np.mean(variance, axis=0))
        return [Use(*group) for group in zip(np.stack(mean, axis=2), spread, strict=True)]

    def _next(self, now: Situation, after: State, demand: np.ndarray) -> Situation:
        """The next morning, the forecast's errors of the day before (P, K) known."""
        mean, std = (part[now.state.period] for part in (self.outlook.mean, self.outlook.std))
        return Situation(after, now.errors.after(demand, mean, std), now.world)

    def _futures(self, period: int, paths: int, length: int = DAYS_AHEAD) -> np.ndarray:
        """Demand from a period on (P, T, K) [unit]."""
        rng = np.random.default_rng((self.seed, period, length))
        days = slice(period, period + length)
        sampled = law(self.scenario.law)(self.outlook.mean[days], self.outlook.std[days])
        return sample_paths(sampled, rng, paths, self.scenario.products.error_autocorrelation)

    @cached_property
    def _most(self) -> np.ndarray:
        """What a unit of space costs at most (M,) [money/volume/period]; 0 without a limit."""
        network = self.scenario.network
        return np.where(np.isfinite(network.storage_capacity), network.overflow_price, 0.0)


def look_ahead_of(problem: Problem, seed: int, largest: int = LARGEST_SAMPLE) -> LookAhead:
    """The look-ahead of a problem; of more than `largest` products it plays a sample."""
    if len(problem.scenario.products) <= largest:
        parts = (problem.scenario, problem.outlook, problem.world, problem.rates)
        return LookAhead(*parts, problem.in_lots, seed)
    sample = sample_of(problem, largest, np.random.default_rng(seed))
    played = problem.take(sample.products, sample.weight)
    parts = (played.scenario, played.outlook, played.world, played.rates)
    return LookAhead(*parts, played.in_lots, seed, sample)


def _groups(situation: Situation, chosen: np.ndarray) -> Situation:
    """The situation on the paths of the chosen groups (G,) of equal size."""
    paths = np.repeat(chosen, len(situation.state.on_hand) // len(chosen))
    return on_paths(situation, np.flatnonzero(paths))
