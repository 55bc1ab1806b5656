"""Replays: the record agrees with what happened, period by period."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from data.outlook import Outlook
from data.stock import StockState, empty_stock
from envs.accounting import Rates
from envs.dynamics import opening_state
from envs.observation import no_errors
from envs.policies import EchelonBaseStock, FollowPlan, Situation
from envs.simulator import play, simulate
from envs.world import World, serial_world


def rates(stages: int, products: int = 1) -> Rates:
    """Holding 1, missed sales 10, two volume units of space, overflow 3."""
    return Rates(
        holding=np.ones((stages, products)),
        shortage=np.full(products, 10.0),
        volume=np.ones(products),
        storage_capacity=np.full(stages, 2.0),
        overflow=np.full(stages, 3.0),
    )


def test_two_days_of_one_shelf_cost_what_the_hand_says(one_shelf: World) -> None:
    """Five on hand, demand 3 then 4: 2 left, then 2 lost; 5 and then 2 units want room for 2."""
    state = opening_state(
        StockState(np.array([[5.0]]), np.zeros((1, 1, 1)), np.zeros(1)), one_shelf
    )
    demand = np.array([[[3.0], [4.0]]])
    trace = simulate(one_shelf, rates(1), state, FollowPlan(np.zeros((0, 1, 1))), demand)
    assert trace.on_hand.ravel().tolist() == [2, 0]
    assert trace.served.ravel().tolist() == [3, 2]
    assert trace.lost_sales.ravel().tolist() == [0, 2]
    assert trace.occupancy.ravel().tolist() == [5, 2]
    assert trace.holding.ravel().tolist() == [2, 0]
    assert trace.shortage.ravel().tolist() == [0, 20]
    assert trace.overflow.ravel().tolist() == [9, 0]
    assert trace.costs.mean() == {"holding": 2, "shortage": 20, "overflow": 9, "total": 31}


def test_waiting_customers_cost_for_every_day_they_wait() -> None:
    """Two owed for two days at 10 a day."""
    world = serial_world(np.array([[2]]), backordered=np.array([True]))
    state = opening_state(empty_stock(1, 1), world)
    policy = FollowPlan(np.array([[[2.0]]]))
    trace = simulate(world, rates(1), state, policy, np.array([[[2.0], [0.0], [0.0]]]))
    assert trace.backorders.ravel().tolist() == [2, 2, 0]
    assert trace.shortage.ravel().tolist() == [20, 20, 0]
    assert trace.served.ravel().tolist() == [0, 0, 2]
    assert not trace.lost_sales.any()


def test_a_trace_has_paths_periods_stages_and_products_in_that_order() -> None:
    """P = 2, T = 4, M = 3, K = 5."""
    world = serial_world(np.ones((3, 5), int))
    state = opening_state(empty_stock(3, 5), world, paths=2)
    demand = np.random.default_rng(0).uniform(0, 5, (2, 4, 5))
    policy = EchelonBaseStock(np.full((3, 5), 20.0))
    trace = simulate(world, rates(3, 5), state, policy, demand)
    assert trace.shipments.shape == trace.on_hand.shape == (2, 4, 3, 5)
    assert trace.demand.shape == trace.lost_sales.shape == trace.backorders.shape == (2, 4, 5)
    assert trace.holding.shape == trace.shortage.shape == trace.served.shape == (2, 4, 5)
    assert trace.occupancy.shape == trace.overflow.shape == (2, 4, 3)
    assert np.array_equal(trace.demand, demand)


def test_each_shelf_of_a_tree_meets_its_own_demand(tree: World) -> None:
    """Demand (P, T, S, K); the record sums the shelves."""
    state = opening_state(
        StockState(np.array([[4.0], [1.0], [9.0]]), np.zeros((3, 1, 1)), np.zeros(1)), tree
    )
    demand = np.array([3.0, 5.0]).reshape(1, 1, 2, 1)
    trace = simulate(tree, rates(3), state, FollowPlan(np.zeros((0, 3, 1))), demand)
    assert trace.on_hand[0, 0, :, 0].tolist() == [1, 0, 9]
    assert trace.demand.item() == 8
    assert trace.lost_sales.item() == 4


def test_replays_of_the_same_paths_are_equal_to_the_bit(serial_three: World) -> None:
    """Nothing random is left in a replay."""
    demand = np.random.default_rng(5).gamma(2, 3, (4, 30, 1))
    state = opening_state(empty_stock(3, 1), serial_three, paths=4)
    policy = EchelonBaseStock(np.array([[20.0], [40.0], [60.0]]))
    first, second = (simulate(serial_three, rates(3), state, policy, demand) for _ in range(2))
    assert np.array_equal(first.on_hand, second.on_hand)
    assert first.costs.total == second.costs.total


def test_policies_see_the_forecast_errors_of_the_days_before(one_shelf: World) -> None:
    """(demand - mean) / std of yesterday, smoothed with weight 0.15; none on the first day."""
    seen = []

    def watch(situation: Situation) -> np.ndarray:
        seen.extend((situation.errors.last.item(), situation.errors.smoothed.item()))
        return np.zeros((1, 1, 1))

    mean, std = np.arange(10.0, 80.0)[:, None], np.arange(2.0, 72.0)[:, None]
    outlook = Outlook(mean, std, np.array([[2]]))
    state = opening_state(empty_stock(1, 1), one_shelf)
    demand = np.array([[[14.0], [9.5], [10.0]]])
    list(play(one_shelf, rates(1), state, watch, demand, outlook))
    assert seen == pytest.approx([0, 0, 2, 0.3, -0.5, 0.85 * 0.3 - 0.15 * 0.5])


def test_without_a_forecast_no_errors_are_seen(one_shelf: World) -> None:
    """And a product whose demand is certain never has any."""
    outlook = Outlook(np.full((70, 1), 10.0), np.zeros((70, 1)), np.array([[2]]))
    state = opening_state(empty_stock(1, 1), one_shelf)
    demand = np.full((1, 3, 1), 99.0)

    def watch(situation: Situation) -> np.ndarray:
        assert not situation.errors.last.any()
        assert not situation.errors.smoothed.any()
        return np.zeros((1, 1, 1))

    assert len(list(play(one_shelf, rates(1), state, watch, demand))) == 3
    assert len(list(play(one_shelf, rates(1), state, watch, demand, outlook))) == 3


def test_periods_hang_together(serial_three: World) -> None:
    """Every period begins in the state that the one before left."""
    state = opening_state(empty_stock(3, 1), serial_three)
    policy = EchelonBaseStock(np.array([[20.0], [40.0], [60.0]]))
    periods = list(play(serial_three, rates(3), state, policy, np.full((1, 6, 1), 4.0)))
    assert [period.before.period for period in periods] == list(range(6))
    assert all(a.after is b.before for a, b in pairwise(periods))
    assert periods[0].before is state


def test_no_errors_means_zero() -> None:
    """Before the first day nothing was wrong."""
    assert not no_errors(2, 3).last.any()
    assert no_errors(2, 3).smoothed.shape == (2, 3)
