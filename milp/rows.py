"""The rows that all products share: how much there is, and what more of it costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milp.storage import (
    STEPS,
    most_saved,
    overflow_cost,
    overflow_steps,
    spread_of,
)
from milp.task import Task

ROUNDING = 1e-9
"""A limit exceeded by less than this share is not exceeded [1]."""


@dataclass(frozen=True)
class Rows:
    """The rows that all products share.

    Attributes:
        allowance: before overflow begins, what is certain taken off (R,).
        spread: of occupancy per storage row [volume].
        limited: storage rows with a limit.
        price: of overflow of every storage row [money/volume/period].
    """

    allowance: np.ndarray
    spread: np.ndarray
    limited: np.ndarray
    price: np.ndarray

    def overflow(self, usage: np.ndarray) -> float:
        """What overflow costs if all products together use `usage` (R,) [money]."""
        excess = (usage - self.allowance)[self.limited]
        return float(overflow_cost(excess, *self._steps()).sum())

    def conjugate(self, prices: np.ndarray) -> float:
        """sup_u prices u - overflow(u) over what overflow buys [money]."""
        return float(most_saved(prices[self.limited], *self._steps()).sum())

    def within(self, prices: np.ndarray) -> np.ndarray:
        """Prices brought to what rows can cost: nothing without a limit, at most overflow's."""
        bounded = np.where(np.isfinite(self.allowance), np.maximum(prices, 0.0), 0.0)
        bounded[self.limited] = np.minimum(bounded[self.limited], self.price[self.limited])
        return bounded

    def _steps(self) -> tuple[np.ndarray, np.ndarray]:
        return overflow_steps(self.spread[self.limited], self.price[self.limited])

    def exceeded(self, usage: np.ndarray) -> bool:
        """True where `usage` (R,) exceeds a row that no money extends: supply, or money itself."""
        limit = self.allowance[len(self.price) :]
        return bool((usage[len(self.price) :] > limit * (1 + ROUNDING)).any())


def rows_of(task: Task, fixed: np.ndarray, variance: np.ndarray) -> Rows:
    """The shared rows of a task.

    Args:
        task: all products.
        fixed: occupancy of each storage row that no decision changes [volume].
        variance: of its occupancy [volume^2].
    """
    network, T = task.scenario.network, task.periods
    spread = spread_of(variance)
    space = np.repeat(network.storage_capacity, T)
    limited = np.flatnonzero(np.isfinite(space))
    space[limited] += STEPS[0] * spread[limited] - fixed[limited]
    supply = np.repeat(network.supply_capacity, T)
    allowance = np.concatenate([space, supply, np.full(T, task.purchase_limit), [task.budget]])
    return Rows(allowance, spread, limited, np.repeat(network.overflow_price, T))
