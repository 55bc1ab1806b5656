"""The shape of a week, each product's own as far as its days bear it out, else that of all."""

from __future__ import annotations

import numpy as np

from data.forecast import WEEK
from planner.forecasting.past import Past


def shrinkage(own: np.ndarray, noise: np.ndarray, toward: np.ndarray) -> np.ndarray:
    """How much of each own figure to believe, 0 to 1, the rest being `toward`.

    tau^2 / (tau^2 + noise), tau^2 the variance of the true figures around `toward` by moments:
    Efron and Morris (1975), Data analysis using Stein's estimator, JASA 70, eq. (2.3) with
    unequal variances. Where the figures are without noise they are believed.

    Args:
        own: figures of the products, any shape; NaN where there is none.
        noise: their sampling variances.
        toward: what they are shrunk to.
    """
    there = np.isfinite(own) & np.isfinite(noise)
    squares = np.where(there, np.square(np.where(there, own - toward, 0.0)) - noise, 0.0)
    weight = np.where(there, 1.0 / np.square(0.05 + np.where(there, noise, 0.0)), 0.0)
    between = max(float((weight * squares).sum() / max(weight.sum(), 1e-300)), 0.0)
    known = np.where(there, noise, np.inf)
    return np.where(known <= 0.0, 1.0, between / np.where(known > 0.0, between + known, 1.0))


def weekday_profile(past: Past) -> tuple[np.ndarray, np.ndarray]:
    """Demand of each weekday / a product's mean, and the variance of a day around it.

    Args:
        past: what is known.

    Returns:
        The factors (7, K) [1], and the variance of a plain day's capped demand around its
        weekday's mean, over the squared mean (K,) [1]; NaN where too few days are known.
    """
    days = past.lately
    plain, capped, weekday = past.plain[days], past.capped[days], past.weekday[days]
    scale = np.where(past.level > 0, past.level, 1.0)
    own = np.full((WEEK, plain.shape[1]), np.nan)
    count = np.zeros(own.shape)
    squares = np.zeros(plain.shape[1])
    for day in range(WEEK):
        here, told = capped[weekday == day], plain[weekday == day]
        count[day] = told.sum(axis=0)
        mean = here.sum(axis=0) / np.maximum(count[day], 1)
        squares += (np.square(here - mean) * told).sum(axis=0)
        own[day] = np.where((count[day] > 0) & (past.level > 0), mean / scale, np.nan)
    free = count.sum(axis=0) - (count > 0).sum(axis=0)
    spread = np.where(
        (free > 0) & (past.level > 0), squares / np.maximum(free, 1) / scale**2, np.nan
    )
    noise = spread / np.maximum(count, 1)
    return _shrunk(own, noise), spread


def _shrunk(own: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The weekdays' figures (7, K), nearer to those of all products the noisier they are."""
    there = np.isfinite(own) & np.isfinite(noise)
    weight = np.where(there, 1.0 / (0.05 + np.where(there, noise, 0.0)), 0.0)
    known = weight.sum(axis=1, keepdims=True)
    common = (weight * np.where(there, own, 0.0)).sum(axis=1, keepdims=True)
    common = np.where(known > 0, common / np.where(known > 0, known, 1.0), 1.0)
    belief = shrinkage(own, noise, common)
    return np.where(there, common + belief * (np.where(there, own, 0.0) - common), common)
