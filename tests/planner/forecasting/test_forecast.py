"""The whole forecast: what it must not depend on, what it says, and whether its width is right."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from data.errors import ConfigurationError, DataError
from planner.forecasting.check import check_coverage
from planner.forecasting.coverage import covered
from planner.forecasting.forecast import ForecastSetting, forecast_from, forecast_sales
from planner.forecasting.kinds import KINDS, SMALLEST_GROUP, groups, kinds
from planner.forecasting.methods import COMBINATION, NAIVE
from tests.planner.forecasting.pasts import MONDAY, make_sales, poisson_sales

SHORT = ForecastSetting(validate_days=112)


def gamma_sales(days: int, count: int, seed: int = 1, cv: float = 1.5) -> np.ndarray:
    """Independent gamma demand in fractions of units (D, K)."""
    rng = np.random.default_rng(seed)
    return rng.gamma(cv**-2, cv**2 * rng.uniform(5, 50, count), (days, count))


def test_units_ten_times_as_large_make_a_forecast_ten_times_as_large() -> None:
    """Nothing depends on whether bottles or crates are counted, under laws without a unit."""
    units = gamma_sales(300, 25)
    small, large = (forecast_sales(make_sales(scale * units), 14, SHORT) for scale in (1, 10))
    assert small.law == large.law
    np.testing.assert_allclose(large.forecast.mean, 10 * small.forecast.mean, rtol=1e-9)
    np.testing.assert_allclose(large.forecast.std, 10 * small.forecast.std, rtol=1e-6)


def test_the_order_of_products_does_not_matter() -> None:
    """Products in another order get the same figures."""
    sales = poisson_sales(260, 30)
    order = np.random.default_rng(2).permutation(30)
    plain, mixed = (forecast_sales(s, 14, SHORT) for s in (sales, sales.take(order)))
    np.testing.assert_allclose(mixed.forecast.mean, plain.forecast.mean[:, order], rtol=1e-9)
    np.testing.assert_allclose(mixed.forecast.std, plain.forecast.std[:, order], rtol=1e-9)
    np.testing.assert_array_equal(mixed.method, plain.method[order])


def test_nothing_that_comes_later_is_looked_at() -> None:
    """A forecast made for a day in the past is that of the sales cut off there."""
    sales = poisson_sales(330, 8)
    day = MONDAY + timedelta(days=300)
    later = sales.units.copy()
    later[300:] = 777.0
    asked = forecast_from(make_sales(later), day, 10, SHORT)
    known = forecast_sales(sales.until(day), 10, SHORT)
    np.testing.assert_array_equal(asked.forecast.mean, known.forecast.mean)
    np.testing.assert_array_equal(asked.forecast.std, known.forecast.std)
    assert asked.forecast.start == day


def test_days_between_the_sales_and_the_start_are_left_out() -> None:
    """A forecast from next week is the later part of one from tomorrow."""
    sales = poisson_sales(200, 3)
    whole = forecast_sales(sales, 17, SHORT)
    later = forecast_from(sales, sales.end + timedelta(days=7), 10, SHORT)
    assert later.forecast.start == sales.end + timedelta(days=7)
    np.testing.assert_array_equal(later.forecast.mean, whole.forecast.mean[7:])


def test_a_start_that_cannot_be_forecast_is_refused() -> None:
    """Too far ahead, or before anything is known."""
    sales = poisson_sales(200, 2)
    with pytest.raises(ConfigurationError, match="at most 366 days later"):
        forecast_from(sales, sales.end + timedelta(days=500), 10, SHORT)
    with pytest.raises(DataError, match="is not within"):
        forecast_from(sales, MONDAY - timedelta(days=1), 10, SHORT)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cost_ratio": -1.0}, "cost ratio is -1"),
        ({"protection_interval": (3, 0)}, "protection intervals are"),
        ({"methods": ("magic",)}, "magic is not known"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(wrong: dict[str, object], message: str) -> None:
    """With a sentence that says what was expected."""
    with pytest.raises(ConfigurationError, match=message):
        ForecastSetting(**wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_cost_ratios_of_other_products_are_refused() -> None:
    """As is a forecast of no day."""
    with pytest.raises(ConfigurationError, match="2 cost ratios were given for 3 products"):
        forecast_sales(poisson_sales(60, 3), 7, ForecastSetting(cost_ratio=np.array([1.0, 2.0])))
    with pytest.raises(ConfigurationError, match="expected at least 1"):
        forecast_sales(poisson_sales(60, 3), 0)


def test_of_a_long_past_the_last_three_years_count() -> None:
    """What was before changes nothing, and days keep their weekday and their season."""
    week = np.array([10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 7.0])
    units = np.tile(week[:, None], (200, 2))
    units[:200] *= 50
    found = forecast_sales(make_sales(units), 7, SHORT)
    np.testing.assert_allclose(found.forecast.mean[:, 0], week, rtol=1e-6)


def test_closed_days_have_no_demand() -> None:
    """Neither a closed weekday nor the days closed a year before."""
    first = date(2024, 1, 2)
    days = [first + timedelta(days=t) for t in range(700)]
    open_ = np.array([d.weekday() != 6 and (d.month, d.day) < (12, 24) for d in days])
    units = np.where(open_[:, None], 9.0, 0.0) * np.ones((1, 4))
    found = forecast_sales(make_sales(units, first, open=open_), 40, SHORT).forecast
    ahead = [found.start + timedelta(days=t) for t in range(40)]
    closed = np.array([d.weekday() == 6 or (d.month, d.day) >= (12, 24) for d in ahead])
    assert closed.sum() > 6
    assert (found.mean[closed] == 0).all()
    assert (found.std[closed] == 0).all()
    np.testing.assert_allclose(found.mean[~closed], 9.0, rtol=1e-6)


def test_the_spread_of_independent_poisson_demand_is_found() -> None:
    """The variance of a day is its mean within five standard errors of such an estimate."""
    sales = poisson_sales(400, 60)
    found = forecast_sales(sales, 7)
    ratio = np.square(found.forecast.std).sum(axis=0) / found.forecast.mean.sum(axis=0)
    # A variance from 364 days of one product has a relative error of sqrt(2 / 364), the mean of
    # 60 products an eighth of that; an overdispersed law may only add.
    assert ratio.min() >= 1.0 - 1e-9
    assert ratio.mean() < 1.0 + 0.25
    assert abs(found.autocorrelation.mean()) < 0.1


def test_intervals_of_known_demand_cover_what_they_say() -> None:
    """On independent gamma demand, within five binomial standard errors and two points."""
    sales = make_sales(gamma_sales(420, 120, seed=5))
    origins = [MONDAY + timedelta(days=t) for t in (336, 364, 392)]
    for row in check_coverage(sales, origins).of():
        error = np.sqrt(row.nominal * (1 - row.nominal) / row.windows)
        assert abs(row.found - row.nominal) < 5 * error + 0.02, row


def test_errors_that_persist_widen_the_intervals() -> None:
    """Demand whose level wanders is given more than its days' own variance, and is told apart."""
    rng = np.random.default_rng(4)
    wander = np.zeros((400, 40))
    for t in range(1, 400):
        wander[t] = 0.8 * wander[t - 1] + 0.3 * rng.standard_normal(40)
    steady = 100.0 * np.exp(0.5 * rng.standard_normal((400, 40)) - 0.125)
    drifting = 100.0 * np.exp(wander - 0.125)
    alone, together = (forecast_sales(make_sales(u), 14) for u in (steady, drifting))
    cv = [np.median(f.forecast.std / f.forecast.mean) for f in (alone, together)]
    assert drifting.std() < 1.2 * steady.std(), "single days differ as much in both"
    assert cv[1] > 1.3 * cv[0]
    assert together.autocorrelation.mean() > 0.5 > 0.1 > alone.autocorrelation.mean()


def test_thin_history_is_said_and_the_price_group_stands_in() -> None:
    """A product ten days old is forecast near those of its price, and the share is told."""
    sales = poisson_sales(300, 40)
    on_sale = np.ones_like(sales.censored)
    on_sale[:290, 0] = False
    price = np.where(np.arange(40) < 20, 2.0, 50.0) * np.ones((300, 1))
    units = np.where(on_sale, sales.units, 0.0)
    units[:, :20] *= 4
    found = forecast_sales(make_sales(units, on_sale=on_sale, price=price), 14, SHORT)
    assert found.history[0].startswith("insufficient history: ")
    assert "of 10 on offer" in found.history[0]
    assert found.method[0] == "mean of its price group"
    alike, own = units[:, 1:20].mean(), units[290:, 0].mean()
    assert min(alike, own) - 5 < found.forecast.scale[0] < max(alike, own) + 5
    assert found.forecast.std[0, 0] > np.median(found.forecast.std[0, 1:20])
    assert (found.history[1:] == "").all()


def test_a_product_that_was_never_in_stock_is_forecast_by_its_price_group() -> None:
    """Its few sales show that it is wanted, and nothing shows how much."""
    sales = poisson_sales(300, 20)
    censored = np.zeros_like(sales.censored)
    censored[:, 4] = True
    found = forecast_sales(make_sales(sales.units, censored=censored), 14, SHORT)
    others = np.delete(sales.units.mean(axis=0), 4)
    assert found.forecast.scale[4] == pytest.approx(others.mean(), rel=0.1)
    assert "0 selling days of 0 on offer; 0% their mean" in found.history[4]


def test_products_without_demand_are_forecast_at_zero_and_that_is_said() -> None:
    """One was never sold, one is not on offer any more."""
    sales = poisson_sales(300, 10)
    units, on_sale = sales.units.copy(), np.ones_like(sales.censored)
    units[:, 3] = 0.0
    on_sale[200:, 7] = False
    units[200:, 7] = 0.0
    found = forecast_sales(make_sales(units, on_sale=on_sale), 14, SHORT)
    assert (found.forecast.mean[:, [3, 7]] == 0).all()
    assert (found.forecast.std[:, [3, 7]] == 0).all()
    assert "no sale on 300 days on offer" in found.history[3]
    assert "not on offer on any of the last 28 days" in found.history[7]


def test_a_past_too_short_to_try_anything_on_is_said() -> None:
    """Nothing is calibrated, no coverage is claimed, and a forecast is made all the same."""
    found = forecast_sales(poisson_sales(60, 3), 7)
    assert found.coverage.rows == ()
    assert any("too few to try methods on" in line for line in found.assumed)
    assert (found.method == COMBINATION).all()
    assert np.isnan(found.quality.cost).all()
    assert (found.forecast.mean > 0).all()


def test_the_method_that_knows_the_past_is_chosen_over_one_that_does_not() -> None:
    """Where demand keeps its level, no product is left to what happened last week."""
    setting = replace(SHORT, methods=(NAIVE, "weekday, 13 weeks", COMBINATION))
    found = forecast_sales(poisson_sales(300, 30), 7, setting)
    assert (found.method != NAIVE).all()
    assert (found.quality.cost < found.quality.naive_cost).mean() > 0.9


def test_kinds_follow_syntetos_and_boylan() -> None:
    """Often or rarely, in like or unlike amounts."""
    rng = np.random.default_rng(1)
    often, rarely = np.ones((500, 1)), rng.random((500, 1)) < 0.3
    even, uneven = np.full((500, 1), 5.0), rng.lognormal(1, 1.2, (500, 1))
    units = np.hstack([often * even, often * uneven, rarely * even, rarely * uneven, 0 * even])
    found = kinds(units, np.ones_like(units, dtype=bool))
    assert [KINDS[k] for k in found] == list(KINDS)


def test_no_group_is_too_small_to_learn_from() -> None:
    """Unless there are fewer products altogether."""
    units = np.random.default_rng(2).poisson(0.7, (200, 130)).astype(float)
    units[:, :7] += 100
    told = np.ones_like(units, dtype=bool)
    assert np.bincount(groups(units, told)).min() >= SMALLEST_GROUP
    assert np.bincount(groups(units[:, :9], told[:, :9])).tolist() == [9]


def test_whole_units_cover_in_expectation() -> None:
    """An outcome whose rank spans 0.4 to 0.8 lies three quarters within the central half."""
    assert covered(np.array([0.4]), np.array([0.8]), 0.5)[0] == pytest.approx(0.875)
    assert covered(np.array([0.6]), np.array([0.6]), 0.5)[0] == 1.0
    assert covered(np.array([0.9]), np.array([0.9]), 0.5)[0] == 0.0
