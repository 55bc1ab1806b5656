"""From a file of sales to `Sales`: what was sold, and which days say what was wanted.

A file of the past never says what it leaves out. Every gap gets a stated reading here: a day
without a row, a day without any sale, a stretch that is too quiet, a figure that is too large. What
was read into it is counted and said; `data_issues.csv` names the products and days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from data.adding_up import added_up
from data.cells import Typed
from data.columns import check_mapping, refuse_unused
from data.desk import Desk, Source
from data.errors import DataError
from data.format import Format
from data.issues import Issue, Issues, Severity, TableError
from data.leaving_out import bad_products, without
from data.oddities import far_above, far_away, steps
from data.past import Past, past_of
from data.sales import Sales
from data.stock_outs import Silences, silences
from data.tables import SALES
from data.trading_days import TradingDays, stretches, trading_days


@dataclass(frozen=True)
class SalesOptions:
    """How to read sales.

    Attributes:
        columns: headers by our column names, where they differ ({"y": "units"}).
        encoding: of a CSV file; found out if not given.
        decimal: the decimal sign, "." or ","; found out if not given.
        skip_bad: leave out products with bad values instead of refusing the file.
        mask: take stretches that look like stock-outs as silent, not as no demand.
        dates: "day-first" or "month-first" for days such as 01/02/2027; found out if not given.
        add_up: sum several rows of one product and day, as a list of single sales has them.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    decimal: str | None = None
    skip_bad: bool = False
    mask: bool = True
    dates: str | None = None
    add_up: bool = False


@dataclass(frozen=True)
class SalesReading:
    """What came of reading sales.

    Attributes:
        sales: of all products that could be read.
        issues: everything odd in the file.
        sources: the file read.
        assumed: what was read into it, as sentences.
        skipped: reason per product that was left out, by unique_id.
        stock_outs: stretches taken as stock-outs.
    """

    sales: Sales
    issues: Issues
    sources: tuple[Source, ...]
    assumed: tuple[str, ...]
    skipped: dict[str, str]
    stock_outs: int


def read_sales(path: Path, options: SalesOptions | None = None) -> SalesReading:
    """The sales in a CSV, Parquet or Excel file.

    Raises:
        DataError: the file cannot be read, or (`TableError`) holds values that mean nothing.
        ConfigurationError: a bad option.
    """
    options = options or SalesOptions()
    check_mapping(options.columns, (SALES,))
    written = Format(options.encoding, options.decimal, options.dates)
    issues = Issues()
    path = Path(path)
    desk = Desk({"sales": path}, options.columns, written, issues)
    found = desk.typed(SALES)
    refuse_unused(options.columns, desk.headers, issues)
    if found is not None and options.add_up:
        found = added_up(found, issues)
    if found is not None:
        found = _checked(found, desk, issues)
    bad = bad_products({"sales": found}, "sales", options.skip_bad, issues)
    kept = without(found, bad)
    assert found is not None
    assert kept is not None
    try:
        past = past_of(kept, issues)
    except DataError as error:
        issues.add(Issue(Severity.ERROR, path.name, str(error)))
        raise TableError(issues) from error
    calendar = _calendar(past, issues)
    sales, count = _sales(past, calendar, options.mask, issues)
    _mention_oddities(sales, past.file, issues)
    return SalesReading(
        sales,
        issues,
        tuple(desk.sources),
        tuple(issues.lines(Severity.ASSUMED)),
        dict.fromkeys(sorted(bad), "it has bad values; data_issues.csv says where"),
        count,
    )


def _checked(found: Typed, desk: Desk, issues: Issues) -> Typed:
    """The good records; returns, negative stock and rows given twice are read and said."""
    frame = found.frame
    for name, rule in (
        ("y", "is below 0 (more came back than went out); it was taken as no sale"),
        ("stock", "is below 0; it was taken as an empty shelf"),
    ):
        if name in frame:
            below = np.flatnonzero((frame[name] < 0).to_numpy())
            issues.add_all(
                Issue(Severity.ASSUMED, found.file, rule, column=name),
                rows=found.rows[below],
                products=found.ids(below),
                values=[f"{value:.15g}" for value in frame[name].to_numpy()[below]],
            )
            frame = frame.assign(**{name: frame[name].clip(lower=0)})
    found = _once(replace(found, frame=frame), issues)
    blank = found.frame["y"].isna().to_numpy() & ~found.bad
    checked = desk.check(
        replace(found, frame=found.frame.assign(y=found.frame["y"].fillna(0))), SALES
    )
    frame = checked.frame.assign(y=checked.frame["y"].mask(blank))
    return replace(checked, frame=frame)


def _once(found: Typed, issues: Issues) -> Typed:
    """The records without those that repeat an earlier one in every column."""
    keys = found.frame[["unique_id", "ds"]]
    twice = keys.duplicated(keep=False).to_numpy()
    if not twice.any():
        return found
    repeats = np.zeros(len(found), dtype=bool)
    places = np.flatnonzero(twice)
    repeats[places] = found.frame.iloc[places].duplicated().to_numpy()
    again = np.flatnonzero(repeats)
    rule = "a row repeats an earlier one in every column; it was left out"
    issues.add_all(
        Issue(Severity.MENDED, found.file, rule),
        rows=found.rows[again],
        products=found.ids(again),
    )
    return found.only(~repeats) if len(again) else found


def _calendar(past: Past, issues: Issues) -> TradingDays:
    sells = (past.units > 0).sum(axis=1)
    calendar = trading_days(sells, past.offered.sum(axis=1), past.first, past.open)
    sold = int(calendar.sold_closed.sum())
    if sold:
        rule = f"something was sold on {sold:,} days that are called closed; they count as open"
        issues.add(Issue(Severity.ASSUMED, past.file, rule, column="open"))
    closed = int((~calendar.open).sum())
    if not closed:
        return calendar
    parts = [f"every {name}" for name in calendar.weekdays]
    if calendar.others:
        days = [_span(begin, end) for begin, end in calendar.others]
        more = f" and {len(days) - 5} more times" if len(days) > 5 else ""
        parts.append(", ".join(days[:5]) + more)
    source = "by its column open" if np.isfinite(past.open).any() else "nothing was sold then"
    rule = f"the business is taken as closed on {closed:,} days ({source}): {'; '.join(parts)}"
    issues.add(Issue(Severity.ASSUMED, past.file, rule, _LOST.get(source, "")))
    return calendar


_LOST = {"nothing was sold then": "if records were lost, add them or a column open"}


def _span(begin: date, end: date) -> str:
    return str(begin) if begin == end else f"{begin} to {end}"


def _sales(past: Past, calendar: TradingDays, mask: bool, issues: Issues) -> tuple[Sales, int]:
    """The sales, and how many stretches were taken as stock-outs."""
    opened = calendar.open
    empty = (past.stock == 0) & opened[:, None]
    guessed = np.zeros_like(empty)
    counted = past.on_sale & opened[:, None] & np.isnan(past.stock)
    ended, lasting = silences(past.units > 0, counted, opened, past.first.weekday())
    for product, begin, end in zip(ended.product, ended.begin, ended.end, strict=True):
        guessed[begin:end, product] = True
    known = [len(stretches(empty[:, k])) for k in np.flatnonzero(empty.any(axis=0))]
    _mention_stock_outs(past, (ended, lasting), empty, mask, issues)
    censored = (empty | guessed) & past.on_sale if mask else np.zeros_like(empty)
    sales = Sales(
        past.unique_id,
        past.first,
        past.units,
        past.price,
        opened,
        past.on_sale,
        censored,
        past.promotion,
    )
    return sales, sum(known) + len(ended)


def _mention_stock_outs(
    past: Past,
    found: tuple[Silences, Silences],
    empty: np.ndarray,
    mask: bool,
    issues: Issues,
) -> None:
    ended, lasting = found
    done = "its sales there are not taken as demand" if mask else "it was left in, as asked for"
    rule = (
        "has a stretch without a sale that its own habit makes incredible, probably a stock-out; "
        f"{done}"
    )
    _mention_silences(past, ended, (rule, "give a column stock to be sure"), issues)
    rule = "has had no sale for longer than its own habit explains; it was left in as no demand"
    remedy = "leave it out if it is no longer sold, or give a column stock if it is out of stock"
    _mention_silences(past, lasting, (rule, remedy), issues)
    products = np.flatnonzero(empty.any(axis=0))
    days = empty[:, products].sum(axis=0)
    issues.add_all(
        Issue(Severity.ASSUMED, past.file, f"is 0 at the end of some days; {done}", column="stock"),
        products=past.unique_id[products],
        values=[
            f"{count} days, the first {_day(past, int(np.argmax(empty[:, k])))}"
            for count, k in zip(days, products, strict=True)
        ],
    )


def _mention_silences(past: Past, found: Silences, words: tuple[str, str], issues: Issues) -> None:
    rule, remedy = words
    issues.add_all(
        Issue(Severity.ASSUMED, past.file, rule, remedy, "y"),
        products=past.unique_id[found.product],
        values=[
            f"{_day(past, begin)} to {_day(past, end - 1)}, {days} days open"
            for begin, end, days in zip(found.begin, found.end, found.days, strict=True)
        ],
    )


def _mention_oddities(sales: Sales, file: str, issues: Issues) -> None:
    sold_at = np.where(sales.units > 0, sales.price, np.nan)
    for values, odd, column, unit in (
        (sales.units, far_above(sales.units), "y", "units"),
        (sales.price, far_away(sold_at), "price", "money"),
    ):
        day, product = np.nonzero(odd)
        issues.add_all(
            Issue(
                Severity.ASSUMED,
                file,
                "is far from what the product's other days say; it was left as it is",
                "correct it if it is a slip",
                column,
            ),
            products=sales.unique_id[product],
            values=[
                f"{values[d, k]:.10g} {unit} on {sales.first + timedelta(days=int(d))}"
                for d, k in zip(day, product, strict=True)
            ],
        )
    found = steps(sales.units)
    issues.add_all(
        Issue(
            Severity.ASSUMED,
            file,
            "changes its level for good by the factor of a pack; it was left as it is",
            "count in one unit throughout if the unit changed",
            "y",
        ),
        products=[str(sales.unique_id[step.product]) for step in found],
        values=[
            f"x {step.factor:.3g} from {sales.first + timedelta(days=step.day)} on"
            for step in found
        ],
    )


def _day(past: Past, number: int) -> date:
    return past.first + timedelta(days=int(number))
