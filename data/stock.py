"""Where the units are at the start of the first period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.errors import DataError


@dataclass(frozen=True)
class StockState:
    """Opening stock of K products at M stages.

    Attributes:
        on_hand: units at the stage (M, K) [unit].
        pipeline: units under way, by periods until arrival (M, K, L) [unit]; index 0 arrives
            during the first period.
        backorders: units owed to customers (K,) [unit].
    """

    on_hand: np.ndarray
    pipeline: np.ndarray
    backorders: np.ndarray

    def __post_init__(self) -> None:
        stages, products = self.on_hand.shape
        if self.pipeline.shape[:2] != (stages, products) or self.backorders.shape != (products,):
            raise DataError(
                f"stock: on_hand {self.on_hand.shape}, pipeline {self.pipeline.shape} and "
                f"backorders {self.backorders.shape} do not describe the same stages and products"
            )
        for label in ("on_hand", "pipeline", "backorders"):
            values = getattr(self, label)
            if not (np.isfinite(values) & (values >= 0)).all():
                raise DataError(f"stock: {label} must be finite and at least 0 everywhere")

    def take(self, products: np.ndarray) -> StockState:
        """The stock of the products at `products` (indices or a mask)."""
        return StockState(
            self.on_hand[:, products], self.pipeline[:, products], self.backorders[products]
        )


def empty_stock(stages: int, products: int, pipeline: int = 1) -> StockState:
    """A chain without a single unit in it."""
    return StockState(
        np.zeros((stages, products)), np.zeros((stages, products, pipeline)), np.zeros(products)
    )
