"""The forecast over protection intervals, against sums taken day by day."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.forecast import Forecast
from data.network import default_network
from data.outlook import MONTHS_AHEAD, Outlook, outlook_of
from data.product import make_products
from data.scenario import Scenario
from data.stock import empty_stock

LEAD_TIME = np.array([[2, 0], [3, 5], [4, 1]])


def random_outlook(seed: int = 0, days: int = 90) -> Outlook:
    """Two products whose forecast differs every day."""
    rng = np.random.default_rng(seed)
    mean = rng.uniform(0, 30, (days, 2))
    return Outlook(mean, 0.3 * mean, LEAD_TIME)


@given(st.integers(0, 30))
def test_windows_are_the_sums_of_their_days(period: int) -> None:
    """Stage m covers L_m + 1 days after all that the stages below it cover."""
    outlook = random_outlook()
    windows = outlook.windows(period)
    for product in range(2):
        first = period
        for stage in range(3):
            last = first + LEAD_TIME[stage, product] + 1
            day_mean, day_std = outlook.mean[:, product], outlook.std[:, product]
            assert windows.mean[stage, product] == pytest.approx(day_mean[first:last].sum())
            variance = np.square(day_std[first:last]).sum()
            assert windows.std[stage, product] == pytest.approx(np.sqrt(variance))
            echelon = day_mean[period:last].sum()
            assert windows.echelon_mean[stage, product] == pytest.approx(echelon)
            variance = np.square(day_std[period:last]).sum()
            assert windows.echelon_std[stage, product] == pytest.approx(np.sqrt(variance))
            first = last


def test_intervals_are_lead_times_plus_one_day() -> None:
    """With our sequence of events; an echelon adds those below."""
    outlook = random_outlook()
    assert outlook.protection_interval.tolist() == [[3, 1], [4, 6], [5, 2]]
    assert outlook.echelon_interval.tolist() == [[3, 1], [7, 7], [12, 9]]


def test_a_period_asked_for_again_gets_the_same_answer() -> None:
    """Answers are remembered; going back to an earlier period is no problem."""
    outlook = random_outlook()
    first = outlook.windows(3)
    assert outlook.windows(3) is first
    outlook.windows(4)
    assert np.array_equal(outlook.windows(3).mean, first.mean)


def test_mean_between_two_days() -> None:
    """The last day is excluded."""
    outlook = random_outlook()
    assert outlook.mean_between(5, 12) == pytest.approx(outlook.mean[5:12].mean(axis=0))


def test_typical_windows_are_those_of_a_forecast_that_never_changes() -> None:
    """Where days differ they are the windows of the average day, of mean and of variance."""
    outlook = random_outlook()
    same = np.repeat(outlook.mean.mean(axis=0)[None], 90, axis=0)
    deviation = np.sqrt(np.square(outlook.std).mean(axis=0))
    alike = Outlook(same, np.repeat(deviation[None], 90, axis=0), LEAD_TIME)
    for name in ("mean", "std", "echelon_mean", "echelon_std"):
        expected = getattr(alike.windows(7), name)
        np.testing.assert_allclose(getattr(outlook.typical, name), expected)


def test_a_forecast_taken_for_certain_keeps_its_mean_and_its_order_days() -> None:
    """Only the deviations go."""
    may_order = np.zeros((7, 3, 2), dtype=bool)
    may_order[2] = True
    mean = random_outlook().mean
    outlook = Outlook(mean, 0.3 * mean, LEAD_TIME, may_order)
    sure = outlook.certain
    assert not sure.windows(3).std.any()
    ours, theirs = outlook.order_windows(3), sure.order_windows(3)
    assert np.array_equal(ours.echelon_mean, theirs.echelon_mean)
    assert (theirs.echelon_mean > sure.windows(3).echelon_mean).all()


def test_windows_beyond_the_forecast_are_refused() -> None:
    """The sentence says how far the forecast reaches."""
    outlook = random_outlook(days=90)
    assert outlook.reach == 90 - MONTHS_AHEAD
    outlook.windows(outlook.reach)
    for period in (-1, outlook.reach + 1):
        with pytest.raises(IndexError, match="0 to 34"):
            outlook.windows(period)


def test_the_outlook_of_a_problem_reaches_to_its_last_period() -> None:
    """Beyond the forecast its last weeks repeat."""
    mean = np.tile(np.arange(1.0, 8.0), 4)[:, None]
    scenario = Scenario(
        default_network(),
        make_products([1.0], [1.0], [[2], [3], [4]]),
        Forecast(date(2026, 1, 1), mean, 0.1 * mean),
        empty_stock(3, 1),
    )
    outlook = outlook_of(scenario, periods=100)
    assert outlook.reach >= 100
    week = outlook.mean[98:105, 0]
    assert week.tolist() == [1, 2, 3, 4, 5, 6, 7]
