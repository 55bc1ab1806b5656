"""Months as their first morning knew them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from data.errors import ConfigurationError
from data.sales import Sales
from planner.backtest.past import Past, Span, months_of, quiet_stock
from tests.planner.backtest.conftest import Said, past_with, weekday_means

SPRING = Span(date(2026, 3, 10), date(2026, 5, 20))


def test_a_span_is_cut_at_the_first_of_every_month() -> None:
    """Its parts follow each other without a gap, the first and last as long as is asked."""
    parts = list(SPRING.months)
    assert [part.first for part in parts] == [
        date(2026, 3, 10),
        date(2026, 4, 1),
        date(2026, 5, 1),
    ]
    assert [part.last for part in parts] == [
        date(2026, 3, 31),
        date(2026, 4, 30),
        date(2026, 5, 20),
    ]


def test_a_span_ends_no_sooner_than_it_begins() -> None:
    """The sentence names both days."""
    with pytest.raises(ConfigurationError, match="2026-05-01 to 2026-04-30"):
        Span(date(2026, 5, 1), date(2026, 4, 30))


def test_a_forecast_is_made_from_what_was_known_on_the_first_of_the_month(
    invented: Callable[..., Past],
) -> None:
    """The forecaster is shown the sales before each month and not a day more."""
    seen: list[Sales] = []

    def watched(sales: Sales, days: int) -> Said:
        seen.append(sales)
        return weekday_means(sales, days)

    months = months_of(invented(), SPRING, watched)
    assert [sales.end for sales in seen] == [month.span.first for month in months]
    assert [month.days for month in months] == [22, 30, 20]


def test_what_comes_later_changes_nothing_that_was_known_before() -> None:
    """Other sales from April on leave March's forecast as it was, and change April's demand."""
    rng = np.random.default_rng(2)
    units = rng.poisson(5.0, (181, 3)).astype(float)
    other = units.copy()
    other[(date(2026, 4, 1) - date(2026, 1, 1)).days :] += 7
    first, changed = (months_of(past_with(one), SPRING, weekday_means) for one in (units, other))
    np.testing.assert_array_equal(
        first[0].problem.scenario.forecast.mean, changed[0].problem.scenario.forecast.mean
    )
    assert not np.array_equal(first[1].demand, changed[1].demand)


def test_days_that_sales_do_not_cover_are_refused(invented: Callable[..., Past]) -> None:
    """The sentence says which days are there."""
    with pytest.raises(ConfigurationError, match="sales cover 2026-01-01 to 2026-06-30"):
        months_of(invented(), Span(date(2026, 6, 1), date(2026, 7, 31)), weekday_means)


def test_the_first_stock_keeps_a_steady_flow_going() -> None:
    """As much is under way to a stage as its lead time takes, in whole units."""
    steady = weekday_means(past_with(np.full((60, 1), 3.0)).sales, 30).forecast
    stock = quiet_stock(steady, np.array([[2], [0]]))
    np.testing.assert_array_equal(stock.on_hand, [[3], [3]])
    np.testing.assert_array_equal(stock.pipeline[:, 0], [[3, 3], [0, 0]])


def test_a_wider_forecast_has_a_larger_deviation_and_the_same_mean(
    invented: Callable[..., Past],
) -> None:
    """Product by product."""
    month = months_of(invented(2), SPRING, weekday_means)[0]
    wide = month.widened(np.array([1.0, 2.0])).problem.outlook
    np.testing.assert_allclose(wide.std, month.problem.outlook.std * [1.0, 2.0])
    np.testing.assert_array_equal(wide.mean, month.problem.outlook.mean)
