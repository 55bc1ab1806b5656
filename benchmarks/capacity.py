"""Scarce space: what capacity costs under the plan's rule, and under the simple rules.

Each world has 100 products of every kind, space for a share of what order-up-to needs, and futures
that every rule lives through: 60 days to settle, 20 to adapt, 90 counted. Rules that solve a model
every day or two live through the first future only. Space is stated
relative to what must flow, C = floor + tightness (q95 - floor): an upstream stage that ships only
what it held overnight always holds two days of flow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from time import perf_counter

import numpy as np
from scipy.special import stdtrit

from benchmarks.results import Result, Row, result_of
from brain.advice import Advisor, advisor_of
from data.demand import law, sample_paths, seasonal_mean
from data.forecast import Forecast
from data.network import Network, Stage
from data.outlook import Outlook, outlook_of
from data.product import make_products
from data.scenario import Scenario
from data.stock import StockState, empty_stock
from envs.accounting import rates_of
from envs.dynamics import State, opening_state
from envs.policies import Policy, SafetyStockRule
from envs.simulator import Period, play
from envs.world import world_of
from planner.lookahead import LookAhead
from planner.problem import DAYS_AHEAD
from planner.rolling import Levels, ModelPrices, OptimiserOnly, WeeklyPrices
from planner.rules import Asked, ClosedForm, ScaledFactors, textbook_factors

WORLDS = 3
PRODUCTS = 100
SETTLE, ADAPT, COUNTED = 60, 20, 90
CALIBRATION = 2
"""Futures on which the unlimited rule's need for space is measured."""
OVERFLOW_PRICE = 5.0
"""Of a unit of volume and day beyond the capacity; holding is .2 to 5 per unit of volume."""
LOOK_AHEAD = 14
SEED = 7
"""Of the futures that prices are looked up on."""
FUTURES = 4
REFERENCE = "brain order-up-to, unlimited"
OURS, LEVELS = "ours", "ours, model re-solved daily"
FORMULA = "ours, prices answered by the formula"
UNLIMITED = "brain, capacity ignored"
DUALS = "ours, prices from the model's duals"
OPTIMISER = "optimiser only"
SOLVING = (LEVELS, DUALS, OPTIMISER)


@dataclass(frozen=True)
class Trial:
    """One world on the day its capacities begin to bind.

    Attributes:
        scenario: products and forecast; its network has no limits yet.
        outlook: the forecast.
        advisor: the brains.
        state: after settling, P paths.
        future: demand from then on (P, T, K) [unit].
        floor: space that the flow alone takes (M,) [volume].
        q95: space that order-up-to needs on 95 of 100 days (M,) [volume].
    """

    scenario: Scenario
    outlook: Outlook
    advisor: Advisor
    state: State
    future: np.ndarray
    floor: np.ndarray
    q95: np.ndarray

    def capacity(self, tightness: float) -> np.ndarray:
        """Space per stage (M,) [volume]; infinite tightness means no limit."""
        if np.isinf(tightness):
            return np.full(len(self.floor), np.inf)
        return self.floor + tightness * (self.q95 - self.floor)

    def limited(self, tightness: float) -> Scenario:
        """The scenario with its capacities."""
        stages = tuple(
            replace(
                stage,
                storage_capacity=float(space),
                overflow_price=OVERFLOW_PRICE if np.isfinite(space) else 0.0,
            )
            for stage, space in zip(
                self.scenario.network.stages, self.capacity(tightness), strict=True
            )
        )
        return replace(self.scenario, network=Network(stages))


def sample_scenario(rng: np.random.Generator, products: int = PRODUCTS) -> Scenario:
    """Products of every kind, in natural units: mean demand 1, holding 1 at the shelf."""
    days = SETTLE + ADAPT + COUNTED
    mean = seasonal_mean(
        np.arange(days),
        rng.uniform(0, 0.4, products),
        rng.random(products),
        rng.uniform(0, 0.5, products),
        rng.random(products),
    )
    cv = 0.1 * 8 ** rng.random(products)
    autocorrelation = np.where(rng.random(products) < 0.5, 0, rng.uniform(0, 0.6, products))
    made = make_products(
        missed_sale_cost=10 ** rng.uniform(1, 3, products),
        holding_cost=np.ones(products),
        lead_time=rng.integers(1, 10, (3, products)),
        volume=0.2 * 25 ** rng.random(products),
        lot_size=np.zeros(products),
        maximum_order=rng.uniform(1.5, 5, products),
        error_autocorrelation=autocorrelation,
    )
    chain = (("shelf", 1.0), ("regional", 0.7), ("central", 0.35))
    network = Network(tuple(Stage(name, 1, share) for name, share in chain))
    forecast = Forecast(date(2027, 1, 4), mean, mean * cv)
    return Scenario(network, made, forecast, empty_stock(3, products))


def sample_trial(seed: int, products: int = PRODUCTS) -> Trial:
    """A world, settled, and what the unlimited rule needs on other futures."""
    rng = np.random.default_rng(seed)
    scenario = sample_scenario(rng, products)
    scenario = replace(scenario, stock=_flowing(scenario))
    outlook = outlook_of(scenario, SETTLE + ADAPT + COUNTED + DAYS_AHEAD)
    advisor = advisor_of(scenario, outlook)
    mean, std = scenario.forecast.mean, scenario.forecast.std
    futures = sample_paths(
        law(scenario.law)(mean, std),
        rng,
        FUTURES + CALIBRATION,
        scenario.products.error_autocorrelation,
    )
    world, rates = world_of(scenario), rates_of(scenario)
    rule = SafetyStockRule(outlook, advisor)
    opening = opening_state(scenario.stock, world, FUTURES + CALIBRATION)
    periods = list(play(world, rates, opening, rule, futures, outlook))
    used = np.stack([p.costs.occupancy[FUTURES:] for p in periods[SETTLE + ADAPT :]])
    settled = periods[SETTLE - 1].after
    flow = float(mean[SETTLE + ADAPT :].mean(axis=0) @ scenario.products.volume)
    return Trial(
        scenario,
        outlook,
        advisor,
        first_paths(settled, FUTURES),
        futures[:FUTURES, SETTLE:],
        flow * np.array([1.0, 2.0, 2.0]),
        np.quantile(used.reshape(-1, used.shape[-1]), 0.95, axis=0),
    )


def rules(trial: Trial, scenario: Scenario) -> dict[str, Callable[[], Policy]]:
    """Every rule that is compared, made anew for every run."""
    outlook, advisor = trial.outlook, trial.advisor
    asked = Asked(advisor, scenario, outlook)
    formula = ClosedForm(advisor, scenario, outlook)
    textbook = textbook_factors(scenario)
    look_ahead = LookAhead(
        scenario, outlook, world_of(scenario), rates_of(scenario), lambda policy: policy, SEED
    )
    return {
        OURS: lambda: WeeklyPrices(outlook, asked, look_ahead.prices),
        FORMULA: lambda: WeeklyPrices(outlook, formula, look_ahead.prices),
        DUALS: lambda: WeeklyPrices(outlook, asked, ModelPrices(scenario, outlook, LOOK_AHEAD)),
        LEVELS: lambda: Levels(scenario, outlook, advisor, LOOK_AHEAD),
        "brain, scaled to fit": lambda: SafetyStockRule(
            outlook, ScaledFactors(advisor, scenario, outlook)
        ),
        "textbook, scaled to fit": lambda: SafetyStockRule(
            outlook, ScaledFactors(textbook, scenario, outlook)
        ),
        UNLIMITED: lambda: SafetyStockRule(outlook, advisor),
        OPTIMISER: lambda: OptimiserOnly(scenario, outlook, LOOK_AHEAD),
    }


def first_paths(state: State, paths: int) -> State:
    """The first paths of a state."""
    parts = (state.on_hand, state.pipeline, state.backorders, state.owed)
    return State(state.period, *(part[:paths] for part in parts))


def cost_per_day(trial: Trial, scenario: Scenario, policy: Policy, paths: int) -> np.ndarray:
    """Mean cost of a counted day on each of the first paths (P,) [money/day]."""
    periods = play(
        world_of(scenario),
        rates_of(scenario),
        first_paths(trial.state, paths),
        policy,
        trial.future[:paths],
        trial.outlook,
    )
    return np.mean([_day(period) for period in periods][ADAPT:], axis=0)


def _day(period: Period) -> np.ndarray:
    """The cost of one day per path (P,) [money]."""
    costs = period.costs
    return costs.holding.sum(axis=1) + costs.shortage.sum(axis=1) + costs.overflow.sum(axis=1)


def run(quick: bool, seed: int) -> Result:
    """Cost over that of order-up-to without limits, and what each rule costs beyond ours."""
    began = perf_counter()
    products = 40 if quick else PRODUCTS
    cases = {"tg=0.6": 0.6, "tg=0.8": 0.8, "tg=unlimited": np.inf}
    found: dict[tuple[str, str], list[np.ndarray]] = {}
    for number in range(1 if quick else WORLDS):
        trial = sample_trial(seed + number, products)
        unlimited = SafetyStockRule(trial.outlook, trial.advisor)
        free = cost_per_day(trial, trial.scenario, unlimited, FUTURES)
        for case, tightness in cases.items():
            scenario = trial.limited(tightness)
            for name, policy in rules(trial, scenario).items():
                paths = 1 if name in SOLVING else FUTURES
                cost = cost_per_day(trial, scenario, policy(), paths)
                found.setdefault((case, name), []).append(cost / free[:paths])
    rows = [
        row
        for case in cases
        for row in _rows(case, {n: v for (c, n), v in found.items() if c == case})
    ]
    return result_of("capacity", rows, seed, perf_counter() - began, quick)


def _rows(case: str, found: dict[str, list[np.ndarray]]) -> list[Row]:
    """What every rule costs in one case, and what it costs beyond ours on the same futures."""
    rows = []
    for name, ratios in found.items():
        pooled = np.concatenate(ratios)
        beyond = pooled - np.concatenate(
            [ours[: len(theirs)] for ours, theirs in zip(found[OURS], ratios, strict=True)]
        )
        for suffix, values in (("", pooled), ("/beyond ours", beyond)):
            value, low, high = _interval(values)
            ratio = value if not suffix else None
            rows.append(
                Row(case + suffix, name, value, low, high, "x", REFERENCE, ratio, len(values))
            )
    return [row for row in rows if not (row.policy == OURS and row.case.endswith("ours"))]


def _interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and its 95 % interval by Student's t, worlds and futures taken as independent."""
    mean = float(values.mean())
    if len(values) < 2 or not values.std():
        return mean, mean, mean
    half = float(stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / np.sqrt(len(values)))
    return mean, mean - half, mean + half


def _flowing(scenario: Scenario) -> StockState:
    """A chain in motion: pipelines full of mean demand, stock for a few days."""
    mean = scenario.forecast.scale
    lead_time = scenario.products.lead_time
    under_way = np.arange(int(lead_time.max())) < lead_time[..., None]
    on_hand = mean * np.array([4.0, 3.0, 3.0])[:, None]
    return StockState(on_hand, np.where(under_way, mean[:, None], 0.0), np.zeros(len(mean)))
