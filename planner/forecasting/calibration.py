"""How wide a forecast has to be so that what happens falls where it says.

The law of demand is chosen for all products together, by the chance it gave to what came. Then
each product's standard deviation is multiplied by a factor: the posterior mean over a grid, from
its own intervals and from those of its group as a prior. Intervals are sums over days, so that
errors that persist from day to day are in the factor, and a plan that adds up variances of days as
if they were independent (`data/outlook.py`) is right about its protection intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.demand import DemandLaw
from data.demand import law as law_named
from planner.forecasting.rolling import HeldOut

LAWS_TRIED = ("lognormal", "gamma", "negative_binomial")
USUAL_LAW = "lognormal"
FACTORS = np.geomspace(0.4, 4.0, 11)
"""Factors on the standard deviation that are weighed against each other [1]."""
GROUP_INTERVALS = 60.0
"""Intervals of the group that count as much as so many of the product's own."""
OVERLAP = 3.0
"""Intervals of several lengths cover the same days; so many count as one."""
LEAST_CHANCE = 1e-9
"""What a law is charged for at most, so that one day does not decide on it."""
JUDGED = 400
"""Products that the choice of law rests on, taken evenly from the file."""


@dataclass(frozen=True)
class Calibration:
    """The law of demand and the factors on its standard deviation.

    Attributes:
        law: a name in `data.demand.LAWS`.
        factor: (K,) [1].
    """

    law: str
    factor: np.ndarray


def ranks(demand: DemandLaw, found: np.ndarray, grain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The law's chance of less than, and of at most, what happened, each (W, K).

    Demand comes in whole multiples of a product's grain; a law of real numbers is read as rounded
    to them.

    Args:
        demand: the law of each sum (W, K).
        found: what happened (W, K) [unit].
        grain: (K,) [unit].
    """
    low = 1.0 - demand.survival(found - 0.5 * grain)
    high = 1.0 - demand.survival(found + 0.5 * grain)
    return np.where(found > 0, low, 0.0), high


def calibrate(held: HeldOut, group: np.ndarray, grain: np.ndarray) -> Calibration:
    """Law and factors by which what was held out is likeliest.

    Args:
        held: intervals as one method each foresaw them (N = 1).
        group: products of a kind, numbered (K,).
        grain: what demand is a multiple of (K,) [unit].
    """
    some = np.unique(np.linspace(0, len(group) - 1, min(JUDGED, len(group))).astype(np.int64))
    sample = held.take(some)
    scores = {}
    for law in LAWS_TRIED:
        score = _scores(sample, law, grain[some])
        pooled = np.array([np.bincount(group[some], row) for row in score])
        scores[law] = pooled.max(axis=0).sum()
    law = max(scores, key=scores.__getitem__)
    return Calibration(law, factors(held, law, group, grain))


def factors(held: HeldOut, law: str, group: np.ndarray, grain: np.ndarray) -> np.ndarray:
    """The factor on each product's standard deviation under a law (K,) [1]."""
    score = _scores(held, law, grain)
    count = np.bincount(group, _weights(held) @ held.counts)
    common = np.array([np.bincount(group, row) / np.maximum(count, 1e-9) for row in score])
    weight = (score + GROUP_INTERVALS * common[:, group]) / OVERLAP
    chance = np.exp(weight - weight.max(axis=0))
    return np.exp(np.log(FACTORS) @ chance / chance.sum(axis=0))


def _scores(held: HeldOut, law: str, grain: np.ndarray) -> np.ndarray:
    """Log of the chance given to what came, summed per factor and product (F, K)."""
    score = np.empty((len(FACTORS), len(grain)))
    std, weights = np.sqrt(held.variance[0]), _weights(held)
    for number, factor in enumerate(FACTORS):
        low, high = ranks(law_named(law)(held.mean[0], factor * std), held.found, grain)
        chance = np.log(np.maximum(high - low, LEAST_CHANCE))
        score[number] = weights @ np.where(held.counts, chance, 0.0)
    return score


def _weights(held: HeldOut) -> np.ndarray:
    """What an interval counts (W,) [1]: by its length, as there are more of the shorter ones."""
    return np.asarray(held.days / held.days.mean())
