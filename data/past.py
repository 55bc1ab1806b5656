"""The rows of a file of sales as arrays of days and products, and what stands where no row does.

Where the file writes days without a sale out as 0, a missing day is lost; where it does not, a
missing day is a day without a sale.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from data.cells import Typed
from data.daily import numbered_products
from data.errors import DataError
from data.issues import Issue, Issues, Severity

LONGEST_GAP = 366
"""Days without any row after which what stands alone is taken for a slip of the year."""
MOST_PRODUCT_DAYS = 150_000_000
"""Of all that is kept in memory at once, at about 30 bytes each."""


@dataclass(frozen=True)
class Past:
    """What the rows say of K products on D days, the last being the last with sales.

    Attributes:
        file: where it is from.
        unique_id: (K,), in the order of the file.
        first: the first day.
        units: sold (D, K) [unit]; 0 where nothing was, or nothing is known.
        price: (D, K) [money/unit]; NaN where unknown.
        stock: at the end of the day (D, K) [unit]; NaN where unknown.
        open: 1, 0, or NaN where not said (D,).
        on_sale: on offer, and not lost (D, K).
        offered: on offer, lost or not (D, K).
        promotion: (D + F, K).
    """

    file: str
    unique_id: np.ndarray
    first: date
    units: np.ndarray
    price: np.ndarray
    stock: np.ndarray
    open: np.ndarray
    on_sale: np.ndarray
    offered: np.ndarray
    promotion: np.ndarray


@dataclass(frozen=True)
class _Rows:
    """Columns of the good rows; `day` and `product` count from 0."""

    file: str
    day: np.ndarray
    product: np.ndarray
    columns: dict[str, np.ndarray]
    days: int
    products: int

    def spread(self, name: str, rows: np.ndarray, default: float) -> np.ndarray:
        """A column as an array (D, K), `default` where there is no row."""
        whole = np.full((self.days, self.products), default)
        whole[self.day[rows], self.product[rows]] = self.columns[name][rows]
        return whole


def past_of(table: Typed, issues: Issues) -> Past:
    """The arrays of a table of sales; `table` holds good records only, each product-day once.

    Raises:
        DataError: nothing is told, or too much; a day stands alone by more than a year.
    """
    rows, ids, first, ahead = _rows(table, issues)
    told = (rows.day < rows.days) & ~np.isnan(rows.columns["y"])
    units = rows.spread("y", told, 0.0)
    there = np.zeros(units.shape, dtype=bool)
    there[rows.day[told], rows.product[told]] = True
    offered = _offered(rows, units, issues)
    lost = _lost(rows, there, units, offered, issues)
    past = rows.day < rows.days
    opened = np.full(rows.days, np.nan)
    if "open" in rows.columns:
        np.fmax.at(opened, rows.day[past], rows.columns["open"][past])
    nothing = np.full(units.shape, np.nan)
    price = rows.spread("price", past, np.nan) if "price" in rows.columns else nothing
    stock = rows.spread("stock", past, np.nan) if "stock" in rows.columns else nothing
    _mention_products(rows, ids, units, issues)
    return Past(
        rows.file,
        ids,
        first.astype(object),
        units,
        _priced(rows, price, issues),
        stock,
        opened,
        offered & ~lost,
        offered,
        _promotion(rows, ahead),
    )


def _rows(table: Typed, issues: Issues) -> tuple[_Rows, np.ndarray, np.datetime64, int]:
    """The rows; the ids; the first day; the days ahead of the last one with sales."""
    if not len(table):
        raise DataError("no good row is left; see data_issues.csv for what is wrong with each")
    product, ids = numbered_products(table)
    day = table.frame["ds"].to_numpy().astype("datetime64[D]")
    told = ~np.isnan(table.frame["y"].to_numpy())
    if not told.any():
        raise DataError("y is blank in every row; expected units sold")
    _refuse_strays(day)
    first, end = day[told].min(), day[told].max() + 1
    days = int((end - first).astype(int))
    if days * len(ids) > MOST_PRODUCT_DAYS:
        raise DataError(
            f"{len(ids):,} products on {days:,} days were found, expected at most "
            f"{MOST_PRODUCT_DAYS:,} product-days; give fewer years, or the products in parts"
        )
    number = (day - first).astype(np.int64)
    _mention_order(table, number, product, issues)
    keep = number >= 0
    columns = {
        name: table.frame[name].to_numpy(dtype=np.float64)[keep]
        for name in table.frame
        if name not in ("unique_id", "ds")
    }
    rows = _Rows(table.file, number[keep], product[keep], columns, days, len(ids))
    ahead = max(int(number.max()) + 1 - days, 0)
    return rows, ids, first, ahead


def _refuse_strays(day: np.ndarray) -> None:
    days, rows = np.unique(day, return_counts=True)
    gaps = np.diff(days).astype(int)
    if not len(gaps) or gaps.max() <= LONGEST_GAP:
        return
    place = int(np.argmax(gaps)) + 1
    few = days[:place] if rows[:place].sum() < rows[place:].sum() else days[place:]
    raise DataError(
        f"{len(few):,} days, {few[0]} to {few[-1]}, lie {gaps.max():,} days from all others; "
        "correct their year, or leave them out"
    )


def _mention_order(table: Typed, day: np.ndarray, product: np.ndarray, issues: Issues) -> None:
    order = np.argsort(product, kind="stable")
    same = np.diff(product[order]) == 0
    if (np.diff(day[order])[same] < 0).any():
        rule = "rows are out of order; they were sorted by day"
        issues.add(Issue(Severity.MENDED, table.file, rule))


def _offered(rows: _Rows, units: np.ndarray, issues: Issues) -> np.ndarray:
    """Where each product was on offer (D, K): as told, else from its first sale on."""
    sold = units > 0
    offered = np.logical_or.accumulate(sold, axis=0)
    if "on_sale" in rows.columns:
        known = (rows.day < rows.days) & ~np.isnan(rows.columns["on_sale"])
        told = rows.spread("on_sale", known, np.nan)
        against = int((sold & (told == 0)).sum())
        if against:
            rule = f"is 0 on {against:,} product-days with sales; they are taken as days on offer"
            issues.add(Issue(Severity.ASSUMED, rows.file, rule, column="on_sale"))
        offered = np.where(np.isnan(told), offered, told == 1) | sold
    before = int((~np.logical_or.accumulate(offered, axis=0)).any(axis=0).sum())
    if before:
        rule = (
            f"{before:,} products sell nothing at first; they are taken as not yet on offer until "
            "their first sale"
        )
        remedy = "give a column on_sale to say otherwise"
        issues.add(Issue(Severity.ASSUMED, rows.file, rule, remedy))
    return offered


def _lost(
    rows: _Rows, there: np.ndarray, units: np.ndarray, offered: np.ndarray, issues: Issues
) -> np.ndarray:
    """Days of products on offer that say nothing (D, K): y left blank, or records lost."""
    blank = np.zeros(there.shape, dtype=bool)
    untold = (rows.day < rows.days) & np.isnan(rows.columns["y"])
    blank[rows.day[untold], rows.product[untold]] = True
    blank &= offered
    if blank.any():
        rule = (
            f"is blank on {int(blank.sum()):,} product-days of the past; they are taken as not "
            "known, neither a sale nor none"
        )
        issues.add(Issue(Severity.ASSUMED, rows.file, rule, "write 0 where nothing was sold", "y"))
    traded = np.asarray((units > 0).any(axis=1))
    missing = ~there & ~blank & offered & traded[:, None]
    zeros = int((there & (units == 0)).sum())
    count = int(missing.sum())
    if not count:
        return blank
    if zeros > count:
        rule = (
            f"{count:,} product-days have no row, although days without a sale are written out; "
            "they are taken as not known"
        )
        issues.add(Issue(Severity.ASSUMED, rows.file, rule))
        return blank | missing
    rule = f"{count:,} product-days have no row; they are taken as days without a sale"
    issues.add(Issue(Severity.ASSUMED, rows.file, rule))
    return blank


def _priced(rows: _Rows, price: np.ndarray, issues: Issues) -> np.ndarray:
    free = price == 0
    if free.any():
        rule = f"is 0 on {int(free.sum()):,} product-days; it is taken as unknown there"
        issues.add(Issue(Severity.ASSUMED, rows.file, rule, column="price"))
    return np.where(free, np.nan, price)


def _promotion(rows: _Rows, ahead: int) -> np.ndarray:
    promoted = np.zeros((rows.days + ahead, rows.products), dtype=bool)
    if "promotion" in rows.columns:
        here = rows.columns["promotion"] == 1
        promoted[rows.day[here], rows.product[here]] = True
    return promoted


def _mention_products(rows: _Rows, ids: np.ndarray, units: np.ndarray, issues: Issues) -> None:
    """Products that never sold, and ids that a spreadsheet may have split in two."""
    issues.add_all(
        Issue(Severity.ASSUMED, rows.file, "never sold; nothing is known of its demand"),
        products=ids[~(units > 0).any(axis=0)],
    )
    bare: dict[str, list[str]] = {}
    for name in ids:
        bare.setdefault(name.lstrip("0"), []).append(name)
    alike = [name for names in bare.values() if len(names) > 1 for name in names]
    issues.add_all(
        Issue(
            Severity.ASSUMED,
            rows.file,
            "differs from another product in leading zeros only; they are taken as two products",
            "write them alike if they are one",
            "unique_id",
        ),
        products=alike,
    )
