"""Tuning a rule's few numbers by simulation, the same way and as hard for every rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from envs.policies import Policy
from envs.reference.distribution import Distribution, mean_profit

MakePolicy = Callable[[np.ndarray], Policy]
"""From a rule's numbers (N,) to the rule."""


@dataclass(frozen=True)
class Space:
    """Where a rule's numbers may lie.

    Attributes:
        make: the rule of given numbers.
        low, high: bounds of the numbers (N,).
        start: where the search begins (N,).
    """

    make: MakePolicy
    low: tuple[float, ...]
    high: tuple[float, ...]
    start: tuple[float, ...]


def tuned(
    task: Distribution, space: Space, demand: np.ndarray, trials: int, seed: int
) -> tuple[np.ndarray, float]:
    """The numbers of the greatest mean profit found, and that profit on `demand`.

    A (1 + 1) evolution strategy with the one-fifth rule (Rechenberg 1973): a normal step in a few
    of the numbers, longer after a success, shorter after failures; all trials meet one demand.
    """
    rng = np.random.default_rng(seed)
    low, high = np.array(space.low), np.array(space.high)
    best = np.array(space.start, dtype=float)
    worth = mean_profit(task, space.make(best), demand)
    step = 0.2
    for _ in range(trials - 1):
        moved = rng.random(best.size) < max(2.0 / best.size, 0.3)
        moved[rng.integers(best.size)] = True
        trial = best + moved * step * (high - low) * rng.standard_normal(best.size)
        trial = np.clip(trial, low, high)
        found = mean_profit(task, space.make(trial), demand)
        if found > worth:
            best, worth = trial, found
            step = min(step * 1.5, 0.5)
        else:
            step = max(step * 1.5**-0.25, 0.01)
    return best, worth
