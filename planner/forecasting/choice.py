"""Which method each product is forecast by: the one whose errors cost least, if that is no luck.

A method is judged in money: for every interval, stock was raised to its mean plus a safety stock,
a unit left over cost 1 and a unit missed the cost ratio. A group leaves the usual method, and a
product that of its group, only where the past says so by more than two standard errors and by 1 %
of the cost; what a product's own past says is shrunk towards what its group's does (a rule in the
manner of Breiman et al. 1984, Classification and regression trees, section 3.4.3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planner.forecasting.rolling import HeldOut

SAFETY = np.geomspace(0.25, 16.0, 10)
"""Safety factors [1], of which each method gets the one that serves a group best."""
LARGEST_RATIO = 10.0
"""Larger cost ratios are judged as this one [1]: beyond it one large day decides on a method."""
SURE = 2.0
"""Standard errors by which a method has to be cheaper to be taken in the place of the usual one."""
LEAST_SAVING = 0.01
"""Share of the cost by which it has to be cheaper."""
ALIKE = 1e-6
"""Costs that differ by no more, over a day's demand, are the same but for rounding."""
FEWEST_ORIGINS = 3
"""Origins without which differences have no standard error to speak of."""


@dataclass(frozen=True)
class Choice:
    """Methods chosen, and what they cost.

    Attributes:
        method: number of the method of each product (K,).
        cost: of its errors, mean per day of an interval (K,) [holding cost of a unit and day];
            NaN where nothing was held out.
        naive_cost: of the first method's errors, its safety stock as wide as the usual method's
            (K,) [the same].
    """

    method: np.ndarray
    cost: np.ndarray
    naive_cost: np.ndarray


def choose(held: HeldOut, group: np.ndarray, cost_ratio: np.ndarray, usual: int) -> Choice:
    """The method of each product.

    Args:
        held: what each method foresaw and what came.
        group: products of a kind, numbered (K,).
        cost_ratio: missed-sale cost / holding cost (K,) [1].
        usual: number of the method that is taken where nothing speaks for another.
    """
    scale = _scale(held, usual)
    judged = _costs(held, (group, scale), np.minimum(cost_ratio, LARGEST_RATIO)) / scale
    method = _better(judged, _usual(judged, group, usual), group)
    chosen = held.of(method)
    # The naive method has no spread of its own; it gets that of the usual method.
    pair = replace(
        chosen,
        mean=np.stack([chosen.mean[0], held.mean[0]]),
        variance=np.stack([chosen.variance[0], held.variance[usual]]),
    )
    total = _costs(pair, (group, scale), cost_ratio).sum(axis=1)
    intervals = held.counts.sum(axis=0)
    mean = np.where(intervals > 0, total / np.maximum(intervals, 1), np.nan)
    return Choice(method, mean[0], mean[1])


def _scale(held: HeldOut, usual: int) -> np.ndarray:
    """A day's demand as it was and as it was expected, to compare products by (K,) [unit]."""
    daily = 0.5 * (held.mean[usual] + held.found) / held.days[:, None]
    scale = np.where(held.counts, daily, 0.0).sum(axis=0) / np.maximum(held.counts.sum(axis=0), 1)
    return np.where(scale > 0, scale, 1.0)


def _costs(
    held: HeldOut, alike: tuple[np.ndarray, np.ndarray], cost_ratio: np.ndarray
) -> np.ndarray:
    """Cost per method and origin, each method at its group's best safety factor (N, O, K)."""
    group, scale = alike
    groups, columns = group.max() + 1, np.arange(len(group))
    best = np.full((len(held.mean), groups), np.inf)
    chosen = np.zeros((len(held.mean), held.origin.max() + 1, len(group)))
    for number, (mean, variance) in enumerate(zip(held.mean, held.variance, strict=True)):
        short, std = held.found - mean, np.sqrt(variance)
        for factor in SAFETY:
            missed = short - factor * std
            cost = np.where(missed > 0, cost_ratio * missed, -missed) / held.days[:, None]
            cost = np.where(held.counts, cost, 0.0)
            sums = np.bincount(group, cost.sum(axis=0) / scale, groups)
            better = sums < best[number]
            best[number] = np.where(better, sums, best[number])
            here = columns[better[group]]
            chosen[number][:, here] = _by_origin(cost[:, here], held.origin)
    return chosen


def _by_origin(cost: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """Costs (W, K) summed by origin (O, K)."""
    members = origin == np.arange(origin.max() + 1)[:, None]
    return members.astype(np.float64) @ cost


def _usual(costs: np.ndarray, group: np.ndarray, usual: int) -> np.ndarray:
    """Each group's method, as that of its products (K,), from costs (N, O, K).

    It has to be cheaper over origins, so that no month decides, and over products, so that no
    product does.
    """
    origins, groups = costs.shape[1], group.max() + 1
    if origins < FEWEST_ORIGINS:
        return np.full(len(group), usual)
    members = (group == np.arange(groups)[:, None]) / np.bincount(group)[:, None]
    saving = costs[usual] - costs
    by_origin, by_product = saving @ members.T, saving.mean(axis=1)
    mean = by_product @ members.T
    over_origins = by_origin.std(axis=1, ddof=1) / np.sqrt(origins)
    strayed = np.square(by_product) @ members.T - np.square(mean)
    over_products = np.sqrt(np.maximum(strayed, 0.0) / np.bincount(group))
    sure = mean - SURE * np.maximum(over_origins, over_products)
    worth = LEAST_SAVING * costs[usual].mean(axis=0) @ members.T
    sure = np.where(mean > worth + ALIKE, sure, 0.0)
    return np.where(sure.max(axis=0) > ALIKE, sure.argmax(axis=0), usual)[group]


def _better(costs: np.ndarray, usual: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The method of each product, from costs (N, O, K) and that of its group (K,)."""
    columns, origins = np.arange(len(group)), costs.shape[1]
    if origins < FEWEST_ORIGINS:
        return usual
    saving = costs[usual, :, columns].T - costs
    mean = saving.mean(axis=1)
    noise = saving.var(axis=1, ddof=1) / origins
    count = np.bincount(group)
    method, advantage = usual.copy(), np.zeros(len(group))
    worth = LEAST_SAVING * costs[usual, :, columns].mean(axis=1) + ALIKE
    for number in range(len(costs)):
        common = (np.bincount(group, mean[number]) / count)[group]
        strayed = np.square(mean[number] - common) - noise[number]
        between = np.maximum(np.bincount(group, strayed) / count, 0.0)[group]
        whole = between + noise[number]
        belief = np.where(whole > 0, between / np.where(whole > 0, whole, 1.0), 0.0)
        expected = common + belief * (mean[number] - common)
        sure = expected - SURE * np.sqrt(belief * noise[number])
        better = (sure > advantage) & (expected > worth) & (number != usual)
        method = np.where(better, number, method)
        advantage = np.where(better, sure, advantage)
    return method
