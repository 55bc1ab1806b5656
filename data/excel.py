"""Excel workbooks to columns: which sheet, and what its cells hold.

A workbook is a zip archive, and a small one can unpack to more than a machine holds, or place one
cell so far out that the grid up to it does. Both are measured before anything is read.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from data.errors import DataError

LARGEST_UNPACKED = 2**30
"""Bytes that a workbook may unpack to."""
MOST_CELLS = 60_000_000
"""Cells of the grid from the first to the last one used."""
_CHUNK = 2**22
_PLACE = re.compile(rb"""<(?:\w+:)?c\b[^>]*?\br=["']([A-Za-z]{1,7})(\d{1,9})["']""")
_PARTS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
"""What the archive of an .xlsx, .xlsb or .ods holds."""
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    ValueError,
    OSError,
    EOFError,
    NotImplementedError,
)
"""What an archive that is not whole, or packed in a way nobody packs, raises."""
_SAVE = "save the sheet as CSV or Parquet"


@dataclass(frozen=True)
class Sheet:
    """The cells of one sheet.

    Attributes:
        headers: names of the columns.
        columns: numbers, moments or text.
        rows: of the sheet per record (N,); the first row is 1.
        said: which sheet was read, where others could have been; empty where none could.
    """

    headers: tuple[str, ...]
    columns: tuple[pa.ChunkedArray, ...]
    rows: np.ndarray
    said: str = ""


def is_workbook(contents: bytes) -> bool:
    """True for a zip archive that holds what a workbook holds."""
    if contents[:4] != b"PK\x03\x04":
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(contents)) as archive:
            names = set(archive.namelist())
    except _DAMAGE as error:
        raise DataError(f"the workbook is damaged ({error}); save it again") from error
    return not names.isdisjoint(_PARTS)


def sheet_of(contents: bytes, wanted: str) -> Sheet:
    """The sheet named `wanted`, else the first one with cells.

    Raises:
        DataError: the workbook is damaged, too large, has a password or no cells.
    """
    # Imported here so that those who give no workbook do not load it.
    from python_calamine import CalamineError, CalamineWorkbook

    _measure(contents)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(contents)) as workbook:
            names = list(workbook.sheet_names)
            if not names:
                raise DataError(f"the workbook has no sheet; {_SAVE}")
            chosen = next((name for name in names if _same(name, wanted)), names[0])
            sheet = workbook.get_sheet_by_name(chosen)
            if sheet.start is None:
                raise DataError(f"sheet {chosen!r} is empty; expected a header and rows")
            first, cells = sheet.start[0], sheet.to_python(skip_empty_area=True)
    except (CalamineError, OSError, ValueError) as error:
        raise DataError(f"the workbook cannot be read ({error}); {_SAVE}") from error
    said = ""
    if len(names) > 1 and not _same(chosen, wanted):
        others = ", ".join(repr(name) for name in names if name != chosen)
        said = f"sheet {chosen!r} was read, the first; {others} were not (name one {wanted!r})"
    return _columns(cells, first, said)


def sheet_names(contents: bytes) -> tuple[str, ...]:
    """The names of a workbook's sheets.

    Raises:
        DataError: as `sheet_of`.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    _measure(contents)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(contents)) as workbook:
            return tuple(workbook.sheet_names)
    except (CalamineError, OSError, ValueError) as error:
        raise DataError(f"the workbook cannot be read ({error}); {_SAVE}") from error


def _same(name: str, wanted: str) -> bool:
    return name.strip().casefold().replace(" ", "_") == wanted


def _measure(contents: bytes) -> None:
    """Refuses an archive that unpacks to too much, is damaged, or spans too large a grid."""
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(contents)) as archive:
            for part in archive.infolist():
                widest = longest = 0
                tail = b""
                with archive.open(part) as stream:
                    while chunk := stream.read(_CHUNK):
                        total += len(chunk)
                        if total > LARGEST_UNPACKED:
                            raise DataError(
                                f"the workbook unpacks to more than {LARGEST_UNPACKED // 2**20:,} "
                                f"MiB; {_SAVE}"
                            )
                        if "sheet" in part.filename:
                            wide, long = _extent(tail + chunk)
                            widest, longest = max(widest, wide), max(longest, long)
                            tail = chunk[-128:]
                if widest * longest > MOST_CELLS:
                    raise DataError(
                        f"{part.filename} spans {longest:,} rows x {widest:,} columns, more than "
                        f"{MOST_CELLS:,} cells; clear stray cells far from the table, or {_SAVE}"
                    )
    except _DAMAGE as error:
        raise DataError(f"the workbook is damaged ({error}); save it again") from error
    except RuntimeError as error:
        raise DataError(f"the workbook has a password ({error}); save it without one") from error


def _extent(text: bytes) -> tuple[int, int]:
    """The last column and row of the cells in a piece of a sheet's XML."""
    places = _PLACE.findall(text)
    if not places:
        return 0, 0
    letters = {column.upper() for column, _ in places}
    return max(map(_number, letters)), max(int(row) for _, row in places)


def _number(letters: bytes) -> int:
    """The number of a column by its letters: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number


def _columns(cells: list[list[Any]], first: int, said: str) -> Sheet:
    """Columns from rows of cells, the first of which is the header."""
    header = [_word(cell).strip() for cell in cells[0]]
    kept = [number for number, name in enumerate(header) if name]
    columns = zip(*cells[1:], strict=True) if len(cells) > 1 else ([] for _ in header)
    typed = [_column(column) for column in columns]
    rows = np.arange(len(cells) - 1) + first + 2
    return Sheet(
        tuple(header[number] for number in kept),
        tuple(typed[number] for number in kept),
        rows,
        said,
    )


def _column(cells: Sequence[Any]) -> pa.ChunkedArray:
    """Cells of one kind as numbers or moments, of several as text; blank ones as null."""
    kinds = {type(cell) for cell in cells if cell != ""}
    if kinds and kinds <= {int, float}:
        column = pa.array([None if cell == "" else float(cell) for cell in cells], pa.float64())
    elif kinds and kinds <= {date, datetime}:
        column = pa.array([None if cell == "" else _moment(cell) for cell in cells])
    else:
        column = pa.array([_word(cell) for cell in cells], pa.string())
    return pa.chunked_array([column])


def _moment(cell: date) -> datetime:
    return cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)


def _word(cell: Any) -> str:
    """A cell as text: whole numbers without a fraction, days as 2027-01-31."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return str(cell)
