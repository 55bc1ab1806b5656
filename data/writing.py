"""Tables and folders out: written whole or not at all, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from data.errors import ConfigurationError
from data.issues import escaped

SIGNIFICANT = 10
"""Digits of a number in a table; more would be noise of the last bit."""
QUOTED = re.compile('[,"\r\n]')
"""What a cell must be put in quotes for."""
FIGURE = f"%.{SIGNIFICANT}g"
"""How a number stands in a table."""


def write_table(path: Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """A CSV file; text that a spreadsheet would take for a formula is escaped."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([_cell(value) for value in row] for row in rows)


def write_lines(path: Path, header: Iterable[str], lines: Iterable[str]) -> None:
    """A CSV file from text that is CSV already, one or more whole lines at a time.

    Millions of lines are written this way: each batch is made by one format of all its numbers,
    `FIGURE` for a number and `cell` for every text.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(map(cell, header)) + "\n")
        file.writelines(lines)


def write_parquet(path: Path, columns: Mapping[str, Any]) -> None:
    """A Parquet file of columns: arrays, or Arrow arrays where words repeat."""
    parquet.write_table(pa.table(dict(columns)), path, compression="zstd")


def repeated(words: np.ndarray, places: np.ndarray) -> pa.Array:
    """words[places] as a column that holds each word once."""
    return pa.DictionaryArray.from_arrays(
        pa.array(places.astype(np.int32)), pa.array([str(word) for word in words])
    )


def cell(text: str) -> str:
    """Text as a cell of a CSV file: no formula, in quotes where it needs them."""
    text = escaped(text)
    if QUOTED.search(text) is None:
        return text
    return '"' + text.replace('"', '""') + '"'


def write_json(path: Path, content: Any) -> None:
    """A JSON file, its keys in the order given."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def check_free(target: Path, replace: bool) -> None:
    """Refuses a run folder that stands in the way, or anything that is not a run.

    Raises:
        ConfigurationError: something stands at `target` that may not be replaced.
    """
    if target.exists() and not replace:
        raise ConfigurationError(
            f"{target} exists already; give another --out, or --overwrite to replace it"
        )
    if target.is_file() or (
        target.exists() and not (target / "manifest.json").exists() and any(target.iterdir())
    ):
        raise ConfigurationError(
            f"{target} is something other than a run; it is not overwritten, give another --out"
        )


@contextmanager
def whole_folder(target: Path, replace: bool = False) -> Iterator[Path]:
    """A folder to write into that appears at `target` only when everything is written.

    Args:
        target: where it is to stand.
        replace: whether a folder that stands there gives way.

    Raises:
        ConfigurationError: something stands at `target`, or it cannot be written there.
    """
    check_free(target, replace)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise ConfigurationError(
            f"{target.parent} cannot be written to: {error.strerror}"
        ) from error
    try:
        yield draft
        draft.chmod(0o755)
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
            os.replace(target, old)
            os.replace(draft, target)
            shutil.rmtree(old)
        else:
            os.replace(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to write into whose files appear in `target`, which holds nothing yet, at the end.

    Raises:
        ConfigurationError: something stands at `target`, or it cannot be written there.
    """
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise ConfigurationError(
                f"{target} exists and is not an empty folder; give another one"
            )
        target.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft.", dir=target))
    except OSError as error:
        raise ConfigurationError(f"{target} cannot be written to: {error.strerror}") from error
    try:
        yield draft
        for path in sorted(draft.iterdir()):
            os.replace(path, target / path.name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, float):
        return FIGURE % value
    return str(value)
