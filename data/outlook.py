"""What the forecast says about the time each stage must cover.

With our sequence of events stage m covers its own L + 1 periods, and its echelon the sum of
L_j + 1 over itself and every stage downstream: an order placed now is the last to help until then.
Where orders are placed on some days only, it has to help for longer, until the next one could.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data.forecast import WEEK
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
        may_order: where orders may be placed on each day of the week, period 0 first (7, M, K);
            None if they always may.
    """

    def __init__(
        self,
        mean: np.ndarray,
        std: np.ndarray,
        lead_time: np.ndarray,
        may_order: np.ndarray | None = None,
    ) -> None:
        self.mean = mean
        self.std = std
        self.lead_time = lead_time
        self.protection_interval = lead_time + 1
        self.echelon_interval = np.cumsum(self.protection_interval, axis=0)
        self._cumulative_mean = _cumulated(mean)
        self._cumulative_variance = _cumulated(np.square(std))
        self._order_interval: np.ndarray | None = None
        if may_order is not None:
            self._order_interval = order_intervals(lead_time, may_order)
        self._seen: tuple[int, Windows] | None = None
        self._seen_order: tuple[int, Windows] | None = None

    @cached_property
    def _flat(self) -> np.ndarray:
        return self._places(self.echelon_interval)

    def _places(self, interval: np.ndarray) -> np.ndarray:
        """Where the sums over intervals (M, K) that begin in period 0 stand, counted flat."""
        products = self.lead_time.shape[1]
        return interval * products + np.arange(products)

    @property
    def reach(self) -> int:
        """The last period for which all windows lie inside the forecast."""
        furthest = max(int(self.echelon_interval.max()), MONTHS_AHEAD)
        if self._order_interval is not None:
            furthest = max(furthest, int(self._order_interval.max()))
        return len(self.mean) - furthest

    def windows(self, period: int) -> Windows:
        """The forecast over the protection intervals that begin in `period`."""
        if self._seen is None or self._seen[0] != period:
            self._seen = (period, self._windows(period, self._flat))
        return self._seen[1]

    def order_interval(self, period: int) -> np.ndarray:
        """How long an echelon's order of `period` is the last to help (M, K) [period].

        It is the echelon's protection interval, and longer where the next order has to wait.
        """
        if self._order_interval is None:
            return self.echelon_interval
        return self._order_interval[period % WEEK]

    def order_windows(self, period: int) -> Windows:
        """The forecast over what the orders of `period` have to cover."""
        if self._order_interval is None:
            return self.windows(period)
        if self._seen_order is None or self._seen_order[0] != period:
            places = self._places(self.order_interval(period))
            self._seen_order = (period, self._windows(period, places))
        return self._seen_order[1]

    def _windows(self, period: int, places: np.ndarray) -> Windows:
        if not 0 <= period <= self.reach:
            raise IndexError(
                f"the forecast covers windows that begin in periods 0 to {self.reach}, asked for "
                f"{period}; extend the forecast"
            )
        ends = places + period * self.lead_time.shape[1]
        echelon_mean = self._cumulative_mean.take(ends) - self._cumulative_mean[period]
        variance = self._cumulative_variance.take(ends) - self._cumulative_variance[period]
        np.maximum(variance, 0, out=variance)
        return self._between(echelon_mean, variance)

    @staticmethod
    def _between(echelon_mean: np.ndarray, variance: np.ndarray) -> Windows:
        """Windows from mean and variance over the echelons' intervals, each (M, K)."""
        mean, own = echelon_mean.copy(), variance.copy()
        mean[1:] -= echelon_mean[:-1]
        own[1:] -= variance[:-1]
        std = np.sqrt(np.maximum(own, 0, out=own))
        return Windows(echelon_mean, np.sqrt(variance), mean, std)

    @cached_property
    def typical(self) -> Windows:
        """The windows of an average day of the whole forecast; no one period stands out in them."""
        return self._between(
            self.echelon_interval * self._cumulative_mean[-1] / len(self.mean),
            self.echelon_interval * self._cumulative_variance[-1] / len(self.mean),
        )

    @property
    def certain(self) -> Outlook:
        """The outlook as if its mean were sure to come."""
        same = Outlook(self.mean, np.zeros_like(self.std), self.lead_time)
        same._order_interval = self._order_interval
        return same

    def take(self, products: np.ndarray) -> Outlook:
        """The outlook of the products at `products` (indices or a mask)."""
        part = Outlook(self.mean[:, products], self.std[:, products], self.lead_time[:, products])
        if self._order_interval is not None:
            part._order_interval = self._order_interval[..., products]
        return part

    def mean_between(self, first: int, last: int) -> np.ndarray:
        """Mean demand over periods first to last - 1 (K,) [unit/period]."""
        return (self._cumulative_mean[last] - self._cumulative_mean[first]) / (last - first)


def outlook_of(scenario: Scenario, periods: int) -> Outlook:
    """The outlook of a planning problem over `periods` periods, the forecast extended as needed."""
    lead_time = scenario.products.lead_time
    may_order = scenario.may_order(WEEK)
    waits = 0 if may_order is None else WEEK * len(lead_time)
    furthest = max(int((lead_time + 1).sum(axis=0).max()) + waits, MONTHS_AHEAD)
    forecast = scenario.forecast.extended(periods + furthest)
    return Outlook(forecast.mean, forecast.std, lead_time, may_order)


def order_intervals(lead_time: np.ndarray, may_order: np.ndarray) -> np.ndarray:
    """How long an echelon's order of each weekday is the last to help (7, M, K) [period].

    The next order leaves on the stage's next order day and is passed on by every stage below on
    the first of its order days after it came in; what is ordered now must last until that
    arrives. With orders every R days a single stage covers L + R (Silver, Pyke and Thomas 2017,
    section 6.9), with orders every day an echelon covers the sum of L_j + 1.

    Args:
        lead_time: (M, K) [period].
        may_order: where orders may be placed on each day of the week, period 0 first (7, M, K).
    """
    wait = _days_to_next(may_order)
    weeks, stages, products = wait.shape
    today = np.arange(weeks)[:, None]
    number = np.arange(products)
    interval = np.empty(wait.shape, dtype=np.int64)
    for stage in range(stages):
        day = np.broadcast_to(today, (weeks, products))
        for below in range(stage, -1, -1):
            day = day + 1
            day = day + wait[day % WEEK, below, number] + lead_time[below]
        interval[:, stage] = day - today
    return interval


def _days_to_next(may_order: np.ndarray) -> np.ndarray:
    """Days from each weekday to the next one with orders, 0 on such a day (7, M, K) [period].

    Where no day has any, the next one is taken to be a week away.
    """
    wait = np.full(may_order.shape, WEEK, dtype=np.int64)
    for ahead in range(WEEK - 1, -1, -1):
        wait[np.roll(may_order, -ahead, axis=0)] = ahead
    return wait


def _cumulated(values: np.ndarray) -> np.ndarray:
    summed = np.zeros((len(values) + 1, values.shape[1]), values.dtype)
    np.cumsum(values, axis=0, out=summed[1:])
    return summed
