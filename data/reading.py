"""Files to columns: encodings, delimiters, line ends, Parquet.

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

from data.errors import ConfigurationError, DataError
from data.issues import Issue, Issues, Severity

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
LONGEST_EXCERPT = 200
"""Characters of a row that are quoted."""
_EMPTY = "the file is empty; expected a header row and one row per record"
_SIGNATURES = {
    b"PK\x03\x04": "is an Excel workbook or a zip archive; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook; save the sheet as CSV",
    b"\x1f\x8b": "is compressed; unpack it first",
    b"\xff\xfe": "is UTF-16 text; save it as UTF-8, or add --encoding utf-16",
    b"\xfe\xff": "is UTF-16 text; save it as UTF-8, or add --encoding utf-16",
    b"%PDF": "is a PDF; export the table as CSV",
}


@dataclass(frozen=True)
class RawTable:
    """The cells of one file.

    Attributes:
        file: its name.
        columns: by header, in the order of the file; text as written, or Parquet's types.
        rows: row of the file per record (N,); the header of a CSV file is row 1.
        delimiter: between the cells of a CSV file; empty for Parquet.
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
        DataError: it is not there, is a folder, cannot be opened or is empty.
    """
    try:
        if path.is_dir():
            raise DataError(f"this is a folder, expected a file; found in it: {_listing(path)}")
        if not path.exists():
            folder = path.parent
            raise DataError(f"there is no such file in {folder}; found there: {_listing(folder)}")
        contents = path.read_bytes()
    except OSError as error:
        raise DataError(f"the file cannot be opened ({error.strerror}); check its name") from error
    if not contents.strip():
        raise DataError(_EMPTY)
    return contents


def read_raw(file: str, contents: bytes, encoding: str | None, issues: Issues) -> RawTable:
    """The cells of a CSV or Parquet file, told apart by its contents.

    Raises:
        DataError: the file is of another format, of another encoding, or has no usable header.
    """
    if contents[:4] == b"PAR1":
        return _read_parquet(file, contents)
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


def _decoded(file: str, contents: bytes, encoding: str | None, issues: Issues) -> str:
    if encoding is None:
        for signature, words in _SIGNATURES.items():
            if contents.startswith(signature):
                raise DataError(f"the file {words}")
    if contents.startswith(b"\xef\xbb\xbf"):
        _mended(issues, file, "the file begins with a byte order mark; it was left out")
    try:
        text = contents.decode(encoding or "utf-8-sig")
    except UnicodeDecodeError as error:
        row = contents.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"byte {contents[error.start]:#04x} at position {error.start:,} (row {row:,}) is "
            f"not {encoding or 'UTF-8'}; save the file as UTF-8, or name its encoding, for "
            "instance --encoding latin-1"
        ) from error
    except LookupError as error:
        raise ConfigurationError(
            f"--encoding {encoding}: no such encoding; use for instance utf-8, latin-1 or cp1252"
        ) from error
    if "\x00" in text:
        raise DataError("this is not a text file (it holds zero bytes); expected CSV or Parquet")
    return text.removeprefix("\ufeff")


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
    names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter))]
    _refuse_repeats([name for name in names if name])
    unique = [name or f"\x00{number}" for number, name in enumerate(names)]
    table, rows = _parse_csv(file, text, delimiter, unique, issues)
    columns = {name: table.column(number) for number, name in enumerate(names) if name}
    return RawTable(file, columns, rows + skipped, delimiter)


def _parse_csv(
    file: str, text: str, delimiter: str, names: list[str], issues: Issues
) -> tuple[pa.Table, np.ndarray]:
    """All cells as text, and the row of each record; rows of another width become issues."""
    data = text.encode("utf-8", errors="replace")
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
