"""Issues are collected without end, shown five at a time, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv

import pytest

from data.issues import Issue, Issues, Severity, TableError, escaped

NEGATIVE = Issue(Severity.ERROR, "forecast.csv", "is below 0", "expected 0 or more", "std")


@pytest.fixture
def issues() -> Issues:
    found = Issues()
    found.add_all(
        NEGATIVE, rows=range(2, 9), products=[f"P{n}" for n in range(7)], values=["-1"] * 7
    )
    found.add(Issue(Severity.ASSUMED, "stock.csv", "no such file; every stage is taken as empty"))
    return found


def test_an_issue_is_a_sentence_with_place_and_remedy():
    issue = Issue(
        Severity.ERROR, "stock.csv", "is below 0", "expected 0 or more", "on_hand", 7, "P1", "-4"
    )
    assert issue.sentence == (
        "stock.csv: on_hand is below 0 (row 7, product P1, found -4); expected 0 or more"
    )


def test_five_of_a_kind_are_shown_and_the_rest_is_counted(issues):
    (line,) = issues.lines(Severity.ERROR)
    assert line.startswith("forecast.csv: std is below 0 (row 2, product P0, found -1; row 3,")
    assert line.endswith("; and 2 more); expected 0 or more")
    assert line.count("row") == 5


def test_issues_of_one_kind_make_one_line_wherever_they_were_found(issues):
    issues.add_all(NEGATIVE, rows=[90], products=["P9"], values=["-2"])
    (line,) = issues.lines(Severity.ERROR)
    assert "and 3 more" in line


def test_issues_can_be_counted_and_listed_by_severity(issues):
    assert len(issues) == 8
    assert (issues.count(Severity.ERROR), issues.count(Severity.MENDED)) == (7, 0)
    assert [issue.row for issue in issues.of(Severity.ERROR)] == list(range(2, 9))


def test_the_frame_has_one_row_per_issue(issues):
    frame = issues.to_frame()
    assert list(frame) == [
        "severity",
        "file",
        "row",
        "product",
        "column",
        "value",
        "rule",
        "remedy",
    ]
    assert frame.iloc[0].to_list() == (
        ["error", "forecast.csv", "2", "P0", "std", "-1", "is below 0", "expected 0 or more"]
    )
    assert frame.iloc[7]["row"] == ""


def test_the_file_is_written_whole_and_its_cells_are_no_formulas(issues, tmp_path):
    path = issues.write(tmp_path / "data_issues.csv")
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 8
    assert rows[0]["value"] == "'-1"
    assert [entry.name for entry in tmp_path.iterdir()] == ["data_issues.csv"]


def test_a_failed_write_leaves_nothing_behind(issues, tmp_path):
    (tmp_path / "data_issues.csv").mkdir()
    with pytest.raises(OSError, match="data_issues"):
        issues.write(tmp_path / "data_issues.csv")
    assert [entry.name for entry in tmp_path.iterdir()] == ["data_issues.csv"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_could_be_a_formula_is_escaped(start):
    assert escaped(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("cell", ["", "P1", "1-1", "a=b"])
def test_any_other_cell_stays_as_it_is(cell):
    assert escaped(cell) == cell


def test_rows_products_and_values_must_be_equally_many():
    with pytest.raises(ValueError, match="equally many"):
        Issues().add_all(NEGATIVE, rows=[1, 2], products=["A"])


def test_none_at_all_adds_nothing():
    found = Issues()
    found.add_all(NEGATIVE, rows=[], products=[], values=[])
    assert len(found) == 0
    assert found.lines(Severity.ERROR) == []


def test_left_out_errors_of_products_are_skipped(issues):
    issues.leave_out(set())
    assert issues.count(Severity.ERROR) == 0
    assert issues.count(Severity.SKIPPED) == 7


def test_errors_without_a_product_are_left_out_of_the_named_files_only():
    found = Issues()
    found.add_all(NEGATIVE, rows=[4], values=["-1"])
    found.add(Issue(Severity.ERROR, "forecast.csv", "the file is empty"))
    found.leave_out({"stock.csv"})
    assert found.count(Severity.ERROR) == 2
    found.leave_out({"forecast.csv"})
    assert [issue.rule for issue in found.of(Severity.ERROR)] == ["the file is empty"]


def test_the_error_of_one_kind_is_its_sentence():
    found = Issues()
    found.add(Issue(Severity.ERROR, "forecast.csv", "the file is empty"))
    error = TableError(found)
    assert str(error) == "forecast.csv: the file is empty"
    assert (error.exit_code, error.issues) == (3, found)


def test_a_long_or_unprintable_value_is_shortened_on_screen():
    issue = Issue(Severity.ERROR, "a.csv", "is odd", value="x\n" * 50)
    assert "\n" not in issue.sentence
    assert len(issue.sentence) < 80
