"""How sure a mean is: the percentile bootstrap (Efron 1979), products redrawn."""

from __future__ import annotations

import numpy as np


def redrawn(rng: np.random.Generator, count: int, draws: int) -> np.ndarray:
    """Which of `count` products each of `draws` samples with replacement holds (draws, K)."""
    return rng.integers(0, count, (draws, count))


def interval(
    values: np.ndarray, samples: np.ndarray, level: float = 0.95
) -> tuple[float, float, float]:
    """Mean of values (K,), and the low and high end of its interval.

    Args:
        values: one per product (K,).
        samples: which products each sample holds (draws, K).
        level: share of the samples' means that lie within the interval [1].
    """
    means = values[samples].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(values.mean()), float(low), float(high)
