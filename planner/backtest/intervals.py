"""How sure one may be: paired bootstraps over products, and over weeks in blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000
AT_A_TIME = 500
"""Resamples drawn at a time, for memory's sake."""
ENDS = (2.5, 97.5)
"""Of a 95 % interval [%]."""
BLOCK = 4
"""Weeks that stay together, for neighbouring weeks are alike [week]."""
BLOCK_RESAMPLES = 2_000


@dataclass(frozen=True)
class Interval:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def tells(self) -> bool:
        """True where the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def over_products(
    paid: np.ndarray, rng: np.random.Generator, resamples: int = RESAMPLES
) -> np.ndarray:
    """Sums over products drawn anew (B, C) [money]: all columns of a draw are of the same products.

    Each draw takes K of the K products with replacement (Efron and Tibshirani 1993, chapter 6).

    Args:
        paid: by product in C columns (K, C) [money].
        rng: draws.
        resamples: B.
    """
    count = len(paid)
    chance = np.full(count, 1 / count)
    sums = []
    for first in range(0, resamples, AT_A_TIME):
        drawn = rng.multinomial(count, chance, min(AT_A_TIME, resamples - first))
        sums.append(drawn @ paid)
    return np.concatenate(sums)


def ratio(sums: np.ndarray, paid: np.ndarray, above: int, below: int) -> Interval:
    """One column's money over another's, with its interval [1].

    Args:
        sums: `over_products` of the same columns (B, C).
        paid: by product (K, C) [money].
        above, below: columns.
    """
    total = paid.sum(axis=0)
    drawn = sums[:, above] / np.maximum(sums[:, below], np.finfo(float).tiny)
    low, high = np.percentile(drawn, ENDS)
    value = total[above] / max(total[below], np.finfo(float).tiny)
    return Interval(float(value), float(low), float(high))


def difference(sums: np.ndarray, paid: np.ndarray, above: int, below: int) -> Interval:
    """One column's money less another's, with its interval [money]."""
    total = paid.sum(axis=0)
    low, high = np.percentile(sums[:, above] - sums[:, below], ENDS)
    return Interval(float(total[above] - total[below]), float(low), float(high))


def over_weeks(
    by_week: np.ndarray, rng: np.random.Generator, resamples: int = BLOCK_RESAMPLES
) -> np.ndarray:
    """Means over weeks drawn anew in blocks (B, K), the same weeks for every product.

    Blocks of `BLOCK` weeks that may run from the last week on into the first (the circular
    bootstrap, Politis and Romano 1992).

    Args:
        by_week: (W, K).
        rng: draws.
        resamples: B.
    """
    weeks = len(by_week)
    block = min(BLOCK, weeks)
    blocks = -(-weeks // block)
    first = rng.integers(0, weeks, (resamples, blocks))
    drawn = (first[..., None] + np.arange(block)) % weeks
    drawn = drawn.reshape(resamples, -1)[:, :weeks]
    times = np.zeros((resamples, weeks))
    np.add.at(times, (np.arange(resamples)[:, None], drawn), 1.0)
    return np.asarray(times @ by_week / weeks)
