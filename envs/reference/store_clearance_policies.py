"""Rules for the shelf by the hour, and the best that is possible, by dynamic programming."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import pdtr

from envs.reference.store_clearance import (
    WEEK,
    Action,
    Economics,
    Record,
    Scenarios,
    Shelves,
    Store,
)

Rule = Callable[[Shelves], np.ndarray]
"""From episodes as they stand to an action each (E,)."""
RARE = 1e-13
"""Demands less likely than this are taken as the largest that is not [1]."""


def follow(store: Store, scenarios: Scenarios, rule: Rule) -> Record:
    """What a rule does with these episodes."""
    shelves = Shelves(store, scenarios)
    while not shelves.over:
        shelves.step(rule(shelves))
    return shelves.record()


@dataclass(frozen=True)
class Threshold:
    """Order below one stock, clear above another, otherwise hold [unit]."""

    order_below: float = 100.0
    clear_above: float = 400.0

    def __call__(self, shelves: Shelves) -> np.ndarray:
        """An action per episode (E,)."""
        stock = shelves.stock
        clear = np.where(stock > self.clear_above, Action.CLEAR, Action.HOLD)
        return np.where(stock < self.order_below, Action.ORDER, clear)


def always(action: Action) -> Rule:
    """The rule that does the same in every hour."""
    return lambda shelves: np.full(len(shelves.stock), action)


def at_random(rng: np.random.Generator) -> Rule:
    """Any action, evenly."""
    return lambda shelves: rng.integers(0, len(Action), len(shelves.stock))


@dataclass(frozen=True)
class Optimum:
    """The best policy for one product, exactly.

    Attributes:
        profit: expected, from each hour of the week with the opening stock (168,) [money].
        best: the best action by hours left less one, hour of the week and stock
            (T, 168, capacity + 1).
        store: that it is best for.
    """

    profit: np.ndarray
    best: np.ndarray
    store: Store

    def __call__(self, shelves: Shelves) -> np.ndarray:
        """An action per episode (E,)."""
        stock = np.rint(shelves.stock).astype(int)
        chosen: np.ndarray = self.best[
            self.store.hours - shelves.hour - 1, shelves.hour_of_week, stock
        ]
        return chosen.astype(int)


def optimum(store: Store, product: int) -> Optimum:
    """The best policy by backward induction over hours left, hour of the week and stock.

    V_n(h, s) = max_a E[profit of the hour + V_{n-1}(h + 1, s')] with V_0 the worth of what is
    left (Bellman 1957; Puterman 1994, section 4.5).
    """
    prices, capacity = store.economics, store.capacity
    chance = _chances(store.only(product))
    stock = np.arange(capacity + 1)
    delivered = stock + np.minimum(store.lot, capacity - stock)
    cleared = np.minimum(store.lot, stock)
    sales = _sales(prices, chance, capacity)
    value = np.broadcast_to(prices.markdown * stock, (WEEK, capacity + 1))
    best = np.empty((store.hours, WEEK, capacity + 1), dtype=np.int8)
    for left in range(store.hours):
        ahead = np.roll(value, -1, axis=0)
        close = ahead - prices.holding * stock
        after_clearance = prices.markdown * cleared + close[:, stock - cleared]
        held = sales + _expected(close, chance)
        bought = prices.unit_cost * (delivered - stock)
        choices = np.stack(
            [held[:, delivered] - bought, held, sales + _expected(after_clearance, chance)]
        )
        best[left] = choices.argmax(axis=0)
        value = choices.max(axis=0)
    return Optimum(value[:, store.opening], best, store)


def _chances(mean: np.ndarray) -> np.ndarray:
    """Chance of each demand by hour of the week (168, D + 1); the last one has all the rest."""
    largest = int(np.ceil(_largest(mean)))
    at_most = pdtr(np.arange(largest + 1), mean[:, None])
    chance = np.diff(at_most, axis=1, prepend=0.0)
    chance[:, -1] += 1.0 - at_most[:, -1]
    return chance


def _largest(mean: np.ndarray) -> float:
    """Demand that no hour exceeds but with a chance of `RARE` [unit]."""
    bound = 10.0
    while (1.0 - pdtr(bound, mean.max())) > RARE:
        bound *= 1.25
    return bound


def _sales(prices: Economics, chance: np.ndarray, capacity: int) -> np.ndarray:
    """Expected revenue less the cost of customers lost, by stock for sale (168, capacity + 1)."""
    demand = np.arange(chance.shape[1])
    sold = np.minimum(demand[:, None], np.arange(capacity + 1))
    worth = prices.price * sold - prices.stock_out * (demand[:, None] - sold)
    return chance @ worth


def _expected(value: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """E[value at what demand leaves of each stock] by hour of the week (168, capacity + 1)."""
    found = np.zeros_like(value)
    for demand in range(chance.shape[1]):
        weight = chance[:, demand, None]
        if demand < value.shape[1]:
            found[:, demand:] += weight * value[:, : value.shape[1] - demand]
            found[:, :demand] += weight * value[:, :1]
        else:
            found += weight * value[:, :1]
    return found
