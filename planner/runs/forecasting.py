"""The forecast of a job that is made from sales; kept until the job is done, so made once."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

from data.history import SalesOptions, read_sales
from data.writing import write_json
from planner.config import PlanConfig
from planner.forecasting.costs import protection_interval, read_cost_ratio, read_network
from planner.forecasting.files import QUALITY, write_forecast
from planner.forecasting.forecast import forecast_sales
from planner.forecasting.records import ForecastSetting, SalesForecast
from planner.runs.task import Task

FORECAST, FACTS = "forecast.csv", "forecast.json"
USUAL_RATIO = ForecastSetting().cost_ratio


def forecast_from_sales(task: Task, config: PlanConfig) -> tuple[PlanConfig, dict[str, Path]]:
    """The options of the job's plan with its forecast, and the files to go into its folder.

    Raises:
        DataError: the sales cannot be read or say nothing.
    """
    folder = task.work / "forecast"
    if not folder.is_dir():
        draft = task.work / "forecast.draft"
        shutil.rmtree(draft, ignore_errors=True)
        _write(task, config, draft)
        os.replace(draft, folder)
    law = task.job.tables.get("law")
    if law is None:
        law = json.loads((folder / FACTS).read_text(encoding="utf-8"))["law"]
    planned = replace(
        config, forecast=folder / FORECAST, tables=replace(config.tables, law=str(law))
    )
    return planned, {name: folder / name for name in (FORECAST, QUALITY, FACTS)}


def _write(task: Task, config: PlanConfig, folder: Path) -> None:
    tables = config.tables
    options = SalesOptions(
        columns=task.job.sales_columns,
        encoding=tables.encoding,
        decimal=tables.decimal,
        skip_bad=tables.skip_bad,
        mask=not task.job.keep_stockouts,
        dates=tables.dates,
    )
    reading = read_sales(config.forecast, options)
    network = read_network(tables.network)
    ratio = USUAL_RATIO
    if tables.products is not None:
        ids = reading.sales.unique_id
        ratio = read_cost_ratio(tables.products, ids, network, reading.issues, tables.columns)
    setting = ForecastSetting(ratio, protection_interval(network), seed=config.seed)
    found: SalesForecast = forecast_sales(reading.sales, task.job.days, setting)
    write_forecast(found, reading.issues, folder / FORECAST, overwrite=False)
    facts = {
        "law": found.law,
        "assumed": [*reading.assumed, *found.assumed],
        "skipped": reading.skipped,
        "sales": [{"path": str(of.path), "sha256": of.sha256} for of in reading.sources],
    }
    write_json(folder / FACTS, facts)
