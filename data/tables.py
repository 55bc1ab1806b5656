"""The tables a planner gives: their columns, limits and stated defaults, each written here once.

The readers validate by these definitions (through pandera), and `docs/tables.md` is made from them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

import numpy as np
import pandas as pd
import pandera.pandas as pa

from data.network import Network, default_network
from data.product import Shortage

LARGEST = 1e9
"""The largest number any column may hold, in the column's own unit."""
LONGEST_LEAD_TIME = 365
"""[day]"""


class Kind(Enum):
    """What the cells of a column hold."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole number"
    DATE = "date"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: as it is written in the header.
        meaning: what it holds, in a few words.
        kind: of its cells.
        unit: of its numbers; empty for text and dates.
        required: whether the table is useless without it.
        default: what stands in for a blank cell or an absent column; for a required column, what
            stands in where the whole table is absent (None if it cannot be).
        default_words: the default in words, where its value does not speak for itself.
        low: smallest number allowed.
        above: True if `low` itself is not allowed.
        high: largest number allowed.
        choices: the only words allowed; empty for any text.
        aliases: other names under which it is found.
    """

    name: str
    meaning: str
    kind: Kind = Kind.NUMBER
    unit: str = ""
    required: bool = False
    default: float | str | None = None
    default_words: str = ""
    low: float = 0.0
    above: bool = False
    high: float = LARGEST
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def numeric(self) -> bool:
        """True if its cells are numbers."""
        return self.kind in (Kind.NUMBER, Kind.WHOLE)

    @property
    def allowed(self) -> str:
        """Its range in words: 'above 0', '0 to 365', 'lost or backorder'; empty for any text."""
        if self.choices:
            return " or ".join(self.choices)
        if not self.numeric:
            return ""
        if self.high == LARGEST:
            return f"above {self.low:g}" if self.above else f"{self.low:g} or more"
        return f"{self.low:g} to {self.high:g}"

    @property
    def default_text(self) -> str:
        """Its default in words, with the unit."""
        if self.default_words:
            return self.default_words
        if isinstance(self.default, float):
            unit = "" if self.unit == "1" else f" {self.unit}"
            return f"{self.default:g}{unit}"
        return str(self.default or "empty")

    @property
    def stand_in(self) -> float:
        """A number within the limits, for cells whose own content was refused already."""
        return 1.0 if self.above else 0.0

    def schema(self) -> pa.Column:
        """The column as pandera checks it; the errors are ends of sentences."""
        checks = []
        if self.kind is Kind.WHOLE:
            checks.append(pa.Check(_whole, error="is not a whole number"))
        if self.numeric:
            low = pa.Check.gt(self.low, error=f"is not above {self.low:g}")
            if not self.above:
                low = pa.Check.ge(self.low, error=f"is below {self.low:g}")
            checks += [low, pa.Check.le(self.high, error=f"is above {self.high:,.10g}")]
        if self.choices:
            checks.append(pa.Check.isin(self.choices, error=f"is not {self.allowed}"))
        dtype = "float64" if self.numeric else None
        return pa.Column(dtype, checks, nullable=not self.required, required=self.required)


@dataclass(frozen=True)
class Failure:
    """Records that break one rule.

    Attributes:
        column: in which; empty where whole records are concerned.
        rule: what is wrong, as the end of a sentence that begins with the column.
        remedy: what to do about it.
        records: their positions (N,).
    """

    column: str
    rule: str
    remedy: str
    records: np.ndarray


@dataclass(frozen=True)
class Table:
    """One table: a file, or two of the same name.

    Attributes:
        name: of the file, without its suffix.
        meaning: what one row of it is.
        columns: in the order of the documentation, required ones first.
        key: columns that together occur once; empty where rows may repeat.
        absent: what is assumed if there is no such file; empty where there must be one.
        ordered: pairs of columns of which the first may not exceed the second.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    absent: str = ""
    ordered: tuple[tuple[str, str], ...] = ()

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns without which the table is useless."""
        return tuple(column.name for column in self.columns if column.required)

    def failures(self, frame: pd.DataFrame) -> list[Failure]:
        """What is wrong in a typed frame, rule by rule."""
        schema = pa.DataFrameSchema(
            {column.name: column.schema() for column in self.columns if column.name in frame},
            unique=list(self.key) or None,
            report_duplicates="exclude_first",
        )
        found: list[Failure] = []
        try:
            schema.validate(frame, lazy=True)
        except pa.errors.SchemaErrors as error:
            cases = error.failure_cases.groupby(["column", "check"], sort=False)["index"]
            for (column, check), records in cases:
                found += self._failure(frame, column, check, records.to_numpy(dtype=np.int64))
        for small, large in self.ordered:
            if small in frame and large in frame:
                wrong = np.flatnonzero(frame[small] > frame[large])
                found.append(Failure(small, f"is above {large}", "lower it", wrong))
        return found

    def _failure(
        self, frame: pd.DataFrame, name: str, check: str, records: np.ndarray
    ) -> list[Failure]:
        """One kind of pandera's failure cases in our words."""
        if check == _REPEATED:
            if name != self.key[0]:
                return []
            complete = frame[list(self.key)].iloc[records].notna().all(axis=1).to_numpy()
            rule = f"a row has the same {' and '.join(self.key)} as an earlier one"
            return [Failure("", rule, "keep one of them", records[complete])]
        allowed = self[name].allowed
        remedy = f"expected {allowed}" if allowed else "fill it in"
        if check.startswith("is above") and self[name].high == LARGEST:
            remedy = "check its unit"
        rule = "is blank or NaN" if check == "not_nullable" else check
        return [Failure(name, rule, remedy, records)]


_REPEATED = "multiple_fields_uniqueness"
"""What pandera calls records with equal keys; it lists one case per column of the key."""


def _whole(values: pd.Series) -> pd.Series:
    return values == np.floor(values)


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
    Column("lot_size", "orders are multiples of it; 0 allows fractions", unit="unit", default=1.0),
    Column("minimum_order", "smallest order, if one is placed", unit="unit", default=0.0),
    Column(
        "maximum_order",
        "largest shipment to any stage in one day",
        unit="unit/day",
        default=np.inf,
        default_words="no limit",
    ),
    Column("order_cost", "cost of placing one order", unit="money/order", default=0.0),
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
    Column("supplier", "who is ordered from", Kind.TEXT, default=""),
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


def all_tables(network: Network | None = None) -> tuple[Table, ...]:
    """Every table, in the order of the documentation."""
    return (FORECAST, products_table(network or default_network()), STOCK, OPEN_ORDERS)
