"""Figures that are probably slips: far beyond a product's own habit. They are said, never changed.

Sales and prices are looked at on a log scale, where a product's days are about symmetric. A day is
odd where it lies `FAR` robust standard deviations above the product's median: 1.4826 x the median
absolute deviation (Hampel 1974), or what the 90 % quantile says of a normal law if that is more.
Products with few days borrow the spread of all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FAR = 6.0
"""Robust standard deviations."""
BORROWED = 20.0
"""Days that the spread of all products counts for in the spread of one."""
SMALLEST_SPREAD = 0.5
"""Of the logarithm [1]; less would make slow products, which sell 1 on most days, odd at 8."""
PACKS = (6.0, 10.0, 12.0, 24.0, 100.0, 1000.0)
"""Factors by which a count changes when another unit is counted."""
CLOSE = 0.12
"""How near the logarithm of a step must be to that of a factor [1]."""
FEWEST_SALES = 30
"""Days with sales, on each side of a step."""
STEP_SCORE = 12.0
"""Standard errors that a step must measure."""


@dataclass(frozen=True)
class Step:
    """A lasting change of a product's usual sale by a factor.

    Attributes:
        product: number of the product.
        day: number of the first day at the new level.
        factor: nearest usual factor, new / old.
    """

    product: int
    day: int
    factor: float


def far_above(values: np.ndarray) -> np.ndarray:
    """Where values (D, K) lie far above the product's habit; 0 and NaN are no values."""
    away, spread, _ = _distance(values)
    return away > FAR * spread


def far_away(values: np.ndarray) -> np.ndarray:
    """Where values (D, K) lie far above or below the product's habit."""
    away, spread, _ = _distance(values)
    return np.abs(away) > FAR * spread


def steps(units: np.ndarray) -> list[Step]:
    """Products of which the usual sale changed, once and for good, by the factor of a pack.

    The split of a product's selling days that separates their mean logarithms best (least squares)
    is the step; it counts where it measures `STEP_SCORE` standard errors.

    Args:
        units: sold (D, K) [unit].
    """
    found = []
    for product in np.flatnonzero((units > 0).sum(axis=0) >= 2 * FEWEST_SALES):
        days = np.flatnonzero(units[:, product])
        step = _step(np.log(units[days, product]))
        if step is not None:
            place, size = step
            factor = min(PACKS, key=lambda pack: abs(abs(size) - np.log(pack)))
            if abs(abs(size) - np.log(factor)) < CLOSE:
                new = factor if size > 0 else 1 / factor
                found.append(Step(int(product), int(days[place]), new))
    return found


def _step(logs: np.ndarray) -> tuple[int, float] | None:
    """Where the mean of `logs` (N,) steps and by how much; None where it does not."""
    count = len(logs)
    before = np.arange(FEWEST_SALES, count - FEWEST_SALES + 1)
    sums = np.cumsum(logs)
    size = (sums[-1] - sums[before - 1]) / (count - before) - sums[before - 1] / before
    weight = before * (count - before) / count
    best = int(np.argmax(weight * size**2))
    left = np.sum((logs - logs.mean()) ** 2) - weight[best] * size[best] ** 2
    error = np.sqrt(max(left, 1e-12) / max(count - 2, 1) / weight[best])
    if abs(size[best]) < STEP_SCORE * error:
        return None
    return int(before[best]), float(size[best])


def _distance(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log distance from the product's median (D, K), robust spread (K,) and days with values."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(values > 0, np.log(values), np.nan)
    days = (~np.isnan(logs)).sum(axis=0)
    away = logs - _quantiles(logs, 0.5)
    # Slow products sell 1 on most days: rounding hides their spread from the median.
    spread = np.fmax(1.4826 * _quantiles(np.abs(away), 0.5), _quantiles(away, 0.9) / 1.2816)
    known = days >= BORROWED
    common = float(np.median(spread[known])) if known.any() else 1.0
    spread = (days * np.nan_to_num(spread) + BORROWED * common) / (days + BORROWED)
    return np.nan_to_num(away), np.maximum(spread, SMALLEST_SPREAD), days


def _quantiles(values: np.ndarray, level: float) -> np.ndarray:
    """A quantile of each column (D, K), NaN left out; NaN for a column of nothing else."""
    ordered = np.sort(values, axis=0)
    last = np.maximum((~np.isnan(values)).sum(axis=0) - 1, 0)
    place = level * last
    low = place.astype(np.int64)
    columns = np.arange(values.shape[1])
    share = place - low
    high = np.minimum(low + 1, last)
    return (1 - share) * ordered[low, columns] + share * ordered[high, columns]
