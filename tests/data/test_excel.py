"""Workbooks: which sheet is read, as what, and which are refused before they are."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pytest

from data.catalogue import read_scenario
from data.errors import DataError
from data.excel import is_workbook, sheet_of


def workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    """A workbook of these rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


ROWS: list[list[Any]] = [
    ["unique_id", "ds", "y", "mixed"],
    [1001, date(2027, 1, 4), 3, "a"],
    [1002, datetime(2027, 1, 5), 4.5, 7],
    [None, None, None, 7.0],
]


def test_cells_are_numbers_days_or_text() -> None:
    """A column of one kind keeps it; one of several kinds becomes text; blanks stay blank."""
    sheet = sheet_of(workbook({"Sales": ROWS}), "sales")
    assert sheet.headers == ("unique_id", "ds", "y", "mixed")
    kinds = [column.type for column in sheet.columns]
    assert pa.types.is_float64(kinds[0])
    assert pa.types.is_timestamp(kinds[1])
    assert sheet.columns[1].to_pylist()[:2] == [datetime(2027, 1, 4), datetime(2027, 1, 5)]
    assert sheet.columns[2].to_pylist() == [3.0, 4.5, None]
    assert sheet.columns[3].to_pylist() == ["a", "7", "7"]
    np.testing.assert_array_equal(sheet.rows, [2, 3, 4])
    assert sheet.said == ""


def test_times_and_truth_are_text() -> None:
    """They are neither numbers nor days."""
    sheet = sheet_of(workbook({"s": [["a", "b"], [time(6, 30), True], [time(7), False]]}), "s")
    assert sheet.columns[0].to_pylist() == ["06:30:00", "07:00:00"]
    assert sheet.columns[1].to_pylist() == ["True", "False"]


def test_the_sheet_named_like_the_table_is_read_else_the_first_and_that_is_said() -> None:
    """In any case of letters, with a space for an underscore."""
    book = workbook({"notes": [["hello"], ["x"]], "Open Orders": [["quantity"], [3]]})
    assert sheet_of(book, "open_orders").headers == ("quantity",)
    other = sheet_of(book, "stock")
    assert other.headers == ("hello",)
    assert other.said == (
        "sheet 'notes' was read, the first; 'Open Orders' were not (name one 'stock')"
    )


def test_rows_are_counted_as_the_spreadsheet_counts_them() -> None:
    """A table that does not begin in the first row keeps its row numbers."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["C5"], sheet["D5"], sheet["C6"], sheet["D6"] = "a", "b", 1, 2
    stream = io.BytesIO()
    book.save(stream)
    found = sheet_of(stream.getvalue(), "x")
    assert found.headers == ("a", "b")
    assert found.rows.tolist() == [6]


def test_one_workbook_may_hold_all_tables(tmp_path: Path) -> None:
    """A sheet each; problems are named with their sheet."""
    days = [datetime(2027, 1, day) for day in (4, 5, 6)]
    sheets: dict[str, list[list[Any]]] = {
        "Forecast": [["unique_id", "ds", "mean", "std"], *(["a", day, 3, 1] for day in days)],
        "Products": [["unique_id", "missed_sale_cost", "holding_cost"], ["a", 50, 0.5]],
        "stock": [["unique_id", "stage", "on_hand"], ["a", "New York", 9]],
    }
    path = tmp_path / "tables.xlsx"
    path.write_bytes(workbook(sheets))
    reading = read_scenario(path)
    assert reading.scenario.products.cost_ratio.tolist() == [100]
    assert reading.scenario.stock.on_hand[0].tolist() == [9]
    assert [source.table for source in reading.sources] == ["forecast", "products", "stock"]
    sheets["stock"][1][2] = -9
    path.write_bytes(workbook(sheets))
    with pytest.raises(DataError, match=r"tables\.xlsx \[stock\]: on_hand is below 0"):
        read_scenario(path)


def test_an_archive_is_a_workbook_by_what_it_holds() -> None:
    """Its name proves nothing."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("notes.txt", "hello")
    assert not is_workbook(stream.getvalue())
    assert is_workbook(workbook({"a": ROWS}))
    assert not is_workbook(b"unique_id,ds\n")


def test_what_unpacks_to_too_much_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Counted as it is unpacked, not as the archive says."""
    book = workbook({"a": ROWS})
    monkeypatch.setattr("data.excel.LARGEST_UNPACKED", 1000)
    with pytest.raises(DataError, match="unpacks to more than"):
        sheet_of(book, "a")


def test_a_stray_cell_far_away_is_refused_before_the_grid_is_made() -> None:
    """The grid up to it would not fit into any memory."""
    book = workbook({"a": ROWS})
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'r="D4"', b'r="XFD1048576"'))
    with pytest.raises(DataError, match="1,048,576 rows x 16,384 columns"):
        sheet_of(stream.getvalue(), "a")
