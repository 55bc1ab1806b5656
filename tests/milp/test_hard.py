"""Two hundred hard tasks: always a plan that can be carried out, never a crash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from data.engine import Alone
from data.network import Network
from data.outlook import Outlook
from milp.decomposition import Decomposition, Size
from milp.effort import Effort
from milp.reconcile import reconcile
from milp.task import Task
from tests.milp.conftest import random_task
from tests.milp.test_keystone import assert_kept


def no_space(task: Task) -> Task:
    """Not a stage has any room."""
    stages = tuple(replace(s, storage_capacity=0.0) for s in task.scenario.network.stages)
    return replace(task, scenario=replace(task.scenario, network=Network(stages)))


def no_supply(task: Task) -> Task:
    """Nothing can be shipped anywhere."""
    stages = tuple(replace(s, supply_capacity=0.0) for s in task.scenario.network.stages)
    return replace(task, scenario=replace(task.scenario, network=Network(stages)))


def overfull(task: Task) -> Task:
    """A thousand times the stock lies everywhere."""
    stock = replace(task.stock, on_hand=task.stock.on_hand * 1e3 + 1e3)
    return replace(task, stock=stock, scenario=replace(task.scenario, stock=stock))


def no_demand(task: Task) -> Task:
    """Nobody wants anything."""
    nothing = np.zeros_like(task.outlook.mean)
    return replace(task, outlook=Outlook(nothing, nothing, task.outlook.lead_time))


def one_day(task: Task) -> Task:
    """The programme sees today alone."""
    return replace(task, periods=1)


def locked(task: Task) -> Task:
    """Nothing may be shipped today; what is bought tomorrow is fixed, and takes all of the supply.

    As much of it as may be ordered at all: what can never be is not the programme's business.
    """
    shape = (task.periods, *task.z.shape)
    products = task.scenario.products
    least, most = np.zeros(shape), np.full(shape, np.inf)
    most[0] = 0.0
    least[1, -1] = most[1, -1] = np.minimum(7.0, products.maximum_order)
    *below, top = task.scenario.network.stages
    all_of_it = float(least[1, -1] @ products.volume) * (1 + 1e-9)
    network = Network((*below, replace(top, supply_capacity=all_of_it)))
    return replace(task, least=least, most=most, scenario=replace(task.scenario, network=network))


def no_money(task: Task) -> Task:
    """Nothing may be bought."""
    products = replace(task.scenario.products, unit_cost=np.ones(task.z.shape[1]))
    return replace(task, scenario=replace(task.scenario, products=products), budget=0.0)


HARDSHIPS = (no_space, no_supply, overfull, no_demand, one_day, locked, no_money, lambda task: task)


@pytest.mark.parametrize("hardship", HARDSHIPS)
def test_there_is_always_a_plan_and_it_can_be_carried_out(
    hardship: Callable[[Task], Task],
) -> None:
    """One product or several, starving or not, as one programme and in batches."""
    for seed in range(25):
        task = hardship(random_task(seed, starving=0.2 + 0.6 * (seed % 2)))
        answer = reconcile(task)
        assert_kept(task, answer)
        size = Size(batch=2, passes=2, sampled=1)
        found = Decomposition(task, Effort(), Alone(), lambda bounds: None, size).run()
        slack = 1e-6 * (1 + abs(answer.upper))
        assert found.lower <= answer.upper + slack
        assert answer.upper <= found.upper + slack
