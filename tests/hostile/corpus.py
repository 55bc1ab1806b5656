"""Files nobody should send: what each is, how the reader ends, and a word of what it says.

Every case is a valid folder of three products with some files replaced. `READ` cases are read (exit
code 0), `REFUSED` cases are refused with a sentence (3).
"""

from __future__ import annotations

from datetime import date, timedelta

from .binary import BOOKS, PARQUETS
from .builders import (
    FORECAST,
    GARBAGE,
    NETWORK,
    OPEN_ORDERS,
    PRODUCTS,
    READ,
    REFUSED,
    SALES,
    STOCK,
    Case,
    one_sale,
    text,
    with_cell,
    with_name,
)

CSV = (
    text("nothing at all", "", REFUSED, "empty"),
    text("white space", " \n\t\n ", REFUSED, "empty"),
    text("a header only", "unique_id,ds,mean,std\n", REFUSED, "no rows"),
    text("one row", "unique_id,ds,mean,std\napples,2027-01-04,1,1\n", READ, "1 of"),
    text("one word", "hello", REFUSED, "missing"),
    text("prose", "Dear planner,\nplease find attached the tables.\n", REFUSED, "missing"),
    text("wrong headers", FORECAST.replace("mean", "Erwartung"), REFUSED, "--map"),
    text("a column twice", FORECAST.replace("std", "mean", 1), REFUSED, "twice"),
    text("no header", FORECAST.split("\n", 1)[1], REFUSED, "missing"),
    text("blank header cells", FORECAST.replace("std", "", 1), REFUSED, "std"),
    text("rows of other widths", FORECAST + "apples\nbread,1,2,3,4,5\n", REFUSED, "cells"),
    text("quotes never closed", FORECAST.replace("bread", '"bread', 1), REFUSED, ""),
    text("quotes within cells", FORECAST.replace("bread", 'br"e"ad'), READ, "br"),
    text("ten thousand columns", ",".join(f"c{n}" for n in range(10_000)), REFUSED, "columns"),
    text(
        "one day per column", "unique_id," + ",".join(f"d{n}" for n in range(900)) + "\n", 3, "ds"
    ),
    text("huge cell", with_cell("9" * 100_000), REFUSED, "mean"),
    text("huge name", FORECAST.replace("apples", "a" * 100_000), READ, "planned"),
    text("1e308", with_cell("1e308"), REFUSED, "above"),
    text("1e309", with_cell("1e309"), REFUSED, "finite"),
    text("minus 1e308", with_cell("-1e308"), REFUSED, "below 0"),
    text("the least float", with_cell("5e-324"), READ, "planned"),
    text("minus zero", with_cell("-0.0"), READ, "planned"),
    text("NaN in words", with_cell("NaN"), REFUSED, "blank"),
    text("infinity in words", with_cell("Infinity"), REFUSED, "finite"),
    text("minus inf", with_cell("-inf"), REFUSED, "finite"),
    text("hexadecimal", with_cell("0x1F"), REFUSED, "finite"),
    text("underscores", with_cell("1_000"), REFUSED, "finite"),
    text("a currency", with_cell("€ 12"), REFUSED, "finite"),
    text("per cent", with_cell("12%"), REFUSED, "finite"),
    text("true", with_cell("true"), REFUSED, "finite"),
    text("Arabic digits", with_cell("١٢"), REFUSED, "finite"),
    text("superscript digits", with_cell("2²"), REFUSED, "finite"),
    text("a no-break space", with_cell("1\u00a0000"), REFUSED, "finite"),
    text("a typographic minus", with_cell("−5"), REFUSED, "finite"),
    text("a formula as a number", with_cell("=1+1"), REFUSED, "finite"),
    text("thousands separators", with_cell('"1,234,567"'), REFUSED, "thousands"),
    text("before Christ", with_cell("-0044-03-15", column=1), REFUSED, "is not a day"),
    text("the year 1", with_cell("0001-01-01", column=1), REFUSED, "is not a day"),
    text("the year 9999", with_cell("9999-12-31", column=1), REFUSED, "is not a day"),
    text("the 30th of February", with_cell("2027-02-30", column=1), REFUSED, "is not a day"),
    text("a time of day", with_cell("2027-01-04 13:45", column=1), REFUSED, "is not a day"),
    text("tomorrow", with_cell("tomorrow", column=1), REFUSED, "is not a day"),
    text("a stray century", with_cell("2127-01-04", column=1), READ, "planned"),
    text("weeks", "unique_id,ds,mean,std\na,2027-01-04,1,1\na,2027-01-11,1,1\n", REFUSED, "daily"),
    text("blank ids", FORECAST.replace("bread", ""), REFUSED, "blank"),
    text("ids of spaces", FORECAST.replace("bread", "   "), REFUSED, "blank"),
    text("old Mac line ends", FORECAST.replace("\n", "\r"), READ, "planned"),
    text("all line ends mixed", FORECAST.replace("\nb", "\r\nb").replace("\nc", "\rc"), READ, ""),
    text("semicolons and commas", FORECAST.replace(",", ";", 3), REFUSED, "cells"),
    text("vertical bars", FORECAST.replace(",", "|"), READ, "vertical bars"),
    text("zero bytes", FORECAST.replace("bread", "br\x00ead"), REFUSED, "zero bytes"),
    text("two byte order marks", "\ufeff\ufeff" + FORECAST, READ, "byte order mark"),
    text("a web page", "<!DOCTYPE html><html><body>Login</body></html>", REFUSED, "web page"),
    text("JSON", '[{"unique_id": "apples", "mean": 1}]', REFUSED, "missing"),
    text("all twice", FORECAST + FORECAST.split("\n", 1)[1], REFUSED, "same unique_id and ds"),
    text("a repeated header", FORECAST + FORECAST, REFUSED, "ds"),
    Case("garbage", {"forecast.csv": GARBAGE}, REFUSED, "utf-8"),
    Case(
        "Latin-1", {"products.csv": PRODUCTS.replace("Ch", "Chè").encode("latin-1")}, 3, "latin-1"
    ),
    Case("two encodings", {"stock.csv": "é".encode() + b"\xe9" + STOCK.encode()}, 3, "--encoding"),
    Case("UTF-16", {"forecast.csv": FORECAST.encode("utf-16")}, READ, "UTF-16"),
    Case(
        "UTF-16, other way round", {"stock.csv": b"\xfe\xff" + STOCK.encode("utf-16-be")}, 0, "16"
    ),
    Case("UTF-16 cut in two", {"stock.csv": STOCK.encode("utf-16")[:-1]}, REFUSED, "utf-16"),
    Case("UTF-32", {"stock.csv": STOCK.encode("utf-32")}, REFUSED, "stock.csv"),
    Case("a PDF", {"stock.csv": b"%PDF-1.7\n" + GARBAGE}, REFUSED, "PDF"),
    Case("gzip", {"stock.csv": b"\x1f\x8b\x08" + GARBAGE}, REFUSED, "compressed"),
    Case("a database", {"stock.csv": b"SQLite format 3\x00" + GARBAGE}, REFUSED, "stock.csv"),
    Case(
        "decimal commas",
        {"forecast.csv": FORECAST.replace(",", ";").replace(".", ",").encode()},
        READ,
        "decimal commas",
    ),
    Case(
        "commas that may be anything",
        {"stock.csv": b"unique_id;stage;on_hand\napples;New York;1,500\n"},
        REFUSED,
        "--decimal",
    ),
    Case(
        "days that may be anything",
        {"open_orders.csv": OPEN_ORDERS.replace("2027-01-05", "01/05/2027").encode()},
        REFUSED,
        "--dates",
    ),
    Case(
        "days in two ways",
        {"sales.csv": one_sale("a,13/01/2026,1", "a,01/14/2026,2")},
        REFUSED,
        "two ways",
    ),
)
"""Text that is no table, or holds what no number or day is."""

UNICODE = tuple(
    Case(name, with_name(word), READ, "3 of 3 products")
    for name, word in (
        ("a script as a name", "<script>alert(1)</script>"),
        ("a formula as a name", "=cmd|' /C calc'!A0"),
        ("a formula with an at sign", "@SUM(1+1)*cmd"),
        ("right to left", "\u202egnp.exe"),
        ("zero width", "che\u200bese\u200d"),
        ("an emoji", "🧀👨‍👩‍👧"),
        ("combining marks", "c" + "\u0301" * 200),
        ("Arabic", "جبن"),
        ("quotes and commas", 'che"ese, "old"'),
        ("a line end", "che\nese"),
        ("terminal commands", "\x1b[2J\x1b]0;owned\x07"),
        ("markup of the terminal", "[bold red]cheese[/] [link=file:///]"),
        ("a path", "../../etc/passwd"),
        ("a number", "00123"),
        ("braces", "{0.__class__} %s {{x}}"),
        ("SQL", "'; DROP TABLE products; --"),
    )
)
"""Names that do harm where they are taken for something else."""

PAST = (
    Case(
        "nothing ever sold",
        {"sales.csv": one_sale(*(f"a,2026-01-{d:02d},0" for d in range(1, 29)))},
        0,
        "never sold",
    ),
    Case(
        "only returns",
        {"sales.csv": one_sale(*(f"a,2026-01-{d:02d},-3" for d in range(1, 29)))},
        0,
        "came back",
    ),
    Case("one day of one product", {"sales.csv": one_sale("a,2026-01-04,3")}, READ, "1 of 1"),
    Case(
        "nothing but blanks", {"sales.csv": one_sale("a,2026-01-04,", "a,2026-01-05,")}, 3, "blank"
    ),
    Case(
        "a row twice", {"sales.csv": one_sale("a,2026-01-04,3", "a,2026-01-04,3")}, READ, "repeats"
    ),
    Case(
        "two rows that differ",
        {"sales.csv": one_sale("a,2026-01-04,3", "a,2026-01-04,4")},
        3,
        "same",
    ),
    Case(
        "a slip of the year",
        {"sales.csv": one_sale("a,2006-01-04,3", "a,2026-01-04,3", "a,2026-01-05,3")},
        3,
        "correct their year",
    ),
    Case(
        "fractions of a switch",
        {"sales.csv": b"unique_id,ds,y,open\na,2026-01-04,3,0.5\n"},
        3,
        "whole",
    ),
    Case(
        "a hundred thousand names",
        {"sales.csv": one_sale(*(f"p{n},2026-01-0{n % 9 + 1},1" for n in range(100_000)))},
        0,
        "100,000 of",
    ),
    Case(
        "more product-days than memory",
        {
            "sales.csv": one_sale(
                *(f"p{n},2026-01-04,1" for n in range(60_000)),
                *(f"p0,{date(2016, 1, 1) + timedelta(days=300 * n)},1" for n in range(12)),
            )
        },
        3,
        "product-days",
    ),
    Case(
        "sales that are a forecast",
        {"sales.csv": FORECAST.encode()},
        REFUSED,
        "y (units sold) is missing",
    ),
    Case(
        "a huge sale",
        {"sales.csv": SALES.replace(",1,10.25", ",80995,10.25", 1).encode()},
        READ,
        "far from",
    ),
    Case(
        "too huge a sale",
        {"sales.csv": SALES.replace(",1,10.25", ",1e12,10.25", 1).encode()},
        REFUSED,
        "above",
    ),
    Case(
        "free for a day",
        {"sales.csv": SALES.replace(",10.25", ",0", 1).encode()},
        READ,
        "price is 0",
    ),
)
"""Files of sales."""

NETWORKS = tuple(
    Case(name, {"network.toml": contents.encode()}, 2, says)
    for name, contents, says in (
        ("no TOML", "{]", "expected TOML"),
        ("no stage", 'source = "China"', "no [[stage]]"),
        ("a stage that is a number", "stage = 3", "stage"),
        ("an unknown key", NETWORK + "colour = 1\n", "unknown key"),
        ("a lead time in words", NETWORK.replace("2", '"two"', 1), "lead_time"),
        ("a lead time of a bit", NETWORK.replace("2", "2.5", 1), "whole days"),
        ("a lead time of a century", NETWORK.replace("2", "36500", 1), "lead_time"),
        ("a negative lead time", NETWORK.replace("2", "-2", 1), "lead_time"),
        ("a capacity that is not a number", NETWORK + "storage_capacity = nan\n", "capacity"),
        ("a capacity below 0", NETWORK + "storage_capacity = -1\n", "capacity"),
        ("a chain that bites its tail", NETWORK + 'supplier = "New York"\n', "serial chains"),
        ("two stages of one name", NETWORK.replace("Los Angeles", "New York"), "New York"),
        ("a stage without a name", NETWORK.replace("Los Angeles", ""), "name"),
        ("a table within tables", "a = " + "[" * 5000 + "]" * 5000, "expected TOML"),
        ("a whole number beyond floats", NETWORK + f"supply_capacity = {10**400}\n", "too large"),
    )
)
"""Chains that are none."""

CASES = (*CSV, *UNICODE, *BOOKS, *PARQUETS, *PAST, *NETWORKS)
