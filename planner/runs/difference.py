"""What differs between the results of two runs, line by line and product by product.

Tables of millions of lines are joined as columns; nothing here is worked out anew, but the money
of a difference: units at their unit cost, or, where that is unknown, what the product costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet

from data.errors import DataError
from planner.runs.records import manifest_of
from planner.wording import signed

KEY = ("unique_id", "stage", "order_date")
PARTS = {
    "forecast": 1,
    "safety_stock_advised": 1,
    "space_took": -1,
    "position": -1,
    "sharing": 1,
    "rounding": 1,
}
"""Parts of an order line, and the sign by which their sum is its quantity."""
WORDS = {
    "forecast": "forecast",
    "safety_stock_advised": "safety stock advised",
    "space_took": "what the price of space took",
    "position": "stock and orders under way",
    "sharing": "what the plan for all products wants",
    "rounding": "whole lots",
}
FIGURES = ("mean_demand", "unit_cost", "fill_rate", "holding", "shortage")
NOTHING = 1e-6
"""Differences up to this share of the larger number are none [1]."""
AFTER = " after"
BEYOND = "the other run does not plan that day"


@dataclass(frozen=True)
class Lines:
    """N order lines that are not the same in two runs, those of most money first.

    Attributes:
        unique_id, stage, order_date: of the line (N,).
        before, after: ordered (N,) [unit]; 0 where there is no such line.
        money: difference at unit cost (N,) [money]; NaN where that is unknown.
        why: what moved most of it, in words (N,).
    """

    unique_id: np.ndarray
    stage: np.ndarray
    order_date: np.ndarray
    before: np.ndarray
    after: np.ndarray
    money: np.ndarray
    why: np.ndarray

    def __len__(self) -> int:
        return len(self.before)

    @property
    def added(self) -> int:
        """Lines that only the later run has."""
        return int((self.before == 0).sum())

    @property
    def dropped(self) -> int:
        """Lines that only the earlier run has."""
        return int((self.after == 0).sum())

    @property
    def changed(self) -> int:
        """Lines that both have, with other quantities."""
        return len(self) - self.added - self.dropped


@dataclass(frozen=True)
class Products:
    """N products of which something is not the same in two runs, those of most money first.

    Pairs (N, 2) are before and after; NaN where a run does not have the product.

    Attributes:
        unique_id: (N,).
        forecast: mean daily demand (N, 2) [unit/day].
        position: stock on hand and under way on the first morning, all stages (N, 2) [unit].
        safety_stock: at the price of space, all stages (N, 2) [unit].
        bought: from the source (N, 2) [unit].
        spent: on that (N, 2) [money].
        cost: holding and missed sales, mean over futures (N, 2) [money].
        fill_rate: (N, 2) [1].
        money: difference of what is spent, or of cost where that is unknown (N,) [money].
        why: what moved, in words (N,).
    """

    unique_id: np.ndarray
    forecast: np.ndarray
    position: np.ndarray
    safety_stock: np.ndarray
    bought: np.ndarray
    spent: np.ndarray
    cost: np.ndarray
    fill_rate: np.ndarray
    money: np.ndarray
    why: np.ndarray

    def __len__(self) -> int:
        return len(self.unique_id)


def products_between(before: Path, after: Path) -> Products:
    """Products of which forecast, stock, safety stock, purchases or cost differ."""
    joined = _joined(_by_product(before), _by_product(after), ("unique_id",))

    def pair(name: str) -> np.ndarray:
        return np.stack([_numbers(joined, name), _numbers(joined, name + AFTER)], axis=1)

    pairs = {name: pair(name) for name in ("mean_demand", "position", "reconciled", "fill_rate")}
    bought = np.nan_to_num(pair("bought"))
    price, cost = pair("unit_cost"), pair("holding") + pair("shortage")
    nothing = np.where(np.isnan(price).all(axis=1, keepdims=True), np.nan, 0.0)
    spent = np.where(bought > 0, bought * price, nothing)
    money = _difference(spent)
    money = np.where(np.isnan(money), _difference(np.nan_to_num(cost)), money)
    kept = _differ(*pairs.values(), bought, cost)
    order = _ranked(money, _difference(bought), kept)
    named = {
        "forecast": pairs["mean_demand"],
        "stock and orders under way": pairs["position"],
        "safety stock": pairs["reconciled"],
    }
    return Products(
        _words(joined, "unique_id")[order],
        pairs["mean_demand"][order],
        pairs["position"][order],
        pairs["reconciled"][order],
        bought[order],
        spent[order],
        cost[order],
        pairs["fill_rate"][order],
        money[order],
        _moved({name: values[order] for name, values in named.items()}),
    )


def lines_between(before: Path, after: Path, products: Products) -> Lines:
    """Order lines that are added, dropped or changed.

    Args:
        before, after: the run folders.
        products: what differs between the two, product by product; says why a line came or went.
    """
    columns = ("quantity", *PARTS)
    joined = _joined(_orders(before, columns), _orders(after, columns), KEY)
    quantity = np.stack(
        [np.nan_to_num(_numbers(joined, name)) for name in ("quantity", "quantity" + AFTER)], axis=1
    )
    ids = _words(joined, "unique_id")
    costs = np.stack([_unit_costs(folder, ids) for folder in (before, after)], axis=1)
    money = _difference(np.where(quantity > 0, quantity * costs, 0.0))
    parts = {
        name: sign * (_numbers(joined, name + AFTER) - _numbers(joined, name))
        for name, sign in PARTS.items()
    }
    order = _ranked(money, _difference(quantity), _differ(quantity))
    said = dict(zip(products.unique_id.tolist(), products.why.tolist(), strict=True))
    ids, dates = ids[order], _words(joined, "order_date")[order]
    why = _largest({name: part[order] for name, part in parts.items()}, quantity[order])
    spans = (_span(before), _span(after))
    for place in np.flatnonzero(why == ""):
        first, last = spans[int(quantity[order[place], 0] > 0)]
        beyond = not first <= dates[place] <= last
        why[place] = BEYOND if beyond else said.get(ids[place], "")
    return Lines(
        ids,
        _words(joined, "stage")[order],
        dates,
        quantity[order, 0],
        quantity[order, 1],
        money[order],
        why,
    )


def _by_product(folder: Path) -> pa.Table:
    """What a run knows of every product: figures, safety stock, position and purchases."""
    figures = _csv(folder / "product_figures.csv", ("unique_id",), FIGURES)
    safety = _csv(folder / "safety_stock.csv", ("unique_id", "stage"), ("reconciled",))
    top = safety["stage"].to_pylist()[-1] if len(safety) else ""
    held = safety.group_by("unique_id").aggregate([("reconciled", "sum")])
    bought = _orders(folder, ("quantity",))
    bought = bought.filter(pc.equal(bought["stage"], top))
    bought = bought.group_by("unique_id").aggregate([("quantity", "sum")])
    position = _position(folder / "plan.parquet", top)
    for table, name in ((held, "reconciled"), (bought, "bought"), (position, "position")):
        named = table.select(["unique_id", table.column_names[-1]])
        figures = figures.join(named.rename_columns(["unique_id", name]), "unique_id")
    return figures


def _span(folder: Path) -> tuple[str, str]:
    """The first and the last day that a run plans."""
    manifest = manifest_of(folder)
    first = date.fromisoformat(manifest["start"])
    last = first + timedelta(days=int(manifest["horizon"]) - 1)
    return first.isoformat(), last.isoformat()


def _position(path: Path, top: str) -> pa.Table:
    """The inventory position of the whole chain on the first morning, product by product."""
    wanted = ["unique_id", "ds", "stage", "level", "shipment"]
    try:
        table = parquet.read_table(path, columns=wanted, filters=[("stage", "=", top)])
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    if len(table):
        table = table.filter(pc.equal(table["ds"], pc.min(table["ds"])))
    position = pc.subtract(table["level"], table["shipment"]).cast(pa.float64())
    return pa.table({"unique_id": table["unique_id"].cast(pa.string()), "position": position})


def _orders(folder: Path, columns: tuple[str, ...]) -> pa.Table:
    return _csv(folder / "orders.csv", KEY, columns)


def _csv(path: Path, words: tuple[str, ...], numbers: tuple[str, ...]) -> pa.Table:
    """Some columns of a CSV file of a run; a column that an older planner did not write is NaN."""
    kinds = {**dict.fromkeys(words, pa.string()), **dict.fromkeys(numbers, pa.float64())}
    options = arrow_csv.ConvertOptions(
        column_types=kinds,
        include_columns=list(kinds),
        include_missing_columns=True,
        strings_can_be_null=False,
        null_values=["", "nan"],
    )
    try:
        return arrow_csv.read_csv(
            path,
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=options,
        )
    except (OSError, pa.ArrowException) as error:
        said = str(getattr(error, "strerror", None) or error).partition("\n")[0]
        raise DataError(f"{path}: cannot be read ({said})") from error


def _joined(before: pa.Table, after: pa.Table, key: tuple[str, ...]) -> pa.Table:
    return before.join(after, list(key), join_type="full outer", right_suffix=AFTER)


def _numbers(table: pa.Table, name: str) -> np.ndarray:
    """A column of numbers, NaN where there is none."""
    filled: np.ndarray = table[name].to_numpy().astype(float)
    return filled


def _words(table: pa.Table, name: str) -> np.ndarray:
    return np.array(table[name].to_pylist(), dtype=object)


def _unit_costs(folder: Path, ids: np.ndarray) -> np.ndarray:
    """The unit cost of each of these products in a run (N,) [money/unit]; NaN where unknown."""
    known = _csv(folder / "product_figures.csv", ("unique_id",), ("unit_cost",))
    cost = dict(zip(known["unique_id"].to_pylist(), _numbers(known, "unit_cost"), strict=True))
    return np.array([cost.get(name, np.nan) for name in ids.tolist()], dtype=float)


def _difference(pair: np.ndarray) -> np.ndarray:
    difference: np.ndarray = pair[:, 1] - pair[:, 0]
    return difference


def _differ(*pairs: np.ndarray) -> np.ndarray:
    """True where any pair is not twice the same, or only one of it is known."""
    differs = np.zeros(len(pairs[0]), bool)
    for pair in pairs:
        unknown = np.isnan(pair)
        size = np.abs(np.nan_to_num(pair)).max(axis=1)
        other = np.abs(np.diff(np.nan_to_num(pair), axis=1)[:, 0]) > NOTHING * size
        differs |= other | (unknown[:, 0] != unknown[:, 1])
    return differs


def _ranked(money: np.ndarray, units: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The places that are kept, most money first; then most units; as they come between equals."""
    places = np.flatnonzero(kept)
    size = np.abs(np.nan_to_num(money[places]))
    return places[np.lexsort((places, -np.abs(np.nan_to_num(units[places])), -size))]


def _largest(parts: dict[str, np.ndarray], quantity: np.ndarray) -> np.ndarray:
    """The part of each line that moved furthest in the line's direction; empty for a new line."""
    change, names = _difference(quantity), list(parts)
    moved = np.stack([np.nan_to_num(parts[name]) for name in names]) * np.sign(change)
    both = (quantity > 0).all(axis=1) & (moved.max(axis=0) > 0)
    best = moved.argmax(axis=0)
    why = np.full(len(change), "", dtype=object)
    for place in np.flatnonzero(both):
        name = names[best[place]]
        by = PARTS[name] * parts[name][place]
        why[place] = f"{WORDS[name]} {signed(float(by))}"
    return why


def _moved(pairs: dict[str, np.ndarray]) -> np.ndarray:
    """What moved for each product, in words, with by how much."""
    said = []
    for row in zip(*pairs.values(), strict=True):
        moved = []
        for name, (before, after) in zip(pairs, row, strict=True):
            if np.isnan(before) and np.isnan(after):
                continue
            if np.isnan(before) or np.isnan(after):
                moved = ["only in the later run" if np.isnan(before) else "only in the earlier run"]
                break
            if abs(after - before) > NOTHING * max(abs(before), abs(after)):
                moved.append(f"{name} {signed(float(after - before))}")
        said.append(", ".join(moved))
    return np.array(said, dtype=object)
