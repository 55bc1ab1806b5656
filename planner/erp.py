"""The order file of a run as another system wants it, written whole or not at all."""

from __future__ import annotations

import csv
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from itertools import groupby
from math import ceil, floor, isfinite
from pathlib import Path
from typing import Any

from data.errors import ConfigurationError, DataError
from data.issues import escaped
from data.lookup import nearest
from data.writing import FIGURE, whole_folder, write_json
from planner.erp_map import DATES, NUMBERS, ErpColumn, ErpMap

GUARDED = re.compile(r"^'(?=[=+\-@\t\r])")
"""How a run's tables begin what a spreadsheet would take for a formula."""
ROUNDING = 1e-9
"""Of a number that is as good as whole [1]."""
MOST_ROWS = 1_048_575
"""Lines below the header that a sheet of Excel holds."""
EXCEL_DAYS = {"%Y": "yyyy", "%m": "mm", "%d": "dd", "%y": "yy", "%b": "mmm", "%B": "mmmm"}
"""What Excel writes for the parts of a date."""
NAMED = re.compile(r"[^\w.-]+")
"""What is left out of a group's name where it names a file."""
SUFFIXES = {"csv": ".csv", "xlsx": ".xlsx", "jsonl": ".jsonl"}

Line = dict[str, Any]
"""One order line: a value per field, text as it is, None where it is unknown."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        target: the file, or the folder of files.
        files: number of lines by file.
    """

    target: Path
    files: Mapping[Path, int]

    @property
    def lines(self) -> int:
        """Lines in all files."""
        return sum(self.files.values())


def export(run: Path, erp_map: ErpMap, target: Path, overwrite: bool = False) -> Exported:
    """Writes the orders of a run folder as the map says; one file, or a folder of one per group.

    Raises:
        ConfigurationError: it is no run, a stage is none, or something stands at `target`.
        DataError: a quantity would be rounded that may not be, or a text does not fit the encoding.
    """
    lines = order_lines(run, erp_map)
    if not erp_map.split:
        with _whole_file(target, overwrite) as draft:
            count = _write(draft, erp_map, lines)
        return Exported(target, {target: count})
    if target.suffix in SUFFIXES.values():
        raise ConfigurationError(
            f"--out is {target}, but the map asks for a file per {erp_map.group_by}; give a folder"
        )
    written: dict[str, int] = {}
    with whole_folder(target, overwrite) as folder:
        for group, its_lines in groupby(lines, key=lambda line: str(line[str(erp_map.group_by)])):
            name = _file_name(group, SUFFIXES[erp_map.format], written)
            written[name] = _write(folder / name, erp_map, its_lines)
        hashes = {name: sha256((folder / name).read_bytes()).hexdigest() for name in written}
        about = {"run": str(run), "lines": written, "sha256": hashes}
        write_json(folder / "manifest.json", about)
    return Exported(target, {target / name: count for name, count in written.items()})


def default_target(run: Path, erp_map: ErpMap, mapping: Path) -> Path:
    """Beside the run, named after the run and the map."""
    run = run.resolve()
    name = f"{run.name}-{mapping.stem}"
    return run.with_name(name if erp_map.split else name + SUFFIXES[erp_map.format])


def order_lines(run: Path, erp_map: ErpMap) -> Iterator[Line]:
    """The lines of a run that the map asks for, group by group, every field known.

    Raises:
        ConfigurationError: the folder is no run, or a stage is none of its stages.
    """
    lines = _chosen(_rows(run / "orders.csv"), erp_map, _stages_and_start(run))
    products = {row["unique_id"]: row for row in _rows(run / "product_figures.csv")}
    made = (_made(row, products.get(row["unique_id"], {}), erp_map, run) for row in lines)
    if erp_map.group_by is None:
        for number, line in enumerate(made, start=1):
            yield line | {"line": number, "order": 1}
        return
    key = erp_map.group_by
    number = 0
    grouped = groupby(sorted(made, key=lambda line: str(line[key])), key=lambda line: line[key])
    for order, (_, group) in enumerate(grouped, start=1):
        for line in group:
            number += 1
            yield line | {"line": number, "order": order}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a run's table, guards against formulas taken off."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream)
            header = next(reader, [])
            for cells in reader:
                plain = (GUARDED.sub("", cell) for cell in cells)
                yield dict(zip(header, plain, strict=True))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(
            f"{path}: cannot be read ({said}); give the folder that `planner plan` printed"
        ) from error


def _chosen(
    rows: Iterable[dict[str, str]], erp_map: ErpMap, known: tuple[list[str], date]
) -> Iterator[dict[str, str]]:
    """The rows of the stages and days that are asked for, of the stages known from a first day."""
    stages, start = known
    for stage in erp_map.stages:
        if stage not in stages:
            near = nearest(stage, stages)
            hint = f"; did you mean {near[0]!r}?" if near else ";"
            raise ConfigurationError(
                f"stage is {stage!r}{hint} expected one of {', '.join(stages)}"
            )
    last = "" if erp_map.days is None else (start + timedelta(days=erp_map.days - 1)).isoformat()
    for row in rows:
        if erp_map.stages and row["stage"] not in erp_map.stages:
            continue
        if last and row["order_date"] > last:
            continue
        yield row


def _stages_and_start(run: Path) -> tuple[list[str], date]:
    try:
        manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
        start = date.fromisoformat(manifest["start"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{run} is no run folder; give the folder that `planner plan` printed"
        ) from error
    stages = dict.fromkeys(row["stage"] for row in _rows(run / "safety_stock.csv"))
    return list(stages), start


def _made(row: Mapping[str, str], product: Mapping[str, str], erp_map: ErpMap, run: Path) -> Line:
    """A line with all its fields; numbers as numbers, dates as dates."""
    line: Line = {}
    for name, cell in {**product, **row}.items():
        if name in NUMBERS:
            line[name] = _number(cell)
        elif name in DATES:
            line[name] = date.fromisoformat(cell)
        else:
            line[name] = cell
    line["vendor"] = product.get("supplier") or row["supplier"]
    line["run"] = run.resolve().name
    per_case = erp_map.units_per_case
    case = line.get("lot_size") if per_case == "lot_size" else per_case
    line["cases"] = line["quantity"] / case if case else line["quantity"]
    cost = line.get("unit_cost")
    line["amount"] = None if cost is None else line["quantity"] * cost
    return line


def _number(cell: str) -> float | None:
    value = float(cell) if cell else float("nan")
    return value if isfinite(value) else None


def cell_of(column: ErpColumn, line: Line) -> Any:
    """What stands in a column of a line: a number, a date, a text, or None.

    Raises:
        DataError: it would have to be rounded and may not be.
    """
    if column.of is None:
        return column.constant
    value = line.get(column.of)
    if value is None or column.of not in NUMBERS:
        return value
    return column.sign * _rounded(column, float(value), line)


def _rounded(column: ErpColumn, value: float, line: Line) -> float:
    if column.decimals is None:
        return value
    scale = 10.0**column.decimals
    size = value * scale
    rounding: Mapping[str, Callable[[float], float]] = {
        "up": lambda of: ceil(of - ROUNDING * max(abs(of), 1)),
        "down": lambda of: floor(of + ROUNDING * max(abs(of), 1)),
    }
    whole = rounding.get(column.rounding, round)(size)
    if column.rounding == "exact" and abs(whole - size) > ROUNDING * max(abs(size), 1):
        raise DataError(
            f"{line['unique_id']}, {line['stage']}, {line['order_date']}: {column.of} is "
            f"{value:g}, which column {column.name!r} may not round to {column.decimals} decimals; "
            "set its rounding to up, down or nearest"
        )
    return float(whole) / scale


def _write(path: Path, erp_map: ErpMap, lines: Iterable[Line]) -> int:
    """Writes one file; the number of its lines."""
    numbered = (
        line | {"line": number} if erp_map.split else line
        for number, line in enumerate(lines, start=1)
    )
    cells = ([(column, cell_of(column, line)) for column in erp_map.columns] for line in numbered)
    return {"csv": _csv, "xlsx": _xlsx, "jsonl": _jsonl}[erp_map.format](path, erp_map, cells)


Cells = Iterable[Sequence[tuple[ErpColumn, Any]]]


def _csv(path: Path, erp_map: ErpMap, lines: Cells) -> int:
    count = 0
    try:
        with path.open("w", encoding=erp_map.encoding, newline="") as stream:
            end = {"lf": "\n", "crlf": "\r\n"}[erp_map.line_end]
            writer = csv.writer(stream, delimiter=erp_map.delimiter, lineterminator=end)
            if erp_map.header:
                writer.writerow([escaped(column.name) for column in erp_map.columns])
            for line in lines:
                writer.writerow([_text(erp_map, column, value) for column, value in line])
                count += 1
    except UnicodeEncodeError as error:
        raise DataError(
            f"{error.object[error.start : error.end]!r} cannot be written in {erp_map.encoding}, "
            f"in line {count + 1}; set encoding to utf-8 in the map"
        ) from error
    return count


def _text(erp_map: ErpMap, column: ErpColumn, value: Any) -> str:
    """A value as a cell of a CSV file; no text is taken for a formula."""
    if value is None:
        return ""
    if isinstance(value, date):
        return escaped(value.strftime(erp_map.date_format))
    if isinstance(value, str):
        return escaped(value)
    said = FIGURE % value if column.decimals is None else f"{value:.{column.decimals}f}"
    return said.replace(".", erp_map.decimal)


def _jsonl(path: Path, erp_map: ErpMap, lines: Cells) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as stream:
        for line in lines:
            record = {column.name: _plain(erp_map, column, value) for column, value in line}
            stream.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")
            count += 1
    return count


def _plain(erp_map: ErpMap, column: ErpColumn, value: Any) -> Any:
    if isinstance(value, date):
        return value.strftime(erp_map.date_format)
    if isinstance(value, float) and (column.decimals == 0 or value.is_integer()):
        return int(value)
    return value


def _xlsx(path: Path, erp_map: ErpMap, lines: Cells) -> int:
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    count = 0
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet("Orders")
        day = book.add_format({"num_format": _excel_date(erp_map.date_format)})
        bold = book.add_format({"bold": True})
        if erp_map.header:
            sheet.write_row(0, 0, [column.name for column in erp_map.columns], bold)
            sheet.freeze_panes(1, 0)
        for count, line in enumerate(lines, start=1):
            if count > MOST_ROWS:
                raise DataError(
                    f"an Excel sheet holds {MOST_ROWS:,} lines and there are more; set format to "
                    "csv, or split, in the map"
                )
            row = count - 1 + erp_map.header
            for place, (_, value) in enumerate(line):
                if isinstance(value, date):
                    sheet.write_datetime(row, place, value, day)
                elif isinstance(value, str):
                    sheet.write_string(row, place, value)
                elif value is not None:
                    sheet.write_number(row, place, value)
    return count


def _excel_date(form: str) -> str:
    for part, excel in EXCEL_DAYS.items():
        form = form.replace(part, excel)
    return form if "%" not in form else "yyyy-mm-dd"


def _file_name(group: str, suffix: str, taken: Mapping[str, int]) -> str:
    """A file's name after a group; groups that would share one are numbered."""
    stem = NAMED.sub("_", group).strip("._") or "group"
    name, number = f"{stem}{suffix}", 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}{suffix}"
    return name


@contextmanager
def _whole_file(target: Path, overwrite: bool) -> Iterator[Path]:
    """A file to write to that stands at `target` only when everything is written."""
    if target.is_dir() or (target.exists() and not overwrite):
        raise ConfigurationError(
            f"{target} exists already; give another --out, or --overwrite to replace a file"
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(target.suffix, f".{target.stem}.", target.parent)
    except OSError as error:
        raise ConfigurationError(
            f"{target.parent} cannot be written to: {error.strerror}"
        ) from error
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        draft.chmod(0o644)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
