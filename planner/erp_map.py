"""How another system wants its orders: a TOML file that maps our columns to theirs.

    format = "csv"
    delimiter = ";"
    [[column]]
    name = "MATNR"
    from = "unique_id"
    [[column]]
    name = "MENGE"
    from = "quantity"
    decimals = 0

docs/erp.toml has every key.
"""

from __future__ import annotations

import codecs
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from data.lookup import nearest
from planner.toml_file import read_toml

ORDER_WORDS = ("unique_id", "stage", "supplier", "reason", "binding")
ORDER_DATES = ("order_date", "arrival_date")
ORDER_NUMBERS = ("quantity", "space_price", "position", "order_up_to", "forecast", "days")
PRODUCT_WORDS = ("name", "category")
PRODUCT_NUMBERS = ("unit_cost", "volume", "lot_size", "minimum_order")
MADE_WORDS = ("vendor", "run")
MADE_NUMBERS = ("cases", "amount", "line", "order")
WORDS = frozenset((*ORDER_WORDS, *PRODUCT_WORDS, *MADE_WORDS))
DATES = frozenset(ORDER_DATES)
NUMBERS = frozenset((*ORDER_NUMBERS, *PRODUCT_NUMBERS, *MADE_NUMBERS))
FIELDS = {
    "unique_id": "the product",
    "stage": "who orders",
    "supplier": "the place that ships: the next stage up, or the source",
    "vendor": "the product's supplier as in the table of products; else the place that ships",
    "order_date": "when it is ordered",
    "arrival_date": "when it can be used",
    "quantity": "how much [unit]",
    "cases": "quantity / units per case",
    "amount": "quantity × unit cost [money]; empty where the cost is unknown",
    "line": "number of the line in the file, from 1",
    "order": "number of the group that the line is in, from 1",
    "run": "name of the run folder",
    "reason": "why so much, in numbers",
    "binding": "what kept it from being more",
    "space_price": "what a unit of space costs that day [money/volume/day]",
    "position": "inventory position of the echelon before the order [unit]",
    "order_up_to": "forecast + safety stock [unit]",
    "forecast": "demand over these days [unit]",
    "days": "how long the order is the last to help [day]",
    "name": "of the product",
    "category": "of the product",
    "unit_cost": "[money/unit]",
    "volume": "[volume/unit]",
    "lot_size": "[unit]",
    "minimum_order": "[unit]",
}
"""What a column can be made from."""
GROUPS = ("vendor", "supplier", "stage", "order_date")
ROUNDINGS = ("up", "down", "nearest", "exact")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ErpColumn(_Part):
    """One column of theirs.

    Attributes:
        name: what they call it.
        of: what it is made from, one of `FIELDS`; or a constant.
        constant: the same on every line.
        decimals: digits after the decimal sign; as many as there are if not given.
        rounding: up, down, to the nearest, or exact, which refuses what would be rounded.
        sign: -1 for systems that count what goes out as negative.
    """

    name: Annotated[str, Field(min_length=1)]
    of: str | None = Field(None, alias="from")
    constant: str | int | float | None = None
    decimals: Annotated[int, Field(ge=0, le=9)] | None = None
    rounding: Literal["up", "down", "nearest", "exact"] = "nearest"
    sign: Literal[1, -1] = 1

    @field_validator("of")
    @classmethod
    def _is_known(cls, of: str | None) -> str | None:
        if of is not None and of not in FIELDS:
            near = nearest(of, list(FIELDS))
            hint = f"; did you mean {near[0]!r}?" if near else ";"
            raise ValueError(f"is {of!r}{hint} expected one of {', '.join(FIELDS)}")
        return of

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if (self.of is None) == (self.constant is None):
            raise ValueError(f"column {self.name!r} needs from or constant, one of them")
        if self.of not in NUMBERS and (self.decimals is not None or self.sign < 0):
            raise ValueError(f"column {self.name!r} is no number; leave out decimals and sign")
        return self


class ErpMap(_Part):
    """How the order file is to look.

    Attributes:
        format: csv, xlsx or jsonl (a JSON object per line).
        delimiter, decimal, encoding, header, line_end: of a CSV file.
        date_format: as Python's strftime has it.
        stages: whose orders; those of all if not given.
        days: only orders of so many days from the first; all if not given.
        group_by: lines that belong together stand together and are numbered as one order.
        split: a file of its own for every group.
        units_per_case: a number, or lot_size for each product's own.
        columns: in their order.
    """

    format: Literal["csv", "xlsx", "jsonl"] = "csv"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    encoding: str = "utf-8"
    header: bool = True
    line_end: Literal["lf", "crlf"] = "lf"
    date_format: str = "%Y-%m-%d"
    stages: tuple[str, ...] = ()
    days: Annotated[int, Field(ge=1)] | None = None
    group_by: Literal["vendor", "supplier", "stage", "order_date"] | None = None
    split: bool = False
    units_per_case: Annotated[float, Field(gt=0)] | Literal["lot_size"] | None = None
    columns: Annotated[tuple[ErpColumn, ...], Field(min_length=1, alias="column")]

    @field_validator("encoding")
    @classmethod
    def _is_an_encoding(cls, encoding: str) -> str:
        try:
            return codecs.lookup(encoding).name
        except LookupError as error:
            raise ValueError(f"is {encoding!r}, expected one as utf-8 or cp1252") from error

    @field_validator("date_format")
    @classmethod
    def _says_the_day(cls, form: str) -> str:
        days = {date(2027, month, number).strftime(form) for month in (1, 2) for number in (3, 4)}
        if len(days) < 4:
            raise ValueError(f"is {form!r}, which does not tell days apart; expected %d.%m.%Y")
        return form

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two columns are called {twice[0]!r}; give each its own name")
        if self.format == "csv" and self.delimiter == self.decimal:
            raise ValueError(f"delimiter and decimal are both {self.decimal!r}; change one")
        if self.split and self.group_by is None:
            raise ValueError('split needs group_by, for instance group_by = "vendor"')
        if self.units_per_case is None and any(column.of == "cases" for column in self.columns):
            raise ValueError("a column is made from cases; give units_per_case")
        return self


def read_map(path: Path) -> ErpMap:
    """The map in a TOML file.

    Raises:
        ConfigurationError: it cannot be used; all that is wrong is named.
    """
    return read_toml(path, ErpMap)
