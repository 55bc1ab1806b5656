"""Many worlds of `serial-hybrid` side by side, and what a rule costs in them, product by product.

The worlds of a field are columns of one simulation; a rule that looks at shared space plays each
of them by itself. All rules live through the same demand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from brain.advice import Advisor, advisor_of
from data.outlook import Outlook, outlook_of
from envs.accounting import Rates, charge, rates_of
from envs.dynamics import opening_state
from envs.policies import Policy
from envs.reference.serial_hybrid import Course, Drawn, draw, sharing_space
from envs.simulator import Period, play
from envs.world import World
from planner.problem import Problem, problem_of

LOOKS_AHEAD = 30
"""Days after an episode's end that rules may look at [day]."""


@dataclass(frozen=True)
class Paid:
    """What a rule cost per product over an episode, each (N,).

    Attributes:
        holding, shortage, overflow: [money]; of overflow a world's products bear equal shares.
        missed: [unit].
        demanded: [unit].
        stock: on hand at all stages, mean of all days [unit].
    """

    holding: np.ndarray
    shortage: np.ndarray
    overflow: np.ndarray
    missed: np.ndarray
    demanded: np.ndarray
    stock: np.ndarray

    @property
    def cost(self) -> np.ndarray:
        """All of it (N,) [money]."""
        total: np.ndarray = self.holding + self.shortage + self.overflow
        return total


def mean_of(paid: Sequence[Paid]) -> Paid:
    """What several rules cost on average, product by product."""
    return Paid(*(np.mean([getattr(one, name) for one in paid], axis=0) for name in _FIELDS))


@dataclass(frozen=True)
class OneWorld:
    """One of the worlds of a field.

    Attributes:
        number: of the world.
        drawn: its products.
        problem: as a planner knows them, moving as they really do.
    """

    number: int
    drawn: Drawn
    problem: Problem

    @cached_property
    def advisor(self) -> Advisor:
        """The planner's brains, asked about its products; space is free."""
        return advisor_of(self.problem.scenario, self.problem.outlook)


@dataclass(frozen=True)
class Field:
    """Worlds of K products each, side by side.

    Attributes:
        drawn: all their products (N,), none sharing anything.
        demand: one future of each (1, T, N) [unit].
        products: K, of one world.
        coupled: whether a world's products share its space; what a unit beyond it costs is then
            the same in every world, so all products have one cost ratio.
    """

    drawn: Drawn
    demand: np.ndarray
    products: int
    coupled: bool

    @property
    def days(self) -> int:
        """T, length of an episode [day]."""
        return self.demand.shape[1]

    @property
    def worlds(self) -> int:
        """How many there are."""
        return self.demand.shape[2] // self.products

    @cached_property
    def outlook(self) -> Outlook:
        """The forecast of all products."""
        return outlook_of(self.drawn.scenario, self.days + LOOKS_AHEAD)

    @cached_property
    def advisor(self) -> Advisor:
        """The brains, asked about all products; space is free."""
        return advisor_of(self.drawn.scenario, self.outlook)

    def world(self, number: int) -> OneWorld:
        """One world as a planner knows it."""
        drawn = self.drawn.take(self._columns(number))
        if self.coupled:
            drawn = replace(drawn, scenario=sharing_space(drawn.scenario))
        problem = replace(problem_of(drawn.scenario, self.days), world=drawn.world)
        return OneWorld(number, drawn, problem)

    def lived(self, policy: Policy, copies: int = 1, outlook: Outlook | None = None) -> Paid:
        """What a rule costs that looks at every product by itself.

        Args:
            policy: orders for all products at once.
            copies: paths, each of the same future; what is paid is then (copies N,), copy by copy.
            outlook: what forecast errors are counted from, for rules that look at them.
        """
        drawn = self.drawn
        rates = rates_of(drawn.scenario)
        if self.coupled:
            network = sharing_space(drawn.scenario.take(self._columns(0))).network
            rates = replace(
                rates, storage_capacity=network.storage_capacity, overflow=network.overflow_price
            )
        opening = opening_state(drawn.scenario.stock, drawn.world, copies)
        periods = play(
            drawn.world, rates, opening, policy, np.repeat(self.demand, copies, axis=0), outlook
        )
        return _paid(periods, rates, drawn.world, self.products)

    def lived_apart(self, make: Callable[[OneWorld], Policy]) -> Paid:
        """What a rule costs that is made for every world and looks at its shared space."""
        parts = []
        for number in range(self.worlds):
            one = self.world(number)
            problem = one.problem
            periods = play(
                problem.world,
                problem.rates,
                problem.situation().state,
                problem.in_lots(make(one)),
                self.demand[..., self._columns(number)],
                problem.outlook,
            )
            parts.append(_paid(periods, problem.rates, problem.world, self.products))
        return Paid(*(np.concatenate([getattr(part, name) for part in parts]) for name in _FIELDS))

    def _columns(self, world: int) -> np.ndarray:
        return np.arange(world * self.products, (world + 1) * self.products)


_FIELDS = ("holding", "shortage", "overflow", "missed", "demanded", "stock")


def field_of(seed: tuple[int, ...], course: Course, worlds: int) -> Field:
    """Worlds of a course; the same seed gives the same ones."""
    rng = np.random.default_rng(seed)
    alone = replace(course, products=course.products * worlds, coupled=False)
    drawn = draw(rng, alone)
    return Field(drawn, drawn.demand(rng), course.products, course.coupled)


def _paid(periods: Iterator[Period], rates: Rates, world: World, products: int) -> Paid:
    """The sums of an episode, path after path (P N,); every `products` columns share space."""
    days = 0
    sums: dict[str, np.ndarray] = {}
    for period in periods:
        days += 1
        costs = charge(period.after, period.flows, rates, world)
        occupied = period.flows.occupied * rates.volume
        shared = occupied.reshape(*occupied.shape[:2], -1, products).sum(axis=-1)
        beyond = np.maximum(shared - rates.storage_capacity[:, None], 0) * rates.overflow[:, None]
        today = {
            "holding": costs.holding,
            "shortage": costs.shortage,
            "overflow": np.repeat(beyond.sum(axis=1) / products, products, axis=-1),
            "missed": period.flows.lost.sum(axis=1),
            "demanded": period.flows.demand.sum(axis=1),
            "stock": period.after.on_hand.sum(axis=1),
        }
        for name, values in today.items():
            sums[name] = sums.get(name, 0.0) + values
    sums["stock"] = sums["stock"] / days
    return Paid(*(sums[name].ravel() for name in _FIELDS))
