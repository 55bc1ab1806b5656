"""What more of a limit is worth, and how far that holds: space, supply, money to buy with.

The dual of a limit is its worth for a small change only. The optimal cost is convex in what limits
it, so the worth falls as there is more: solved again at other sizes, the secants of the cost lie
between the worths at both ends (Bertsimas and Tsitsiklis 1997, section 5.5), and between two sizes
whose worth is nearly the same it is nearly the same throughout.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from data.network import Network
from milp.basis import Basis
from milp.reconcile import Reconciled, reconcile
from milp.task import Task
from planner.wording import counted, number, percent

STEPS = (0.01, 0.02, 0.05, 0.1)
"""Changes of a limit at which its worth is looked at, as shares of it, up and down."""
SAME = 0.1
"""A worth holds as long as it changes by no more than this share [1]."""
DIGITS = 6
"""Of a share that is told [1]."""
NOTHING = 1e-9
"""Worth below this share of a period's holding cost of all products is none."""


class Kind(Enum):
    """What there may be too little of; the value is what a unit of it is called."""

    SPACE = "unit of space"
    SUPPLY = "unit of daily supply"
    MONEY = "unit of money"


@dataclass(frozen=True)
class Limit:
    """One limit that all products share.

    Attributes:
        kind: of what.
        stage: where, 0 is the shelf; None for money.
    """

    kind: Kind
    stage: int | None = None

    def amount(self, task: Task) -> float:
        """How much there is: [volume], [volume/period] or [money]."""
        if self.stage is None:
            return float(task.budget)
        return float(getattr(task.scenario.network, _ATTRIBUTES[self.kind])[self.stage])

    def scaled(self, task: Task, factor: float) -> Task:
        """The task with `factor` times as much of it."""
        if self.stage is None:
            return replace(task, budget=task.budget * factor)
        changed = resized(task.scenario.network, _ATTRIBUTES[self.kind], {self.stage: factor})
        return replace(task, scenario=replace(task.scenario, network=changed))

    def worth(self, answer: Reconciled) -> float:
        """What one more unit is worth over the horizon, by the duals [money/unit of the limit]."""
        if self.stage is None:
            return float(answer.budget_price)
        price = answer.storage_price if self.kind is Kind.SPACE else answer.supply_price
        return float(price[:, self.stage].sum())

    def name(self, network: Network) -> str:
        """Where it is: 'at New York', 'shipped to New York', 'to buy with'."""
        if self.stage is None:
            return "to buy with"
        where = network.names[self.stage]
        return f"at {where}" if self.kind is Kind.SPACE else f"shipped to {where}"


_ATTRIBUTES = {Kind.SPACE: "storage_capacity", Kind.SUPPLY: "supply_capacity"}


def resized(network: Network, attribute: str, factors: Mapping[int, float]) -> Network:
    """The network with an attribute of some stages multiplied by factors, by stage number."""
    stages = tuple(
        replace(stage, **{attribute: getattr(stage, attribute) * factors.get(number, 1.0)})
        for number, stage in enumerate(network.stages)
    )
    return replace(network, stages=stages)


@dataclass(frozen=True)
class Size:
    """The model's answer at another size of a limit.

    Attributes:
        factor: size / today's [1].
        cost: the model's [money].
        worth: of one more unit there, over the horizon [money/unit of the limit].
    """

    factor: float
    cost: float
    worth: float


@dataclass(frozen=True)
class WorthRange:
    """What one more unit of a limit is worth, and how far that holds.

    Attributes:
        limit: what there may be too little of.
        name: where it is, in words.
        amount: how much there is: [volume], [volume/period] or [money].
        periods: the horizon [period].
        sizes: smallest first, today's among them.
        less, more: how far below and above today's size the worth stays within `SAME`, as shares
            of it [1]; it is certain to hold so far, and seen to have changed one step further.
    """

    limit: Limit
    name: str
    amount: float
    periods: int
    sizes: tuple[Size, ...]
    less: float
    more: float

    @property
    def today(self) -> Size:
        """The limit as it is."""
        return next(size for size in self.sizes if size.factor == 1)

    def secants(self) -> np.ndarray:
        """Cost saved per unit between neighbouring sizes (S - 1,) [money/unit of the limit]."""
        cost = np.array([size.cost for size in self.sizes])
        factor = np.array([size.factor for size in self.sizes])
        return np.asarray(-np.diff(cost) / (np.diff(factor) * self.amount))

    @property
    def sentence(self) -> str:
        """What it is worth and how far that holds."""
        unit, over = self.limit.kind.value, f"over {counted(self.periods, 'day')}"
        largest, smallest = self.sizes[-1], self.sizes[0]
        if not self.today.worth:
            said = f"More {unit.removeprefix('unit of ')} {self.name} is worth nothing {over}"
            if not smallest.worth:
                return f"{said}, nor would it be missed with {self._by(smallest)} less."
            return f"{said}; with {self._by(smallest)} less, {number(smallest.worth)} per unit."
        said = f"One more {unit} {self.name} is worth {number(self.today.worth)} {over}"
        if self.more >= round(largest.factor - 1, DIGITS):
            return f"{said}, as far as {self._by(largest)} more."
        first = next(size for size in self.sizes if size.factor > 1)
        held = f"for the next {percent(self.more, 0)}"
        if not self.more:
            held = f"though not for all of the next {self._by(first)}"
        return f"{said}, {held}; {number(largest.worth)} at {self._by(largest)} more."

    @staticmethod
    def _by(size: Size) -> str:
        return percent(abs(size.factor - 1), 0)


def limits_of(task: Task) -> list[Limit]:
    """The limits that a task has, the shelf's first; what there is none of cannot be scaled."""
    every = [Limit(kind, stage) for kind in _ATTRIBUTES for stage in range(len(task.z))]
    return [of for of in (*every, Limit(Kind.MONEY)) if 0 < of.amount(task) < np.inf]


def worth_range(task: Task, answer: Reconciled, limit: Limit) -> WorthRange:
    """What more of a limit is worth around its size of today, by solving again at other sizes.

    Args:
        task: today's problem.
        answer: the model's answer to it, of one programme; where the first solve starts.
        limit: what is changed.
    """
    holding = float(task.scenario.products.holding_cost @ task.scenario.forecast.scale)
    floor = NOTHING * holding * task.periods
    amount = limit.amount(task)

    def size(factor: float, found: Reconciled) -> Size:
        worth = limit.worth(found)
        return Size(factor, found.upper, worth if worth * amount > floor else 0.0)

    today = size(1.0, answer)
    below, above = (
        [size(*found) for found in _resolved(task, limit, answer.basis, sign)] for sign in (-1, 1)
    )
    return WorthRange(
        limit=limit,
        name=limit.name(task.scenario.network),
        amount=amount,
        periods=task.periods,
        sizes=(*reversed(below), today, *above),
        less=_held(today, below),
        more=_held(today, above),
    )


def _resolved(
    task: Task, limit: Limit, basis: Basis | None, sign: int
) -> Iterator[tuple[float, Reconciled]]:
    """The model at `STEPS` more or less of a limit, each from the optimum before it."""
    for step in STEPS:
        found = reconcile(limit.scaled(task, 1 + sign * step), basis)
        basis = found.basis
        yield 1 + sign * step, found


def _held(today: Size, sizes: list[Size]) -> float:
    """The furthest of the sizes, nearest first, up to which the worth is that of today."""
    held = 0.0
    for size in sizes:
        if abs(size.worth - today.worth) > SAME * today.worth:
            break
        held = round(abs(size.factor - 1), DIGITS)
    return held
