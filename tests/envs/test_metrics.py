"""Key figures, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from data.outlook import Outlook
from data.stock import StockState, empty_stock
from envs.accounting import Rates
from envs.dynamics import opening_state
from envs.metrics import (
    Kpis,
    Tally,
    capacity_use,
    days_of_cover,
    estimate,
    excess,
    measure,
    share,
    value_of,
)
from envs.policies import EchelonBaseStock, FollowPlan
from envs.simulator import play, simulate
from envs.world import World, serial_world


def rates(stages: int = 1, products: int = 1) -> Rates:
    """Holding 1, missed sales 10, one volume unit a piece, space for 6, overflow 2."""
    return Rates(
        holding=np.ones((stages, products)),
        shortage=np.full(products, 10.0),
        volume=np.ones(products),
        storage_capacity=np.full(stages, 6.0),
        overflow=np.full(stages, 2.0),
    )


def stock(on_hand: list[list[float]], backorders: float = 0.0) -> StockState:
    """Stock (M, K) with nothing under way."""
    units = np.array(on_hand, float)
    return StockState(units, np.zeros((*units.shape, 1)), np.full(units.shape[1], backorders))


@pytest.fixture
def shelf_week() -> Kpis:
    """One shelf, a day from its source; 4 units open, 5 arrive on day 3, and 8 on day 6.

    day      1  2  3  4  5  6
    demand   3  3  1  2  4  0
    served   3  1  1  2  2  0
    closing  1  0  4  2  0  8
    """
    world = serial_world(np.array([[1]]))
    orders = np.array([0, 5, 0, 0, 8, 0], float)[:, None, None]
    demand = np.array([3, 3, 1, 2, 4, 0], float)[None, :, None]
    opening = opening_state(stock([[4]]), world)
    forecast = np.arange(80.0)[:, None]
    outlook = Outlook(forecast, 0 * forecast, np.array([[1]]))
    tally = Tally(world, rates(), np.array([5.0]), outlook, levels=np.array([[6.0]]))
    return measure(play(world, rates(), opening, FollowPlan(orders), demand), tally)


def test_fill_rate_is_what_was_served_at_once(shelf_week: Kpis) -> None:
    """9 of 13."""
    assert shelf_week.fill_rate().value == pytest.approx(9 / 13)
    assert shelf_week.product_fill_rate == pytest.approx([9 / 13])


def test_cycles_run_from_receipt_to_receipt(shelf_week: Kpis) -> None:
    """Before day 3 (short), days 3 to 5 (short), from day 6 on: one of three is clean."""
    assert shelf_week.cycle_service_level.value == pytest.approx(1 / 3)
    assert shelf_week.product_cycle_service_level == pytest.approx([1 / 3])
    assert shelf_week.stock_out_risk == pytest.approx([1])


def test_ready_rate_counts_days_that_close_with_stock(shelf_week: Kpis) -> None:
    """Four of six."""
    assert shelf_week.ready_rate.value == pytest.approx(4 / 6)
    assert shelf_week.product_ready_rate == pytest.approx([4 / 6])


def test_cover_is_stock_over_the_coming_forecast(shelf_week: Kpis) -> None:
    """2.5 units on average; the two days after each close expect 1.5, 2.5, .., 6.5 a day."""
    assert shelf_week.days_of_cover == pytest.approx(np.array([[2.5 / 4]]))


def test_turns_are_yearly_sales_over_mean_stock(shelf_week: Kpis) -> None:
    """9 sold in 6 days from 2.5 on hand; the unit cost cancels."""
    assert shelf_week.turns.value == pytest.approx(9 * 365 / 6 / 2.5)
    assert shelf_week.product_turns == pytest.approx([9 * 365 / 6 / 2.5])


def test_capital_is_stock_at_cost_and_stands_beside_what_is_on_order(shelf_week: Kpis) -> None:
    """2.5 units on hand at 5; 5 and 8 units under way for one closing each of six."""
    assert shelf_week.capital_tied_up.value == pytest.approx(12.5)
    assert shelf_week.capital_on_order.value == pytest.approx(13 / 6 * 5)


def test_space_is_used_by_opening_stock_and_arrivals(shelf_week: Kpis) -> None:
    """4, 1, 5, 4, 2 and 8 units for room of 6; the last day is over."""
    used = shelf_week.capacity_use[:, 0]
    assert used == pytest.approx(np.array([4, 1, 5, 4, 2, 8]) / 6)
    assert shelf_week.overflow_chance[:, 0].tolist() == [0, 0, 0, 0, 0, 1]


def test_missed_sales_are_valued_at_what_a_miss_costs(shelf_week: Kpis) -> None:
    """4 units at 10."""
    assert shelf_week.missed_sales_value.value == pytest.approx(40)
    assert shelf_week.product_missed_sales_value == pytest.approx([40])


def test_excess_is_position_above_the_level(shelf_week: Kpis) -> None:
    """Positions before ordering 4, 1, 5, 4, 2, 8 (on order included) against 6: 2 units once."""
    assert shelf_week.excess == pytest.approx(np.array([[2 / 6]]))
    assert shelf_week.excess_value == pytest.approx([2 / 6 * 5])


def test_money_is_that_of_the_replay(shelf_week: Kpis) -> None:
    """15 unit days held, 4 units missed, 2 units over on one day."""
    assert shelf_week.costs.mean() == {
        "holding": 15,
        "shortage": 40,
        "overflow": 4,
        "total": 59,
    }
    assert shelf_week.total_cost.value == 59
    assert math.isnan(shelf_week.total_cost.low), "one path tells no spread"


def test_waiting_customers_were_not_served_at_once() -> None:
    """Demand 5 with 2 on hand: 3 wait; the next day 4 come, 6 arrive, and 1 of them waits."""
    world = serial_world(np.array([[1]]), backordered=np.array([True]))
    opening = opening_state(stock([[2]]), world)
    orders = np.array([6, 0, 0], float)[:, None, None]
    demand = np.array([5, 4, 0], float)[None, :, None]
    kpis = measure(play(world, rates(), opening, FollowPlan(orders), demand), Tally(world, rates()))
    assert kpis.fill_rate().value == pytest.approx((2 + 3) / 9)
    assert kpis.served.item() == 8
    assert kpis.lost.item() == 0
    assert kpis.missed_sales_value.value == 0
    assert kpis.costs.shortage.item() == 10 * (3 + 1 + 1)


def test_an_old_backorder_is_no_new_miss() -> None:
    """A customer who waits since yesterday does not make today's empty demand short."""
    world = serial_world(np.array([[9]]), backordered=np.array([True]))
    opening = opening_state(stock([[0]], backorders=7), world)
    demand = np.array([0, 2], float)[None, :, None]
    nothing = FollowPlan(np.zeros((0, 1, 1)))
    kpis = measure(play(world, rates(), opening, nothing, demand), Tally(world, rates()))
    assert kpis.served_at_once.item() == 0
    assert kpis.demanded.item() == 2
    assert kpis.short_cycles.item() == 1


def test_without_demand_there_is_no_fill_rate() -> None:
    """Nor turns without stock; the ready rate and the cycles still have an answer."""
    world = serial_world(np.array([[1]]))
    opening = opening_state(empty_stock(1, 1), world)
    nothing = FollowPlan(np.zeros((0, 1, 1)))
    kpis = measure(
        play(world, rates(), opening, nothing, np.zeros((1, 3, 1))),
        Tally(world, rates(), np.array([5.0])),
    )
    assert math.isnan(kpis.fill_rate().value)
    assert np.isnan(kpis.product_fill_rate).all()
    assert np.isnan(kpis.product_turns).all()
    assert math.isnan(kpis.turns.value)
    assert kpis.ready_rate.value == 0
    assert kpis.cycle_service_level.value == 1
    assert kpis.stock_out_risk == pytest.approx([0])


def test_figures_that_lack_their_yardstick_say_so() -> None:
    """No outlook: no cover. No levels: no excess. No unit cost: nothing at cost."""
    world = serial_world(np.array([[1]]))
    tally = Tally(world, rates())
    with pytest.raises(ValueError, match="no period was counted"):
        tally.kpis()
    opening = opening_state(stock([[4]]), world)
    nothing = FollowPlan(np.zeros((0, 1, 1)))
    kpis = measure(play(world, rates(), opening, nothing, np.ones((1, 3, 1))), tally)
    with pytest.raises(ValueError, match="give the tally an outlook"):
        _ = kpis.days_of_cover
    with pytest.raises(ValueError, match="give them to the tally"):
        _ = kpis.excess_value
    assert math.isnan(kpis.capital_tied_up.value)
    assert kpis.product_turns == pytest.approx([3 * 365 / 3 / 2])


def test_products_of_unknown_cost_are_left_out_of_capital() -> None:
    """Two products, one without a cost: the other's stock counts."""
    assert value_of(np.array([[2.0, 3.0]]), np.array([10.0, np.nan])).tolist() == [20]
    assert np.isnan(value_of(np.array([[2.0, 3.0]]), np.full(2, np.nan))).all()


def test_fill_rate_can_be_weighed_by_money() -> None:
    """Product 1 is served in full, product 2 not at all; it is worth three times as much."""
    world = serial_world(np.ones((1, 2), int))
    opening = opening_state(stock([[9, 0]]), world)
    nothing = FollowPlan(np.zeros((0, 1, 2)))
    kpis = measure(
        play(world, rates(1, 2), opening, nothing, np.ones((1, 2, 2))), Tally(world, rates(1, 2))
    )
    assert kpis.fill_rate().value == pytest.approx(1 / 2)
    assert kpis.fill_rate(np.array([1.0, 3.0])).value == pytest.approx(1 / 4)
    assert kpis.product_fill_rate.tolist() == [1, 0]


def test_shelves_of_a_tree_have_their_own_cycles(tree: World) -> None:
    """One of two shelves runs short: half the cycles, half the shelf days ready."""
    opening = opening_state(stock([[9], [0], [0]]), tree)
    nothing = FollowPlan(np.zeros((0, 3, 1)))
    kpis = measure(
        play(tree, rates(3), opening, nothing, np.ones((1, 2, 2, 1))), Tally(tree, rates(3))
    )
    assert kpis.cycle_service_level.value == pytest.approx(1 / 2)
    assert kpis.ready_rate.value == pytest.approx(1 / 2)
    assert kpis.fill_rate().value == pytest.approx(1 / 2)


def test_a_tally_agrees_with_the_full_record() -> None:
    """P = 5, T = 20, M = 3, K = 4: sums over the trace give the same figures."""
    rng = np.random.default_rng(4)
    world = serial_world(rng.integers(1, 4, (3, 4)), backordered=np.array([0, 1, 0, 1], bool))
    prices = rates(3, 4)
    opening = opening_state(stock(rng.uniform(0, 9, (3, 4)).tolist()), world, paths=5)
    policy = EchelonBaseStock(np.cumsum(rng.uniform(5, 20, (3, 4)), axis=0))
    demand = rng.gamma(1, 3, (5, 20, 4))
    unit_cost = rng.uniform(1, 9, 4)
    kpis = measure(play(world, prices, opening, policy, demand), Tally(world, prices, unit_cost))
    trace = simulate(world, prices, opening, policy, demand)
    assert kpis.periods == 20
    np.testing.assert_allclose(kpis.on_hand, trace.on_hand.mean(axis=(0, 1)))
    np.testing.assert_allclose(kpis.demanded, demand.sum(axis=1))
    np.testing.assert_allclose(kpis.served, trace.served.sum(axis=1))
    np.testing.assert_allclose(kpis.lost, trace.lost_sales.sum(axis=1))
    np.testing.assert_allclose(kpis.occupancy, trace.occupancy.mean(axis=0))
    low, high = np.percentile(trace.occupancy, (5, 95), axis=0)
    np.testing.assert_allclose(kpis.occupancy_low, low)
    np.testing.assert_allclose(kpis.occupancy_high, high)
    np.testing.assert_allclose(kpis.costs.per_path(), trace.costs.per_path())
    np.testing.assert_allclose(kpis.product_ready_rate, (trace.on_hand[:, :, 0] > 0).mean((0, 1)))
    stock_value = (trace.on_hand.sum(axis=2) @ unit_cost).mean(axis=1)
    np.testing.assert_allclose(kpis.stock_value, stock_value)
    sold = (trace.served.sum(axis=1) @ unit_cost).sum()
    assert kpis.turns.value == pytest.approx(sold * 365 / 20 / stock_value.sum())


def test_levels_may_change_by_period() -> None:
    """Each day is measured against its own level; the last one holds from then on."""
    world = serial_world(np.array([[1]]))
    opening = opening_state(stock([[10]]), world)
    nothing = FollowPlan(np.zeros((0, 1, 1)))
    levels = np.array([10.0, 7.0, 4.0])[:, None, None]
    tally = Tally(world, rates(), np.ones(1), levels=levels)
    kpis = measure(play(world, rates(), opening, nothing, np.zeros((1, 4, 1))), tally)
    assert kpis.excess == pytest.approx(np.array([[(0 + 3 + 6 + 6) / 4]]))


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """95 % of intervals of a ratio of means hold the true ratio, within binomial error."""
    rng = np.random.default_rng(9)
    inside, repeats = 0, 2000
    for _ in range(repeats):
        demand = rng.gamma(4, 25, 40)
        found = estimate(demand * rng.beta(90, 10, 40), demand)
        inside += found.low <= 0.9 <= found.high
    error = 3 * math.sqrt(0.95 * 0.05 / repeats)
    # The linearised interval of a ratio is a little short at 40 paths: allow one percent for it.
    assert 0.95 - 0.01 - error < inside / repeats < 0.95 + error


def test_an_estimate_without_denominator_is_the_mean() -> None:
    """With Student's interval: 1, 2, 3 gives 2 plus or minus 4.3027 / sqrt(3)."""
    found = estimate(np.array([1.0, 2.0, 3.0]))
    assert found.value == 2
    assert found.high - 2 == pytest.approx(4.302653 / math.sqrt(3))
    assert 2 - found.low == pytest.approx(found.high - 2)


def test_ratios_have_no_value_where_nothing_was_asked() -> None:
    """0 / 0 is unknown, not 0 and not 1; unlimited space is never used up."""
    assert np.isnan(share(np.array([0.0, 1.0]), np.zeros(2))).all()
    assert np.isnan(days_of_cover(np.array([5.0]), np.zeros(1))).all()
    assert capacity_use(np.array([5.0]), np.array([np.inf])).tolist() == [0]
    assert np.isnan(capacity_use(np.array([5.0]), np.array([0.0]))).all()
    assert excess(np.array([3.0, 9.0]), np.array([5.0, 5.0])).tolist() == [0, 4]
