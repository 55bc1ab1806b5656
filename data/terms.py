"""What people and suppliers have fixed: locked order lines, a budget, suppliers' terms.

Terms say what may be ordered, not what is worth ordering. They hold for the top stage's purchases
from the source, but for locks, which hold at any stage.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

import numpy as np

from data.errors import ConfigurationError, DataError
from data.weekdays import WEEKDAYS


def _no_numbers() -> np.ndarray:
    return np.zeros(0)


def _no_places() -> np.ndarray:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Locks:
    """N order lines that a person has fixed; every other line is free.

    Attributes:
        product: which (N,), an index.
        stage: that orders (N,), an index.
        day: of ordering (N,), an index of the period from `forecast.start` on.
        quantity: (N,) [unit]; 0 forbids an order.
    """

    product: np.ndarray = field(default_factory=_no_places)
    stage: np.ndarray = field(default_factory=_no_places)
    day: np.ndarray = field(default_factory=_no_places)
    quantity: np.ndarray = field(default_factory=_no_numbers)

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, label)) for label in self.__dataclass_fields__}
        if len(lengths) != 1:
            raise DataError("locks: product, stage, day and quantity must be equally long")
        for label in ("product", "stage", "day"):
            numbers = getattr(self, label)
            if not np.issubdtype(numbers.dtype, np.integer) or (numbers < 0).any():
                raise DataError(f"locks: {label} must be whole numbers of at least 0")
        if not (np.isfinite(self.quantity) & (self.quantity >= 0)).all():
            raise DataError("locks: quantity must be finite and at least 0 everywhere")
        lines = np.stack([self.product, self.stage, self.day], axis=1)
        if len(np.unique(lines, axis=0)) != len(lines):
            raise DataError("locks: a line is fixed twice; keep one row per product, stage and day")

    def __len__(self) -> int:
        return len(self.quantity)

    def dense(self, periods: int, stages: int, products: int) -> np.ndarray:
        """The quantities as an array (T, M, K) [unit], NaN where a line is free.

        Locks beyond `periods` are left out.
        """
        fixed = np.full((periods, stages, products), np.nan)
        near = self.only(self.day < periods)
        fixed[near.day, near.stage, near.product] = near.quantity
        return fixed

    def only(self, lines: np.ndarray) -> Locks:
        """Some of the lines (indices or a mask)."""
        return Locks(self.product[lines], self.stage[lines], self.day[lines], self.quantity[lines])

    def take(self, products: np.ndarray) -> Locks:
        """The locks of the products at `products` (indices or a mask), numbered as there."""
        kept = np.asarray(products)
        kept = np.flatnonzero(kept) if kept.dtype == bool else kept
        if not len(self) or not len(kept):
            return Locks()
        order = np.argsort(kept, kind="stable")
        place = np.minimum(np.searchsorted(kept, self.product, sorter=order), len(kept) - 1)
        mine = self.only(kept[order[place]] == self.product)
        found = order[np.searchsorted(kept, mine.product, sorter=order)]
        return Locks(found.astype(np.int64), mine.stage, mine.day, mine.quantity)


@dataclass(frozen=True)
class Budget:
    """What may be spent on purchases from the source, at unit_cost, on the day of ordering.

    Attributes:
        per_period: [money/period].
        total: over the horizon [money].
    """

    per_period: float = inf
    total: float = inf

    def __post_init__(self) -> None:
        for label in ("per_period", "total"):
            if not getattr(self, label) >= 0:
                raise ConfigurationError(
                    f"budget: {label} is {getattr(self, label)}, expected 0 or more"
                )

    @property
    def limited(self) -> bool:
        """True where either limit is finite."""
        return min(self.per_period, self.total) < inf


@dataclass(frozen=True)
class Suppliers:
    """S suppliers of the source.

    Attributes:
        name: (S,), unique; `Products.supplier` says who supplies what.
        minimum_order: of all products of the supplier together in a period in which anything is
            ordered, at unit_cost (S,) [money/order].
        order_cost: of an order placed with the supplier (S,) [money/order].
        order_days: on which it takes orders (S, 7), Monday first.
    """

    name: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=object))
    minimum_order: np.ndarray = field(default_factory=_no_numbers)
    order_cost: np.ndarray = field(default_factory=_no_numbers)
    order_days: np.ndarray = field(default_factory=lambda: np.ones((0, len(WEEKDAYS)), dtype=bool))

    def __post_init__(self) -> None:
        count = len(self.name)
        if len(set(self.name.tolist())) != count:
            raise DataError("suppliers: a supplier occurs twice; keep one row per supplier")
        if self.order_days.shape != (count, len(WEEKDAYS)) or self.order_days.dtype != bool:
            raise DataError(
                f"suppliers: order_days has shape {self.order_days.shape}, expected a true or "
                f"false for {count} suppliers on {len(WEEKDAYS)} days"
            )
        for label in ("minimum_order", "order_cost"):
            values = getattr(self, label)
            if values.shape != (count,) or not (np.isfinite(values) & (values >= 0)).all():
                raise DataError(
                    f"suppliers: {label} must be finite and at least 0 for each of {count}"
                )
        closed = np.flatnonzero(~self.order_days.any(axis=1))
        if len(closed):
            raise DataError(
                f"suppliers, {self.name[closed[0]]}: no day is open for orders; name at least one"
            )

    def __len__(self) -> int:
        return len(self.name)

    def of(self, words: np.ndarray) -> np.ndarray:
        """Which supplier each of these names (K,) is, an index; -1 where it is none of them."""
        number = {name: place for place, name in enumerate(self.name.tolist())}
        return np.array([number.get(word, -1) for word in words.tolist()], dtype=np.int64)


@dataclass(frozen=True)
class Terms:
    """Everything that is fixed.

    Attributes:
        locks: lines a person has fixed.
        budget: what may be spent.
        suppliers: their minimum orders, fixed costs and order days.
    """

    locks: Locks = field(default_factory=Locks)
    budget: Budget = field(default_factory=Budget)
    suppliers: Suppliers = field(default_factory=Suppliers)

    def take(self, products: np.ndarray) -> Terms:
        """The terms of the products at `products`; suppliers and budget stay whole."""
        return Terms(self.locks.take(products), self.budget, self.suppliers)


NO_TERMS = Terms()
"""Nothing is fixed."""
