"""Prices make themselves true where what they are worth and what they cost cross."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from planner.settling import Use, crossing, settled


@given(st.floats(0.05, 4.9), st.floats(0.1, 20))
def test_a_straight_line_is_crossed_where_it_crosses(price: float, slope: float) -> None:
    """Worth = price + slope (price - x): read off exactly, between any two prices tried."""
    tried = np.linspace(0, 5, 9)
    assert crossing(tried, price + slope * (price - tried)) == pytest.approx(price)


def test_worth_that_never_falls_below_the_price_is_the_highest_price() -> None:
    """And worth that is nothing at no price is none; prices may be tried twice."""
    tried = np.array([0.0, 1.0, 5.0, 5.0])
    assert crossing(tried, np.full(4, 7.0)) == 5.0
    assert crossing(tried, np.zeros(4)) == 0.0
    assert crossing(tried, np.array([7.0, 6.0, 2.0, 2.0])) == pytest.approx(1 + 4 * 5 / 8)


@given(
    st.lists(st.floats(0.1, 3.0), min_size=2, max_size=2),
    st.lists(st.floats(-8.0, 8.0), min_size=2, max_size=2),
)
def test_linear_use_is_settled_where_every_price_is_true(
    start: list[float], room: list[float]
) -> None:
    """Two stages whose use falls by 6 and 4 as the logarithm of their price rises by 1.

    What the shelf gives up goes to the stage above by a third. At the prices settled each is the
    overflow price times the chance, unless the price has come as far as it may.
    """
    most, capacity = np.array([5.0, 5.0]), np.array([50.0, 40.0])
    by = np.array([[-6.0, 2.0], [0.0, -4.0]])

    def use(prices: np.ndarray) -> Use:
        mean = capacity + np.array(room) + np.log(prices / np.array(start)) @ by
        return Use(mean[:, None], np.full(prices.shape, 3.0))

    tried = np.array(start) * np.array([[1, 1], [1.5, 1], [1, 1.5]])
    price = settled(tried, use(tried), capacity, most)
    worth = most * ndtr((use(price[None]).mean[0, 0] - capacity) / 3)
    inside = (price > np.array(start) / 3.99) & (price < np.minimum(np.array(start) * 3.99, 4.99))
    np.testing.assert_allclose(price[inside], worth[inside], atol=0.06)
    assert (worth[price >= 4.99] > 4.5).all()


def test_a_stage_without_a_limit_has_no_price() -> None:
    """Whatever it uses."""
    tried = np.array([[1.0, 0.0], [1.5, 0.0]])
    seen = Use(np.array([[[50.0, 9.0]], [[48.0, 9.0]]]), np.full((2, 2), 2.0))
    price = settled(tried, seen, np.array([49.0, np.inf]), np.array([5.0, 0.0]))
    assert price[0] > 0
    assert price[1] == 0
