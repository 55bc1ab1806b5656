"""Numbers that cannot be true, found before anyone believes them, and whose they are.

A product whose advice is no number, whose units appear or vanish in the plan or on the futures, is
stopped and named; the others are planned without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from data.errors import PlannerError
from data.safety_stock import SafetyStock
from envs.dynamics import State
from envs.metrics import Kpis
from envs.simulator import Period
from planner.planning import Planned, rule_at
from planner.problem import Problem
from planner.rules import Advice
from planner.wording import number

ROUNDING = 1e-6
"""Units that may be missing of those that moved [1]."""
FUTURES = 4
"""On which a product is looked at by itself, where a price that all share is no number."""


class UnsoundError(PlannerError):
    """Products with numbers that cannot be true.

    Attributes:
        reasons: why, by number of the product.
    """

    def __init__(self, reasons: dict[int, str]) -> None:
        super().__init__(reasons)
        self.reasons = reasons


def refuse(found: Iterable[tuple[np.ndarray, str]]) -> None:
    """Raises where any product (K,) is marked; the first reason given counts."""
    reasons: dict[int, str] = {}
    for marked, reason in found:
        for product in np.flatnonzero(marked).tolist():
            reasons.setdefault(product, reason)
    if reasons:
        raise UnsoundError(reasons)


def check_advice(advised: SafetyStock) -> None:
    """Refuses advice that is no number.

    Raises:
        UnsoundError: some is.
    """
    strange = ~np.isfinite(advised.units).all(axis=0)
    refuse([(strange, "its advised safety stock is not a number")])


def check_plan(problem: Problem, advice: Advice, planned: Planned) -> None:
    """Refuses a plan that is no number, or in which units appear or vanish.

    One product's numbers can spoil the prices that all answer to; then each is looked at by itself.

    Raises:
        UnsoundError: some products' are.
    """
    if not np.isfinite(planned.price).all():
        refuse([(_strange_alone(problem, advice), "its stock is not a number on the way")])
        raise PlannerError(
            "the price of space is not a number although every product's stock is; plan with "
            "--mode levels, and report the tables to the authors"
        )
    plan = planned.plan
    parts = (plan.shipments, plan.on_hand, planned.level, plan.lost_sales, plan.backorders)
    strange = [~np.isfinite(part).reshape(-1, part.shape[-1]).all(axis=0) for part in parts]
    missing = imbalance(problem, planned)
    refuse(
        [
            (np.logical_or.reduce(strange), "its planned units are not numbers"),
            *_reasons(missing, "in the plan"),
        ]
    )


def imbalance(problem: Problem, planned: Planned) -> np.ndarray:
    """Units that the plan makes appear or vanish, beyond rounding, at worst of a day (K,) [unit].

    At every stage, on hand(t) = on hand(t-1) + arrivals(t) - what left in t: at the shelf demand
    served, upstream what was shipped to the stage below.
    """
    plan, stock = planned.plan, problem.scenario.stock
    owed = np.concatenate([stock.backorders[None], plan.backorders])
    left = plan.shipments[:, :-1]
    served = problem.mean_demand[0] - plan.lost_sales - np.diff(owed, axis=0)
    left = np.concatenate([served[:, None], left], axis=1)
    before = np.concatenate([stock.on_hand[None], plan.on_hand[:-1]])
    arrived = _arrivals(plan.shipments, stock.pipeline, problem.scenario.products.lead_time)
    missing = np.abs(before + arrived - left - plan.on_hand)
    moved = np.maximum(np.abs(before).max(axis=(0, 1)), np.abs(arrived).max(axis=(0, 1)))
    return _beyond_rounding(missing.max(axis=(0, 1)), moved)


class Books:
    """Books of every unit on every path, kept as a replay goes by.

    Args:
        opening: the state that it starts from.
    """

    def __init__(self, opening: State) -> None:
        self._opening = opening.on_hand + opening.in_transit
        self._moved = np.zeros_like(self._opening)
        self._last = opening

    def over(self, periods: Iterable[Period]) -> Iterator[Period]:
        """The same periods, entered."""
        for period in periods:
            flows = period.flows
            self._moved += flows.shipped
            self._moved[:, 1:] -= flows.shipped[:, :-1]
            self._moved[:, 0] -= flows.served.sum(axis=1)
            self._last = period.after
            yield period

    @property
    def imbalance(self) -> np.ndarray:
        """Units that appeared or vanished, beyond rounding, at worst of a path (K,) [unit]."""
        closing = self._last.on_hand + self._last.in_transit
        missing = np.abs(self._opening + self._moved - closing)
        size = self._opening + np.abs(self._moved)
        return _beyond_rounding(missing.max(axis=(0, 1)), size.max(axis=(0, 1)))


def check_replay(kpis: Kpis, books: Books) -> None:
    """Refuses futures on which a product's figures are no numbers, or units appear or vanish.

    Raises:
        UnsoundError: some products' are.
    """
    money = (kpis.costs.holding, kpis.costs.shortage)
    parts = (*money, kpis.demanded, kpis.served, kpis.lost, kpis.on_hand)
    strange = [~np.isfinite(part).all(axis=0) for part in parts]
    refuse(
        [
            (np.logical_or.reduce(strange), "its figures on the futures are not numbers"),
            *_reasons(books.imbalance, "on the sampled futures"),
        ]
    )


def _reasons(missing: np.ndarray, where: str) -> Iterator[tuple[np.ndarray, str]]:
    """A mark and a reason for every product of which units are missing."""
    for product in np.flatnonzero(~(missing == 0)).tolist():
        marked = np.zeros(len(missing), bool)
        marked[product] = True
        yield marked, f"its units do not add up {where}: {number(float(missing[product]))} too many"


def _beyond_rounding(missing: np.ndarray, moved: np.ndarray) -> np.ndarray:
    return np.where(missing <= ROUNDING * np.maximum(moved, 1), 0.0, missing)


def _arrivals(shipments: np.ndarray, pipeline: np.ndarray, lead_time: np.ndarray) -> np.ndarray:
    """What reaches every stage per day (T, M, K) [unit]: what was under way, and what is shipped.

    Args:
        shipments: (T, M, K) [unit].
        pipeline: by days until arrival (M, K, L) [unit].
        lead_time: (M, K) [period].
    """
    periods = len(shipments)
    known = min(pipeline.shape[2], periods)
    arrived = np.zeros_like(shipments)
    arrived[:known] = np.moveaxis(pipeline[..., :known], 2, 0)
    for days in np.unique(lead_time).tolist():
        if days < periods:
            there = lead_time == days
            arrived[days:] += np.where(there, shipments[: periods - days], 0.0)
    return arrived


def _strange_alone(problem: Problem, advice: Advice) -> np.ndarray:
    """True for products whose stock is no number even where nothing is shared (K,)."""
    free = np.zeros((problem.horizon, len(problem.scenario.network)))
    sampled = problem.sampled_demand(FUTURES, np.random.default_rng(0))
    demand = np.concatenate([problem.mean_demand, sampled])
    trace = problem.carried_out(rule_at(problem, advice, free), demand)
    stock = trace.on_hand.reshape(-1, trace.on_hand.shape[-1])
    return np.asarray(~np.isfinite(stock).all(axis=0))
