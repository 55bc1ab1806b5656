"""How good a brain is: held-out products, common futures, rivals tuned as hard as it was.

Costs here are the money as it happened, charged by `envs.accounting`; nothing is replaced by its
expectation. Products, futures and those on which the rivals are tuned have random numbers of their
own, shared with no training.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from brain.bootstrap import interval, redrawn
from brain.brain import Brain, LearntFactors
from brain.card import Score
from brain.constants import OPENING_Z, WARM_UP, Search, tuned_constants
from brain.lanes import SINGLE, Lanes, imagine
from brain.lesson import Lesson
from brain.population import Purpose, SampledProducts, stream
from brain.trial import constants_of
from envs.policies import SafetyFactors, SafetyStockRule, constant
from envs.simulator import play
from envs.theory import safety_factor

TEXTBOOK, SHELF_ONLY = "textbook, all stages", "textbook, shelf only"
CLASS, TUNED, OURS = "class constants", "constants tuned per product", "ours"


@dataclass(frozen=True)
class Examination:
    """The size of an evaluation.

    Attributes:
        products, paths, periods: held-out products, futures of each, their length [period].
        tuning_paths: futures on which each product's own constants are tuned.
        search: how long they are tuned.
        draws: bootstrap samples.
    """

    products: int = 96
    paths: int = 16
    periods: int = 365
    tuning_paths: int = 16
    search: Search = field(
        default_factory=lambda: Search(generations=16, candidates=16, periods=300)
    )
    draws: int = 4000


@dataclass(frozen=True)
class Outcome:
    """What one policy cost and served.

    Attributes:
        cost: mean per product after the warm-up (K,) [money/period].
        fill_rate: units served at once / demanded, after the warm-up [1].
    """

    cost: np.ndarray
    fill_rate: float


def evaluate(
    brain: Brain, lesson: Lesson, seed: int, examination: Examination | None = None
) -> tuple[Score, ...]:
    """The brain, asked daily, beside every baseline, on products and futures it never saw.

    Args:
        brain: the brain.
        lesson: what it was taught; it is examined on such products, nothing out of the ordinary
            about them.
        seed: of products, futures, tuning and bootstrap.
        examination: how large; at full size if not given.
    """
    examination = examination or Examination()
    rng = stream(seed, Purpose.HELD_OUT)
    products = lesson.plain.sample(rng, examination.products)
    lanes = imagine(rng, products, examination.paths, examination.periods)
    tuning_rng = stream(seed, Purpose.TUNING)
    rehearsal = imagine(tuning_rng, products, examination.tuning_paths, examination.search.periods)
    tuned = tuned_constants(rehearsal, tuning_rng, examination.search)
    rivals = rivals_of(brain, products, tuned) | {
        OURS: LearntFactors(brain, lanes.outlook, products.traits)
    }
    outcomes = {name: live_through(lanes, factors) for name, factors in rivals.items()}
    return _compare(outcomes, rng, examination.draws)


def rivals_of(
    brain: Brain, products: SampledProducts, tuned: np.ndarray | None = None
) -> dict[str, SafetyFactors]:
    """The baselines by name: two textbooks, the constants of the class, those of each product."""
    z = safety_factor(products.cost_ratio)
    none = np.zeros_like(z)
    rest = products.stages - 1
    vectors = {
        TEXTBOOK: np.stack([z] * products.stages),
        SHELF_ONLY: np.stack([z, *[none] * rest]),
        CLASS: constants_of(brain.card.centre, products),
    }
    if tuned is not None:
        vectors[TUNED] = tuned
    return {name: constant(vector.astype(SINGLE)) for name, vector in vectors.items()}


def live_through(lanes: Lanes, factors: SafetyFactors) -> Outcome:
    """What the safety factors cost and served over all futures of `lanes`."""
    products = lanes.products
    rule = SafetyStockRule(lanes.outlook, factors)
    opening = lanes.opening(OPENING_Z, len(lanes.demand))
    cost, served, wanted = np.zeros(len(products)), 0.0, 0.0
    days = play(lanes.world, products.rates, opening, rule, lanes.demand, lanes.outlook)
    for day in days:
        if day.before.period < WARM_UP:
            continue
        cost += (day.costs.holding + day.costs.shortage).mean(axis=0)
        served += float(day.flows.served.sum(dtype=np.float64))
        wanted += float(day.flows.demand.sum(dtype=np.float64))
    return Outcome(cost / (lanes.periods - WARM_UP), served / wanted)


def _compare(
    outcomes: dict[str, Outcome], rng: np.random.Generator, draws: int
) -> tuple[Score, ...]:
    ours, tuned = outcomes[OURS].cost, outcomes[TUNED].cost
    samples = redrawn(rng, len(ours), draws)
    scores = []
    for name, outcome in outcomes.items():
        ratio, low, high = interval(outcome.cost / tuned, samples)
        saving, saving_low, saving_high = interval(1 - ours / outcome.cost, samples)
        scores.append(
            Score(name, ratio, low, high, saving, saving_low, saving_high, outcome.fill_rate)
        )
    return tuple(scores)
