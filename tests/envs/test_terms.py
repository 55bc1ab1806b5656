"""Orders on terms: closed days, locked lines, and stock that lasts until the next order day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from data.forecast import Forecast
from data.network import Network, Stage
from data.outlook import Outlook, order_intervals, outlook_of
from data.product import make_products
from data.scenario import Scenario
from data.stock import StockState, empty_stock
from data.terms import Locks, Suppliers, Terms
from envs.accounting import rates_of
from envs.dynamics import opening_state
from envs.observation import no_errors
from envs.policies import AtTerms, SafetyStockRule, Situation, WholeLots, constant
from envs.simulator import Trace, simulate
from envs.world import serial_world, world_of

MONDAYS = (True, *(False,) * 6)
EVERY_DAY = (True,) * 7
weeks = st.lists(st.booleans(), min_size=7, max_size=7).filter(any).map(tuple)


def locks(*lines: tuple[int, int, int, float]) -> Locks:
    """Locks from (product, stage, day, quantity)."""
    product, stage, day, quantity = zip(*lines, strict=True)
    return Locks(np.array(product), np.array(stage), np.array(day), np.array(quantity, float))


def on_day(period: int, on_hand: float = 100.0, paths: int = 2) -> Situation:
    """Two stages, two products, much or little in stock."""
    world = serial_world(np.ones((2, 2)))
    stock = StockState(np.full((2, 2), on_hand), np.zeros((2, 2, 1)), np.zeros(2))
    state = replace(opening_state(stock, world, paths), period=period)
    return Situation(state, no_errors(paths, 2), world)


def ten_each(situation: Situation) -> np.ndarray:
    """A rule that orders 10 of everything every day."""
    return np.full(situation.state.on_hand.shape, 10.0)


def test_nothing_is_ordered_on_closed_days() -> None:
    """The shelf orders on the first day of the week only, week after week."""
    may_order = np.ones((7, 2, 2), dtype=bool)
    may_order[1:, 0] = False
    rule = AtTerms(ten_each, may_order, Locks())
    for period in range(15):
        orders = rule(on_day(period))
        assert (orders[:, 0] == (10 if period % 7 == 0 else 0)).all()
        assert (orders[:, 1] == 10).all()


def test_a_locked_line_is_ordered_as_it_is_on_every_path() -> None:
    """On its day only; a lock of 0 forbids an order, and one on a closed day is placed."""
    may_order = np.zeros((7, 2, 2), dtype=bool)
    may_order[:, 1] = True
    rule = AtTerms(ten_each, may_order, locks((0, 0, 3, 7), (1, 1, 3, 0), (0, 1, 4, 99)))
    np.testing.assert_array_equal(rule(on_day(3)), [[[7, 0], [10, 0]]] * 2)
    np.testing.assert_array_equal(rule(on_day(4)), [[[0, 0], [99, 10]]] * 2)
    np.testing.assert_array_equal(rule(on_day(10)), [[[0, 0], [10, 10]]] * 2)


def test_a_lock_is_not_rounded_to_lots() -> None:
    """What is free is."""
    lots = WholeLots(ten_each, np.full(2, 6.0), np.zeros(2), np.full((2, 2), np.inf))
    rule = AtTerms(lots, None, locks((1, 1, 0, 7.5)))
    np.testing.assert_array_equal(rule(on_day(0))[0], [[12, 12], [12, 7.5]])


def test_the_rule_that_is_kept_to_terms_stays_as_it_is() -> None:
    """Its own array is not written to."""
    fixed = np.full((2, 2, 2), 10.0)
    fixed.flags.writeable = False
    AtTerms(lambda _: fixed, None, locks((0, 0, 0, 3)))(on_day(0))
    assert (fixed == 10).all()


def test_the_world_ships_as_much_of_a_lock_as_the_supplier_has() -> None:
    """4 of 9."""
    here = on_day(0, on_hand=4.0, paths=1)
    rule = AtTerms(ten_each, np.zeros((7, 2, 2), dtype=bool), locks((0, 0, 0, 9)))
    trace = simulate(
        here.world,
        rates_of(chain(np.ones((2, 2)), (EVERY_DAY,) * 2)),
        here.state,
        rule,
        np.zeros((1, 2, 2)),
    )
    np.testing.assert_array_equal(trace.shipments[0, :, 0], [[4, 0], [0, 0]])


def chain(
    lead_time: np.ndarray,
    order_days: tuple[tuple[bool, ...], ...],
    std: float = 0.0,
    start: date = date(2027, 1, 4),
    terms: Terms | None = None,
) -> Scenario:
    """A chain with order days, 10 wanted a day of every product, customers waiting."""
    stages, count = lead_time.shape
    network = Network(
        tuple(Stage(f"stage {m}", 1, order_days=order_days[m]) for m in range(stages))
    )
    products = make_products(
        np.full(count, 9.0),
        np.ones(count),
        lead_time,
        backordered=np.ones(count, dtype=bool),
        supplier=np.array(["Farm"] * count, dtype=object),
    )
    forecast = Forecast(start, np.full((28, count), 10.0), np.full((28, count), std))
    stock = empty_stock(stages, count, 10)
    return Scenario(network, products, forecast, stock, "normal", terms or Terms())


def carried_out(scenario: Scenario, periods: int, z: float, demand: np.ndarray) -> Trace:
    """Every stage orders up to its level on its order days."""
    outlook, world = outlook_of(scenario, periods), world_of(scenario)
    factors = constant(np.full(scenario.products.lead_time.shape, z))
    rule = AtTerms(SafetyStockRule(outlook, factors), scenario.may_order(7), Locks())
    opening = opening_state(scenario.stock, world, len(demand))
    return simulate(world, rates_of(scenario), opening, rule, demand, outlook)


def test_orders_every_day_cover_the_protection_interval() -> None:
    """L + 1 at a stage, summed over the echelon; the windows are those of any day."""
    lead_time = np.array([[2, 0], [3, 1], [4, 5]])
    intervals = order_intervals(lead_time, np.ones((7, 3, 2), dtype=bool))
    np.testing.assert_array_equal(intervals, [np.cumsum(lead_time + 1, axis=0)] * 7)
    outlook = outlook_of(chain(lead_time, (EVERY_DAY,) * 3, std=2.0), 5)
    assert outlook.order_windows(3) is outlook.windows(3)
    np.testing.assert_array_equal(outlook.order_interval(3), outlook.echelon_interval)


def test_orders_on_mondays_cover_a_week_and_the_lead_time() -> None:
    """R + L = 7 + 2 on a Monday, a day less on each day after it (periodic review)."""
    scenario = chain(np.array([[2]]), (MONDAYS,), std=3.0)
    outlook = outlook_of(scenario, 7)
    for day in range(7):
        assert outlook.order_interval(day).tolist() == [[9 - day]]
        windows = outlook.order_windows(day)
        assert windows.echelon_mean[0, 0] == pytest.approx(10 * (9 - day))
        assert windows.std[0, 0] == pytest.approx(3 * np.sqrt(9 - day))
        assert outlook.windows(day).mean[0, 0] == pytest.approx(30)


def test_the_first_period_need_not_be_a_monday() -> None:
    """On a Thursday, period 0, the next Monday is four days away."""
    scenario = chain(np.array([[2]]), (MONDAYS,), start=date(2027, 1, 7))
    outlook = outlook_of(scenario, 7)
    assert [int(outlook.order_interval(day)[0, 0]) for day in range(7)] == [6, 5, 4, 3, 9, 8, 7]


def test_some_products_keep_their_order_days() -> None:
    """The farm takes orders on Mondays, for the product it supplies."""
    farm = Suppliers(
        np.array(["Farm"], dtype=object), np.zeros(1), np.zeros(1), np.array([MONDAYS])
    )
    scenario = chain(np.array([[2, 2]]), (EVERY_DAY,), terms=Terms(suppliers=farm))
    other = replace(scenario.products, supplier=np.array(["Farm", ""], dtype=object))
    outlook = outlook_of(replace(scenario, products=other), 7)
    assert outlook.order_interval(0).tolist() == [[9, 3]]
    assert outlook.take(np.array([1, 0])).order_interval(7).tolist() == [[3, 9]]


def test_the_forecast_reaches_as_far_as_orders_have_to_cover() -> None:
    """Long lead times and a weekly order day at each of three stages."""
    scenario = chain(np.full((3, 1), 20), (MONDAYS,) * 3)
    outlook = outlook_of(scenario, 10)
    assert outlook.reach >= 10
    outlook.order_windows(10)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), weeks), min_size=1, max_size=3),
    st.integers(0, 6),
)
def test_what_is_certain_is_covered_exactly(stages, first) -> None:
    """Without uncertainty nobody waits once the chain is full, and some day nothing is left."""
    lead_time = np.array([[days] for days, _ in stages])
    scenario = chain(lead_time, tuple(week for _, week in stages), start=date(2027, 1, 4 + first))
    periods = 84
    demand = np.full((1, periods, 1), 10.0)
    trace = carried_out(scenario, periods, 0.0, demand)
    assert trace.backorders[0, 56:].max() == pytest.approx(0, abs=1e-9)
    assert trace.on_hand[0, 56:, 0].min() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("z", [0.5, 1.3])
def test_a_weekly_order_level_keeps_the_newsvendors_promise(z: float) -> None:
    """At the end of a cycle nobody waits with probability Phi(z), within four standard errors."""
    scenario = chain(np.array([[2]]), (MONDAYS,), std=2.0)
    paths, weeks_played = 400, 10
    rng = np.random.default_rng(5)
    demand = rng.normal(10, 2, (paths, 7 * weeks_played, 1))
    waiting = carried_out(scenario, 7 * weeks_played, z, demand).backorders[..., 0]
    last_days = waiting[:, 7 * np.arange(3, weeks_played) + 1]
    served = float((last_days <= 1e-9).mean())
    error = np.sqrt(ndtr(z) * ndtr(-z) / last_days.size)
    assert abs(served - ndtr(z)) < 4 * error


def test_an_outlook_alone_knows_no_order_days() -> None:
    """A forecast and lead times are enough for the windows."""
    outlook = Outlook(np.ones((90, 1)), np.ones((90, 1)), np.array([[2]]))
    assert outlook.order_interval(0).tolist() == [[3]]
