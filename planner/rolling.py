"""Rules that plan anew as days go by; each path remembers its own last plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from data.outlook import Outlook
from data.scenario import Scenario
from data.stock import StockState
from envs.policies import SafetyFactors, SafetyStockRule, Situation, constant
from milp.model import Task
from milp.prices import standing_prices
from milp.reconcile import Basis, reconcile
from planner.lookahead import WEEK, on_paths
from planner.rules import Advice, planned_level


@dataclass
class Levels:
    """The model itself, re-solved every day on every path; its first day's shipments are ordered.

    Where no capacity has a price, the order is the advice's order-up-to, unchanged. The basis of
    a path's last day starts its next one.

    Attributes:
        scenario: the problem.
        outlook: the forecast.
        advice: safety factors.
        periods: how far the model looks [period].
    """

    scenario: Scenario
    outlook: Outlook
    advice: SafetyFactors
    periods: int
    _bases: dict[int, Basis] = field(default_factory=dict)

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        state = situation.state
        z = np.broadcast_to(self.advice(situation), state.on_hand.shape)
        orders = SafetyStockRule(self.outlook, constant(z))(situation)
        for path in range(len(orders)):
            stock = stock_of_path(situation, path)
            task = Task(self.scenario, self.outlook, z[path], stock, state.period, self.periods)
            answer = reconcile(task, self._bases.get(path))
            self._bases[path] = answer.basis
            if answer.scarce:
                orders[path] = answer.shipments[0]
        return orders


Prices = Callable[[Situation, Advice], np.ndarray]
"""From a situation of one path and the advice to prices of space (M,) [money/volume/period]."""


@dataclass
class WeeklyPrices:
    """Order up to the advice at the price of space, which is found anew once a week.

    Every path has prices of its own; half of each is last week's.

    Attributes:
        outlook: the forecast.
        advice: answers prices.
        find: finds the prices, by looking ahead or from the model's duals.
    """

    outlook: Outlook
    advice: Advice
    find: Prices
    _prices: dict[int, np.ndarray] = field(default_factory=dict)
    _day: int = 0

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        priced = np.empty(situation.state.on_hand.shape)
        for path in range(len(priced)):
            alone = on_paths(situation, slice(path, path + 1))
            if self._day % WEEK == 0:
                found = self.find(alone, self.advice)
                self._prices[path] = (found + self._prices.get(path, found)) / 2
            priced[path : path + 1] = self.advice.at(alone, self._prices[path])
        self._day += 1
        return SafetyStockRule(self.outlook, constant(priced))(situation)


@dataclass(frozen=True)
class ModelPrices:
    """Prices of space by the model's own account: the duals of its storage rows.

    Attributes:
        scenario: the problem.
        outlook: the forecast.
        periods: how far the model looks [period].
    """

    scenario: Scenario
    outlook: Outlook
    periods: int

    def __call__(self, situation: Situation, advice: Advice) -> np.ndarray:
        """Prices (M,) [money/volume/period]."""
        z = np.broadcast_to(advice(situation), situation.state.on_hand.shape)[0]
        stock, period = stock_of_path(situation, 0), situation.state.period
        task = Task(self.scenario, self.outlook, z, stock, period, self.periods)
        return standing_prices(reconcile(task).storage_price)[0]


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
    _bases: dict[int, Basis] = field(default_factory=dict)
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


def certain_levels(task: Task, start: Basis | None = None) -> tuple[np.ndarray, Basis]:
    """Echelon levels (T, M, K) [unit] of the model if the mean were certain, and its basis."""
    outlook = task.outlook
    certain = Outlook(outlook.mean, np.zeros_like(outlook.std), outlook.lead_time)
    answer = reconcile(replace(task, outlook=certain), start)
    mean = outlook.mean[task.period : task.period + task.periods]
    level = planned_level(answer.shipments, task.stock, mean - answer.lost_sales)
    return level, answer.basis


def stock_of_path(situation: Situation, path: int) -> StockState:
    """Where the units of one path are."""
    state = situation.state
    return StockState(state.on_hand[path], state.pipeline[path], state.backorders[path, 0])
