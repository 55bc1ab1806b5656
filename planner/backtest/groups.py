"""Products that are alike: by what a missed sale costs, and by how they sell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.sales import Sales
from planner.forecasting.kinds import KINDS, kinds


@dataclass(frozen=True)
class Groups:
    """What K products are like.

    Attributes:
        ratio: the class of the cost ratio, the nearest of .., 10, 30, 100, .. (K,) [1].
        kind: how they sell, one of `planner.forecasting.kinds.KINDS` (K,).
    """

    ratio: np.ndarray
    kind: np.ndarray

    @property
    def number(self) -> np.ndarray:
        """Which products are alike in both, by number (K,)."""
        _, ratio = np.unique(self.ratio, return_inverse=True)
        _, kind = np.unique(self.kind.astype(str), return_inverse=True)
        return np.asarray(ratio * len(KINDS) + kind)


def groups_of(sales: Sales, cost_ratio: np.ndarray) -> Groups:
    """What products are like, by sales that were known.

    Args:
        sales: before the days that are tried.
        cost_ratio: missed-sale cost / holding cost at the shelf (K,) [1].
    """
    units = np.where(sales.telling, sales.units, 0.0)
    kind = np.array(KINDS, dtype=object)[kinds(units, sales.telling)]
    step = np.round(2 * np.log10(cost_ratio)) / 2
    ratio = np.array([float(f"{value:.1g}") for value in 10.0**step])
    return Groups(ratio, kind)
