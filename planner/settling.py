"""Where prices of space make themselves true, read off what was used at the prices tried."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

FURTHEST = 4.0
"""Most that a price changes, either way, by what a small move of it has shown."""
BETWEEN = 33
"""Prices between the lowest and the highest at which what was seen is read off."""
ROUNDS = 8
"""Of setting one stage's price after the other; what one uses hardly moves the others."""
SMALLEST_SPREAD = 1e-9
"""Of the space used between futures [volume]."""


@dataclass(frozen=True)
class Use:
    """Space used on D days ahead at C sets of prices.

    Attributes:
        mean: of the futures (C, D, M) [volume].
        spread: standard deviation between futures, all days alike (C, M) [volume].
    """

    mean: np.ndarray
    spread: np.ndarray

    def chance(self, capacity: np.ndarray) -> np.ndarray:
        """Chance (C, M) [1] that space (M,) is exceeded on a day.

        Space used varies between futures as a normal variable does around its mean of the day:
        that tells the chance from few futures better than counting does.
        """
        spread = np.maximum(self.spread, SMALLEST_SPREAD)[:, None]
        return np.asarray(ndtr((self.mean - capacity) / spread).mean(axis=1))


def settled(tried: np.ndarray, seen: Use, capacity: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Prices (M,) at which every stage's makes itself true, by what moving each has shown.

    The mean of what is used, and the logarithm of its spread, are taken to be linear in the
    logarithms of the prices.

    Args:
        tried: prices from which each limited stage's was moved in turn (1 + M', M).
        seen: what was used at them.
        capacity: (M,) [volume].
        most: overflow prices (M,), 0 where there is no limit.
    """
    stages = np.flatnonzero(most)
    moved = np.log(tried[1 + np.arange(len(stages)), stages] / tried[0, stages])
    spread = np.log(np.maximum(seen.spread, SMALLEST_SPREAD))
    by_mean = (seen.mean[1:] - seen.mean[0]) / moved[:, None, None]
    by_spread = (spread[1:] - spread[0]) / moved[:, None]
    change = np.zeros(len(stages))
    between = np.linspace(-np.log(FURTHEST), np.log(FURTHEST), BETWEEN)
    for _ in range(ROUNDS):
        for own, stage in enumerate(stages):
            change[own] = 0
            mean = seen.mean[0, :, stage] + change @ by_mean[:, :, stage]
            wide = spread[0, stage] + change @ by_spread[:, stage]
            price = np.minimum(tried[0, stage] * np.exp(between), most[stage])
            moves = np.log(price / tried[0, stage])[:, None]
            over = mean + moves * np.minimum(by_mean[own, :, stage], 0) - capacity[stage]
            deviation = np.exp(wide + moves * by_spread[own, stage])
            worth = most[stage] * ndtr(over / deviation).mean(axis=1)
            change[own] = np.log(crossing(price, worth) / tried[0, stage])
    prices = np.zeros(len(most))
    prices[stages] = tried[0, stages] * np.exp(change)
    return np.minimum(prices, most)


def crossings(price: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """Where worth equals price, stage by stage (M,), among rising prices tried (C, M)."""
    return np.array([crossing(*stage) for stage in zip(price.T, worth.T, strict=True)])


def crossing(price: np.ndarray, worth: np.ndarray) -> float:
    """Where worth falls below the price, linear between prices tried (C,); the last if nowhere."""
    below = np.flatnonzero(worth <= price)
    first = int(below[0]) if below.size else len(price) - 1
    if first == 0 or not below.size:
        return float(price[first])
    low, high = price[first - 1], price[first]
    over, under = worth[first - 1] - low, high - worth[first]
    return float(low + (high - low) * over / (over + under))
