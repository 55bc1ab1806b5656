"""What a period costs, charged on its closing state; the one place where units become money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.scenario import Scenario
from envs.dynamics import Flows, State
from envs.world import World


@dataclass(frozen=True)
class Rates:
    """Prices of the things that cost money.

    Attributes:
        holding: of a unit on hand at the end of a period (M, K) [money/unit/period].
        shortage: of a unit lost (K,) [money/unit], or of a unit backordered at the end of a
            period [money/unit/period], as the product prescribes.
        volume: space per unit (K,) [volume/unit].
        storage_capacity: per stage (M,) [volume].
        overflow: price of stock beyond it (M,) [money/volume/period].
        transit: of a unit under way to a stage (M, K) [money/unit/period]; None charges nothing.
    """

    holding: np.ndarray
    shortage: np.ndarray
    volume: np.ndarray
    storage_capacity: np.ndarray
    overflow: np.ndarray
    transit: np.ndarray | None = None


@dataclass(frozen=True)
class PeriodCosts:
    """The money of one period, term by term.

    Attributes:
        holding: per path and product, stages summed (P, K) [money].
        shortage: per path and product, shelves summed (P, K) [money].
        overflow: per path and stage (P, M) [money].
        occupancy: space used per path and stage (P, M) [volume].
    """

    holding: np.ndarray
    shortage: np.ndarray
    overflow: np.ndarray
    occupancy: np.ndarray


def charge(closing: State, flows: Flows, rates: Rates, world: World) -> PeriodCosts:
    """The money of one period.

    Space counts what must be found room for during the period: opening stock and arrivals.
    """
    holding = (closing.on_hand * rates.holding).sum(axis=1)
    if rates.transit is not None:
        holding = holding + (closing.in_transit * rates.transit).sum(axis=1)
    unmet = np.where(world.backordered, closing.backorders, flows.lost)
    shortage = (unmet * rates.shortage).sum(axis=1)
    occupancy = flows.occupied @ rates.volume
    overflow = np.maximum(occupancy - rates.storage_capacity, 0) * rates.overflow
    return PeriodCosts(holding, shortage, overflow, occupancy)


def rates_of(scenario: Scenario) -> Rates:
    """The prices of a planning problem."""
    return Rates(
        holding=scenario.holding_cost,
        shortage=scenario.products.missed_sale_cost,
        volume=scenario.products.volume,
        storage_capacity=scenario.network.storage_capacity,
        overflow=scenario.network.overflow_price,
    )
