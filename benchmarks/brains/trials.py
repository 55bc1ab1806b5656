"""What is compared on what: cases of held-out products, and the policies that meet in them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.brains.students import Students
from brain.advice import Advisor, Panel
from brain.constants import Search, tuned_constants
from brain.evaluation import (
    CLASS,
    SHELF_ONLY,
    TEXTBOOK,
    TUNED,
    live_through,
    rivals_of,
)
from brain.fallback import theory_factors
from brain.lanes import SINGLE, Lanes, imagine
from brain.lesson import FamilyLesson, at_price
from brain.likes import shapes_of
from brain.population import Population, Purpose, SampledProducts, stream
from envs.observation import Traits
from envs.policies import SafetyFactors, Situation
from milp.prices import Shelf, priced_safety_factor

PPO, CLASSES, FAMILY, OURS = "ppo", "hindsight, class brains", "hindsight, family brain", "ours"
ASKED, CLOSED_FORM = "ours, asked at the price", "closed form on the best unpriced brain"


@dataclass(frozen=True)
class Size:
    """How large the benchmark is.

    Attributes:
        products, paths, periods: held-out products per case, futures of each, days.
        priced: products charged for their space.
        search: how long each product's own constants are tuned, on as many futures.
    """

    products: int = 96
    paths: int = 12
    periods: int = 365
    priced: int = 600
    search: Search = field(
        default_factory=lambda: Search(generations=16, candidates=16, periods=300)
    )


@dataclass(frozen=True)
class Case:
    """Held-out products of one kind.

    Attributes:
        name: of the case.
        cost_ratio: of the products [1].
        population: their ranges.
        tunes: whether constants are tuned for each product, which takes long.
    """

    name: str
    cost_ratio: float
    population: Population
    tunes: bool = False


def cases() -> list[Case]:
    """All of them; the plain ones first."""
    plain = Population().plain
    ratios = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
    found = [Case(f"r={ratio:g}", ratio, plain, tunes=True) for ratio in ratios]
    lumpy = replace(plain, cv=(1.2, 2.5), intermittent_share=0.7, count_share=0.3)
    odd = {
        "lumpy": lumpy,
        "sigma is half": replace(plain, wrong_share=1.0, misstated=(0.5, 0.5), bias=(1.0, 1.0)),
        "sigma is double": replace(
            plain, cv=(0.1, 1.25), wrong_share=1.0, misstated=(2.0, 2.0), bias=(1.0, 1.0)
        ),
        "mean 20 % low": replace(plain, wrong_share=1.0, misstated=(1.0, 1.0), bias=(1.25, 1.25)),
        "lead times vary": replace(plain, varying_share=1.0),
        "customers wait": replace(plain, backordered_share=1.0),
    }
    for name, population in odd.items():
        found += [Case(f"{name}/r={r:g}", r, population) for r in (10.0, 100.0, 1000.0)]
    return found


@dataclass(frozen=True)
class Costs:
    """What every policy cost in a case, product by product.

    Attributes:
        simple: policies that nobody trained, each (K,) [money/period].
        learnt: trained ones, a row per seed (S, K) [money/period].
        fill_rate: units served at once / demanded, seeds averaged [1].
    """

    simple: dict[str, np.ndarray]
    learnt: dict[str, np.ndarray]
    fill_rate: dict[str, float]


def costs_of(case: Case, group: list[Students], seed: int, number: int, size: Size) -> Costs:
    """All policies on the same products and futures, which nothing was trained or chosen on."""
    rng = stream(seed, Purpose.BENCHMARK, number)
    products = case.population.sample(rng, size.products, case.cost_ratio)
    lanes = imagine(rng, products, size.paths, size.periods)
    tuned = None
    if case.tunes:
        tuning = stream(seed, Purpose.BENCHMARK, number, 1)
        rehearsal = imagine(tuning, products, size.paths, size.search.periods)
        tuned = tuned_constants(rehearsal, tuning, size.search)
    nearest = min(
        group[0].panel.classes, key=lambda b: abs(np.log(b.card.cost_ratio / case.cost_ratio))
    )
    simple = {
        name: live_through(lanes, factors)
        for name, factors in rivals_of(nearest, products, tuned).items()
    }
    learnt = {
        name: [live_through(lanes, factors) for factors in every]
        for name, every in _learnt(lanes, group).items()
    }
    return Costs(
        {name: outcome.cost for name, outcome in simple.items()},
        {name: np.stack([o.cost for o in outcomes]) for name, outcomes in learnt.items()},
        {name: outcome.fill_rate for name, outcome in simple.items()}
        | {name: float(np.mean([o.fill_rate for o in os])) for name, os in learnt.items()},
    )


def _learnt(lanes: Lanes, group: list[Students]) -> dict[str, list[SafetyFactors]]:
    ratio = float(lanes.products.cost_ratio[0])
    classes = [brain.card.cost_ratio for brain in group[0].panel.classes]
    found: dict[str, list[SafetyFactors]] = {}
    if classes[0] <= ratio <= classes[-1]:
        found[PPO] = [advisor_on(lanes, Panel(one.ppo, None)) for one in group if one.ppo]
        found[CLASSES] = [advisor_on(lanes, Panel(one.panel.classes, None)) for one in group]
    found[FAMILY] = [advisor_on(lanes, Panel((), one.panel.family)) for one in group]
    found[OURS] = [advisor_on(lanes, one.panel) for one in group]
    return found


def advisor_on(lanes: Lanes, panel: Panel, traits: Traits | None = None) -> Advisor:
    """The advice of a panel for sampled products, all of them taken to be within its scope."""
    products, outlook = lanes.products, lanes.outlook
    traits = traits or products.traits
    theory = theory_factors(
        outlook.typical,
        traits.holding_share,
        traits.cost_ratio,
        outlook.protection_interval[0],
        products.backordered,
    )
    shape = shapes_of(products.cv, products.backordered)
    by_family = panel.prefers_family(traits.cost_ratio.astype(float), shape)
    reason = np.full(len(products), "", object)
    return Advisor(panel, outlook, traits, theory.astype(SINGLE), reason, by_family)


@dataclass(frozen=True)
class PricedCosts:
    """What products cost whose space is charged for at constant prices.

    Attributes:
        price: of a unit's space, dearest stage / holding cost at the shelf (K,) [1].
        cost: by policy, a row per seed (S, K), holding, missed sales and space [money/period].
    """

    price: np.ndarray
    cost: dict[str, np.ndarray]


def priced_costs(group: list[Students], seed: int, size: Size) -> PricedCosts:
    """The family asked at the price, beside the closed form on what planners ask unpriced."""
    rng = stream(seed, Purpose.BENCHMARK, 1000)
    lesson = replace(FamilyLesson(Population().plain), cost_ratio=(10.0, 1000.0), free_share=1 / 3)
    unpriced, price = lesson.priced(rng, size.priced)
    lanes = imagine(rng, at_price(unpriced, price), max(size.paths // 4, 1), size.periods)
    money = 1 + price[0]
    cost: dict[str, list[np.ndarray]] = {ASKED: [], CLOSED_FORM: []}
    for one in group:
        free = advisor_on(lanes, one.panel, unpriced.traits)
        asked = _Asked(free, price)
        closed = _ClosedForm(free, lanes, unpriced, price)
        cost[ASKED].append(live_through(lanes, asked).cost * money)
        cost[CLOSED_FORM].append(live_through(lanes, closed).cost * money)
    return PricedCosts(price.max(axis=0), {name: np.stack(rows) for name, rows in cost.items()})


@dataclass(frozen=True)
class _Asked:
    """The advisor, asked at a price that never changes."""

    advisor: Advisor
    price: np.ndarray

    def __call__(self, situation: Situation) -> np.ndarray:
        return self.advisor.at(situation, self.price)


@dataclass(frozen=True)
class _ClosedForm:
    """Advice as if space were free, moved by the newsvendor's condition at the price."""

    free: SafetyFactors
    lanes: Lanes
    unpriced: SampledProducts
    price: np.ndarray

    def __call__(self, situation: Situation) -> np.ndarray:
        windows = self.lanes.outlook.windows(situation.state.period)
        return priced_safety_factor(
            np.asarray(self.free(situation), float),
            1 + self.price / self.unpriced.holding_share,
            self.unpriced.cost_ratio,
            Shelf(windows.mean[0], windows.std[0]),
        )


SIMPLE = (TEXTBOOK, SHELF_ONLY, CLASS, TUNED)
