"""The past that decisions are tried on: sales, the products and the chain they go through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol

import numpy as np

from data.errors import ConfigurationError
from data.forecast import Forecast
from data.network import Network
from data.product import Products
from data.sales import Sales
from data.scenario import Scenario
from data.stock import StockState
from planner.problem import DAYS_AHEAD, Problem, problem_of

LOOKS = 31 + DAYS_AHEAD + 1
"""Days forecast each month: the month itself, and what prices look ahead of its last day."""
COVER_Z = 1.5
"""Safety factor of the opening stock at every stage [1]."""
LARGEST_CORRELATION = 0.95


class Known(Protocol):
    """What a forecaster says."""

    @property
    def forecast(self) -> Forecast:
        """Mean and standard deviation per day, from the morning on (T, K)."""

    @property
    def autocorrelation(self) -> np.ndarray:
        """Lag-one correlation of its errors (K,) [1]."""

    @property
    def law(self) -> str:
        """Family of the demand around it, a name in `data.demand`."""


class Forecaster(Protocol):
    """Says what is to be expected from the end of some sales on."""

    def __call__(self, sales: Sales, days: int) -> Known:
        """The forecast of `days` days from `sales.end` on."""


@dataclass(frozen=True)
class Span:
    """Days from `first` to `last`, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ConfigurationError(
                f"the days from {self.first} to {self.last} are none; the last must not come "
                "before the first"
            )

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"

    @property
    def months(self) -> Iterator[Span]:
        """The span cut at the first of every month."""
        begins = self.first
        while begins <= self.last:
            following = (begins.replace(day=1) + timedelta(days=32)).replace(day=1)
            yield Span(begins, min(self.last, following - timedelta(days=1)))
            begins = following


@dataclass(frozen=True)
class Past:
    """What happened, and to whom.

    On a day when stock may have run out (`sales.censored`) nobody knows what was wanted: what was
    sold is served, forecast errors learn nothing, and the day is left out of the product's account.

    Attributes:
        sales: of K products.
        products: the same K, in the same order.
        network: the chain.
    """

    sales: Sales
    products: Products
    network: Network

    def __post_init__(self) -> None:
        if self.sales.unique_id.tolist() != self.products.unique_id.tolist():
            raise ValueError("sales and products must be of the same products in the same order")

    def days(self, span: Span) -> slice:
        """Where the days of a span stand in the sales.

        Raises:
            ConfigurationError: the sales do not cover it, or nothing is known before it.
        """
        first = (span.first - self.sales.first).days
        end = (span.last - self.sales.first).days + 1
        if first < 1 or end > self.sales.days:
            last = self.sales.end - timedelta(days=1)
            raise ConfigurationError(
                f"the days {span} are to be tried, and sales cover {self.sales.first} to {last}; "
                "choose days within, with some history before them"
            )
        return slice(first, end)

    def take(self, products: np.ndarray) -> Past:
        """The past of some of the products, by their numbers."""
        return Past(self.sales.take(products), self.products.take(products), self.network)


@dataclass(frozen=True)
class Month:
    """A month as its first morning knew it, and what then came.

    Attributes:
        span: its days.
        problem: forecast, products and chain as known then; its stock is that of a quiet time.
        demand: what customers wanted (T, K) [unit].
        telling: True where sales say so (T, K).
        counts: True where the day is in the product's account (T, K).
    """

    span: Span
    problem: Problem
    demand: np.ndarray
    telling: np.ndarray
    counts: np.ndarray

    @property
    def days(self) -> int:
        """How many days it has."""
        return len(self.demand)

    def within(self, network: Network) -> Month:
        """The same month in a chain with other capacities."""
        scenario = replace(self.problem.scenario, network=network)
        return replace(self, problem=problem_of(scenario, self.problem.horizon))

    def widened(self, width: np.ndarray | float) -> Month:
        """The same month, its forecast's standard deviation times `width` (K,) [1]."""
        scenario = self.problem.scenario
        forecast = replace(scenario.forecast, std=scenario.forecast.std * width)
        scenario = replace(scenario, forecast=forecast)
        return replace(self, problem=problem_of(scenario, self.problem.horizon))

    def take(self, products: np.ndarray) -> Month:
        """The month of some of its products, by their numbers; capacities stay whole."""
        return Month(
            self.span,
            self.problem.take(products, np.ones(len(products))),
            self.demand[:, products],
            self.telling[:, products],
            self.counts[:, products],
        )


def months_of(past: Past, span: Span, forecaster: Forecaster) -> tuple[Month, ...]:
    """The months of a span, each forecast from the sales before its first day alone."""
    past.days(span)
    return tuple(_month(past, part, forecaster) for part in span.months)


def _month(past: Past, span: Span, forecaster: Forecaster) -> Month:
    days, sales = past.days(span), past.sales
    known = forecaster(sales.until(span.first), LOOKS)
    correlation = np.clip(known.autocorrelation, -LARGEST_CORRELATION, LARGEST_CORRELATION)
    products = replace(past.products, error_autocorrelation=correlation)
    stock = quiet_stock(known.forecast, products.lead_time)
    scenario = Scenario(past.network, products, known.forecast, stock, known.law)
    return Month(
        span,
        problem_of(scenario, days.stop - days.start),
        sales.units[days],
        sales.telling[days],
        ~sales.censored[days],
    )


def quiet_stock(forecast: Forecast, lead_time: np.ndarray) -> StockState:
    """Stock as after a quiet time, in whole units.

    Every stage holds a day's mean demand and `COVER_Z` standard deviations over its protection
    interval; every day of its lead time a day's mean demand is under way to it.

    Args:
        forecast: of K products.
        lead_time: (M, K) [period].
    """
    daily, spread = forecast.scale, np.sqrt(np.square(forecast.std).mean(axis=0))
    on_hand = np.round(daily + COVER_Z * spread * np.sqrt(lead_time + 1))
    under_way = np.arange(1, max(int(lead_time.max(initial=0)), 1) + 1)
    sent = np.round(daily[:, None] * np.minimum(under_way, lead_time[..., None]))
    return StockState(on_hand, np.diff(sent, prepend=0.0, axis=-1), np.zeros(len(daily)))
