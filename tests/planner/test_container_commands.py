"""`planner containers` reads three tables, orders within the rules and says what it is worth."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from data.container_tables import read_weekly
from data.errors import ConfigurationError
from data.issues import TableError
from planner.container_commands import order_weekly, register


@pytest.fixture
def app() -> typer.Typer:
    """The command in an application of its own."""
    application = typer.Typer()
    application.callback()(lambda: None)
    register(application)
    return application


def test_a_sample_is_written_and_ordered_for(app: typer.Typer, tmp_path: Path) -> None:
    """Orders of every week fit the containers; the file is not written over unasked."""
    tables, out = tmp_path / "weekly", tmp_path / "orders.csv"
    given = ["containers", str(tables), "--out", str(out), "--scenarios", "5"]
    ended = CliRunner().invoke(app, [*given, "--sample", "--containers", "3"])
    assert ended.exit_code == 0, ended.output
    assert "fill rate" in ended.output
    problem = read_weekly(tables).problem
    space = dict(zip(problem.item, problem.volume, strict=True))
    used = np.zeros(3)
    with out.open(newline="") as file:
        for row in csv.DictReader(file):
            used[int(row["week"]) - 1] += (
                int(row["units"]) * space[f"{row['item']} at {row['location']}"]
            )
    assert used[0] > 0
    assert (used <= 3 * 2350 + 1e-6).all()
    again = CliRunner().invoke(app, given)
    assert isinstance(again.exception, ConfigurationError)
    assert "--overwrite" in str(again.exception)
    certain = CliRunner().invoke(app, [*given, "--scenarios", "1", "--overwrite", "--proportional"])
    assert certain.exit_code == 0, certain.output


def test_missing_tables_are_said(app: typer.Typer, tmp_path: Path) -> None:
    """And nothing is written."""
    out = tmp_path / "orders.csv"
    ended = CliRunner().invoke(app, ["containers", str(tmp_path), "--out", str(out)])
    assert isinstance(ended.exception, TableError)
    assert not out.exists()


def test_every_option_is_explained_and_an_example_is_given(app: typer.Typer) -> None:
    """In the help of the command."""
    assert "Example: planner containers" in (order_weekly.__doc__ or "")
    shown = CliRunner().invoke(app, ["containers", "--help"]).output
    for option in ("--out", "--containers", "--proportional", "--scenarios", "--map", "--sample"):
        assert option in shown
