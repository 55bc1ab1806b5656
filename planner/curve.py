"""What a bigger or smaller warehouse is worth: cost against space, one stage at a time.

The model has an account of its own of what space is worth (its duals), which is quick but not what
happens. So at every size the rule that carries a plan out gets prices of its own by looking ahead
and is played on the same sampled futures; both are told. Days whose stock no order of today could
have changed are not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from data.demand import loss_function
from data.errors import ConfigurationError
from data.network import Stage
from envs.accounting import rates_of
from envs.metrics import Estimate, estimate
from envs.simulator import play
from envs.world import world_of
from milp.prices import standing_prices
from milp.reconcile import reconcile
from planner.lookahead import look_ahead_of
from planner.planning import rule_at
from planner.problem import Problem
from planner.rules import Advice
from planner.tasks import task_of
from planner.worth import resized

SHARES = (0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4)
"""Sizes tried, as shares of today's."""
FULL = 1 + 1e-9
"""Space exceeded by less than this factor is not exceeded [1]."""
SMALLEST = 1e-12
"""Space below it is none [volume]."""
MODEL_DAYS = 14
"""As far as the model must look to price the orders of a day [period]."""


@dataclass(frozen=True)
class Point:
    """One size of one stage.

    Attributes:
        share: of today's size [1].
        capacity: [volume].
        cost: of a counted day on each future (P,) [money/period].
        fill_rate: units served at once / demanded [1].
        overflow_chance: share of counted days and futures on which space was exceeded [1].
        model_worth: what one more unit of space is worth a day in the model [money/volume/period].
    """

    share: float
    capacity: float
    cost: np.ndarray
    fill_rate: float
    overflow_chance: float
    model_worth: float


@dataclass(frozen=True)
class StageCurve:
    """Cost against space at one stage.

    Attributes:
        stage: its name.
        overflow_price: what a unit of space too little costs [money/volume/period].
        points: smallest first, today's size among them.
    """

    stage: str
    overflow_price: float
    points: tuple[Point, ...]

    @property
    def today(self) -> Point:
        """The size as it is."""
        return next(point for point in self.points if point.share == 1)

    @property
    def differences(self) -> tuple[Estimate, ...]:
        """Cost of a day less today's, future by future [money/period]; negative is saved."""
        return tuple(estimate(point.cost - self.today.cost) for point in self.points)

    @cached_property
    def worth(self) -> tuple[Estimate, ...]:
        """What a unit of space saves between neighbouring sizes [money/volume/period]."""
        return tuple(
            estimate((less.cost - more.cost) / (more.capacity - less.capacity))
            for less, more in zip(self.points, self.points[1:], strict=False)
        )

    @property
    def model_differences(self) -> np.ndarray:
        """The model's cost of a day less today's (S,), its worth summed [money/period]."""
        worth = np.array([point.model_worth for point in self.points])
        capacity = np.array([point.capacity for point in self.points])
        saved = np.concatenate([[0], np.cumsum((worth[1:] + worth[:-1]) / 2 * np.diff(capacity))])
        return np.asarray(saved[self.points.index(self.today)] - saved)

    def grown(self, space: float, money: float) -> StageCurve:
        """The same curve of more products: so many times the space, so many times the money."""
        points = tuple(
            replace(point, capacity=point.capacity * space, cost=point.cost * money)
            for point in self.points
        )
        return StageCurve(self.stage, self.overflow_price, points)

    @property
    def enough(self) -> Point | None:
        """The smallest size from which no bigger one saves anything that can be told from chance.

        None where the biggest size still saves something over the one before.
        """
        biggest = self.points[-1].cost
        for point in self.points:
            saved = estimate(point.cost - biggest)
            if not saved.low > 0:
                return point if point is not self.points[-1] else None
        return None


def capacity_curves(
    problem: Problem,
    advice: Advice,
    paths: int,
    seed: int,
    shares: Sequence[float] = SHARES,
    tell: Callable[[str], None] = lambda step: None,
) -> list[StageCurve]:
    """The curve of every stage whose space is limited, the shelf first.

    Args:
        problem: whose space is changed; its horizon is what is played.
        advice: what is ordered up to; it answers prices.
        paths: how many futures are played.
        seed: of the futures, and of those that prices are looked up on.
        shares: sizes tried, as shares of today's; today's is always among them.
        tell: hears of every size as it is tried.

    Raises:
        ConfigurationError: no stage has a limit on space.
    """
    network = problem.scenario.network
    stages = [m for m, space in enumerate(network.storage_capacity) if 0 < space < np.inf]
    if not stages:
        raise ConfigurationError(
            "no stage has a limit on space, so more of it is worth nothing; give storage_capacity "
            "and overflow_price in network.toml"
        )
    sizes = sorted({*shares, 1.0})
    demand = problem.sampled_demand(paths, np.random.default_rng(seed))
    with ThreadPoolExecutor(max_workers=1) as beside:
        modelled = beside.submit(_model_worths, problem, advice, stages, sizes)
        tell("today's space")
        today = _played(problem, advice, demand, seed)

        def played(stage: int, share: float) -> _Played:
            tell(f"{network.names[stage]} at {share:.0%}")
            return _played(resized_problem(problem, {stage: share}), advice, demand, seed)

        found = {stage: _sizes_played(stage, sizes, today, played) for stage in stages}
        worths = modelled.result()
    return [_curve(network.stages[m], m, found[m], worths) for m in stages]


def _sizes_played(
    stage: int,
    sizes: Sequence[float],
    today: _Played,
    played: Callable[[int, float], _Played],
) -> dict[float, _Played]:
    """What came of every size; once there is room enough, more of it need not be played."""
    found = {share: played(stage, share) for share in sizes if share < 1} | {1.0: today}
    last = today
    for share in (share for share in sizes if share > 1):
        last = last if last.roomy[stage] else played(stage, share)
        found[share] = last
    return found


def _curve(
    stage: Stage,
    number: int,
    found: Mapping[float, _Played],
    worths: Mapping[tuple[int, float], float],
) -> StageCurve:
    """The points of one stage, put together."""
    points = tuple(
        Point(
            share=share,
            capacity=stage.storage_capacity * share,
            cost=of.cost,
            fill_rate=of.fill_rate,
            overflow_chance=float(of.exceeded[number]),
            model_worth=worths[number, share],
        )
        for share, of in found.items()
    )
    return StageCurve(stage.name, stage.overflow_price, points)


def resized_problem(problem: Problem, factors: Mapping[int, float]) -> Problem:
    """The problem with the space of some stages multiplied by factors, by stage number."""
    network = resized(problem.scenario.network, "storage_capacity", factors)
    scenario = replace(problem.scenario, network=network)
    return replace(problem, scenario=scenario, world=world_of(scenario), rates=rates_of(scenario))


def sampled(problem: Problem, advice: Advice, most: int, seed: int) -> tuple[Problem, np.ndarray]:
    """At most `most` of the products, with their share of every limit; and that share (M,) [1].

    Every n-th is taken by the space it needs, from a place that `seed` decides, so that small and
    large ones stand for their like. Shares are of the space that stock needs at the advised safety
    factors: the flow that must pass (twice through a stage that ships on only what it held
    overnight) and sigma E[(z + Z)^+].
    """
    count, stages = len(problem.scenario.products), len(problem.scenario.network)
    if count <= most:
        return problem, np.ones(stages)
    morning = problem.situation()
    z = np.broadcast_to(advice(morning), morning.state.on_hand.shape)[0]
    windows = problem.outlook.windows(0)
    daily = windows.mean / problem.outlook.protection_interval
    passes = np.where(np.arange(stages) == 0, 1.0, 2.0)[:, None]
    need = problem.scenario.products.volume * (passes * daily + windows.std * loss_function(-z))
    begin = np.random.default_rng(seed).random()
    every = ((np.arange(most) + begin) * count / most).astype(int)
    chosen = np.sort(np.argsort(need.sum(axis=0), kind="stable")[every])
    part = need[:, chosen].sum(axis=1) / np.maximum(need.sum(axis=1), SMALLEST)
    network, factors = problem.scenario.network, dict(enumerate(part.tolist()))
    for attribute in ("storage_capacity", "supply_capacity"):
        network = resized(network, attribute, factors)
    scenario = replace(problem.scenario.take(chosen), network=network)
    outlook, world, rates = problem.outlook.take(chosen), world_of(scenario), rates_of(scenario)
    return Problem(scenario, problem.horizon, outlook, world, rates), part


def settled_from(problem: Problem) -> int:
    """The first day that is counted: what is ordered today has come down the whole chain."""
    longest = int(problem.outlook.echelon_interval.max())
    return min(longest, problem.horizon // 2)


@dataclass(frozen=True)
class _Played:
    """What came of one size.

    Attributes:
        cost: of a counted day (P,) [money/period].
        fill_rate: units served at once / demanded [1].
        exceeded: share of counted days and futures on which space was exceeded (M,) [1].
        roomy: True where space was neither priced nor ever exceeded (M,): more changes nothing.
    """

    cost: np.ndarray
    fill_rate: float
    exceeded: np.ndarray
    roomy: np.ndarray


def _played(problem: Problem, advice: Advice, demand: np.ndarray, seed: int) -> _Played:
    """The plan's rule at prices of its own, on the futures (P, T, K)."""
    ahead = look_ahead_of(problem, seed)
    price = ahead.schedule(problem.situation(), advice, problem.horizon)
    policy = problem.in_lots(rule_at(problem, advice, price))
    opening = problem.situation(len(demand)).state
    days = list(play(problem.world, problem.rates, opening, policy, demand, problem.outlook))
    counted = days[settled_from(problem) :]
    cost = np.mean(
        [
            day.costs.holding.sum(axis=1)
            + day.costs.shortage.sum(axis=1)
            + day.costs.overflow.sum(axis=1)
            for day in counted
        ],
        axis=0,
    )
    wanted = sum(float(day.flows.demand.sum()) for day in counted)
    missed = sum(float(day.flows.lost.sum() + day.after.backorders.sum()) for day in counted)
    space = problem.scenario.network.storage_capacity
    over = np.array([(day.costs.occupancy > space * FULL).mean(axis=0) for day in days])
    roomy = np.logical_not(np.any(price > 0, axis=0) | np.any(over > 0, axis=0))
    return _Played(
        cost, 1 - missed / wanted if wanted else np.nan, over[-len(counted) :].mean(axis=0), roomy
    )


def _model_worths(
    problem: Problem, advice: Advice, stages: Sequence[int], sizes: Sequence[float]
) -> dict[tuple[int, float], float]:
    """What a unit of space is worth a day in the model [money/volume/period], by stage and size."""
    base = task_of(problem, advice, min(problem.horizon, MODEL_DAYS))
    today = reconcile(base)
    found: dict[tuple[int, float], float] = {}
    for stage in stages:
        for share in sizes:
            network = resized(base.scenario.network, "storage_capacity", {stage: share})
            task = replace(base, scenario=replace(base.scenario, network=network))
            answer = today if share == 1 else reconcile(task, today.basis)
            found[stage, share] = float(standing_prices(answer.storage_price)[0, stage])
    return found
