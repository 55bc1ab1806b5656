"""One world on the day its capacities begin to bind: products, futures, and what space they need.

Space is stated relative to what must flow, C = floor + tightness (q95 - floor): an upstream stage
that ships only what it held overnight always holds two days of flow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from benchmarks.capacity.cell import Cell, Kind
from benchmarks.capacity.days import days
from brain.advice import Advisor, advisor_of
from data.demand import law, sample_paths, seasonal_mean
from data.forecast import Forecast
from data.network import Network, Stage
from data.product import make_products
from data.scenario import Scenario
from data.stock import StockState, empty_stock
from envs.accounting import rates_of
from envs.policies import Policy, SafetyStockRule, Situation
from planner.problem import Problem, problem_of
from planner.situations import on_paths

SETTLE, ADAPT, COUNTED = 60, 20, 90
"""Days to settle without limits, to adapt to them, and those that count [period]."""
FUTURES = 4
"""That every rule lives through."""
CALIBRATION = 4
"""Others, on which need for space is measured and rules may be tuned."""
OVERFLOW_PRICE = 5.0
"""Of a unit of volume and day beyond the capacity; holding is .2 to 5 per unit of volume."""
CHAIN = (("shelf", 1.0), ("regional", 0.7), ("central", 0.35))
PASSES = np.array([1.0, 2.0, 2.0])
"""Days of flow that a stage always holds [period]."""
MEAN_WRONG = np.array([2 / 3, 4 / 3])
DEVIATION_WRONG = np.array([0.67, 1.5])
"""By what factor a product's mean and standard deviation may be forecast wrong [1]."""


@dataclass(frozen=True)
class Lives:
    """Futures and where they start from.

    Attributes:
        start: after settling, P paths.
        demand: from then on (P, T, K) [unit].
    """

    start: Situation
    demand: np.ndarray

    def first(self, paths: int) -> Lives:
        """The first of them."""
        return Lives(on_paths(self.start, slice(paths)), self.demand[:paths])


@dataclass(frozen=True)
class Trial:
    """One world.

    Attributes:
        problem: products and forecast; its network has no limits.
        advisor: the brains.
        tested: the futures that are reported.
        calibrated: the futures that rules may be tuned on.
        floor: space that the flow alone takes (M,) [volume].
        q95: space that order-up-to needs on 95 of 100 days (M,) [volume].
    """

    problem: Problem
    advisor: Advisor
    tested: Lives
    calibrated: Lives
    floor: np.ndarray
    q95: np.ndarray

    def capacity(self, tightness: float) -> np.ndarray:
        """Space per stage (M,) [volume]; infinite tightness means no limit."""
        if np.isinf(tightness):
            return np.full(len(self.floor), np.inf)
        return self.floor + tightness * (self.q95 - self.floor)

    def limited(self, cell: Cell) -> Problem:
        """The problem with the capacities of a cell."""
        space, problem = self.capacity(cell.tightness), self.problem
        if np.isinf(cell.tightness):
            return problem
        stages = tuple(
            replace(stage, storage_capacity=float(room), overflow_price=OVERFLOW_PRICE)
            for stage, room in zip(problem.scenario.network.stages, space, strict=True)
        )
        scenario = replace(problem.scenario, network=Network(stages))
        return replace(problem, scenario=scenario, rates=rates_of(scenario))

    def cost(
        self, problem: Problem, policy: Policy, lives: Lives, refuses: np.ndarray | None = None
    ) -> np.ndarray:
        """Mean cost of a counted day on each future (P,) [money/day].

        Args:
            problem: the limits that are charged for.
            policy: what orders, brought to whole lots here.
            lives: futures.
            refuses: space beyond which arrivals wait outside (M,) [volume], if they do.
        """
        start = replace(lives.start, world=replace(problem.world, refuses=refuses))
        lived = days(start, problem.in_lots(policy), lives.demand, problem.outlook, problem.rates)
        return np.mean([day.cost(problem.rates) for day in lived][ADAPT:], axis=0)


def sample_trial(seed: int, kind: Kind, paths: int = FUTURES) -> Trial:
    """A world, settled, and what the unlimited rule needs on other futures."""
    rng = np.random.default_rng(seed)
    truth = sample_scenario(rng, kind)
    problem = problem_of(_forecast(truth, rng, kind), SETTLE + ADAPT + COUNTED)
    advisor = advisor_of(problem.scenario, problem.outlook)
    futures = sample_paths(
        law(truth.law)(truth.forecast.mean, truth.forecast.std),
        rng,
        paths + CALIBRATION,
        truth.products.error_autocorrelation,
    )
    rule = problem.in_lots(SafetyStockRule(problem.outlook, advisor))
    opening = problem.situation(len(futures))
    lived = list(days(opening, rule, futures, problem.outlook, problem.rates))
    settled = lived[SETTLE - 1].after
    used = np.stack([day.used(problem.rates)[paths:] for day in lived[SETTLE + ADAPT :]], axis=1)
    flow = float(truth.forecast.mean[SETTLE + ADAPT :].mean(axis=0) @ truth.products.volume)
    return Trial(
        problem,
        advisor,
        Lives(on_paths(settled, slice(paths)), futures[:paths, SETTLE:]),
        Lives(on_paths(settled, slice(paths, None)), futures[paths:, SETTLE:]),
        flow * PASSES,
        np.quantile(used.reshape(-1, used.shape[-1]), 0.95, axis=0),
    )


def sample_scenario(rng: np.random.Generator, kind: Kind) -> Scenario:
    """Products of every kind, in natural units: mean demand 1, holding 1 at the shelf."""
    products = kind.products
    alike = 1 if kind.common_season else products
    weekly, yearly = (np.broadcast_to(rng.random(alike), products) for _ in range(2))
    mean = seasonal_mean(
        np.arange(SETTLE + ADAPT + COUNTED),
        rng.uniform(0, 0.4, products),
        weekly,
        rng.uniform(0, 0.5, products),
        yearly,
    )
    cv = 0.1 * 8 ** rng.random(products)
    autocorrelation = np.where(rng.random(products) < 0.5, 0, rng.uniform(0, 0.6, products))
    largest = rng.uniform(1.5, 5, products)
    lot = rng.uniform(0.3, 2, products) if kind.lots else np.zeros(products)
    made = make_products(
        missed_sale_cost=10 ** rng.uniform(1, 3, products),
        holding_cost=np.ones(products),
        lead_time=rng.integers(1, 10, (3, products)),
        volume=0.2 * 25 ** rng.random(products),
        lot_size=lot,
        maximum_order=np.ceil(largest / lot) * lot if kind.lots else largest,
        error_autocorrelation=autocorrelation,
    )
    network = Network(tuple(Stage(name, 1, share) for name, share in CHAIN))
    forecast = Forecast(date(2027, 1, 4), mean, mean * cv)
    scenario = Scenario(network, made, forecast, empty_stock(len(CHAIN), products))
    return replace(scenario, stock=_flowing(scenario))


def _forecast(truth: Scenario, rng: np.random.Generator, kind: Kind) -> Scenario:
    """What planners are told of the truth."""
    if not kind.wrong_forecast:
        return truth
    mean, deviation = (
        rng.choice(factors, kind.products) for factors in (MEAN_WRONG, DEVIATION_WRONG)
    )
    told = truth.forecast
    return replace(truth, forecast=Forecast(told.start, told.mean * mean, told.std * deviation))


def _flowing(scenario: Scenario) -> StockState:
    """A chain in motion: pipelines full of mean demand, stock for a few days; all in whole lots."""
    mean = scenario.forecast.scale
    lead_time, lot = scenario.products.lead_time, scenario.products.lot_size
    under_way = np.arange(int(lead_time.max())) < lead_time[..., None]
    shipped = np.cumsum(np.where(under_way, mean[:, None], 0.0), axis=-1)
    whole = _whole(shipped, lot[:, None])
    pipeline = np.diff(whole, prepend=0.0, axis=-1)
    on_hand = _whole(mean * np.array([4.0, 3.0, 3.0])[:, None], lot)
    return StockState(on_hand, pipeline, np.zeros(len(mean)))


def _whole(units: np.ndarray, lot: np.ndarray) -> np.ndarray:
    """Units in the nearest whole number of lots; as they are where there are none."""
    size = np.where(lot > 0, lot, 1)
    return np.where(lot > 0, np.round(units / size) * size, units)
