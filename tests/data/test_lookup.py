"""Rows about one thing are found in tables of any size and with any names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data.errors import DataError
from data.lookup import csv_rows, csv_words, nearest, parquet_rows
from data.writing import cell, repeated, write_lines, write_parquet, write_table

HOSTILE = ("=1+1", '"quoted", with commas', "two\nlines", "007", "-3", "ünï \u202e", "")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of hostile names, two rows each."""
    path = tmp_path / "table.csv"
    write_table(path, ("name", "number"), [(name, n) for n in range(2) for name in HOSTILE])
    return path


@pytest.mark.parametrize("name", HOSTILE)
def test_the_rows_of_a_name_are_found_whatever_it_holds(table: Path, name: str) -> None:
    """By the name as it is, although the table escapes what a spreadsheet would run."""
    assert [row["number"] for row in csv_rows(table, "name", name)] == ["0", "1"]


def test_a_name_that_is_not_there_has_no_rows(table: Path) -> None:
    """Nor has a number that merely looks the same: cells are text."""
    assert csv_rows(table, "name", "7") == []


def test_words_come_once_and_in_order(table: Path) -> None:
    """As the file spells them."""
    assert [word.removeprefix("'") for word in csv_words(table, "name")] == list(HOSTILE)


def test_a_missing_column_or_file_is_said(table: Path, tmp_path: Path) -> None:
    """In one sentence that names the file."""
    with pytest.raises(DataError, match=r"table\.csv: no column 'colour'; found name, number"):
        csv_rows(table, "colour", "red")
    with pytest.raises(DataError, match=r"gone\.csv: cannot be read"):
        csv_rows(tmp_path / "gone.csv", "name", "A")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match=r"broken\.parquet: cannot be read"):
        parquet_rows(tmp_path / "broken.parquet", "name", "A")


def test_rows_of_a_parquet_file_are_those_of_the_word(tmp_path: Path) -> None:
    """Words that repeat are kept once and read back as they were."""
    words = np.array(["a", "=b", "c"], dtype=object)
    places = np.array([0, 1, 2, 1, 0])
    path = tmp_path / "table.parquet"
    write_parquet(path, {"name": repeated(words, places), "number": np.arange(5)})
    assert parquet_rows(path, "name", "=b") == {"name": ["=b", "=b"], "number": [1, 3]}
    assert parquet_rows(path, "name", "d") == {"name": [], "number": []}


@pytest.mark.parametrize(
    ("word", "expected"), [("p0066", "P0066"), ("P006", "P0066"), ("P-0066", "P0066")]
)
def test_the_nearest_name_is_found_in_any_case(word: str, expected: str) -> None:
    """At most three are suggested, none that is not alike."""
    known = ["P0066", "X1", "Q9", "P0001"]
    assert nearest(word, known)[0] == expected
    assert len(nearest("P00", [f"P0{n}" for n in range(1, 9)])) == 3
    assert nearest("zebra", known) == []


def test_a_cell_is_quoted_only_where_it_must_be(tmp_path: Path) -> None:
    """And never is a formula."""
    assert cell("plain words") == "plain words"
    assert cell('a "b", c') == '"a ""b"", c"'
    assert cell("=SUM(A1,A2)") == '"\'=SUM(A1,A2)"'
    write_lines(tmp_path / "t.csv", ("a,b", "c"), ["1,2\n3,4\n", "5,6\n"])
    assert (tmp_path / "t.csv").read_bytes() == b'"a,b",c\n1,2\n3,4\n5,6\n'
