"""Cells to numbers, days and names, with every cell that is none of these reported.

A cell that was refused gets a harmless stand-in and its row is marked bad, so that one pass finds
everything else that is wrong as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from data.errors import DataError
from data.issues import Issue, Issues, Severity
from data.reading import RawTable
from data.tables import Column, Kind, Table

_BLANKS = pa.array(["", "na", "n/a", "#n/a", "nan", "null", "none"])
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?)?")


@dataclass(frozen=True)
class Typed:
    """A table with typed columns: text as categories, days as datetime64, the rest as float64.

    Attributes:
        file: where it came from.
        frame: the columns, under our names.
        rows: row of the file per record (N,).
        bad: True where something in the record was refused (N,).
    """

    file: str
    frame: pd.DataFrame
    rows: np.ndarray
    bad: np.ndarray

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def products(self) -> np.ndarray:
        """unique_id per record (N,); empty text where it is blank."""
        return words_of(self.frame["unique_id"])

    def only(self, keep: np.ndarray) -> Typed:
        """The records where `keep` is True."""
        frame = self.frame.loc[keep].reset_index(drop=True)
        return Typed(self.file, frame, self.rows[keep], self.bad[keep])


def words_of(column: pd.Series) -> np.ndarray:
    """A column of categories as plain text (N,); empty text where it is blank."""
    words = np.append(column.cat.categories.to_numpy(dtype=object), "")
    return words[column.cat.codes.to_numpy()]


def typed(
    raw: RawTable, table: Table, headers: Mapping[str, str], issues: Issues
) -> Typed:
    """The columns of `table` found under `headers`, typed; refused cells are marked bad.

    Raises:
        DataError: a Parquet column is of a type that holds neither text nor numbers.
    """
    decimal_comma = _has_decimal_commas(raw, table, headers)
    if decimal_comma:
        issues.add(
            Issue(Severity.MENDED, raw.file, "the file has decimal commas; they were read as points")
        )
    products = words_of(pd.Series(_categories(raw, headers["unique_id"])))
    bad = np.zeros(len(raw), dtype=bool)
    columns: dict[str, pd.Categorical | np.ndarray] = {}
    for name, header in headers.items():
        column = table[name]
        if column.kind is Kind.TEXT:
            columns[name] = _categories(raw, header, lower=bool(column.choices))
            continue
        if column.kind is Kind.DATE:
            values, refused = _days(raw, header)
            rule, remedy = "is not a day", "write it as 2027-01-31, without a time of day"
        else:
            values, refused = _numbers(raw, header, decimal_comma)
            values[refused] = column.stand_in
            rule = "is not a finite number"
            remedy = "write digits and a decimal point, no units and no thousands separators"
        found = np.flatnonzero(refused)
        issues.add_all(
            Issue(Severity.ERROR, raw.file, rule, remedy, name),
            rows=raw.rows[found],
            products=products[found],
            values=[str(cell) for cell in raw.columns[header].take(found).to_pylist()],
        )
        bad |= refused
        columns[name] = values
    found_table = Typed(raw.file, pd.DataFrame(columns), raw.rows, bad)
    empty = found_table.frame.isna().all(axis=1).to_numpy()
    return found_table.only(~empty) if empty.any() else found_table


def checked(found: Typed, table: Table, issues: Issues) -> Typed:
    """The same records, those that break a rule of `table` marked bad and reported."""
    bad = found.bad.copy()
    products = found.products
    for name, rule, positions in table.failures(found.frame):
        values = found.frame[name].iloc[positions] if name else None
        issues.add_all(
            Issue(Severity.ERROR, found.file, rule, _remedy(table, name), name),
            rows=found.rows[positions],
            products=products[positions],
            values=None if values is None else [_written(value) for value in values],
        )
        bad[positions] = True
    return Typed(found.file, found.frame, found.rows, bad)


def _remedy(table: Table, name: str) -> str:
    if not name:
        return "keep one of them"
    allowed = table[name].allowed
    return f"expected {allowed}" if allowed else "fill it in"


def _written(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.15g}"
    return "" if value is None or value is pd.NaT else str(value)


def _text(raw: RawTable, header: str) -> pa.Array:
    """A column as trimmed text (N,), blanks as empty text."""
    cells = raw.columns[header].combine_chunks()
    kind = cells.type
    if pa.types.is_dictionary(kind):
        cells = cells.dictionary_decode()
        kind = cells.type
    if pa.types.is_floating(kind) and pc.all(pc.equal(pc.floor(cells), cells)).as_py():
        cells = cells.cast(pa.int64(), safe=False)
    try:
        words = cells.cast(pa.large_string())
    except pa.ArrowException as error:
        raise DataError(
            f"column {header!r} is of type {kind}, expected text, numbers or days"
        ) from error
    return pc.utf8_trim_whitespace(pc.fill_null(words, ""))


def _categories(raw: RawTable, header: str, lower: bool = False) -> pd.Categorical:
    words = _text(raw, header)
    if lower:
        words = pc.utf8_lower(words)
    encoded = words.dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False).copy()
    names = encoded.dictionary.to_pylist()
    if "" in names:
        blank = names.index("")
        codes = np.where(codes == blank, -1, codes - (codes > blank))
        del names[blank]
    return pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype=object))


def _numbers(raw: RawTable, header: str, decimal_comma: bool) -> tuple[np.ndarray, np.ndarray]:
    """A column as float64 (N,), NaN where blank, and where it holds something else (N,)."""
    kind = raw.columns[header].type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        cells = raw.columns[header].cast(pa.float64(), safe=False)
        values = np.array(cells.to_numpy(), dtype=np.float64)
        return values, np.isinf(values)
    words = _text(raw, header)
    if decimal_comma:
        words = pc.replace_substring(words, ",", ".")
    try:
        values = words.cast(pa.float64()).to_numpy().copy()
        return values, np.isinf(values)
    except pa.ArrowException:
        blank = pc.is_in(pc.utf8_lower(words), _BLANKS.cast(words.type))
        values = pd.to_numeric(words.to_numpy(zero_copy_only=False), errors="coerce")
        values = np.array(values, dtype=np.float64)
        blank = blank.to_numpy(zero_copy_only=False)
        values[blank] = np.nan
        return values, ~blank & ~np.isfinite(values)


def _days(raw: RawTable, header: str) -> tuple[np.ndarray, np.ndarray]:
    """A column as datetime64[D] (N,), NaT where blank, and where it holds something else (N,)."""
    kind = raw.columns[header].type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        cells = raw.columns[header]
        if pa.types.is_timestamp(kind) and kind.tz is not None:
            cells = pc.local_timestamp(cells)
        moments = cells.cast(pa.timestamp("us"), safe=False).to_numpy()
        days = moments.astype("datetime64[D]")
        return days.astype("datetime64[s]"), ~np.isnat(moments) & (days != moments)
    encoded = _text(raw, header).dictionary_encode()
    words = encoded.dictionary.to_pylist()
    known = np.array([_day(word) for word in words], dtype="datetime64[s]")
    refused = np.isnat(known) & np.array([bool(word) for word in words], dtype=bool)
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    return known[codes], refused[codes]


def _day(word: str) -> np.datetime64:
    match = _DAY.fullmatch(word)
    try:
        return np.datetime64(match[1], "s") if match else np.datetime64("NaT")
    except ValueError:
        return np.datetime64("NaT")


def _has_decimal_commas(raw: RawTable, table: Table, headers: Mapping[str, str]) -> bool:
    """True where commas can only be decimal signs: another delimiter, and no point anywhere."""
    if raw.delimiter not in (";", "\t"):
        return False
    numbers = [_text(raw, header) for name, header in headers.items() if table[name].numeric]
    comma = r"^[+-]?\d+,\d+$"
    return any(pc.any(pc.match_substring_regex(words, comma)).as_py() for words in numbers) and not any(
        pc.any(pc.match_substring(words, ".")).as_py() for words in numbers
    )
