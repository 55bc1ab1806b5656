"""Small tasks in lots: steady ones, and as many random ones as one likes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from data.network import Network
from data.terms import Suppliers, Terms
from milp.task import Task
from tests.milp.conftest import random_task


def in_lots(task: Task, seed: int) -> Task:
    """The task with lots, smallest orders and order costs, drawn from `seed`; some have none."""
    rng = np.random.default_rng(seed)
    products = task.scenario.products
    count = len(products)
    rate = np.maximum(task.scenario.forecast.scale, 0.5)
    lot = np.round(rate * rng.uniform(0.3, 2.5, count) + 0.5) * (rng.random(count) > 0.15)
    order_cost = task.scenario.holding_cost[-1] * rate * rng.uniform(2, 9, count) ** 2 / 2
    changed = replace(
        products,
        lot_size=lot,
        minimum_order=np.round(rate * rng.uniform(0.5, 4, count)) * (rng.random(count) > 0.3),
        order_cost=order_cost * (rng.random(count) > 0.3),
        unit_cost=rng.uniform(1, 20, count),
        supplier=np.array([f"S{rng.integers(2)}" for _ in range(count)], dtype=object),
    )
    return replace(task, scenario=replace(task.scenario, products=changed))


def lot_task(seed: int, products: int | None = None, limited: bool = True) -> Task:
    """A random task in lots."""
    return in_lots(random_task(seed, products=products, limited=limited), seed)


def with_suppliers(task: Task, order_cost: float, minimum: float) -> Task:
    """The task with two suppliers, whose orders cost and must come to something [money]."""
    suppliers = Suppliers(
        name=np.array(["S0", "S1"], dtype=object),
        minimum_order=np.array([minimum, minimum / 2]),
        order_cost=np.array([order_cost, order_cost / 2]),
        order_days=np.ones((2, 7), dtype=bool),
    )
    return replace(task, scenario=replace(task.scenario, terms=Terms(suppliers=suppliers)))


def with_trucks(task: Task, volume: float, cost: float) -> Task:
    """The task with trucks to every stage."""
    stages = tuple(
        replace(stage, truck_volume=volume, truck_cost=cost)
        for stage in task.scenario.network.stages
    )
    return replace(task, scenario=replace(task.scenario, network=Network(stages)))
