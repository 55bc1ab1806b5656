"""Two years of a real wholesaler's sales, turned into tables and planned."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.online_retail import WEEKS_SEEN, weekday_forecast, write_tables
from data.catalogue import read_scenario
from data.errors import DataError
from data.history import SalesOptions, read_sales
from data.sales import Sales
from planner.config import PlanConfig
from planner.folder import write_run
from planner.pipeline import make

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("PLANNER_DATA", ROOT.parent / "shared" / "data"))
SALES = FOLDER / "online_retail" / "online_retail_daily.parquet"
needs_data = pytest.mark.skipif(
    not SALES.exists(),
    reason=f"the Online Retail data are not here ({SALES}); PLANNER_DATA names their folder",
)


@pytest.fixture
def invented(tmp_path: Path) -> Path:
    """Ten weeks of three products, closed on Sundays, in the form of the public data."""
    days = pd.date_range("2027-01-04", periods=70)
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        [
            {
                "unique_id": product,
                "ds": day,
                "y": float(rng.poisson(mean)) if day.weekday() < 6 else 0.0,
                "price": price,
                "open": int(day.weekday() < 6),
            }
            for product, mean, price in (("A", 5, 2.0), ("B", 20, 1.0), ("C", 0, 3.0))
            for day in days
        ]
    )
    path = tmp_path / "sales.parquet"
    frame.to_parquet(path)
    return path


def one_product(units: np.ndarray, opened: np.ndarray) -> Sales:
    """Sales (D, 1) from a Monday on."""
    nothing = np.zeros(units.shape, bool)
    first, price = date(2027, 1, 4), np.ones(units.shape)
    return Sales(np.array(["A"]), first, units, price, opened, ~nothing, nothing, nothing)


def unmasked(path: Path) -> Sales:
    """Sales as they are, no stretch taken for a stock-out."""
    return read_sales(path, SalesOptions(mask=False)).sales


def test_a_weekdays_forecast_is_its_mean_over_the_weeks_before() -> None:
    """Mondays sell 8, Tuesdays 2, and the day that is always closed has no demand."""
    week = np.array([8.0, 2, 1, 1, 1, 1, 0])
    units = np.tile(week, WEEKS_SEEN)[:, None]
    opened = np.tile(week > 0, WEEKS_SEEN)
    sales = one_product(units, opened)
    mean, std = weekday_forecast(sales, date(2027, 3, 1), 9)
    np.testing.assert_allclose(mean[:, 0], np.resize(week, 9))
    assert not std.any()


def test_a_forecast_needs_the_weeks_before_it() -> None:
    """A start too early for its weeks is refused in a sentence."""
    units = np.ones((70, 1))
    sales = one_product(units, np.ones(70, bool))
    with pytest.raises(DataError, match="weeks before"):
        weekday_forecast(sales, date(2027, 2, 1), 7)


def test_products_without_a_recent_sale_have_a_forecast_of_nothing(
    invented: Path, tmp_path: Path
) -> None:
    """The tables can be read without a complaint, and hold every product."""
    count = write_tables(unmasked(invented), tmp_path / "tables", date(2027, 3, 8), 21)
    reading = read_scenario(tmp_path / "tables" / "forecast.csv")
    assert count == len(reading.scenario.products) == 3
    assert not reading.scenario.forecast.mean[:, 2].any()
    assert not reading.skipped
    np.testing.assert_allclose(reading.scenario.products.cost_ratio, 1000)
    sundays = reading.scenario.forecast.mean[6::7]
    assert not sundays.any()


@needs_data
def test_the_real_wholesalers_products_are_planned(tmp_path: Path) -> None:
    """All 1,435 products of the set are planned, at less than the textbook's rule would cost."""
    write_tables(unmasked(SALES), tmp_path / "tables", date(2011, 9, 5), 30)
    config = PlanConfig(
        tmp_path / "tables" / "forecast.csv",
        out=tmp_path / "run",
        horizon=7,
        paths=8,
        report=False,
    )
    run = write_run(make(config))
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["products"] == 1435
    happened = manifest["happened"]
    assert happened["ours"]["total"] < happened["textbook, scaled to fit"]["total"]
