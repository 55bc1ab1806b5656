"""Workbooks and Parquet files that are not what they seem, or hold what no table does."""

from __future__ import annotations

import pyarrow as pa

from .builders import (
    FORECAST,
    GARBAGE,
    READ,
    REFUSED,
    STOCK,
    UNPACKED,
    Case,
    archive,
    columns_of,
    parquet_of,
    repacked,
    rows_of,
    workbook,
)

BOOK = workbook({"forecast": rows_of(FORECAST)})
COLUMNS = columns_of(FORECAST)

BOOKS = (
    Case("a workbook", {"forecast.csv": None, "forecast.xlsx": BOOK}, READ, "3 of 3"),
    Case("a workbook named csv", {"forecast.csv": BOOK}, READ, "3 of 3"),
    Case(
        "a workbook of days as text",
        {"forecast.csv": workbook({"x": rows_of(FORECAST, days=False)})},
        READ,
        "3 of 3",
    ),
    Case(
        "a workbook of many sheets",
        {"forecast.csv": workbook({"notes": [["hello"]], "Forecast": rows_of(FORECAST)})},
        READ,
        "3 of 3",
    ),
    Case(
        "a workbook of other sheets",
        {"forecast.csv": workbook({"notes": [["hello"]], "data": rows_of(FORECAST)})},
        REFUSED,
        "'notes' was read",
    ),
    Case("a workbook without cells", {"stock.csv": workbook({"stock": []})}, REFUSED, "empty"),
    Case("a workbook cut in two", {"stock.csv": BOOK[: len(BOOK) // 2]}, REFUSED, "damaged"),
    Case(
        "a workbook with a flipped bit",
        {"stock.csv": BOOK[:600] + bytes([BOOK[600] ^ 64]) + BOOK[601:]},
        REFUSED,
        "workbook",
    ),
    Case("the first bytes of a workbook", {"stock.csv": b"PK\x03\x04\x00"}, REFUSED, "damaged"),
    Case("an empty archive", {"stock.csv": b"PK\x05\x06" + b"\x00" * 18}, REFUSED, "stock.csv"),
    Case("an archive", {"stock.csv": archive({"stock.csv": b"a"})}, REFUSED, "zip archive"),
    Case("a workbook in name only", {"stock.csv": archive({"xl/workbook.xml": b"<x/>"})}, 3, ""),
    Case(
        "broken XML",
        {"stock.csv": repacked(BOOK, lambda part, old: old[:-40] if "sheet1" in part else old)},
        REFUSED,
        "workbook",
    ),
    Case(
        "entities within entities",
        {
            "stock.csv": repacked(
                BOOK,
                lambda part, old: (
                    b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + old
                    if part.endswith(".xml")
                    else old
                ),
            )
        },
        REFUSED,
        "",
    ),
    Case(
        "a workbook that unpacks to far more than it is",
        {"stock.csv": archive({"xl/workbook.xml": b"<x/>", "xl/media/zero": b"\x00" * UNPACKED})},
        REFUSED,
        "unpacks",
    ),
    Case(
        "a cell at the end of the world",
        {
            "stock.csv": repacked(
                workbook({"stock": rows_of(STOCK)}),
                lambda part, old: old.replace(b'r="C4"', b'r="XFD1048576"'),
            )
        },
        REFUSED,
        "spans",
    ),
    Case("a password", {"stock.csv": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + GARBAGE}, 3, "password"),
    Case(
        "errors in cells",
        {"stock.csv": workbook({"stock": [*rows_of(STOCK), ["bread", "Tennessee", "#DIV/0!"]]})},
        REFUSED,
        "blank",
    ),
    Case(
        "formulas in cells",
        {"stock.csv": workbook({"stock": [*rows_of(STOCK), ["bread", "Tennessee", "=1+1"]]})},
        REFUSED,
        "on_hand",
    ),
)
"""Workbooks, and what only begins like one."""

PARQUETS = (
    Case("Parquet", {"forecast.csv": parquet_of(COLUMNS)}, READ, "3 of 3"),
    Case("Parquet cut in two", {"stock.csv": parquet_of(COLUMNS)[:400]}, REFUSED, "damaged"),
    Case("Parquet in name only", {"stock.csv": b"PAR1" + GARBAGE + b"PAR1"}, REFUSED, "damaged"),
    Case(
        "Parquet without rows", {"stock.csv": parquet_of({"a": pa.array([], "int8")})}, 3, "stage"
    ),
    Case("Parquet without columns", {"stock.csv": parquet_of({})}, REFUSED, "missing"),
    Case(
        "Parquet of lists",
        {"forecast.csv": parquet_of(COLUMNS | {"mean": [[1.0]] * 24})},
        REFUSED,
        "of type list",
    ),
    Case(
        "Parquet of records",
        {"forecast.csv": parquet_of(COLUMNS | {"mean": [{"a": 1}] * 24})},
        REFUSED,
        "of type struct",
    ),
    Case(
        "Parquet of bytes",
        {"forecast.csv": parquet_of(COLUMNS | {"unique_id": [b"\xff\xfe"] * 24})},
        REFUSED,
        "of type",
    ),
    Case(
        "Parquet of categories and a time zone",
        {
            "forecast.csv": parquet_of(
                COLUMNS
                | {
                    "unique_id": pa.array(COLUMNS["unique_id"]).dictionary_encode(),
                    "ds": pa.array(COLUMNS["ds"], pa.timestamp("us", "Asia/Shanghai")),
                }
            )
        },
        REFUSED,
        "is not a day",
    ),
    Case(
        "Parquet of decimals",
        {
            "forecast.csv": parquet_of(
                COLUMNS | {"mean": pa.array(COLUMNS["mean"]).cast(pa.decimal128(20, 4))}
            )
        },
        READ,
        "3 of 3",
    ),
    Case(
        "Parquet of nothing but nulls",
        {"forecast.csv": parquet_of(COLUMNS | {"mean": pa.nulls(24)})},
        REFUSED,
        "blank",
    ),
    Case(
        "Parquet of days far away",
        {"forecast.csv": parquet_of(COLUMNS | {"ds": pa.array([2**60] * 24, pa.timestamp("us"))})},
        REFUSED,
        "day",
    ),
    Case(
        "Parquet of true and false",
        {"forecast.csv": parquet_of(COLUMNS | {"mean": [True, False] * 12})},
        READ,
        "3 of 3",
    ),
    Case(
        "Parquet of durations",
        {"forecast.csv": parquet_of(COLUMNS | {"mean": pa.array([1] * 24, pa.duration("s"))})},
        REFUSED,
        "mean",
    ),
    Case("Parquet of a table twice", {"forecast.csv": parquet_of(COLUMNS) * 2}, READ, "3 of 3"),
)
"""Parquet files of every type a database can think of."""
