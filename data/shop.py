"""A shop's orders: which product was put into how many baskets, by day of the week and hour.

Read from three tables in the shape in which Instacart published its orders (2017): `orders.csv`,
`order_products.csv` (or several that begin so, such as `order_products__prior.csv`) and
`products.csv`. They have no dates; how long they reach is what the longest history of a customer
adds up to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.errors import DataError
from data.issues import Issue, Issues, Severity, TableError
from data.reading import RawTable, contents_of, read_raw

DAYS, HOURS = 7, 24
ORDERS = ("order_id", "user_id", "order_dow", "order_hour_of_day", "days_since_prior_order")
LINES = ("order_id", "product_id")
PRODUCTS = ("product_id", "product_name")
"""The columns that are used; others may stand beside them."""
LIMITS = {"order_dow": DAYS - 1, "order_hour_of_day": HOURS - 1, "days_since_prior_order": 366}
"""Largest number that a column may hold; ids may be any whole number from 0 on."""
LARGEST_ID = 2.0**53
BLANK_ALLOWED = ("days_since_prior_order",)
"""Blank for a customer's first order."""


@dataclass(frozen=True)
class Shop:
    """Order lines of K products over some weeks.

    Attributes:
        product_id: (K,).
        name: (K,).
        lines: baskets the product was put into, by day of the week and hour (K, 7, 24).
        weeks: that the orders span [week].
        orders: number of orders.
        customers: number of customers.
    """

    product_id: np.ndarray
    name: np.ndarray
    lines: np.ndarray
    weeks: float
    orders: int
    customers: int

    @property
    def rate(self) -> np.ndarray:
        """Order lines in each hour of a week (K, 7, 24) [1/hour]."""
        rate: np.ndarray = self.lines / self.weeks
        return rate

    def busiest(self, count: int) -> Shop:
        """The `count` products with most order lines, the busiest first."""
        order = np.argsort(-self.lines.sum(axis=(1, 2)), kind="stable")[:count]
        return replace(
            self,
            product_id=self.product_id[order],
            name=self.name[order],
            lines=self.lines[order],
        )


def read_shop(folder: Path) -> Shop:
    """The shop whose tables lie in `folder`; products that nobody ordered are left out.

    Raises:
        DataError: a table is missing or cannot be read, or (`TableError`) holds values that mean
            nothing; all of them are named at once.
    """
    folder, issues = Path(folder), Issues()
    orders = _table(_file(folder, "orders"), ORDERS, issues)
    lines = [_table(path, LINES, issues) for path in _line_files(folder)]
    products = _table(_file(folder, "products"), PRODUCTS, issues)
    if issues.count(Severity.ERROR):
        raise TableError(issues)
    place = _places(orders, lines, products, issues)
    if issues.count(Severity.ERROR):
        raise TableError(issues)
    return _counted(orders, products, place)


@dataclass(frozen=True)
class _Table:
    """Typed columns of one file: numbers as float64 (NaN where blank), names as text."""

    file: str
    columns: dict[str, np.ndarray]
    rows: np.ndarray


def _file(folder: Path, name: str) -> Path:
    for ending in (".csv", ".parquet"):
        if (folder / (name + ending)).exists():
            return folder / (name + ending)
    return folder / f"{name}.csv"


def _line_files(folder: Path) -> list[Path]:
    found = sorted(
        path
        for path in (folder.iterdir() if folder.is_dir() else ())
        if path.name.startswith("order_products") and path.suffix in (".csv", ".parquet")
    )
    return found or [folder / "order_products.csv"]


def _table(path: Path, wanted: tuple[str, ...], issues: Issues) -> _Table:
    """The wanted columns of a file; whatever is wrong with it becomes an issue."""
    nothing = _Table(path.name, {name: np.zeros(0) for name in wanted}, np.zeros(0, dtype=int))
    try:
        raw = read_raw(path.name, contents_of(path), None, issues)
    except DataError as error:
        issues.add(Issue(Severity.ERROR, path.name, str(error)))
        return nothing
    missing = [name for name in wanted if name not in raw.columns]
    for name in missing:
        rule = f"is missing; found columns {', '.join(raw.columns) or 'none'}"
        remedy = "rename the column that holds it"
        issues.add(Issue(Severity.ERROR, path.name, rule, remedy, name))
    if missing:
        return nothing
    columns = {name: _cells(raw, name, issues) for name in wanted}
    return _Table(path.name, columns, raw.rows)


def _cells(raw: RawTable, name: str, issues: Issues) -> np.ndarray:
    """One column; cells that are no whole number within the limits become issues."""
    words = raw.columns[name].cast(pa.string())
    if name == "product_name":
        return np.array(pc.fill_null(words, "").to_pylist(), dtype=object)
    text = np.array([(word or "").strip() for word in words.to_pylist()], dtype=object)
    values = np.array([_number(word) for word in text])
    largest = LIMITS.get(name, LARGEST_ID)
    fine = (values >= 0) & (values <= largest) & (values == np.floor(values))
    refused = ~fine & ((text != "") | (name not in BLANK_ALLOWED))
    reach = f"0 to {largest:.0f}" if name in LIMITS else "0 or more"
    issues.add_all(
        Issue(
            Severity.ERROR,
            raw.file,
            "is not such a number",
            f"expected a whole number, {reach}",
            name,
        ),
        rows=raw.rows[refused],
        values=[word or "nothing" for word in text[refused]],
    )
    return values


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return np.nan


@dataclass(frozen=True)
class _Lines:
    """Order lines by where their order and their product stand in their tables (N,)."""

    order: np.ndarray
    product: np.ndarray


def _places(orders: _Table, lines: list[_Table], products: _Table, issues: Issues) -> _Lines:
    """Where each line's order and product are; what belongs to nothing becomes an issue."""
    for table, key in ((orders, "order_id"), (products, "product_id")):
        values = table.columns[key]
        if not len(values):
            issues.add(Issue(Severity.ERROR, table.file, "has no rows, expected some"))
        _, first = np.unique(values, return_index=True)
        again = np.ones(len(values), dtype=bool)
        again[first] = False
        issues.add_all(
            Issue(Severity.ERROR, table.file, "occurs twice", "keep one of the rows", key),
            rows=table.rows[again],
            values=[f"{value:.0f}" for value in values[again]],
        )
    found: dict[str, list[np.ndarray]] = {"order_id": [], "product_id": []}
    for table in lines:
        for key, other in (("order_id", orders), ("product_id", products)):
            place, known = _looked_up(table.columns[key], other.columns[key])
            issues.add_all(
                Issue(
                    Severity.ERROR,
                    table.file,
                    f"is not in {other.file}",
                    f"add its row to {other.file}, or leave the line out",
                    key,
                ),
                rows=table.rows[~known],
                values=[f"{value:.0f}" for value in table.columns[key][~known]],
            )
            found[key].append(place)
    return _Lines(np.concatenate(found["order_id"]), np.concatenate(found["product_id"]))


def _looked_up(wanted: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each value stands among the known ones (N,), and whether it does (N,)."""
    if not len(known):
        return np.zeros(len(wanted), dtype=int), np.zeros(len(wanted), dtype=bool)
    order = np.argsort(known, kind="stable")
    place = np.minimum(np.searchsorted(known[order], wanted), len(known) - 1)
    return order[place], known[order][place] == wanted


def _counted(orders: _Table, products: _Table, lines: _Lines) -> Shop:
    day = orders.columns["order_dow"].astype(int)
    hour = orders.columns["order_hour_of_day"].astype(int)
    count = len(products.columns["product_id"])
    cell = (lines.product * DAYS + day[lines.order]) * HOURS + hour[lines.order]
    counts = np.bincount(cell, minlength=count * DAYS * HOURS).reshape(count, DAYS, HOURS)
    customer = np.unique(orders.columns["user_id"], return_inverse=True)[1]
    gaps = np.nan_to_num(orders.columns["days_since_prior_order"])
    longest = np.bincount(customer, weights=gaps).max() if len(customer) else 0.0
    bought = counts.sum(axis=(1, 2)) > 0
    return Shop(
        product_id=products.columns["product_id"].astype(np.int64)[bought],
        name=products.columns["product_name"][bought],
        lines=counts[bought],
        weeks=max(float(longest) / DAYS, 1.0),
        orders=len(day),
        customers=int(customer.max(initial=-1)) + 1,
    )
