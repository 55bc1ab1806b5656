"""What the price of space does to a safety factor.

If a unit of space at stage m costs lambda_m a period, holding a unit of volume v there costs
h + lambda_m v instead of h, and the chance of running out that is worth accepting grows with it:
S' = h k / (h k + p), k = 1 + lambda_m v / h, with the shortage cost p = h (1 - S) / S that the
advised z implies. This is the newsvendor condition (Arrow, Harris and Marschak 1951) at the raised
holding cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from milp.segments import LARGEST_RATIO

FIRST_DAY = 4
LAST_DAY = 14
"""Prices of these days of the model decide: sooner ones no order changes, later ones can wait."""
LOWEST_Z = -2.5
SMALLEST_NORMAL = 0.5
SMALLEST_LEVEL = 1e-9
RAREST = 1e-9
"""Chances of running out are told apart from this one to one less it [1]."""
SKEWED = 0.6
"""Coefficient of variation over the shelf's interval from which demand counts as skewed [1]."""


@dataclass(frozen=True)
class Shelf:
    """Demand over the shelf's protection interval, for laws that are too skewed to be normal.

    Attributes:
        mean: (K,) [unit].
        std: (K,) [unit].
    """

    mean: np.ndarray
    std: np.ndarray


def priced_safety_factor(
    z: np.ndarray, dearer: np.ndarray, ratio: np.ndarray, shelf: Shelf
) -> np.ndarray:
    """z' (.., M, K) [1] where holding costs `dearer` times as much, k = 1 + lambda v / h >= 1.

    Where k is 1, z stays to the bit. Upstream, and at the shelf unless demand over its interval
    is skewed, the law is normal.

    Args:
        z: advised (.., M, K) [1].
        dearer: k (.., M, K) [1].
        ratio: missed-sale cost / holding cost at the shelf (K,) [1].
        shelf: demand that the shelf's stock must cover.
    """
    cut = _normal(z, dearer, ratio)
    skewed = shelf.std > SKEWED * shelf.mean
    if skewed.any():
        lognormal = _lognormal(z[..., 0, :], dearer[..., 0, :], ratio, shelf)
        cut[..., 0, :] = np.where(skewed, lognormal, cut[..., 0, :])
    return np.where(dearer > 1, np.minimum(np.maximum(cut, LOWEST_Z), z), z)


def _normal(z: np.ndarray, dearer: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """z' (.., M, K) by the normal law.

    A z so high that it would imply a shortage cost beyond `LARGEST_RATIO` times the missed sale's
    comes down in proportion to the z that implies just that.
    """
    short = np.maximum(ndtr(-z), 1 / (1 + LARGEST_RATIO * ratio))
    normal = ndtri(1 - short)
    beyond = np.maximum(z / np.maximum(normal, SMALLEST_NORMAL), 1)
    return z - beyond * (normal - ndtri(1 - _accepted(short, dearer)))


def _lognormal(z: np.ndarray, dearer: np.ndarray, ratio: np.ndarray, shelf: Shelf) -> np.ndarray:
    """z' at the shelf (.., K) by the lognormal law of the demand over its interval."""
    cv, spread = _skewness(shelf)
    level = np.log(np.maximum(1 + z * cv, SMALLEST_LEVEL))
    short = np.maximum(ndtr(-(level / spread + spread / 2)), 1 / (1 + LARGEST_RATIO * ratio))
    lower = np.exp(-spread * (ndtri(_accepted(short, dearer)) + spread / 2))
    return (lower - 1) / cv


def _accepted(short: np.ndarray, dearer: np.ndarray) -> np.ndarray:
    """S' = k S / (k S + 1 - S), the chance of running out that dearer holding makes worthwhile."""
    return np.minimum(dearer * short / (dearer * short + 1 - short), 1 - 1e-9)


def unpriced_safety_factor(z: np.ndarray, dearer: np.ndarray, shelf: Shelf) -> np.ndarray:
    """z (.., M, K) [1] that a price would bring to the z' given: the way back from a priced one.

    The model charges for space itself. Given a z' that has been asked at a price, it would charge
    twice; given this z, its own charge leads it to z'. S = S' / (k (1 - S') + S').

    Args:
        z: z', at the price (.., M, K) [1].
        dearer: k (.., M, K) [1].
        shelf: demand that the shelf's stock must cover.
    """
    free = ndtri(1 - _unpriced(np.clip(ndtr(-z), RAREST, 1 - RAREST), dearer))
    skewed = shelf.std > SKEWED * shelf.mean
    if skewed.any():
        cv, spread = _skewness(shelf)
        level = np.log(np.maximum(1 + z[..., 0, :] * cv, SMALLEST_LEVEL))
        short = np.clip(ndtr(-(level / spread + spread / 2)), RAREST, 1 - RAREST)
        lower = np.exp(-spread * (ndtri(_unpriced(short, dearer[..., 0, :])) + spread / 2))
        free[..., 0, :] = np.where(skewed, (lower - 1) / cv, free[..., 0, :])
    return np.where(dearer > 1, np.maximum(free, z), z)


def _unpriced(short: np.ndarray, dearer: np.ndarray) -> np.ndarray:
    """S, from the S' that dearer holding makes of it."""
    return short / (dearer * (1 - short) + short)


def _skewness(shelf: Shelf) -> tuple[np.ndarray, np.ndarray]:
    """Coefficient of variation (K,) [1] and the standard deviation of the logarithm (K,) [1]."""
    cv = np.where(shelf.std > 0, shelf.std, 1) / np.where(shelf.mean > 0, shelf.mean, 1)
    return cv, np.sqrt(np.log1p(np.square(cv)))


def dearer_holding(price: np.ndarray, volume: np.ndarray, holding: np.ndarray) -> np.ndarray:
    """k = 1 + lambda v / h (.., M, K) [1]: prices (.., M), volumes (K,), holding costs (M, K)."""
    return 1 + price[..., None] * volume / holding


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
