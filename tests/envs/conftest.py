"""Tiny named worlds."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from data.forecast import Forecast
from data.network import Network, Stage
from data.product import make_products
from data.scenario import Scenario
from data.stock import StockState
from envs.world import SOURCE, World, serial_world


@pytest.fixture
def one_shelf() -> World:
    """A shelf, two days from its source."""
    return serial_world(np.array([[2]]))


@pytest.fixture
def serial_three() -> World:
    """Three stages, lead times 1, 2 and 1, no limits, sales lost."""
    return serial_world(np.array([[1], [2], [1]]))


@pytest.fixture
def two_products() -> World:
    """Two products on one shelf, a day from the source; the second one's customers wait."""
    return serial_world(np.array([[1, 1]]), backordered=np.array([False, True]))


@pytest.fixture
def tree() -> World:
    """Two shelves, a day from one warehouse, which is a day from its source."""
    return World(
        supplier=(2, 2, SOURCE),
        lead_time=np.ones((3, 1), dtype=int),
        supply_capacity=np.full((3, 1), np.inf),
        backordered=np.array([False]),
    )


@pytest.fixture
def scenario() -> Scenario:
    """Three products on the way from China, each unlike the others."""
    rng = np.random.default_rng(7)
    lead_time = np.array([[2, 1, 0], [3, 5, 2], [4, 9, 1]])
    mean = np.array([20.0, 3.0, 400.0]) * rng.uniform(0.5, 1.5, (120, 3))
    return Scenario(
        Network((Stage("shelf", 2), Stage("store", 3, 0.7), Stage("port", 4, 0.4))),
        make_products(
            [50.0, 20.0, 3.0],
            [0.5, 2.0, 0.01],
            lead_time,
            error_autocorrelation=np.array([0.0, 0.3, 0.6]),
            maximum_order=np.array([np.inf, 12.0, 900.0]),
            backordered=np.array([False, True, False]),
        ),
        Forecast(date(2026, 1, 1), mean, 0.4 * mean),
        StockState(
            rng.uniform(0, 5, (3, 3)) * mean[0],
            rng.uniform(0, 1, (3, 3, 4)) * mean[0][:, None],
            np.array([0.0, 2.0, 0.0]),
        ),
    )
