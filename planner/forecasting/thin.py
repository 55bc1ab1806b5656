"""Products that have told too little to be forecast by themselves, and what stands in for them.

A product that was on offer for less than eight weeks of trade, or sold on fewer than ten days, is
forecast by the mean of products of like price, and by its own days as far as they go; the share of
either is said. A product never sold is forecast at 0, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.forecasting.past import Past

LEAST_TELLING = 40
"""Days on which sales told demand [day]."""
LEAST_SELLING = 10
"""Such days with a sale [day]."""
PRICE_GROUPS = 5
LEAST_ALIKE = 5
"""Products of like price from which on their mean is taken, rather than that of all."""
OWN_DAYS = 28.0
"""Telling days that weigh as much as the mean of the group [day]."""
GONE = 28
"""Days of trade without offer after which a product is taken to have left the range [day]."""


def is_thin(past: Past) -> np.ndarray:
    """Whether a product has told too little (K,)."""
    telling = past.telling.sum(axis=0)
    selling = (past.units > 0).sum(axis=0)
    return (telling < LEAST_TELLING) | (selling < LEAST_SELLING)


def price_groups(price: np.ndarray) -> np.ndarray:
    """Groups of like price, numbered from 0 (K,); products of unknown price are one group.

    Args:
        price: last known of each product, NaN where none is (K,) [money/unit].
    """
    known = np.isfinite(price)
    group = np.full(len(price), PRICE_GROUPS)
    if known.any():
        edges = np.quantile(price[known], np.arange(1, PRICE_GROUPS) / PRICE_GROUPS)
        group[known] = np.searchsorted(edges, price[known], side="right")
    return group


@dataclass(frozen=True)
class StandIn:
    """What stands in for products that have told too little.

    Attributes:
        level: mean demand (K,) [unit/day].
        doubt: variance of the level / its square, from how products of like price differ (K,) [1].
        belief: share of the product's own days in the level (K,) [1].
        dispersion: variance of a day's demand / its mean^1.5 (K,) [unit^0.5].
    """

    level: np.ndarray
    doubt: np.ndarray
    belief: np.ndarray
    dispersion: np.ndarray


def stand_in(past: Past, dispersion: np.ndarray, price: np.ndarray) -> StandIn:
    """The mean of products of like price, and a product's own as far as its days go.

    Args:
        past: what is known.
        dispersion: variance of a day's demand / its mean^1.5, calibrated (K,) [unit^0.5].
        price: last known of each product, NaN where none is (K,) [money/unit].
    """
    known = ~is_thin(past) & (past.level > 0)
    group = price_groups(price)
    count = np.bincount(group[known], minlength=PRICE_GROUPS + 1)
    everything = past.level[known]
    mean = np.full(PRICE_GROUPS + 1, everything.mean() if known.any() else 0.0)
    spread = np.full(PRICE_GROUPS + 1, everything.var() if known.any() else 0.0)
    for number in np.flatnonzero(count >= LEAST_ALIKE):
        alike = past.level[known & (group == number)]
        mean[number], spread[number] = alike.mean(), alike.var()
    days = past.plain[past.lately].sum(axis=0)
    belief = days / (days + OWN_DAYS) if known.any() else np.ones(len(days))
    level = belief * past.level + (1.0 - belief) * mean[group]
    square = np.square(np.where(level > 0, level, 1.0))
    doubt = np.square(1.0 - belief) * spread[group] / square
    relative = dispersion[known] / np.sqrt(everything)
    usual = float(np.median(relative)) if known.any() else 1.0
    return StandIn(level, doubt, belief, usual * np.sqrt(level))


def last_price(price: np.ndarray) -> np.ndarray:
    """The last price known of each product, NaN where none is (K,), from prices (D, K)."""
    known = np.isfinite(price)
    age = known[::-1].argmax(axis=0)
    found = price[len(price) - 1 - age, np.arange(price.shape[1])]
    return np.where(known.any(axis=0), found, np.nan)


def left_the_range(open_: np.ndarray, on_sale: np.ndarray) -> np.ndarray:
    """Whether a product was not on offer on any of the last `GONE` days of trade (K,).

    Args:
        open_: whether the business traded (D,).
        on_sale: whether the product was on offer (D, K).
    """
    lately = np.flatnonzero(open_)[-GONE:]
    return np.asarray(on_sale.any(axis=0) & ~on_sale[lately].any(axis=0))
