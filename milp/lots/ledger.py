"""The plan as it stands, product by product: who may change to another plan, and what that saves.

A product's cost depends on the others only through what all of them use, so that a change is judged
exactly by taking one plan out and another one in.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy

import numpy as np

from milp.lots.search import Candidate
from milp.lots.shared import KEPT, Shared

SAVING = 1e-9
"""Smallest part of the whole cost for which a plan is changed."""
LACKING = 2.0
"""Price of the money that a supplier's order lacks to its minimum, while plans still change."""


class Ledger:
    """One plan per product, and what all of them use together.

    Args:
        shared: what products share.
        plans: a plan of every product, in their order.
    """

    def __init__(self, shared: Shared, plans: list[Candidate]) -> None:
        self.shared, self.plans = shared, plans
        stages = plans[0].shipments.shape[1]
        suppliers = len(shared.order_cost)
        self.own = float(sum(plan.cost for plan in plans))
        self.usage = np.sum([plan.usage for plan in plans], axis=0)
        self.load = np.zeros((shared.days, stages))
        self.orders = np.zeros((shared.days, suppliers))
        self.money = np.zeros((shared.days, suppliers))
        for k, plan in enumerate(plans):
            self._count(k, plan, 1.0)

    @property
    def cost(self) -> float:
        """Cost of the whole plan [money]."""
        return self.own + self.shared.cost(self.usage, self.load, self.orders)

    @property
    def feasible(self) -> bool:
        """True where every limit and every supplier's minimum is kept."""
        return not any(self.exceeded) and not self.shared.below_minimum(self.money).any()

    @property
    def exceeded(self) -> tuple[float, float]:
        """What hard rows are exceeded by: by what is decided, and by all that is planned."""
        shared = self.shared
        limit = shared.rows.allowance
        decided = np.where(shared.decided, self.usage, 0.0)
        decided[-1] = self.usage[shared.bought].sum()
        slack = KEPT * np.maximum(limit[shared.hard], 1.0)
        found = []
        for used in (decided, self.usage):
            more = (used - limit)[shared.hard]
            found.append(float(more[more > slack].sum()))
        return found[0], found[1]

    def improve(self, k: int, candidates: Iterable[Candidate]) -> bool:
        """Change product k to the candidate that saves most; False if none saves anything."""
        plans = list(candidates)
        if not plans:
            return False
        before = self.rank
        alone = not self.shared.joint and not len(self.shared.hard)
        best, least = self._cheapest(k, plans) if alone else self._first_ranked(k, plans)
        saved = before[-1] - least[-1] > SAVING * abs(before[-1])
        if least[:-1] < before[:-1] or (least[:-1] == before[:-1] and saved):
            self.change(k, best)
            return True
        return False

    def _cheapest(
        self, k: int, plans: list[Candidate]
    ) -> tuple[Candidate, tuple[float, float, float]]:
        """The best of the plans where space alone is shared, all judged at once."""
        old = self.plans[k]
        usages = self.usage - old.usage + np.stack([plan.usage for plan in plans])
        costs = np.array([plan.cost for plan in plans]) + self.shared.overflow(usages)
        best = int(np.argmin(costs))
        return plans[best], (0.0, 0.0, float(self.own - old.cost + costs[best]))

    def _first_ranked(
        self, k: int, plans: list[Candidate]
    ) -> tuple[Candidate, tuple[float, float, float]]:
        """The best of the plans, put in and taken out one by one."""
        old, ranks = self.plans[k], []
        for plan in plans:
            self.change(k, plan)
            ranks.append(self.rank)
        self.change(k, old)
        best = min(range(len(plans)), key=ranks.__getitem__)
        return plans[best], ranks[best]

    def change(self, k: int, plan: Candidate) -> None:
        """Put another plan in product k's place."""
        old = self.plans[k]
        self._count(k, old, -1.0)
        self._count(k, plan, 1.0)
        self.own += plan.cost - old.cost
        self.usage = self.usage - old.usage + plan.usage
        self.plans[k] = plan

    @property
    def rank(self) -> tuple[float, float, float]:
        """What limits are exceeded by, then what the plan costs: the less, the better."""
        lacking = LACKING * float(self.shared.below_minimum(self.money).sum())
        return *self.exceeded, self.cost + lacking

    def copy(self) -> Ledger:
        """The same plan, to be changed by itself."""
        other = copy(self)
        other.plans = list(self.plans)
        other.orders, other.money = self.orders.copy(), self.money.copy()
        return other

    def _count(self, k: int, plan: Candidate, sign: float) -> None:
        shared = self.shared
        self.load = self.load + sign * shared.load(plan.shipments, k)
        supplier = shared.supplier[k]
        if supplier >= 0:
            bought = plan.shipments[: shared.days, -1]
            self.orders[:, supplier] += sign * (bought > 0)
            self.money[:, supplier] += sign * shared.price[k] * bought
