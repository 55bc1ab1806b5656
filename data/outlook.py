"""What the forecast says about the time each stage must cover.

With our sequence of events stage m covers its own L + 1 periods, and its echelon the sum of
L_j + 1 over itself and every stage downstream: an order placed now is the last to help until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data.scenario import Scenario

MONTHS_AHEAD = 56
"""Periods of mean forecast that an observation looks ahead."""


@dataclass(frozen=True)
class Windows:
    """The forecast over the protection intervals that begin in one period.

    Attributes:
        echelon_mean: demand expected over the echelon's interval (M, K) [unit].
        echelon_std: its standard deviation, errors taken as independent over days (M, K) [unit].
        mean: the part in which the stage itself is the one to cover (M, K) [unit].
        std: the standard deviation of that part (M, K) [unit].
    """

    echelon_mean: np.ndarray
    echelon_std: np.ndarray
    mean: np.ndarray
    std: np.ndarray


class Outlook:
    """The forecast of K products, summed over any window in constant time.

    Args:
        mean: expected demand (H, K) [unit/period], far enough ahead for every window asked for.
        std: standard deviation of its error (H, K) [unit/period].
        lead_time: per stage of a serial chain (M, K) [period].
    """

    def __init__(self, mean: np.ndarray, std: np.ndarray, lead_time: np.ndarray) -> None:
        self.mean = mean
        self.std = std
        self.lead_time = lead_time
        self.protection_interval = lead_time + 1
        self.echelon_interval = np.cumsum(self.protection_interval, axis=0)
        self._cumulative_mean = _cumulated(mean)
        self._cumulative_variance = _cumulated(np.square(std))
        self._seen: tuple[int, Windows] | None = None

    @cached_property
    def _flat(self) -> np.ndarray:
        products = self.lead_time.shape[1]
        return self.echelon_interval * products + np.arange(products)

    @property
    def reach(self) -> int:
        """The last period for which all windows lie inside the forecast."""
        furthest = max(int(self.echelon_interval.max()), MONTHS_AHEAD)
        return len(self.mean) - furthest

    def windows(self, period: int) -> Windows:
        """The forecast over the intervals that begin in `period`."""
        seen = self._seen
        if seen is not None and seen[0] == period:
            return seen[1]
        if not 0 <= period <= self.reach:
            raise IndexError(
                f"the forecast covers windows that begin in periods 0 to {self.reach}, asked for "
                f"{period}; extend the forecast"
            )
        ends = self._flat + period * self.lead_time.shape[1]
        echelon_mean = self._cumulative_mean.take(ends) - self._cumulative_mean[period]
        variance = self._cumulative_variance.take(ends) - self._cumulative_variance[period]
        np.maximum(variance, 0, out=variance)
        mean, own = echelon_mean.copy(), variance.copy()
        mean[1:] -= echelon_mean[:-1]
        own[1:] -= variance[:-1]
        found = Windows(echelon_mean, np.sqrt(variance), mean, np.sqrt(np.maximum(own, 0, out=own)))
        self._seen = (period, found)
        return found

    def take(self, products: np.ndarray) -> Outlook:
        """The outlook of the products at `products` (indices or a mask)."""
        return Outlook(self.mean[:, products], self.std[:, products], self.lead_time[:, products])

    def mean_between(self, first: int, last: int) -> np.ndarray:
        """Mean demand over periods first to last - 1 (K,) [unit/period]."""
        return (self._cumulative_mean[last] - self._cumulative_mean[first]) / (last - first)


def outlook_of(scenario: Scenario, periods: int) -> Outlook:
    """The outlook of a planning problem over `periods` periods, the forecast extended as needed."""
    lead_time = scenario.products.lead_time
    furthest = max(int((lead_time + 1).sum(axis=0).max()), MONTHS_AHEAD)
    forecast = scenario.forecast.extended(periods + furthest)
    return Outlook(forecast.mean, forecast.std, lead_time)


def _cumulated(values: np.ndarray) -> np.ndarray:
    summed = np.zeros((len(values) + 1, values.shape[1]), values.dtype)
    np.cumsum(values, axis=0, out=summed[1:])
    return summed
