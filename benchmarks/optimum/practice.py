"""A suite as a net meets it in training: all its rows at once, on futures that never come again.

Two algorithms learn from it. One follows the gradient of its money (`brain.hindsight.training`),
the other only sees the money (`trial`). Units are natural: mean demand 1, holding on the shelf 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.optimum.suite import Suite
from brain.hindsight.twin import Flows, Twin
from brain.lanes import SINGLE, Lanes
from envs.dynamics import State

STEPS_PER_STD = 50
"""Points at which the loss of demand in parts of units is tabled, to a standard deviation."""
MOST_STDS = 12
"""Demand above the mean and so many deviations does not come."""


@dataclass(frozen=True, eq=False)
class SuitePractice:
    """All rows of a suite, `copies` lanes of each.

    Attributes:
        suite: what is learnt.
        copies: lanes of each row in a batch.
        days: length of a future [period].
        warm_up: days at its start that do not count [period].
    """

    suite: Suite
    copies: int
    days: int
    warm_up: int

    @cached_property
    def rows(self) -> np.ndarray:
        """Row of the suite that each lane plays (K,)."""
        return np.tile(np.arange(len(self.suite.rows)), self.copies)

    def lanes(self, rng: np.random.Generator) -> Lanes:
        """One future of each lane."""
        return self.suite.lanes(rng, self.rows, self.days)

    def opening(self, rng: np.random.Generator, lanes: Lanes) -> State:
        """As the suite begins, one path."""
        return self.suite.opening(self.rows, 1)

    def weight(self, lanes: Lanes) -> np.ndarray:
        """Every row counts by what it is likely to cost (K,)."""
        if self.suite.money is not None:
            return np.ones(len(self.rows))
        return 1 / lanes.products.likely_cost

    def money(self, lanes: Lanes) -> Callable[[Twin, Flows], Tensor]:
        """Cost of a period, expected where demand is the only luck; less profit where that counts.

        (K,) [money].
        """
        if self.suite.money is None:
            return ExpectedMoney(self.suite, self.rows)
        counted, sign = self.suite.money, 1.0 if self.suite.better == "lower" else -1.0

        def money(twin: Twin, flows: Flows) -> Tensor:
            return sign * counted(*_as_one_path(twin, flows))[0]

        return money

    def orders(self, twin: Twin, z: Tensor) -> Tensor:
        """The safety stock rule's, cut to what can be shipped (M, K) [unit]; see `WithinReach`."""
        orders = torch.minimum(twin.order(z), self._supply_capacity)
        return torch.cat([torch.minimum(orders[:-1], twin.on_hand[1:]), orders[-1:]])

    @cached_property
    def _supply_capacity(self) -> Tensor:
        return _tensor(self.suite.chains.products.supply_capacity[:, self.rows])


class ExpectedMoney:
    """Holding and shortage of a period, the day's demand averaged over its law.

    What `brain.hindsight.money.ExpectedMoney` is to lognormal demand. The loss E[(D - x)^+] is
    tabled by law and linear between: exact for whole units, near enough for parts of them.
    """

    def __init__(self, suite: Suite, rows: np.ndarray) -> None:
        chains, products = suite.chains, suite.chains.take(rows).products
        whole, std, mean = chains.whole_units, chains.std, chains.mean
        step = np.where(whole, 1.0, std / STEPS_PER_STD)
        steps = int(((mean + MOST_STDS * std) / step).max()) + 1
        stock = step[:, None] * np.arange(steps + 1)
        laws = map(chains.demand_law, range(len(chains)))
        loss = np.stack([law.loss(row) for law, row in zip(laws, stock, strict=True)])
        loss /= mean[:, None]
        self._row = torch.from_numpy(rows)
        self._step, self._steps = _tensor((step / mean)[rows]), steps
        self._loss = _tensor(loss)
        self._slope = _tensor(np.diff(loss) / (step / mean)[:, None])
        self._demand = _tensor(loss[rows, 0])
        self._upstream = _tensor(products.rates.holding[1:])
        self._ratio = _tensor(products.cost_ratio)

    def __call__(self, twin: Twin, flows: Flows) -> Tensor:
        """(K,) [money] of the period just gone."""
        waiting = flows.served + flows.missing - flows.demand
        stock = flows.occupied[0] - waiting
        held = torch.relu(stock)
        with torch.no_grad():
            below = (held / self._step).floor_().clamp_(max=self._steps - 1)
            place = below.long()
            slope, loss = self._slope[self._row, place], self._loss[self._row, place]
        missing = loss + slope * (held - below * self._step) + (held - stock)
        left = stock - self._demand + missing
        upstream = (twin.on_hand[1:] * self._upstream).sum(dim=0)
        return upstream + left + self._ratio * missing


def _as_one_path(twin: Twin, flows: Flows) -> tuple[Any, Any]:
    """What the twin's period looks like to those who count money in NumPy: paths come first."""
    after = SimpleNamespace(
        period=twin.period, on_hand=twin.on_hand[None], backorders=twin.backorders[None, None]
    )
    moved = SimpleNamespace(
        ordered=flows.ordered[None],
        shipped=flows.shipped[None],
        served=flows.served[None, None],
        lost=flows.lost[None, None],
    )
    return after, moved


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, SINGLE))
