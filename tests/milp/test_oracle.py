"""The fast model and the plain one, which share no matrix, agree on every answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.network import Network
from milp.model import Model, Task
from milp.reconcile import reconcile
from milp.solver import solve
from tests.milp.conftest import random_task, with_limits
from tests.milp.oracle import ask

INSTANCES = (0, 3, 4, 5, 10, 13, 14, 16, 18, 22, 28, 31, 33, 3479)
"""One to six products, one to three stages; limits that bind or not; the last demand is certain."""


def optimum(task: Task) -> float:
    """The fast model's cost, what no decision changes left out [money]."""
    model = Model(task)
    return solve(model.programme()).objective * model.money


def with_more_space(task: Task, stage: int, more: float) -> Task:
    """The task with `more` space at one stage [volume]."""
    stages = [
        replace(s, storage_capacity=s.storage_capacity + more * (m == stage))
        for m, s in enumerate(task.scenario.network.stages)
    ]
    return replace(task, scenario=replace(task.scenario, network=Network(tuple(stages))))


def with_more_supply(task: Task, stage: int, more: float) -> Task:
    """The task with `more` supply to one stage [volume/period]."""
    stages = [
        replace(s, supply_capacity=s.supply_capacity + more * (m == stage))
        for m, s in enumerate(task.scenario.network.stages)
    ]
    return replace(task, scenario=replace(task.scenario, network=Network(tuple(stages))))


@pytest.mark.parametrize("seed", INSTANCES)
def test_the_tiled_model_costs_what_the_plain_one_costs(seed: int) -> None:
    """Both are linear programmes of one problem, so their optima are equal but for rounding."""
    task = random_task(seed)
    expected = ask(task).objective
    assert optimum(task) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_the_instances_cover_what_matters() -> None:
    """Small as they are, they have scarce space and supply, waiting customers, no lead time."""
    tasks = [random_task(seed) for seed in INSTANCES]
    answers = [reconcile(task) for task in tasks]
    assert any((answer.storage_price > 0).any() for answer in answers)
    assert any((answer.supply_price > 0).any() for answer in answers)
    assert any(task.scenario.products.backordered.any() for task in tasks)
    for days in (0, 1, 4):
        assert any((task.scenario.products.lead_time == days).any() for task in tasks)
    assert {len(task.scenario.network) for task in tasks} == {1, 2, 3}


def test_where_the_best_plan_is_the_only_one_both_ship_the_same(crowded: Task) -> None:
    """Every unit shipped costs a little, so steady products have one best plan."""
    model = Model(crowded)
    ship = model.values(solve(model.programme()).x)["ship"].reshape(model.K, model.M, model.T)
    ours = ship.transpose(2, 1, 0) * model.scale
    np.testing.assert_allclose(ours[0], ask(crowded).shipments[0], atol=1e-6)


@pytest.mark.parametrize("seed", INSTANCES)
def test_the_price_of_a_capacity_is_what_a_little_more_of_it_saves(seed: int) -> None:
    """Cost is convex in capacity: a price lies between what more saves and less would cost."""
    task = random_task(seed)
    model = Model(task)
    solution = solve(model.programme())
    dual = -solution.row_dual[model.layout.first_coupling_row :] * model.money
    rows = model.layout.kinds["supply"].stop
    space, supply = dual[:rows].reshape(2, model.M, model.T).sum(axis=2)
    network = task.scenario.network
    here = solution.objective * model.money
    for capacity, price, more_of in (
        (network.storage_capacity, space, with_more_space),
        (network.supply_capacity, supply, with_more_supply),
    ):
        for stage in np.flatnonzero(np.isfinite(capacity) & (capacity > 0)):
            step = 1e-4 * float(capacity[stage])
            saved = (here - optimum(more_of(task, stage, step))) / step
            lacking = (optimum(more_of(task, stage, -step)) - here) / step
            rounding = 1e-9 * (1 + abs(here)) / step + 1e-7 * price[stage]
            assert saved - rounding <= price[stage] <= lacking + rounding


def test_a_price_that_holds_on_both_sides_is_what_capacity_is_worth(crowded: Task) -> None:
    """Away from corners, more and less space change the cost by the price, within 1 %."""
    price = reconcile(crowded).storage_price.sum(axis=0)
    assert (price > 0).all()
    for stage, found in enumerate(price):
        step = 0.003
        saved = (optimum(crowded) - optimum(with_more_space(crowded, stage, step))) / step
        lacking = (optimum(with_more_space(crowded, stage, -step)) - optimum(crowded)) / step
        assert saved == pytest.approx(found, rel=0.01)
        assert lacking == pytest.approx(found, rel=0.01)


def test_unlimited_capacity_is_the_limit_of_ample_capacity() -> None:
    """No limit costs what a limit far beyond all need costs; the plain model agrees with both."""
    task = with_limits(random_task(13))
    stages = len(task.scenario.network)
    ample = with_limits(task, space=(1e7,) * stages, supply=(1e7,) * stages)
    assert optimum(ample) == pytest.approx(optimum(task), rel=1e-9)
    assert ask(task).objective == pytest.approx(optimum(task), rel=1e-6)
