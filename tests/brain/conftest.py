"""Tiny brains and products for the tests of this room."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from brain.brain import Brain
from brain.card import Card, Like
from brain.centre import Centre
from brain.likes import SHAPES
from brain.population import Population
from data.forecast import Forecast
from data.network import default_network
from data.product import make_products
from data.scenario import Scenario
from data.stock import empty_stock
from envs.observation import features, size

STAGES = 3
SIZE = size(STAGES)


def make_centre(cost_ratio: float = 100.0, stages: int = STAGES) -> Centre:
    """The constants of one class, made up; those for customers who wait are a little higher."""
    row = (float(np.log10(cost_ratio)), *(0.5 - 0.5 * m for m in range(stages - 1)))
    return Centre((cost_ratio,), (row,), (tuple(z + 0.25 for z in row),))


def make_family_centre(stages: int = STAGES) -> Centre:
    """Constants at three ratios, made up, for the usual holding costs."""
    shares = tuple(sum(span) / 2 for span in Population().holding_share[: stages - 1])
    rows = tuple((level, *[0.5] * (stages - 1)) for level in (-1.0, 1.0, 3.0))
    return Centre((0.1, 10.0, 3000.0), rows, rows, shares)


def make_brain(
    cost_ratio: float,
    seed: int = 0,
    stages: int = STAGES,
    learnt: Population | None = None,
    ratio: float | None = None,
) -> Brain:
    """A brain with random weights: it knows nothing, but answers like any other.

    Its card promises `ratio` times the cost of theory for every kind of product, if given.
    """
    card = Card(
        ratios=(cost_ratio, cost_ratio),
        centre=make_centre(cost_ratio, stages),
        learnt=learnt or Population(stages),
        algorithm="hindsight",
        seed=seed,
        decisions=0,
        cpu_seconds=0.0,
        validation=0.9,
        command="none",
        features=features(stages),
        likes=() if ratio is None else make_likes((cost_ratio,), ratio),
    )
    return Brain(card, make_layers(seed, stages))


def make_family(
    seed: int = 9,
    stages: int = STAGES,
    learnt: Population | None = None,
    likes: tuple[Like, ...] = (),
) -> Brain:
    """The same for all cost ratios from 0.1 to 3000."""
    card = Card(
        ratios=(0.1, 3000.0),
        centre=make_family_centre(stages),
        learnt=learnt or Population(stages),
        algorithm="hindsight",
        seed=seed,
        decisions=0,
        cpu_seconds=0.0,
        validation=0.9,
        command="none",
        features=features(stages),
        likes=likes,
    )
    return Brain(card, make_layers(seed, stages))


def make_layers(seed: int, stages: int = STAGES) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Random weights of two small hidden layers and one of answers."""
    rng = np.random.default_rng(seed)
    shapes = [(8, size(stages)), (8, 8), (stages, 8)]
    return tuple(
        (
            rng.normal(0, 0.3, shape).astype(np.float32),
            rng.normal(0, 0.1, shape[0]).astype(np.float32),
        )
        for shape in shapes
    )


def make_likes(
    ratios: tuple[float, ...], ratio: float, shapes: tuple[str, ...] = SHAPES
) -> tuple[Like, ...]:
    """The promise of `ratio` times the cost of theory at some cost ratios and shapes."""
    return tuple(Like(r, shape, ratio, 0.01, 1.2) for r in ratios for shape in shapes)


def make_scenario(count: int = 4, **columns: np.ndarray) -> Scenario:
    """Ordinary products on the default network, a cost ratio of 100 and an error of half a mean."""
    given = {
        "missed_sale_cost": np.full(count, 100.0),
        "holding_cost": np.ones(count),
        "lead_time": np.repeat([[2], [3], [4]], count, axis=1),
    } | columns
    mean = np.full((60, count), 5.0)
    forecast = Forecast(date(2026, 1, 1), mean, mean / 2)
    return Scenario(default_network(), make_products(**given), forecast, empty_stock(STAGES, count))


@pytest.fixture
def brain() -> Brain:
    return make_brain(100.0)


@pytest.fixture
def family() -> Brain:
    return make_family()


@pytest.fixture
def classes() -> tuple[Brain, ...]:
    return tuple(make_brain(ratio, seed) for seed, ratio in enumerate((10.0, 100.0, 1000.0)))
