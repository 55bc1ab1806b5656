"""A plan in lots: between its bounds, by the rules, and as it will happen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from envs.accounting import rates_of
from envs.dynamics import opening_state
from envs.policies import FollowPlan
from envs.simulator import simulate
from envs.world import world_of
from milp.effort import Bounds
from milp.lots.plan import Effort, LotPlan
from milp.lots.reconcile import reconcile_in_lots
from milp.model import Model
from milp.reconcile import reconcile
from milp.task import Task
from planner.engine import Threads
from tests.milp.conftest import steady_task
from tests.milp.lots.conftest import in_lots, lot_task, with_suppliers, with_trucks
from tests.milp.lots.oracle import least_cost

DAYS = 4
THOROUGH = Effort(gap=1e-4, days=DAYS)
"""As well as a few rounds can do."""
ROUNDING = 1e-6
"""HiGHS proves an optimum to 1e-7 of itself, and rows to 1e-7 of a day's demand."""


def small(seed: int, limited: bool = True) -> Task:
    """A random task of three products at most."""
    task = lot_task(seed, limited=limited)
    return task if task.z.shape[1] <= 3 else lot_task(seed, products=3, limited=limited)


def assert_between(task: Task, plan: LotPlan) -> float:
    """The optimum lies between the plan's bounds; what the plan costs more [1]."""
    optimum = least_cost(task, DAYS)
    slack = ROUNDING * max(abs(optimum), 1.0)
    assert plan.lower <= optimum + slack
    assert plan.upper >= optimum - slack
    return (plan.upper - optimum) / max(abs(optimum), 1e-9)


def assert_by_the_rules(task: Task, plan: LotPlan) -> None:
    """Whole lots at every stage, and orders no smaller than allowed nor larger."""
    products, first = task.scenario.products, plan.shipments[: plan.days]
    lot = np.where(products.lot_size > 0, products.lot_size, np.nan)
    lots = first / lot
    assert np.nanmax(np.abs(lots - np.round(lots)), initial=0.0) < 1e-9
    bought = first[:, -1]
    placed = bought > 0
    assert (bought >= np.where(placed, products.minimum_order * (1 - 1e-9), 0.0)).all()
    assert (plan.shipments <= products.maximum_order * (1 + 1e-6) + 1e-9).all()
    np.testing.assert_array_equal(plan.orders, placed)


@pytest.mark.parametrize("seed", range(12))
def test_the_optimum_lies_between_the_bounds_where_nothing_is_scarce(seed: int) -> None:
    """Then a product's own best plan is the best of all, and the bounds nearly meet."""
    task = small(seed, limited=False)
    plan = reconcile_in_lots(task, THOROUGH)
    assert_by_the_rules(task, plan)
    assert assert_between(task, plan) < 3e-4
    assert plan.gap < 3e-4


@pytest.mark.parametrize("seed", range(16))
def test_the_optimum_lies_between_the_bounds_whatever_is_scarce(seed: int) -> None:
    """HiGHS's branch and bound on the textbook model finds nothing outside them."""
    task = small(seed)
    plan = reconcile_in_lots(task, THOROUGH)
    assert_by_the_rules(task, plan)
    assert_between(task, plan)


def test_most_small_plans_are_nearly_the_best() -> None:
    """Of twelve tasks with scarce space and supply, eight are solved within half a percent."""
    tasks = [small(seed) for seed in range(20, 32)]
    more = [assert_between(task, reconcile_in_lots(task, THOROUGH)) for task in tasks]
    assert sum(excess < 5e-3 for excess in more) >= 8


@pytest.mark.parametrize("seed", [201, 204, 206, 210])
def test_suppliers_are_paid_per_order_and_get_their_minimum(seed: int) -> None:
    """What is ordered from a supplier on a day comes to its minimum at least, or to nothing."""
    task = with_suppliers(small(seed), order_cost=20.0, minimum=60.0)
    plan = reconcile_in_lots(task, THOROUGH)
    assert_by_the_rules(task, plan)
    assert_between(task, plan)
    scenario = task.scenario
    for number, minimum in enumerate(scenario.terms.suppliers.minimum_order):
        mine = scenario.supplier == number
        money = plan.shipments[: plan.days, -1, mine] @ scenario.purchase_cost[mine]
        assert ((money == 0) | (money >= minimum * (1 - 1e-6))).all()


@pytest.mark.parametrize("seed", [204, 206, 209, 210])
def test_whole_trucks_carry_what_is_shipped(seed: int) -> None:
    """Each stage is sent as many as its load needs, no fewer, and no empty one."""
    task = small(seed)
    volume = 2 * float(task.scenario.forecast.scale.sum()) + 1
    task = with_trucks(task, volume, cost=1.5 * volume)
    plan = reconcile_in_lots(task, THOROUGH)
    assert_between(task, plan)
    load = plan.shipments[: plan.days] @ task.scenario.products.volume
    np.testing.assert_array_equal(plan.trucks, np.round(plan.trucks))
    assert (plan.trucks * volume >= load * (1 - 1e-6)).all()
    assert ((plan.trucks - 1) * volume < load + 1e-6 * volume).all()


def test_closed_days_and_locked_lines_are_kept() -> None:
    """Nobody orders on a closed day; a line that a person has fixed stays, whole lots or not."""
    task = in_lots(steady_task(products=3, periods=10), 5)
    shape = (task.periods, *task.z.shape)
    least, most = np.zeros(shape), np.full(shape, np.inf)
    most[1:3, -1] = 0.0
    least[0, -1, 1] = most[0, -1, 1] = 17.3
    plan = reconcile_in_lots(replace(task, least=least, most=most), THOROUGH)
    assert not plan.shipments[1:3, -1].any()
    assert plan.shipments[0, -1, 1] == pytest.approx(17.3)
    assert plan.orders[0, 1]


def test_a_minimum_above_the_maximum_means_no_order() -> None:
    """A product that may buy 5 a day and must buy 8 if any buys nothing while lots bind."""
    task = steady_task(maximum_order=np.array([5.0, np.inf]), minimum_order=np.array([8.0, 8.0]))
    plan = reconcile_in_lots(task, THOROUGH)
    assert not plan.shipments[:DAYS, -1, 0].any()
    assert plan.shipments[:DAYS, -1, 1].any()


@pytest.mark.parametrize("seed", [0, 3, 7, 19])
def test_a_plan_in_lots_happens_as_planned(seed: int) -> None:
    """Replayed at mean demand, its shipments are carried out and leave the stock it states."""
    task = small(seed)
    plan = reconcile_in_lots(task, THOROUGH)
    world = world_of(task.scenario)
    demand = task.outlook.mean[None, task.period : task.period + task.periods]
    opening = opening_state(task.stock, world)
    trace = simulate(world, rates_of(task.scenario), opening, FollowPlan(plan.shipments), demand)
    scale = np.maximum(task.scenario.forecast.scale, 1e-3)
    for name in ("shipments", "on_hand", "lost_sales", "backorders"):
        happened = getattr(trace, name)[0]
        np.testing.assert_allclose(
            getattr(plan, name) / scale, happened / scale, atol=1e-6, rtol=0, err_msg=name
        )


@pytest.mark.parametrize("seed", [2, 5, 11])
def test_without_time_there_is_a_plan_all_the_same(seed: int) -> None:
    """It ships what it must, costs what it says, and claims nothing that is not proved."""
    task = with_suppliers(small(seed), order_cost=5.0, minimum=30.0)
    plan = reconcile_in_lots(task, Effort(seconds=0.0, days=DAYS))
    assert not plan.complete
    assert not plan.shipments[:DAYS].any()
    assert_between(task, plan)


def test_lots_cost_more_than_any_quantity() -> None:
    """The linear programme of the same task is a bound on the plan in lots."""
    for seed in range(6):
        task = small(seed)
        plan = reconcile_in_lots(task, THOROUGH)
        assert plan.upper >= reconcile(task).lower * (1 - 1e-6) - 1e-6


def test_without_lots_or_costs_the_plan_is_the_linear_programmes() -> None:
    """Where nothing is an integer, price and fix finds what one linear programme finds."""
    for seed in range(6):
        task = small(seed, limited=False)
        products = task.scenario.products
        none = np.zeros(len(products))
        plain = replace(products, lot_size=none, minimum_order=none, order_cost=none)
        task = replace(task, scenario=replace(task.scenario, products=plain))
        plan = reconcile_in_lots(task, THOROUGH)
        assert plan.upper == pytest.approx(reconcile(task).upper, rel=1e-6, abs=1e-6)


def test_any_engine_makes_the_same_plan(crowded: Task) -> None:
    """Two workers change nothing but the time it takes."""
    task = in_lots(crowded, 3)
    alone = reconcile_in_lots(task, THOROUGH)
    with Threads(2) as engine:
        together = reconcile_in_lots(task, THOROUGH, engine)
    np.testing.assert_array_equal(alone.shipments, together.shipments)
    assert alone.upper == together.upper
    assert alone.lower == together.lower


def test_scarce_space_has_a_price_with_integers_fixed(crowded: Task) -> None:
    """A unit more would be worth something to this plan, and never more than overflow costs."""
    plan = reconcile_in_lots(in_lots(crowded, 3), THOROUGH)
    most = crowded.scenario.network.overflow_price
    assert (plan.fixed_storage_price > 0).any()
    assert (plan.fixed_storage_price <= most * (1 + 1e-6)).all()
    assert not plan.fixed_supply_price.any()


def test_progress_is_told_in_bounds_that_close() -> None:
    """What is proved never falls, and a known plan is never below it."""
    told: list[Bounds] = []
    task = in_lots(steady_task(products=60, periods=10), 1)
    reconcile_in_lots(task, Effort(gap=1e-4, days=7), tell=told.append)
    assert told
    lower = [bounds.lower for bounds in told]
    assert lower == sorted(lower)
    assert all(bounds.upper >= bounds.lower * (1 - 1e-9) for bounds in told)
    assert all(0 < bounds.done <= 1 for bounds in told)


def test_hundreds_of_products_start_from_a_samples_prices() -> None:
    """Two hundred products in scarce space: the certified gap is small."""
    task = in_lots(steady_task(products=200, periods=10), 2)
    demand = float(task.scenario.forecast.scale.sum())
    stages = tuple(
        replace(stage, storage_capacity=days * demand)
        for stage, days in zip(task.scenario.network.stages, (1.7, 2.6), strict=True)
    )
    network = replace(task.scenario.network, stages=stages)
    task = replace(task, scenario=replace(task.scenario, network=network))
    plan = reconcile_in_lots(task, Effort(gap=0.02, days=5))
    assert plan.gap <= 0.02
    assert plan.complete
    assert (plan.fixed_storage_price > 0).any()
    assert Model(task).capacity_rows.size
