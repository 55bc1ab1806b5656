"""The forecast table as daily arrays: which days are planned, and which products have all of them.

The horizon is the run of days that plans the most product-days. A product that does not cover it
is skipped with a reason; a day for which the file has no row at all is a closed day (demand 0).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.cells import Typed
from data.errors import DataError
from data.forecast import Forecast
from data.issues import Issue, Issues, Severity

DAY = np.timedelta64(1, "D")
LONGEST_HORIZON = 1500
"""Days a forecast may have; plans are made for weeks or months [day]."""


@dataclass(frozen=True)
class Daily:
    """The forecast of the products that have every day.

    Attributes:
        ids: unique_id (K,), in the order of the file.
        forecast: of these products.
    """

    ids: np.ndarray
    forecast: Forecast


def daily_forecast(table: Typed, issues: Issues) -> Daily:
    """The forecast as arrays; `table` holds good records only, each product-day once.

    Raises:
        DataError: there are no days, too many, or they are too far apart for a daily plan.
    """
    if not len(table):
        raise DataError("no good row is left; see data_issues.csv for what is wrong with each")
    codes, ids = numbered_products(table)
    days, day_of = np.unique(
        table.frame["ds"].to_numpy().astype("datetime64[D]"), return_inverse=True
    )
    if len(days) > LONGEST_HORIZON:
        raise DataError(
            f"{len(days):,} days found, expected at most {LONGEST_HORIZON:,}; give the days to "
            "plan for only"
        )
    position = np.full((len(days), len(ids)), -1)
    position[day_of, codes] = np.arange(len(table))
    there = position >= 0
    first, last = _horizon(there)
    _mention_trimmed(table.file, there, days, (first, last), issues)
    there, position, days = (rows[first : last + 1] for rows in (there, position, days))
    _refuse_sparse_days(days)
    _skip_incomplete(table.file, ids, there, days, issues)
    _mention_closed_days(table.file, days, issues)

    complete = there.all(axis=0)
    records = position[:, complete]
    if (np.diff(records, axis=0) < 0).any():
        rule = "rows are out of order; they were sorted by day"
        issues.add(Issue(Severity.MENDED, table.file, rule))
    period = (days - days[0]) // DAY
    mean, std = np.zeros((2, int(period[-1]) + 1, records.shape[1]))
    mean[period] = table.frame["mean"].to_numpy()[records]
    std[period] = table.frame["std"].to_numpy()[records]
    return Daily(ids[complete], Forecast(days[0].astype(object), mean, std))


def numbered_products(table: Typed) -> tuple[np.ndarray, np.ndarray]:
    """A number per record (N,) and the ids they stand for, numbered by first appearance."""
    column = table.frame["unique_id"].cat
    present, codes = np.unique(column.codes.to_numpy(), return_inverse=True)
    return codes, column.categories.to_numpy(dtype=object)[present]


def _horizon(there: np.ndarray) -> tuple[int, int]:
    """First and last day (of those in the file) of the horizon that plans the most product-days.

    Args:
        there: where the file has a row (D, K).
    """
    count = len(there)
    begins = np.argmax(there, axis=0)
    ends = count - 1 - np.argmax(there[::-1], axis=0)
    spans = np.zeros((count, count), dtype=np.int64)
    np.add.at(spans, (begins, ends), 1)
    # covering[s, e]: products that begin on day s or before and end on day e or after.
    covering = np.cumsum(np.cumsum(spans, axis=0)[:, ::-1], axis=1)[:, ::-1]
    length = np.arange(count) - np.arange(count)[:, None] + 1
    first, last = divmod(int(np.argmax(covering * np.maximum(length, 0))), count)
    return first, last


def _refuse_sparse_days(days: np.ndarray) -> None:
    span = int((days[-1] - days[0]) // DAY) + 1
    if len(days) * 2 > span:
        return
    usual = int(np.median(np.diff(days) // DAY))
    raise DataError(
        f"{len(days)} days found between {days[0]} and {days[-1]}, mostly {usual} days apart; "
        f"plans are daily: give a row per day (a mean over {usual} days divided by {usual}, its "
        f"std by the square root of {usual}), or remove the stray days"
    )


def _mention_trimmed(
    file: str, there: np.ndarray, days: np.ndarray, horizon: tuple[int, int], issues: Issues
) -> None:
    first, last = horizon
    outside = int(there[:first].sum() + there[last + 1 :].sum())
    if outside:
        rule = (
            f"{outside:,} rows lie outside the horizon, {days[first]} to {days[last]}, on which "
            "most products have a forecast; they were left out"
        )
        issues.add(Issue(Severity.ASSUMED, file, rule))


def _mention_closed_days(file: str, days: np.ndarray, issues: Issues) -> None:
    span = int((days[-1] - days[0]) // DAY) + 1
    closed = span - len(days)
    if closed:
        rule = (
            f"no product has a row on {closed} of {span} days; demand is taken as 0 on "
            "them (closed days)"
        )
        issues.add(Issue(Severity.ASSUMED, file, rule))


def _skip_incomplete(
    file: str, ids: np.ndarray, there: np.ndarray, days: np.ndarray, issues: Issues
) -> None:
    missing = (~there).sum(axis=0)
    gaps = np.flatnonzero(missing)
    when = days[np.argmin(there[:, gaps], axis=0)] if len(gaps) else []
    issues.add_all(
        Issue(
            Severity.SKIPPED,
            file,
            f"does not cover all days from {days[0]} to {days[-1]}",
            "add the missing days (a mean of 0 where none is expected)",
            "ds",
        ),
        products=ids[gaps],
        values=[
            f"{count} missing, the first on {day}"
            for count, day in zip(missing[gaps], when, strict=True)
        ],
    )
