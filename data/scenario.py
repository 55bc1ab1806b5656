"""One planning problem, whole: network, products, forecast and stock on one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from data.errors import DataError
from data.forecast import Forecast
from data.network import Network
from data.product import Products
from data.stock import StockState


@dataclass(frozen=True)
class Scenario:
    """A planning problem of K products at M stages from `forecast.start` on.

    Attributes:
        network: the chain.
        products: what is planned.
        forecast: demand over the horizon.
        stock: opening stock.
        law: family of the demand around its forecast, a name in `data.demand`.
    """

    network: Network
    products: Products
    forecast: Forecast
    stock: StockState
    law: str = "lognormal"

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

    def take(self, products: np.ndarray) -> Scenario:
        """The same problem for some of its products; capacities stay whole."""
        return Scenario(
            self.network,
            self.products.take(products),
            self.forecast.take(products),
            self.stock.take(products),
            self.law,
        )
