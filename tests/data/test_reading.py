"""Files as spreadsheets and databases write them, and files that are no tables at all."""

from __future__ import annotations

import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.catalogue import Reading, read_scenario
from data.errors import ConfigurationError, DataError, PlannerError
from data.issues import Severity

from .conftest import FORECAST, OPEN_ORDERS, PRODUCTS, STOCK


def mended(reading) -> str:
    return "\n".join(reading.issues.lines(Severity.MENDED))


def refusal(folder, **options) -> str:
    with pytest.raises(DataError) as caught:
        folder.read(**options)
    return str(caught.value)


def test_a_plain_file_needs_no_mending(folder):
    assert mended(folder.read()) == ""


def test_rows_out_of_order_are_sorted(folder):
    header, *rows = FORECAST.splitlines()
    whole = folder.read().scenario.forecast
    folder.write("forecast.csv", "\n".join([header, *rows[::-1]]))
    reading = folder.read()
    np.testing.assert_array_equal(reading.scenario.forecast.mean, whole.mean)
    assert "rows are out of order; they were sorted by day" in mended(reading)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("\ufeff" + FORECAST, "byte order mark"),
        (FORECAST.replace("\n", "\r\n"), "Windows line ends"),
        (FORECAST.replace(",", ";"), "separated by semicolons"),
        (FORECAST.replace(",", "\t"), "separated by tabs"),
        (FORECAST.replace(",", ";").replace(".", ","), "decimal commas"),
        ("\n\n" + FORECAST + "\n,,,\n\n", ""),
        (FORECAST.replace("\n", "\r"), ""),
        (FORECAST.replace("apples", '"apples"').replace("10.0", ' "10.0"').replace(' "', '"'), ""),
        (FORECAST.replace("apples", " apples "), ""),
        (FORECAST.rstrip("\n"), ""),
        (FORECAST.replace("10.0", "+10").replace("20.0", "2e1"), ""),
        (FORECAST.replace(",2027-01-04,", ",2027-01-04T00:00:00Z,"), ""),
    ],
)
def test_a_file_is_read_the_same_however_it_was_saved(folder, written, said):
    whole = folder.read().scenario.forecast
    folder.write("forecast.csv", written)
    reading = folder.read()
    np.testing.assert_array_equal(reading.scenario.forecast.mean, whole.mean)
    np.testing.assert_array_equal(reading.scenario.forecast.std, whole.std)
    assert said in mended(reading)


def test_decimal_commas_beside_points_are_not_guessed(folder):
    text = FORECAST.replace(",", ";").replace("20.0", "20,0")
    folder.write("forecast.csv", text)
    assert "mean is not a finite number (row 10, product bread, found 20,0" in refusal(folder)


def test_decimal_commas_in_a_file_separated_by_commas_are_named_by_row(folder):
    folder.change("forecast.csv", "apples,2027-01-05,10.0", "apples,2027-01-05,10,0")
    message = refusal(folder)
    assert "a row does not have 4 cells, as the header does (row 3" in message
    assert "write decimals with a point" in message


def test_rows_are_counted_as_a_spreadsheet_counts_them(folder):
    """The header is row 1; blank rows and rows of another width count, quoted line ends do not."""
    text = 'unique_id,ds,mean,std\n\n"two\nlines",2027-01-04,1,1\nshort\nlate,2027-01-04,-1,1\n'
    folder.write("forecast.csv", text)
    message = refusal(folder)
    assert "(row 4, found short)" in message
    assert "mean is below 0 (row 5, product late" in message


def test_thousands_separators_are_refused(folder):
    folder.change("forecast.csv", "apples,2027-01-05,10.0", 'apples,2027-01-05,"1,000"')
    assert "found 1,000); write digits and a decimal point" in refusal(folder)


def test_ids_keep_their_leading_zeros(folder):
    for name in ("forecast.csv", "products.csv", "stock.csv", "open_orders.csv"):
        folder.write(name, (folder.path / name).read_text().replace("apples", "007"))
    assert folder.read().scenario.products.unique_id[0] == "007"


def test_another_encoding_is_named_by_byte_and_row_and_can_be_chosen(folder):
    folder.write("forecast.csv", FORECAST.replace("bread", "Brötchen").encode("latin-1"))
    folder.change("products.csv", "bread", "Brötchen")
    message = refusal(folder)
    assert message.startswith("forecast.csv: byte 0xf6 at position 240 (row 10) is not UTF-8")
    assert "--encoding latin-1" in message
    for name in ("products.csv", "stock.csv"):
        text = (folder.path / name).read_text(encoding="utf-8")
        folder.write(name, text.encode("latin-1"))
    assert "Brötchen" in folder.read(encoding="latin-1").scenario.products.unique_id


def test_an_unknown_encoding_is_a_bad_option(folder):
    with pytest.raises(ConfigurationError, match="--encoding klingon: no such encoding"):
        folder.read(encoding="klingon")


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"unique_id,ds,mean,std\n", "has a header and no rows"),
        (b"PK\x03\x04\x00\x00", "the workbook is damaged"),
        (b"\x1f\x8b\x08junk", "is compressed"),
        (b"unique_id,ds\x00,mean,std\n", "is not a text file"),
        (FORECAST.encode("utf-16")[2:], "is not a text file"),
        (b"PAR1 and no more", "the Parquet file is damaged"),
        (bytes(range(1, 256)), "is not UTF-8"),
        (b"just a line of words\nand another\n", "is missing; found columns just a line of words"),
        (b"unique_id,ds,mean,mean\n", "column 'mean' occurs twice"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(folder, contents, expected):
    folder.write("forecast.csv", contents)
    message = refusal(folder)
    assert expected in message
    assert "\n" not in message or message.startswith("4 problems")


def test_utf_16_can_be_chosen(folder):
    for name in ("forecast.csv", "products.csv", "stock.csv", "open_orders.csv"):
        folder.write(name, (folder.path / name).read_text().encode("utf-16"))
    assert len(folder.read(encoding="utf-16").scenario.products) == 3


def test_a_missing_file_is_named_with_those_beside_it(folder):
    folder.forecast.rename(folder.path / "forecasts.csv")
    message = refusal(folder)
    assert "there is no such file" in message
    assert "found there: forecasts.csv, open_orders.csv, products.csv, stock.csv" in message


def test_a_folder_without_a_forecast_is_refused(folder):
    folder.remove("forecast.csv")
    with pytest.raises(DataError, match=r"forecast\.csv: there is no such file in"):
        read_scenario(folder.path)


def test_a_folder_in_the_place_of_a_file_is_refused(folder):
    (folder.path / "elsewhere").mkdir()
    assert "this is a folder, expected a file; found in it: nothing" in refusal(
        folder, stock=folder.path / "elsewhere"
    )


def test_a_file_with_an_impossible_name_is_refused(folder):
    impossible = folder.path / ("long" * 100)
    assert "cannot be opened" in refusal(folder, stock=impossible)
    with pytest.raises(DataError, match="cannot be opened"):
        read_scenario(impossible)


def frame() -> pd.DataFrame:
    rows = [line.split(",") for line in FORECAST.splitlines()[1:]]
    table = pd.DataFrame(rows, columns=["unique_id", "ds", "mean", "std"])
    return table.astype({"mean": float, "std": float})


@pytest.mark.parametrize("days", ["text", "timestamp", "zone", "date"])
@pytest.mark.parametrize("names", ["text", "category"])
def test_parquet_is_read_like_csv(folder, days, names):
    whole = folder.read().scenario.forecast
    table = frame()
    if days != "text":
        table["ds"] = pd.to_datetime(table["ds"])
    if days == "zone":
        table["ds"] = table["ds"].dt.tz_localize("Asia/Shanghai")
    if days == "date":
        table["ds"] = table["ds"].dt.date
    if names == "category":
        table["unique_id"] = table["unique_id"].astype("category")
    folder.remove("forecast.csv")
    table.to_parquet(folder.path / "forecast.parquet")
    reading = read_scenario(folder.path)
    np.testing.assert_array_equal(reading.scenario.forecast.mean, whole.mean)
    assert reading.scenario.start == whole.start


@pytest.mark.parametrize("kind", ["int64", "float32", "Int16"])
def test_whole_numbers_as_ids_in_parquet_match_their_digits_in_csv(folder, kind):
    table = frame()
    numbers = {"apples": 1001, "bread": 1002, "cheese": 1003}
    table["unique_id"] = table["unique_id"].map(numbers).astype(kind)
    table["mean"] = table["mean"].astype("int32")
    table.to_parquet(folder.path / "forecast.parquet")
    for name in ("products.csv", "stock.csv", "open_orders.csv"):
        text = (folder.path / name).read_text()
        for word, number in numbers.items():
            text = text.replace(word, str(number))
        folder.write(name, text)
    scenario = read_scenario(folder.path / "forecast.parquet").scenario
    assert scenario.products.unique_id.tolist() == ["1001", "1002", "1003"]


def test_missing_values_and_times_of_day_in_parquet_are_refused(folder):
    table = frame()
    table.loc[3, "mean"] = np.nan
    table.loc[4, "std"] = np.inf
    table["ds"] = pd.to_datetime(table["ds"])
    table.loc[5, "ds"] += pd.Timedelta(hours=6)
    table.to_parquet(folder.path / "forecast.parquet")
    with pytest.raises(DataError) as caught:
        read_scenario(folder.path / "forecast.parquet")
    for words in ("mean is blank or NaN (row 4", "std is not a finite", "ds is not a day (row 6"):
        assert words in str(caught.value)


def test_a_parquet_column_of_lists_is_refused(folder):
    table = frame()
    table["mean"] = [[1.0]] * len(table)
    table.to_parquet(folder.path / "forecast.parquet")
    with pytest.raises(DataError, match="column 'mean' is of type list"):
        read_scenario(folder.path / "forecast.parquet")


TABLES = {
    "forecast.csv": FORECAST,
    "products.csv": PRODUCTS,
    "stock.csv": STOCK,
    "open_orders.csv": OPEN_ORDERS,
}
SPECIAL = (b"\n", b",", b";", b'"', b"\r\n", b"-", b"nan", b"inf", b"1e309", b"\x00", b"\xff")
PIECES = st.one_of(
    st.binary(max_size=8),
    st.text(string.printable, max_size=8).map(str.encode),
    st.sampled_from(SPECIAL),
)
one_folder = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def outcome(folder, name: str, contents: bytes, skip_bad: bool) -> Reading | str:
    """The reading of the whole tables, one of them replaced, or the sentence it is refused with."""
    for other, text in TABLES.items():
        folder.write(other, text)
    folder.write(name, contents)
    try:
        return folder.read(skip_bad=skip_bad)
    except PlannerError as error:
        return str(error)


@one_folder
@given(
    name=st.sampled_from(sorted(TABLES)),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), PIECES), min_size=1, max_size=6),
    skip_bad=st.booleans(),
)
def test_any_damage_ends_in_a_reading_or_in_a_sentence(folder, name, cuts, skip_bad):
    contents = TABLES[name].encode()
    for place, length, piece in cuts:
        at = int(place * len(contents))
        contents = contents[:at] + piece + contents[at + length :]
    assert outcome(folder, name, contents, skip_bad)


CELLS = st.tuples(st.integers(1, 24), st.integers(0, 3), st.text(max_size=6))


@one_folder
@given(
    name=st.sampled_from(sorted(TABLES)),
    cells=st.lists(CELLS, min_size=1, max_size=4),
    skip_bad=st.booleans(),
)
def test_any_cell_ends_in_a_reading_or_in_a_sentence(folder, name, cells, skip_bad):
    rows = [line.split(",") for line in TABLES[name].splitlines()]
    for row, column, cell in cells:
        chosen = rows[row % len(rows)]
        chosen[column % len(chosen)] = cell
    contents = "\n".join(map(",".join, rows)).encode("utf-8", errors="replace")
    assert outcome(folder, name, contents, skip_bad)
