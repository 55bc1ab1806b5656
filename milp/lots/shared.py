"""What all products share, and what it costs: space, supply and money, trucks, suppliers' orders.

Trucks are shared by all products shipped to a stage on a day, an order by all products of a
supplier. A bound charges both in proportion: a unit its part of a full truck, an order of a product
its part of the supplier's cost. A plan pays for whole trucks and whole orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr

from milp.rows import Rows
from milp.storage import STEPS, overflow_steps
from milp.task import Task

FULL = 1e-7
"""A load so little above a whole number of trucks, in trucks, fits in."""
KEPT = 1e-7
"""A limit is kept if it is exceeded by this share of it at most."""


@dataclass(frozen=True)
class Shared:
    """The rows, trucks and suppliers of a task over the J first days.

    Attributes:
        rows: of space, supply and money.
        fixed: occupancy of each storage row that no decision changes [volume].
        hard: numbers of the coupling rows with a limit that holds whatever it costs.
        truck_volume, truck_cost: per stage (M,).
        supplier: of each product (K,), -1 for none.
        order_cost: per supplier (S,) [money/order].
        minimum: money in an order per supplier (S,) [money/order].
        price: what a unit counts in it (K,) [money/unit].
        volume: of a unit (K,).
        holding: cost of holding a unit at the top stage (K,) [money/unit/period].
        days: J.
        decided: coupling rows (R,) that the first days' shipments alone use.
        bought: coupling rows of purchases on the first days.
    """

    rows: Rows
    fixed: np.ndarray
    hard: np.ndarray
    truck_volume: np.ndarray
    truck_cost: np.ndarray
    supplier: np.ndarray
    order_cost: np.ndarray
    minimum: np.ndarray
    price: np.ndarray
    volume: np.ndarray
    holding: np.ndarray
    days: int
    decided: np.ndarray
    bought: np.ndarray

    @property
    def joint(self) -> bool:
        """True where trucks or suppliers' orders are shared."""
        return bool(self.truck_cost.any() or self.order_cost.any() or self.minimum.any())

    def load(self, shipments: np.ndarray, k: int | slice) -> np.ndarray:
        """Volume shipped to each stage (J, M) on the first days, of product(s) k."""
        return shipments[: self.days] * self.volume[k]

    def trucks(self, load: np.ndarray) -> np.ndarray:
        """Whole trucks for a load (J, M)."""
        held = np.where(self.truck_volume > 0, self.truck_volume, np.inf)
        return np.ceil(np.maximum(load / held - FULL, 0.0))

    def cost(self, usage: np.ndarray, load: np.ndarray, orders: np.ndarray) -> float:
        """What all products together pay beside what each one pays [money].

        Args:
            usage: of the coupling rows (R,).
            load: shipped on the first days (J, M) [volume].
            orders: products that order from each supplier on each day (J, S).
        """
        held = np.where(self.truck_volume > 0, self.truck_volume, np.inf)
        empty = (self.trucks(load) - load / held) * self.truck_cost
        placed = (orders > 0) * self.order_cost
        return float(self.overflow(usage)) + float(empty.sum() + placed.sum())

    def overflow(self, usage: np.ndarray) -> np.ndarray:
        """What overflow costs at each of several usages of the coupling rows (.., R) [money]."""
        before, width, price = self._steps
        limited = self.rows.limited
        excess = (usage - self.rows.allowance)[..., limited, None]
        return (np.clip(excess - before, 0.0, width) * price).sum(axis=(-1, -2))

    @cached_property
    def _steps(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where overflow steps begin, how wide they are and what they cost (rows, STEPS)."""
        rows = self.rows
        width, price = overflow_steps(rows.spread[rows.limited], rows.price[rows.limited])
        before = np.zeros_like(width)
        before[:, 1:] = np.cumsum(width[:, :-1], axis=1)
        return before, width, price

    def marginal(self, usage: np.ndarray, prices: np.ndarray) -> np.ndarray:
        """What a little more of every row costs where `usage` is used (R,) [money].

        Of space the price of overflow times the chance of it; of the rest, `prices`.
        """
        rows, found = self.rows, prices.copy()
        limited = rows.limited
        beyond = (usage - rows.allowance)[limited] / rows.spread[limited] + STEPS[0]
        found[limited] = rows.price[limited] * ndtr(beyond)
        return found

    def below_minimum(self, money: np.ndarray) -> np.ndarray:
        """What suppliers' orders (J, S) lack to their minimum [money]."""
        short = self.minimum * (1 - KEPT) > money
        return np.where((money > 0) & short, self.minimum - money, 0.0)


def shared_of(task: Task, rows: Rows, fixed: np.ndarray, days: int) -> Shared:
    """What the products of a task share."""
    scenario = task.scenario
    network, suppliers = scenario.network, scenario.terms.suppliers
    hard = np.flatnonzero(np.isfinite(rows.allowance))
    stages, periods = len(network), task.periods
    early = np.arange(periods) < days
    decided = np.concatenate(
        [np.zeros(stages * periods, bool), np.tile(early, stages + 1), np.zeros(1, bool)]
    )
    return Shared(
        rows=rows,
        fixed=fixed,
        hard=hard[hard >= len(rows.spread)],
        truck_volume=network.truck_volume,
        truck_cost=network.truck_cost,
        supplier=scenario.supplier,
        order_cost=suppliers.order_cost,
        minimum=suppliers.minimum_order,
        price=scenario.purchase_cost,
        volume=scenario.products.volume,
        holding=scenario.holding_cost[-1],
        days=days,
        decided=decided,
        bought=2 * stages * periods + np.arange(days),
    )
