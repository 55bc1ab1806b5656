"""The keystone: a plan, replayed at mean demand, is what the model promised, term by term."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.accounting import rates_of
from envs.dynamics import opening_state
from envs.policies import FollowPlan
from envs.simulator import Trace, simulate
from envs.world import world_of
from milp.model import Task
from milp.reconcile import Reconciled, reconcile
from tests.milp.conftest import ANY, random_task, steady_task, with_limits

DAYS = 1e-6
"""Planned and replayed units agree to this part of a day's demand: the model's own tolerance."""


def replayed(task: Task, answer: Reconciled) -> Trace:
    """What the planned shipments come to if demand is exactly its forecast."""
    world = world_of(task.scenario)
    opening = opening_state(task.stock, world)
    demand = task.outlook.mean[None, task.period : task.period + task.periods]
    return simulate(world, rates_of(task.scenario), opening, FollowPlan(answer.shipments), demand)


def daily(task: Task) -> np.ndarray:
    """A day's demand per product, 1 where there is none (K,) [unit]."""
    mean = task.outlook.mean[task.period : task.period + task.periods].mean(axis=0)
    scale = np.maximum(mean, task.scenario.forecast.scale)
    return np.where(scale > 0, scale, 1.0)


def promised_money(task: Task, answer: Reconciled) -> dict[str, np.ndarray]:
    """Holding and shortage (T, K) and overflow (T, M) [money], by hand from the plan's arrays."""
    products, network = task.scenario.products, task.scenario.network
    T, M, K = answer.shipments.shape
    arrived = np.zeros((T, M, K))
    for t in range(T):
        for m in range(M):
            for k in range(K):
                shipped = t - products.lead_time[m, k]
                if shipped >= 0:
                    arrived[t, m, k] += answer.shipments[shipped, m, k]
                if t < task.stock.pipeline.shape[2]:
                    arrived[t, m, k] += task.stock.pipeline[m, k, t]
    opening = np.concatenate([task.stock.on_hand[None], answer.on_hand[:-1]])
    occupancy = (opening + arrived) @ products.volume
    share = network.column("holding_share")
    unmet = np.where(products.backordered, answer.backorders, answer.lost_sales)
    return {
        "holding": np.einsum("tmk,m,k->tk", answer.on_hand, share, products.holding_cost),
        "shortage": unmet * products.missed_sale_cost,
        "overflow": np.maximum(occupancy - network.storage_capacity, 0) * network.overflow_price,
    }


def assert_kept(task: Task, answer: Reconciled) -> None:
    """Units and money of the plan are those of its replay."""
    trace, scale = replayed(task, answer), daily(task)
    for name in ("shipments", "on_hand", "lost_sales", "backorders"):
        planned, happened = getattr(answer, name), getattr(trace, name)[0]
        np.testing.assert_allclose(
            planned / scale, happened / scale, rtol=0, atol=DAYS, err_msg=name
        )
    products, network = task.scenario.products, task.scenario.network
    stages = len(network)
    day = {
        "holding": stages * scale * products.holding_cost,
        "shortage": scale * products.missed_sale_cost,
        "overflow": stages * (scale @ products.volume) * np.maximum(network.overflow_price, 1e-3),
    }
    for name, money in promised_money(task, answer).items():
        happened = getattr(trace, name)[0]
        np.testing.assert_allclose(
            money / day[name], happened / day[name], rtol=0, atol=DAYS, err_msg=name
        )


@given(
    seed=st.integers(0, 2**32),
    starving=st.sampled_from([0.0, 0.5, 1.0]),
    products=st.sampled_from([None, 1]),
)
@settings(max_examples=60, deadline=None)
def test_what_is_promised_is_what_happens_at_mean_demand(
    seed: int, starving: float, products: int | None
) -> None:
    """Whatever the start: full, half empty, with nothing anywhere, for one product or several."""
    task = random_task(seed, products=products, starving=starving)
    assert_kept(task, reconcile(task))


@pytest.mark.parametrize("periods", [1, 2, 3])
def test_even_a_plan_of_a_day_or_two_keeps_its_promise(periods: int) -> None:
    """Shorter than any lead time, so that hardly an order arrives within the plan."""
    for seed in range(8):
        task = replace(random_task(seed), periods=periods)
        assert_kept(task, reconcile(task))


def test_lead_times_of_nothing_keep_the_promise() -> None:
    """What is shipped to the shelf is sold on the same day; upstream it can leave on the next."""
    task = steady_task(lead_time=(0, 0), days_on_hand=0.0)
    answer = reconcile(with_limits(task, space=(40.0, 90.0)))
    assert_kept(with_limits(task, space=(40.0, 90.0)), answer)
    assert not answer.lost_sales[2:].any(), "two days after the start there is enough"


def test_an_empty_chain_keeps_the_promise_of_missing_sales() -> None:
    """With nothing anywhere all demand is lost until the first order has come all the way down."""
    task = steady_task(days_on_hand=0.0)
    nothing = np.zeros_like(task.stock.pipeline)
    task = replace(task, stock=replace(task.stock, pipeline=nothing))
    answer = reconcile(task)
    assert_kept(task, answer)
    first = sum(task.scenario.products.lead_time[:, 0] + 1) - 1
    np.testing.assert_allclose(answer.lost_sales[:first], task.outlook.mean[:first], rtol=1e-6)
    assert not (answer.lost_sales[first] > 1e-6).any()


def test_waiting_customers_are_served_first_in_plan_and_replay() -> None:
    """Backorders at the start are paid for as long as the shelf has nothing for them."""
    task = steady_task(days_on_hand=0.0, backordered=np.array([True, True]))
    task = replace(task, stock=replace(task.stock, backorders=np.array([25.0, 3.0])))
    answer = reconcile(task)
    assert_kept(task, answer)
    assert not answer.lost_sales.any()
    assert answer.backorders[0].sum() > 0
    assert answer.backorders[-1].sum() < 1e-6


def test_a_stage_without_space_or_supply_keeps_the_promise() -> None:
    """A store of which nothing fits overflows with what must pass; without supply nothing comes."""
    task = steady_task()
    for space, supply in (((0.0, 0.0), None), (None, (0.0, 0.0)), ((0.0, 30.0), (25.0, 0.0))):
        limited = with_limits(task, space, supply)
        answer = reconcile(limited)
        assert_kept(limited, answer)
        if supply is not None:
            assert not answer.shipments[:, np.array(supply) == 0].any()


def test_stock_far_above_capacity_keeps_the_promise() -> None:
    """Overflow of what lies there is charged in full, and nothing is bought until it is gone."""
    task = with_limits(steady_task(days_on_hand=9.0), space=(40.0, 60.0))
    answer = reconcile(task)
    assert_kept(task, answer)
    assert not answer.shipments[0].any()
    assert promised_money(task, answer)["overflow"].sum() > 0


def test_certain_demand_keeps_the_promise_and_the_shelf_loses_nothing() -> None:
    """With a standard deviation of 0 the plan is exact: no sale is missed, nothing is left over."""
    task = steady_task(days_on_hand=2.0)
    certain = replace(task.scenario.forecast, std=np.zeros_like(task.scenario.forecast.std))
    scenario = replace(task.scenario, forecast=certain)
    outlook = type(task.outlook)(
        task.outlook.mean, np.zeros_like(task.outlook.std), task.outlook.lead_time
    )
    answer = reconcile(replace(task, scenario=scenario, outlook=outlook))
    assert_kept(replace(task, scenario=scenario, outlook=outlook), answer)
    assert not (answer.lost_sales > 1e-6).any()


def test_dead_stock_is_not_added_to() -> None:
    """A product that nobody wants is not bought, nor moved today, and pays for its holding."""
    task = steady_task()
    forecast, outlook = task.scenario.forecast, task.outlook
    wanted = np.array([1.0, 0.0])
    dead = replace(
        task,
        scenario=replace(
            task.scenario,
            forecast=replace(forecast, mean=forecast.mean * wanted, std=forecast.std * wanted),
        ),
        outlook=type(outlook)(outlook.mean * wanted, outlook.std * wanted, outlook.lead_time),
    )
    answer = reconcile(dead)
    assert_kept(dead, answer)
    assert not answer.shipments[:, -1, 1].any()
    assert not answer.shipments[0, :, 1].any()
    assert not answer.lost_sales[..., 1].any()


def test_stages_can_differ_in_lead_time_by_product() -> None:
    """One product comes overnight, the other takes a week; both keep their promise."""
    task = steady_task(lead_time=np.array([[0, 4], [1, 3]]))
    mixed = with_limits(task, space=(50.0, ANY))
    assert_kept(mixed, reconcile(mixed))
