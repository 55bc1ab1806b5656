"""Rows of written tables that are about one thing, found without keeping the rest in memory."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet

from data.errors import DataError
from data.issues import escaped

NEAR = 3
"""Names suggested for one that is not known."""


def csv_rows(path: Path, column: str, word: str) -> list[dict[str, str]]:
    """The rows of a CSV file whose `column` says `word`, every cell as text.

    Raises:
        DataError: the file cannot be read, or has no such column.
    """
    wanted = escaped(word)
    return [
        {name: cell or "" for name, cell in row.items()}
        for batch in _batches(path, column)
        for row in batch.filter(pc.equal(batch[column], wanted)).to_pylist()
    ]


def csv_words(path: Path, column: str) -> list[str]:
    """What a column of a CSV file says, each word once, in order of appearance.

    Raises:
        DataError: the file cannot be read, or has no such column.
    """
    words: dict[str, None] = {}
    for batch in _batches(path, column):
        words.update(dict.fromkeys(pc.unique(batch[column]).to_pylist()))
    return list(words)


def parquet_columns(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Some columns of a Parquet file, whole.

    Raises:
        DataError: the file cannot be read, or lacks a column.
    """
    try:
        found = parquet.read_table(path, columns=list(names))
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: cannot be read ({_first_line(error)})") from error
    missing = [name for name in names if name not in found.column_names]
    if missing:
        raise DataError(f"{path}: no column {missing[0]!r}; expected {', '.join(names)}")
    return {name: found[name].to_numpy() for name in names}


def parquet_rows(path: Path, column: str, word: str) -> dict[str, list[Any]]:
    """The columns of a Parquet file, only the rows whose `column` says `word`.

    Raises:
        DataError: the file cannot be read, or has no such column.
    """
    try:
        found = parquet.read_table(path, filters=[(column, "=", word)])
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: cannot be read ({_first_line(error)})") from error
    return dict(found.to_pydict())


def nearest(word: str, words: list[str]) -> list[str]:
    """The most similar of the words, in any case of letters; at most `NEAR`."""
    folded: dict[str, str] = {}
    for known in words:
        folded.setdefault(known.casefold(), known)
    near = get_close_matches(word.casefold(), list(folded), NEAR)
    return [folded[name] for name in near]


def _batches(path: Path, column: str) -> Iterator[pa.RecordBatch]:
    """The batches of a CSV file, all cells text, an empty file none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            names = next(csv.reader(file), [])
        if column not in names:
            raise DataError(f"{path}: no column {column!r}; found {', '.join(names) or 'nothing'}")
        reader = arrow_csv.open_csv(
            path,
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
        yield from reader
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        raise DataError(f"{path}: cannot be read ({_first_line(error)})") from error


def _first_line(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).partition("\n")[0]
