"""Small planning tasks: two that are named, and as many random ones as one likes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from data.forecast import Forecast
from data.network import Network, Stage
from data.outlook import outlook_of
from data.product import make_products
from data.scenario import Scenario
from data.stock import StockState
from milp.model import Task

START = date(2027, 1, 4)
ANY = np.inf


def chain(
    lead_time: tuple[int, ...],
    space: tuple[float, ...] | None = None,
    supply: tuple[float, ...] | None = None,
    overflow_price: float = 5.0,
) -> Network:
    """A chain whose holding costs fall by half from stage to stage."""
    stages = len(lead_time)
    return Network(
        tuple(
            Stage(
                name=f"stage {m}",
                lead_time=lead_time[m],
                holding_share=0.5**m,
                storage_capacity=(space or (ANY,) * stages)[m],
                supply_capacity=(supply or (ANY,) * stages)[m],
                overflow_price=overflow_price,
            )
            for m in range(stages)
        )
    )


def with_limits(
    task: Task, space: tuple[float, ...] | None = None, supply: tuple[float, ...] | None = None
) -> Task:
    """The same task with other capacities; what is not given has no limit."""
    network = task.scenario.network
    stages = len(network)
    limits = zip(space or (ANY,) * stages, supply or (ANY,) * stages, strict=True)
    changed = Network(
        tuple(
            replace(stage, storage_capacity=storage, supply_capacity=shipping)
            for stage, (storage, shipping) in zip(network.stages, limits, strict=True)
        )
    )
    return replace(task, scenario=replace(task.scenario, network=changed))


def steady_task(
    products: int = 2,
    lead_time: tuple[int, ...] | np.ndarray = (1, 2),
    periods: int = 12,
    days_on_hand: float = 1.0,
    **columns: np.ndarray,
) -> Task:
    """Products that sell 10 and more a day, each day alike, with every shipment under way.

    Lead times are per stage, or per stage and product.
    """
    rate = 10.0 * (1 + np.arange(products))
    stages = len(lead_time)
    days = np.broadcast_to(np.reshape(lead_time, (stages, -1)), (stages, products))
    given = {
        "missed_sale_cost": np.full(products, 50.0),
        "holding_cost": np.ones(products),
        "lead_time": days,
        "lot_size": np.zeros(products),
    } | columns
    coming = np.arange(max(int(days.max()), 1)) < days[..., None]
    scenario = Scenario(
        chain(tuple(int(most) for most in days.max(axis=1))),
        make_products(**given),
        Forecast(START, np.tile(rate, (28, 1)), np.tile(rate / 2, (28, 1))),
        StockState(
            np.tile(days_on_hand * rate, (stages, 1)),
            np.where(coming, rate[:, None], 0.0),
            np.zeros(products),
        ),
    )
    outlook = outlook_of(scenario, periods + 1)
    z = np.tile(np.array([1.5, 0.4, -0.3])[:stages, None], products)
    return Task(scenario, outlook, z, scenario.stock, 0, periods)


def random_task(
    seed: int, products: int | None = None, starving: float = 0.3, limited: bool = True
) -> Task:
    """A task with everything that the tables allow, drawn from `seed`.

    Lead times of 0, products without demand (dead stock) or without uncertainty, waiting customers,
    largest orders of nothing, stages without space or supply, empty and overfull stages, missing
    pipelines, forecasts that end early, and a first day that is not the forecast's.

    Args:
        seed: of everything.
        products: K; 1 to 6 if not given.
        starving: chance that a stage starts empty, and that a shipment under way is missing.
        limited: whether space and supply may have limits.
    """
    rng = np.random.default_rng(seed)
    K = products or int(rng.integers(1, 7))
    M, T = int(rng.integers(1, 4)), int(rng.integers(6, 13))
    lead_time = rng.integers(0, 5, (M, K))
    rate = np.exp(rng.normal(1.0, 1.5, K)) * (rng.random(K) > 0.1)
    days = int(rng.integers(1, 40))
    mean = rate * rng.uniform(0.3, 1.7, (days, K)) * (rng.random((days, K)) > 0.1)
    cv = np.exp(rng.uniform(np.log(0.1), np.log(1.5), K)) * (rng.random(K) > 0.15)
    holding = np.exp(rng.normal(-1.0, 1.0, K))
    waits = rng.random(K) < 0.3
    lying = rate + 3.0 * (rate == 0)
    volume = np.exp(rng.normal(0.0, 0.7, K))
    flow = float((volume * rate).sum()) + 1e-3
    kinds = rng.random((2, M)) if limited else np.ones((2, M))
    tight = np.select([kinds < 0.1, kinds < 0.7], [0.0, rng.uniform(0.3, 8, (2, M))], ANY) * flow
    network = Network(
        tuple(
            Stage(f"stage {m}", 1, 0.6**m, tight[0, m], tight[1, m] / 4, float(rng.uniform(0.5, 9)))
            for m in range(M)
        )
    )
    scenario = Scenario(
        network,
        make_products(
            holding * 10 ** rng.uniform(0, 3, K),
            holding,
            lead_time,
            volume=volume,
            backordered=waits,
            lot_size=np.zeros(K),
            maximum_order=rate * rng.choice([0.0, 1.2, 3.0, ANY], K, p=[0.05, 0.15, 0.3, 0.5])
            if rate.all()
            else np.full(K, ANY),
        ),
        Forecast(START, mean, mean * cv),
        StockState(
            rng.uniform(0, 6, (M, K)) * lying * (rng.random((M, K)) > starving),
            rng.uniform(0, 2, (M, K, 5)) * lying[:, None] * (rng.random((M, K, 5)) > starving),
            rng.uniform(0, 2, K) * rate * waits,
        ),
        law=str(rng.choice(["lognormal", "normal", "gamma"])),
    )
    period = int(rng.integers(0, 4))
    outlook = outlook_of(scenario, period + T + 1)
    z = np.array([1.5, 0.3, -0.4])[:M, None] + rng.normal(0, 0.8, (M, K))
    return Task(scenario, outlook, z, scenario.stock, period, T)


def relabelled(task: Task, order: np.ndarray) -> Task:
    """The same products in another order."""
    return replace(
        task,
        scenario=task.scenario.take(order),
        outlook=task.outlook.take(order),
        z=task.z[:, order],
        stock=task.stock.take(order),
    )


@pytest.fixture
def two_products() -> Task:
    """Two steady products in a chain of two stages without limits."""
    return steady_task()


@pytest.fixture
def crowded() -> Task:
    """Three steady products, no two alike, and less space than they need at both stages."""
    task = steady_task(
        products=3,
        periods=14,
        missed_sale_cost=np.array([50.0, 80.0, 30.0]),
        holding_cost=np.array([1.0, 1.3, 0.7]),
        volume=np.array([1.0, 0.9, 1.1]),
    )
    task = replace(task, z=task.z + np.array([[0.0, 0.2, -0.1], [0.3, 0.0, 0.1]]))
    flow = 10.0 * 6
    return with_limits(task, space=(1.6 * flow, 2.4 * flow))
