"""The rules a plan is carried out by, and the simple rules it has to beat.

All of them order up to the forecast plus safety stock; they differ in the safety factor, and in
what they do when space is scarce.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.special import ndtri

from brain.advice import Advisor
from data.demand import loss_function
from data.outlook import Outlook
from data.scenario import Scenario
from data.stock import StockState
from envs.policies import Policy, SafetyFactors, Situation
from milp.prices import Shelf, dearer_holding, priced_safety_factor
from planner.situations import of_products, on_paths, side_by_side

HALVINGS = 12
"""Bisections of a scale factor: it is known to 1 in 4,000."""


ASKED, CLOSED_FORM = "asked", "closed-form"
PRICINGS = (ASKED, CLOSED_FORM)
"""How advice answers a price of space: brains that can are asked at it, or nobody is."""


class Advice(Protocol):
    """Safety factors that also answer a price of space."""

    def __call__(self, situation: Situation) -> np.ndarray:
        """z (P, M, K) or (M, K) [1] where space is free."""

    def at(self, situation: Situation, price: np.ndarray) -> np.ndarray:
        """z (P, M, K) or (M, K) [1] where space costs `price` (M,) [money/volume/period].

        Where it costs nothing, this is the advice for free space to the bit. Given C prices
        (C, M), the paths fall into C parts of equal size, one after the other, each with its own.
        """

    def take(self, products: np.ndarray) -> Advice:
        """The advice for some of the products, by their numbers."""


@dataclass(frozen=True)
class ClosedForm:
    """Any safety factors; a price makes holding dearer, and they answer as the newsvendor's do.

    Attributes:
        factors: where space is free.
        scenario: volumes and holding costs.
        outlook: the forecast.
    """

    factors: SafetyFactors
    scenario: Scenario
    outlook: Outlook

    def __call__(self, situation: Situation) -> np.ndarray:
        """z (P, M, K) or (M, K) [1]."""
        return self.factors(situation)

    def at(self, situation: Situation, price: np.ndarray) -> np.ndarray:
        """z (P, M, K) or (M, K) [1] at a price (M,) or prices (C, M) [money/volume/period].

        Never a higher one than where space is free.
        """
        z = self.factors(situation)
        if not price.any():
            return z
        windows, products = self.outlook.windows(situation.state.period), self.scenario.products
        by_path = price
        if price.ndim > 1:
            by_path = np.repeat(price, len(situation.state.on_hand) // len(price), axis=0)
        return priced_safety_factor(
            z,
            dearer_holding(by_path, products.volume, self.scenario.holding_cost),
            products.cost_ratio,
            Shelf(windows.mean[0], windows.std[0]),
        )

    def take(self, products: np.ndarray) -> ClosedForm:
        """The same for some of the products; factors that nobody advises do not look at stock."""
        factors = self.factors
        taken: SafetyFactors = (
            advisor_for(factors, products)
            if isinstance(factors, Advisor)
            else lambda situation: factors(situation)[..., products]
        )
        return ClosedForm(taken, self.scenario.take(products), self.outlook.take(products))


@dataclass(frozen=True)
class Asked:
    """The advisor, asked at the price itself; the closed form answers for whom nobody can be asked.

    A brain that has learnt prices knows what a price of space is worth: it has lived with other
    cost ratios and holding costs, which is what a price amounts to (`brain.pricing`).

    Attributes:
        advisor: who is asked.
        scenario: volumes and holding costs.
        outlook: the forecast.
    """

    advisor: Advisor
    scenario: Scenario
    outlook: Outlook
    _side_by_side: dict[int, Advisor] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, situation: Situation) -> np.ndarray:
        """z (P, M, K) [1]."""
        return self.advisor(situation)

    def at(self, situation: Situation, price: np.ndarray) -> np.ndarray:
        """z (P, M, K) [1] at a price (M,) or prices (C, M) [money/volume/period]."""
        products, paid = self.scenario.products, price.any(axis=-1)
        if not (paid.any() and self._answers.any()):
            return ClosedForm(self.advisor, self.scenario, self.outlook).at(situation, price)
        if not paid.all():
            return self._part_by_part(situation, price)
        prices = np.atleast_2d(price)
        said = self._said(situation, prices[..., None] * products.volume / products.holding_cost)
        others = np.flatnonzero(~self._answers)
        if others.size:
            said[..., others] = self._others.at(of_products(situation, others), price)
        return said

    def _part_by_part(self, situation: Situation, prices: np.ndarray) -> np.ndarray:
        parts = np.split(np.arange(len(situation.state.on_hand)), len(prices))
        return np.concatenate(
            [
                self.at(on_paths(situation, part), price)
                for part, price in zip(parts, prices, strict=True)
            ]
        )

    @cached_property
    def _answers(self) -> np.ndarray:
        """True where a product takes space and somebody can be asked what its price means (K,)."""
        return self.advisor.answers_prices & (self.scenario.products.volume > 0)

    @cached_property
    def _others(self) -> ClosedForm:
        """The formula for all other products."""
        formula = ClosedForm(self.advisor, self.scenario, self.outlook)
        return formula.take(np.flatnonzero(~self._answers))

    def take(self, products: np.ndarray) -> Asked:
        """The same for some of the products."""
        taken = advisor_for(self.advisor, products)
        return Asked(taken, self.scenario.take(products), self.outlook.take(products))

    def _said(self, situation: Situation, per_unit: np.ndarray) -> np.ndarray:
        """What the advisor says (P, M, K) [1] at C prices of a unit's space (C, M, K) [1].

        A question has one price per product; so the products of all parts are asked about side by
        side, at once.
        """
        parts, _, count = per_unit.shape
        if parts == 1:
            return self.advisor.at(situation, per_unit[0])
        if parts not in self._side_by_side:
            self._side_by_side[parts] = advisor_for(self.advisor, np.tile(np.arange(count), parts))
        asked = side_by_side(situation, parts)
        said = self._side_by_side[parts].at(asked, np.concatenate(list(per_unit), axis=1))
        return np.concatenate(np.split(said, parts, axis=2))


def advisor_for(advisor: Advisor, products: np.ndarray) -> Advisor:
    """The advisor of some of its products, by their numbers; a number may occur several times."""
    return replace(
        advisor,
        outlook=advisor.outlook.take(products),
        traits=advisor.traits.take(products),
        theory=advisor.theory[:, products],
        reason=advisor.reason[products],
        by_family=advisor.by_family[products],
    )


def advice_of(pricing: str, advisor: Advisor, scenario: Scenario, outlook: Outlook) -> Advice:
    """What the advisor says, with prices of space answered as one of `PRICINGS`."""
    answer = Asked if pricing == ASKED else ClosedForm
    return answer(advisor, scenario, outlook)


@dataclass(frozen=True)
class PricedFactors:
    """Safety factors at the price of space, day by day.

    Attributes:
        advice: answers prices.
        price: of space per day and stage (T, M) [money/volume/period]; the last day's holds on.
    """

    advice: Advice
    price: np.ndarray

    def __call__(self, situation: Situation) -> np.ndarray:
        """z (P, M, K) or (M, K) [1]."""
        day = min(situation.state.period, len(self.price) - 1)
        return self.advice.at(situation, self.price[day])


@dataclass(frozen=True)
class ScaledFactors:
    """Safety factors whose positive part is scaled down per stage until expected stock fits.

    The rule of thumb: everybody gives up the same share. Expected stock is the flow that must
    pass (once through the shelf, twice through a stage above, which can ship on only what it held
    overnight) plus sigma E[(z + Z)^+].
    """

    advice: SafetyFactors
    scenario: Scenario
    outlook: Outlook

    def __call__(self, situation: Situation) -> np.ndarray:
        """Scaled z (P, M, K) [1]."""
        z = self.advice(situation)
        z = z if z.ndim == 3 else z[None]
        windows = self.outlook.windows(situation.state.period)
        daily = windows.mean / self.outlook.protection_interval
        capacity = self.scenario.network.storage_capacity
        volume = self.scenario.products.volume
        passes = np.where(np.arange(len(capacity)) == 0, 1.0, 2.0)
        for stage in np.flatnonzero(np.isfinite(capacity)):
            flow = passes[stage] * float(daily[stage] @ volume)
            spread = windows.std[stage] * volume
            z = _fitted(z, int(stage), spread, float(capacity[stage]) - flow)
        return z


def _fitted(z: np.ndarray, stage: int, spread: np.ndarray, room: float) -> np.ndarray:
    """z with one stage's positive part scaled so that its safety stock fits in `room` [volume]."""
    here = z[:, stage]
    cushion = np.maximum(here, 0)

    def excess(factor: np.ndarray) -> np.ndarray:
        scaled = np.where(here > 0, factor[:, None] * cushion, here)
        return loss_function(-scaled) @ spread - room

    one = np.ones(len(z))
    over = excess(one) > 0
    if not over.any():
        return z
    low, high = np.zeros(len(z)), one
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        too_much = excess(middle) > 0
        low, high = np.where(too_much, low, middle), np.where(too_much, middle, high)
    factor = np.where(over, low, one)
    scaled = z.copy()
    scaled[:, stage] = np.where(here > 0, factor[:, None] * cushion, here)
    return scaled


def textbook_factors(scenario: Scenario) -> SafetyFactors:
    """The newsvendor's z at every stage (Snyder and Shen 2019, section 4.3)."""
    ratio = scenario.products.cost_ratio
    z = np.broadcast_to(ndtri(ratio / (1 + ratio)), scenario.products.lead_time.shape)
    return lambda situation: z


@dataclass(frozen=True)
class PlannedLevels:
    """Order each echelon up to the level that a plan reaches on that day.

    Unlike shipments, levels answer to what has happened since: what was not sold is not bought
    again.

    Attributes:
        level: echelon position after ordering (T, M, K) [unit]; after the last day nothing more
            is ordered.
    """

    level: np.ndarray

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        period = situation.state.period
        if period >= len(self.level):
            return np.zeros_like(situation.state.on_hand)
        return np.maximum(self.level[period] - situation.echelon_position, 0)


@dataclass(frozen=True)
class InTurn:
    """One rule until a day, another from that day on.

    Attributes:
        first, then: the rules.
        day: the first period of the second rule.
    """

    first: Policy
    then: Policy
    day: int

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        rule = self.first if situation.state.period < self.day else self.then
        return rule(situation)


def planned_level(shipments: np.ndarray, stock: StockState, outflow: np.ndarray) -> np.ndarray:
    """Echelon positions after ordering (T, M, K) [unit] of a plan.

    Args:
        shipments: (T, M, K) [unit].
        stock: where the plan starts.
        outflow: units that leave the chain or are owed more, per day (T, K) [unit].
    """
    local = stock.on_hand + stock.pipeline.sum(axis=-1)
    opening = np.cumsum(local, axis=0) - stock.backorders
    gone = np.cumsum(outflow, axis=0) - outflow
    return opening + np.cumsum(shipments, axis=0) - gone[:, None]
