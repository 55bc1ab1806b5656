"""Days to come on which the business will trade."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from planner.forecasting.calendar_ahead import calendar_ahead, easter

FIRST = date(2023, 1, 1)


def past(last: date, closed: set[date], weekend: tuple[int, ...] = (5, 6)) -> np.ndarray:
    """Open days from FIRST to `last`."""
    days = [FIRST + timedelta(days=t) for t in range((last - FIRST).days + 1)]
    return np.array([d.weekday() not in weekend and d not in closed for d in days])


def closed_ahead(open_: np.ndarray, days: int) -> set[date]:
    """The closed days ahead, weekends left out."""
    found = calendar_ahead(FIRST, open_, days).open
    start = FIRST + timedelta(days=len(open_))
    shut = {start + timedelta(days=t) for t in np.flatnonzero(~found).tolist()}
    return {day for day in shut if day.weekday() < 5}


@pytest.mark.parametrize(
    ("year", "day"),
    [(1818, (3, 22)), (2008, (3, 23)), (2011, (4, 24)), (2024, (3, 31)), (2038, (4, 25))],
)
def test_easter_falls_where_the_tables_say(year: int, day: tuple[int, int]) -> None:
    """Days of Meeus's examples and of the years of the earliest and the latest Easter."""
    assert easter(year) == date(year, *day)


def test_a_closed_weekday_stays_closed_and_one_exception_opens_nothing() -> None:
    """A Saturday that was open once in half a year is closed."""
    open_ = past(date(2023, 9, 1), set(), weekend=(5,))
    open_[[5 + 7 * 20 + 1]] = True
    found = calendar_ahead(FIRST, open_, 28)
    start = FIRST + timedelta(days=len(open_))
    expected = [(start + timedelta(days=t)).weekday() != 5 for t in range(28)]
    np.testing.assert_array_equal(found.open, expected)
    assert "Sat" in found.assumed[0]


def test_the_turn_of_the_year_closes_on_the_same_dates() -> None:
    """24 December to 2 January, whatever weekdays they fall on, the weekend between included."""
    days = {date(y, 12, 24) + timedelta(days=t) for y in (2022, 2023, 2024) for t in range(10)}
    ahead = closed_ahead(past(date(2025, 11, 30), days), 60)
    again = {date(2025, 12, 24) + timedelta(days=t) for t in range(10)}
    assert date(2025, 12, 29) in ahead
    assert ahead == {day for day in again if day.weekday() < 5}


def test_good_friday_moves_with_easter() -> None:
    """Closed on 7 and 10 April 2023, closed on 29 March and 1 April 2024."""
    open_ = past(date(2024, 2, 29), {date(2023, 4, 7), date(2023, 4, 10)})
    assert closed_ahead(open_, 60) == {date(2024, 3, 29), date(2024, 4, 1)}


def test_a_bank_holiday_is_the_last_monday_of_its_month() -> None:
    """Closed on 28 August 2023, closed on 26 August 2024."""
    open_ = past(date(2024, 7, 31), {date(2023, 8, 28)})
    assert closed_ahead(open_, 60) == {date(2024, 8, 26)}


def test_a_rule_that_the_years_contradict_is_not_followed() -> None:
    """A Monday that was closed in 2023 and open under every rule in 2024 was no holiday."""
    open_ = past(date(2025, 5, 1), {date(2023, 6, 12)})
    assert closed_ahead(open_, 90) == set()
