"""Kinds of demand after Syntetos and Boylan, and groups of products that learn from each other."""

from __future__ import annotations

import numpy as np

KINDS = ("smooth", "erratic", "intermittent", "lumpy", "no demand")
OFTEN = 1.32
"""Largest mean interval between demands of a product that sells often [day]."""
STEADY = 0.49
"""Largest squared coefficient of variation of the size of steady demand [1]."""
LEVELS = 3
"""Groups by mean demand within one kind."""
SMALLEST_GROUP = 20


def kinds(units: np.ndarray, telling: np.ndarray) -> np.ndarray:
    """Each product's place in `KINDS` (K,).

    By the mean interval between telling days with demand and the squared coefficient of variation
    of its size: Syntetos, Boylan and Croston (2005), On the categorization of demand patterns,
    JORS 56, with their cut-offs 1.32 and 0.49.

    Args:
        units: demand, 0 on silent days (D, K) [unit].
        telling: whether the day says what demand was (D, K).
    """
    count = ((units > 0) & telling).sum(axis=0)
    some = np.maximum(count, 1)
    mean = units.sum(axis=0) / some
    variance = np.maximum(np.square(units).sum(axis=0) / some - mean**2, 0.0)
    rare = telling.sum(axis=0) > OFTEN * count
    uneven = variance > STEADY * mean**2
    return np.where(count > 0, 2 * rare + uneven, len(KINDS) - 1)


def groups(units: np.ndarray, telling: np.ndarray) -> np.ndarray:
    """Groups of products of one kind and of like mean demand, numbered from 0 (K,).

    Every group has at least `SMALLEST_GROUP` products, unless there are fewer altogether: a kind
    is cut by mean demand into at most `LEVELS` groups of that size, and kinds that are too small
    share a group, or join the largest.
    """
    kind = kinds(units, telling)
    mean = units.sum(axis=0) / np.maximum(telling.sum(axis=0), 1)
    number = np.zeros(len(kind), dtype=np.int64)
    following = 1
    for which in range(len(KINDS)):
        here = np.flatnonzero(kind == which)
        cuts = min(LEVELS, len(here) // SMALLEST_GROUP)
        if not cuts:
            continue
        edges = np.quantile(mean[here], np.arange(1, cuts) / cuts)
        number[here] = following + np.searchsorted(edges, mean[here], side="right")
        following += cuts
    rest = number == 0
    if rest.sum() < SMALLEST_GROUP and not rest.all():
        number[rest] = np.bincount(number[~rest]).argmax()
    return np.unique(number, return_inverse=True)[1].reshape(len(kind))
