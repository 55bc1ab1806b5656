"""Weekly orders that share a few containers, judged by stock against a target in weeks of demand.

P paths of one problem are played at once by `envs.dynamics.advance`. Orders are first brought
within the rules (`within`), for every policy in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from data.containers import WeeklyProblem
from data.stock import StockState
from envs.dynamics import Flows, State, advance, opening_state
from envs.world import SOURCE, World

ROUNDING = 1e-9
"""Below a whole unit by no more than this is that unit."""


@dataclass(frozen=True)
class Week:
    """What a week was worth, or all of them; each (P,).

    Attributes:
        reward: for stock up to the target [money].
        over: for stock above it, 0 or below [money].
        unmet: for demand not served, 0 or below [money].
    """

    reward: np.ndarray
    over: np.ndarray
    unmet: np.ndarray

    @property
    def value(self) -> np.ndarray:
        """All of it (P,) [money]."""
        value: np.ndarray = self.reward + self.over + self.unmet
        return value


@dataclass(frozen=True)
class Record:
    """Whole paths.

    Attributes:
        week: their worth, part by part.
        demanded, served, ordered: (P,) [unit].
        space: of containers used (P, T) [volume].
    """

    week: Week
    demanded: np.ndarray
    served: np.ndarray
    ordered: np.ndarray
    space: np.ndarray

    @property
    def value(self) -> np.ndarray:
        """(P,) [money]."""
        return self.week.value

    def told(self, path: int) -> dict[str, float]:
        """One path's figures by name, its value as the reward."""
        parts = {f"part/{one.name}": float(getattr(self.week, one.name)[path]) for one in _PARTS}
        rest = {name: float(getattr(self, name)[path]) for name in _UNITS}
        return {"reward": float(self.value[path]), **parts, **rest}


_PARTS = fields(Week)
_UNITS = ("demanded", "served", "ordered")


def within(problem: WeeklyProblem, orders: np.ndarray, last_order: np.ndarray) -> np.ndarray:
    """Orders (P, K) brought within the rules, in whole units [unit].

    First each to the nearest order that ramping allows after `last_order` (P, K), NaN where it
    binds nothing. Where the containers are then too small, what exceeds the least that ramping
    allows is reduced by the same share for all items; last, fractions are dropped. The least of
    this week takes no more space than last week's orders, so that the result fits wherever they
    did.
    """
    free = np.isnan(last_order) | np.isinf(problem.ramp)
    last = np.where(free, 0.0, last_order)
    least = np.where(free, 0.0, np.maximum(last - problem.ramp, 0.0))
    most = np.where(free, np.inf, last + problem.ramp)
    extra = np.clip(orders, least, most) - least
    taken, wanted = least @ problem.volume, extra @ problem.volume
    room = np.maximum(problem.capacity - taken, 0.0)
    share = np.where(wanted > room, room / np.where(wanted > room, wanted, 1.0), 1.0)
    kept: np.ndarray = np.floor(least + extra * share[:, None] + ROUNDING)
    return np.maximum(kept, least)


class Weeks:
    """P paths side by side, a week at a time.

    Args:
        problem: items, stock, containers.
        demand: of every path (P, T, K) [unit/week].
    """

    def __init__(self, problem: WeeklyProblem, demand: np.ndarray) -> None:
        self.problem, self.demand = problem, demand
        paths, weeks, items = demand.shape
        self.world = World(
            supplier=(SOURCE,),
            lead_time=problem.lead_time[None],
            supply_capacity=np.full((1, items), np.inf),
            backordered=np.zeros(items, dtype=bool),
            volume=problem.volume,
        )
        stock = StockState(problem.on_hand[None], problem.due.T[None], np.zeros(items))
        self.state: State = opening_state(stock, self.world, paths)
        self.last_order = np.broadcast_to(problem.last_order, (paths, items))
        self._parts = {one.name: np.zeros(paths) for one in _PARTS}
        self._units = {name: np.zeros(paths) for name in _UNITS}
        self._space = np.zeros((paths, weeks))
        self._groups, self._group = np.unique(problem.group, return_inverse=True)

    @property
    def week(self) -> int:
        """Weeks gone by."""
        return self.state.period

    @property
    def over(self) -> bool:
        """True after the last week."""
        return self.week >= self.problem.weeks

    @property
    def on_hand(self) -> np.ndarray:
        """(P, K) [unit]."""
        on_hand: np.ndarray = self.state.on_hand[:, 0]
        return on_hand

    @property
    def due(self) -> np.ndarray:
        """Under way by weeks until arrival (P, K, L) [unit]; index 0 arrives in the coming week."""
        due: np.ndarray = self.state.pipeline[:, 0]
        return due

    def step(self, orders: np.ndarray) -> Week:
        """Play a week with these orders (P, K), which are first brought within the rules [unit]."""
        placed = within(self.problem, orders, self.last_order)
        demand = self.demand[:, self.week]
        offered = self._offered(placed, demand)
        week = self.week
        self.state, flows = advance(self.state, placed[:, None], offered[:, None], self.world)
        self.last_order = placed
        worth = self._judged(week, flows, demand)
        served = flows.served[:, 0].sum(axis=1)
        today = {"demanded": demand.sum(axis=1), "served": served, "ordered": placed.sum(axis=1)}
        for name, values in today.items():
            self._units[name] += values
        for one in _PARTS:
            self._parts[one.name] += getattr(worth, one.name)
        self._space[:, week] = placed @ self.problem.volume
        return worth

    def left(self, path: int) -> WeeklyProblem:
        """What is left of the problem on one path, as things stand."""
        weeks = self.problem.weeks - self.week
        due = np.zeros((weeks, len(self.problem.item)))
        known = self.due[path].T[:weeks]
        due[: len(known)] = known
        return self.problem.from_week(self.week, self.on_hand[path], due, self.last_order[path])

    def record(self) -> Record:
        """All weeks so far."""
        week = Week(**{name: values.copy() for name, values in self._parts.items()})
        units = {name: values.copy() for name, values in self._units.items()}
        return Record(week, **units, space=self._space.copy())

    def _offered(self, placed: np.ndarray, demand: np.ndarray) -> np.ndarray:
        """Demand that may be served (P, K): all of it, or a group's common share.

        The common share is the largest that every item of the group has stock for.
        """
        if not self.problem.proportional:
            return demand
        at_once = np.where(self.problem.lead_time == 0, placed, 0.0)
        there = self.on_hand + self.due[..., 0] + at_once
        own = np.where(demand > 0, there / np.where(demand > 0, demand, 1.0), 1.0)
        share = np.ones((len(demand), len(self._groups)))
        for number in range(len(self._groups)):
            share[:, number] = np.minimum(own[:, self._group == number].min(axis=1), 1.0)
        offered: np.ndarray = demand * share[:, self._group]
        return offered

    def _judged(self, week: int, flows: Flows, demand: np.ndarray) -> Week:
        problem, stock = self.problem, self.on_hand
        target = problem.target[week]
        unmet = demand - flows.served[:, 0]
        return Week(
            reward=np.minimum(stock, target) @ problem.reward,
            over=-(np.maximum(stock - target, 0.0) @ problem.over_cost),
            unmet=-(unmet @ problem.unmet_cost),
        )


Rule = Callable[[Weeks], np.ndarray]
"""Orders (P, K) [unit] as things stand."""


def follow(problem: WeeklyProblem, demand: np.ndarray, rule: Rule) -> Record:
    """What a rule does on these paths (P, T, K)."""
    weeks = Weeks(problem, demand)
    while not weeks.over:
        weeks.step(rule(weeks))
    return weeks.record()


def no_order(weeks: Weeks) -> np.ndarray:
    """Nothing, ever."""
    return np.zeros_like(weeks.on_hand)


def order_demand(weeks: Weeks) -> np.ndarray:
    """The forecast of the week in which the order arrives; nothing where it comes too late."""
    return np.broadcast_to(_arriving(weeks)[0], weeks.on_hand.shape)


def order_up_to(weeks: Weeks) -> np.ndarray:
    """Up to the target of the week of arrival and the forecast until then, less what there is."""
    return np.maximum(reach(weeks) - position(weeks), 0.0)


def position(weeks: Weeks) -> np.ndarray:
    """On hand and under way (P, K) [unit]."""
    position: np.ndarray = weeks.on_hand + weeks.due.sum(axis=2)
    return position


def reach(weeks: Weeks) -> np.ndarray:
    """Forecast until the week of arrival, that week included, and its target (K,) [unit].

    It is 0 for an item of which an order would arrive after the last week.
    """
    arriving, until, in_time = _arriving(weeks)
    full: np.ndarray = until + weeks.problem.cover * arriving
    return np.where(in_time, full, 0.0)


def _arriving(weeks: Weeks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Forecast of the week of arrival and of all weeks until it, and whether there is one (K,)."""
    problem = weeks.problem
    arrival = weeks.week + problem.lead_time
    in_time = arrival < problem.weeks
    last = np.minimum(arrival, problem.weeks - 1)
    items = np.arange(len(last))
    sums = np.cumsum(problem.forecast[weeks.week :], axis=0)
    arriving = np.where(in_time, problem.forecast[last, items], 0.0)
    return arriving, sums[last - weeks.week, items], in_time


def static(orders: np.ndarray) -> Rule:
    """A plan of orders (T, K) that nobody revises."""
    return lambda weeks: np.broadcast_to(orders[weeks.week], weeks.on_hand.shape)


def seen(weeks: Weeks) -> np.ndarray:
    """What a learner sees of each item in turn (P, K * 6).

    Stock, arrivals of the coming week and under way altogether, forecast until arrival, last order
    (0 where there is none) [unit]; and the weeks that are left.
    """
    shape = weeks.on_hand.shape
    last = np.nan_to_num(weeks.last_order)
    left = np.full(shape, float(weeks.problem.weeks - weeks.week))
    coming = np.zeros(shape) if weeks.over else np.broadcast_to(reach(weeks), shape)
    under_way = weeks.due.sum(axis=2)
    rows = (weeks.on_hand, weeks.due[..., 0], under_way, coming, last, left)
    return np.stack(rows, axis=-1).reshape(shape[0], -1)


SEEN = 6
"""Numbers seen of an item."""
HIGHEST = 1.5
"""Of `reach`, the share that an action of 1 orders up to; an action of -1 orders nothing."""


def orders_of(weeks: Weeks, actions: np.ndarray) -> np.ndarray:
    """Actions (P, K) from -1 to 1 as orders: up to a share of `reach` between 0 and `HIGHEST`."""
    share = HIGHEST * (np.clip(actions, -1.0, 1.0) + 1.0) / 2.0
    return np.maximum(share * reach(weeks) - position(weeks), 0.0)


def scene(weeks: Weeks) -> dict[str, Any]:
    """The first path at this moment, for charts."""
    return {
        "week": weeks.week,
        "weeks": weeks.problem.weeks,
        "on_hand": weeks.on_hand[0].tolist(),
        "under_way": weeks.due[0].sum(axis=-1).tolist(),
        "ordered": np.nan_to_num(weeks.last_order[0]).tolist(),
        "so_far": weeks.record().told(0),
    }
