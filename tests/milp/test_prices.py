"""A price on space lowers safety factors, and only a price does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from data.demand import Lognormal
from milp.prices import (
    LOWEST_Z,
    Shelf,
    dearer_holding,
    priced_safety_factor,
    standing_prices,
    unpriced_safety_factor,
)

FACTORS = st.floats(-6, 8, allow_nan=False)
DEAR = 1e7
"""A missed sale so dear that no factor implies more."""


def priced(z: float, dearer: float, ratio: float = DEAR, cv: float = 0.3) -> float:
    """The factor of one product at a single stage, of 10 units over its interval."""
    shelf = Shelf(np.array([10.0]), np.array([10.0 * cv]))
    given = (np.array([[value]]) for value in (z, dearer))
    return float(priced_safety_factor(*given, np.array([ratio]), shelf)[0, 0])


@given(st.lists(FACTORS, min_size=1, max_size=6), st.floats(0, 3))
def test_free_space_leaves_the_advice_as_it_is_to_the_bit(z: list[float], cv: float) -> None:
    """Where holding is no dearer, nobody recomputes a factor, whatever the law of demand."""
    advised = np.array([z, z])
    mean = np.full(len(z), 10.0)
    kept = priced_safety_factor(
        advised, np.ones(advised.shape), np.full(len(z), 50.0), Shelf(mean, cv * mean)
    )
    assert kept.tobytes() == advised.tobytes()


@given(FACTORS, st.floats(1, 1e6), st.floats(1, 1e3), st.floats(0.1, 1e4), st.floats(0, 3))
def test_dearer_space_never_raises_a_factor(
    z: float, dearer: float, more: float, ratio: float, cv: float
) -> None:
    """The dearer, the lower, down to a floor; advice below the floor stays."""
    some, less = priced(z, dearer, ratio, cv), priced(z, dearer * more, ratio, cv)
    assert less <= some <= z
    assert less >= min(z, LOWEST_Z)


def test_at_z_0_and_holding_three_times_as_dear_a_quarter_of_demand_is_covered() -> None:
    """S = 1/2, so S' = 3 / (3 + 1) and z' = -0.674."""
    assert priced(0.0, 3.0) == pytest.approx(-0.67449, abs=1e-5)


@given(st.floats(-1, 4), st.floats(1.01, 20))
def test_the_factor_is_the_newsvendors_at_the_raised_holding_cost(z: float, dearer: float) -> None:
    """With p = h (1 - S) / S implied by z, z' covers demand with chance p / (p + k h)."""
    short = ndtr(-z)
    implied = (1 - short) / short
    covered = implied / (implied + dearer)
    expected = max(float(ndtri(covered)), LOWEST_Z)
    assert priced(z, dearer) == pytest.approx(expected, abs=1e-9)


@given(st.floats(-0.2, 6), st.floats(1.01, 20), st.floats(0.61, 2.5))
def test_skewed_demand_is_covered_by_its_own_law(z: float, dearer: float, cv: float) -> None:
    """At the shelf the chance of running out is the lognormal's, before and after."""
    demand = Lognormal(10.0, 10.0 * cv)
    short = float(demand.survival(10.0 + z * 10.0 * cv))
    accepted = dearer * short / (dearer * short + 1 - short)
    expected = max((float(demand.quantile(1 - accepted)) - 10.0) / (10.0 * cv), LOWEST_Z)
    assert priced(z, dearer, cv=cv) == pytest.approx(expected, abs=1e-6)


def test_skewed_demand_matters_at_the_shelf_only() -> None:
    """A store pools its customers' demand; its factor is the normal's as for even demand."""
    z, dearer = np.full((2, 1), 2.0), np.full((2, 1), 3.0)
    ratio, mean = np.array([DEAR]), np.array([10.0])
    even, skewed = (
        priced_safety_factor(z, dearer, ratio, Shelf(mean, cv * mean)) for cv in (0.3, 1.5)
    )
    assert even[0] == even[1]
    assert skewed[1] == even[1]
    assert skewed[0] != even[0]


def test_a_factor_higher_than_the_missed_sale_is_worth_comes_down_in_proportion() -> None:
    """At a ratio of 50 a z of 5 implies more than 250; it falls as the z that implies 250 does."""
    bounded = float(ndtri(250 / 251))
    falls_to = float(ndtri(250 / 253))
    assert priced(5.0, 3.0, 50.0) == pytest.approx(5.0 * falls_to / bounded)
    assert priced(5.0, 1.0, 50.0) == 5.0
    assert priced(5.0, 1 + 1e-9, 50.0) == pytest.approx(5.0, abs=1e-6)


@given(
    st.lists(st.floats(-1.5, 4), min_size=3, max_size=3),
    st.lists(st.floats(1, 20), min_size=3, max_size=3),
    st.floats(0.1, 2.0),
)
def test_the_way_back_from_a_priced_factor_is_the_way_there(
    z: list[float], dearer: list[float], cv: float
) -> None:
    """A price brings the unpriced factor to the one that was given, unless both are at a bound."""
    given, more = np.array(z)[:, None], np.array(dearer)[:, None]
    shelf = Shelf(np.array([10.0]), np.array([10.0 * cv]))
    if cv > 0.6:
        given[0] = max(given[0, 0], -0.4 / cv)
    free = unpriced_safety_factor(given, more, shelf)
    assert (free >= given - 1e-9).all()
    np.testing.assert_array_equal(free[more == 1], given[more == 1])
    there = priced_safety_factor(free, more, np.array([DEAR]), shelf)
    np.testing.assert_allclose(there, given, atol=1e-5)


def test_each_path_may_have_a_price_of_its_own() -> None:
    """Two paths at two prices are as each alone, skewed demand included."""
    z, prices = np.array([[2.0, 1.0], [0.5, 0.1]]), np.array([[3.0, 1.0], [0.0, 2.0]])
    volume, holding, ratio = (
        np.array([1.0, 2.0]),
        np.array([[1.0, 1.0], [0.5, 0.6]]),
        np.full(2, 50.0),
    )
    shelf = Shelf(np.array([10.0, 10.0]), np.array([3.0, 12.0]))
    both = priced_safety_factor(z, dearer_holding(prices, volume, holding), ratio, shelf)
    assert both.shape == (2, 2, 2)
    for path, price in enumerate(prices):
        alone = priced_safety_factor(z, dearer_holding(price, volume, holding), ratio, shelf)
        np.testing.assert_allclose(both[path], alone)


def test_holding_is_dearer_by_the_price_of_the_space_a_unit_takes() -> None:
    """A unit of 2 at a price of 3 costs 6 more; at holding costs of 4 and 1, 2.5 and 7 times."""
    dearer = dearer_holding(np.array([3.0, 0.0]), np.array([2.0, 2.0]), np.array([[4.0, 1.0]] * 2))
    np.testing.assert_array_equal(dearer, [[2.5, 7.0], [1.0, 1.0]])


def test_a_price_that_never_changes_is_the_one_to_act_on() -> None:
    """Whatever the length of the horizon."""
    for periods in (1, 3, 10, 14, 30):
        price = np.tile([2.0, 0.0, 5.0], (periods, 1))
        np.testing.assert_allclose(standing_prices(price), price)


def test_an_order_answers_to_the_prices_of_the_days_it_fills() -> None:
    """Day 0 to the mean of days 4 to 13, and the last days to the last ten."""
    price = np.arange(30.0)[:, None]
    acted = standing_prices(price)
    assert acted[0, 0] == pytest.approx(np.mean(range(4, 14)))
    assert acted[10, 0] == pytest.approx(np.mean(range(14, 24)))
    np.testing.assert_allclose(acted[16:, 0], np.mean(range(20, 30)))
