"""A made-up past of a few products, and a forecaster simple enough to follow by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest

from data.forecast import WEEK, Forecast
from data.network import Network, Stage
from data.product import make_products
from data.sales import Sales
from planner.backtest.past import Past

FIRST = date(2026, 1, 1)
CHAIN = Network((Stage("shelf", 2), Stage("depot", 1, holding_share=0.5)), "maker")


@dataclass(frozen=True)
class Said:
    """What `weekday_means` says."""

    forecast: Forecast
    autocorrelation: np.ndarray
    law: str = "lognormal"


def weekday_means(sales: Sales, days: int) -> Said:
    """Mean and standard deviation of each weekday over the four weeks before."""
    seen = sales.units[-4 * WEEK :].reshape(4, WEEK, -1)
    weekday = np.arange(days) % WEEK
    forecast = Forecast(sales.end, seen.mean(axis=0)[weekday], seen.std(axis=0, ddof=1)[weekday])
    return Said(forecast, np.zeros(sales.units.shape[1]))


def sales_of(units: np.ndarray, censored: np.ndarray | None = None) -> Sales:
    """Sales (D, K) from the first of January 2026 on, every day open."""
    nothing = np.zeros(units.shape, bool)
    return Sales(
        unique_id=np.array([f"P{k}" for k in range(units.shape[1])], dtype=object),
        first=FIRST,
        units=units,
        price=np.ones(units.shape),
        open=np.ones(len(units), bool),
        on_sale=~nothing,
        censored=nothing if censored is None else censored,
        promotion=nothing,
    )


def past_with(
    units: np.ndarray,
    ratio: float = 50.0,
    network: Network = CHAIN,
    censored: np.ndarray | None = None,
    lot_size: float = 1.0,
) -> Past:
    """The past of products that all cost the same to miss and 1 to hold."""
    sales, count = sales_of(units, censored), units.shape[1]
    lead_time = np.array([stage.lead_time for stage in network.stages])
    products = make_products(
        missed_sale_cost=np.full(count, ratio),
        holding_cost=np.ones(count),
        lead_time=np.repeat(lead_time[:, None], count, axis=1),
        unique_id=sales.unique_id,
        lot_size=np.full(count, lot_size),
    )
    return Past(sales, products, network)


@pytest.fixture
def invented() -> Callable[..., Past]:
    """Half a year of Poisson sales, the same for the same seed."""

    def make(products: int = 6, seed: int = 1, **given: float) -> Past:
        rng = np.random.default_rng(seed)
        mean = np.geomspace(1.0, 12.0, products)
        return past_with(rng.poisson(mean, (181, products)).astype(float), **given)

    return make
