"""Whether intervals cover what they say, on days after everything a forecast rests on.

    python -m planner.forecasting.check sales.parquet --from 2011-07-01 --months 5

From the first of every month the forecast is made anew from what was known that morning, and sums
over the following days are held against it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np

from data.demand import law
from data.history import read_sales
from data.sales import Sales
from planner.forecasting.calibration import ranks
from planner.forecasting.coverage import Coverage, coverage_of
from planner.forecasting.forecast import forecast_sales
from planner.forecasting.kinds import kinds
from planner.forecasting.records import ForecastSetting
from planner.forecasting.told import COVERAGE_COLUMNS, coverage_rows
from planner.forecasting.trial import grain_of

HORIZON = 28
"""Days after each origin that are looked at [day]."""


def check_coverage(
    sales: Sales, origins: Sequence[date], setting: ForecastSetting | None = None
) -> Coverage:
    """Coverage of sums over the echelons' protection intervals in the four weeks after each origin.

    Args:
        sales: of the past and of the days that are looked at.
        origins: mornings on which a forecast is made.
        setting: how.

    Raises:
        DataError: the sales do not reach an origin.
    """
    setting = setting or ForecastSetting()
    days, counts, low, high = [], [], [], []
    for origin in origins:
        known = sales.until(origin)
        horizon = min(max(HORIZON, *setting.lengths), sales.days - known.days)
        found = forecast_sales(known, horizon, setting)
        ahead = slice(known.days, known.days + horizon)
        told = sales.telling[ahead]
        seen = told | ~sales.open[ahead, None]
        mean = np.where(seen, found.forecast.mean, 0.0)
        variance = np.where(seen, np.square(found.forecast.std), 0.0)
        units = np.where(told, sales.units[ahead], 0.0)
        expected = (found.history == "") & (found.forecast.mean.sum(axis=0) > 0)
        grain = grain_of(known.units)
        for length in setting.lengths:
            for first in range(0, horizon - length + 1, length):
                rows = slice(first, first + length)
                demand = law(found.law)(mean[rows].sum(axis=0), np.sqrt(variance[rows].sum(axis=0)))
                below, within = ranks(demand, units[rows].sum(axis=0), grain)
                days.append(length)
                low.append(below)
                high.append(within)
                counts.append(expected & told[rows].any(axis=0))
    kind = kinds(np.where(sales.telling, sales.units, 0.0), sales.telling)
    return coverage_of(np.array(days), np.array(counts), kind, (np.array(low), np.array(high)))


def main() -> None:
    """The command line of this check."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sales", type=Path, help="the table of sales")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default=date(2011, 7, 1))
    parser.add_argument("--months", type=int, default=5)
    given = parser.parse_args()
    number = given.first.year * 12 + given.first.month - 1
    months = range(number, number + given.months)
    origins = [date(month // 12, month % 12 + 1, 1) for month in months]
    print(*COVERAGE_COLUMNS, sep="\t")
    for row in coverage_rows(check_coverage(read_sales(given.sales).sales, origins)):
        print(*row, sep="\t")


if __name__ == "__main__":
    main()
