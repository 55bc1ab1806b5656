"""From files to a past: sales, products, the chain, and what people ordered."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from data.catalogue import ReadOptions, read_scenario
from data.errors import ConfigurationError
from data.history import SalesOptions, read_sales
from data.issues import Issues, Severity
from data.sales import Sales
from data.writing import repeated, write_parquet
from planner.backtest.past import Past, Span

TRIED, TUNED_ON = 5, 6
"""Months that are tried and, before them, tuned on, where there are enough."""
HISTORY = 3
"""Months that forecasts need before the first one is made."""
FEWEST = 2
"""Months with which a backtest can be made: one to tune on and one to try."""


@dataclass(frozen=True)
class Files:
    """Where the past lies.

    Attributes:
        sales: the table of sales.
        products: the table of products; the one beside the sales if not given.
        network: the chain; the file beside the sales if not given.
        orders: what people ordered.
        options: how sales are read.
    """

    sales: Path
    products: Path | None = None
    network: Path | None = None
    orders: Path | None = None
    options: SalesOptions = field(default_factory=SalesOptions)


@dataclass(frozen=True)
class PastReading:
    """What came of reading.

    Attributes:
        past: what decisions are tried on.
        validate: days to tune on.
        test: days to compare on.
        orders: what people ordered on the test days (T, M, K) [unit]; None if nobody says.
        read: the files, in words.
        assumed: what stands in for what was not given, as sentences.
        skipped: reason per product that is left out.
        issues: everything odd.
        sources: path and hash of every file.
    """

    past: Past
    validate: Span
    test: Span
    orders: np.ndarray | None
    read: tuple[str, ...]
    assumed: tuple[str, ...]
    skipped: dict[str, str]
    issues: Issues
    sources: tuple[dict[str, str | int], ...]


@dataclass(frozen=True)
class Days:
    """Which days are asked for; those left out are chosen by how much history there is.

    Attributes:
        first, last: of the test.
        validate_from: first of the validation.
    """

    first: date | None = None
    last: date | None = None
    validate_from: date | None = None


def read_past(files: Files, days: Days, most: int | None = None, seed: int = 1) -> PastReading:
    """The past that the files tell of.

    Args:
        files: where it lies.
        days: which of it is tried.
        most: of more products a sample of so many is tried.
        seed: of that sample.

    Raises:
        DataError: a file cannot be used.
        ConfigurationError: there is too little history for the days asked for.
    """
    reading = read_sales(files.sales, files.options)
    validate, test = spans_of(reading.sales, days)
    sales = reading.sales
    if most is not None and most < len(sales.unique_id):
        chosen = np.random.default_rng(seed).permutation(len(sales.unique_id))[:most]
        sales = sales.take(np.sort(chosen))
    with TemporaryDirectory() as folder:
        stand_in = Path(folder) / files.sales.with_suffix(".parquet").name
        _write_days(stand_in, sales, test)
        told = read_scenario(stand_in, _options(files))
    scenario = told.scenario
    place = {str(name): k for k, name in enumerate(sales.unique_id)}
    kept = np.array([place[str(name)] for name in scenario.products.unique_id])
    sales = replace(sales.take(kept), unique_id=scenario.products.unique_id)
    orders = None
    if files.orders is not None:
        shape = (scenario.horizon, len(scenario.network), len(scenario.products))
        orders = np.nan_to_num(scenario.terms.locks.dense(*shape))
    used = [source for source in told.sources if source.table != "forecast"]
    sources = (*reading.sources, *used)
    return PastReading(
        Past(sales, scenario.products, scenario.network),
        validate,
        test,
        orders,
        tuple(map(str, sources)),
        (*reading.assumed, *_assumed(told.issues)),
        reading.skipped | told.skipped,
        reading.issues,
        tuple(
            {"table": s.table, "path": str(s.path), "sha256": s.sha256, "records": s.records}
            for s in sources
        ),
    )


def _assumed(issues: Issues) -> tuple[str, ...]:
    """What is assumed of tables that a backtest reads; it has no use for the others."""
    idle = ("stock", "open_orders", "locks", "suppliers")
    said = issues.lines(Severity.ASSUMED)
    return tuple(line for line in said if not line.startswith(idle))


def _options(files: Files) -> ReadOptions:
    """The tables that are read beside the sales."""
    folder = files.sales.parent
    endings = {"products": ("products.csv", "products.parquet"), "network": ("network.toml",)}
    found: dict[str, Path | None] = {}
    for table, names in endings.items():
        given = getattr(files, table)
        beside = [folder / name for name in names if (folder / name).is_file()]
        found[table] = given or (beside[0] if beside else None)
    return ReadOptions(
        products=found["products"], network=found["network"], locks=files.orders, skip_bad=True
    )


def _write_days(path: Path, sales: Sales, span: Span) -> None:
    """A table of the products and the days that are tried, in the form of a forecast."""
    count = (span.last - span.first).days + 1
    product, day = np.indices((len(sales.unique_id), count)).reshape(2, -1)
    nothing = np.zeros(len(day))
    columns = {
        "unique_id": repeated(sales.unique_id, product),
        "ds": np.datetime64(span.first, "D") + day,
        "mean": nothing,
        "std": nothing,
    }
    write_parquet(path, columns)


def spans_of(sales: Sales, days: Days) -> tuple[Span, Span]:
    """Days to tune on, and days to compare on.

    What is not asked for: the test ends with the last whole month and takes five months, the
    validation the six before; with less history both take less, with three months left to learn
    from before them.

    Raises:
        ConfigurationError: there are too few days for that.
    """
    last = days.last or _last_whole_month(sales)
    earliest = _months_later(sales.first.replace(day=1), HISTORY + (sales.first.day > 1))
    there = _months_between(earliest, last) + 1
    if days.first is None:
        tried = max(1, min(TRIED, there // 2))
        first = _months_later(last.replace(day=1), 1 - tried)
    else:
        first = days.first
    before = _months_between(earliest, first)
    begins = days.validate_from or _months_later(
        first.replace(day=1), -max(1, min(TUNED_ON, before))
    )
    if begins < earliest or begins >= first or (days.first is None and there < FEWEST):
        raise ConfigurationError(
            f"sales cover {sales.first} to {sales.end - timedelta(days=1)}; to tune from {begins} "
            f"and to try {first} to {last} takes {HISTORY} months of sales before the first day "
            "tuned on, and that day before the first one tried; choose with --validate-from, "
            "--from and --to"
        )
    validate, test = Span(begins, first - timedelta(days=1)), Span(first, last)
    if test.last >= sales.end:
        raise ConfigurationError(
            f"--to is {test.last}, and sales end on {sales.end - timedelta(days=1)}; choose an "
            "earlier day"
        )
    return validate, test


def _last_whole_month(sales: Sales) -> date:
    return sales.end.replace(day=1) - timedelta(days=1)


def _months_later(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month
