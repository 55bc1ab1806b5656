"""How good a month of ten products can be, with all demand known and without."""

from __future__ import annotations

import numpy as np
from scipy.special import pdtr

from envs.policies import FollowPlan, Policy
from envs.reference.ten_products import DAYS, LEAD_TIME, MEAN, OPENING, Assortment


def clairvoyant(assortment: Assortment, demand: np.ndarray) -> Policy:
    """The policy that knows all demand; no policy can have a better reward, in any of its parts.

    Nothing is bought until the opening stock is gone, then every delivery is what its day lacks.
    Stock is then on every day the least that is possible, and short are only days whose delivery
    would have had to be ordered before the first one: no part of the reward can be better.
    """
    stock = assortment.opening.copy()
    lacking = np.zeros_like(demand)
    for day, wanted in enumerate(demand):
        lacking[day] = np.maximum(wanted - stock, 0.0)
        stock = np.maximum(stock - wanted, 0.0)
    orders = np.zeros_like(demand)
    days = np.arange(len(demand))[:, None, None]
    due = days + assortment.lead_time
    known = due < len(demand)
    taken = np.take_along_axis(lacking, np.minimum(due, len(demand) - 1), axis=0)
    orders[:] = np.where(known, taken, 0.0)
    return FollowPlan(orders.reshape(len(demand), 1, -1))


def perfect_chance(assortment: Assortment, days: int = DAYS, maximum: float = 3.0) -> np.ndarray:
    """Largest chance that each day is perfect after a lead time without a lost sale (E, T) [1].

    For policies that do not know the future. The last order that can matter to day u is placed on
    day u - L, and brings the position to some y, at least the stock that would be there without
    any order. If no sale is lost from then on, day u ends with y less the demand D of L + 1 days,
    so the product is well with chance P(y - maximum <= D <= y); y is chosen for the best. Products
    are independent, so the chance that all are well is at most the product of these chances, even
    where each order looks at all products.
    """
    found = np.ones((assortment.shape[0], days))
    for lead_time in range(LEAD_TIME[0], LEAD_TIME[1] + 1):
        for mean in range(MEAN[0], MEAN[1] + 1):
            here = (assortment.lead_time == lead_time) & (assortment.mean == mean)
            chance = _well(mean, lead_time, days, maximum)[assortment.opening.astype(int)]
            found *= np.where(here[..., None], chance, 1.0).prod(axis=1)
    return found


def _well(mean: int, lead_time: int, days: int, maximum: float) -> np.ndarray:
    """Best chance that a product is well on each day, by opening stock 0 to 49 (50, T) [1]."""
    opening = np.arange(OPENING[1] + 1)
    level = np.arange(OPENING[1] + 1 + 3 * (lead_time + 1) * mean + 30)
    ends_well = _between(level - maximum * mean, level, (lead_time + 1) * mean)
    best_from = np.maximum.accumulate(ends_well[::-1])[::-1]
    chance = np.empty((len(opening), days))
    for day in range(days):
        if day < lead_time:
            low = opening - maximum * mean
            chance[:, day] = _between(low, opening, (day + 1) * mean)
            continue
        gone = (day - lead_time) * mean
        left = np.arange(len(opening))
        # Chance that `left` units remain of each opening stock; 0 stands for all that is less.
        remains = _between(opening[:, None] - left, opening[:, None] - left, gone)
        remains[:, 0] = 1.0 - _between(np.zeros(len(opening)), opening - 1.0, gone)
        chance[:, day] = remains @ best_from[: len(left)]
    return chance


def _between(low: np.ndarray, high: np.ndarray, mean: float) -> np.ndarray:
    """P(low <= D <= high) of Poisson demand D."""

    def at_most(bound: np.ndarray) -> np.ndarray:
        return np.where(bound >= 0, pdtr(np.maximum(np.floor(bound), 0), mean), 0.0)

    return at_most(high) - at_most(np.ceil(low) - 1)
