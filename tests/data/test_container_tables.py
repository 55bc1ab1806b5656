"""Forecast, inventory and open orders become one weekly problem, or clear sentences."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from data.container_tables import read_weekly, write_weekly
from data.containers import WeeklyProblem, made_up, with_lead_times
from data.issues import Severity, TableError


@pytest.fixture
def problem() -> WeeklyProblem:
    """Six items for four weeks, half of them with a lead time and an open order."""
    rng = np.random.default_rng(3)
    return with_lead_times(made_up(rng, items=6, weeks=4, ramped=True), rng)


@pytest.fixture
def folder(problem: WeeklyProblem, tmp_path: Path) -> Path:
    """Its tables, over the turn of a year of 53 weeks."""
    write_weekly(tmp_path, problem, date(2026, 12, 24))
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    """Change a file's text, which must hold `old`."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_problem_is_read_as_it_was_written(problem: WeeklyProblem, folder: Path) -> None:
    """Every number, over the turn of the year; the location is part of the name."""
    reading = read_weekly(folder)
    named = replace(problem, item=tuple(f"{item} at here" for item in problem.item))
    assert reading.first == date(2026, 12, 21)
    assert [source.table for source in reading.sources] == [
        "forecast",
        "inventory",
        "purchase_orders",
    ]
    for one in fields(WeeklyProblem):
        np.testing.assert_array_equal(getattr(reading.problem, one.name), getattr(named, one.name))


def test_lead_times_are_rounded_up_to_weeks(folder: Path) -> None:
    """An order of 8 days is not there after one week."""
    lines = (folder / "inventory.csv").read_text().splitlines()
    cells = lines[1].split(",")
    cells[5] = "8"
    lines[1] = ",".join(cells)
    (folder / "inventory.csv").write_text("\n".join(lines))
    assert read_weekly(folder).problem.lead_time[0] == 2


def test_without_open_orders_nothing_is_due(folder: Path) -> None:
    """The assumption is said."""
    (folder / "purchase_orders.csv").unlink()
    reading = read_weekly(folder)
    assert not reading.problem.due.any()
    assert "nothing is taken to be on order" in reading.issues.lines(Severity.ASSUMED)[0]


def test_overdue_orders_arrive_at_once_and_late_ones_are_left_out(folder: Path) -> None:
    """Orders of the same week add up."""
    (folder / "purchase_orders.csv").write_text(
        "po_number,item,location,week,year,units\n"
        "1,item-01,here,40,2026,3\n2,item-01,here,52,2026,4\n3,item-02,here,9,2027,5\n"
    )
    reading = read_weekly(folder)
    assert reading.problem.due[0, 0] == 7
    assert reading.problem.due.sum() == 7
    assert "arrives after the last week" in reading.issues.lines(Severity.SKIPPED)[0]


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("forecast", "item-02,here,52,2026", "item-02,here,53,2025", "is not in that year"),
        ("forecast", "item-03,here,52", "item-99,here,52", "item is not in the inventory"),
        ("forecast", "item-03,here,52", "item-99,here,52", "has no row in 1 of 4 weeks"),
        ("forecast", "item-01,here,52,2026,", "item-01,here,52,2026,-", "units is below 0"),
        ("inventory", ",2350,", ",2000,", "container_volume differs between rows"),
        ("inventory", "on_hand", "stock_there", "on_hand"),
    ],
)
def test_what_means_nothing_is_said(
    folder: Path, file: str, old: str, new: str, words: str
) -> None:
    """By file and in words that say what to do."""
    edit(folder / f"{file}.csv", old, new)
    with pytest.raises(TableError, match=f"{file}.csv") as caught:
        read_weekly(folder)
    assert words in str(caught.value)


def test_missing_tables_are_named(tmp_path: Path) -> None:
    """Both that must be there, in one go."""
    with pytest.raises(TableError) as caught:
        read_weekly(tmp_path)
    assert "forecast.csv" in str(caught.value)
    assert "inventory.csv" in str(caught.value)
