"""Space is counted by what is expected, and priced by the chance that it is exceeded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from data.demand import loss_function
from milp.segments import Segments
from milp.storage import (
    POOLING,
    SMALLEST_SPREAD,
    STEPS,
    Known,
    fixed_occupancy,
    occupancy_variance,
    overflow_steps,
    spread_of,
)

LEAD_TIME = np.array([[2], [1]])
PERIODS = 5
LEAST = np.arange(1.0, 1 + PERIODS * 2).reshape(PERIODS, 2, 1)


def segments() -> Segments:
    """Segments of which only the expected stock at their start matters here."""
    nothing = np.zeros((PERIODS, 2, 1))
    return Segments(nothing, nothing, nothing, nothing, nothing, LEAST, nothing)


def known(spread: float = 0.0) -> Known:
    """A demand of 10 a day, 30 on the shelf, 4 due at every stage each day."""
    return Known(
        demand=np.full((PERIODS, 1), 10.0),
        due=np.full((PERIODS, 2, 1), 4.0),
        on_hand=np.array([30.0]),
        spread=np.full((PERIODS, 1), spread) * (np.arange(PERIODS) > 0)[:, None],
    )


def test_while_demand_is_certain_the_shelf_has_the_days_demand_and_no_surprise() -> None:
    """Until today's orders arrive occupancy is what the balance says, demand on the right."""
    fixed = fixed_occupancy(known(), segments(), LEAD_TIME)[:, 0, 0]
    np.testing.assert_array_equal(fixed[:2], [10.0, 10.0])
    np.testing.assert_array_equal(fixed[2:], 10.0 + LEAST[:3, 0, 0])


def test_demand_below_its_mean_leaves_stock_over() -> None:
    """Opening stock of the second day is E[(24 - e)+] for an error e of 8, not 24."""
    fixed = fixed_occupancy(known(spread=8.0), segments(), LEAD_TIME)[:, 0, 0]
    on_balance = 30.0 + 2 * 4 - 10
    expected = 8.0 * loss_function(-on_balance / 8.0)
    assert fixed[1] == pytest.approx(10.0 + expected - on_balance)
    empty = fixed_occupancy(replace(known(8.0), on_hand=np.zeros(1)), segments(), LEAD_TIME)
    short = 2 * 4.0 - 10
    assert empty[1, 0, 0] == pytest.approx(10.0 + 8.0 * loss_function(-short / 8.0))


def test_a_store_has_what_is_due_until_orders_decide() -> None:
    """Then the expected stock at the first segment, and on the last day again what is due."""
    fixed = fixed_occupancy(known(), segments(), LEAD_TIME)[:, 1, 0]
    np.testing.assert_array_equal(fixed, [4.0, *LEAST[:3, 1, 0], 4.0])


def test_occupancy_is_certain_today_and_swings_once_orders_arrive() -> None:
    """Its spread grows to that of pooled windows, sqrt(sum (v sigma)^2) by a measured factor."""
    sigma, space = np.full((6, 2, 2), 3.0), np.array([2.0, 1.0])
    spread = spread_of(occupancy_variance(sigma, np.full((2, 2), 3), space))
    np.testing.assert_allclose(spread[0], SMALLEST_SPREAD)
    assert (np.diff(spread[:5], axis=0) > 0).all()
    whole = np.sqrt((3 * 2.0) ** 2 + (3 * 1.0) ** 2)
    np.testing.assert_allclose(spread[4:], np.tile(whole * POOLING + SMALLEST_SPREAD, (2, 1)))


@given(
    spread=st.floats(1e-3, 1e4),
    price=st.floats(0, 1e3),
    step=st.integers(0, len(STEPS) - 2),
)
def test_space_is_worth_the_overflow_price_times_the_chance_of_overflow(
    spread: float, price: float, step: int
) -> None:
    """With occupancy in the middle of a step, that step's price is price x P(V > C)."""
    width, paid = overflow_steps(np.array([spread]), np.array([price]))
    bought = width[0, :step].sum() + width[0, step] / 2
    occupancy_less_capacity = STEPS[0] * spread + bought
    expected = price * ndtr(occupancy_less_capacity / spread)
    assert paid[0, step] == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_beyond_all_doubt_overflow_costs_its_full_price() -> None:
    """Prices rise from step to step; the last step has no end."""
    width, price = overflow_steps(np.array([10.0, 2.0]), np.array([5.0, 7.0]))
    assert (np.diff(price, axis=1) > 0).all()
    np.testing.assert_array_equal(price[:, -1], [5.0, 7.0])
    assert np.isinf(width[:, -1]).all()
    np.testing.assert_allclose(
        width[:, :-1].sum(axis=1), (STEPS[-1] - STEPS[0]) * np.array([10.0, 2.0])
    )
