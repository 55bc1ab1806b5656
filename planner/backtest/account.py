"""What a rule came to on the real path: money and units, product by product and day by day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from planner.backtest.past import Span

TERMS = ("holding", "shortage", "overflow")
WEEK = 7


@dataclass(frozen=True)
class Account:
    """The days of one walk.

    Attributes:
        first: the first day.
        holding: (T, K) [money].
        shortage: (T, K) [money].
        overflow: each product's part by the space it took (T, K) [money].
        demand: (T, K) [unit].
        served: from stock (T, K) [unit].
        stock: on hand at the end of the day, stages summed (T, K) [unit].
        space: used per stage (T, M) [volume].
        counts: True where the day is in the product's account (T, K).
    """

    first: date
    holding: np.ndarray
    shortage: np.ndarray
    overflow: np.ndarray
    demand: np.ndarray
    served: np.ndarray
    stock: np.ndarray
    space: np.ndarray
    counts: np.ndarray

    def of(self, span: Span) -> Account:
        """The account of some of its days."""
        days = slice((span.first - self.first).days, (span.last - self.first).days + 1)
        names = (*TERMS, "demand", "served", "stock", "space", "counts")
        return replace(
            self, first=span.first, **{name: getattr(self, name)[days] for name in names}
        )

    @property
    def costs(self) -> np.ndarray:
        """All money of the days that count (T, K) [money]."""
        return np.where(self.counts, self.holding + self.shortage + self.overflow, 0.0)

    @property
    def by_product(self) -> np.ndarray:
        """What each product cost over all days (K,) [money]."""
        return np.asarray(self.costs.sum(axis=0))

    def term(self, name: str) -> np.ndarray:
        """One term of the money by product (K,) [money], a name in TERMS."""
        return np.asarray(np.where(self.counts, getattr(self, name), 0.0).sum(axis=0))

    @property
    def units(self) -> np.ndarray:
        """Units served and wanted by product, over the days that count (2, K) [unit]."""
        served = np.where(self.counts, self.served, 0.0).sum(axis=0)
        return np.stack([served, np.where(self.counts, self.demand, 0.0).sum(axis=0)])

    def fill_rate(self, products: np.ndarray | slice = slice(None)) -> float:
        """Units served from stock / units wanted [1], in units; NaN where nothing was wanted."""
        served, wanted = self.units[:, products].sum(axis=1)
        return float(served / wanted) if wanted > 0 else float("nan")

    @property
    def by_week(self) -> np.ndarray:
        """Mean money of a day, week by week (W, K) [money/day]; an unfinished week is left out."""
        weeks = len(self.costs) // WEEK
        if not weeks:
            return self.costs.mean(axis=0, keepdims=True)
        whole = self.costs[: weeks * WEEK]
        return np.asarray(whole.reshape(weeks, WEEK, -1).mean(axis=1))
