"""Tomorrow's demand as far as anyone knows it: a mean and a standard deviation per day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from data.errors import DataError

WEEK = 7


@dataclass(frozen=True)
class Forecast:
    """The demand forecast of K products over T periods from `start` on.

    Attributes:
        start: the first period.
        mean: expected demand (T, K) [unit/period].
        std: standard deviation of the forecast error (T, K) [unit/period].
    """

    start: date
    mean: np.ndarray
    std: np.ndarray

    def __post_init__(self) -> None:
        if self.mean.ndim != 2 or self.mean.shape != self.std.shape:
            raise DataError(
                f"forecast: mean {self.mean.shape} and std {self.std.shape} must share one shape "
                "(T, K)"
            )
        for label, values in (("mean", self.mean), ("std", self.std)):
            if not (np.isfinite(values) & (values >= 0)).all():
                raise DataError(f"forecast: {label} must be finite and at least 0 everywhere")

    @property
    def horizon(self) -> int:
        """Number of periods T."""
        return self.mean.shape[0]

    @property
    def scale(self) -> np.ndarray:
        """Mean demand per product over the horizon (K,) [unit/period]."""
        return self.mean.mean(axis=0)

    def take(self, products: np.ndarray) -> Forecast:
        """The forecast of the products at `products` (indices or a mask)."""
        return Forecast(self.start, self.mean[:, products], self.std[:, products])

    def extended(self, periods: int) -> Forecast:
        """The forecast over at least `periods` periods: beyond the end, its last weeks repeat.

        Whole weeks repeat (the last four, or as many as there are), so weekdays keep their
        profile; a forecast shorter than a week repeats whole.
        """
        missing = periods - self.horizon
        if missing <= 0:
            return self
        weeks = min(4, self.horizon // WEEK)
        tail = weeks * WEEK if weeks else self.horizon
        rows = self.horizon - tail + np.arange(missing) % tail
        return Forecast(
            self.start,
            np.concatenate([self.mean, self.mean[rows]]),
            np.concatenate([self.std, self.std[rows]]),
        )
