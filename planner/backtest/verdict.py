"""Learnt advice against tuned base-stock, product by product: who has earned trust.

A product's few weeks are noisy, and learnt advice is the better one on most products. So each
difference is drawn towards that of the products like it, by how much less it is known than they
differ among each other (empirical Bayes; Efron and Morris 1975, JASA 70(350)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.backtest.account import Account
from planner.backtest.corrections import Corrections
from planner.backtest.intervals import over_weeks
from planner.trust import EARNED, LOST, UNTOLD, Trust

SIGNIFICANT = 1.96
SMALLEST_ERROR = 0.01
"""Standard error of a relative difference below which none is believed [1]."""
SMALLEST_SPREAD = 0.02
"""Of true relative differences between products like each other [1]."""
FEWEST = 10
"""Products from which on a group has a mean of its own."""


@dataclass(frozen=True)
class Standing:
    """How learnt advice stands against base-stock on K products.

    Attributes:
        difference: learnt less base-stock, over the dearer of the two (K,) [1].
        error: its standard error (K,) [1].
        shrunk: drawn towards products like it (K,) [1].
        left: standard error that then remains (K,) [1].
    """

    difference: np.ndarray
    error: np.ndarray
    shrunk: np.ndarray
    left: np.ndarray

    @property
    def verdict(self) -> np.ndarray:
        """One of `planner.trust.VERDICTS` (K,)."""
        said = np.full(len(self.shrunk), UNTOLD, dtype=object)
        said[self.shrunk + SIGNIFICANT * self.left < 0] = EARNED
        said[self.shrunk - SIGNIFICANT * self.left > 0] = LOST
        return said


def trust_of(
    learnt: Account,
    base_stock: Account,
    unique_id: np.ndarray,
    tuned: tuple[np.ndarray, Corrections],
    standing: Standing,
) -> Trust:
    """The trust that accounts of the same days come to.

    Args:
        learnt, base_stock: what each cost.
        unique_id: of the products (K,).
        tuned: safety factors of the base-stock (M, K) [1], and what the past has corrected.
        standing: how they compare.
    """
    z, corrections = tuned
    days = np.maximum(learnt.counts.sum(axis=0), 1)
    half = SIGNIFICANT * standing.left
    return Trust(
        unique_id=unique_id,
        learnt_cost=learnt.by_product / days,
        base_stock_cost=base_stock.by_product / days,
        difference=standing.difference,
        low=standing.shrunk - half,
        high=standing.shrunk + half,
        verdict=standing.verdict,
        z=z,
        beyond=corrections.beyond,
        added=corrections.added,
    )


def standing_of(
    learnt: Account,
    base_stock: Account,
    missed_sale_cost: np.ndarray,
    group: np.ndarray,
    rng: np.random.Generator,
) -> Standing:
    """How learnt advice stands, from accounts of the same days.

    What weeks drawn anew cannot show is added: a missed sale that would come once in as many days
    and has not come. So who holds less and was lucky is not believed to be the better one.

    Args:
        learnt, base_stock: what each cost.
        missed_sale_cost: of a unit (K,) [money/unit].
        group: which products are alike, by number (K,).
        rng: draws weeks.
    """
    theirs, ours = base_stock.by_week, learnt.by_week
    dearer = np.maximum(np.maximum(theirs.mean(axis=0), ours.mean(axis=0)), np.finfo(float).tiny)
    difference = (ours - theirs).mean(axis=0) / dearer
    drawn = over_weeks(ours - theirs, rng).std(axis=0)
    unseen = missed_sale_cost * _selling_day(learnt) / np.maximum(learnt.counts.sum(axis=0), 1)
    differs = np.abs(ours - theirs).max(axis=0) > 0
    error = np.where(differs, np.hypot(drawn, unseen) / dearer, 1.0)
    error = np.maximum(error, SMALLEST_ERROR)
    shrunk, left = _drawn_together(difference, error, group)
    return Standing(difference, error, shrunk, left)


def _selling_day(account: Account) -> np.ndarray:
    """Units that a day with any demand asks for (K,) [unit]."""
    wanted = np.where(account.counts, account.demand, 0.0)
    return np.asarray(wanted.sum(axis=0) / np.maximum((wanted > 0).sum(axis=0), 1))


def _drawn_together(
    difference: np.ndarray, error: np.ndarray, group: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Differences (K,) drawn towards their group's mean, and their standard errors (K,).

    A group's mean is taken to be 0 where it is above: learnt advice has the benefit of the doubt.
    Groups of fewer than `FEWEST` products share one.
    """
    numbers, sizes = np.unique(group, return_counts=True)
    small = np.isin(group, numbers[sizes < FEWEST])
    pooled = np.where(small, numbers.min(initial=0) - 1, group)
    shrunk, left = difference.copy(), error.copy()
    for own in np.unique(pooled):
        members = pooled == own
        mean, spread = _moments(difference[members], error[members])
        weight = spread**2 / (spread**2 + error[members] ** 2)
        shrunk[members] = weight * difference[members] + (1 - weight) * min(mean, 0.0)
        left[members] = np.sqrt(weight) * error[members]
    return shrunk, left


def _moments(values: np.ndarray, error: np.ndarray) -> tuple[float, float]:
    """Mean, and the spread of what is true (DerSimonian and Laird 1986, Controlled Trials 7(3))."""
    weight = 1 / np.square(error)
    total = weight.sum()
    mean = float((weight * values).sum() / total)
    beyond = float((weight * np.square(values - mean)).sum()) - (len(values) - 1)
    free = float(total - np.square(weight).sum() / total)
    variance = max(beyond, 0.0) / free if free > 0 else 0.0
    return mean, max(float(np.sqrt(variance)), SMALLEST_SPREAD)
