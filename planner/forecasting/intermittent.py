"""Demand that comes on some days only: Croston's method and two that mend its bias.

All three step through the days for all products at once; a silent day (closed, not on offer, out
of stock) leaves a product as it was.
"""

from __future__ import annotations

import numpy as np

SMOOTHING = 0.1
"""Usual smoothing constant of intermittent demand (Syntetos and Boylan 2005, section 4)."""


def croston(units: np.ndarray, telling: np.ndarray, alpha: float = SMOOTHING) -> np.ndarray:
    """Demand per telling day, size / interval, both smoothed where there is demand (K,) [unit].

    Croston (1972), Forecasting and stock control for intermittent demands, OR Quarterly 23,
    eqs. (3)-(5). The first demand starts both averages; a product without any has 0.

    Args:
        units: demand (D, K) [unit].
        telling: whether the day says what demand was (D, K).
        alpha: smoothing constant [1].
    """
    count = units.shape[1]
    size, interval = np.zeros(count), np.ones(count)
    waited = np.zeros(count)
    started = np.zeros(count, dtype=bool)
    for sold, told in zip(units, telling, strict=True):
        waited += told
        now = told & (sold > 0)
        again = now & started
        size = np.where(again, size + alpha * (sold - size), np.where(now, sold, size))
        interval = np.where(
            again, interval + alpha * (waited - interval), np.where(now, waited, interval)
        )
        started |= now
        waited = np.where(now, 0.0, waited)
    return np.where(started, size / interval, 0.0)


def sba(units: np.ndarray, telling: np.ndarray, alpha: float = SMOOTHING) -> np.ndarray:
    """Croston's forecast less its bias, times 1 - alpha / 2 (K,) [unit/day].

    Syntetos and Boylan (2005), The accuracy of intermittent demand estimates, IJF 21, eq. (5).
    """
    return (1.0 - 0.5 * alpha) * croston(units, telling, alpha)


def tsb(
    units: np.ndarray, telling: np.ndarray, alpha: float = SMOOTHING, beta: float = 0.02
) -> np.ndarray:
    """Chance of demand times its size, the chance smoothed every day (K,) [unit/day].

    Teunter, Syntetos and Babai (2011), Intermittent demand: linking forecasting to inventory
    obsolescence, EJOR 214, eqs. (6)-(8): a product nobody buys any more fades to 0. The chance
    begins at the share of the first year's telling days with demand.

    Args:
        units: demand (D, K) [unit].
        telling: whether the day says what demand was (D, K).
        alpha: smoothing constant of the size [1].
        beta: smoothing constant of the chance [1].
    """
    year = slice(0, 365)
    told = telling[year].sum(axis=0)
    chance = ((units[year] > 0) & telling[year]).sum(axis=0) / np.maximum(told, 1)
    size = np.zeros(units.shape[1])
    started = np.zeros(units.shape[1], dtype=bool)
    for sold, says in zip(units, telling, strict=True):
        now = says & (sold > 0)
        size = np.where(now, np.where(started, size + alpha * (sold - size), sold), size)
        started |= now
        chance = np.where(says, chance + beta * (now - chance), chance)
    return chance * size
