"""The fixed facts of a supply chain, stacked into arrays that `advance` can read.

Stages are numbered with the shelves first (a shelf is a stage that no other stage draws on), and
every supplier has a higher number than its customers. A serial chain has one shelf, stage 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

import numpy as np

from data.scenario import Scenario

SOURCE = -1
"""The supplier of a top stage: unlimited raw material."""


class Unfilled(Enum):
    """What becomes of an order that the supplier could not fill whole."""

    FORGOTTEN = "forgotten"
    """The rest is dropped; the stage orders again next period."""
    OWED = "owed"
    """The supplier owes the rest and adds it to the next order (OR-Gym's backlog)."""


@dataclass(frozen=True)
class World:
    """M stages and K products; read-only.

    Attributes:
        supplier: for each stage the number of the stage that ships to it, or SOURCE.
        lead_time: periods from shipping to receipt (M, K), or (T, M, K) where it varies by the
            period of shipping (the last row holds from then on) [period].
        supply_capacity: largest shipment per stage and product (M, K) [unit/period].
        backordered: True where customers wait (K,).
        unfilled: what becomes of unfilled replenishment.
        volume: space per unit (K,) [volume/unit].
        shared_supply: limit on shipments of all products together (M,) [volume/period].
        refuses: space beyond which a stage turns arrivals away until tomorrow (M,) [volume]; None
            where every stage takes in all that comes, at the price of overflow.
    """

    supplier: tuple[int, ...]
    lead_time: np.ndarray
    supply_capacity: np.ndarray
    backordered: np.ndarray
    unfilled: Unfilled = Unfilled.FORGOTTEN
    volume: np.ndarray = field(default_factory=lambda: np.ones(1))
    shared_supply: np.ndarray | None = None
    refuses: np.ndarray | None = None

    def __post_init__(self) -> None:
        for stage, supplier in enumerate(self.supplier):
            if supplier != SOURCE and not stage < supplier < len(self.supplier):
                raise ValueError(
                    f"stage {stage} is supplied by stage {supplier}; a supplier must come after "
                    "its customers, or be SOURCE"
                )
        if not set(range(self.shelves, self.stages)) <= set(self.supplier):
            raise ValueError("stages that supply nobody are shelves and must come first")
        if (np.asarray(self.lead_time) < 0).any():
            raise ValueError(f"lead_time is {np.min(self.lead_time)}, expected at least 0")

    @property
    def stages(self) -> int:
        """Number of stages M."""
        return len(self.supplier)

    @cached_property
    def shelves(self) -> int:
        """Number of stages S that face customers; they are stages 0 to S - 1."""
        return min((s for s in self.supplier if s != SOURCE), default=len(self.supplier))

    @cached_property
    def serial(self) -> bool:
        """True where every stage is supplied by the next one."""
        return self.supplier == (*range(1, self.stages), SOURCE)

    @cached_property
    def customers(self) -> tuple[tuple[int, ...], ...]:
        """For each stage the stages that draw on it."""
        return tuple(
            tuple(customer for customer, s in enumerate(self.supplier) if s == stage)
            for stage in range(self.stages)
        )

    @cached_property
    def backorders_possible(self) -> bool:
        """True where any product's customers wait."""
        return bool(np.any(self.backordered))

    @cached_property
    def longest_lead_time(self) -> int:
        """The longest lead time [period]."""
        return int(np.max(self.lead_time))

    def lead_time_in(self, period: int) -> np.ndarray:
        """Lead time of what is shipped in `period` (M, K) [period]."""
        if self.lead_time.ndim == 2:
            return self.lead_time
        return self.lead_time[min(period, len(self.lead_time) - 1)]


def serial_world(
    lead_time: np.ndarray,
    supply_capacity: np.ndarray | None = None,
    backordered: np.ndarray | None = None,
    unfilled: Unfilled = Unfilled.FORGOTTEN,
) -> World:
    """A serial chain with lead times (M, K) or (T, M, K).

    Supply is unlimited and sales are lost unless given otherwise.
    """
    lead_time = np.asarray(lead_time, dtype=np.int64)
    stages, products = lead_time.shape[-2:]
    if supply_capacity is None:
        supply_capacity = np.full((stages, products), np.inf)
    if backordered is None:
        backordered = np.zeros(products, dtype=bool)
    supplier = (*range(1, stages), SOURCE)
    return World(supplier, lead_time, np.asarray(supply_capacity), backordered, unfilled)


def world_of(scenario: Scenario) -> World:
    """The world in which a planning problem plays."""
    products, network = scenario.products, scenario.network
    shared = network.supply_capacity
    return World(
        supplier=(*range(1, len(network)), SOURCE),
        lead_time=products.lead_time,
        supply_capacity=np.broadcast_to(products.maximum_order, products.lead_time.shape),
        backordered=products.backordered,
        volume=products.volume,
        shared_supply=shared if np.isfinite(shared).any() else None,
    )
