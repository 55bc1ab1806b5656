"""The tables a planner gives: their columns, limits and stated defaults, each written here once.

The readers validate by these definitions, and `docs/tables.md` is made from them.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np

from data.network import Network, default_network
from data.product import Shortage
from data.schema import Column, Kind, Table

LONGEST_LEAD_TIME = 365
"""[day]"""


def slug(name: str) -> str:
    """A stage's name as part of a column name: 'Los Angeles' is 'los_angeles'."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")


FORECAST = Table(
    "forecast",
    "one product on one day; every product needs every day",
    (
        Column("unique_id", "the product", Kind.TEXT, required=True),
        Column("ds", "the day, written 2027-01-31", Kind.DATE, required=True),
        Column("mean", "expected demand", unit="unit/day", required=True),
        Column("std", "standard deviation of the forecast error", unit="unit/day", required=True),
    ),
    key=("unique_id", "ds"),
)

_PRODUCT_COLUMNS = (
    Column("unique_id", "the product", Kind.TEXT, required=True),
    Column(
        "missed_sale_cost",
        "cost of a unit not served at once; where customers wait, per day of waiting",
        unit="money/unit",
        required=True,
        default=100.0,
        above=True,
    ),
    Column(
        "holding_cost",
        "cost of holding one unit on the shelf for a day",
        unit="money/unit/day",
        required=True,
        default=1.0,
        above=True,
    ),
    Column("name", "what people call it", Kind.TEXT, default=""),
    Column("category", "for grouping in reports", Kind.TEXT, default=""),
    Column("volume", "space one unit takes", unit="volume/unit", default=1.0),
    Column(
        "unit_cost",
        "purchase cost",
        unit="money/unit",
        default=np.nan,
        default_words="unknown",
    ),
    Column(
        "price",
        "sales price",
        unit="money/unit",
        default=np.nan,
        default_words="unknown",
    ),
    Column(
        "lot_size",
        "orders of every stage are multiples of it; 0 allows fractions",
        unit="unit",
        default=1.0,
    ),
    Column(
        "minimum_order",
        "smallest purchase from the source, if one is made",
        unit="unit",
        default=0.0,
    ),
    Column(
        "maximum_order",
        "largest shipment to any stage in one day",
        unit="unit/day",
        default=np.inf,
        default_words="no limit",
    ),
    Column(
        "order_cost",
        "cost of one purchase from the source",
        unit="money/order",
        default=0.0,
    ),
    Column(
        "error_autocorrelation",
        "correlation of forecast errors of neighbouring days",
        unit="1",
        default=0.0,
        low=-0.99,
        high=0.99,
    ),
    Column(
        "shortage",
        "whether unmet demand is lost or waits",
        Kind.TEXT,
        default=Shortage.LOST.value,
        choices=tuple(shortage.value for shortage in Shortage),
    ),
    Column("supplier", "who it is bought from", Kind.TEXT, default=""),
)


def products_table(network: Network) -> Table:
    """The products' table for a chain: one lead time per stage."""
    lead_times = tuple(
        Column(
            f"lead_time_{number}",
            f"days from shipping to {stage.name} to receipt there",
            Kind.WHOLE,
            unit="day",
            default=float(stage.lead_time),
            default_words="the stage's",
            high=LONGEST_LEAD_TIME,
            aliases=(f"lead_time_{slug(stage.name)}",) if slug(stage.name) else (),
        )
        for number, stage in enumerate(network.stages)
    )
    return Table(
        "products",
        "one product",
        (*_PRODUCT_COLUMNS, *lead_times),
        key=("unique_id",),
        absent="every product is taken to have missed_sale_cost 100 and holding_cost 1, and the "
        "default of every other column",
        ordered=(("minimum_order", "maximum_order"),),
    )


STOCK = Table(
    "stock",
    "one product at one stage at the start of the first day",
    (
        Column("unique_id", "the product", Kind.TEXT, required=True),
        Column(
            "stage", "name of the stage, or its number (0 is the shelf)", Kind.TEXT, required=True
        ),
        Column("on_hand", "units there", unit="unit", required=True),
        Column(
            "backorders", "units owed to waiting customers, stages summed", unit="unit", default=0.0
        ),
    ),
    key=("unique_id", "stage"),
    absent="every stage is taken as empty",
)

OPEN_ORDERS = Table(
    "open_orders",
    "one shipment under way; several may share product, stage and day",
    (
        Column("unique_id", "the product", Kind.TEXT, required=True),
        Column("stage", "where it will arrive: name or number", Kind.TEXT, required=True),
        Column("arrival", "the day it arrives, written 2027-01-31", Kind.DATE, required=True),
        Column("quantity", "units under way", unit="unit", required=True),
    ),
    key=(),
    absent="nothing is taken to be under way",
)


LOCKS = Table(
    "locks",
    "one order line that a person has fixed",
    (
        Column("unique_id", "the product", Kind.TEXT, required=True),
        Column("stage", "which orders: name or number", Kind.TEXT, required=True),
        Column("ds", "the day of ordering, written 2027-01-31", Kind.DATE, required=True),
        Column("quantity", "units ordered; 0 forbids an order", unit="unit", required=True),
    ),
    key=("unique_id", "stage", "ds"),
    absent="no order line is fixed",
    may_be_empty=True,
)

SUPPLIERS = Table(
    "suppliers",
    "one supplier of the source",
    (
        Column("supplier", "its name, as in products.csv", Kind.TEXT, required=True),
        Column(
            "minimum_order",
            "least purchase value of all its products together on a day with an order",
            unit="money/order",
            default=0.0,
        ),
        Column(
            "order_cost",
            "cost of a day with an order, however many products it is for",
            unit="money/order",
            default=0.0,
        ),
        Column(
            "order_days",
            "when it takes orders, written Mon Thu",
            Kind.TEXT,
            default="",
            default_words="every day",
            weekdays=True,
        ),
    ),
    key=("supplier",),
    absent="no supplier has terms of its own",
    may_be_empty=True,
)

SALES = Table(
    "sales",
    "one product on one day of the past",
    (
        Column("unique_id", "the product", Kind.TEXT, required=True),
        Column("ds", "the day, written 2027-01-31", Kind.DATE, required=True),
        Column("y", "units sold", unit="unit/day", required=True),
        Column(
            "price",
            "price that day",
            unit="money/unit",
            default=np.nan,
            default_words="unknown",
        ),
        Column(
            "on_sale",
            "1 where the product was on offer, 0 where it was not",
            Kind.WHOLE,
            unit="1",
            default=1.0,
            default_words="1 from its first sale on",
            high=1.0,
        ),
        Column(
            "open",
            "1 where the business traded, 0 on closed days",
            Kind.WHOLE,
            unit="1",
            default=1.0,
            default_words="1 where anything was sold, or the weekday usually sells",
            high=1.0,
        ),
        Column(
            "stock",
            "units on the shelf at the end of the day; 0 marks sales cut short",
            unit="unit",
            default=np.nan,
            default_words="unknown; stock-outs are guessed from sales",
        ),
        Column(
            "promotion",
            "1 where the product was promoted; days to come may be given with y left blank",
            Kind.WHOLE,
            unit="1",
            default=0.0,
            high=1.0,
        ),
    ),
    key=("unique_id", "ds"),
    absent="no history is known",
    repeated="keep one of them; planner init --sales FILE --add-up sums a list of single sales",
)
"""Read by commands that learn from the past; a plan does not need it."""


def all_tables(network: Network | None = None) -> tuple[Table, ...]:
    """Every table, in the order of the documentation."""
    products = products_table(network or default_network())
    return (FORECAST, products, STOCK, OPEN_ORDERS, LOCKS, SUPPLIERS)
