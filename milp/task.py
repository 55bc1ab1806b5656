"""What is to be reconciled today, for all products or for some of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data.outlook import Outlook
from data.scenario import Scenario
from data.stock import StockState
from milp.segments import Goal


@dataclass(frozen=True)
class Task:
    """What is to be reconciled today.

    Attributes:
        scenario: products, prices, capacities.
        outlook: the forecast.
        z: advised safety factors (M, K) [1].
        stock: where the units are now.
        period: today, counted in the outlook.
        periods: T, how far the model looks.
        least, most: bounds of shipments (T, M, K) [unit] beyond the largest order: what people have
            fixed, days on which nobody orders, orders that may hardly move any more. None where
            there are none.
        purchase_limit: what may be bought from the source in a period [money/period].
        budget: what may be bought from the source in all periods together [money].
        goal: what becomes of the advised safety stock.
    """

    scenario: Scenario
    outlook: Outlook
    z: np.ndarray
    stock: StockState
    period: int
    periods: int
    least: np.ndarray | None = None
    most: np.ndarray | None = None
    purchase_limit: float = np.inf
    budget: float = np.inf
    goal: Goal = Goal.HYBRID

    def take(self, products: np.ndarray) -> Task:
        """The task of some of its products (indices); limits stay whole."""
        return replace(
            self,
            scenario=self.scenario.take(products),
            outlook=self.outlook.take(products),
            z=self.z[:, products],
            stock=self.stock.take(products),
            least=None if self.least is None else self.least[..., products],
            most=None if self.most is None else self.most[..., products],
        )

    def uncoupled(self) -> Task:
        """The task without anything that its products share."""
        network = self.scenario.network
        stages = tuple(
            replace(stage, storage_capacity=np.inf, supply_capacity=np.inf)
            for stage in network.stages
        )
        scenario = replace(self.scenario, network=replace(network, stages=stages))
        return replace(self, scenario=scenario, purchase_limit=np.inf, budget=np.inf)

    @property
    def certain(self) -> bool:
        """True where no demand that the model sees is uncertain, or is to be taken so."""
        if self.goal is Goal.SAFETY_ADDED:
            return True
        days = range(self.period, self.period + self.periods)
        return not any(self.outlook.windows(day).std.any() for day in days)
