"""What stands on each sheet of plan.xlsx: its columns, its rows, and where it was cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from itertools import chain, islice
from math import inf, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from planner import ranking
from planner.exceptions import Finding
from planner.key_figures import GLOSSARY
from planner.orders import NOTHING, Orders, orders
from planner.replay import OURS
from planner.traced import Table, Traced
from planner.wording import day, number

if TYPE_CHECKING:
    from planner.pipeline import Outcome

EPOCH = date(1899, 12, 30)
"""Day 0 of a spreadsheet."""
FIRST_DAYS = 7
"""Days of orders that a workbook holds unless all are asked for."""
MOST_STEPS = 1_000
"""Steps of purchases that a workbook holds unless all are asked for."""
MOST_ROWS = 1_048_576 - 2
"""Rows of a sheet below its note and its header."""


class Kind(Enum):
    """What a column holds: how it is formatted, and how wide it is at most."""

    TEXT = ("", 36)
    LONG = ("", 90)
    DATE = ("d mmm yyyy", 12)
    COUNT = ("#,##0", 10)
    UNITS = ("#,##0.##", 12)
    MONEY = ("#,##0.00", 14)
    PRICE = ("0.0000", 12)
    FACTOR = ("0.00", 10)
    SHARE = ("0.0%", 10)

    @property
    def form(self) -> str:
        """The number format; empty for text."""
        return self.value[0]

    @property
    def width(self) -> int:
        """In characters."""
        return self.value[1]


@dataclass(frozen=True)
class Sheet:
    """A sheet with a line per something.

    Attributes:
        name: on its tab.
        note: where it comes from, and what was left out.
        columns: title and kind of each.
        rows: the cells; NaN is left blank.
        count: of the rows.
    """

    name: str
    note: str
    columns: tuple[tuple[str, Kind], ...]
    rows: Iterable[tuple[Any, ...]]
    count: int

    def place(self, title: str) -> int:
        """Number of the column of that title."""
        return [name for name, _ in self.columns].index(title)


PRODUCTS = (
    ("unique_id", Kind.TEXT),
    ("name", Kind.TEXT),
    ("category", Kind.TEXT),
    ("supplier", Kind.TEXT),
    ("status", Kind.TEXT),
    ("fill rate", Kind.SHARE),
    ("stock-out risk", Kind.SHARE),
    ("cost", Kind.MONEY),
    ("holding", Kind.MONEY),
    ("missed sales", Kind.MONEY),
    ("mean demand a day", Kind.UNITS),
    ("cost ratio", Kind.UNITS),
    ("unit cost", Kind.MONEY),
    ("volume", Kind.FACTOR),
    ("lot size", Kind.UNITS),
    ("minimum order", Kind.UNITS),
)
"""The columns of the sheet of products."""


def serial(when: date) -> int:
    """A date as a spreadsheet counts it."""
    return (when - EPOCH).days


def exceptions(outcome: Outcome) -> Sheet:
    """A line per product, the most money at stake first."""
    names = _by_id(outcome, "name")
    found = outcome.findings[:MOST_ROWS]
    return Sheet(
        "Exceptions",
        _noted("exceptions.csv; sorted by money at stake", len(found), len(outcome.findings)),
        (
            ("unique_id", Kind.TEXT),
            ("name", Kind.TEXT),
            ("status", Kind.TEXT),
            ("money at stake", Kind.MONEY),
            ("action", Kind.TEXT),
            ("reason", Kind.LONG),
        ),
        ((f.unique_id, names.get(f.unique_id, ""), *_judged(f)) for f in found),
        len(found),
    )


def _judged(finding: Finding) -> tuple[Any, ...]:
    return finding.status.value, finding.money_at_stake, finding.action, finding.reason


def order_lines(outcome: Outcome, every: bool) -> Sheet:
    """The order lines, day by day: all that a sheet holds, or those of the first days."""
    shipments, horizon = outcome.planned.plan.shipments, outcome.problem.horizon
    days = horizon if every else min(FIRST_DAYS, horizon)
    total = int((shipments > NOTHING).sum())
    count = min(int((shipments[:days] > NOTHING).sum()), MOST_ROWS)
    until = outcome.problem.scenario.start + timedelta(days=days - 1)
    lines = orders(outcome.problem, outcome.planned, outcome.z_reconciled, outcome.advised.z)
    said = "orders.csv" if days == horizon else f"orders.csv, orders until {day(until)}"
    stages = len(outcome.problem.scenario.network)
    return Sheet(
        "Orders",
        _noted(said, count, total),
        (
            ("unique_id", Kind.TEXT),
            ("stage", Kind.TEXT),
            ("supplier", Kind.TEXT),
            ("order date", Kind.DATE),
            ("arrival date", Kind.DATE),
            ("quantity", Kind.UNITS),
            ("limited by", Kind.TEXT),
            ("price of space", Kind.PRICE),
            ("reason", Kind.LONG),
        ),
        islice(chain.from_iterable(map(_lines, islice(lines, days * stages))), count),
        count,
    )


def _lines(batch: Orders) -> Iterator[tuple[Any, ...]]:
    ordered = serial(date.fromisoformat(batch.order_date))
    arrivals = {iso: serial(date.fromisoformat(iso)) for iso in set(batch.arrival_date.tolist())}
    price = batch.space_price
    for product, arrives, quantity, binding, reason in zip(
        batch.unique_id.tolist(),
        batch.arrival_date.tolist(),
        batch.quantity.tolist(),
        batch.binding.tolist(),
        batch.reason,
        strict=True,
    ):
        place = (product, batch.stage, batch.supplier, ordered, arrivals[arrives])
        yield (*place, quantity, binding, price, reason)


def purchases(outcome: Outcome, every: bool) -> Sheet:
    """Today's purchases in steps, the best return on money first."""
    ranked = ranking.ranked_purchases(outcome.problem, outcome.planned, outcome.z_reconciled)
    count = min(len(ranked), MOST_ROWS if every else MOST_STEPS)
    names = outcome.problem.scenario.products.name[ranked.product[:count]]
    today = serial(ranked.start)
    columns = (
        range(1, count + 1),
        ranked.unique_id[:count].tolist(),
        names.tolist(),
        [ranked.supplier] * count,
        [today] * count,
        *(
            part[:count].tolist()
            for part in (
                ranked.units,
                ranked.unit_cost,
                ranked.spend,
                ranked.worth,
                ranked.return_per_money,
                ranked.cumulative_spend,
            )
        ),
    )
    return Sheet(
        "Purchases",
        _noted(
            "ranked_orders.csv; type a budget into the yellow cell: what it buys is green",
            count,
            len(ranked),
        ),
        (
            ("rank", Kind.COUNT),
            ("unique_id", Kind.TEXT),
            ("name", Kind.TEXT),
            ("supplier", Kind.TEXT),
            ("order date", Kind.DATE),
            ("units", Kind.UNITS),
            ("unit cost", Kind.MONEY),
            ("spend", Kind.MONEY),
            ("worth", Kind.MONEY),
            ("return per money", Kind.FACTOR),
            ("cumulative spend", Kind.MONEY),
        ),
        zip(*columns, strict=True),
        count,
    )


def safety_stock(outcome: Outcome) -> Sheet:
    """Safety stock of every product and stage, advised and reconciled."""
    scenario, advised, z = outcome.problem.scenario, outcome.advised, outcome.z_reconciled
    M, K = z.shape
    count = min(M * K, MOST_ROWS)
    by_stage = (advised.z, advised.units, z, z * advised.sigma)
    columns = (
        np.repeat(scenario.products.unique_id, M),
        np.tile(np.array(scenario.network.names, dtype=object), K),
        np.repeat(scenario.products.cost_ratio, M),
        *(np.ascontiguousarray(values.T).ravel() for values in by_stage),
        np.repeat(advised.source, M),
        np.repeat(advised.reason, M),
    )
    return Sheet(
        "Safety stock",
        _noted("safety_stock.csv; safety stock in units", count, M * K),
        (
            ("unique_id", Kind.TEXT),
            ("stage", Kind.TEXT),
            ("cost ratio", Kind.UNITS),
            ("z advised", Kind.FACTOR),
            ("advised", Kind.UNITS),
            ("z reconciled", Kind.FACTOR),
            ("reconciled", Kind.UNITS),
            ("advised by", Kind.TEXT),
            ("why not a brain", Kind.LONG),
        ),
        zip(*(column[:count].tolist() for column in columns), strict=True),
        count,
    )


def products(outcome: Outcome) -> Sheet:
    """What is known of every product and came of it on the futures."""
    known, kpis = outcome.problem.scenario.products, outcome.happened[OURS]
    found = {finding.unique_id: finding for finding in outcome.findings}
    judged = [found.get(str(product)) for product in known.unique_id]
    holding, shortage = kpis.costs.holding.mean(axis=0), kpis.costs.shortage.mean(axis=0)
    count = min(len(known), MOST_ROWS)
    columns: tuple[list[Any], ...] = (
        known.unique_id.tolist(),
        known.name.tolist(),
        known.category.tolist(),
        known.supplier.tolist(),
        ["" if finding is None else finding.status.value for finding in judged],
        *(
            np.asarray(part, dtype=float).tolist()
            for part in (
                kpis.product_fill_rate,
                kpis.stock_out_risk,
                holding + shortage,
                holding,
                shortage,
                outcome.problem.scenario.forecast.scale,
                known.cost_ratio,
                known.unit_cost,
                known.volume,
                known.lot_size,
                known.minimum_order,
            )
        ),
    )
    futures = number(len(kpis.demanded))
    return Sheet(
        "Products",
        _noted(
            f"product_figures.csv and exceptions.csv; service and cost on {futures} futures",
            count,
            len(known),
        ),
        PRODUCTS,
        islice(zip(*columns, strict=True), count),
        count,
    )


def capacity(found: Traced) -> Sheet:
    """Space used by stage and day, with its price."""
    table = found.stage_days
    days = [serial(date.fromisoformat(iso)) for iso in table.column("ds")]
    space, happened = table.column("space"), table.column("happened")
    columns = {
        "stage": (Kind.TEXT, table.column("stage")),
        "date": (Kind.DATE, days),
        "space": (Kind.UNITS, space),
        "promised": (Kind.UNITS, table.column("promised")),
        "happened": (Kind.UNITS, happened),
        "low": (Kind.UNITS, table.column("low")),
        "high": (Kind.UNITS, table.column("high")),
        "use": (Kind.SHARE, list(map(_use, happened, space))),
        "exceeded": (Kind.SHARE, table.column("exceeded")),
        "orders answer to": (Kind.PRICE, table.column("price_answered")),
        "price in the model": (Kind.PRICE, table.column("price_in_model")),
        "price of supply": (Kind.PRICE, table.column("supply_price")),
    }
    return Sheet(
        "Capacity",
        "From stage_days.csv; in your volume unit, of nine futures in ten between low and high",
        tuple((title, kind) for title, (kind, _) in columns.items()),
        zip(*(cells for _, cells in columns.values()), strict=True),
        len(days),
    )


def _use(used: float, space: float) -> float:
    """Share of the space that is used [1]; NaN without a limit."""
    return used / space if 0 < space < inf else nan


def service(found: Traced) -> Sheet:
    """Service against stock as safety stock is scaled."""
    kinds = {
        "factor": Kind.FACTOR,
        "futures": Kind.COUNT,
        "fill_rate": Kind.SHARE,
        "fill_rate_low": Kind.SHARE,
        "fill_rate_high": Kind.SHARE,
        "stock_days": Kind.FACTOR,
        "fullest_use": Kind.SHARE,
    }
    return _whole("Service", found.service_curve, kinds, "factor 1 is the plan's safety stock")


def glossary() -> Sheet:
    """The words and formulas."""
    return Sheet(
        "Glossary",
        "What the words mean, and how figures are worked out",
        (("word", Kind.TEXT), ("meaning or formula", Kind.LONG)),
        GLOSSARY.items(),
        len(GLOSSARY),
    )


def _whole(name: str, table: Table, kinds: dict[str, Kind], said: str) -> Sheet:
    """A small table as it is; columns without a kind are money."""
    titles = tuple((of.replace("_", " "), kinds.get(of, Kind.MONEY)) for of in table.columns)
    return Sheet(name, f"From {table.file}; {said}", titles, table.rows, len(table.rows))


def _noted(source: str, count: int, total: int) -> str:
    """Where rows come from, and how many of them are here."""
    if count == total:
        return f"From {source}"
    files = source.split(";")[0].split(",")[0]
    return f"From {source}: {number(count)} of {number(total)} lines; {files} has them all"


def _by_id(outcome: Outcome, column: str) -> dict[str, str]:
    known = outcome.problem.scenario.products
    words = getattr(known, column)
    return dict(zip(map(str, known.unique_id), map(str, words), strict=True))
