"""One product's search: against every plan there is, and against itself without its cuts."""

from __future__ import annotations

from dataclasses import replace
from itertools import product as combinations

import numpy as np
import pytest

from milp.lots import search
from milp.lots.passes import Fixed, Lots, settled
from milp.lots.product import products_of
from milp.lots.rules import rules_of
from milp.lots.search import Limits, Search
from milp.model import Model
from milp.passes import Whole
from milp.task import Task
from tests.milp.conftest import steady_task
from tests.milp.lots.conftest import lot_task

ENOUGH = Limits(gap=0.0, programmes=5000)


def one(task: Task, days: int, prices: np.ndarray | None = None) -> tuple[Search, Model]:
    """The search for the first product of a task."""
    task = task.take(np.array([0]))
    model = Model(task)
    charged = np.zeros(model.layout.coupling) if prices is None else prices
    return Search(next(products_of(model, rules_of(task, days), charged)), charged), model


def least_of_all(task: Task, days: int, most: int) -> float:
    """Cost of the best plan with up to `most` lots per shipment, tried one by one [money]."""
    task = task.take(np.array([0]))
    model = Model(task)
    rules = rules_of(task, days)
    lots = Lots(Whole(task, task.certain), rules)
    free = np.full(model.layout.coupling, np.inf)
    spread = np.ones(len(model.fixed))
    best = np.inf
    for counts in combinations(range(most + 1), repeat=days * model.M):
        shipments = np.array(counts, float).reshape(days, model.M, 1) * rules.lot
        orders = shipments[:, -1] > 0
        if (shipments[:, -1][orders] < rules.smallest[0]).any():
            continue
        if not possible(task, shipments[..., 0]):
            continue
        asked = Fixed(np.array([0]), shipments, orders, free, spread)
        best = min(best, settled(lots, asked).candidates[0].cost)
    return best


def possible(task: Task, shipments: np.ndarray) -> bool:
    """True where no stage ships more than it opened the day with (J, M) [unit]."""
    stock, lead_time = task.stock.on_hand[:, 0].copy(), task.scenario.products.lead_time[:, 0]
    pipeline = task.stock.pipeline[:, 0]
    for t in range(len(shipments)):
        sent = shipments[t, :-1]
        if (sent > stock[1:] + 1e-9).any():
            return False
        stock[1:] -= sent
        for m in range(1, len(stock)):
            shipped = t - lead_time[m]
            stock[m] += shipments[shipped, m] if shipped >= 0 else 0.0
            stock[m] += pipeline[m, t] if t < pipeline.shape[1] else 0.0
    return True


@pytest.mark.parametrize("smallest", [0.0, 15.0])
@pytest.mark.parametrize("order_cost", [0.0, 40.0])
@pytest.mark.parametrize("lead_time", [(1,), (0, 1)])
def test_the_search_finds_the_best_of_all_plans(
    lead_time: tuple[int, ...], order_cost: float, smallest: float
) -> None:
    """Every combination of lots on the first days, the rest as well as can be: none is better."""
    task = steady_task(
        products=1,
        lead_time=lead_time,
        periods=6,
        days_on_hand=1.3,
        lot_size=np.array([10.0]),
        order_cost=np.array([order_cost]),
        minimum_order=np.array([smallest]),
    )
    days, most = (3, 8) if len(lead_time) == 1 else (2, 5)
    found = one(task, days)[0].run(ENOUGH)
    best = least_of_all(task, days, most)
    assert found.candidates[0].cost == pytest.approx(best, rel=1e-6)
    assert found.bound == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("seed", range(14))
def test_cuts_take_no_plan_away(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With rows for whole lots and without them the best plan costs the same."""
    task = lot_task(seed, limited=False)
    with_rows = one(task, 3)[0].run(ENOUGH)
    monkeypatch.setattr(search, "CUTS", 0)
    searching = one(task, 3)[0]
    bare = replace(searching.product, lattice=None)
    without = Search(bare, searching.prices).run(ENOUGH)
    assert with_rows.bound == pytest.approx(without.bound, rel=1e-6, abs=1e-6)
    assert with_rows.candidates[0].cost == pytest.approx(
        without.candidates[0].cost, rel=1e-6, abs=1e-6
    )


@pytest.mark.parametrize("programmes", [1, 5, 20, 80])
def test_a_search_that_is_cut_short_proves_less_but_nothing_wrong(programmes: int) -> None:
    """Its bound is at most the optimum, and its plan costs the optimum at least."""
    for seed in range(8):
        task = lot_task(seed, limited=False)
        best = one(task, 4)[0].run(ENOUGH).bound
        found = one(task, 4)[0].run(Limits(0.0, programmes))
        slack = 1e-6 * max(abs(best), 1.0)
        assert found.bound <= best + slack
        assert min(plan.cost for plan in found.candidates) >= best - slack


def test_a_plan_as_good_as_the_known_one_is_not_looked_for() -> None:
    """If the optimum is known already, nothing better is found, and the bound says so."""
    task = lot_task(4, limited=False)
    best = one(task, 4)[0].run(ENOUGH).bound
    again = one(task, 4)[0].run(ENOUGH, known=best)
    assert not [plan for plan in again.candidates if plan.cost < best - 1e-6 * abs(best)]
    assert again.bound == pytest.approx(best, rel=1e-6)


def test_prices_are_charged_for_what_a_plan_uses() -> None:
    """Dearer space never makes a product use more of it, and the bound is that of the sum."""
    task = lot_task(12)
    model = Model(task.take(np.array([0])))
    prices = np.zeros(model.layout.coupling)
    used = []
    for price in (0.0, 0.5, 5.0):
        prices[: model.M * model.T] = price
        found = one(task, 4, prices.copy())[0].run(ENOUGH)
        best = min(found.candidates, key=lambda plan: plan.cost + float(prices @ plan.usage))
        assert best.cost + float(prices @ best.usage) == pytest.approx(found.bound, rel=1e-6)
        used.append(float(best.usage[: model.M * model.T].sum()))
    assert used[0] >= used[1] - 1e-6
    assert used[1] >= used[2] - 1e-6
