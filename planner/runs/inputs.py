"""What differs between two versions of a table that plans were made from."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.errors import DataError, PlannerError
from data.issues import Issues
from data.network import default_network
from data.reading import read_raw
from data.tables import all_tables
from planner.runs.archive import Archive
from planner.runs.records import Input, Run, hash_of
from planner.wording import counted, number, percent, signed

AFTER = " after"
UNIQUE_ID = "unique_id"


@dataclass(frozen=True)
class InputChange:
    """A file that two runs were not both made from in the same form.

    Attributes:
        name: of the table.
        before, after: hashes; empty where a run did not have the file.
        said: what differs, in sentences.
    """

    name: str
    before: str
    after: str
    said: tuple[str, ...]


def input_changes(before: Run, after: Run, archive: Archive) -> tuple[InputChange, ...]:
    """The files that differ, each with what differs in it where both versions are at hand."""
    old = {part.name: part for part in before.inputs}
    new = {part.name: part for part in after.inputs}
    found = []
    for name in dict.fromkeys((*old, *new)):
        one, other = old.get(name), new.get(name)
        if one is None or other is None:
            said = "the later run was made without it" if other is None else "it is new"
            found.append(InputChange(name, _hash(one), _hash(other), (said,)))
        elif one.sha256 != other.sha256:
            columns = after.options.get("tables", {}).get("columns", {})
            said_of = tuple(_contents(one, other, archive, columns))
            found.append(InputChange(name, one.sha256, other.sha256, said_of))
    return tuple(found)


def at_hand(part: Input, archive: Archive, desk: Path) -> Path | None:
    """A file with the content that a run was made from: the original, or a copy of it put on desk.

    None where the original has changed or gone, and no copy was kept.

    Raises:
        DataError: the copy is damaged.
    """
    original = Path(part.path)
    if original.is_file() and hash_of(original) == part.sha256:
        return original
    if not archive.holds(part.sha256):
        return None
    place = desk / part.name
    place.mkdir(parents=True, exist_ok=True)
    return archive.restore(part.sha256, place / original.name)


def _contents(
    one: Input, other: Input, archive: Archive, columns: Mapping[str, str]
) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as desk:
        try:
            files = [
                at_hand(part, archive, Path(desk) / place)
                for part, place in ((one, "before"), (other, "after"))
            ]
            if files[0] is None or files[1] is None:
                missing = one if files[0] is None else other
                yield f"what {missing.path} held then is no longer at hand"
            elif one.name == "network" or one.name.startswith("scenario "):
                yield from _settings(files[0], files[1])
            elif one.name == "announced":
                yield f"another run was announced: {other.path}"
            else:
                yield from _tables(one.name, files[0], files[1], columns)
        except (PlannerError, pa.ArrowException, ValueError) as error:
            yield f"the two cannot be compared: {' '.join(str(error).split())}"


def _settings(before: Path, after: Path) -> Iterator[str]:
    """Keys of a TOML file that differ."""
    old, new = (
        dict(_flat(tomllib.loads(path.read_text(encoding="utf-8-sig")))) for path in (before, after)
    )
    for key in dict.fromkeys((*old, *new)):
        if old.get(key) != new.get(key):
            yield f"{key}: {old.get(key, 'not given')} → {new.get(key, 'not given')}"


def _flat(said: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(said, dict):
        for name, value in said.items():
            yield from _flat(value, f"{place}.{name}" if place else name)
    elif isinstance(said, list) and any(isinstance(value, dict) for value in said):
        for position, value in enumerate(said, 1):
            named = value.get("name", position) if isinstance(value, dict) else position
            yield from _flat(value, f"{place} {named}")
    else:
        yield place, said


def _tables(name: str, before: Path, after: Path, columns: Mapping[str, str]) -> Iterator[str]:
    """Rows that came and went, and columns that changed."""
    old, new = (_words(path) for path in (before, after))
    yield from _headers(old, new)
    table = next((one for one in all_tables(default_network()) if one.name == name), None)
    key = [columns.get(part, part) for part in (table.key if table else ())]
    both = set(old.column_names) & set(new.column_names)
    if not key or not set(key) <= both:
        yield f"{counted(len(old), 'row')} → {number(len(new))}"
        return
    values = [column for column in old.column_names if column in both and column not in key]
    marked = [
        table.select([*key, *values]).append_column(mark, pa.array(np.ones(len(table), bool)))
        for table, mark in ((old, "in before"), (new, "in after"))
    ]
    joined = marked[0].join(marked[1], key, join_type="full outer", right_suffix=AFTER)
    gone = pc.sum(pc.is_null(joined["in after"])).as_py() or 0
    came = pc.sum(pc.is_null(joined["in before"])).as_py() or 0
    if gone or came:
        yield f"{counted(came, 'row')} came, {number(gone)} went"
    shared = joined.filter(
        pc.and_(pc.is_valid(joined["in before"]), pc.is_valid(joined["in after"]))
    )
    who = columns.get(UNIQUE_ID, UNIQUE_ID)
    for column in values:
        yield from _column(shared, column, who if who in key else "")


def _headers(old: pa.Table, new: pa.Table) -> Iterator[str]:
    gone = [name for name in old.column_names if name not in new.column_names]
    came = [name for name in new.column_names if name not in old.column_names]
    for names, said in ((came, "new"), (gone, "gone")):
        if names:
            yield f"columns that are {said}: {', '.join(names)}"


def _column(shared: pa.Table, column: str, who: str) -> Iterator[str]:
    """How a column differs in the rows that both versions have."""
    differ = pc.not_equal(shared[column], shared[column + AFTER])
    rows = shared.filter(differ)
    if not len(rows):
        return
    said = f"{column}: {number(len(rows))} of {counted(len(shared), 'row')} differ"
    if who:
        said += f", of {counted(len(pc.unique(rows[who])), 'product')}"
    before, after = (_as_numbers(rows[name]) for name in (column, column + AFTER))
    if before is None or after is None:
        yield said
        return
    more = float(after.sum() - before.sum())
    all_of = _as_numbers(shared[column])
    whole = float(all_of.sum()) if all_of is not None else 0.0
    if whole:
        said += f", together {signed(more)} ({percent(more / whole)})"
    if who:
        place = int(np.abs(after - before).argmax())
        said += (
            f"; the most {rows[who][place].as_py()}, {number(before[place])} → "
            f"{number(after[place])}"
        )
    yield said


def _as_numbers(cells: pa.ChunkedArray) -> np.ndarray | None:
    """Cells as numbers, blank ones 0; None where they are text."""
    try:
        filled = pc.if_else(pc.equal(cells, ""), "0", cells)
        values: np.ndarray = pc.cast(filled, pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        return None
    return values if np.isfinite(values).all() else None


def _words(path: Path) -> pa.Table:
    """A table with every cell as text.

    Raises:
        DataError: it cannot be read.
    """
    try:
        contents = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    raw = read_raw(path.name, contents, None, Issues())
    return pa.table(
        {
            name: pc.fill_null(pc.cast(column, pa.string()), "")
            for name, column in raw.columns.items()
        }
    )


def _hash(part: Input | None) -> str:
    return "" if part is None else part.sha256
