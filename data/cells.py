"""Cells to numbers, days and names, with every cell that is none of these reported.

A cell that was refused gets a harmless stand-in and its row is marked bad, so that one pass finds
everything else that is wrong as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from data.days import EARLIEST, LATEST, days_of
from data.errors import DataError
from data.format import Format
from data.issues import Issue, Issues, Severity
from data.numbers import Decimals, decimals_of, numbers
from data.reading import RawTable
from data.schema import Kind, Table

_PLAIN = Format()


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

    def ids(self, records: np.ndarray | slice = slice(None)) -> np.ndarray:
        """unique_id of some records (indices or a mask); empty text where there is none."""
        if "unique_id" not in self.frame:
            return np.full(len(self.rows[records]), "", dtype=object)
        return words_of(self.frame["unique_id"].iloc[records])

    def only(self, keep: np.ndarray) -> Typed:
        """The records where `keep` is True."""
        frame = self.frame.loc[keep].reset_index(drop=True)
        return Typed(self.file, frame, self.rows[keep], self.bad[keep])


def words_of(column: pd.Series) -> np.ndarray:
    """A column of categories as plain text (N,); empty text where it is blank."""
    words = np.append(column.cat.categories.to_numpy(dtype=object), "")
    return words[column.cat.codes.to_numpy()]


def typed(
    raw: RawTable,
    table: Table,
    headers: Mapping[str, str],
    issues: Issues,
    written: Format = _PLAIN,
) -> Typed:
    """The columns of `table` found under `headers`, typed; refused cells are marked bad.

    Records that are blank all over are left out.

    Raises:
        DataError: a Parquet column is of a type that holds neither text nor numbers, or days can
            be read in two ways.
    """
    decimals = _decimals(raw, table, headers, written)
    if decimals.mended:
        issues.add(Issue(Severity.MENDED, raw.file, decimals.mended))
    columns: dict[str, pd.Categorical | np.ndarray] = {}
    refused: dict[str, np.ndarray] = {}
    for name, header in headers.items():
        column = table[name]
        if column.kind is Kind.TEXT:
            columns[name] = _categories(raw, header, lower=bool(column.choices))
        elif column.kind is Kind.DATE:
            columns[name], refused[name] = _days(raw, (name, header), written, issues)
        else:
            columns[name], refused[name] = _numbers(raw, header, decimals)
            columns[name][refused[name]] = column.stand_in
    bad = np.any([np.zeros(len(raw), dtype=bool), *refused.values()], axis=0)
    found = Typed(raw.file, pd.DataFrame(columns), raw.rows, bad)
    for name, cells in refused.items():
        remedy = decimals.remedy if table[name].numeric else _DAY_REMEDY
        place = (name, headers[name], remedy)
        _report_refused(raw, found, place, np.flatnonzero(cells), issues)
    blank = found.frame.isna().all(axis=1).to_numpy()
    return found.only(~blank) if blank.any() else found


def checked(found: Typed, table: Table, issues: Issues) -> Typed:
    """The same records, those that break a rule of `table` marked bad and reported."""
    bad = found.bad.copy()
    for failure in table.failures(found.frame):
        name, records = failure.column, failure.records
        if name and table[name].kind is Kind.DATE:
            records = records[~found.bad[records]]
        values = found.frame[name].iloc[records] if name else None
        issues.add_all(
            Issue(Severity.ERROR, found.file, failure.rule, failure.remedy, name),
            rows=found.rows[records],
            products=found.ids(records),
            values=None if values is None else [_written(value) for value in values],
        )
        bad[records] = True
    return Typed(found.file, found.frame, found.rows, bad)


_DAY_REMEDY = "write it as 2027-01-31, without a time of day"


def _report_refused(
    raw: RawTable,
    found: Typed,
    place: tuple[str, str, str],
    records: np.ndarray,
    issues: Issues,
) -> None:
    name, header, remedy = place
    rule = "is not a day" if remedy is _DAY_REMEDY else "is not a finite number"
    issues.add_all(
        Issue(Severity.ERROR, raw.file, rule, remedy, name),
        rows=raw.rows[records],
        products=found.ids(records),
        values=_as_written(raw.columns[header].take(records)),
    )


def _as_written(cells: pa.ChunkedArray) -> list[str]:
    try:
        return [str(cell) for cell in cells.to_pylist()]
    except (OverflowError, ValueError):
        # Moments beyond year 9999, which Python does not know.
        return [str(cell) for cell in cells.cast(pa.int64()).to_pylist()]


def _written(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.15g}"
    return "" if value is None or value is pd.NaT else str(value)


def _text(raw: RawTable, header: str) -> pa.Array:
    """A column as trimmed text (N,), blanks as empty text."""
    cells = raw.columns[header].combine_chunks()
    try:
        if pa.types.is_duration(cells.type) or pa.types.is_time(cells.type):
            raise pa.ArrowTypeError("a length of time")
        if pa.types.is_dictionary(cells.type):
            cells = cells.dictionary_decode()
        if pa.types.is_floating(cells.type):
            cells = _without_fractions(cells)
        words = cells.cast(pa.large_string())
    except pa.ArrowException as error:
        raise DataError(
            f"column {header!r} is of type {cells.type}, expected text, numbers or days"
        ) from error
    return pc.utf8_trim_whitespace(pc.fill_null(words, ""))


def _without_fractions(cells: pa.Array) -> pa.Array:
    """Whole numbers that a missing value has turned into floats (1001.0), as integers again."""
    cells = cells.cast(pa.float64())
    present = pc.is_finite(cells)
    whole = pc.fill_null(pc.equal(pc.floor(cells), cells), True)
    if pc.all(pc.or_(pc.invert(pc.fill_null(present, False)), whole)).as_py() is False:
        return cells
    return pc.if_else(pc.fill_null(present, False), cells, None).cast(pa.int64(), safe=False)


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


def _decimals(raw: RawTable, table: Table, headers: Mapping[str, str], written: Format) -> Decimals:
    texts = (
        _text(raw, header)
        for name, header in headers.items()
        if table[name].numeric and not _is_number(raw.columns[header].type)
    )
    return decimals_of(texts, written.decimal)


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _numbers(raw: RawTable, header: str, decimals: Decimals) -> tuple[np.ndarray, np.ndarray]:
    """A column as float64 (N,), NaN where blank, and where it holds something else (N,)."""
    kind = raw.columns[header].type
    if pa.types.is_boolean(kind):
        cells = raw.columns[header].cast(pa.int8()).cast(pa.float64())
        return np.array(cells.to_numpy(), dtype=np.float64), np.zeros(len(raw), dtype=bool)
    if _is_number(kind):
        cells = raw.columns[header].cast(pa.float64(), safe=False)
        values = np.array(cells.to_numpy(), dtype=np.float64)
        return values, np.isinf(values)
    return numbers(_text(raw, header), decimals.comma)


def _days(
    raw: RawTable, column: tuple[str, str], written: Format, issues: Issues
) -> tuple[np.ndarray, np.ndarray]:
    """A column as datetime64[s] (N,), NaT where blank, and where it holds something else (N,)."""
    name, header = column
    kind = raw.columns[header].type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        cells = raw.columns[header]
        if pa.types.is_timestamp(kind) and kind.tz is not None:
            cells = pc.local_timestamp(cells)
        moments = cells.cast(pa.timestamp("us"), safe=False).to_numpy()
        days = moments.astype("datetime64[D]")
        slips = (days != moments) | (days < EARLIEST) | (days > LATEST)
        refused = ~np.isnat(moments) & slips
        days[refused] = np.datetime64("NaT")
        return days.astype("datetime64[s]"), refused
    encoded = _text(raw, header).dictionary_encode()
    words = encoded.dictionary.to_pylist()
    found = days_of(words, written.dates)
    if found.mended:
        issues.add(Issue(Severity.MENDED, raw.file, found.mended, column=name))
    known = found.days.astype("datetime64[s]")
    missing = np.isnat(known) & np.array([bool(word) for word in words], dtype=bool)
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    return known[codes], missing[codes]
