"""A valid folder of three products, and what damaged files are built with."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as parquet

READ, REFUSED = 0, 3
UNPACKED = 9 * 2**20
"""Bytes that the bomb among the workbooks unpacks to."""
FIRST = date(2027, 1, 4)
NAMES = (("apples", 10), ("bread", 20), ("cheese", 3))
FORECAST = "unique_id,ds,mean,std\n" + "".join(
    f"{name},{FIRST + timedelta(days=day)},{mean}.5,{mean / 4}\n"
    for name, mean in NAMES
    for day in range(8)
)
PRODUCTS = """\
unique_id,missed_sale_cost,holding_cost,name
apples,10,1,Apples
bread,100,1,Bread
cheese,50,0.5,Cheese
"""
STOCK = """\
unique_id,stage,on_hand
apples,New York,12
bread,New York,30
cheese,Los Angeles,4
"""
OPEN_ORDERS = """\
unique_id,stage,arrival,quantity
apples,New York,2027-01-05,10
"""
SALES = "unique_id,ds,y,price\n" + "".join(
    f"{name},{FIRST - timedelta(days=day)},{(day * mean) % 7 + 1},{mean}.25\n"
    for name, mean in NAMES
    for day in range(40, 0, -1)
)
TABLES = {
    "forecast.csv": FORECAST,
    "products.csv": PRODUCTS,
    "stock.csv": STOCK,
    "open_orders.csv": OPEN_ORDERS,
    "sales.csv": SALES,
}
NETWORK = """\
source = "China"
[[stage]]
name = "New York"
lead_time = 2
[[stage]]
name = "Los Angeles"
lead_time = 3
"""


@dataclass(frozen=True)
class Case:
    """One hostile folder.

    Attributes:
        name: what is wrong with it.
        files: contents by name, replacing those of the valid folder; None takes a file away.
        code: how `planner validate` ends.
        says: a word of what it prints, in any case of letters.
        options: more options.
    """

    name: str
    files: dict[str, bytes | None]
    code: int
    says: str
    options: tuple[str, ...] = ()


def text(name: str, contents: str, code: int, says: str, file: str = "forecast.csv") -> Case:
    """A case of one file of text."""
    return Case(name, {file: contents.encode("utf-8", "surrogatepass")}, code, says)


def workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    """An Excel workbook of these rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def rows_of(table: str, days: bool = True) -> list[list[Any]]:
    """The cells of a table as a spreadsheet would hold them: numbers, and moments for days."""

    def cell(word: str) -> Any:
        for kind in (int, float):
            try:
                return kind(word)
            except ValueError:
                continue
        try:
            return datetime.fromisoformat(word) if days else word
        except ValueError:
            return word

    return [[cell(word) for word in line.split(",")] for line in table.splitlines()]


def repacked(contents: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A workbook with its parts changed."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(contents)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            new.writestr(part, change(part, old.read(part)))
    return stream.getvalue()


def archive(parts: dict[str, bytes]) -> bytes:
    """A zip archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, contents in parts.items():
            packed.writestr(name, contents)
    return stream.getvalue()


def parquet_of(columns: dict[str, Any], **options: Any) -> bytes:
    """A Parquet file."""
    stream = io.BytesIO()
    parquet.write_table(pa.table(columns), stream, **options)
    return stream.getvalue()


def columns_of(table: str) -> dict[str, list[Any]]:
    """A table's cells by column."""
    header, *rows = rows_of(table)
    return {name: [row[place] for row in rows] for place, name in enumerate(header)}


def with_cell(cell: str, row: int = 1, column: int = 2, table: str = FORECAST) -> str:
    """A table with one cell replaced, as it is written."""
    lines = [line.split(",") for line in table.splitlines()]
    lines[row][column] = cell
    return "\n".join(map(",".join, lines)) + "\n"


def with_name(name: str) -> dict[str, bytes | None]:
    """All tables with cheese under another name, in quotes."""
    quoted = '"' + name.replace('"', '""') + '"'
    return {
        file: contents.replace("cheese", quoted).encode("utf-8", "surrogatepass")
        for file, contents in TABLES.items()
    }


def one_sale(*rows: str) -> bytes:
    return ("unique_id,ds,y\n" + "".join(f"{row}\n" for row in rows)).encode()


GARBAGE = bytes((37 * number + number * number // 7) % 256 for number in range(4000))
