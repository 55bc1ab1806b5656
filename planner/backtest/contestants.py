"""Rules that are tried on the past: ours, the rivals, and what people really ordered.

Every rule is made anew each month from the same forecast; none knows more than its first morning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from brain.advice import advisor_of
from brain.brain import Brain
from envs.policies import FollowPlan, Policy, SafetyFactors, SafetyStockRule, constant
from planner.backtest.account import Account
from planner.backtest.corrections import Corrections, no_corrections
from planner.backtest.past import Month
from planner.lookahead import look_ahead_of
from planner.problem import Problem
from planner.rolling import OptimiserOnly, WeeklyPrices
from planner.rules import Advice, Asked, ClosedForm, ScaledFactors, textbook_factors
from planner.trust import HALFWAY, Halfway

SOLVED_EVERY, SEES = 7, 14
"""Days between two solutions of the optimiser alone, and how far it looks [period]."""


@dataclass
class ByAdvice:
    """Orders up to advice, asked at the price of space, which is found anew every week.

    Attributes:
        advice: what is advised in a month.
        seed: of the futures that prices are looked up on.
        price: of space, as last found (P, M) [money/volume/period].
    """

    advice: Callable[[Problem], Advice]
    seed: int = 1
    price: np.ndarray | None = None
    _weekly: WeeklyPrices | None = field(default=None, repr=False)

    def __call__(self, problem: Problem) -> Policy:
        """The rule of a month; the last month's price of space is where its search begins."""
        advice = self.advice(problem)
        if not problem.has_limits:
            return SafetyStockRule(problem.outlook, advice)
        if self._weekly is not None:
            self.price = self._weekly.price
        find = look_ahead_of(problem, self.seed).prices
        self._weekly = WeeklyPrices(advice, find, self.price)
        return SafetyStockRule(problem.outlook, self._weekly)


@dataclass(frozen=True)
class Brains:
    """The advice of brains, and of theory where none has learnt a product's like.

    Attributes:
        brains: who is asked; those shipped if not given.
        corrections: what the past has changed about the advice; nothing if not given.
        own: base-stock that meets it halfway (M, K) [1]; nothing does if not given.
    """

    brains: Sequence[Brain] | None = None
    corrections: Corrections | None = None
    own: np.ndarray | None = None

    def __call__(self, problem: Problem) -> Advice:
        """What is advised in a month, with prices of space answered by the family."""
        scenario, outlook = problem.scenario, problem.outlook
        found = self.corrections or no_corrections(*scenario.products.lead_time.shape)
        advisor = advisor_of(scenario, outlook, self.brains, found.beyond)
        asked = Asked(advisor, scenario, outlook)
        if self.own is None and not found.added.any():
            return asked
        z = np.zeros_like(found.added) if self.own is None else self.own
        weight = np.full(z.shape[1], 0.0 if self.own is None else HALFWAY)
        return Halfway(asked, found.added, ClosedForm(constant(z), scenario, outlook), weight)


@dataclass(frozen=True)
class Unpriced:
    """Orders up to advice, whatever space costs.

    Attributes:
        advice: what is advised in a month.
    """

    advice: Callable[[Problem], SafetyFactors]

    def __call__(self, problem: Problem) -> Policy:
        """The rule of a month."""
        return SafetyStockRule(problem.outlook, self.advice(problem))


@dataclass(frozen=True)
class Scaled:
    """Orders up to safety factors that are cut alike until expected stock fits.

    Attributes:
        factors: those of a month.
    """

    factors: Callable[[Problem], SafetyFactors]

    def __call__(self, problem: Problem) -> Policy:
        """The rule of a month."""
        fitted = ScaledFactors(self.factors(problem), problem.scenario, problem.outlook)
        return SafetyStockRule(problem.outlook, fitted)


def textbook(problem: Problem) -> SafetyFactors:
    """The newsvendor's z at every stage."""
    return textbook_factors(problem.scenario)


def optimiser(problem: Problem) -> Policy:
    """The model on mean demand with no safety stock.

    Where nothing limits the products it orders each echelon up to its mean, for its levels are
    relative to that; so it need not be solved there.
    """
    if not problem.has_limits:
        none = np.zeros(problem.scenario.products.lead_time.shape)
        return SafetyStockRule(problem.outlook, constant(none))
    return OptimiserOnly(problem.scenario, problem.outlook, SEES, every=SOLVED_EVERY)


@dataclass(frozen=True)
class AsOrdered:
    """What people ordered at the time, whatever the stock was; before that, the textbook's rule.

    Attributes:
        orders: by day from `first` on (T, M, K) [unit].
        first: the day from which on people's orders are known.
    """

    orders: np.ndarray
    first: date

    def __call__(self, problem: Problem) -> Policy:
        """The orders of a month."""
        begins = (problem.scenario.start - self.first).days
        if begins < 0:
            return Unpriced(textbook)(problem)
        return FollowPlan(self.orders[begins : begins + problem.horizon])


def perfect_information(months: Sequence[Month]) -> Account:
    """The least that whoever had known all demand would have paid: no rule can pay less.

    A unit that is sold on day t has lain at stage m >= 1 overnight at least once before it was
    shipped on. Where all the days count that an order from m takes to come in, that night is one
    of them, or is made up for by another night further down. So a unit is charged the least
    holding cost from the shelf up to m for every such stage, or its missed sale if that is less.
    Shared capacity is left out, which only lowers the bound.
    """
    problem = months[0].problem
    holding, lead_time = problem.rates.holding, problem.scenario.products.lead_time
    night = np.minimum.accumulate(holding, axis=0)
    demand = np.concatenate([month.demand for month in months])
    counts = np.concatenate([month.counts for month in months])
    before = _counted_before(counts)
    charge = np.zeros_like(demand)
    takes = np.zeros_like(lead_time[0])
    for stage in range(1, len(lead_time)):
        takes = takes + lead_time[stage - 1] + 1
        charge += np.where(before >= takes, night[stage], 0.0)
    nothing = np.zeros_like(demand)
    return Account(
        first=months[0].span.first,
        holding=demand * np.minimum(charge, problem.rates.shortage),
        shortage=nothing,
        overflow=nothing,
        demand=demand,
        served=demand,
        stock=nothing,
        space=np.zeros((len(demand), len(lead_time))),
        counts=counts,
    )


def _counted_before(counts: np.ndarray) -> np.ndarray:
    """How many days right before each have counted without a break (T, K) [day]."""
    days = np.zeros(counts.shape, np.int64)
    for day in range(1, len(counts)):
        days[day] = np.where(counts[day - 1], days[day - 1] + 1, 0)
    return days
