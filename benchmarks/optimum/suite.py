"""A suite: problems with a known answer that one net can learn together, and how rules are judged.

Every rule meets the same demand. Where the exact best rule is known it meets that demand, too, and
a rule's cost is the exact optimum plus what it cost more than the best rule did: a control variate
that takes out most of the luck.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from benchmarks.optimum.chains import Chains
from brain.lanes import SINGLE, Lanes
from data.outlook import Outlook
from envs.accounting import charge
from envs.dynamics import Flows, State, advance
from envs.observation import Traits, no_errors
from envs.policies import Policy, SafetyStockRule, Situation, constant
from envs.theory import safety_factor

Money = Callable[[State, Flows], np.ndarray]
"""Worth of the period that led to a state, from what moved in it (P, K) [money]."""
RuleFactory = Callable[[Outlook, Traits], Policy]
"""Makes a rule for the chains that the outlook and the traits describe, all rows of a suite."""
TEXTBOOK, CLOSED_FORM, TUNED = "textbook", "closed form", "tuned constants"
BASE_STOCK, CAPPED = "best base-stock", "best capped base-stock"
LANES_AT_ONCE = 4096
"""Paths times chains in one batch: what fits into a core's cache."""


@dataclass(frozen=True)
class Effort:
    """How much is simulated.

    Attributes:
        paths: futures that rules are judged on.
        seasons: the same where a future is one season.
        tuning_paths, tuning_periods: futures on which a rival's constants are found, their length.
        tuning_seasons: the same where a future is one season.
    """

    paths: int = 500
    seasons: int = 8_000
    tuning_paths: int = 48
    tuning_periods: int = 4100
    tuning_seasons: int = 8000


QUICK = Effort(paths=64, seasons=500, tuning_paths=8, tuning_periods=600, tuning_seasons=300)


@dataclass(frozen=True, eq=False)
class Optimum:
    """The least cost of each row (R,) [money/period], and the rule that costs it."""

    cost: np.ndarray
    policy: Policy
    name: str = "optimum"


@dataclass(frozen=True, eq=False)
class Foresight:
    """What one who knows a future could have earned on it, demand (P, T, R) to (P, R) [money]."""

    earned: Callable[[np.ndarray], np.ndarray]
    name: str = "perfect information"


@dataclass(frozen=True, eq=False)
class Suite:
    """R problems of the same number of stages.

    Attributes:
        name: such as "lost-sales".
        rows: the name of each problem's case (R,).
        chains: the problems.
        periods: length of a future, warm-up included [period].
        warm_up: periods at its start that are not counted [period].
        answer: what rules are measured against.
        added: cost that no rule can change and `money` leaves out (R,) [money/period].
        money: what is counted, if not holding on hand and shortage. Plain arithmetic, so that it
            takes NumPy arrays and torch tensors alike, in natural units as in these.
        better: whether less or more money is better.
    """

    name: str
    rows: tuple[str, ...]
    chains: Chains
    periods: int
    warm_up: int
    answer: Optimum | Foresight
    added: np.ndarray | float = 0.0
    money: Money | None = None
    better: Literal["lower", "higher"] = "lower"

    @property
    def optimum(self) -> np.ndarray:
        """Exact least cost of each row (R,) [money/period]; nan where it is not known."""
        match self.answer:
            case Optimum(cost):
                return cost
            case Foresight():
                return np.full(len(self.rows), np.nan)

    @property
    def whole_units(self) -> bool:
        """True where orders of any row are rounded to the nearest unit when judged."""
        return bool(self.chains.whole_units.any())

    def lanes(
        self, rng: np.random.Generator, row_index: np.ndarray, periods: int, paths: int = 1
    ) -> Lanes:
        """The problems at `row_index` (K,) with sampled futures, in natural units, to learn on.

        Nothing is rounded.
        """
        return self.chains.take(row_index).lanes(rng, paths, periods)

    def opening(self, row_index: np.ndarray, paths: int) -> State:
        """The first morning of those lanes, in natural units."""
        chains = self.chains.take(row_index)
        state, unit = chains.opening(paths), chains.mean.astype(SINGLE)
        return replace(
            state,
            on_hand=state.on_hand.astype(SINGLE) / unit,
            pipeline=state.pipeline.astype(SINGLE) / unit[:, None],
            backorders=state.backorders.astype(SINGLE),
            owed=state.owed.astype(SINGLE),
        )


@dataclass(frozen=True)
class WholeOrders:
    """A rule, its orders rounded to the nearest unit where units are whole (K,)."""

    policy: Policy
    whole: np.ndarray

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        orders = self.policy(situation)
        return np.where(self.whole, np.floor(orders + 0.5), orders)


def always(policy: Policy) -> RuleFactory:
    """The rule that knows its chains already."""
    return lambda outlook, traits: policy


def textbook(outlook: Outlook, traits: Traits) -> Policy:
    """The newsvendor's safety factor at every stage (Snyder and Shen, eq. 4.30)."""
    return SafetyStockRule(outlook, constant(safety_factor(traits.cost_ratio)))


def played(suite: Suite, rule: RuleFactory, demand: np.ndarray) -> np.ndarray:
    """What a rule brings on each future (P, R), demand (P, T, R) [unit].

    Money a period after the warm-up; where there is a season, the money of the season.
    """
    paths, periods, count = demand.shape
    chains, outlook = suite.chains, suite.chains.outlook(periods)
    policy = WholeOrders(rule(outlook, chains.traits), chains.whole_units)
    money = suite.money or _usual(chains)
    state, errors = chains.opening(paths), no_errors(paths, count)
    total = np.zeros((paths, count))
    for t in range(periods):
        today = demand[:, t]
        orders = policy(Situation(state, errors, chains.world))
        state, flows = advance(state, orders, today[:, None], chains.world)
        errors = errors.after(today, outlook.mean[t], outlook.std[t])
        if t >= suite.warm_up:
            total += money(state, flows)
    if chains.season is not None:
        return total
    return total / (periods - suite.warm_up) + suite.added


def _usual(chains: Chains) -> Money:
    def money(after: State, flows: Flows) -> np.ndarray:
        costs = charge(after, flows, chains.rates, chains.world)
        return costs.holding + costs.shortage

    return money


def judged(
    suite: Suite, rules: Mapping[str, RuleFactory], rng: np.random.Generator, effort: Effort
) -> dict[str, np.ndarray]:
    """What each rule brings on each of the same futures (P, R), and before them the answer.

    Where the best rule is known: the difference to it on the same future, plus the optimum.
    """
    parts: dict[str, list[np.ndarray]] = {name: [] for name in (suite.answer.name, *rules)}
    paths = effort.paths if suite.chains.season is None else effort.seasons
    for demand in _batches(suite, rng, paths):
        best, luck = _measured_against(suite, demand)
        parts[suite.answer.name].append(best)
        for name, rule in rules.items():
            parts[name].append(played(suite, rule, demand) - luck)
    return {name: np.concatenate(part) for name, part in parts.items()}


def _batches(suite: Suite, rng: np.random.Generator, paths: int) -> Iterator[np.ndarray]:
    """Demand of `paths` futures (P, T, R) [unit], some at a time."""
    batch = max(1, LANES_AT_ONCE // len(suite.rows))
    for first in range(0, paths, batch):
        yield suite.chains.demand(rng, min(batch, paths - first), suite.periods)


def _measured_against(suite: Suite, demand: np.ndarray) -> tuple[np.ndarray, np.ndarray | float]:
    """The answer on each future (P, R), and what luck added to it there (P, R)."""
    match suite.answer:
        case Optimum(cost, policy):
            luck = played(suite, always(policy), demand) - cost
            return np.broadcast_to(cost, luck.shape), luck
        case Foresight(earned):
            return earned(demand), 0.0
