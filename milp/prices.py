"""What the price of space does to a safety factor.

If a unit of space at stage m costs lambda_m a period, holding a unit of volume v there costs
h + lambda_m v instead of h, and the chance of running out that is worth accepting grows with it:
S' = h k / (h k + p), k = 1 + lambda_m v / h, with the shortage cost p = h (1 - S) / S that the
advised z implies. This is the newsvendor condition (Arrow, Harris and Marschak 1951) at the raised
holding cost.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from milp.segments import LARGEST_RATIO

FIRST_DAY = 4
LAST_DAY = 14
"""Prices of these days of the model decide: sooner ones no order changes, later ones can wait."""
LOWEST_Z = -2.5
SMALLEST_NORMAL = 0.5


def priced_safety_factor(z: np.ndarray, dearer: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """z' (.., M, K) [1] where holding costs `dearer` times as much, k = 1 + lambda v / h >= 1.

    A z so high that it would imply a shortage cost beyond `LARGEST_RATIO` times the missed sale's
    owes its height to the skewness of demand; it comes down in proportion to the z that implies
    just that. Where k is 1, z stays to the bit.

    Args:
        z: advised (.., M, K) [1].
        dearer: k (M, K) [1].
        ratio: missed-sale cost / holding cost at the shelf (K,) [1].
    """
    short = np.maximum(ndtr(-z), 1 / (1 + LARGEST_RATIO * ratio))
    accepted = np.minimum(dearer * short / (dearer * short + 1 - short), 1 - 1e-9)
    normal = ndtri(1 - short)
    skewed = np.maximum(z / np.maximum(normal, SMALLEST_NORMAL), 1)
    cut = np.maximum(z - skewed * (normal - ndtri(1 - accepted)), LOWEST_Z)
    return np.where(dearer > 1, np.minimum(cut, z), z)


def dearer_holding(price: np.ndarray, volume: np.ndarray, holding: np.ndarray) -> np.ndarray:
    """k = 1 + lambda v / h (M, K) [1], from prices (M,), volumes (K,) and holding costs (M, K)."""
    return 1 + price[:, None] * volume / holding


def standing_prices(storage_price: np.ndarray) -> np.ndarray:
    """The price to act on each day (T, M), from the model's price of each day (T, M).

    An order placed on day s fills space from its arrival on; the mean over days s + 4 to s + 13
    stands for it. Near the end of the horizon the last ten days stand for what lies beyond.
    """
    periods = len(storage_price)
    window = min(LAST_DAY - FIRST_DAY, periods)
    summed = np.concatenate([np.zeros((1, storage_price.shape[1])), storage_price.cumsum(axis=0)])
    last = np.minimum(np.arange(periods) + LAST_DAY, periods)
    first = np.maximum(last - window, 0)
    return (summed[last] - summed[first]) / (last - first)[:, None]
