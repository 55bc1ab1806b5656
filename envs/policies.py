"""Rules that turn what is known this morning into orders (P, M, K) [unit].

A policy is any callable from a Situation to orders; it never changes what it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from data.outlook import Outlook
from data.terms import Locks
from envs.dynamics import State, echelon_sum
from envs.observation import ForecastErrors
from envs.world import SOURCE, Unfilled, World


@dataclass(frozen=True)
class Situation:
    """What a policy may know when it orders: the state, past forecast errors, and the world."""

    state: State
    errors: ForecastErrors
    world: World

    @property
    def local_position(self) -> np.ndarray:
        """Inventory position of each stage by itself (P, M, K) [unit].

        On hand, under way and owed by the supplier, less what it owes its own customers.
        """
        state = self.state
        position = state.on_hand + state.in_transit
        position[:, : self.world.shelves] -= state.backorders
        if self.world.unfilled is Unfilled.OWED:
            position += state.owed
            for stage, supplier in enumerate(self.world.supplier):
                if supplier != SOURCE:
                    position[:, supplier] -= state.owed[:, stage]
        return position

    @property
    def echelon_position(self) -> np.ndarray:
        """Inventory position of each stage and all stages downstream (P, M, K) [unit]."""
        position = self.local_position
        if self.world.serial:
            return echelon_sum(position)
        for stage, supplier in enumerate(self.world.supplier):
            if supplier != SOURCE:
                position[:, supplier] += position[:, stage]
        return position


class Policy(Protocol):
    """A rule that orders once a period."""

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit] for this period."""


@dataclass(frozen=True)
class BaseStock:
    """Each stage orders its local position up to `level` (M, K) [unit].

    Local positions count the customer's orders as demand: a stage's position is what it has and
    awaits, no matter what lies downstream.
    """

    level: np.ndarray

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        return np.maximum(self.level - situation.local_position, 0)


@dataclass(frozen=True)
class EchelonBaseStock:
    """Each stage orders its echelon position up to `level` (M, K) [unit] (Clark and Scarf 1960)."""

    level: np.ndarray

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        return np.maximum(self.level - situation.echelon_position, 0)


@dataclass(frozen=True)
class ReorderPoint:
    """(s, S): a stage whose local position is at `reorder_point` or below orders up to `level`."""

    reorder_point: np.ndarray
    level: np.ndarray

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        position = situation.local_position
        return np.where(position <= self.reorder_point, self.level - position, 0)


@dataclass(frozen=True)
class FollowPlan:
    """Order in each period what the plan says, whatever happens; nothing after its end.

    `shipments` (T, M, K) [unit].
    """

    shipments: np.ndarray

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        state = situation.state
        orders = np.zeros_like(state.on_hand)
        if state.period < len(self.shipments):
            orders[:] = self.shipments[state.period]
        return orders


@dataclass(frozen=True)
class RandomOrders:
    """Orders uniform on 0 to `largest` (M, K) [unit]: the floor below every sensible rule."""

    largest: np.ndarray
    rng: np.random.Generator

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        return self.rng.uniform(size=situation.state.on_hand.shape) * self.largest


LOWEST_Z, HIGHEST_Z = -4.0, 8.0
"""Safety factors outside these bounds are never worth trying [1]."""
SafetyFactors = Callable[[Situation], np.ndarray]
"""From a situation to z (P, M, K) or (M, K) [1]."""


@dataclass(frozen=True)
class SafetyStockRule:
    """Order each echelon up to its forecast plus the safety stock of its stages.

    The level of echelon m is the forecast over what its order has to cover (its protection
    interval, and longer where the next order has to wait) plus the sum of z sigma over stage m and
    every stage downstream; sigma is that of each stage's own part of it.
    """

    outlook: Outlook
    safety_factors: SafetyFactors

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        windows = self.outlook.order_windows(situation.state.period)
        safety = echelon_sum(self.safety_factors(situation) * windows.std)
        return np.maximum(windows.echelon_mean + safety - situation.echelon_position, 0)


def constant(z: np.ndarray) -> SafetyFactors:
    """Safety factors that never change, z (M, K) [1]."""
    return lambda situation: z


@dataclass(frozen=True)
class WholeLots:
    """Any policy, its orders brought to whole lots and minimum orders.

    An order is rounded to the nearest lot. A minimum order is a term of the source, so it holds for
    the top stage: an order below half of it is dropped, one below it raised to it. Suppliers ship
    whole lots of what they have.

    Attributes:
        policy: the rule that is rounded.
        lot_size: (K,) [unit]; 0 leaves an order as it is.
        minimum_order: of the top stage (K,) [unit].
        largest: the largest shipment (M, K) [unit/period].
    """

    policy: Policy
    lot_size: np.ndarray
    minimum_order: np.ndarray
    largest: np.ndarray

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit].

        Raises:
            ValueError: the stages are no serial chain.
        """
        if not situation.world.serial:
            raise ValueError("whole lots are kept in serial chains only; this world is a tree")
        orders = np.minimum(self.policy(situation), self.largest)
        lot = np.where(self.lot_size > 0, self.lot_size, 1)
        whole = np.where(self.lot_size > 0, np.floor(orders / lot + 0.5) * lot, orders)
        smallest = np.zeros(whole.shape[1:])
        smallest[-1] = np.where(
            self.lot_size > 0, np.ceil(self.minimum_order / lot) * lot, self.minimum_order
        )
        raised = np.maximum(whole, np.where(whole > 0, smallest, 0))
        whole = np.where(whole < smallest / 2, 0, raised)
        available = np.full_like(whole, np.inf)
        available[:, :-1] = situation.state.on_hand[:, 1:]
        available = np.minimum(available, self.largest)
        finite = np.isfinite(available) & (self.lot_size > 0)
        lots = np.floor(np.where(finite, available, 0) / lot + 1e-9) * lot
        whole = np.minimum(whole, np.where(finite, lots, available))
        # What the largest order cuts below the minimum would not be accepted.
        return np.where(whole < smallest, 0, whole)


@dataclass(frozen=True)
class AtTerms:
    """Any policy, nothing ordered on closed days, and every locked line ordered as it is.

    A lock goes before everything: it is rounded to no lot and placed on closed days, too; the
    world ships it as far as the supplier's stock and the supply allow. Suppliers' minimum orders
    and trucks, which all products share, are left to the model.

    Attributes:
        policy: the rule that is kept to the terms.
        may_order: where orders may be placed on each day of the week, period 0 first (7, M, K);
            None if they always may.
        locks: the fixed lines.
    """

    policy: Policy
    may_order: np.ndarray | None
    locks: Locks

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        orders = self.policy(situation)
        period, locks = situation.state.period, self.locks
        if self.may_order is not None:
            orders = np.where(self.may_order[period % len(self.may_order)], orders, 0)
        today = locks.day == period
        if today.any():
            orders = orders.copy()
            orders[:, locks.stage[today], locks.product[today]] = locks.quantity[today]
        return orders


@dataclass(frozen=True)
class NothingFromSource:
    """Any policy, of some products nothing ordered from the source; what there is flows on down.

    Attributes:
        policy: the rule that is cut.
        bought: True where the source is ordered from (K,).
    """

    policy: Policy
    bought: np.ndarray

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        orders = self.policy(situation).copy()
        top = [stage for stage, of in enumerate(situation.world.supplier) if of == SOURCE]
        orders[:, top] = np.where(self.bought, orders[:, top], 0)
        return orders
