"""Methods on series whose future is known."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from planner.forecasting.intermittent import croston, sba, tsb
from planner.forecasting.methods import COMBINATION, METHODS, NAIVE, basis_of, means_of
from tests.planner.forecasting.pasts import MONDAY, make_sales, poisson_sales

WEEK = np.array([10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 7.0])
SHAPED = [name for name in METHODS if name not in ("Croston", "SBA", "TSB")]


@pytest.mark.parametrize("name", [*SHAPED, COMBINATION])
def test_a_pure_week_is_recovered_exactly(name: str) -> None:
    """Every method that knows weekdays repeats a week that has always repeated itself."""
    sales = make_sales(np.tile(WEEK[:, None], (30, 1)))
    (mean,) = means_of(basis_of(sales, sales.days, 14), (name,))
    np.testing.assert_allclose(mean[:, 0], np.tile(WEEK, 2), rtol=1e-6)


def test_croston_smooths_size_and_interval_where_there_is_demand() -> None:
    """By hand: sizes 4, 6, 3 after 2, 3, 1 days and alpha 0.1 make 4.08 / 2 .. as computed."""
    units = np.array([0.0, 4.0, 0.0, 0.0, 6.0, 3.0])[:, None]
    told = np.ones_like(units, dtype=bool)
    size = 0.9 * (0.9 * 4 + 0.1 * 6) + 0.1 * 3
    interval = 0.9 * (0.9 * 2 + 0.1 * 3) + 0.1 * 1
    assert croston(units, told)[0] == pytest.approx(size / interval)
    assert sba(units, told)[0] == pytest.approx(0.95 * size / interval)


def test_croston_passes_over_silent_days() -> None:
    """A day on which the product could not be had is no day without demand."""
    units = np.array([0.0, 4.0, 0.0, 0.0, 6.0, 3.0])[:, None]
    silent = np.insert(units, [2, 4], 0.0, axis=0)
    told = np.ones_like(silent, dtype=bool)
    told[[2, 5]] = False
    assert croston(silent, told)[0] == pytest.approx(croston(units, units >= 0)[0])
    assert tsb(silent, told)[0] == pytest.approx(tsb(units, units >= 0)[0])


def test_croston_is_too_high_and_its_correction_is_not() -> None:
    """On Bernoulli demand of one unit Croston's mean is above the chance, SBA's near it."""
    rng = np.random.default_rng(3)
    units = (rng.random((600, 2000)) < 0.2).astype(float)
    told = np.ones_like(units, dtype=bool)
    plain, mended = croston(units, told), sba(units, told)
    error = plain.std() / np.sqrt(len(plain))
    assert plain.mean() - 0.2 > 4 * error
    assert abs(mended.mean() - 0.2) < 0.5 * (plain.mean() - 0.2)


def test_tsb_forgets_what_nobody_buys_any_more() -> None:
    """A year without demand takes it near 0, where Croston stays as it was."""
    units = np.zeros((730, 1))
    units[:365:3] = 5.0
    told = np.ones_like(units, dtype=bool)
    assert croston(units, told)[0] > 1.0
    assert tsb(units, told)[0] < 0.01


def test_a_product_that_never_sold_is_forecast_at_zero_by_all() -> None:
    """Nor does any of them divide by 0."""
    units = np.zeros((400, 2))
    units[:, 0] = 3.0
    sales = make_sales(units)
    means = means_of(
        basis_of(sales, sales.days, 7), (*SHAPED, COMBINATION, "Croston", "SBA", "TSB")
    )
    assert (means[..., 1] == 0).all()
    expected = np.where(np.arange(len(means)) == len(means) - 2, 0.95 * 3.0, 3.0)
    np.testing.assert_allclose(means[:, 0, 0], expected, rtol=1e-6)


def test_the_naive_method_repeats_the_last_week() -> None:
    """What was sold on the last Monday is forecast for the next ones."""
    sales = poisson_sales(120, 4)
    (mean,) = means_of(basis_of(sales, sales.days, 14), (NAIVE,))
    np.testing.assert_array_equal(mean, np.tile(sales.units[-7:], (2, 1))[np.arange(14)])


def test_a_yearly_season_is_found() -> None:
    """Two years of a sine are continued within 5 % by the season, and not without it."""
    first = date(2023, 1, 1)
    day = np.array([(first + timedelta(days=t)).timetuple().tm_yday for t in range(820)])
    shape = 1.0 + 0.5 * np.sin(2 * np.pi * day / 365)
    units = shape[:, None] * np.linspace(40, 400, 30)
    sales = make_sales(units[:730], first)
    names = ("season, 4 weeks", "weekday, 4 weeks")
    season, weekday = means_of(basis_of(sales, 730, 90), names) / units[730:]
    assert np.abs(season - 1).max() < 0.06
    assert np.abs(weekday - 1).max() > 0.2


def test_a_season_needs_more_than_a_year() -> None:
    """Before a year has come round a season cannot be told from a trend, and none is assumed."""
    sales = poisson_sales(380, 5)
    assert basis_of(sales, sales.days, 7).season is None


def test_a_promotion_lifts_what_it_lifted_before() -> None:
    """Promoted days that sold three times as much make a planned one do so, no other day."""
    promoted = np.zeros((214, 3), dtype=bool)
    promoted[20:200:9] = True
    promoted[205] = True
    units = np.where(promoted[:200], 30.0, 10.0)
    sales = make_sales(units, promotion=promoted)
    (mean,) = means_of(basis_of(sales, 200, 14), ("weekday, 13 weeks",))
    plain = np.arange(14) != 5
    np.testing.assert_allclose(mean[plain], 10.0, rtol=1e-6)
    np.testing.assert_allclose(mean[5], 30.0, rtol=1e-6)


def test_one_order_of_ten_thousand_does_not_set_the_level() -> None:
    """It adds at most a quarter to what its product is expected to sell."""
    sales = poisson_sales(300, 3)
    units = sales.units.copy()
    units[250, 0] = 11_124
    usual = means_of(basis_of(sales, 300, 7), (COMBINATION,))[0][:, 0]
    after = means_of(basis_of(make_sales(units), 300, 7), (COMBINATION,))[0][:, 0]
    assert (after < 1.4 * usual).all()
    assert (after > 0.9 * usual).all()


def test_silent_days_do_not_lower_the_level() -> None:
    """Sales cut short by an empty shelf are left out, where zeros would halve the forecast."""
    units = np.full((200, 2), 10.0)
    censored = np.zeros_like(units, dtype=bool)
    censored[120:160, 0] = censored[170:195, 0] = True
    units[censored] = 0.0
    sales = make_sales(units, censored=censored)
    means = means_of(basis_of(sales, 200, 7), (*SHAPED, COMBINATION))
    np.testing.assert_allclose(means, 10.0, rtol=1e-6)


def test_no_method_looks_ahead() -> None:
    """What comes after the origin changes nothing, to the bit."""
    sales = poisson_sales(500, 4)
    later = sales.units.copy()
    later[450:] = 999.0
    names = (*METHODS, COMBINATION)
    before = means_of(basis_of(sales, 450, 14), names)
    after = means_of(basis_of(make_sales(later, MONDAY), 450, 14), names)
    np.testing.assert_array_equal(before, after)
