"""All products under the shared capacities: always a plan, and never a strange one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.network import Network
from envs.dynamics import advance, opening_state
from envs.observation import no_errors
from envs.policies import SafetyStockRule, Situation, constant
from envs.world import world_of
from milp.model import Model, Task
from milp.reconcile import reconcile
from milp.solver import solve
from tests.milp.conftest import random_task, relabelled, steady_task, with_limits


def first_orders(task: Task) -> np.ndarray:
    """What order-up-to at the advised factors gets on the first day (M, K) [unit]."""
    world = world_of(task.scenario)
    state = opening_state(task.stock, world)
    rule = SafetyStockRule(task.outlook, constant(task.z))
    orders = rule(Situation(state, no_errors(1, task.z.shape[1]), world))
    _, flows = advance(state, orders, task.outlook.mean[:1], world)
    return flows.shipped[0]


def must_be_lost(task: Task, shipments: np.ndarray) -> np.ndarray:
    """Sales that shipments to the shelf leave no choice but to lose (T, K) [unit]."""
    lead_time, stock = task.scenario.products.lead_time[0], task.stock
    lost = np.zeros(shipments[:, 0].shape)
    for k in range(lost.shape[1]):
        left = stock.on_hand[0, k]
        for t in range(task.periods):
            due = stock.pipeline[0, k, t] if t < stock.pipeline.shape[2] else 0.0
            shipped = shipments[t - lead_time[k], 0, k] if t >= lead_time[k] else 0.0
            left += due + shipped - task.outlook.mean[task.period + t, k]
            lost[t, k] = max(-left, 0.0)
            left = max(left, 0.0)
    return lost


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.5, 1.0]))
@settings(max_examples=40, deadline=None)
def test_a_plan_always_exists(seed: int, starving: float) -> None:
    """Whatever the stock, the demand and the limits; finite, never negative, within its limits."""
    task = random_task(seed, starving=starving)
    answer = reconcile(task)
    for name in ("shipments", "on_hand", "lost_sales", "backorders"):
        values = getattr(answer, name)
        assert np.isfinite(values).all(), name
        assert (values >= 0).all(), name
    assert (answer.storage_price >= 0).all()
    assert (answer.supply_price >= 0).all()
    products, network = task.scenario.products, task.scenario.network
    used = answer.shipments @ products.volume
    assert (used <= network.supply_capacity * (1 + 1e-6) + 1e-6 * used.max()).all()
    assert (answer.shipments <= products.maximum_order * (1 + 1e-6) + 1e-9).all()


@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_space_is_never_dearer_than_its_overflow(seed: int) -> None:
    """A stage without a limit has no price, one with a limit at most the price of overflow."""
    task = random_task(seed)
    network = task.scenario.network
    price = reconcile(task).storage_price
    most = np.where(np.isfinite(network.storage_capacity), network.overflow_price, 0.0)
    assert (price <= most * (1 + 1e-6)).all()


@pytest.mark.parametrize("days_on_hand", [0.5, 1.5, 2.5, 6.0])
@pytest.mark.parametrize("z", [(0.5, 0.5), (2.5, 0.0), (1.5, -0.6)], ids=str)
def test_with_room_for_all_the_first_orders_are_order_up_to(
    days_on_hand: float, z: tuple[float, float]
) -> None:
    """Nothing is scarce, so everyone gets what the advice asks for, as far as suppliers have it."""
    task = replace(steady_task(days_on_hand=days_on_hand), z=np.repeat([z], 2, axis=0).T.copy())
    answer = reconcile(task)
    assert not answer.scarce
    np.testing.assert_allclose(answer.shipments[0], first_orders(task), atol=1e-4)


def test_the_largest_order_limits_the_first_order() -> None:
    """A product that may ship 12 a day at most ships 12, the other what it needs."""
    task = steady_task(days_on_hand=0.2, maximum_order=np.array([12.0, np.inf]))
    answer = reconcile(task)
    np.testing.assert_allclose(answer.shipments[0], first_orders(task), atol=1e-4)
    assert answer.shipments[0, 1, 0] == pytest.approx(12.0)


def test_a_years_money_in_another_currency_is_the_same_plan(crowded: Task) -> None:
    """With every price doubled the same is shipped, at twice the cost and twice the prices."""
    products, network = crowded.scenario.products, crowded.scenario.network
    doubled = replace(
        crowded,
        scenario=replace(
            crowded.scenario,
            products=replace(
                products,
                missed_sale_cost=2 * products.missed_sale_cost,
                holding_cost=2 * products.holding_cost,
            ),
            network=Network(
                tuple(replace(s, overflow_price=2 * s.overflow_price) for s in network.stages)
            ),
        ),
    )
    once, twice = reconcile(crowded), reconcile(doubled)
    assert twice.upper == pytest.approx(2 * once.upper, rel=1e-9)
    np.testing.assert_allclose(twice.shipments, once.shipments, atol=1e-9)
    np.testing.assert_allclose(twice.storage_price, 2 * once.storage_price, rtol=1e-6)


def test_units_of_space_are_a_matter_of_taste(crowded: Task) -> None:
    """In litres instead of cubic metres the same is shipped at the same cost."""
    products, network = crowded.scenario.products, crowded.scenario.network
    stages = tuple(
        replace(
            s, storage_capacity=1000 * s.storage_capacity, overflow_price=s.overflow_price / 1000
        )
        for s in network.stages
    )
    litres = replace(
        crowded,
        scenario=replace(
            crowded.scenario,
            products=replace(products, volume=1000 * products.volume),
            network=Network(stages),
        ),
    )
    metres = reconcile(crowded)
    assert reconcile(litres).upper == pytest.approx(metres.upper, rel=1e-4)


@pytest.mark.parametrize("seed", [0, 4, 10, 16])
def test_the_order_of_products_does_not_matter(seed: int) -> None:
    """Relabelled, they cost the same together."""
    task = random_task(seed, products=5)
    order = np.array([3, 0, 4, 2, 1])

    def cost(of: Task) -> float:
        model = Model(of)
        return solve(model.programme()).objective * model.money

    assert cost(relabelled(task, order)) == pytest.approx(cost(task), rel=1e-9)


def test_results_follow_products_that_change_places(crowded: Task) -> None:
    """What is shipped of a product is a matter of what it is, not of where it stands."""
    order = np.array([2, 0, 1])
    here, there = reconcile(crowded), reconcile(relabelled(crowded, order))
    np.testing.assert_allclose(there.shipments[0], here.shipments[0][:, order], atol=1e-5)
    np.testing.assert_allclose(there.storage_price, here.storage_price, atol=1e-6)


def test_ample_capacity_costs_nothing(crowded: Task) -> None:
    """Limits that nobody reaches have no price, and the plan is that without limits."""
    ample = reconcile(with_limits(crowded, space=(1e6, 1e6), supply=(1e6, 1e6)))
    free = reconcile(with_limits(crowded))
    assert not ample.scarce
    assert not ample.storage_price.any()
    assert not ample.supply_price.any()
    np.testing.assert_allclose(ample.shipments[0], free.shipments[0], atol=1e-6)


def test_scarce_space_cuts_stock_and_has_a_price(crowded: Task) -> None:
    """Less is kept than without limits, and a unit of space is worth something."""
    scarce, free = reconcile(crowded), reconcile(with_limits(crowded))
    assert scarce.scarce
    assert scarce.upper > free.upper
    assert scarce.level[0].sum() < free.level[0].sum()


def test_scarce_supply_has_a_price(crowded: Task) -> None:
    """If less comes in than is sold, a unit more would save a missed sale somewhere."""
    answer = reconcile(with_limits(crowded, supply=(np.inf, 40.0)))
    assert answer.supply_price[:, 1].any()
    assert not answer.supply_price[:, 0].any()
    np.testing.assert_array_less(
        answer.shipments[:, 1] @ crowded.scenario.products.volume, 40.0 + 1e-6
    )


@pytest.mark.parametrize("seed", [0, 2, 8, 16, 26, 29, 51, 99])
def test_no_customer_is_turned_away_before_a_full_shelf(seed: int) -> None:
    """Even where that would spare a dearer shortage: only what must be lost is lost."""
    task = random_task(seed, starving=0.7)
    answer = reconcile(task)
    lost = ~task.scenario.products.backordered
    daily = np.maximum(task.outlook.mean[: task.periods].mean(axis=0), 1e-9)
    excess = (answer.lost_sales - must_be_lost(task, answer.shipments)) / np.maximum(daily, 1.0)
    assert np.abs(excess[:, lost]).max(initial=0.0) < 1e-5
    assert not answer.lost_sales[:, ~lost].any()


def test_todays_answer_starts_tomorrows(crowded: Task) -> None:
    """From the basis of the same problem nothing is left to do, and the answer is the same."""
    first = reconcile(crowded)
    again = reconcile(crowded, first.basis)
    assert again.upper == pytest.approx(first.upper, rel=1e-9)
    assert again.iterations < max(first.iterations / 4, 10)


def test_occupancy_is_what_fits_or_is_overflowed_at_the_price(crowded: Task) -> None:
    """Where space has its full price it is exceeded for sure, where it has none it is not full."""
    answer = reconcile(crowded)
    network = crowded.scenario.network
    capacity, price = network.storage_capacity, network.overflow_price
    assert (answer.occupancy > 0).all()
    assert (answer.occupancy[answer.storage_price >= price * (1 - 1e-9)] > 0).all()
    roomy = answer.occupancy < 0.5 * capacity
    assert not answer.storage_price[roomy].any()
