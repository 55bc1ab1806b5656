"""What was known one morning, made ready for the methods: which days count, and for how much.

A silent day is missing, never a day without demand. A promoted day is left out of what describes
ordinary demand. One order of ten thousand units does not set the level of a product that sells ten
a day: days far beyond what a product repeats are cut, and what was cut is handed back in small
coin, as the share of demand that such days make up among products of the same kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from data.forecast import WEEK
from data.sales import Sales
from planner.forecasting.kinds import groups

LONGEST_PAST = 3 * 365
"""Days of the past that are looked at; what is older says little and costs time."""
YEAR = 364
"""A year of whole weeks [day]."""
REPEATED = 0.02
"""A product's own largest days that are taken for unrepeated: so many of those with a sale."""
CUT = 2.0
"""Such a day counts for at most so many times the largest that is repeated."""
MOST_BEYOND = 1.25
"""Such days add at most a quarter to demand, however large one of them was."""
ORDINARY = 28
"""Telling days without promotion from which on promoted ones are left out."""


@dataclass(frozen=True)
class Past:
    """Sales before one morning, of K products over D days.

    Attributes:
        first: the first day.
        open: whether the business traded (D,).
        weekday: 0 is Monday (D,).
        units: demand on telling days, 0 on silent ones (D, K) [unit].
        telling: whether the day says what demand was (D, K).
        plain: telling days that show ordinary demand, without promotion (D, K).
        capped: `units` on plain days without what is beyond a product's own measure (D, K) [unit].
        promoted: (D, K).
        level: mean of `capped` over the plain days of the last year (K,) [unit/day].
        group: products of a kind, numbered (K,).
        beyond: mean demand / mean of what was capped, per product from its group (K,) [1].
    """

    first: date
    open: np.ndarray
    weekday: np.ndarray
    units: np.ndarray
    telling: np.ndarray
    plain: np.ndarray
    capped: np.ndarray
    promoted: np.ndarray
    level: np.ndarray
    group: np.ndarray
    beyond: np.ndarray

    @property
    def days(self) -> int:
        """Number of days D."""
        return len(self.units)

    @property
    def lately(self) -> slice:
        """The last year, or all there is."""
        return slice(max(self.days - YEAR, 0), self.days)


def past_of(sales: Sales, end: int) -> Past:
    """What the first `end` days of the sales say."""
    seen = slice(max(end - LONGEST_PAST, 0), end)
    telling, promoted = sales.telling[seen], sales.promotion[seen]
    first = sales.first.toordinal() + seen.start
    units = np.where(telling, sales.units[seen], 0.0)
    plain = telling & ~promoted
    plain = np.where(plain.sum(axis=0) >= np.minimum(ORDINARY, telling.sum(axis=0)), plain, telling)
    ordinary = np.where(plain, units, 0.0)
    capped = np.minimum(ordinary, _measure(ordinary, plain))
    year = slice(-YEAR, None)
    told = np.maximum(plain[year].sum(axis=0), 1)
    group = groups(units, telling)
    return Past(
        first=date.fromordinal(first),
        open=sales.open[seen],
        weekday=(date.fromordinal(first).weekday() + np.arange(len(units))) % WEEK,
        units=units,
        telling=telling,
        plain=plain,
        capped=capped,
        promoted=promoted,
        level=capped[year].sum(axis=0) / told,
        group=group,
        beyond=_beyond(ordinary, capped, group),
    )


def _measure(units: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """The most a day may count for (K,) [unit]: what a product repeats, and as much again."""
    sold = ((units > 0) & plain).sum(axis=0)
    rank = 1 + np.ceil(REPEATED * sold).astype(np.int64)
    largest = -np.sort(-units, axis=0)
    repeated = np.take_along_axis(largest, np.minimum(rank, len(units))[None] - 1, axis=0)[0]
    return np.where(sold > 1, CUT * repeated, np.inf)


def _beyond(units: np.ndarray, capped: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Demand / capped demand of each product's group (K,) [1], at most `MOST_BEYOND`."""
    kept = np.bincount(group, capped.sum(axis=0))
    whole = np.bincount(group, units.sum(axis=0))
    share = np.where(kept > 0, whole / np.where(kept > 0, kept, 1.0), 1.0)
    return np.minimum(share, MOST_BEYOND)[group]
