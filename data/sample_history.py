"""Two years of invented daily sales that fit the sample's products.

Demand is a gamma mixture of Poisson laws around the forecast's own level, with the product's
week, a season of its own and promotions; three public holidays a year are closed. Two fast products
are out of stock for a while: there the sales are 0, and nothing else gives it away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from data.sales import Sales

DAYS = 731
"""Length of the history: two years of daily sales [day]."""
HOLIDAYS = ((12, 25), (12, 26), (1, 1))
"""Closed days, as month and day."""
STOCK_OUTS = ((180, 16), (455, 24))
"""First day and length of the two planted stock-outs [day]."""
_AHEAD = 28
"""Days after the history on which promotions are planned already."""
_PROMOTED = 0.15
"""Share of products that are ever promoted."""
_PROMOTION_DAYS = 7
_PROMOTIONS = 9
"""Promotions of such a product over the history."""
_DISCOUNT = 0.2


@dataclass(frozen=True)
class Invented:
    """Sales and what was wanted, which only an invented past knows.

    Attributes:
        sales: as a file would tell them.
        demand: wanted (D, K) [unit].
        stock_outs: product, first day and length of each planted one.
    """

    sales: Sales
    demand: np.ndarray
    stock_outs: tuple[tuple[int, int, int], ...]


def invent(
    ids: list[str],
    forecast: tuple[np.ndarray, np.ndarray],
    price: np.ndarray,
    start: date,
    seed: int,
) -> Invented:
    """The past of K products before `start`.

    Args:
        ids: K names.
        forecast: mean and std from `start` on (T, K) [unit/day].
        price: (K,) [money/unit].
        start: first day of the forecast.
        seed: of everything drawn.
    """
    # A stream of its own, so that the other tables of a seed never change.
    rng = np.random.default_rng([seed, DAYS])
    first = start - timedelta(days=DAYS)
    count = len(ids)
    promotion, uplift = _promotions(rng, count)
    mean = _mean(forecast[0], rng, start) * np.where(promotion[:DAYS], uplift, 1.0)
    ratio = np.divide(
        np.square(forecast[1]).mean(axis=0),
        np.square(forecast[0]).mean(axis=0),
        out=np.ones(count),
        where=forecast[0].any(axis=0),
    )
    demand = _drawn(rng, mean, ratio)
    opened = np.array([(day.month, day.day) not in HOLIDAYS for day in _days(first)])
    demand[~opened] = 0.0
    planted = _stock_outs(mean, ratio)
    sold = demand.copy()
    for product, begin, length in planted:
        sold[begin : begin + length, product] = 0.0
    asked = np.where(promotion[:DAYS], (1 - _DISCOUNT) * price, price).round(2)
    sales = Sales(
        unique_id=np.array(ids, dtype=object),
        first=first,
        units=sold,
        price=asked,
        open=opened,
        on_sale=np.ones(sold.shape, dtype=bool),
        censored=np.zeros(sold.shape, dtype=bool),
        promotion=promotion,
    )
    return Invented(sales, demand, planted)


def _days(first: date) -> list[date]:
    return [first + timedelta(days=number) for number in range(DAYS)]


def _mean(forecast: np.ndarray, rng: np.random.Generator, start: date) -> np.ndarray:
    """Expected demand of the past (D, K), at the forecast's level when the forecast begins."""
    length, count = forecast.shape
    level = forecast.mean(axis=0)
    past = (start.weekday() - DAYS + np.arange(DAYS)) % 7
    ahead = (start.weekday() + np.arange(length)) % 7
    week = np.ones((7, count))
    for day in range(7):
        if (ahead == day).any():
            week[day] = np.divide(
                forecast[ahead == day].mean(axis=0), level, out=np.ones(count), where=level > 0
            )
    swing = rng.uniform(0.0, 0.4, count)
    peak = rng.uniform(0.0, 1.0, count)
    year = np.arange(-DAYS, length)[:, None] / 365.25
    season = np.exp(swing * np.cos(2 * np.pi * (year - peak)))
    season /= season[DAYS:].mean(axis=0)
    return level * week[past] * season[:DAYS]


def _promotions(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Promoted days, past and planned (D + F, K), and by what factor they sell more (K,)."""
    promotion = np.zeros((DAYS + _AHEAD, count), dtype=bool)
    uplift = rng.uniform(1.5, 2.5, count)
    promoted = np.flatnonzero(rng.random(count) < _PROMOTED)
    weeks = (DAYS + _AHEAD) // _PROMOTION_DAYS
    for product in promoted:
        for week in rng.choice(weeks, _PROMOTIONS, replace=False):
            promotion[_PROMOTION_DAYS * week : _PROMOTION_DAYS * (week + 1), product] = True
    return promotion, uplift


def _drawn(rng: np.random.Generator, mean: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Units wanted (D, K): Poisson around a gamma level, variance / mean^2 about `ratio` (K,)."""
    busy = mean > 0
    level = np.divide((mean * busy).sum(axis=0), np.maximum(busy.sum(axis=0), 1))
    beyond = np.maximum(ratio - np.divide(1.0, level, out=np.ones_like(level), where=level > 0), 0)
    luck = np.ones(mean.shape)
    varied = beyond > 0.01
    shape = 1.0 / beyond[varied]
    luck[:, varied] = rng.gamma(shape, 1.0 / shape, (len(mean), int(varied.sum())))
    return rng.poisson(mean * luck).astype(np.float64)


def _stock_outs(mean: np.ndarray, ratio: np.ndarray) -> tuple[tuple[int, int, int], ...]:
    """The products that run out: the two that sell most steadily, every day of the week."""
    daily = (mean > 0).all(axis=0) & (mean.mean(axis=0) > 2)
    steady = [int(k) for k in np.argsort(ratio, kind="stable") if daily[k]]
    return tuple(
        (product, begin, length)
        for product, (begin, length) in zip(steady, STOCK_OUTS, strict=False)
    )
