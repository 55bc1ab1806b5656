"""Records from checked tables: products with their defaults, opening stock, what is fixed."""

from __future__ import annotations

from datetime import date
from difflib import get_close_matches

import numpy as np
import pandas as pd

from data.cells import Typed, words_of
from data.errors import DataError
from data.issues import Issue, Issues, Severity
from data.network import Network
from data.product import Products, Shortage
from data.schema import Column, Kind, Table
from data.stock import StockState, empty_stock
from data.tables import SUPPLIERS, products_table, slug
from data.terms import Locks, Suppliers, Terms
from data.weekdays import WEEKDAYS, open_days_in

LONGEST_PIPELINE = 60
"""Open orders that arrive later are not planned with [day]."""


def with_stages(table: Typed, network: Network, issues: Issues) -> Typed:
    """The records of stages in the network, under the network's names; the others are left out.

    Raises:
        DataError: not one record is of a stage in the network.
    """
    column = table.frame["stage"]
    written = column.cat.categories.to_list()
    number = [stage_number(word, network) for word in written]
    unknown = [word for word, found in zip(written, number, strict=True) if found < 0]
    if unknown and len(unknown) == len(written):
        raise DataError(
            f"stage {unknown[0]!r} and all others are not in the network; expected "
            f"{', '.join(network.names)}"
        )
    stage = np.append(np.array(number, dtype=np.int64), len(network))[column.cat.codes.to_numpy()]
    left_out = stage < 0
    for word in unknown:
        near = get_close_matches(word, network.names, 1)
        hint = f"if {near[0]} is meant, correct it" if near else ""
        rows = np.flatnonzero(left_out & (column == word).to_numpy())
        issues.add_all(
            Issue(
                Severity.SKIPPED,
                table.file,
                "is not a stage of the network; the row was left out",
                hint or f"the stages are {', '.join(network.names)}",
                "stage",
                value=word,
            ),
            rows=table.rows[rows],
            products=table.ids(rows),
        )
    codes = np.where(stage == len(network), -1, stage)[~left_out]
    kept = table.only(~left_out)
    names = pd.Categorical.from_codes(codes, categories=pd.Index(network.names, dtype=object))
    return Typed(kept.file, kept.frame.assign(stage=names), kept.rows, kept.bad)


def stage_number(word: str, network: Network) -> int:
    """The stage meant by its name, in any spelling, or by its number; -1 if none is."""
    for spelling in (str, str.casefold, slug):
        names = [spelling(name) for name in network.names]
        if spelling(word) and names.count(spelling(word)) == 1:
            return names.index(spelling(word))
    return int(word) if word in map(str, range(len(network))) else -1


def positions_of(table: Typed, ids: np.ndarray) -> np.ndarray:
    """Where the product of each record stands in `ids` (N,); -1 where it does not."""
    column = table.frame["unique_id"].cat
    place = pd.Index(ids, dtype=object).get_indexer(pd.Index(column.categories, dtype=object))
    return np.append(place, -1)[column.codes.to_numpy()]


def products_of(table: Typed | None, ids: np.ndarray, network: Network, issues: Issues) -> Products:
    """The products `ids`, all of which `table` holds; everything at its default without a table."""
    spec = products_table(network)
    if table is not None:
        rows = np.empty(len(ids), dtype=np.int64)
        places = positions_of(table, ids)
        rows[places[places >= 0]] = np.flatnonzero(places >= 0)
        table = Typed(table.file, table.frame.iloc[rows], table.rows[rows], table.bad[rows])
        _mention_defaults(table, spec, issues)
    values = {column.name: _filled(table, column, len(ids)) for column in spec.columns[1:]}
    shortage = values.pop("shortage")
    lead_time = [values.pop(f"lead_time_{number}") for number in range(len(network))]
    return Products(
        unique_id=ids,
        lead_time=np.array(lead_time, dtype=np.int64),
        backordered=shortage == Shortage.BACKORDER.value,
        **values,
    )


def stock_of(
    stock: Typed | None, open_orders: Typed | None, products: Products, start: date, issues: Issues
) -> StockState:
    """Opening stock of the products at the stages of their lead times, shipments included."""
    stages, count = products.lead_time.shape
    state = empty_stock(stages, count)
    on_hand, backorders, pipeline = state.on_hand, state.backorders, state.pipeline
    if stock is not None:
        stock, product = _planned(stock, products.unique_id)
        stage = stock.frame["stage"].cat.codes.to_numpy()
        on_hand[stage, product] = stock.frame["on_hand"].to_numpy()
        _mention_empty_stages(stock, stage, issues)
        if "backorders" in stock.frame:
            owed = stock.frame["backorders"].fillna(0.0).to_numpy()
            backorders = np.bincount(product, owed, count)
            backorders = _owed_to_waiting(stock.file, backorders, products, issues)
    if open_orders is not None:
        pipeline = _pipeline(open_orders, products, start, issues)
    return StockState(on_hand, pipeline, backorders)


def terms_of(
    locks: Typed | None,
    suppliers: Typed | None,
    products: Products,
    days: tuple[date, int],
    issues: Issues,
) -> Terms:
    """What people and suppliers have fixed for these products.

    Args:
        locks: lines that are fixed.
        suppliers: their terms.
        products: that are planned.
        days: the first one and the number of days planned.
        issues: where lines that are left out are named.
    """
    return Terms(
        locks=Locks() if locks is None else _locks(locks, products, days, issues),
        suppliers=Suppliers() if suppliers is None else _suppliers(suppliers, products, issues),
    )


def _locks(locks: Typed, products: Products, days: tuple[date, int], issues: Issues) -> Locks:
    table, product = _planned(locks, products.unique_id)
    start, horizon = days
    period = _periods(table, "ds", start)
    outside = (period < 0) | (period >= horizon)
    last = np.datetime64(start, "D") + (horizon - 1)
    issues.add_all(
        Issue(
            Severity.SKIPPED,
            table.file,
            f"is not a day of the plan, {start} to {last}; the lock was left out",
            "check the date, or remove the row",
            "ds",
        ),
        rows=table.rows[outside],
        products=table.ids(outside),
        values=[str(day)[:10] for day in table.frame["ds"].to_numpy()[outside]],
    )
    kept = ~outside
    stage = table.frame["stage"].cat.codes.to_numpy().astype(np.int64)
    quantity = table.frame["quantity"].to_numpy(dtype=np.float64)
    return Locks(product[kept], stage[kept], period[kept], quantity[kept])


def _suppliers(table: Typed, products: Products, issues: Issues) -> Suppliers:
    names = words_of(table.frame["supplier"])
    known = sorted(set(products.supplier.tolist()) - {""})
    idle = np.array([name not in known for name in names], dtype=bool)
    near = [get_close_matches(name, known, 1) for name in names[idle]]
    issues.add_all(
        Issue(
            Severity.ASSUMED,
            table.file,
            "supplies none of the planned products; its terms concern nothing",
            f"correct it if one of {', '.join(known[:10])} is meant" if any(near) else "",
            "supplier",
        ),
        rows=table.rows[idle],
        values=names[idle].tolist(),
    )
    missing = [name for name in known if name not in names]
    if missing:
        rule = (
            f"has no row for {', '.join(missing[:10])}, named in the products; orders may be "
            "placed there every day, in any amount"
        )
        issues.add(Issue(Severity.ASSUMED, table.file, rule))
    minimum, cost, days = (_filled(table, column, len(table)) for column in SUPPLIERS.columns[1:])
    open_days = np.array([open_days_in(text) for text in days], dtype=bool)
    return Suppliers(names, minimum, cost, open_days.reshape(len(names), len(WEEKDAYS)))


def _periods(table: Typed, column: str, start: date) -> np.ndarray:
    """Days of a column counted from the first one (N,) [period]."""
    days = table.frame[column].to_numpy().astype("datetime64[D]")
    return (days - np.datetime64(start, "D")).astype(np.int64)


def _filled(table: Typed | None, column: Column, count: int) -> np.ndarray:
    """A column of the products (K,), the default where it is blank or not there."""
    default = "" if column.default is None else column.default
    if table is None or column.name not in table.frame:
        return np.full(count, default, dtype=object if column.kind is Kind.TEXT else np.float64)
    values = table.frame[column.name]
    if column.kind is Kind.TEXT:
        words = words_of(values)
        words[words == ""] = default
        return words
    return values.fillna(column.default).to_numpy(dtype=np.float64)


def _mention_defaults(table: Typed, spec: Table, issues: Issues) -> None:
    absent: dict[str, list[str]] = {}
    for column in spec.columns:
        if column.required or (column.kind is Kind.TEXT and not column.choices):
            continue
        if column.name not in table.frame:
            absent.setdefault(column.default_text, []).append(column.name)
            continue
        blank = int(table.frame[column.name].isna().sum())
        if blank:
            issues.add(
                Issue(
                    Severity.ASSUMED,
                    table.file,
                    f"is blank for {blank:,} of {len(table):,} products; assumed: "
                    f"{column.default_text}",
                    column=column.name,
                )
            )
    if absent:
        words = "; ".join(f"{', '.join(names)} ({default})" for default, names in absent.items())
        rule = f"columns not given, with the default in their place: {words}"
        issues.add(Issue(Severity.ASSUMED, table.file, rule))


def _planned(table: Typed, ids: np.ndarray) -> tuple[Typed, np.ndarray]:
    """The records of products in `ids`, and where these stand in it (N,)."""
    product = positions_of(table, ids)
    return table.only(product >= 0), product[product >= 0]


def _mention_empty_stages(stock: Typed, stage: np.ndarray, issues: Issues) -> None:
    for number, name in enumerate(stock.frame["stage"].cat.categories):
        if number not in stage:
            issues.add(
                Issue(
                    Severity.ASSUMED, stock.file, f"stage {name} has no row; it is taken as empty"
                )
            )


def _owed_to_waiting(
    file: str, backorders: np.ndarray, products: Products, issues: Issues
) -> np.ndarray:
    lost = (backorders > 0) & ~products.backordered
    issues.add_all(
        Issue(
            Severity.ASSUMED,
            file,
            "is above 0 for a product whose customers do not wait; nothing is owed to them",
            "set shortage to backorder in products.csv if they do wait",
            "backorders",
        ),
        products=products.unique_id[lost],
        values=[f"{value:g}" for value in backorders[lost]],
    )
    return np.where(lost, 0.0, backorders)


def _pipeline(open_orders: Typed, products: Products, start: date, issues: Issues) -> np.ndarray:
    """Units under way by periods until arrival (M, K, L) [unit]."""
    table, product = _planned(open_orders, products.unique_id)
    stages, count = products.lead_time.shape
    period = _periods(table, "arrival", start)
    overdue = np.flatnonzero(period < 0)
    if len(overdue):
        issues.add(
            Issue(
                Severity.ASSUMED,
                table.file,
                f"{len(overdue):,} orders were due before the first day, {start}; they are taken "
                "to arrive on it",
            )
        )
    far = period >= LONGEST_PIPELINE
    issues.add_all(
        Issue(
            Severity.SKIPPED,
            table.file,
            f"is more than {LONGEST_PIPELINE} days ahead; the order was left out",
            "check the date",
            "arrival",
        ),
        rows=table.rows[far],
        products=table.ids(far),
        values=[str(day)[:10] for day in table.frame["arrival"].to_numpy()[far]],
    )
    period = np.clip(period, 0, LONGEST_PIPELINE)[~far]
    pipeline = np.zeros((stages, count, int(period.max(initial=0)) + 1))
    stage = table.frame["stage"].cat.codes.to_numpy()[~far]
    np.add.at(pipeline, (stage, product[~far], period), table.frame["quantity"].to_numpy()[~far])
    return pipeline
