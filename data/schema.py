"""What a table is: its columns with their limits and stated defaults, and what breaks them.

The readers validate by these definitions, through pandera.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import pandas as pd
import pandera.pandas as pa

from data.weekdays import WEEKDAYS, open_days_in

LARGEST = 1e9
"""The largest number any column may hold, in the column's own unit."""


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
        weekdays: True if a cell names days of the week.
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
    weekdays: bool = False
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
        if self.weekdays:
            return f"any of {', '.join(WEEKDAYS)}"
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
        if self.weekdays:
            checks.append(pa.Check(_names_weekdays, error="names something that is no weekday"))
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
        may_be_empty: whether a header without rows will do.
        ordered: pairs of columns of which the first may not exceed the second.
        repeated: what to do about rows with the same key.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    absent: str = ""
    may_be_empty: bool = False
    ordered: tuple[tuple[str, str], ...] = ()
    repeated: str = "keep one of them"

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
            return [Failure("", rule, self.repeated, records[complete])]
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


def _names_weekdays(values: pd.Series) -> pd.Series:
    named = [open_days_in(str(text)) is not None for text in values]
    return pd.Series(named, values.index, dtype=bool) | values.isna()
