"""Rules that plan anew as days go by; each path remembers its own last plan."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from data.engine import Alone
from data.outlook import Outlook
from data.scenario import Scenario
from data.stock import StockState
from envs.policies import SafetyFactors, SafetyStockRule, Situation, constant
from milp.decomposition import Decomposition, Size
from milp.effort import Effort
from milp.flow import moved
from milp.model import Task
from milp.prices import Shelf, dearer_holding, standing_prices, unpriced_safety_factor
from milp.reconcile import MANY, Basis, as_one, reconcile
from milp.segments import Goal
from planner.lookahead import WEEK
from planner.rules import Advice, planned_level

CERTAIN_GAP = 1e-3
"""Distance from the least cost at which the programme of certain demand ends: what its levels cost
on futures differs by less."""
SMALL = Size(batch=40)
"""Batches of that programme."""


@dataclass
class Levels:
    """The model itself, re-solved every day on every path; its first day's shipments are ordered.

    Where it weighs the advice and no capacity has a price, the order is the advice's order-up-to,
    unchanged. The basis of a path's last day starts its next one.

    Attributes:
        scenario: the problem.
        outlook: the forecast.
        advice: safety factors.
        periods: how far the model looks [period].
        goal: what the model does with safety stock.
        coupling: whether it knows of the limits that products share.
    """

    scenario: Scenario
    outlook: Outlook
    advice: SafetyFactors
    periods: int
    goal: Goal = Goal.HYBRID
    coupling: bool = True
    _bases: dict[int, Basis | None] = field(default_factory=dict)

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        state = situation.state
        z = np.broadcast_to(self.advice(situation), state.on_hand.shape)
        orders = SafetyStockRule(self.outlook, constant(z))(situation)
        for path in range(len(orders)):
            stock = stock_of_path(situation, path)
            task = Task(self.scenario, self.outlook, z[path], stock, state.period, self.periods)
            task = replace(task, goal=self.goal)
            answer = as_one(task if self.coupling else task.uncoupled(), self._bases.get(path))
            self._bases[path] = answer.basis
            if answer.scarce or self.goal is not Goal.HYBRID:
                orders[path] = answer.shipments[0]
        return orders


class Prices(Protocol):
    """A way to find prices of space."""

    def __call__(
        self, situation: Situation, advice: Advice, last: np.ndarray | None = None
    ) -> np.ndarray:
        """Prices (P, M) [money/volume/period] for every path by itself; `last` found before."""


@dataclass
class WeeklyPrices:
    """Safety factors at the price of space, which is found anew once a week.

    Every path has prices of its own; half of each is last week's.

    Attributes:
        advice: answers prices.
        find: finds the prices, by looking ahead or from the model's duals.
        price: that the last advice answered, per path (P, M) [money/volume/period].
    """

    advice: Advice
    find: Prices
    price: np.ndarray | None = None
    _day: int = 0

    def __call__(self, situation: Situation) -> np.ndarray:
        """z (P, M, K) [1]."""
        if self._day % WEEK == 0:
            found = self.find(situation, self.advice, self.price)
            self.price = found if self.price is None else (found + self.price) / 2
        self._day += 1
        assert self.price is not None
        return self.advice.at(situation, self.price)


@dataclass
class Unpriced:
    """The factors that the model's own price of space brings to those advised at weekly prices.

    Attributes:
        priced: the factors it is to end at.
        scenario: volumes and holding costs.
        outlook: the forecast.
    """

    priced: WeeklyPrices
    scenario: Scenario
    outlook: Outlook

    def __call__(self, situation: Situation) -> np.ndarray:
        """z (P, M, K) [1]."""
        z = np.broadcast_to(self.priced(situation), situation.state.on_hand.shape)
        assert self.priced.price is not None
        windows = self.outlook.windows(situation.state.period)
        volume = self.scenario.products.volume
        dearer = dearer_holding(self.priced.price, volume, self.scenario.holding_cost)
        return unpriced_safety_factor(z, dearer, Shelf(windows.mean[0], windows.std[0]))


@dataclass(frozen=True)
class ModelPrices:
    """Prices of space by the model's own account: the duals of its storage rows.

    The basis of a path's last solution starts its next one.

    Attributes:
        scenario: the problem.
        outlook: the forecast.
        periods: how far the model looks [period].
    """

    scenario: Scenario
    outlook: Outlook
    periods: int
    _bases: dict[int, Basis | None] = field(default_factory=dict, compare=False, repr=False)

    def __call__(
        self, situation: Situation, advice: Advice, last: np.ndarray | None = None
    ) -> np.ndarray:
        """Prices (P, M) [money/volume/period]; the model has no use for earlier ones."""
        z = np.broadcast_to(advice(situation), situation.state.on_hand.shape)
        period, prices = situation.state.period, []
        for path, advised in enumerate(z):
            stock = stock_of_path(situation, path)
            task = Task(self.scenario, self.outlook, advised, stock, period, self.periods)
            answer = reconcile(task, self._bases.get(path))
            self._bases[path] = answer.basis
            prices.append(standing_prices(answer.storage_price)[0])
        return np.stack(prices)


@dataclass
class OptimiserOnly:
    """The model on mean demand with no safety stock, re-solved every second day.

    Between solves its planned echelon levels are ordered up to.

    Attributes:
        scenario: the problem.
        outlook: the forecast; its standard deviations are ignored.
        periods: how far the model looks [period].
        every: how often it is solved [period].
    """

    scenario: Scenario
    outlook: Outlook
    periods: int
    every: int = 2
    _levels: dict[int, np.ndarray] = field(default_factory=dict)
    _bases: dict[int, Basis | None] = field(default_factory=dict)
    _day: int = 0

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        since = self._day % self.every
        if since == 0:
            for path in range(len(situation.state.on_hand)):
                self._solve(path, situation)
        level = np.stack([self._levels[path][since] for path in sorted(self._levels)])
        self._day += 1
        return np.maximum(level - situation.echelon_position, 0)

    def _solve(self, path: int, situation: Situation) -> None:
        stock, period = stock_of_path(situation, path), situation.state.period
        z = np.zeros(situation.state.on_hand.shape[1:])
        task = Task(self.scenario, self.outlook, z, stock, period, self.periods)
        self._levels[path], self._bases[path] = certain_levels(task, self._bases.get(path))


def certain_levels(task: Task, start: Basis | None = None) -> tuple[np.ndarray, Basis | None]:
    """Echelon levels (T, M, K) [unit] of the model if the mean were certain, and its basis.

    Without a basis, many products are solved in batches, to within `CERTAIN_GAP` of the least cost.
    """
    certain = replace(task, outlook=task.outlook.certain)
    if start is None and task.z.shape[1] > MANY:
        shipments, basis = _in_small_batches(certain), None
        lost_sales = moved(certain, shipments).lost_sales
    else:
        answer = reconcile(certain, start)
        shipments, lost_sales, basis = answer.shipments, answer.lost_sales, answer.basis
    mean = task.outlook.mean[task.period : task.period + task.periods]
    return planned_level(shipments, task.stock, mean - lost_sales), basis


def _in_small_batches(task: Task) -> np.ndarray:
    """Shipments (T, M, K) [unit] of a programme in which no demand is uncertain.

    Many of its plans cost the same, and the simplex method wanders among them, the longer the more
    products there are; batches of the usual size take twice the time.
    """
    search = Decomposition(task, Effort(CERTAIN_GAP), Alone(), lambda bounds: None, SMALL)
    shipments = np.empty((task.periods, *task.z.shape))
    for products, shipped in search.run().plans:
        shipments[:, :, products] = shipped
    return shipments


def stock_of_path(situation: Situation, path: int) -> StockState:
    """Where the units of one path are."""
    state = situation.state
    return StockState(state.on_hand[path], state.pipeline[path], state.backorders[path, 0])
