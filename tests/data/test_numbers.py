"""Which sign is the decimal one, and what is no number."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import ConfigurationError
from data.format import Format
from data.numbers import ASK, decimals_of, numbers


def read(words: list[str], asked: str | None = None) -> list[float | None]:
    """The numbers in a file of one column; None for what is none."""
    column = pa.array(words, pa.large_string())
    values, refused = numbers(column, decimals_of([column], asked).comma)
    return [None if no else float(value) for value, no in zip(values, refused, strict=True)]


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["1.5", "2"], [1.5, 2]),
        (["1,5", "2"], [1.5, 2]),
        (["1,500", "2,5"], [1.5, 2.5]),
        (["0,125", "-3,5"], [0.125, -3.5]),
        (["1,500", "2"], [None, 2]),
        (["1,500,000", "2,5"], [None, 2.5]),
        (["1,500.25", "2"], [None, 2]),
        (["1.5", "2,5"], [1.5, None]),
        ([",5", "1"], [0.5, 1]),
        (["1e3", "+2"], [1000, 2]),
    ],
)
def test_a_comma_is_the_decimal_sign_only_where_it_can_be_nothing_else(
    words: list[str], values: list[float | None]
) -> None:
    """Otherwise the cell is refused."""
    assert read(words) == values


def test_a_comma_that_may_be_either_is_asked_about() -> None:
    """1,500 may be one and a half; no other number of the file says."""
    assert decimals_of([pa.array(["1,500", "2"])], None).remedy == ASK


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["1,500", "2"], [1.5, 2]),
        (["1.500,25", "2"], [None, 2]),
        (["1.500", "2"], [None, 2]),
        (["1.5", "2.25"], [1.5, 2.25]),
    ],
)
def test_decimal_commas_can_be_asked_for(words: list[str], values: list[float | None]) -> None:
    """Points then separate thousands, unless the file shows that they do not."""
    assert read(words, ",") == values


def test_a_point_can_be_asked_for() -> None:
    """Then no comma is one."""
    assert read(["2,5", "2"], ".") == [None, 2]


def test_another_sign_is_a_bad_option() -> None:
    """Only the two that are in use."""
    with pytest.raises(ConfigurationError, match="--decimal is ';'"):
        Format(decimal=";")
    with pytest.raises(ConfigurationError, match="--dates is 'dmy'"):
        Format(dates="dmy")
    with pytest.raises(ConfigurationError, match="--encoding klingon"):
        Format(encoding="klingon")


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=9))
def test_every_number_survives_with_a_point_and_with_a_comma(values: list[float]) -> None:
    """Read back exactly, however it is written."""
    words = [repr(value) for value in values]
    np.testing.assert_array_equal(np.array(read(words), float), values)
    commas = [word.replace(".", ",") for word in words]
    if all("," in word for word in commas):
        np.testing.assert_array_equal(np.array(read(commas, ","), float), values)


@pytest.mark.parametrize("word", ["", "NA", "n/a", "NaN", "null", "None", "#N/A"])
def test_a_blank_is_a_blank_in_any_spelling(word: str) -> None:
    """It is no number, and no mistake."""
    (value,) = read([word, "x"])[:1]
    assert value is not None
    assert np.isnan(value)
