"""A rule that has only so much money to spend."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from data.terms import Budget, Locks
from envs.policies import Policy, Situation

ROUNDING = 1e-9
"""Share of a lot that is rounding [1]."""


@dataclass
class WithinBudget:
    """Any policy, what it buys from the source cut to what may still be spent.

    Money goes to the products with the highest `worth` first; the first for whom it is not enough
    gets the whole lots that it buys. What is locked is set aside beforehand. Each path spends its
    own money; on the first day all of it is there again.

    Attributes:
        policy: the rule.
        budget: what may be spent, per period and in all.
        cost: of a unit bought (K,) [money/unit].
        worth: who comes first (K,).
        lot_size: (K,) [unit]; 0 allows any quantity.
        smallest: least that the source accepts (K,) [unit].
        locks: lines bought in any case.
    """

    policy: Policy
    budget: Budget
    cost: np.ndarray
    worth: np.ndarray
    lot_size: np.ndarray
    smallest: np.ndarray
    locks: Locks
    _spent: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        orders, today = self.policy(situation), situation.state.period
        if today == 0 or len(self._spent) != len(orders):
            self._spent = np.zeros(len(orders))
        bought = self.locks.only(self.locks.stage == orders.shape[1] - 1)
        money = bought.quantity * self.cost[bought.product]
        now, later = money[bought.day == today].sum(), money[bought.day > today].sum()
        left = self.budget.total - self._spent - later
        room = np.maximum(np.minimum(self.budget.per_period, left) - now, 0)
        free = np.ones(len(self.cost), bool)
        free[bought.product[bought.day == today]] = False
        purchases = self._afforded(np.where(free, orders[:, -1], 0), room)
        self._spent = self._spent + purchases @ self.cost + now
        cut = orders.copy()
        cut[:, -1] = np.where(free, purchases, orders[:, -1])
        return cut

    def _afforded(self, wanted: np.ndarray, room: np.ndarray) -> np.ndarray:
        """What of the purchases wanted (P, K) [unit] the money (P,) is enough for."""
        first = np.argsort(-self.worth, kind="stable")
        price = wanted[:, first] * self.cost[first]
        before = np.cumsum(price, axis=1) - price
        paid = np.clip(room[:, None] - before, 0, price)
        part = np.where(price > 0, paid / np.where(price > 0, price, 1), 1.0)
        share = np.empty_like(part)
        share[:, first] = part
        units = wanted * share
        lot = np.where(self.lot_size > 0, self.lot_size, 1)
        whole = np.floor(units / lot + ROUNDING) * lot
        units = np.where((self.lot_size > 0) & (share < 1), whole, units)
        return np.where((share < 1) & (units < self.smallest), 0.0, units)
