"""`planner forecast` writes a table that plans are made from, and says what it rests on."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from data.catalogue import ReadOptions, read_scenario
from data.errors import ConfigurationError, DataError
from data.sales import Sales
from data.writing import write_table
from planner.forecasting import commands
from planner.forecasting.costs import USUAL_RATIO
from tests.planner.forecasting.pasts import poisson_sales

app = typer.Typer()
commands.register(app)
NETWORK = """
source = "China"
[[stage]]
name = "Shelf"
lead_time = 1
[[stage]]
name = "Port"
lead_time = 3
"""


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen that breaks no line."""
    monkeypatch.setenv("COLUMNS", "400")


def write_sales(
    path: Path, sales: Sales, heading: tuple[str, ...] = ("unique_id", "ds", "y")
) -> Path:
    """Sales as a user has them: a row per product and day."""
    days = [sales.first + timedelta(days=t) for t in range(sales.days)]
    rows = (
        (str(name), day.isoformat(), int(sales.units[t, k]))
        for k, name in enumerate(sales.unique_id)
        for t, day in enumerate(days)
    )
    write_table(path, ("unique_id", "ds", "y"), rows)
    return path


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 340 days of four products."""
    return write_sales(tmp_path_factory.mktemp("sales") / "sales.csv", poisson_sales(340, 4))


def said(*words: str) -> str:
    """What the command prints; an error is raised."""
    ended = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return ended.output


def quality(folder: Path) -> list[dict[str, str]]:
    """The lines of forecast_quality.csv."""
    with (folder / "forecast_quality.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", ["forecast.csv", "forecast.parquet"])
def test_what_is_written_can_be_planned_from(sales: Path, tmp_path: Path, name: str) -> None:
    """Every product on every day asked for, from the day after the last sales."""
    text = said("--sales", str(sales), "--out", str(tmp_path / name), "--days", "21")
    scenario = read_scenario(tmp_path / name).scenario
    assert (scenario.horizon, len(scenario.products)) == (21, 4)
    assert scenario.start == poisson_sales(340, 4).end
    assert (scenario.forecast.std > 0).all()
    assert "4 products x 21 days" in text
    assert "plan with --law" in text
    assert "nothing was calibrated on" in text
    assert "points from what the intervals say" in text


def test_beside_the_forecast_stands_what_it_is_worth(sales: Path, tmp_path: Path) -> None:
    """A line per product with its kind, its method, and its cost against seasonal naive."""
    said("--sales", str(sales), "--out", str(tmp_path / "forecast.csv"))
    lines = quality(tmp_path)
    assert [line["unique_id"] for line in lines] == [f"P{k:03d}" for k in range(4)]
    assert {line["kind"] for line in lines} <= {"smooth", "erratic", "intermittent", "lumpy"}
    assert all(0 < float(line["cost_against_seasonal_naive"]) < 1.2 for line in lines)
    assert (tmp_path / "data_issues.csv").exists()


def test_nothing_is_replaced_unasked(sales: Path, tmp_path: Path) -> None:
    """Neither the forecast nor what stands beside it; --overwrite replaces both."""
    out = tmp_path / "forecast.csv"
    (tmp_path / "data_issues.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"data_issues\.csv exists already"):
        said("--sales", str(sales), "--out", str(out))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data_issues.csv"]
    said("--sales", str(sales), "--out", str(out), "--overwrite")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["data_issues.csv", "forecast.csv", "forecast_quality.csv"]


def test_costs_and_lead_times_come_from_the_tables_of_the_plan(sales: Path, tmp_path: Path) -> None:
    """Intervals are those of the chain; a product without a row is judged at a usual ratio."""
    (tmp_path / "network.toml").write_text(NETWORK, encoding="utf-8")
    header = ("unique_id", "missed_sale_cost", "holding_cost")
    rows = [(f"P{k:03d}", 10.0, 1.0) for k in range(3)]
    write_table(tmp_path / "products.csv", header, rows)
    options = ["--products", str(tmp_path / "products.csv")]
    options += ["--network", str(tmp_path / "network.toml")]
    text = said("--sales", str(sales), "--out", str(tmp_path / "f.csv"), *options)
    lengths = {line.split()[1] for line in text.splitlines() if line.split()[:1] == ["all"]}
    assert lengths == {"2", "6"}
    issues = (tmp_path / "data_issues.csv").read_text(encoding="utf-8")
    assert "P003" in issues
    assert f"cost ratio of {USUAL_RATIO:g}" in issues


def test_a_start_in_the_past_uses_what_was_known_then(sales: Path, tmp_path: Path) -> None:
    """Its forecast is that of a file that ends the day before."""
    known = poisson_sales(340, 4)
    day = known.first + timedelta(days=150)
    before = write_sales(tmp_path / "before.csv", known.until(day))
    for name, words in (
        ("a.csv", [str(sales), "--start", day.isoformat()]),
        ("b.csv", [str(before)]),
    ):
        said("--sales", *words, "--out", str(tmp_path / name), "--quiet", "--overwrite")
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()


def test_quiet_prints_the_name_of_the_forecast_alone(sales: Path, tmp_path: Path) -> None:
    """For scripts."""
    out = tmp_path / "forecast.csv"
    assert said("--sales", str(sales), "--out", str(out), "--quiet") == f"{out}\n"


def test_names_that_a_format_would_take_for_its_own_are_written_as_they_are(tmp_path: Path) -> None:
    """Per cent signs, commas and quotes in a unique_id reach the plan unchanged."""
    known = poisson_sales(150, 2)
    names = np.array(['50 % off, "new"', "%s"], dtype=object)
    odd = Sales(names, *(getattr(known, name) for name in list(known.__dataclass_fields__)[1:]))
    path = write_sales(tmp_path / "sales.csv", odd)
    said("--sales", str(path), "--out", str(tmp_path / "forecast.csv"))
    scenario = read_scenario(tmp_path / "forecast.csv", ReadOptions()).scenario
    assert set(scenario.products.unique_id) == set(names)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--out", "forecast.xlsx"], "ends in .csv or .parquet"),
        (["--out", "data_issues.csv"], "a name that is taken"),
        (["--start", "tomorrow"], "expected a day written"),
        (["--map", "y"], "expected OURS=THEIRS"),
    ],
)
def test_a_wrong_word_is_refused_in_one_sentence(
    sales: Path, tmp_path: Path, words: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is written."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=message):
        said("--sales", str(sales), *words)
    assert list(tmp_path.iterdir()) == []


def test_sales_that_are_none_are_refused(tmp_path: Path) -> None:
    """A file without the columns of sales says which are missing."""
    path = tmp_path / "sales.csv"
    write_table(path, ("a", "b"), [(1, 2)])
    with pytest.raises(DataError, match="unique_id"):
        said("--sales", str(path), "--out", str(tmp_path / "forecast.csv"))
