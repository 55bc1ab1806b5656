"""The answer: a plan in whole lots, how far it may be from the best one, and the price of space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milp.effort import gap_of

WEEK = 7


@dataclass(frozen=True)
class Effort:
    """How much work a plan in lots is worth.

    Attributes:
        gap: distance of the bounds that is good enough, as a share of the upper one [1].
        seconds: time after which the best plan so far is taken [s].
        days: J, the first days, on which integers bind [period].
        seed: of the order in which products are looked at.
    """

    gap: float = 0.01
    seconds: float = np.inf
    days: int = WEEK
    seed: int = 0


@dataclass(frozen=True)
class LotPlan:
    """A plan whose shipments of the first days keep all rules, with a certified gap.

    Stock and lost sales are those of demand at its mean. Prices are those of the programme whose
    integers are fixed as in the plan: what a little more room would be worth to this plan.

    Attributes:
        days: J, the first days, whose shipments are whole lots.
        shipments: (T, M, K) [unit].
        orders: True where the top stage orders (J, K).
        on_hand: at the end of each period (T, M, K) [unit].
        lost_sales: (T, K) [unit].
        backorders: at the end of each period (T, K) [unit].
        level: echelon level after ordering, less the forecast over its interval (T, M, K) [unit].
        occupancy: expected, by the model's own account (T, M) [volume].
        trucks: to each stage on the first days (J, M) [truck].
        fixed_storage_price: of a unit of space (T, M) [money/volume/period], integers fixed.
        fixed_supply_price: of a unit of supply (T, M) [money/volume], integers fixed.
        lower, upper: between which the least cost lies; the plan's own is the upper [money].
        seconds: that the work took [s].
        complete: False where time ran out before the gap was as small as asked for.
    """

    days: int
    shipments: np.ndarray
    orders: np.ndarray
    on_hand: np.ndarray
    lost_sales: np.ndarray
    backorders: np.ndarray
    level: np.ndarray
    occupancy: np.ndarray
    trucks: np.ndarray
    fixed_storage_price: np.ndarray
    fixed_supply_price: np.ndarray
    lower: float
    upper: float
    seconds: float
    complete: bool

    @property
    def gap(self) -> float:
        """How far the plan may be from the least cost, (upper - lower) / upper [1]."""
        return gap_of(self.lower, self.upper)
