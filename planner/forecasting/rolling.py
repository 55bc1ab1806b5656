"""The past played again: forecasts from earlier mornings, beside what then came.

From each origin every method sees only what was known then. What is kept are sums over protection
intervals, because that is what a wrong forecast costs money on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from data.sales import Sales
from planner.forecasting.methods import Basis, basis_of
from planner.forecasting.spread import dispersion, variance
from planner.forecasting.thin import is_thin

STEP = 28
"""Days from one origin to the next, and forecast from each; longer intervals lengthen it [day]."""
LEAST_LEARNT = 112
"""Days of the past that the first origin has to have seen [day]."""
LARGEST_ERROR = 4.0
"""Standard deviations from which on an error says nothing more of its neighbour [1]."""


Foresight = Callable[[Basis], np.ndarray]
"""From what is known to what each of N methods expects (N, T, K) [unit/day]."""


@dataclass(frozen=True)
class HeldOut:
    """W intervals of the past as N methods foresaw them, of K products.

    Attributes:
        origin: number of the origin each interval was forecast from, the latest 0 (W,).
        days: length (W,) [day].
        mean: expected demand (N, W, K) [unit].
        variance: of that, errors independent over days, before calibration (N, W, K) [unit^2].
        found: demand (W, K) [unit].
        counts: whether something was to be expected and to be seen (W, K).
        lagged: of daily errors over their standard deviation, the sum of products of neighbours
            (N, K) [1].
        squared: the sum of the squares of such neighbours, the two averaged (N, K) [1].
        pairs: how many neighbours there were (K,).
    """

    origin: np.ndarray
    days: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    found: np.ndarray
    counts: np.ndarray
    lagged: np.ndarray
    squared: np.ndarray
    pairs: np.ndarray

    def only(self, intervals: np.ndarray) -> HeldOut:
        """The intervals at `intervals` (indices or a mask)."""
        return replace(
            self,
            origin=self.origin[intervals],
            days=self.days[intervals],
            mean=self.mean[:, intervals],
            variance=self.variance[:, intervals],
            found=self.found[intervals],
            counts=self.counts[intervals],
        )

    def of(self, method: np.ndarray) -> HeldOut:
        """As one method each foresaw them, `method` (K,) its number; N becomes 1."""
        place = np.broadcast_to(method, (1, *self.found.shape))
        row = np.asarray(method)[None]
        return replace(
            self,
            mean=np.take_along_axis(self.mean, place, axis=0),
            variance=np.take_along_axis(self.variance, place, axis=0),
            lagged=np.take_along_axis(self.lagged, row, axis=0),
            squared=np.take_along_axis(self.squared, row, axis=0),
        )

    def take(self, products: np.ndarray) -> HeldOut:
        """The products at `products` (indices or a mask)."""
        return HeldOut(
            self.origin,
            self.days,
            *(part[..., products] for part in (self.mean, self.variance, self.found, self.counts)),
            *(part[..., products] for part in (self.lagged, self.squared, self.pairs)),
        )


def origins_of(days: int, reach: int, step: int) -> list[int]:
    """Days known at each origin, the latest first, so that all of `step` days after it are known.

    Args:
        days: of the past altogether [day].
        reach: how far back to play [day].
        step: from one to the next [day].
    """
    count = min(reach // step, (days - LEAST_LEARNT) // step)
    return [days - step * (number + 1) for number in range(max(count, 0))]


def play(sales: Sales, origins: list[int], foresee: Foresight, lengths: tuple[int, ...]) -> HeldOut:
    """What methods foresaw from each origin, in sums over intervals of these lengths."""
    step = max(STEP, *lengths)
    parts = []
    for number, end in enumerate(origins):
        basis = basis_of(sales, end, step)
        parts.append(_sums(sales, basis, (number, end), foresee(basis), lengths))
    return HeldOut(
        origin=np.concatenate([part.origin for part in parts]),
        days=np.concatenate([part.days for part in parts]),
        mean=np.concatenate([part.mean for part in parts], axis=1),
        variance=np.concatenate([part.variance for part in parts], axis=1),
        found=np.concatenate([part.found for part in parts]),
        counts=np.concatenate([part.counts for part in parts]),
        lagged=np.sum([part.lagged for part in parts], axis=0),
        squared=np.sum([part.squared for part in parts], axis=0),
        pairs=np.sum([part.pairs for part in parts], axis=0),
    )


def _sums(
    sales: Sales,
    basis: Basis,
    origin: tuple[int, int],
    mean: np.ndarray,
    lengths: tuple[int, ...],
) -> HeldOut:
    """The intervals that begin one after the other from an origin (its number, days known)."""
    number, end = origin
    ahead = slice(end, end + mean.shape[1])
    told = sales.telling[ahead]
    # A day that turned out closed had no demand; a product that could not be had is no witness.
    seen = told | ~sales.open[ahead, None]
    daily = np.where(seen, mean, 0.0)
    spread = variance(daily, dispersion(basis))
    units = np.where(told, sales.units[ahead], 0.0)
    known = (basis.past.level > 0) & ~is_thin(basis.past)
    starts = [(first, days) for days in lengths for first in range(0, len(told) - days + 1, days)]
    expected, doubt, found, counts = [], [], [], []
    for first, days in starts:
        rows = slice(first, first + days)
        expected.append(daily[:, rows].sum(axis=1))
        doubt.append(spread[:, rows].sum(axis=1))
        found.append(units[rows].sum(axis=0))
        counts.append(known & told[rows].any(axis=0))
    return HeldOut(
        origin=np.full(len(starts), number),
        days=np.array([days for _, days in starts]),
        # Single precision halves what many products take, and no figure of a plan is made of it.
        mean=np.stack(expected, axis=1).astype(np.float32),
        variance=np.stack(doubt, axis=1).astype(np.float32),
        found=np.array(found),
        counts=np.array(counts),
        **_neighbours(units - daily, spread, told & known),
    )


def _neighbours(error: np.ndarray, spread: np.ndarray, told: np.ndarray) -> dict[str, np.ndarray]:
    """What is kept of errors of neighbouring days (N, T, K) of these variances."""
    told = told & (spread > 0).all(axis=0)
    scaled = error / np.sqrt(np.where(spread > 0, spread, 1.0))
    bounded = np.clip(np.where(told, scaled, 0.0), -LARGEST_ERROR, LARGEST_ERROR)
    both = told[1:] & told[:-1]
    now, before = bounded[:, 1:] * both, bounded[:, :-1] * both
    return {
        "lagged": (now * before).sum(axis=1),
        "squared": 0.5 * (np.square(now) + np.square(before)).sum(axis=1),
        "pairs": both.sum(axis=0),
    }
