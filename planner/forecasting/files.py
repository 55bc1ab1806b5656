"""A forecast in files: the table a plan is made from, and beside it what is known of its worth."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np

from data.errors import ConfigurationError
from data.issues import Issues
from data.writing import cell, repeated, write_lines, write_parquet, write_table
from planner.forecasting.records import SalesForecast

QUALITY = "forecast_quality.csv"
ISSUES = "data_issues.csv"
QUALITY_COLUMNS = (
    "unique_id",
    "kind",
    "method",
    "history",
    "mean",
    "cv",
    "autocorrelation",
    "cost_per_day",
    "cost_against_seasonal_naive",
    "covered_80",
)
"""mean [unit/day] and cv [1] of a day over the forecast; cost_per_day in [holding cost of a unit
and day] and covered_80 [1], the share of sums within their 80 % interval, as far as tried."""
DIGITS = "%.6g"


def check_free(out: Path, overwrite: bool) -> None:
    """Refuses to write where files stand already, or to a kind of file that is not known.

    Raises:
        ConfigurationError: something stands in the way.
    """
    if out.suffix not in (".csv", ".parquet"):
        raise ConfigurationError(f"--out is {out}, expected a name that ends in .csv or .parquet")
    if out.name in (QUALITY, ISSUES):
        raise ConfigurationError(f"--out is {out}, a name that is taken; call it forecast.csv")
    there = [path for path in _files(out) if path.exists()]
    if there and not overwrite:
        raise ConfigurationError(
            f"{there[0]} exists already; give another --out, or --overwrite to replace it"
        )
    folders = [path for path in there if path.is_dir()]
    if folders:
        raise ConfigurationError(f"{folders[0]} is a folder; give --out the name of a file")


def write_forecast(found: SalesForecast, issues: Issues, out: Path, overwrite: bool) -> list[Path]:
    """The forecast, its quality and what was odd in the sales, each whole; the forecast last.

    Raises:
        ConfigurationError: something stands in the way, or the folder cannot be written to.
    """
    check_free(out, overwrite)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise ConfigurationError(f"{out.parent} cannot be written to: {error.strerror}") from error
    try:
        if out.suffix == ".parquet":
            _write_parquet(draft / out.name, found)
        else:
            write_lines(draft / out.name, ("unique_id", "ds", "mean", "std"), _lines(found))
        write_table(draft / QUALITY, QUALITY_COLUMNS, _quality(found))
        issues.write(draft / ISSUES)
        for path in reversed(_files(out)):
            os.replace(draft / path.name, path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return _files(out)


def _files(out: Path) -> list[Path]:
    return [out, out.parent / QUALITY, out.parent / ISSUES]


def _days(found: SalesForecast) -> list[str]:
    forecast = found.forecast
    return [(forecast.start + timedelta(days=t)).isoformat() for t in range(forecast.horizon)]


def _lines(found: SalesForecast) -> Iterator[str]:
    """All days of a product at a time."""
    days = _days(found)
    for product, mean, std in zip(
        found.unique_id, found.forecast.mean.T, found.forecast.std.T, strict=True
    ):
        name = cell(str(product)).replace("%", "%%")
        line = "".join(f"{name},{day},{DIGITS},{DIGITS}\n" for day in days)
        yield line % tuple(np.column_stack([mean, std]).ravel().tolist())


def _write_parquet(path: Path, found: SalesForecast) -> None:
    count, days = len(found.unique_id), found.forecast.horizon
    start = np.datetime64(found.forecast.start, "D")
    write_parquet(
        path,
        {
            "unique_id": repeated(found.unique_id, np.repeat(np.arange(count), days)),
            "ds": np.tile(start + np.arange(days), count),
            "mean": found.forecast.mean.T.ravel(),
            "std": found.forecast.std.T.ravel(),
        },
    )


def _quality(found: SalesForecast) -> Iterator[tuple[object, ...]]:
    """A line per product; a figure that is not known is left blank."""
    quality, forecast = found.quality, found.forecast
    mean = forecast.mean.mean(axis=0)
    spread = np.sqrt(np.square(forecast.std).mean(axis=0))
    cv = np.where(mean > 0, spread / np.where(mean > 0, mean, 1.0), np.nan)
    naive = np.where(quality.naive_cost > 0, quality.naive_cost, np.nan)
    figures = (mean, cv, found.autocorrelation, quality.cost, quality.cost / naive, quality.covered)
    words = (found.unique_id, quality.kind, found.method, found.history)
    for product in range(len(found.unique_id)):
        yield (
            *(str(column[product]) for column in words),
            *("" if np.isnan(column[product]) else float(column[product]) for column in figures),
        )
