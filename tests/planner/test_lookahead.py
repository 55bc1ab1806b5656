"""A price of space is right where it is the overflow price times the chance of overflow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.policies import SafetyStockRule, constant
from planner.lookahead import FIRST_DAY, WEEK, LookAhead, _crossing
from planner.problem import DAYS_AHEAD, Problem, problem_of
from tests.milp.conftest import steady_task, with_limits
from tests.planner.conftest import closed_form

Z = np.array([[1.5, 1.0], [0.5, 0.2]])
OVERFLOW_PRICE = 5.0


def problem(*space: float) -> Problem:
    """Two steady products, 10 and 20 a day, and the given space at shelf and store."""
    return problem_of(with_limits(steady_task(), space or None).scenario, 16)


def look_ahead(of: Problem, seed: int = 1) -> LookAhead:
    """Ahead on futures of a seed."""
    return LookAhead(of.scenario, of.outlook, of.world, of.rates, of.in_lots, seed)


def prices(*space: float, seed: int = 1) -> np.ndarray:
    """Prices at shelf and store this morning."""
    of = problem(*space)
    return look_ahead(of, seed).prices(of.situation(), closed_form(of, Z))


def test_space_without_a_limit_or_with_plenty_is_free() -> None:
    """Nobody pays for what nobody lacks."""
    assert not prices().any()
    assert not prices(1e6, 1e6).any()


def test_no_space_at_all_costs_its_full_price() -> None:
    """It is exceeded on every day whatever is ordered."""
    np.testing.assert_allclose(prices(0.0, np.inf), [OVERFLOW_PRICE, 0.0], rtol=1e-6)


def test_the_less_space_the_dearer() -> None:
    """From plenty to none the price never falls, and it stays below that of overflow."""
    found = [prices(space, np.inf)[0] for space in (200.0, 70.0, 55.0, 45.0, 35.0, 10.0)]
    assert (np.diff(found) >= 0).all()
    assert found[0] == 0
    assert 0 < found[2] < OVERFLOW_PRICE


@pytest.mark.parametrize("space", [(55.0, np.inf), (np.inf, 80.0), (50.0, 75.0)], ids=str)
def test_the_price_makes_itself_true(space: tuple[float, float]) -> None:
    """Ordering up to the advice at the price found, space is exceeded about as often as it says.

    The chance is counted on eight futures of twenty days, so it moves in steps.
    """
    of = problem(*space)
    ahead = look_ahead(of)
    price = ahead.prices(of.situation(), closed_form(of, Z))
    futures = ahead._futures(0, 8)
    held = constant(closed_form(of, Z).at(of.situation(), price))
    rule = SafetyStockRule(of.outlook, held)
    trace = of.carried_out(rule, futures)
    over = trace.occupancy[:, FIRST_DAY:] > of.scenario.network.storage_capacity
    worth = OVERFLOW_PRICE * over.mean(axis=(0, 1))
    assert futures.shape[1] == DAYS_AHEAD
    np.testing.assert_allclose(price, worth, atol=0.12 * OVERFLOW_PRICE)


def test_the_same_seed_finds_the_same_prices() -> None:
    """To the bit."""
    assert prices(50.0, 75.0).tobytes() == prices(50.0, 75.0).tobytes()


def test_a_schedule_changes_its_prices_once_a_week() -> None:
    """One row per day; the rows of a week are alike."""
    of = problem(50.0, 75.0)
    schedule = look_ahead(of).schedule(of.situation(), closed_form(of, Z), 16)
    assert schedule.shape == (16, 2)
    changed = np.flatnonzero(np.diff(schedule, axis=0).any(axis=1)) + 1
    assert set(changed) <= {WEEK, 2 * WEEK}
    assert (schedule > 0).any()


def test_half_of_a_scheduled_price_is_last_weeks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A week at 4, then one that finds 0 and a third that finds 0 again: 4, 2 and 1."""
    of = problem(50.0, 75.0)
    found = iter(([4.0, 0.0], [0.0, 0.0], [0.0, 0.0]))
    monkeypatch.setattr(LookAhead, "prices", lambda *_: np.array(next(found)))
    schedule = look_ahead(of).schedule(of.situation(), closed_form(of, Z), 16)
    assert schedule[:, 0].tolist() == [4.0] * WEEK + [2.0] * WEEK + [1.0] * 2


def test_a_schedule_of_free_space_is_free() -> None:
    """On every day."""
    of = problem()
    assert not look_ahead(of).schedule(of.situation(), closed_form(of, Z), 9).any()


def test_looking_ahead_leaves_the_present_as_it_is() -> None:
    """The situation it starts from is not played away."""
    of = problem(50.0, 75.0)
    morning = of.situation()
    before = replace(morning.state)
    kept = before.on_hand.copy(), before.pipeline.copy()
    look_ahead(of).prices(morning, closed_form(of, Z))
    np.testing.assert_array_equal(morning.state.on_hand, kept[0])
    np.testing.assert_array_equal(morning.state.pipeline, kept[1])


@given(st.floats(0.05, 4.9), st.floats(0.1, 20))
def test_a_straight_line_is_crossed_where_it_crosses(price: float, slope: float) -> None:
    """Worth = price + slope (price - x): read off exactly, between any two prices tried."""
    tried = np.linspace(0, 5, 9)
    assert _crossing(tried, price + slope * (price - tried)) == pytest.approx(price)


def test_worth_that_never_falls_below_the_price_is_the_highest_price() -> None:
    """And worth that is nothing at no price is none; prices may be tried twice."""
    tried = np.array([0.0, 1.0, 5.0, 5.0])
    assert _crossing(tried, np.full(4, 7.0)) == 5.0
    assert _crossing(tried, np.zeros(4)) == 0.0
    assert _crossing(tried, np.array([7.0, 6.0, 2.0, 2.0])) == pytest.approx(1 + 4 * 5 / 8)
