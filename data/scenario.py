"""One planning problem, whole: network, products, forecast and stock on one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from data.errors import DataError
from data.forecast import Forecast
from data.network import Network
from data.product import Products
from data.stock import StockState
from data.terms import NO_TERMS, Terms
from data.weekdays import WEEKDAYS

ROUNDING = 1e-9
"""Share of a cost by which sums of rounded shares differ [1]."""


@dataclass(frozen=True)
class Scenario:
    """A planning problem of K products at M stages from `forecast.start` on.

    Attributes:
        network: the chain.
        products: what is planned.
        forecast: demand over the horizon.
        stock: opening stock.
        law: family of the demand around its forecast, a name in `data.demand`.
        terms: what people and suppliers have fixed.
    """

    network: Network
    products: Products
    forecast: Forecast
    stock: StockState
    law: str = "lognormal"
    terms: Terms = NO_TERMS

    def __post_init__(self) -> None:
        stages, count = len(self.network), len(self.products)
        found = {
            "forecast": self.forecast.mean.shape[1:],
            "stock": self.stock.on_hand.shape,
            "lead times": self.products.lead_time.shape,
        }
        expected = {"forecast": (count,), "stock": (stages, count), "lead times": (stages, count)}
        for what, shape in found.items():
            if shape != expected[what]:
                raise DataError(f"scenario: {what} has shape {shape}, expected {expected[what]}")
        locks = self.terms.locks
        for what, numbers, limit in (
            ("product", locks.product, count),
            ("stage", locks.stage, stages),
        ):
            if (numbers >= limit).any():
                raise DataError(
                    f"scenario: a lock is of {what} {numbers.max()}, expected one below {limit}"
                )

    @property
    def start(self) -> date:
        """The first period."""
        return self.forecast.start

    @property
    def horizon(self) -> int:
        """Number of periods the forecast covers."""
        return self.forecast.horizon

    @property
    def holding_cost(self) -> np.ndarray:
        """Holding cost per stage and product (M, K) [money/unit/period]."""
        return self.network.column("holding_share")[:, None] * self.products.holding_cost

    @property
    def purchase_cost(self) -> np.ndarray:
        """What a unit counts against budgets and suppliers' minimum orders (K,) [money/unit].

        It is the unit cost, and 0 where that is unknown.
        """
        return np.nan_to_num(self.products.unit_cost)

    @cached_property
    def cost_of_passage(self) -> np.ndarray:
        """Least holding cost of a unit on its way from the source to the shelf (K,) [money/unit].

        A supplier ships only from its opening stock, so a unit lies at least one night at every
        stage above the shelf, also where a lead time is 0: sum of the holding costs of stages
        m >= 1. On the shelf it may be sold on the day it arrives.
        """
        return np.asarray(self.holding_cost[1:].sum(axis=0))

    @cached_property
    def worth_buying(self) -> np.ndarray:
        """Whether buying more of a product from the source can pay (K,).

        It cannot where sales are lost and a missed sale costs less than a unit's passage. Take any
        plan, follow the units that it buys, and leave them out: every stage still ships what it
        ships of the others, and the only sales missed are those that the bought units made. Each of
        these saved one missed sale and paid the passage at least; a unit that was never sold saved
        nothing. So whatever the demand, no plan is dearer without its purchases, and the cheapest
        only passes on what the chain holds. It is the newsvendor's condition that a sale is worth
        more than its unit costs (Arrow, Harris and Marschak 1951, Econometrica 19(3)), the passage
        being the unit's cost. In whole lots it is lots that are followed; fixed costs only add to
        what buying costs. That a product may help its supplier's joint minimum is not counted.

        A customer who waits costs money every day, so serving one pays in the long run whatever the
        passage costs.
        """
        enough = self.products.missed_sale_cost >= self.cost_of_passage * (1 - ROUNDING)
        return np.asarray(self.products.backordered | enough)

    @cached_property
    def supplier(self) -> np.ndarray:
        """Which of `terms.suppliers` each product is bought from (K,); -1 for none of them."""
        return self.terms.suppliers.of(self.products.supplier)

    def may_order(self, periods: int, first: int = 0) -> np.ndarray | None:
        """Where orders may be placed (T, M, K), from period `first` on; None if they always may.

        A stage orders on its order days, the top stage on those that suit the product's supplier
        as well. The array is read-only, and no larger than it must be.
        """
        weekday = (self.start.weekday() + first + np.arange(periods)) % len(WEEKDAYS)
        by_stage = self.network.order_days[:, weekday].T
        shape = (periods, len(self.network), len(self.products))
        suppliers = self.terms.suppliers
        if suppliers.order_days.all():
            return None if by_stage.all() else np.broadcast_to(by_stage[..., None], shape)
        by_supplier = np.concatenate([suppliers.order_days, np.ones((1, len(WEEKDAYS)), bool)])
        allowed = np.empty(shape, dtype=bool)
        allowed[:] = by_stage[..., None]
        allowed[:, -1] &= by_supplier[self.supplier][:, weekday].T
        return allowed

    def take(self, products: np.ndarray) -> Scenario:
        """The same problem for some of its products; capacities and budget stay whole."""
        return Scenario(
            self.network,
            self.products.take(products),
            self.forecast.take(products),
            self.stock.take(products),
            self.law,
            self.terms.take(products),
        )
