"""Turns two years of a real wholesaler's daily sales into the planner's tables.

The data are the UCI sets Online Retail and Online Retail II (Chen, Sain and Guo 2012; CC BY 4.0) as
one row per product and day: unique_id, ds, y [unit], price [money/unit], open (1 on trading days).

    python -m benchmarks.online_retail SALES.parquet TABLES --start 2011-07-01 --days 60
    planner plan --products TABLES/forecast.csv

What stands in for what the data do not say is written down here and nowhere else: forecasts are the
weekday means and standard deviations of the eight weeks before, closed days have no demand, a unit
costs 60 % of its median price, a missed sale costs its margin and half of it again as goodwill,
holding costs 0.1 % of the unit cost a day, and a unit takes 0.2 dm3 per unit of money it costs, at
least 0.2 and at most 8.
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from data.demand import loss_function
from data.errors import DataError
from data.history import SalesOptions, read_sales
from data.network import default_network
from data.sales import Sales
from data.writing import write_table
from envs.theory import safety_factor

WEEKS_SEEN = 8
COST_SHARE = 0.6
GOODWILL = 0.5
HOLDING_SHARE = 0.001
SPACE_PER_MONEY = 0.2
SMALLEST_SPACE, LARGEST_SPACE = 0.2, 8.0
COVER_Z = 1.5
TIGHTNESS = 0.8
"""Room for safety stock at the shelf, as a share of what the textbook's z would need."""


def weeks_before(sales: Sales, start: date) -> slice:
    """The days of the WEEKS_SEEN weeks before `start`."""
    end = (start - sales.first).days
    if end < 7 * WEEKS_SEEN or end > sales.days:
        raise DataError(
            f"sales cover {sales.first} to {sales.end}; a forecast from {start} needs the "
            f"{WEEKS_SEEN} weeks before it"
        )
    return slice(end - 7 * WEEKS_SEEN, end)


def weekday_forecast(sales: Sales, start: date, days: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation per day (T, K) [unit/period], by weekday of the weeks before.

    A weekday that is mostly closed has no demand; the few closed days among others are left out of
    its figures.
    """
    seen = weeks_before(sales, start)
    units = sales.units[seen].reshape(WEEKS_SEEN, 7, -1)
    traded = sales.open[seen].reshape(WEEKS_SEEN, 7)
    often = traded.mean(axis=0) > 0.5
    weight = traded[..., None]
    count = np.maximum(weight.sum(axis=0), 1)
    mean = (units * weight).sum(axis=0) / count
    spread = (np.square(units - mean) * weight).sum(axis=0) / np.maximum(count - 1, 1)
    mean, std = mean * often[:, None], np.sqrt(spread) * often[:, None]
    weekday = np.arange(days) % 7
    return mean[weekday], np.where(mean[weekday] > 0, std[weekday], 0.0)


def write_tables(sales: Sales, folder: Path, start: date, days: int) -> int:
    """Writes forecast, products, stock, open orders and network; returns the products planned.

    Products without a sale in the weeks before have a forecast of 0, and get no orders.
    """
    mean, std = weekday_forecast(sales, start, days)
    ids = [str(x) for x in sales.unique_id]
    price = np.nanmedian(sales.price[weeks_before(sales, start)], axis=0)
    folder.mkdir(parents=True, exist_ok=True)
    _write_forecast(folder / "forecast.csv", ids, (mean, std), start)
    volume, ratio = _write_products(folder / "products.csv", ids, price)
    _write_stock(folder, ids, (mean, std), start)
    _write_network(folder / "network.toml", (mean, std), volume, safety_factor(ratio))
    return len(ids)


def _write_forecast(
    path: Path, ids: list[str], figures: tuple[np.ndarray, np.ndarray], start: date
) -> None:
    mean, std = figures
    dates = [(start + timedelta(days=t)).isoformat() for t in range(len(mean))]
    rows = (
        (product, day, round(float(mean[t, k]), 4), round(float(std[t, k]), 4))
        for k, product in enumerate(ids)
        for t, day in enumerate(dates)
    )
    write_table(path, ("unique_id", "ds", "mean", "std"), rows)


def _write_products(path: Path, ids: list[str], price: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Writes the products; returns their volume [dm3/unit] and cost ratio [1], each (K,)."""
    cost = COST_SHARE * price
    volume = np.clip(SPACE_PER_MONEY * cost, SMALLEST_SPACE, LARGEST_SPACE)
    missed = (price - cost) * (1 + GOODWILL)
    header = ("unique_id", "missed_sale_cost", "holding_cost", "volume", "unit_cost", "price")
    columns = (missed, HOLDING_SHARE * cost, volume, cost, price)
    rows = ((ids[k], *(float(c[k]) for c in columns)) for k in range(len(ids)))
    write_table(path, header, rows)
    return volume, missed / (HOLDING_SHARE * cost)


def _write_stock(
    folder: Path, ids: list[str], figures: tuple[np.ndarray, np.ndarray], start: date
) -> None:
    """Stock as after a quiet time: a day's demand and some safety stock, shipments under way."""
    mean, std = figures
    daily, spread = mean.mean(axis=0), np.sqrt(np.square(std).mean(axis=0))
    stages = default_network().stages
    held, due = [], []
    for stage in stages:
        units = np.round(daily + COVER_Z * spread * np.sqrt(stage.lead_time + 1))
        held += [(ids[k], stage.name, int(units[k])) for k in range(len(ids))]
        daily_units = np.round(daily * stage.lead_time)
        arrival = (start + timedelta(days=stage.lead_time - 1)).isoformat()
        due += [
            (ids[k], stage.name, arrival, int(daily_units[k]))
            for k in np.flatnonzero(daily_units > 0)
        ]
    write_table(folder / "stock.csv", ("unique_id", "stage", "on_hand"), held)
    write_table(folder / "open_orders.csv", ("unique_id", "stage", "arrival", "quantity"), due)


def _write_network(
    path: Path, figures: tuple[np.ndarray, np.ndarray], volume: np.ndarray, z: np.ndarray
) -> None:
    """The default chain with a shelf that has room for part of the safety stock only."""
    mean, std = figures
    network = default_network()
    daily, spread = mean.mean(axis=0), np.sqrt(np.square(std).mean(axis=0))
    shelf = spread * np.sqrt(network.stages[0].lead_time + 1)
    safety = float((shelf * (z + loss_function(z))) @ volume)
    capacity = round(float(daily @ volume) + TIGHTNESS * safety)
    lines = [f'source = "{network.source}"']
    for number, stage in enumerate(network.stages):
        lines += ["", "[[stage]]", f'name = "{stage.name}"', f"lead_time = {stage.lead_time}"]
        lines += [f"holding_share = {stage.holding_share:g}"]
        if number == 0:
            lines += [f"storage_capacity = {capacity}", "overflow_price = 0.02"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """The command line of this script."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sales", type=Path, help="Parquet: unique_id, ds, y, price, open")
    parser.add_argument("folder", type=Path, help="where the tables go")
    parser.add_argument("--start", type=date.fromisoformat, default=date(2011, 7, 1))
    parser.add_argument("--days", type=int, default=60)
    given = parser.parse_args()
    sales = read_sales(given.sales, SalesOptions(mask=False)).sales
    count = write_tables(sales, given.folder, given.start, given.days)
    print(f"{count} products in {given.folder}")


if __name__ == "__main__":
    main()
