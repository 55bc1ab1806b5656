"""What-if scenarios side by side: each is advised, planned and played on the same futures.

The futures share their random numbers: day by day and product by product, demand lies at the same
quantile of every scenario's forecast. So what differs between two scenarios is the scenario.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from brain.brain import Brain
from data.catalogue import read_scenario
from data.demand import autocorrelated_normals, law
from data.engine import Engine
from envs.metrics import CONFIDENCE, Estimate, Kpis, estimate, share
from planner.changes import Effect
from planner.config import PlanConfig
from planner.intake import Intake, intake_of
from planner.orders import NOTHING
from planner.pipeline import Clock, brains_of, crew_of, decide, pose
from planner.planning import Planned
from planner.problem import Problem
from planner.replay import OURS, futures_of, policies_of, replay
from planner.soundness import UnsoundError
from planner.what_if import BASE, Asked

MONEY, UNITS, SHARE, LINES = "money", "unit", "1", "lines"
"""Units of the figures."""


@dataclass(frozen=True)
class Trial:
    """One scenario, planned and played.

    Attributes:
        name, description: of the scenario.
        effects: what its changes came to; none of the base.
        problem: what was planned.
        planned: the plan.
        happened: what came of it on the futures.
    """

    name: str
    description: str
    effects: tuple[Effect, ...]
    problem: Problem
    planned: Planned
    happened: Kpis

    @property
    def purchases(self) -> np.ndarray:
        """Units that the plan buys from the source (K,) [unit]."""
        return np.asarray(self.planned.plan.shipments[:, -1].sum(axis=0))

    @property
    def product_cost(self) -> np.ndarray:
        """Holding and missed sales per future and product (P, K) [money]."""
        costs = self.happened.costs
        return np.asarray(costs.holding + costs.shortage)


@dataclass(frozen=True)
class WhatIfStudy:
    """The base and the scenarios, and how they were looked at.

    Attributes:
        trials: the base first.
        config: how they were planned.
        skipped: reason per product that no scenario plans, by unique_id.
        assumed: what was not given and what stands in for it.
    """

    trials: tuple[Trial, ...]
    config: PlanConfig
    skipped: dict[str, str]
    assumed: tuple[str, ...]

    @property
    def base(self) -> Trial:
        """The tables as they are."""
        return self.trials[0]

    @property
    def futures(self) -> int:
        """How many each was played on."""
        return len(self.base.happened.demanded)


@dataclass(frozen=True)
class Figure:
    """One figure of one scenario.

    Attributes:
        name: in words.
        stage: it is of; empty where it is of all.
        unit: of the values.
        value: with its interval over futures; NaN bounds where it is not sampled.
        difference: to the base on the same futures; None of the base itself.
    """

    name: str
    stage: str
    unit: str
    value: Estimate
    difference: Estimate | None


@dataclass(frozen=True)
class ProductChange:
    """How much one product differs from the base.

    Attributes:
        unique_id, name: the product.
        cost: holding and missed sales in the base [money].
        difference: of that cost, future by future [money].
        bought: units bought from the source in the base [unit].
        bought_more: than in the base [unit].
    """

    unique_id: str
    name: str
    cost: float
    difference: Estimate
    bought: float
    bought_more: float


def study(
    config: PlanConfig, asked: Sequence[Asked], tell: Callable[[str], None] = lambda step: None
) -> WhatIfStudy:
    """The scenarios beside the base; `tell` hears what is being worked on.

    A product whose numbers cannot be true in one of them is left out of all.

    Raises:
        PlannerError: the tables, the options or a scenario cannot be used.
    """
    tell("read")
    reading = read_scenario(config.forecast, config.tables)
    intakes = [intake_of(config, reading), *(intake_of(config, reading, [one]) for one in asked)]
    names = [BASE, *(one.what_if.name for one in asked)]
    brains = brains_of(config)
    described = [""] + [one.what_if.description for one in asked]
    with crew_of(config) as engine:
        while True:
            try:
                trials = [
                    _tried(config, (name, said, intake), brains, engine, tell)
                    for name, said, intake in zip(names, described, intakes, strict=True)
                ]
                break
            except UnsoundError as found:
                intakes = [intake.without(found.reasons) for intake in intakes]
    reading = intakes[0].reading
    return WhatIfStudy(tuple(trials), config, reading.skipped, reading.assumed)


def _tried(
    config: PlanConfig,
    told: tuple[str, str, Intake],
    brains: Sequence[Brain],
    engine: Engine,
    tell: Callable[[str], None],
) -> Trial:
    name, description, intake = told
    posed = pose(config, intake)
    problem = posed.problem
    decision = decide(config, posed, brains, engine, Clock(lambda step: tell(f"{name}: {step}")))
    tell(f"{name}: replay")
    policies = policies_of(problem, decision.advice, decision.planned, config.replay)
    demand = same_futures(problem, config.paths or futures_of(problem), config.seed)
    happened = replay(problem, {OURS: policies[OURS]}, demand)[OURS]
    effects = intake.effects.get(name, ())
    return Trial(name, description, effects, problem, decision.planned, happened)


def same_futures(problem: Problem, paths: int, seed: int) -> np.ndarray:
    """Futures (P, T, K) [unit] whose random numbers do not depend on the forecast.

    Demand is the law's quantile of the same standard normal errors, whatever mean and standard
    deviation are (inverse transform; Law 2015, Simulation Modeling and Analysis, section 11.2).
    """
    mean, std = problem.outlook.mean[: problem.horizon], problem.outlook.std[: problem.horizon]
    shape = (paths, *mean.shape)
    correlation = problem.scenario.products.error_autocorrelation
    errors = autocorrelated_normals(np.random.default_rng(seed), shape, correlation)
    return np.maximum(law(problem.scenario.law)(mean, std).from_errors(errors), 0.0)


def figures(trial: Trial, base: Trial) -> Iterator[Figure]:
    """What a scenario came to, beside the base."""
    own = trial is base
    for name, unit, value, difference in (*_money(trial, base), *_service(trial, base)):
        yield Figure(name, "", unit, value, None if own else difference)
    for name, unit, here, there in zip(
        ("purchases", "purchases at cost", "purchase lines"),
        (UNITS, MONEY, LINES),
        _bought(trial),
        _bought(base),
        strict=True,
    ):
        yield Figure(name, "", unit, _sure(here), None if own else _sure(here - there))
    for m, stage in enumerate(trial.problem.scenario.network.names):
        for name, unit, here, there in zip(
            ("mean capacity use", "highest capacity use", "price of space", "price of supply"),
            (SHARE, SHARE, "money/volume/day", "money/volume"),
            _space(trial, m),
            _space(base, m),
            strict=True,
        ):
            yield Figure(name, stage, unit, _sure(here), None if own else _sure(here - there))


Row = tuple[str, str, Estimate, Estimate]


def _money(trial: Trial, base: Trial) -> Iterator[Row]:
    """Cost in all and by term, with differences future by future."""
    here, there = trial.happened, base.happened
    pairs = (
        ("cost", here.costs.per_path(), there.costs.per_path()),
        ("holding", here.costs.holding.sum(axis=1), there.costs.holding.sum(axis=1)),
        ("missed sales", here.costs.shortage.sum(axis=1), there.costs.shortage.sum(axis=1)),
        ("overflow", here.costs.overflow.sum(axis=1), there.costs.overflow.sum(axis=1)),
        ("capital tied up", here.stock_value, there.stock_value),
        ("capital on order", here.on_order_value, there.on_order_value),
    )
    for name, own, theirs in pairs:
        yield name, MONEY, estimate(own), estimate(own - theirs)


def _service(trial: Trial, base: Trial) -> Iterator[Row]:
    here, there = trial.happened, base.happened
    parts = [(kpis.served_at_once.sum(axis=1), kpis.demanded.sum(axis=1)) for kpis in (here, there)]
    yield "fill rate", SHARE, here.fill_rate(), difference_of_ratios(*parts)


def difference_of_ratios(
    here: tuple[np.ndarray, np.ndarray], there: tuple[np.ndarray, np.ndarray]
) -> Estimate:
    """The difference of two ratios of sums over the same paths, with its interval.

    Both are linearised around their values, as `envs.metrics.estimate` does for one (Cochran 1977,
    section 2.11), and the residuals subtracted path by path.

    Args:
        here, there: numerator and denominator by path, (P,) each.
    """
    ratios = [float(share(np.sum(top), np.sum(bottom))) for top, bottom in (here, there)]
    value, paths = ratios[0] - ratios[1], len(here[0])
    if paths < 2 or np.isnan(value):
        return Estimate(value, np.nan, np.nan)
    one, other = (
        (top - ratio * bottom) / np.mean(bottom)
        for ratio, (top, bottom) in zip(ratios, (here, there), strict=True)
    )
    spread = np.std(one - other, ddof=1) / np.sqrt(paths)
    half = float(stdtrit(paths - 1, 0.5 + CONFIDENCE / 2) * spread)
    return Estimate(value, value - half, value + half)


def _bought(trial: Trial) -> tuple[float, float, float]:
    """Units, money and lines that the plan buys from the source."""
    shipments, cost = trial.planned.plan.shipments[:, -1], trial.problem.scenario.products.unit_cost
    known = np.isfinite(cost)
    money = float(trial.purchases[known] @ cost[known]) if known.any() else np.nan
    return float(shipments.sum()), money, float((shipments > NOTHING).sum())


def _space(trial: Trial, stage: int) -> tuple[float, float, float, float]:
    """Use of space, mean and highest of the days, and mean prices of space and supply."""
    use = trial.happened.capacity_use[:, stage]
    prices = trial.planned.price[:, stage], trial.planned.supply_price[:, stage]
    return float(use.mean()), float(use.max()), float(prices[0].mean()), float(prices[1].mean())


def _sure(value: float) -> Estimate:
    """A figure of the plan itself, which no future changes."""
    return Estimate(value, np.nan, np.nan)


def product_changes(trial: Trial, base: Trial) -> list[ProductChange]:
    """How every product differs from the base, those whose cost changes most first."""
    products = trial.problem.scenario.products
    before, after = base.product_cost, trial.product_cost
    bought, more = base.purchases, trial.purchases - base.purchases
    difference = (after - before).mean(axis=0)
    order = np.lexsort((np.arange(len(difference)), -np.abs(difference)))
    return [
        ProductChange(
            str(products.unique_id[k]),
            str(products.name[k]),
            float(before[:, k].mean()),
            estimate(after[:, k] - before[:, k]),
            float(bought[k]),
            float(more[k]),
        )
        for k in order.tolist()
    ]
