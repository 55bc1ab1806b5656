"""What was sold: daily sales of many products, and on which days they say what demand was.

A day says so where the business was open, the product was on offer, and nothing kept customers
from buying it. Every other day is silent: its sales are no demand of zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from data.errors import DataError


@dataclass(frozen=True)
class Sales:
    """Daily sales of K products over D days from `first` on.

    Attributes:
        unique_id: (K,).
        first: the first day.
        units: sold (D, K) [unit]; 0 where nothing was.
        price: asked or fetched (D, K) [money/unit]; NaN where unknown.
        open: True on the days the business traded (D,).
        on_sale: True where the product was on offer (D, K).
        censored: True where less may have been sold than was wanted, for want of stock (D, K).
        promotion: True where the product was promoted (D + F, K); F days are planned ahead.
    """

    unique_id: np.ndarray
    first: date
    units: np.ndarray
    price: np.ndarray
    open: np.ndarray
    on_sale: np.ndarray
    censored: np.ndarray
    promotion: np.ndarray

    def __post_init__(self) -> None:
        days, count = self.units.shape
        if (len(self.open), len(self.unique_id)) != (days, count):
            raise DataError(
                f"sales: {len(self.open)} days and {len(self.unique_id)} products were given for "
                f"units of shape {self.units.shape}"
            )
        for label in ("price", "on_sale", "censored"):
            shape = getattr(self, label).shape
            if shape != (days, count):
                raise DataError(f"sales: {label} has shape {shape}, expected {(days, count)}")
        if self.promotion.shape[0] < days or self.promotion.shape[1:] != (count,):
            raise DataError(
                f"sales: promotion has shape {self.promotion.shape}, expected at least "
                f"{(days, count)}"
            )
        if not (np.isfinite(self.units) & (self.units >= 0)).all():
            raise DataError("sales: units must be finite and at least 0 everywhere")

    @property
    def days(self) -> int:
        """Number of days D."""
        return len(self.units)

    @property
    def end(self) -> date:
        """The day after the last one: the first that nothing is known of."""
        return self.first + timedelta(days=self.days)

    @cached_property
    def telling(self) -> np.ndarray:
        """True where sales say what demand was (D, K)."""
        return self.open[:, None] & self.on_sale & ~self.censored

    def until(self, day: date) -> Sales:
        """What was known on the morning of `day`; promotions planned by then are still known.

        Raises:
            DataError: the sales do not reach that day, or begin after it.
        """
        count = (day - self.first).days
        if not 0 < count <= self.days:
            raise DataError(f"sales cover {self.first} to {self.end}, which {day} is not within")
        past = slice(0, count)
        return replace(
            self,
            units=self.units[past],
            price=self.price[past],
            open=self.open[past],
            on_sale=self.on_sale[past],
            censored=self.censored[past],
        )

    def take(self, products: np.ndarray) -> Sales:
        """The sales of the products at `products` (indices or a mask)."""
        return replace(
            self,
            unique_id=self.unique_id[products],
            units=self.units[:, products],
            price=self.price[:, products],
            on_sale=self.on_sale[:, products],
            censored=self.censored[:, products],
            promotion=self.promotion[:, products],
        )
