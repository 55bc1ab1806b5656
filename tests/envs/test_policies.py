"""Ordering rules, on states small enough to check by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.outlook import Outlook
from data.stock import StockState
from envs.dynamics import State, advance, opening_state
from envs.observation import no_errors
from envs.policies import (
    BaseStock,
    EchelonBaseStock,
    FollowPlan,
    NothingFromSource,
    Policy,
    RandomOrders,
    ReorderPoint,
    SafetyStockRule,
    Situation,
    WholeLots,
    constant,
)
from envs.world import SOURCE, Unfilled, World, serial_world


def situation(world: World, on_hand: list[float], under_way: list[float]) -> Situation:
    """One product, its shipments all due today."""
    stock = StockState(
        np.array(on_hand, float)[:, None], np.array(under_way, float)[:, None, None], np.zeros(1)
    )
    state = opening_state(stock, world)
    return Situation(state, no_errors(1, 1), world)


def orders_of(policy: Policy, here: Situation) -> list[float]:
    """What a policy orders for one path and one product."""
    return policy(here)[0, :, 0].tolist()


def level(*units: float) -> np.ndarray:
    """Levels (M, 1)."""
    return np.array(units, float)[:, None]


def test_positions_count_what_is_under_way_and_what_is_downstream(serial_three: World) -> None:
    """Local is on hand and under way; echelon sums from the shelf up."""
    here = situation(serial_three, [1, 2, 3], [10, 20, 30])
    assert here.local_position[0, :, 0].tolist() == [11, 22, 33]
    assert here.echelon_position[0, :, 0].tolist() == [11, 33, 66]


def test_customers_who_wait_lower_the_position_of_every_echelon() -> None:
    """Three units owed to customers are three units fewer all the way up."""
    world = serial_world(np.array([[1], [1]]), backordered=np.array([True]))
    here = situation(world, [0, 5], [0, 0])
    here = replace(here, state=replace(here.state, backorders=np.full((1, 1, 1), 3.0)))
    assert here.local_position[0, :, 0].tolist() == [-3, 5]
    assert here.echelon_position[0, :, 0].tolist() == [-3, 2]


def test_what_a_supplier_owes_is_awaited_below_and_missing_above() -> None:
    """7 owed to the shelf raise its position and lower the supplier's; the echelon is the same."""
    world = serial_world(np.array([[1], [1]]), unfilled=Unfilled.OWED)
    here = situation(world, [0, 5], [0, 0])
    owed = np.array([7.0, 0.0])[None, :, None]
    here = replace(here, state=replace(here.state, owed=owed))
    assert here.local_position[0, :, 0].tolist() == [7, -2]
    assert here.echelon_position[0, :, 0].tolist() == [7, 5]


def test_an_order_up_to_rule_does_not_order_twice_what_it_is_owed() -> None:
    """With 10 owed and a level of 10, nothing more is asked for."""
    world = serial_world(np.array([[1], [3]]), unfilled=Unfilled.OWED)
    here = situation(world, [0, 0], [0, 0])
    rule = BaseStock(level(10, 0))
    state, flows = advance(here.state, rule(here), np.zeros((1, 1, 1)), world)
    assert flows.shipped[0, 0, 0] == 0
    assert orders_of(rule, Situation(state, here.errors, world)) == [0, 10]


def test_in_a_tree_the_warehouse_counts_both_shelves(tree: World) -> None:
    """Its echelon is its own stock and all that lies below."""
    here = situation(tree, [1, 2, 4], [10, 20, 40])
    assert here.echelon_position[0, :, 0].tolist() == [11, 22, 77]
    assert orders_of(EchelonBaseStock(level(15, 15, 80)), here) == [4, 0, 3]
    assert orders_of(BaseStock(level(15, 15, 80)), here) == [4, 0, 36]


def test_echelon_base_stock_orders_the_demand_once_it_is_in_step(serial_three: World) -> None:
    """Under steady demand every stage orders each day what was sold the day before."""
    here = situation(serial_three, [40, 40, 40], [0, 0, 0])
    rule = EchelonBaseStock(level(40, 80, 120))
    state = here.state
    for _ in range(5):
        state, _ = advance(
            state,
            rule(Situation(state, here.errors, serial_three)),
            np.full((1, 1, 1), 6.0),
            serial_three,
        )
    assert orders_of(rule, Situation(state, here.errors, serial_three)) == [6, 6, 6]


def test_a_reorder_point_waits_and_then_orders_up(serial_three: World) -> None:
    """At the point or below up to the level; above it nothing."""
    here = situation(serial_three, [5, 6, 4], [0, 0, 0])
    rule = ReorderPoint(reorder_point=level(5, 5, 5), level=level(20, 20, 20))
    assert orders_of(rule, here) == [15, 0, 16]


def test_a_plan_is_followed_whatever_happens_and_ends(serial_three: World) -> None:
    """The period's row, then nothing."""
    plan = FollowPlan(np.arange(6.0).reshape(2, 3, 1))
    here = situation(serial_three, [0, 0, 0], [0, 0, 0])
    found = [orders_of(plan, replace(here, state=replace(here.state, period=t))) for t in range(3)]
    assert found == [[0, 1, 2], [3, 4, 5], [0, 0, 0]]


def test_random_orders_stay_in_range_and_follow_their_seed(serial_three: World) -> None:
    """Uniform between nothing and the largest order."""
    here = situation(serial_three, [0, 0, 0], [0, 0, 0])
    drawn = [RandomOrders(level(1, 10, 0), np.random.default_rng(3))(here) for _ in range(2)]
    assert np.array_equal(*drawn)
    assert (drawn[0] >= 0).all()
    assert (drawn[0][0, :, 0] <= [1, 10, 0]).all()


def test_the_safety_stock_rule_adds_z_sigmas_of_each_stage_below() -> None:
    """Demand 10 with deviation 3 a day: intervals of 2, 3 and 4 days, sigma 3 sqrt(days)."""
    lead_time = np.array([[1], [2], [3]])
    outlook = Outlook(np.full((80, 1), 10.0), np.full((80, 1), 3.0), lead_time)
    here = situation(serial_world(lead_time), [0, 0, 0], [0, 0, 0])
    z = level(2, -1, 0.5)
    safety = np.cumsum(z[:, 0] * 3 * np.sqrt([2, 3, 4]))
    expected = np.array([20, 50, 90]) + safety
    assert orders_of(SafetyStockRule(outlook, constant(z)), here) == pytest.approx(expected)


def lots(orders: list[float], here: Situation, lot: float, minimum: float) -> list[float]:
    """What becomes of orders once they are brought to whole lots."""
    rule = WholeLots(
        policy=lambda _: np.array(orders, float)[None, :, None],
        lot_size=np.array([lot]),
        minimum_order=np.array([minimum]),
        largest=level(*([100.0] * len(orders))),
    )
    return orders_of(rule, here)


def test_orders_are_rounded_to_the_nearest_lot(serial_three: World) -> None:
    """Halves go up; without a lot size nothing is rounded."""
    here = situation(serial_three, [0, 99, 99], [0, 0, 0])
    assert lots([7.4, 7.5, 22.4], here, lot=5, minimum=0) == [5, 10, 20]
    assert lots([7.4, 7.5, 22.4], here, lot=0, minimum=0) == [7.4, 7.5, 22.4]


def test_small_orders_are_raised_to_the_minimum_or_dropped(serial_three: World) -> None:
    """A minimum of 12 means 15 in lots of 5; what is below half of that is not worth it."""
    here = situation(serial_three, [0, 99, 99], [0, 0, 0])
    ordered = [lots([0, 0, units], here, lot=5, minimum=12)[-1] for units in (4, 8, 16)]
    assert ordered == [0, 15, 15]
    ordered = [lots([0, 0, units], here, lot=0, minimum=12)[-1] for units in (5, 7, 16)]
    assert ordered == [0, 12, 16]


def test_minimum_orders_are_for_purchases_from_the_source(serial_three: World) -> None:
    """Stages below the top one move as little as they like."""
    here = situation(serial_three, [0, 99, 99], [0, 0, 0])
    assert lots([4, 6, 4], here, lot=0, minimum=12) == [4, 6, 0]


def test_an_order_that_cannot_reach_the_minimum_is_not_placed(serial_three: World) -> None:
    """The largest order is 100: less than the minimum, or than its whole lots."""
    here = situation(serial_three, [0, 99, 99], [0, 0, 0])
    assert lots([4, 6, 150], here, lot=0, minimum=101) == [4, 6, 0]
    assert lots([0, 0, 150], here, lot=30, minimum=95) == [0, 0, 0]
    assert lots([0, 0, 150], here, lot=30, minimum=90) == [0, 0, 90]


def test_suppliers_send_whole_lots_of_what_they_have(serial_three: World) -> None:
    """A supplier with 13 sends 10; the largest shipment is kept to whole lots as well."""
    here = situation(serial_three, [0, 13, 3], [0, 0, 0])
    assert lots([40, 40, 400], here, lot=5, minimum=0) == [10, 0, 100]
    assert lots([40, 40, 400], here, lot=30, minimum=0) == [0, 0, 90]


@pytest.mark.parametrize(
    "rule",
    [
        BaseStock(level(20, 20, 20)),
        EchelonBaseStock(level(20, 40, 60)),
        ReorderPoint(level(5, 5, 5), level(20, 20, 20)),
    ],
)
def test_policies_leave_the_state_as_it_is(rule: Policy, serial_three: World) -> None:
    """Looking at stock does not move it."""
    here = situation(serial_three, [1, 2, 3], [4, 5, 6])
    for values in (here.state.on_hand, here.state.pipeline, here.state.backorders):
        values.flags.writeable = False
    assert isinstance(here.state, State)
    assert (rule(here) >= 0).all()


def test_nothing_is_ordered_from_the_source_of_what_is_not_bought() -> None:
    """The stages below order as ever; the rule's own array is not written to."""
    world = serial_world(np.ones((3, 2)))
    state = opening_state(StockState(np.ones((3, 2)), np.zeros((3, 2, 1)), np.zeros(2)), world, 2)
    fixed = np.full((2, 3, 2), 5.0)
    fixed.flags.writeable = False
    rule = NothingFromSource(lambda _: fixed, np.array([True, False]))
    orders = rule(Situation(state, no_errors(2, 2), world))
    np.testing.assert_array_equal(orders, [[[5, 5], [5, 5], [5, 0]]] * 2)


def test_in_a_tree_every_stage_that_draws_on_the_source_buys_nothing() -> None:
    """Two shelves draw on a depot, the depot and a third shelf on the source."""
    world = World(
        (3, 3, SOURCE, SOURCE), np.ones((4, 1)), np.full((4, 1), np.inf), np.zeros(1, bool)
    )
    state = opening_state(StockState(np.ones((4, 1)), np.zeros((4, 1, 1)), np.zeros(1)), world)
    rule = NothingFromSource(BaseStock(level(9, 9, 9, 9)), np.array([False]))
    assert orders_of(rule, Situation(state, no_errors(1, 1), world)) == [8, 8, 0, 0]


def test_what_is_not_bought_still_flows_down_and_is_sold() -> None:
    """Twelve units at the top of three stages all reach customers, and no more."""
    world = serial_world(np.ones((3, 1)))
    state = opening_state(StockState(level(0, 0, 12), np.zeros((3, 1, 1)), np.zeros(1)), world)
    rule, sold = NothingFromSource(EchelonBaseStock(level(8, 16, 24)), np.array([False])), 0.0
    for _ in range(20):
        here = Situation(state, no_errors(1, 1), world)
        state, flows = advance(state, rule(here), np.full((1, 1, 1), 2.0), world)
        sold += float(flows.served.sum())
    assert sold == 12
    assert not state.on_hand.any()
    assert not state.pipeline.any()
