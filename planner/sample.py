"""A sample of products that stands for all of them where only sums over products matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.problem import Problem


@dataclass(frozen=True)
class Sample:
    """Some products and how many like it each stands for.

    A sum over all products is that over the sample with every term multiplied by its weight; the
    variance of a sum of independent terms likewise.

    Attributes:
        products: their numbers, rising (n,).
        weight: 1 / the chance of being in the sample, at least 1 (n,) [1].
    """

    products: np.ndarray
    weight: np.ndarray


def sample_of(problem: Problem, size: int, rng: np.random.Generator) -> Sample:
    """A sample of `size` products, those that take much space the likelier.

    The chance of being in it is proportional to the space that flow and its errors take, summed
    over the stages; what takes more than a sample's share of all space is in it for certain. Taken
    at equal steps along the sum of these chances (systematic sampling with probabilities
    proportional to size, Madow 1949), the estimated flow is nearly that of the whole.
    """
    windows = problem.outlook.windows(0)
    daily = windows.mean / problem.outlook.protection_interval
    space = (problem.scenario.products.volume * (2 * daily + windows.std)).sum(axis=0)
    chance = _inclusion(space + np.finfo(float).tiny, size)
    order = rng.permutation(len(chance))
    passed = np.floor(np.cumsum(chance[order]) + rng.random())
    taken = np.sort(order[np.diff(passed, prepend=0.0) > 0])
    return Sample(taken, 1 / chance[taken])


def _inclusion(measure: np.ndarray, size: int) -> np.ndarray:
    """Chances (K,) in proportion to a measure that add up to `size`, none above 1."""
    chance = np.zeros(len(measure))
    certain = np.zeros(len(measure), bool)
    while True:
        left = size - certain.sum()
        chance = np.where(certain, 1.0, left * measure / measure[~certain].sum())
        if not (chance > 1).any():
            return chance
        certain |= chance >= 1
