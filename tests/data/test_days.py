"""Days in every way that a column may write them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.days import days_of
from data.errors import DataError

DAY = np.datetime64("2027-01-31")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("2027-01-31", ""),
        ("2027-01-31T00:00:00Z", ""),
        ("2027-01-31 00:00", ""),
        ("31.01.2027", "day first"),
        ("31.1.2027", "day first"),
        ("31/01/2027", "day first"),
        ("01/31/2027", "month first"),
        ("31-01-2027", "day first"),
        ("2027/01/31", "2027/01/31"),
        ("20270131", "20270131"),
        ("46418", "day numbers"),
        ("46418.0", "day numbers"),
    ],
)
def test_a_day_is_understood_where_it_can_mean_one_thing_only(word: str, said: str) -> None:
    """And it is said how it was read, if not as 2027-01-31."""
    found = days_of([word], None)
    assert found.days.tolist() == [DAY.astype(object)]
    assert said in found.mended
    assert bool(found.mended) == bool(said)


@pytest.mark.parametrize("word", ["01/02/2027", "1-2-2027"])
def test_a_day_that_may_be_two_is_asked_about(word: str) -> None:
    """The sentence names the option, which then decides."""
    with pytest.raises(DataError, match="--dates day-first or --dates month-first"):
        days_of([word], None)
    assert days_of([word], "day-first").days[0] == np.datetime64("2027-02-01")
    assert days_of([word], "month-first").days[0] == np.datetime64("2027-01-02")


def test_one_number_above_12_settles_the_whole_column() -> None:
    """05/02 is the second of May in the column of 01/31."""
    found = days_of(["05/02/2027", "01/31/2027"], None)
    assert found.days[0] == np.datetime64("2027-05-02")


def test_a_column_in_two_orders_is_refused() -> None:
    """Nobody can know which of the two 01/02/2027 is written in."""
    with pytest.raises(DataError, match="in two ways"):
        days_of(["31/01/2027", "01/31/2027"], None)


@pytest.mark.parametrize(
    "word",
    [
        "",
        "soon",
        "31.02.2027",
        "31.01.27",
        "2027-13-01",
        "1899-12-31",
        "2400-01-01",
        "2027-01 06:00",
    ],
)
def test_what_is_no_day_is_none(word: str) -> None:
    """It is never guessed at."""
    assert np.isnat(days_of([word], None).days).all()


def test_the_odd_one_out_is_refused_not_read_another_way() -> None:
    """A day number among days is a slip."""
    found = days_of(["2027-01-30", "2027-01-31", "46418"], None)
    assert np.isnat(found.days).tolist() == [False, False, True]


@given(st.lists(st.dates(date(1900, 3, 1), date(2200, 1, 1)), min_size=1, max_size=5))
def test_all_unambiguous_ways_of_writing_agree(days: list[date]) -> None:
    """ISO, with dots, compact and by number."""
    zero = date(1899, 12, 30)
    ways = (
        [day.isoformat() for day in days],
        [f"{day.day}.{day.month:02d}.{day.year}" for day in days],
        [f"{day.year}/{day.month}/{day.day}" for day in days],
        [f"{day:%Y%m%d}" for day in days],
    )
    for words in ways:
        assert days_of(words, None).days.tolist() == days
    numbers = [(day - zero).days for day in days]
    if all(20_000 <= number < 70_000 for number in numbers):
        found = days_of([str(number) for number in numbers], None).days.tolist()
        assert found == [zero + timedelta(days=number) for number in numbers]
