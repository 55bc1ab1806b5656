"""The distribution problem: its days by hand, its units conserved, its money added up."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest

from envs.dynamics import Flows, State
from envs.observation import no_errors
from envs.policies import FollowPlan, RandomOrders, ReorderPoint, Situation
from envs.reference.distribution import (
    CENTRE,
    FEATURES,
    MONTH,
    YEAR,
    Distribution,
    observe,
    opening,
    play,
    sample_demand,
    shared,
)
from envs.reference.distribution_policies import DaysOfCover, Stocked, StopBefore

NOTHING = ReorderPoint(np.full((3, 1), -np.inf), np.zeros((3, 1)))
LARGE = RandomOrders(np.array([[60.0], [60.0], [90.0]]), np.random.default_rng(3))


def plan(*days: tuple[float, float, float]) -> FollowPlan:
    """Orders (retailer 1, retailer 2, centre) day by day."""
    return FollowPlan(np.array(days)[..., None])


def demand(*days: tuple[float, float]) -> np.ndarray:
    """Demand of the retailers day by day, on one path."""
    return np.array([days], dtype=float)


def watched(task: Distribution, policy: object, wanted: np.ndarray) -> list[tuple[State, Flows]]:
    """The state and the flows of every day."""
    seen: list[tuple[State, Flows]] = []
    play(task, policy, wanted, watch=lambda state, flows: seen.append((state, flows)))  # type: ignore[arg-type] # any policy
    return seen


def test_three_days_by_hand() -> None:
    """Retailers receive a day after the centre ships, the centre two days after it orders."""
    task = replace(MONTH, days=3)
    policy = plan((20, 0, 100), (0, 60, 0), (0, 0, 0))
    profit = play(task, policy, demand((10, 30), (30, 5), (10, 5)))
    # Day 0: 25 and 25 on hand; 10 and 25 sold, 5 lost; 80 left at the centre, 20 under way.
    # Day 1: 15 + 20 and 0; 30 and 0 sold, 5 lost; the centre ships 60 and keeps 20.
    # Day 2: 5 and 60; 5 and 5 sold, 5 lost; the centre receives 100 and has 120.
    np.testing.assert_allclose(profit.sales, [[35 * 50, 30 * 50, 10 * 50]])
    np.testing.assert_allclose(profit.lost, [[25, 25, 25]])
    np.testing.assert_allclose(profit.orders, [[50, 0, 0]])
    np.testing.assert_allclose(profit.units, [[200, 0, 0]])
    np.testing.assert_allclose(profit.batches, [[10, 20, 0]])
    np.testing.assert_allclose(profit.holding, [[15 + 0 + 40, 5 + 0 + 10, 0 + 55 + 60]])
    assert not profit.crowding.any()


def test_a_crowded_place_pays_by_the_day() -> None:
    """Capacity x tanh of the excess over three quarters of it."""
    task = replace(MONTH, days=2, opening_stock=(100.0, 25.0, 200.0))
    profit = play(task, NOTHING, demand((0, 0), (25, 0)))
    centre = 150 * np.tanh(50 / 112.5)
    expected = [75 * np.tanh(25 / 56.25) + centre, centre]
    np.testing.assert_allclose(profit.crowding, [expected])


def test_profit_is_sales_less_every_cost() -> None:
    """Term by term, with none forgotten."""
    uneven = RandomOrders(np.array([[30.0], [30.0], [150.0]]), np.random.default_rng(3))
    profit = play(MONTH, uneven, sample_demand(MONTH, np.random.default_rng(1), 50))
    sales, *costs = astuple(profit)
    np.testing.assert_allclose(profit.total, sales - sum(costs))
    assert all(cost.any() for cost in costs)


def test_no_unit_appears_or_vanishes() -> None:
    """What was there and came in is there, under way, or sold; stock stays whole and above 0."""
    wanted = sample_demand(MONTH, np.random.default_rng(2), 20)
    before, came, sold = 150.0, 0.0, 0.0
    for state, flows in watched(MONTH, LARGE, wanted):
        came = came + flows.shipped[:, CENTRE, 0]
        sold = sold + flows.served.sum(axis=(1, 2))
        there = state.on_hand.sum(axis=(1, 2)) + state.in_transit.sum(axis=(1, 2))
        np.testing.assert_array_equal(there, before + came - sold)
        np.testing.assert_array_equal(state.on_hand, np.rint(state.on_hand))
        assert (state.on_hand >= 0).all()
        np.testing.assert_array_equal(flows.served + flows.lost, flows.demand)


def test_what_is_owed_goes_before_new_orders() -> None:
    """Retailer 1 is owed 50 from yesterday; retailer 2's order of today waits for it."""
    task = replace(MONTH, days=4, opening_stock=(0.0, 0.0, 20.0))
    policy = plan((70, 0, 40), (0, 0, 0), (0, 40, 0), (0, 0, 0))
    days = watched(task, policy, demand(*[(0, 0)] * 4))
    shipped = np.array([flows.shipped[0, :2, 0] for _, flows in days])
    np.testing.assert_array_equal(shipped, [[20, 0], [0, 0], [40, 0], [0, 0]])
    np.testing.assert_array_equal(days[-1][0].owed[0, :, 0], [10, 40, 0])


def test_a_scarce_stock_is_shared_fairly_in_whole_units() -> None:
    """In proportion to what is asked, to within a unit; nobody gets more than was asked for."""
    rng = np.random.default_rng(4)
    asked = rng.integers(0, 40, (500, 3)).astype(float)
    stock = rng.integers(0, 120, 500).astype(float)
    parts = shared(asked, stock)
    np.testing.assert_array_equal(parts, np.rint(parts))
    np.testing.assert_array_equal(parts.sum(axis=1), np.minimum(stock, asked.sum(axis=1)))
    total = np.maximum(asked.sum(axis=1), 1)
    fair = asked * np.minimum(stock / total, 1)[:, None]
    assert (np.abs(parts - fair) < 1).all()
    assert (parts <= asked).all()
    np.testing.assert_array_equal(shared(np.array([[30.0, 10.0]]), np.array([20.0])), [[15, 5]])


def test_orders_are_whole_units_of_at_most_a_capacity() -> None:
    """Half a unit or a negative one cannot be ordered."""
    days = watched(replace(MONTH, days=1), plan((1e9, -5, 10.6)), demand((0, 0)))
    np.testing.assert_array_equal(days[0][1].ordered[0, :, 0], [75, 0, 11])


def test_demand_has_the_rhythm_of_the_week() -> None:
    """Mean demand by weekday, to within four standard errors."""
    weeks = sample_demand(YEAR, np.random.default_rng(5), 50).reshape(50, 52, 7, 2)
    found = weeks.mean(axis=(0, 1, 3))
    error = np.sqrt(np.array(YEAR.mean) / (50 * 52 * 2))
    assert (np.abs(found - YEAR.mean) < 4 * error).all()


def test_what_is_seen_is_what_there_is() -> None:
    """Named numbers, with demand that is not to come counted 0."""
    task = replace(YEAR, days=8)
    seen = dict(zip(FEATURES, observe(task, opening(task, 1))[0], strict=True))
    assert (seen["retailer 2 on hand"], seen["centre on hand"], seen["days left"]) == (25, 100, 8)
    state, _ = watched(task, plan((9, 0, 50), (0, 0, 0)), demand(*[(1, 2)] * 2))[0]
    seen = dict(zip(FEATURES, observe(task, state)[0], strict=True))
    assert seen["retailer 1 under way"] == 9
    # The morning's van is in: 100 - 9 on hand, and 50 will be there tomorrow.
    assert (seen["centre on hand"], seen["centre under way"]) == (91, 50)
    assert dict(zip(FEATURES, observe(YEAR, state)[0], strict=True))["days left"] == 28
    late = replace(state, period=6)
    seen = dict(zip(FEATURES, observe(task, late)[0], strict=True))
    ahead = [seen[name] for name in FEATURES if name.startswith("mean demand")]
    assert ahead == [7, 3, 0, 0]


def test_cover_is_an_order_up_to_a_forecast() -> None:
    """Two days and a half of week-end demand, no more than what is left can use."""
    rule = DaysOfCover(YEAR, (2.5, 0.0), (3.0, 0.0), (0.0, 0.0), 0.0)
    state = replace(opening(YEAR, 1), period=4, on_hand=np.array([[[15.0], [17.0], [0.0]]]))
    orders = rule(Situation(state, no_errors(1, 1), YEAR.world))
    # Friday 6, Saturday 7, half of Sunday's 7: 16.5 is the point, 20 the level.
    np.testing.assert_array_equal(orders[0, :2, 0], [5, 0])
    last = replace(state, period=363)
    orders = rule(Situation(last, no_errors(1, 1), YEAR.world))
    np.testing.assert_array_equal(orders[0, :, 0], [0, 0, 0])


def test_the_centre_places_no_small_last_order() -> None:
    """It is not worth what an order costs."""
    state = replace(opening(MONTH, 1), period=26, on_hand=np.array([[[0.0], [0.0], [30.0]]]))
    situation = Situation(state, no_errors(1, 1), MONTH.world)
    for smallest, expected in ((10.0, 10.0), (11.0, 0.0)):
        rule = DaysOfCover(MONTH, (9.0, 9.0), (9.0, 9.0), (0.0, 0.0), smallest)
        assert rule(situation)[0, CENTRE, 0] == expected


def test_a_stop_is_a_stop() -> None:
    """Nothing is ordered in a stage's last days; before, the rule is as it was."""
    rule = ReorderPoint(np.full((3, 1), 99.0), np.full((3, 1), 140.0))
    stopped = StopBefore(MONTH, rule, (1.0, 3.0))
    placed = [
        stopped(Situation(replace(opening(MONTH, 1), period=day), no_errors(1, 1), MONTH.world))
        for day in (24, 25, 27)
    ]
    np.testing.assert_array_equal(np.array(placed)[:, 0, :, 0] > 0, [[1, 1, 0], [1, 1, 0], [0] * 3])
    early = replace(rule, level=np.full((3, 1), 240.0))
    situation = Situation(opening(MONTH, 1), no_errors(1, 1), MONTH.world)
    np.testing.assert_array_equal(StopBefore(MONTH, early, (1, 3))(situation), early(situation))


def test_a_net_orders_what_it_answers() -> None:
    """Units per stage, from what is seen."""
    policy = Stocked(MONTH, lambda seen: seen[:, [0, 1, 6]])
    orders = policy(Situation(opening(MONTH, 2), no_errors(2, 1), MONTH.world))
    np.testing.assert_array_equal(orders[..., 0], [[25, 25, 100]] * 2)


@pytest.mark.parametrize(
    "wrong", [{"lead_time": (1, 1, 0)}, {"mean": (1.0,)}, {"holding": (1.0,)}, {"days": 0}]
)
def test_a_problem_that_is_none_cannot_exist(wrong: dict[str, tuple[float, ...]]) -> None:
    """A centre that receives on the day it orders, half a week, two holding costs."""
    with pytest.raises(ValueError, match="distribution: "):
        replace(MONTH, **wrong)
