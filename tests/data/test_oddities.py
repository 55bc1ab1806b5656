"""Figures that are probably slips."""

from __future__ import annotations

import numpy as np
import pytest

from data.oddities import far_above, far_away, steps

DAYS = 400


@pytest.fixture
def usual() -> np.ndarray:
    """A hundred products with lognormal sales of every size and spread."""
    rng = np.random.default_rng(1)
    level, spread = rng.uniform(0, 5, 100), rng.uniform(0.2, 1.2, 100)
    return np.ceil(np.exp(level + spread * rng.standard_normal((DAYS, 100))))


def test_the_famous_order_of_80995_is_far_above_a_product_that_sells_a_dozen(
    usual: np.ndarray,
) -> None:
    """And nothing else is."""
    usual[100, 5] = 80_995
    assert np.argwhere(far_above(usual)).tolist() == [[100, 5]]


def test_days_without_a_sale_are_no_slips(usual: np.ndarray) -> None:
    """A zero has no logarithm, and is not judged by one."""
    usual[::3] = 0
    assert not far_above(usual).any()


def test_what_is_odd_does_not_depend_on_the_unit(usual: np.ndarray) -> None:
    """Counted in dozens or in thousandths, the same day stands out."""
    usual[100, 5] *= 1e5
    for factor in (1 / 12, 1000):
        np.testing.assert_array_equal(far_above(usual * factor), far_above(usual))


def test_a_price_may_be_odd_both_ways(usual: np.ndarray) -> None:
    """A price in pence, and one with the point lost."""
    price = np.full((DAYS, 2), 4.5)
    price[3, 0], price[9, 1] = 0.045, 450.0
    price[20:40] = np.nan
    assert np.argwhere(far_away(price)).tolist() == [[3, 0], [9, 1]]


def test_a_product_that_never_sold_is_not_odd() -> None:
    """Nor does it warn."""
    assert not far_above(np.zeros((5, 2))).any()


@pytest.mark.parametrize(("factor", "named"), [(12.0, 12.0), (1 / 12, 1 / 12), (10.0, 10.0)])
def test_a_change_from_single_units_to_dozens_is_a_step(
    usual: np.ndarray, factor: float, named: float
) -> None:
    """Up or down, on its day, and for this product only."""
    usual[250:, 5] *= factor
    (step,) = steps(usual)
    assert step.product == 5
    assert abs(step.day - 250) <= 3
    assert step.factor == pytest.approx(named)


def test_growth_and_a_doubling_are_no_change_of_unit(usual: np.ndarray) -> None:
    """A level may rise without anyone counting differently."""
    grown = usual * np.linspace(1, 4, DAYS)[:, None]
    grown[200:, 3] *= 2
    assert steps(grown) == []
