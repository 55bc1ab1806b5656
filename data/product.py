"""The products, one array per property: thousands of them are as easy to hold as one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from data.errors import DataError


class Shortage(Enum):
    """What happens to demand that finds the shelf empty."""

    LOST = "lost"
    """The sale is missed; it costs `missed_sale_cost` [money/unit]."""
    BACKORDER = "backorder"
    """The customer waits; it costs `missed_sale_cost` [money/unit/period] until served."""


@dataclass(frozen=True)
class Products:
    """K products, validated on creation.

    Attributes:
        unique_id: identifiers (K,), unique.
        missed_sale_cost: cost of a unit not served at once (K,) [money/unit], for products whose
            customers wait [money/unit/period].
        holding_cost: cost of holding at the shelf (K,) [money/unit/period].
        volume: space one unit takes (K,) [volume/unit].
        lead_time: periods from shipping to receipt, per stage (M, K) [period].
        backordered: True where customers wait, False where the sale is lost (K,).
        unit_cost: purchase cost (K,) [money/unit]; NaN where unknown.
        price: sales price (K,) [money/unit]; NaN where unknown.
        lot_size: orders are whole multiples of it (K,) [unit]; 0 allows any quantity.
        minimum_order: smallest order placed, if one is placed at all (K,) [unit].
        maximum_order: largest shipment to any stage in one period (K,) [unit/period].
        order_cost: cost of placing one order (K,) [money/order].
        error_autocorrelation: lag-one correlation of forecast errors (K,) [1].
        name, category, supplier: text for people (K,).
    """

    unique_id: np.ndarray
    missed_sale_cost: np.ndarray
    holding_cost: np.ndarray
    volume: np.ndarray
    lead_time: np.ndarray
    backordered: np.ndarray
    unit_cost: np.ndarray
    price: np.ndarray
    lot_size: np.ndarray
    minimum_order: np.ndarray
    maximum_order: np.ndarray
    order_cost: np.ndarray
    error_autocorrelation: np.ndarray
    name: np.ndarray
    category: np.ndarray
    supplier: np.ndarray

    def __post_init__(self) -> None:
        count = len(self.unique_id)
        if len(set(self.unique_id.tolist())) != count:
            raise DataError("products: a unique_id occurs twice; keep one row per product")
        for label, low, strict in _LIMITS:
            values = np.asarray(getattr(self, label), dtype=float)
            if values.shape[-1:] != (count,):
                raise DataError(
                    f"products: {label} has shape {values.shape}, expected {count} products"
                )
            bad = ~(values > low) if strict else ~(values >= low)
            if bad.any():
                first = int(np.argwhere(np.atleast_2d(bad))[0, -1])
                raise DataError(
                    f"products, {self.unique_id[first]}: {label} is "
                    f"{np.atleast_2d(values)[:, first].tolist()}, expected "
                    f"{'above' if strict else 'at least'} {low:g}"
                )

    def __len__(self) -> int:
        return len(self.unique_id)

    @property
    def cost_ratio(self) -> np.ndarray:
        """Missed-sale cost / holding cost at the shelf (K,) [1]."""
        return self.missed_sale_cost / self.holding_cost

    def take(self, rows: np.ndarray) -> Products:
        """The products at `rows` (indices or a mask), in that order."""
        fields = {label: getattr(self, label)[..., rows] for label in self.__dataclass_fields__}
        return Products(**fields)


_LIMITS = (
    ("missed_sale_cost", 0.0, True),
    ("holding_cost", 0.0, True),
    ("volume", 0.0, False),
    ("lead_time", 0.0, False),
    ("lot_size", 0.0, False),
    ("minimum_order", 0.0, False),
    ("maximum_order", 0.0, False),
    ("order_cost", 0.0, False),
)


def make_products(
    missed_sale_cost: np.ndarray,
    holding_cost: np.ndarray,
    lead_time: np.ndarray,
    **given: np.ndarray,
) -> Products:
    """Products from the columns that matter, the rest at their stated defaults.

    Defaults: ids P0001.., volume 1, lost sales, whole units without limits, orders without
    a fixed cost, no autocorrelation.
    """
    missed_sale_cost = np.asarray(missed_sale_cost, dtype=float)
    count = len(missed_sale_cost)
    blank = np.full(count, "", dtype=object)
    columns = {
        "unique_id": np.array([f"P{i + 1:04d}" for i in range(count)], dtype=object),
        "volume": np.ones(count),
        "backordered": np.zeros(count, dtype=bool),
        "unit_cost": np.full(count, np.nan),
        "price": np.full(count, np.nan),
        "lot_size": np.ones(count),
        "minimum_order": np.zeros(count),
        "maximum_order": np.full(count, np.inf),
        "order_cost": np.zeros(count),
        "error_autocorrelation": np.zeros(count),
        "name": blank,
        "category": blank,
        "supplier": blank,
    }
    columns |= {label: np.asarray(values) for label, values in given.items()}
    return Products(
        missed_sale_cost=missed_sale_cost,
        holding_cost=np.asarray(holding_cost, dtype=float),
        lead_time=np.asarray(lead_time, dtype=np.int64),
        **columns,
    )
