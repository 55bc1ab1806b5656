"""Tiny brains and products for the tests of this room."""

from datetime import date

import numpy as np
import pytest

from brain.brain import Brain
from brain.card import Card
from brain.population import Population
from data.forecast import Forecast
from data.network import default_network
from data.product import make_products
from data.scenario import Scenario
from data.stock import empty_stock
from envs.observation import SIZE, STAGES


def make_brain(cost_ratio: float, seed: int = 0) -> Brain:
    """A brain with random weights: it knows nothing, but answers like any other."""
    rng = np.random.default_rng(seed)
    sizes = [(8, SIZE), (8, 8), (STAGES, 8)]
    layers = tuple(
        (
            rng.normal(0, 0.3, size).astype(np.float32),
            rng.normal(0, 0.1, size[0]).astype(np.float32),
        )
        for size in sizes
    )
    card = Card(
        cost_ratio=cost_ratio,
        centre=(np.log10(cost_ratio), 0.5, 0.0),
        learnt=Population(),
        seed=seed,
        timesteps=0,
        cpu_seconds=0.0,
        validation=0.9,
        command="none",
    )
    return Brain(card, layers)


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
def classes() -> tuple[Brain, ...]:
    return tuple(make_brain(ratio, seed) for seed, ratio in enumerate((10.0, 100.0, 1000.0)))
