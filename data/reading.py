"""Files to columns: encodings, delimiters, line ends, Parquet, Excel.

What comes out is a `RawTable`: text exactly as written (or Parquet's own types), with the row of
the file each record came from. Nothing is interpreted here but the file format. A `DataError`
raised here says what is wrong without the file's name; the catalogue puts that in front.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet

from data.errors import DataError
from data.excel import Sheet, is_workbook, sheet_of
from data.issues import Issue, Issues, Severity

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
LONGEST_EXCERPT = 200
"""Characters of a row that are quoted."""
MOST_COLUMNS = 1000
"""Of a CSV file; a table with more has its days or products side by side."""
_EMPTY = "the file is empty; expected a header row and one row per record"
_SIGNATURES = {
    b"PK\x03\x04": "is a zip archive, not an Excel workbook; unpack it first",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook (.xls) or one with a password; save it as .xlsx "
    "without a password, or as CSV",
    b"\x1f\x8b": "is compressed; unpack it first",
    b"(\xb5/\xfd": "is compressed; unpack it first",
    b"%PDF": "is a PDF; export the table as CSV",
    b"<html": "is a web page; export the table as CSV",
    b"<!DOCTYPE": "is a web page; export the table as CSV",
}
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


@dataclass(frozen=True)
class RawTable:
    """The cells of one file.

    Attributes:
        file: its name.
        columns: by header, in the order of the file; text as written, or Parquet's types.
        rows: row of the file per record (N,); the header of a CSV file is row 1.
        delimiter: between the cells of a CSV file; empty for other files.
    """

    file: str
    columns: dict[str, pa.ChunkedArray]
    rows: np.ndarray
    delimiter: str = ""

    def __len__(self) -> int:
        return len(self.rows)


def contents_of(path: Path) -> bytes:
    """The bytes of a file that must be there and hold something.

    Raises:
        DataError: it is not there, is no file, cannot be opened or is empty.
    """
    try:
        if path.is_dir():
            raise DataError(f"this is a folder, expected a file; found in it: {_listing(path)}")
        if not path.exists():
            folder = path.parent
            raise DataError(f"there is no such file in {folder}; found there: {_listing(folder)}")
        if not path.is_file():
            raise DataError("this is a device or a pipe, expected a file; save the table first")
        contents = path.read_bytes()
    except OSError as error:
        raise DataError(f"the file cannot be opened ({error.strerror}); check its name") from error
    except ValueError as error:
        raise DataError("this name cannot be a file's; check it") from error
    if not contents.strip():
        raise DataError(_EMPTY)
    return contents


def read_raw(
    file: str, contents: bytes, encoding: str | None, issues: Issues, sheet: str = ""
) -> RawTable:
    """The cells of a CSV, Parquet or Excel file, told apart by its contents.

    Args:
        file: its name.
        contents: its bytes.
        encoding: of a CSV file.
        issues: gets what was mended or assumed.
        sheet: the one of a workbook that is wanted, if it has it.

    Raises:
        DataError: the file is of another format, of another encoding, or has no usable header.
    """
    if contents[:4] == b"PAR1":
        return _read_parquet(file, contents)
    if is_workbook(contents):
        return _read_sheet(file, sheet_of(contents, sheet), issues)
    return _read_csv(file, _decoded(file, contents, encoding, issues), issues)


def text_of(file: str, contents: bytes) -> str:
    """UTF-8 text without its byte order mark.

    Raises:
        DataError: a byte is not UTF-8.
    """
    return _decoded(file, contents, None, Issues())


def _listing(folder: Path) -> str:
    if not folder.is_dir():
        return "nothing, the folder does not exist either"
    names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    if not names:
        return "nothing"
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more


def _read_parquet(file: str, contents: bytes) -> RawTable:
    try:
        table = parquet.read_table(pa.BufferReader(contents))
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"the Parquet file is damaged ({error}); write it again") from error
    _refuse_repeats(table.column_names)
    columns = dict(zip(table.column_names, table.columns, strict=True))
    return RawTable(file, columns, np.arange(1, table.num_rows + 1))


def _read_sheet(file: str, found: Sheet, issues: Issues) -> RawTable:
    if found.said:
        issues.add(Issue(Severity.ASSUMED, file, found.said))
    _refuse_repeats(list(found.headers))
    columns = dict(zip(found.headers, found.columns, strict=True))
    return RawTable(file, columns, found.rows)


def _decoded(file: str, contents: bytes, encoding: str | None, issues: Issues) -> str:
    mark = next((mark for mark in _MARKS if contents.startswith(mark)), b"")
    if not mark and encoding is None:
        _refuse_signatures(contents)
    if mark == b"\xef\xbb\xbf":
        _mended(issues, file, "the file begins with a byte order mark; it was left out")
    elif mark and encoding is None:
        _mended(
            issues, file, "the file is UTF-16 text, as its first bytes say; it was read as such"
        )
    known = encoding or _MARKS.get(mark, "utf-8")
    try:
        text = contents.decode(known)
    except UnicodeDecodeError as error:
        row = contents.count(b"\n", 0, error.start) + 1
        name = known.removesuffix("-sig").upper() if encoding is None else encoding
        raise DataError(
            f"byte {contents[error.start]:#04x} at position {error.start:,} (row {row:,}) is "
            f"not {name}; save the file as UTF-8, or name its encoding, for "
            "instance --encoding latin-1"
        ) from error
    except UnicodeError as error:
        raise DataError(
            f"the file is not {known} text ({error}); save it as UTF-8, or name its encoding, for "
            "instance --encoding latin-1"
        ) from error
    if "\x00" in text:
        raise DataError(
            "this is not a text file (it holds zero bytes); expected CSV, Parquet or Excel"
        )
    return text.lstrip("\ufeff")


def _refuse_signatures(contents: bytes) -> None:
    for signature, words in _SIGNATURES.items():
        if contents[: len(signature)].lower() == signature.lower():
            raise DataError(f"the file {words}")


def _read_csv(file: str, text: str, issues: Issues) -> RawTable:
    blank = len(text) - len(text.lstrip("\r\n"))
    skipped = len(text[:blank].splitlines())
    text = text[blank:]
    if not text.strip():
        raise DataError(_EMPTY)
    if "\r\n" in text:
        _mended(issues, file, "the file has Windows line ends; they were read as plain ones")
    header = text.splitlines()[0] if "\r" in text[:4096] else text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=header.count)
    if delimiter != ",":
        _mended(
            issues,
            file,
            f"the cells are separated by {DELIMITERS[delimiter]}; they were read as such",
        )
    names = _header_names(header, delimiter)
    _refuse_repeats([name for name in names if name])
    unique = [name or f"\x00{number}" for number, name in enumerate(names)]
    table, rows = _parse_csv(file, text, delimiter, unique, issues)
    columns = {name: table.column(number) for number, name in enumerate(names) if name}
    return RawTable(file, columns, rows + skipped, delimiter)


def _header_names(header: str, delimiter: str) -> list[str]:
    try:
        names = next(csv.reader([header], delimiter=delimiter))
    except csv.Error as error:
        raise DataError(
            f"the header cannot be read ({error}); expected names of columns"
        ) from error
    if len(names) > MOST_COLUMNS:
        raise DataError(
            f"the header has {len(names):,} columns, expected at most {MOST_COLUMNS:,}; give one "
            "row per record, not one column per day or product"
        )
    return [name.strip() for name in names]


def _parse_csv(
    file: str, text: str, delimiter: str, names: list[str], issues: Issues
) -> tuple[pa.Table, np.ndarray]:
    """All cells as text, and the row of each record; rows of another width become issues."""
    # A header that is not ended is longer than its file to the parser.
    data = (text if text.endswith(("\n", "\r")) else text + "\n").encode("utf-8", "replace")
    misfits: list[tuple[int, str]] = []

    def set_aside(row: arrow_csv.InvalidRow) -> str:
        misfits.append((row.number, row.text[:LONGEST_EXCERPT]))
        return "skip"

    try:
        table = arrow_csv.read_csv(
            io.BytesIO(data),
            arrow_csv.ReadOptions(
                use_threads=False, block_size=len(data) + 1, column_names=names, skip_rows=1
            ),
            arrow_csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values='"' in text,
                ignore_empty_lines=False,
                invalid_row_handler=set_aside,
            ),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowException as error:
        raise DataError(f"the file cannot be read as CSV ({error}); write it again") from error
    kept = np.ones(table.num_rows + len(misfits), dtype=bool)
    kept[[number - 2 for number, _ in misfits]] = False
    issues.add_all(
        Issue(
            Severity.ERROR,
            file,
            f"a row does not have {len(names)} cells, as the header does",
            "quote cells that hold the delimiter, and write decimals with a point",
        ),
        rows=[number for number, _ in misfits],
        values=[words for _, words in misfits],
    )
    return table, np.flatnonzero(kept) + 2


def _refuse_repeats(names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"column {twice[0]!r} occurs twice; rename or remove one of them")


def _mended(issues: Issues, file: str, rule: str) -> None:
    issues.add(Issue(Severity.MENDED, file, rule))
