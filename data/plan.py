"""The plan: what is shipped when, and what is promised to come of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.costs import Costs


@dataclass(frozen=True)
class Plan:
    """Shipments of K products to M stages over T periods, with what they promise.

    What is promised holds if demand comes at its mean.

    Attributes:
        shipments: units shipped to each stage (T, M, K) [unit].
        on_hand: units at the end of each period (T, M, K) [unit].
        lost_sales: units of demand not met (T, K) [unit].
        backorders: units owed to customers at the end of each period (T, K) [unit].
        occupancy: space used during each period (T, M) [volume].
        costs: the money of it.
    """

    shipments: np.ndarray
    on_hand: np.ndarray
    lost_sales: np.ndarray
    backorders: np.ndarray
    occupancy: np.ndarray
    costs: Costs

    @property
    def horizon(self) -> int:
        """Number of periods T."""
        return self.shipments.shape[0]
