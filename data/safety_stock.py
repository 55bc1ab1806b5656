"""Safety stock: what was advised, by whom, and what was left of it after reconciliation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SafetyStock:
    """Advice for K products at M stages, today.

    Attributes:
        z: safety factors (M, K) [1]; negative upstream means less than the forecast.
        sigma: standard deviation of demand over each stage's own protection interval (M, K) [unit].
        source: who advised, per product (K,), in words a planner reads.
        reason: why it was not the brain, per product (K,); empty where it was.
    """

    z: np.ndarray
    sigma: np.ndarray
    source: np.ndarray
    reason: np.ndarray

    @property
    def units(self) -> np.ndarray:
        """Safety stock (M, K) [unit]: z sigma."""
        return self.z * self.sigma
