"""Products of a kind: how a brain does on those like a given one, so that each gets the best.

The yardstick is theory (`brain.fallback`), which needs no training; a brain that does worse on a
kind of product than theory is not asked about it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from brain.brain import Brain, LearntFactors
from brain.card import Card, Like
from brain.evaluation import TEXTBOOK, live_through, rivals_of
from brain.fallback import theory_factors
from brain.lanes import SINGLE, Lanes, imagine
from brain.population import Population, Purpose, stream
from envs.policies import constant

SMOOTH, VARIABLE, LUMPY, WAITING = "smooth", "variable", "lumpy", "waiting"
SHAPES = (SMOOTH, VARIABLE, LUMPY, WAITING)
"""Of demand: by its daily forecast error, and apart from these where customers wait."""
VARIABLE_FROM, LUMPY_FROM = 0.5, 1.2
"""Daily forecast error / mean [1] from which demand is called variable, and lumpy."""
FAMILY_RATIOS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
"""Cost ratios at which the family brain is examined [1]."""


@dataclass(frozen=True)
class LikesExam:
    """The size of an examination, per kind of product: products, futures of each, days."""

    products: int = 64
    paths: int = 8
    periods: int = 300


def shapes_of(cv: np.ndarray, waiting: np.ndarray) -> np.ndarray:
    """The shape (K,), as a place in `SHAPES`, of demand with a daily forecast error cv (K,) [1]."""
    by_error = np.digitize(cv, (VARIABLE_FROM, LUMPY_FROM))
    return np.where(waiting, SHAPES.index(WAITING), by_error)


def examined(brain: Brain, seed: int, exam: LikesExam | None = None) -> tuple[Like, ...]:
    """How the brain does on every kind of product it has learnt.

    All brains of one chain length meet the same products and futures at the same seed.
    """
    exam = exam or LikesExam()
    card = brain.card
    ratios = FAMILY_RATIOS if card.is_family else (card.cost_ratio,)
    kinds = [shape for shape in SHAPES if _learnt(card, shape)]
    return tuple(_examined(brain, ratio, shape, seed, exam) for ratio in ratios for shape in kinds)


def expected_ratio(card: Card, cost_ratio: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Cost / that of theory (K,) [1] that a card promises for products like these.

    Between two cost ratios on the card linear in their logarithm; infinite for shapes that the
    brain was not examined on.
    """
    promised = np.full(len(cost_ratio), np.inf)
    for number, name in enumerate(SHAPES):
        likes = sorted(
            (like for like in card.likes if like.shape == name), key=lambda like: like.cost_ratio
        )
        here = shape == number
        if likes and here.any():
            known = np.log([like.cost_ratio for like in likes])
            ratios = [like.ratio for like in likes]
            promised[here] = np.interp(np.log(cost_ratio[here]), known, ratios)
    return promised


def _learnt(card: Card, shape: str) -> bool:
    population = card.learnt
    if shape == WAITING:
        return population.backordered_share > 0
    low, high = _span(population, shape)
    return low < high and population.backordered_share < 1


def _span(population: Population, shape: str) -> tuple[float, float]:
    """Forecast errors [1] of a shape among those of a population."""
    edges = {
        SMOOTH: (0.0, VARIABLE_FROM),
        VARIABLE: (VARIABLE_FROM, LUMPY_FROM),
        LUMPY: (LUMPY_FROM, np.inf),
    }
    low, high = edges[shape]
    return max(low, population.cv[0]), min(high, population.cv[1])


def _examined(brain: Brain, ratio: float, shape: str, seed: int, exam: LikesExam) -> Like:
    lanes = _lanes_like(brain.card.learnt, ratio, shape, seed, exam)
    products = lanes.products
    theory = theory_factors(
        lanes.outlook.typical,
        products.holding_share,
        products.cost_ratio,
        lanes.outlook.protection_interval[0],
        products.backordered,
    )
    textbook = rivals_of(brain, products)[TEXTBOOK]
    yardstick = live_through(lanes, constant(theory.astype(SINGLE))).cost
    ours = live_through(lanes, LearntFactors(brain, lanes.outlook, products.traits)).cost
    relative = ours / yardstick
    return Like(
        cost_ratio=ratio,
        shape=shape,
        ratio=float(relative.mean()),
        error=float(relative.std(ddof=1) / np.sqrt(len(relative))),
        textbook=float((live_through(lanes, textbook).cost / yardstick).mean()),
    )


def _lanes_like(learnt: Population, ratio: float, shape: str, seed: int, exam: LikesExam) -> Lanes:
    waiting = shape == WAITING
    population = replace(
        learnt.plain,
        cv=learnt.cv if waiting else _span(learnt, shape),
        backordered_share=float(waiting),
    )
    which = round(1000 * np.log10(ratio)) + 10_000
    rng = stream(seed, Purpose.LIKES, which, SHAPES.index(shape))
    products = population.sample(rng, exam.products, ratio)
    return imagine(rng, products, exam.paths, exam.periods)
