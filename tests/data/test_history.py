"""A file of sales is read as it is; what it leaves out has a stated reading."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.errors import ConfigurationError, DataError
from data.history import SalesOptions, SalesReading, read_sales
from data.issues import Severity

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("PLANNER_DATA", ROOT.parent / "shared" / "data"))
REAL = FOLDER / "online_retail" / "online_retail_daily.parquet"
FIRST = date(2026, 1, 5)
Read = Callable[..., SalesReading]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads sales from the text of a file, or from rows of product, day number and units."""

    def reading(contents: str | list[tuple[str, int, float]], **options: object) -> SalesReading:
        if not isinstance(contents, str):
            rows = [f"{name},{FIRST + timedelta(days=day)},{y}" for name, day, y in contents]
            contents = "\n".join(["unique_id,ds,y", *rows])
        path = tmp_path / "sales.csv"
        path.write_text(contents, encoding="utf-8")
        return read_sales(path, SalesOptions(**options))

    return reading


def every_day(name: str, days: int, seed: int, mean: float = 9.0) -> list[tuple[str, int, float]]:
    """A product that sells nearly every day."""
    units = np.random.default_rng(seed).poisson(mean, days)
    return [(name, day, float(y)) for day, y in enumerate(units)]


def assumed(reading: SalesReading) -> str:
    """What was read into the file."""
    return "\n".join(reading.assumed)


def test_what_is_written_is_read(read: Read) -> None:
    """Units, prices and promotions, in the order of the file."""
    reading = read(
        "unique_id,ds,y,price,promotion\n"
        "b,2026-01-05,3,2.5,0\nb,2026-01-06,4,2,1\na,2026-01-06,1,9,0\n"
    )
    sales = reading.sales
    assert sales.unique_id.tolist() == ["b", "a"]
    assert (sales.first, sales.end, sales.days) == (FIRST, date(2026, 1, 7), 2)
    np.testing.assert_array_equal(sales.units, [[3, 0], [4, 1]])
    np.testing.assert_array_equal(sales.price, [[2.5, np.nan], [2, 9]])
    np.testing.assert_array_equal(sales.promotion, [[False, False], [True, False]])
    np.testing.assert_array_equal(sales.on_sale, [[True, False], [True, True]])
    assert sales.telling.tolist() == [[True, False], [True, True]]
    assert reading.sources[0].records == 3


def test_columns_may_have_other_names(read: Read) -> None:
    """As in every table."""
    text = "SKU,Day,Units\na,2026-01-05,3\n"
    columns = {"unique_id": "SKU", "ds": "Day", "y": "Units"}
    assert read(text, columns=columns).sales.units.tolist() == [[3.0]]
    with pytest.raises(DataError, match=r"y \(units sold\) is missing.*--map y=Units"):
        read(text)
    with pytest.raises(ConfigurationError, match="no table has a column 'mean'"):
        read(text, columns={"mean": "Units"})


def test_a_file_without_zeros_has_no_rows_for_days_without_a_sale(read: Read) -> None:
    """Missing days are days without a sale, and they are counted."""
    rows = [row for row in every_day("a", 60, 1) if row[1] not in (20, 21, 30)]
    rows += every_day("b", 60, 2)
    reading = read([row for row in rows if row[2]])
    assert not reading.sales.units[[20, 21, 30], 0].any()
    assert reading.sales.telling[:, 0].all()
    assert "3 product-days have no row; they are taken as days without a sale" in assumed(reading)


def test_a_file_that_writes_zeros_out_has_lost_what_is_missing(read: Read) -> None:
    """Missing days are not known."""
    rows = [("a", day, 0.0 if day % 3 else 5.0) for day in range(60)]
    rows += every_day("b", 60, 2)
    reading = read([row for row in rows if row[:2] not in (("a", 20), ("a", 21))])
    assert np.flatnonzero(~reading.sales.telling[:, 0]).tolist() == [20, 21]
    assert "2 product-days have no row, although days without a sale" in assumed(reading)


def test_a_blank_y_is_neither_a_sale_nor_none(read: Read) -> None:
    """Within the past it is not known; after it, it tells of a promotion."""
    reading = read(
        "unique_id,ds,y,promotion\na,2026-01-05,3,0\na,2026-01-06,,0\na,2026-01-07,2,0\n"
        "a,2026-01-09,,1\n"
    )
    assert reading.sales.days == 3
    assert reading.sales.telling[:, 0].tolist() == [True, False, True]
    assert reading.sales.promotion[:, 0].tolist() == [False, False, False, False, True]
    assert "y is blank on 1 product-days of the past" in assumed(reading)


def test_a_row_given_twice_counts_once_and_one_that_differs_is_an_error(read: Read) -> None:
    """Nobody can know which of the two is right."""
    reading = read([("a", 0, 3), ("a", 0, 3), ("a", 1, 2)])
    assert reading.sales.units.tolist() == [[3.0], [2.0]]
    assert "repeats an earlier one in every column" in reading.issues.lines(Severity.MENDED)[0]
    with pytest.raises(DataError, match="same unique_id and ds as an earlier one"):
        read([("a", 0, 3), ("a", 0, 4), ("a", 1, 2)])


def test_a_list_of_single_sales_can_be_added_up(read: Read) -> None:
    """Units are summed, returns included; the price is what a unit fetched on average."""
    text = (
        "unique_id,ds,y,price\na,2026-01-05,3,2\nb,2026-01-05,1,7\na,2026-01-05,1,4\n"
        "a,2026-01-05,-2,9\na,2026-01-06,-5,2\na,2026-01-06,1,2\nb,2026-01-06,1,\n"
    )
    reading = read(text, add_up=True)
    np.testing.assert_array_equal(reading.sales.units, [[2, 1], [0, 1]])
    np.testing.assert_array_equal(reading.sales.price, [[2.5, 7], [2, np.nan]])
    assert "3 rows are of the same product and day" in reading.issues.lines(Severity.MENDED)[0]
    assert "y is below 0" in assumed(reading)
    assert "row 6, product a, found -4" in assumed(reading)


def test_adding_up_changes_nothing_where_days_are_single(read: Read) -> None:
    """Nor does it say anything."""
    rows = [row for name in "ab" for row in every_day(name, 40, ord(name))]
    plain, summed = read(rows), read(rows, add_up=True)
    np.testing.assert_array_equal(summed.sales.units, plain.sales.units)
    assert summed.issues.lines(Severity.MENDED) == []


def test_a_bad_row_spoils_the_sum_of_its_day(read: Read) -> None:
    """What cannot be read is not summed as if it were nothing."""
    text = "unique_id,ds,y\na,2026-01-05,3\na,2026-01-05,x\nb,2026-01-05,1\nb,2026-01-06,1\n"
    with pytest.raises(DataError, match="y is not a finite number"):
        read(text, add_up=True)
    assert read(text, add_up=True, skip_bad=True).sales.unique_id.tolist() == ["b"]


def test_products_with_bad_values_can_be_left_out(read: Read) -> None:
    """The reason is kept, and the others are read."""
    text = "unique_id,ds,y\na,2026-01-05,3\nb,2026-01-05,many\nc,2026-01-05,1\n"
    reading = read(text, skip_bad=True)
    assert reading.sales.unique_id.tolist() == ["a", "c"]
    assert list(reading.skipped) == ["b"]


def test_more_returned_than_sold_is_no_sale(read: Read) -> None:
    """Taken as 0, and said with its row."""
    reading = read([("a", 0, 3), ("a", 1, -2), ("a", 2, 4)])
    assert reading.sales.units[:, 0].tolist() == [3, 0, 4]
    assert "y is below 0 (more came back than went out); it was taken as no sale (row 3" in (
        assumed(reading)
    )


def test_a_product_is_not_on_offer_before_its_first_sale(read: Read) -> None:
    """Unless on_sale says that it was."""
    rows = [("new", day, 0.0 if day < 5 else 2.0) for day in range(9)]
    reading = read([*rows, *every_day("old", 9, 3)])
    assert reading.sales.on_sale[:, 0].tolist() == [False] * 5 + [True] * 4
    assert "1 products sell nothing at first" in assumed(reading)
    lines = [f"new,{FIRST + timedelta(days=d)},{y:g},{int(d != 7)}" for _, d, y in rows]
    told = read("unique_id,ds,y,on_sale\n" + "\n".join(lines)).sales
    assert np.flatnonzero(~told.on_sale[:, 0]).tolist() == []
    lines[7] = lines[7].replace(",2,0", ",0,0")
    told = read("unique_id,ds,y,on_sale\n" + "\n".join(lines)).sales
    assert np.flatnonzero(~told.on_sale[:, 0]).tolist() == [7]


def test_an_empty_shelf_cuts_sales_short(read: Read) -> None:
    """Known exactly where stock is given; nothing is guessed for that product."""
    rows = [(day, 5, 9) for day in range(30)]
    rows += [(day, 0, 0) for day in range(30, 45)] + [(day, 5, 9) for day in range(45, 75)]
    text = "unique_id,ds,y,stock\n" + "".join(
        f"a,{FIRST + timedelta(days=day)},{y},{stock}\n" for day, y, stock in rows
    )
    reading = read(text)
    assert np.flatnonzero(reading.sales.censored[:, 0]).tolist() == list(range(30, 45))
    assert reading.stock_outs == 1
    assert "stock is 0 at the end of some days" in assumed(reading)
    negative = read(text.replace(",0,0\n", ",0,-3\n"))
    np.testing.assert_array_equal(negative.sales.censored, reading.sales.censored)
    assert "stock is below 0; it was taken as an empty shelf" in assumed(negative)


def test_a_guessed_stock_out_is_masked_or_left_in_as_asked(read: Read) -> None:
    """Three weeks without a sale of a product that sells every day."""
    rows = [row for name in "abcdef" for row in every_day(name, 200, ord(name))]
    rows = [(name, day, 0.0 if name == "c" and 90 <= day < 111 else y) for name, day, y in rows]
    reading = read(rows)
    assert np.argwhere(reading.sales.censored).tolist() == [[day, 2] for day in range(90, 111)]
    assert reading.stock_outs == 1
    assert "product c, found 2026-04-05 to 2026-04-25, 21 days open" in assumed(reading)
    kept = read(rows, mask=False)
    assert not kept.sales.censored.any()
    assert kept.stock_outs == 1
    assert "it was left in, as asked for" in assumed(kept)


def test_a_silence_that_lasts_is_said_and_left_in(read: Read) -> None:
    """It may be the end of the product."""
    rows = [row for name in "abc" for row in every_day(name, 200, ord(name))]
    rows = [(name, day, 0.0 if name == "b" and day > 150 else y) for name, day, y in rows]
    reading = read(rows)
    assert not reading.sales.censored.any()
    assert "has had no sale for longer than its own habit explains" in assumed(reading)


def test_closed_days_are_seen_and_said(read: Read) -> None:
    """Ten products that all pause on Sundays and over New Year."""
    rows = [
        (name, day, y)
        for name in "abcdefghij"
        for _, day, y in every_day(name, 84, ord(name))
        if day % 7 != 6 and not 40 <= day < 44
    ]
    reading = read(rows)
    assert np.flatnonzero(~reading.sales.open).tolist() == sorted(
        {*range(6, 83, 7), *range(40, 44)}
    )
    assert "every Sun; 2026-02-14, 2026-02-16 to 2026-02-17" in assumed(reading)
    assert not reading.sales.censored.any()


def test_a_slip_of_the_year_is_refused(read: Read) -> None:
    """Rather than read as twenty years without a sale."""
    with pytest.raises(DataError, match=r"2006-01-04 to 2006-01-04, lie .* days from all others"):
        read("unique_id,ds,y\na,2006-01-04,1\na,2026-01-05,1\na,2026-01-06,1\n")


def test_a_free_day_has_no_price(read: Read) -> None:
    """A price of 0 is taken as unknown."""
    reading = read("unique_id,ds,y,price\na,2026-01-05,1,0\na,2026-01-06,1,2\n")
    np.testing.assert_array_equal(reading.sales.price[:, 0], [np.nan, 2])
    assert "price is 0 on 1 product-days" in assumed(reading)


def test_ids_that_differ_in_leading_zeros_are_two_products(read: Read) -> None:
    """And that is said."""
    reading = read([("007", 0, 1), ("7", 0, 2), ("70", 0, 3)])
    assert reading.sales.unique_id.tolist() == ["007", "7", "70"]
    assert "leading zeros only" in assumed(reading)
    assert "product 70" not in assumed(reading)


def test_rows_in_any_order_are_the_same_sales(read: Read) -> None:
    """Sorted, and said."""
    rows = [row for name in "ab" for row in every_day(name, 40, ord(name))]
    shuffled = [rows[0], *reversed(rows[1:])]
    again = read(shuffled)
    whole = read(rows)
    np.testing.assert_array_equal(again.sales.units, whole.sales.units)
    assert "rows are out of order" in again.issues.lines(Severity.MENDED)[0]


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_the_three_kinds_of_files_say_the_same(tmp_path: Path, read: Read, kind: str) -> None:
    """CSV, Parquet and Excel."""
    rows = [row for name in "ab" for row in every_day(name, 40, ord(name))]
    whole = read(rows).sales
    frame = pd.DataFrame(rows, columns=["unique_id", "ds", "y"])
    frame["ds"] = pd.Timestamp(FIRST) + pd.to_timedelta(frame["ds"], unit="D")
    path = tmp_path / f"other.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_excel(path, index=False)
    sales = read_sales(path).sales
    np.testing.assert_array_equal(sales.units, whole.units)
    assert (sales.first, sales.unique_id.tolist()) == (whole.first, ["a", "b"])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With what lies beside it."""
    (tmp_path / "sale.csv").write_text("x")
    with pytest.raises(DataError, match=r"sales\.csv: there is no such file.*found there: sale"):
        read_sales(tmp_path / "sales.csv")


@pytest.mark.skipif(not REAL.exists(), reason=f"the Online Retail data are not here ({REAL})")
def test_two_years_of_a_real_wholesaler_are_read() -> None:
    """All products and days; the Saturdays are closed, and few stretches look like stock-outs."""
    reading = read_sales(REAL)
    sales = reading.sales
    assert sales.units.shape == (739, 1435)
    assert sales.open.sum() == 604
    assert reading.issues.count(Severity.ERROR) == 0
    assert 20 < reading.stock_outs < 300
    assert not (sales.censored & (sales.units > 0)).any()
    assert sales.censored.mean() < 0.02
